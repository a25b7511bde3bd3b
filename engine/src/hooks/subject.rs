//! What checks look at: the texts of a request or an answer, each with its place in the body, so that one can be
//! replaced and every other byte stays. JSON is read as `JSON.parse` reads it: of a key given twice the last counts, and
//! half a surrogate pair is a character that cannot be read, not an error.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::ops::Range;

use bytes::Bytes;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::check::Fault;
use super::{Phase, RequestType, formats};

/// A request or an answer as checks see it.
#[derive(Clone)]
pub struct Subject {
    /// `None` for the text of a stream.
    body: Option<Bytes>,
    parts: Result<Vec<Part>, Fault>,
    lies: Where,
    phase: Phase,
}

/// Where in a body its content lies.
#[derive(Clone, Copy)]
enum Where {
    Steps(&'static [Step]),
    /// Where a front format has it.
    Format(RequestType),
}

impl Where {
    fn parts(self, json: &str, phase: Phase) -> Result<Vec<Part>, Fault> {
        let places = match (self, phase) {
            (Self::Steps(steps), _) => {
                return follow(json, steps)?.map_or(Ok(Vec::new()), |content| parts_of(json, content));
            }
            (Self::Format(request), Phase::Before) => formats::in_request(request, json)?,
            (Self::Format(request), Phase::After) => formats::in_answer(request, json)?.0,
        };
        let part = |place: Range<usize>| Some(Part { text: string(&json[place.clone()])?, place });
        Ok(places.into_iter().filter_map(part).collect())
    }

    /// What is to stand in place of an answer's tokens, once its text is another.
    fn tokens(self, json: &str) -> Result<Vec<(Range<usize>, String)>, Fault> {
        let (places, empty) = match self {
            Self::Steps(_) => {
                let tokens = follow(json, &[Key("choices"), First, Key("logprobs")])?;
                (tokens.map(|tokens| place_in(json, tokens)).into_iter().collect(), "null")
            }
            Self::Format(request) => (formats::in_answer(request, json)?.1, "[]"),
        };
        Ok(places.into_iter().map(|place| (place, empty.to_owned())).collect())
    }
}

/// A text, and its place in the body.
#[derive(Clone, Debug, PartialEq)]
struct Part {
    /// With its quotes.
    place: Range<usize>,
    text: String,
}

/// A step from a JSON value to one inside it.
#[derive(Clone, Copy)]
pub enum Step {
    Key(&'static str),
    First,
    Last,
}

use Step::{First, Key, Last};

impl Subject {
    pub fn request(request: RequestType, body: &Bytes) -> Self {
        let lies = match request {
            RequestType::Chat => Where::Steps(&[Key("messages"), Last, Key("content")]),
            RequestType::Completion => Where::Steps(&[Key("prompt")]),
            RequestType::Embeddings => Where::Steps(&[Key("input")]),
            format => Where::Format(format),
        };
        Self::read(body, lies, Phase::Before)
    }

    pub fn answer(request: RequestType, body: &Bytes) -> Self {
        let lies = match request {
            RequestType::Completion => Where::Steps(&[Key("choices"), First, Key("text")]),
            format if format.is_front() => Where::Format(format),
            _ => Where::Steps(&[Key("choices"), First, Key("message"), Key("content")]),
        };
        Self::read(body, lies, Phase::After)
    }

    /// The text of a stream, or why it cannot be read.
    pub fn stream(text: Result<String, Fault>) -> Self {
        let parts = text.map(|text| vec![Part { place: 0..0, text }]);
        Self { body: None, parts, lies: Where::Steps(&[]), phase: Phase::After }
    }

    fn read(body: &Bytes, lies: Where, phase: Phase) -> Self {
        let body = match String::from_utf8_lossy(body) {
            Cow::Borrowed(_) => body.clone(),
            Cow::Owned(repaired) => Bytes::from(repaired),
        };
        let parts =
            std::str::from_utf8(&body).map_err(|_| unreadable()).and_then(|json| lies.parts(json, phase));
        Self { body: Some(body), parts, lies, phase }
    }

    /// The body, if it isn't a stream.
    pub fn body(&self) -> Option<&Bytes> {
        self.body.as_ref()
    }

    /// All texts, joined with line breaks. Without any it is empty.
    pub fn text(&self) -> Result<Cow<'_, str>, Fault> {
        match &self.parts {
            Err(fault) => Err(fault.clone()),
            Ok(parts) => match &parts[..] {
                [only] => Ok(Cow::Borrowed(&only.text)),
                parts => {
                    let texts: Vec<&str> = parts.iter().map(|part| &*part.text).collect();
                    Ok(Cow::Owned(texts.join("\n")))
                }
            },
        }
    }

    /// Each text by itself.
    pub fn texts(&self) -> Result<impl Iterator<Item = &str>, Fault> {
        self.parts.as_ref().map(|parts| parts.iter().map(|part| &*part.text)).map_err(Clone::clone)
    }

    /// The subject with other texts in place of its own; `None` leaves one as it is. The tokens that an answer may bring
    /// beside its text are taken out with it.
    pub fn with_texts(&self, new: Vec<Option<String>>) -> Result<Self, Fault> {
        let parts = self.parts.as_ref().map_err(Clone::clone)?;
        let Some(body) = &self.body else {
            let text = new.into_iter().next().flatten();
            return Ok(text.map_or_else(|| self.clone(), |text| Self::stream(Ok(text))));
        };
        let replaced = parts.iter().zip(new);
        let mut splices: Vec<_> =
            replaced.filter_map(|(part, text)| Some((part.place.clone(), json_string(&text?)))).collect();
        if let (Phase::After, Some(json)) = (self.phase, std::str::from_utf8(body).ok()) {
            splices.extend(self.lies.tokens(json)?);
            splices.sort_by_key(|(place, _)| place.start);
        }
        Ok(Self::read(&splice(body, &splices), self.lies, self.phase))
    }
}

/// The request's model.
pub fn model(body: &[u8]) -> Option<String> {
    let json = std::str::from_utf8(body).ok()?;
    field(json, "model").ok().flatten().and_then(string)
}

/// The texts of a content: a string, or a list of strings and of parts with a `text`. What else a list holds (images,
/// audio) is no text; numbers in it are tokens, which cannot be read.
fn parts_of(json: &str, content: &str) -> Result<Vec<Part>, Fault> {
    let part = |raw: &str| {
        let text = string(raw)?;
        Some(Part { place: place_in(json, raw), text })
    };
    match content.as_bytes().first() {
        Some(b'"') => Ok(part(content).into_iter().collect()),
        Some(b'[') => {
            let mut parts = Vec::new();
            for item in items(content)? {
                match item.as_bytes().first() {
                    Some(b'"') => parts.extend(part(item)),
                    Some(b'{') => parts.extend(field(item, "text")?.and_then(part)),
                    _ => return Err(Fault::new("it holds tokens instead of text")),
                }
            }
            Ok(parts)
        }
        _ => Err(Fault::new("its content is neither a text nor a list of parts")),
    }
}

/// The places of the texts of a content inside `json`, with their quotes.
pub fn places(json: &str, content: &str) -> Result<Vec<Range<usize>>, Fault> {
    Ok(parts_of(json, content)?.into_iter().map(|part| part.place).collect())
}

/// What `steps` lead to; `None` when something on the way is absent or null.
pub fn follow<'j>(json: &'j str, steps: &[Step]) -> Result<Option<&'j str>, Fault> {
    let mut value = json;
    for step in steps {
        let next = match step {
            Key(name) => field(value, name)?,
            First => items(value)?.first().copied(),
            Last => items(value)?.last().copied(),
        };
        match next {
            Some(next) if next != "null" => value = next,
            _ => return Ok(None),
        }
    }
    Ok(Some(value))
}

/// Where `part`, a piece of `whole` itself, stands in it.
pub fn place_in(whole: &str, part: &str) -> Range<usize> {
    let start = part.as_ptr() as usize - whole.as_ptr() as usize;
    start..start + part.len()
}

/// `body` with what stands at each place replaced. The places are in order.
pub fn splice(body: &[u8], splices: &[(Range<usize>, String)]) -> Bytes {
    let grown: usize = splices.iter().map(|(_, new)| new.len()).sum();
    let mut out = Vec::with_capacity(body.len() + grown);
    let mut kept = 0;
    for (place, new) in splices {
        out.extend_from_slice(&body[kept..place.start]);
        out.extend_from_slice(new.as_bytes());
        kept = place.end;
    }
    out.extend_from_slice(&body[kept..]);
    Bytes::from(out)
}

pub fn json_string(text: &str) -> String {
    serde_json::to_string(text).expect("a string always has a JSON form")
}

fn unreadable() -> Fault {
    Fault::new("the body cannot be read as JSON of the expected shape")
}

/// The raw value of a key.
pub fn field<'j>(object: &'j str, key: &str) -> Result<Option<&'j str>, Fault> {
    let mut reader = serde_json::Deserializer::from_str(object);
    reader.deserialize_map(Field(key)).map_err(|_| unreadable())
}

/// The raw values of an object, by key.
pub fn fields(object: &str) -> Result<HashMap<String, &str>, Fault> {
    let fields: HashMap<String, &RawValue> = serde_json::from_str(object).map_err(|_| unreadable())?;
    Ok(fields.into_iter().map(|(key, value)| (key, value.get())).collect())
}

/// The raw items of a list.
pub fn items(list: &str) -> Result<Vec<&str>, Fault> {
    let items: Vec<&RawValue> = serde_json::from_str(list).map_err(|_| unreadable())?;
    Ok(items.into_iter().map(RawValue::get).collect())
}

struct Field<'k>(&'k str);

impl<'de> Visitor<'de> for Field<'_> {
    type Value = Option<&'de str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
        let mut found = None;
        while let Some(key) = map.next_key::<Cow<'de, str>>()? {
            if key == self.0 {
                found = Some(map.next_value::<&'de RawValue>()?.get());
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(found)
    }
}

/// The text of a JSON string; `None` when it is none. Half a surrogate pair becomes U+FFFD.
pub fn string(json: &str) -> Option<String> {
    if !json.starts_with('"') {
        return None;
    }
    if let Ok(text) = serde_json::from_str(json) {
        return Some(text);
    }
    let mut reader = serde_json::Deserializer::from_str(json);
    let bytes = reader.deserialize_bytes(TextBytes).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// A JSON string's bytes, in which half a surrogate pair is no UTF-8.
struct TextBytes;

impl Visitor<'_> for TextBytes {
    type Value = Vec<u8>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON string")
    }

    fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Self::Value, E> {
        Ok(bytes.to_vec())
    }
}
