//! What makes calls belong together: the fields that a strategy names (`hash_fields`), and the key that a call has by
//! them. The key is the same in every process and on every platform, since it decides where a conversation's prefix is
//! cached; it is a hash, and never shown.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, SeqAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

use super::conditional::find;
use crate::body::Body;
use crate::config::Reader;

/// The fields that a call's key is made of.
#[derive(Clone, Debug, PartialEq)]
pub struct Fields {
    fields: Vec<Field>,
    /// How much of a conversation's beginning counts, in characters. What begins alike for so long belongs together: to
    /// tell conversations apart, it is longer than the system prompt that they share.
    prefix_chars: usize,
}

#[derive(Clone, Debug, PartialEq)]
enum Field {
    Metadata(String),
    /// A path into the caller's body.
    Params(Vec<String>),
    /// Lower-case.
    Header(String),
    /// The beginning of the conversation.
    Prompt,
}

const KNOWN: &str = "metadata.…, params.…, headers.… or prompt";

impl Fields {
    pub const DEFAULT_PREFIX_CHARS: usize = 1024;

    /// Reads a list such as `["metadata.user_id", "params.user", "headers.x-session-id", "prompt"]`.
    pub fn read(value: &Value, path: &str, reader: &mut Reader) -> Option<Self> {
        let Some(items) = value.as_array().filter(|items| !items.is_empty()) else {
            reader.problem(path, format!("expected a list of fields: {KNOWN}"));
            return None;
        };
        let mut fields = Vec::with_capacity(items.len());
        for (at, item) in items.iter().enumerate() {
            let place = format!("{path}[{at}]");
            let Some(text) = reader.string(item, &place) else { continue };
            match Field::read(&text) {
                Some(field) => fields.push(field),
                None => reader.problem(place, format!("expected {KNOWN}")),
            }
        }
        Some(Self { fields, prefix_chars: Self::DEFAULT_PREFIX_CHARS })
    }

    pub fn with_prefix_chars(self, prefix_chars: usize) -> Self {
        Self { prefix_chars, ..self }
    }

    /// The key of a call; `None` when it has none of the fields. A field that is missing, null or empty is skipped.
    /// `body` is the caller's own; a body that is no JSON object has no fields. `header` is asked in lower case.
    pub fn key(
        &self,
        metadata: &BTreeMap<String, String>,
        body: &[u8],
        header: impl Fn(&str) -> Option<String>,
    ) -> Option<u64> {
        let reads_body = |field: &Field| matches!(field, Field::Params(_) | Field::Prompt);
        let body = self.fields.iter().any(reads_body).then(|| Body::parse(body).ok()).flatten();
        let mut hash = Hash::default();
        let mut found = false;
        for (at, field) in self.fields.iter().enumerate() {
            let value = match (field, &body) {
                (Field::Metadata(name), _) => metadata.get(name).cloned(),
                (Field::Header(name), _) => header(name),
                (Field::Params(path), Some(body)) => parameter(body, path),
                (Field::Prompt, Some(body)) => Some(beginning(body, self.prefix_chars)),
                (_, None) => None,
            };
            let Some(value) = value.filter(|value| !value.is_empty()) else { continue };
            // A field's place keeps the same text in two fields apart.
            hash.write(&(at as u64).to_le_bytes());
            hash.write(&(value.len() as u64).to_le_bytes());
            hash.write(value.as_bytes());
            found = true;
        }
        found.then(|| hash.finish())
    }
}

impl Field {
    fn read(text: &str) -> Option<Self> {
        if text == "prompt" {
            return Some(Self::Prompt);
        }
        let (root, rest) = text.split_once('.').filter(|(_, rest)| !rest.is_empty())?;
        match root {
            "metadata" => Some(Self::Metadata(rest.to_owned())),
            "params" => Some(Self::Params(rest.split('.').map(str::to_owned).collect())),
            "headers" => Some(Self::Header(rest.to_ascii_lowercase())),
            _ => None,
        }
    }
}

/// A parameter's text, or its JSON where it is no text.
fn parameter(body: &Body<'_>, path: &[String]) -> Option<String> {
    let (first, rest) = path.split_first()?;
    let value: Value = serde_json::from_str(body.get(first)?).ok()?;
    match find(&value, rest)? {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

/// How a conversation begins: its system prompt and the messages up to the first of the user's, which are the same in
/// each of its turns. Only texts and roles count, so that marks which move from turn to turn (cache breakpoints) do not.
fn beginning(body: &Body<'_>, prefix_chars: usize) -> String {
    let mut beginning = Beginning { text: String::new(), left: prefix_chars };
    // Where the system prompt stands beside the messages: Anthropic's Messages, OpenAI's Responses.
    for name in ["system", "instructions"] {
        beginning.content(body.get(name).unwrap_or("null"));
    }
    let Some(raw) = ["messages", "input", "prompt"].iter().find_map(|name| body.get(name)) else {
        return beginning.text;
    };
    let is_list_of_messages = raw.strip_prefix('[').is_some_and(|rest| rest.trim_start().starts_with('{'));
    if is_list_of_messages {
        // What follows the first message of the user is not read, which the deserializer calls an error.
        let _ = serde_json::Deserializer::from_str(raw).deserialize_seq(&mut beginning);
    } else {
        beginning.content(raw);
    }
    beginning.text
}

struct Beginning {
    text: String,
    /// Characters that still count.
    left: usize,
}

#[derive(Deserialize)]
struct Message<'m> {
    #[serde(default)]
    role: Option<String>,
    #[serde(borrow, default)]
    content: Option<&'m RawValue>,
}

#[derive(Deserialize)]
struct Part {
    text: String,
}

impl Beginning {
    fn push(&mut self, text: &str) {
        if let Some((cut, _)) = text.char_indices().nth(self.left) {
            self.text.push_str(&text[..cut]);
            self.left = 0;
        } else {
            self.text.push_str(text);
            self.left -= text.chars().count();
        }
    }

    /// The text of a content: a string, or the texts of its parts. A part without text (an image) is its JSON.
    fn content(&mut self, raw: &str) {
        if let Ok(parts) = serde_json::from_str::<Vec<&RawValue>>(raw) {
            for part in parts.into_iter().map(RawValue::get) {
                self.push(&match serde_json::from_str::<Part>(part) {
                    Ok(part) => Cow::Owned(part.text),
                    Err(_) => text_of(part),
                });
            }
        } else if raw != "null" {
            self.push(&text_of(raw));
        }
    }
}

/// A JSON string's text; any other value, and a string that is no Unicode, as its JSON.
fn text_of(raw: &str) -> Cow<'_, str> {
    serde_json::from_str::<String>(raw).map_or(Cow::Borrowed(raw), Cow::Owned)
}

impl<'de> Visitor<'de> for &mut Beginning {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of messages")
    }

    fn visit_seq<L: SeqAccess<'de>>(self, mut list: L) -> Result<(), L::Error> {
        while let Some(message) = list.next_element::<Message<'de>>()? {
            let role = message.role.unwrap_or_default();
            // A role is no part of the text, and keeps a system prompt apart from a user's same words.
            self.text.push_str(&role);
            self.text.push('\0');
            self.content(message.content.map_or("null", RawValue::get));
            if role == "user" || self.left == 0 {
                break;
            }
        }
        Ok(())
    }
}

/// FNV-1a of 64 bits, mixed at the end by the finaliser of splitmix64 (Stafford's Mix13), since FNV alone leaves its
/// upper bits alike for short texts. Changing it moves every conversation away from its cache, once.
pub struct Hash(u64);

impl Default for Hash {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Hash {
    pub fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }

    pub fn finish(&self) -> u64 {
        mix(self.0)
    }
}

/// Spreads each bit over all 64.
pub fn mix(bits: u64) -> u64 {
    let bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn fields(list: &Value) -> Fields {
        let mut reader = Reader::default();
        let fields = Fields::read(list, "hash_fields", &mut reader).expect("a list");
        reader.done(fields).unwrap_or_else(|problems| panic!("{problems:?}"))
    }

    /// The key of a body without metadata and headers.
    fn key(list: &Value, body: &Value) -> Option<u64> {
        fields(list).key(&BTreeMap::new(), body.to_string().as_bytes(), |_| None)
    }

    fn chat(messages: &[(&str, &str)]) -> Value {
        let messages: Vec<Value> =
            messages.iter().map(|(role, text)| json!({"role": role, "content": text})).collect();
        json!({"model": "m", "messages": messages})
    }

    #[test]
    fn the_hash_is_the_same_everywhere() {
        let fnv = |text: &str| {
            let mut hash = Hash::default();
            hash.write(text.as_bytes());
            hash.0
        };
        // The vectors of FNV's and splitmix64's authors.
        assert_eq!((fnv("a"), fnv("foobar")), (0xaf63_dc4c_8601_ec8c, 0x8594_4171_f739_67e8));
        assert_eq!(mix(0x9e37_79b9_7f4a_7c15), 0xe220_a839_7b1d_cdaf);
        assert_eq!(key(&json!(["params.user"]), &json!({"user": "ada"})), Some(0x3148_5369_4de4_3381));
    }

    #[test]
    fn each_kind_of_field_makes_the_key() {
        let metadata = BTreeMap::from([("user_id".to_owned(), "7".to_owned())]);
        let body = json!({"user": "u", "options": {"session": [{"id": 9}]}}).to_string();
        let header = |name: &str| (name == "x-session-id").then(|| "s".to_owned());
        let key = |list: &Value| fields(list).key(&metadata, body.as_bytes(), header);
        let keys = ["metadata.user_id", "params.user", "params.options.session.0.id", "headers.X-Session-ID"];
        let found: Vec<u64> = keys.iter().filter_map(|field| key(&json!([field]))).collect();
        assert_eq!(found.len(), 4);
        assert!(found.iter().all(|one| found.iter().filter(|other| *other == one).count() == 1));
        assert_eq!(key(&json!(["metadata.none", "params.none.at.all", "headers.none"])), None);
        assert_ne!(
            key(&json!(["metadata.none", "params.user"])),
            key(&json!(["metadata.user_id", "params.user"]))
        );
    }

    #[test]
    fn what_is_missing_null_or_empty_is_skipped() {
        for body in [json!({}), json!({"user": null}), json!({"user": ""}), json!([])] {
            assert_eq!(key(&json!(["params.user"]), &body), None, "{body}");
        }
        for body in [json!({"model": "m"}), json!({"messages": []}), json!({"prompt": ""})] {
            assert_eq!(key(&json!(["prompt"]), &body), None, "{body}");
        }
    }

    #[test]
    fn every_turn_of_a_conversation_has_the_key_of_its_first() {
        let first = [("system", "Be brief."), ("user", "What is a monad?")];
        let second = [&first[..], &[("assistant", "A monoid."), ("user", "In which category?")]].concat();
        let prompt = json!(["prompt"]);
        assert!(key(&prompt, &chat(&first)).is_some());
        assert_eq!(key(&prompt, &chat(&first)), key(&prompt, &chat(&second)));
        for other in [
            [("system", "Be verbose."), ("user", "What is a monad?")],
            [("system", "Be brief."), ("user", "What is a functor?")],
            [("user", "Be brief."), ("user", "What is a monad?")],
        ] {
            assert_ne!(key(&prompt, &chat(&first)), key(&prompt, &chat(&other)));
        }
    }

    #[test]
    fn parts_count_by_their_text_whatever_marks_they_carry() {
        let body = |part: Value| json!({"messages": [{"role": "user", "content": [part]}]});
        let prompt = json!(["prompt"]);
        let plain = key(&prompt, &body(json!({"type": "text", "text": "Hi"})));
        let marked = json!({"type": "text", "text": "Hi", "cache_control": {"type": "ephemeral"}});
        assert_eq!(plain, key(&prompt, &body(marked)));
        assert_eq!(plain, key(&prompt, &chat(&[("user", "Hi")])));
        let image = |url: &str| body(json!({"type": "image_url", "image_url": {"url": url}}));
        assert_ne!(key(&prompt, &image("data:a")), key(&prompt, &image("data:b")));
    }

    #[test]
    fn other_endpoints_have_a_beginning_too() {
        let prompt = json!(["prompt"]);
        let bodies = [
            json!({"prompt": "Once"}),
            json!({"input": "Twice"}),
            json!({"input": ["a", "b"]}),
            json!({"instructions": "Be brief.", "input": [{"role": "user", "content": "Hi"}]}),
            json!({"system": [{"type": "text", "text": "Rules"}], "messages": [{"role": "user", "content": "Hi"}]}),
            json!({"messages": [{"role": "system", "content": null}, {"role": "tool"}]}),
        ];
        let keys: Vec<u64> = bodies.iter().filter_map(|body| key(&prompt, body)).collect();
        assert_eq!(keys.len(), bodies.len());
        assert!(keys.iter().all(|one| keys.iter().filter(|other| *other == one).count() == 1));
    }

    #[test]
    fn only_the_prefix_counts_cut_between_characters() {
        let key = |chars: usize, text: &str| {
            let body = chat(&[("user", text)]).to_string();
            fields(&json!(["prompt"]))
                .with_prefix_chars(chars)
                .key(&BTreeMap::new(), body.as_bytes(), |_| None)
        };
        assert_eq!(key(3, "äöü1"), key(3, "äöü2"));
        assert_ne!(key(4, "äöü1"), key(4, "äöü2"));
        assert_eq!(Fields::DEFAULT_PREFIX_CHARS, fields(&json!(["prompt"])).prefix_chars);
    }

    #[test]
    fn a_text_that_is_no_unicode_has_a_key_as_well() {
        let body = br#"{"messages":[{"role":"user","content":"\ud83d"}]}"#;
        assert!(fields(&json!(["prompt"])).key(&BTreeMap::new(), body, |_| None).is_some());
    }

    #[test]
    fn what_is_no_field_is_a_problem_with_its_path() {
        for (list, path) in [
            (json!("prompt"), "hash_fields"),
            (json!([]), "hash_fields"),
            (json!(["prompt", "user_id"]), "hash_fields[1]"),
            (json!(["metadata."]), "hash_fields[0]"),
            (json!(["url.pathname"]), "hash_fields[0]"),
            (json!([7]), "hash_fields[0]"),
        ] {
            let mut reader = Reader::default();
            drop(Fields::read(&list, "hash_fields", &mut reader));
            let problems = reader.done(()).expect_err("a problem");
            assert_eq!(problems[0].path, path, "{list}");
        }
    }
}
