//! Content parts as content blocks: texts, images, documents. A part of a type that OpenAI doesn't have is a block of
//! Anthropic's own and goes through as it is.

use std::borrow::Cow;
use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};

use super::data_url::{DataUrl, Encoding};
use super::notes::Notes;
use crate::error::{Error, Result};
use crate::provider::json::{Json, Object, Raw, is_object, is_string, text};

/// The API's beta of files that were uploaded before.
const FILES: &str = "files-api-2025-04-14";

/// Where a part stands: `messages[2].content[0]`.
#[derive(Clone, Copy)]
pub struct At {
    pub message: usize,
    pub part: usize,
}

impl At {
    fn path(self) -> String {
        format!("messages[{}].content[{}]", self.message, self.part)
    }

    fn problem(self, field: &str, message: &str) -> Error {
        Error::problem(format!("{}{field}", self.path()), message)
    }
}

/// One item of a message's content.
pub enum Part<'a> {
    Text(Cow<'a, str>),
    Fields(Object<'a>),
}

impl<'a> Part<'a> {
    /// The parts of an array; `None` for anything else.
    pub fn all(content: Raw<'a>) -> Option<Vec<Self>> {
        serde_json::from_str(content.get()).ok()
    }

    pub fn kind(&self) -> Cow<'a, str> {
        match self {
            Self::Text(_) => Cow::Borrowed("text"),
            Self::Fields(fields) => fields.text("type").unwrap_or_default(),
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Part<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        deserializer.deserialize_any(PartVisitor)
    }
}

struct PartVisitor;

impl<'de> Visitor<'de> for PartVisitor {
    type Value = Part<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a content part")
    }

    fn visit_str<E>(self, text: &str) -> std::result::Result<Self::Value, E> {
        Ok(Part::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_map<M: MapAccess<'de>>(self, map: M) -> std::result::Result<Self::Value, M::Error> {
        Object::deserialize(MapAccessDeserializer::new(map)).map(Part::Fields)
    }
}

/// Writes one part as a block, or nothing where nothing is left of it.
pub fn write(part: Part<'_>, at: At, out: &mut Json, notes: &mut Notes) -> Result<()> {
    let kind = part.kind();
    let fields = match part {
        Part::Text(text) => {
            out.object(|out| out.text("type", "text").text("text", &text).done());
            return Ok(());
        }
        Part::Fields(fields) => fields,
    };
    match &*kind {
        "text" | "input_text" | "output_text" => text_part(fields, at, out, notes),
        "image_url" => image_part(fields, at, out, notes),
        "file" => file_part(fields, at, out, notes),
        "refusal" => {
            let refusal = fields.get("refusal").filter(|raw| is_string(raw));
            write_text(refusal.ok_or_else(|| at.problem(".refusal", "expected a text"))?, out);
            Ok(())
        }
        "input_audio" => {
            notes.dropped(&format!("{} (input_audio)", at.path()), "anthropic takes no audio");
            Ok(())
        }
        "" => Err(at.problem(".type", "expected the type of a content part")),
        _ => {
            out.object(|out| {
                for (key, raw) in fields.iter() {
                    out.field(key, raw.get());
                }
            });
            Ok(())
        }
    }
}

/// A text block of a JSON string.
pub fn write_text(text: Raw<'_>, out: &mut Json) {
    out.object(|out| out.text("type", "text").field("text", text.get()).done());
}

fn text_part(mut fields: Object<'_>, at: At, out: &mut Json, notes: &mut Notes) -> Result<()> {
    let written = fields.take("text").filter(|raw| is_string(raw));
    let written = written.ok_or_else(|| at.problem(".text", "expected a text"))?;
    if written.get() == "\"\"" {
        return Ok(());
    }
    out.object(|out| {
        out.text("type", "text").field("text", written.get());
        for name in ["cache_control", "citations"] {
            if let Some(raw) = fields.take(name) {
                out.field(name, raw.get());
            }
        }
    });
    leftovers(&fields, "", notes);
    Ok(())
}

fn image_part(mut object: Object<'_>, at: At, out: &mut Json, notes: &mut Notes) -> Result<()> {
    let given = object.take("image_url");
    let mut fields = given.filter(|raw| is_object(raw)).and_then(Object::parse);
    let url = match &mut fields {
        Some(fields) => fields.take("url"),
        None => given,
    };
    let url = url.and_then(text).ok_or_else(|| at.problem(".image_url.url", "expected a URL"))?;
    let file = Document { cache_control: object.take("cache_control"), ..Document::default() };
    if url.starts_with("data:") {
        let data = DataUrl::parse(&url).ok_or_else(|| at.problem(".image_url.url", NO_DATA_URL))?;
        file.write_data(&data.media_type, &data, out).map_err(|why| at.problem(".image_url.url", why))?;
    } else {
        file.write("image", "url", |out| out.text("url", &url).done(), out);
    }
    if let Some(fields) = fields {
        leftovers(&fields, "image_url.", notes);
    }
    leftovers(&object, "", notes);
    Ok(())
}

fn file_part(mut object: Object<'_>, at: At, out: &mut Json, notes: &mut Notes) -> Result<()> {
    let given = object.take("file").and_then(Object::parse);
    let mut fields = given.ok_or_else(|| at.problem(".file", "expected an object"))?;
    let name = fields.take("filename").and_then(text);
    let media_type = fields.take("mime_type").and_then(text);
    let file = Document {
        title: name.clone(),
        cache_control: object.take("cache_control"),
        citations: object.take("citations"),
        context: object.take("context"),
    };
    let [data, url, id] = ["file_data", "file_url", "file_id"].map(|name| fields.take(name).and_then(text));
    match (data, url, id) {
        (Some(data), ..) if data.starts_with("data:") => {
            let data = DataUrl::parse(&data).ok_or_else(|| at.problem(".file.file_data", NO_DATA_URL))?;
            let media_type = media_type.as_deref().unwrap_or(&data.media_type);
            file.write_data(media_type, &data, out).map_err(|why| at.problem(".file.file_data", why))?;
        }
        (Some(data), ..) if !data.starts_with("https://") && !data.starts_with("http://") => {
            let media_type = media_type.as_deref().unwrap_or_else(|| guessed(name.as_deref()));
            let encoding = if is_text(media_type) { Encoding::Plain } else { Encoding::Base64 };
            let data = DataUrl { media_type: Cow::Borrowed(media_type), encoding, data: &data };
            file.write_data(media_type, &data, out).map_err(|why| at.problem(".file.file_data", why))?;
        }
        (Some(url), ..) | (None, Some(url), _) => {
            file.write("document", "url", |out| out.text("url", &url).done(), out);
        }
        (None, None, Some(id)) => {
            notes.needs_beta(FILES);
            file.write("document", "file", |out| out.text("file_id", &id).done(), out);
        }
        (None, None, None) => {
            return Err(at.problem(".file", "expected file_data, file_url or file_id"));
        }
    }
    leftovers(&fields, "file.", notes);
    leftovers(&object, "", notes);
    Ok(())
}

/// What a part has beyond the fields that were read. A detail that is OpenAI's default is nothing lost.
fn leftovers(fields: &Object<'_>, prefix: &str, notes: &mut Notes) {
    for (key, value) in fields.iter() {
        if key != "type" && value.get() != "\"auto\"" {
            notes.unknown(&format!("messages[].content[].{prefix}{key}"));
        }
    }
}

/// What an image or document block has beside its source.
#[derive(Default)]
struct Document<'a> {
    title: Option<Cow<'a, str>>,
    cache_control: Option<Raw<'a>>,
    citations: Option<Raw<'a>>,
    context: Option<Raw<'a>>,
}

impl Document<'_> {
    fn write(&self, kind: &str, source: &str, fill: impl FnOnce(&mut Json), out: &mut Json) {
        out.object(|out| {
            out.text("type", kind).key("source").object(|out| {
                out.text("type", source);
                fill(out);
            });
            if let (Some(title), "document") = (&self.title, kind) {
                out.text("title", title);
            }
            let rest = [
                ("citations", self.citations),
                ("context", self.context),
                ("cache_control", self.cache_control),
            ];
            for (name, raw) in rest {
                if let Some(raw) = raw {
                    out.field(name, raw.get());
                }
            }
        });
    }

    /// Images, texts, and all else as documents of their type.
    fn write_data(
        &self,
        media_type: &str,
        data: &DataUrl<'_>,
        out: &mut Json,
    ) -> std::result::Result<(), &'static str> {
        if is_text(media_type) {
            let plain = data.to_text().ok_or("expected a text in UTF-8")?;
            self.write(
                "document",
                "text",
                |out| out.text("media_type", "text/plain").text("data", &plain).done(),
                out,
            );
            return Ok(());
        }
        let kind = if media_type.starts_with("image/") { "image" } else { "document" };
        let media_type = if media_type == "image/jpg" { "image/jpeg" } else { media_type };
        let base64 = data.to_base64();
        self.write(
            kind,
            "base64",
            |out| out.text("media_type", media_type).text("data", &base64).done(),
            out,
        );
        Ok(())
    }
}

const NO_DATA_URL: &str = "expected a data URL: data:<media type>;base64,<data>";

fn is_text(media_type: &str) -> bool {
    media_type.starts_with("text/") || matches!(media_type, "application/json" | "application/xml")
}

/// The media type of a file that names none.
fn guessed(name: Option<&str>) -> &'static str {
    let extension = name.and_then(|name| name.rsplit_once('.')).map(|(_, extension)| extension);
    match extension.map(str::to_ascii_lowercase).as_deref() {
        Some("txt" | "md" | "csv" | "html" | "json" | "xml" | "log" | "yaml" | "yml") => "text/plain",
        Some("png") => "image/png",
        Some("jpg" | "jpeg") => "image/jpeg",
        Some("gif") => "image/gif",
        Some("webp") => "image/webp",
        _ => "application/pdf",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn block(part: &Value) -> (Value, Vec<String>) {
        let text = part.to_string();
        let (mut out, mut notes) = (Json::default(), Notes::default());
        let part = serde_json::from_str(&text).expect("a part");
        write(part, At { message: 0, part: 1 }, &mut out, &mut notes).expect("a part");
        let bytes = out.into_bytes();
        let value =
            if bytes.is_empty() { Value::Null } else { serde_json::from_slice(&bytes).expect("JSON") };
        (value, notes.changes)
    }

    #[test]
    fn a_data_url_becomes_what_it_holds() {
        let image =
            |url: &str| block(&json!({"type": "image_url", "image_url": {"url": url}})).0["source"].clone();
        assert_eq!(
            image("data:image/jpg;base64,/9j/"),
            json!({"type": "base64", "media_type": "image/jpeg", "data": "/9j/"})
        );
        assert_eq!(
            image("data:text/plain,a%20b%"),
            json!({"type": "text", "media_type": "text/plain", "data": "a b%"})
        );
        assert_eq!(
            image("data:;base64,w6k"),
            json!({"type": "text", "media_type": "text/plain", "data": "é"})
        );
        assert_eq!(
            image("data:image/gif,GIF"),
            json!({"type": "base64", "media_type": "image/gif", "data": "R0lG"})
        );
    }

    #[test]
    fn a_file_is_read_by_its_type_or_its_name() {
        let file = |file: Value| block(&json!({"type": "file", "file": file})).0;
        assert_eq!(
            file(json!({"file_data": "a,b", "filename": "t.csv"})),
            json!({"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "a,b"}, "title": "t.csv"})
        );
        assert_eq!(
            file(json!({"file_data": "data:application/pdf;base64,JVBE", "filename": "a.pdf"})),
            json!({"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": "JVBE"}, "title": "a.pdf"})
        );
        assert_eq!(
            file(json!({"file_data": "iVBO", "mime_type": "image/png", "filename": "a.png"})),
            json!({"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "iVBO"}})
        );
        assert_eq!(
            file(json!({"file_data": "https://h/a.pdf"}))["source"],
            json!({"type": "url", "url": "https://h/a.pdf"})
        );
    }

    #[test]
    fn what_is_left_out_is_told() {
        let (value, changes) = block(
            &json!({"type": "image_url", "image_url": {"url": "https://h/a", "detail": "low"}, "x": 1}),
        );
        assert_eq!(value, json!({"type": "image", "source": {"type": "url", "url": "https://h/a"}}));
        assert_eq!(
            changes,
            [
                "messages[].content[].image_url.detail was dropped: anthropic has no such field",
                "messages[].content[].x was dropped: anthropic has no such field"
            ]
        );
        let (value, changes) =
            block(&json!({"type": "text", "text": "a", "id": "p1", "cache_control": {"type": "ephemeral"}}));
        assert_eq!(value, json!({"type": "text", "text": "a", "cache_control": {"type": "ephemeral"}}));
        assert_eq!(changes.len(), 1);
        assert_eq!(block(&json!({"type": "input_audio", "input_audio": {}})).0, Value::Null);
    }

    #[test]
    fn a_part_that_can_not_be_read_is_named() {
        let part = serde_json::from_str(r#"{"type":"image_url","image_url":{"url":"data:x"}}"#);
        let part = part.expect("a part");
        let error = write(part, At { message: 2, part: 0 }, &mut Json::default(), &mut Notes::default());
        let error = error.expect_err("refused");
        assert_eq!(error.facts().problems[0].path, "messages[2].content[0].image_url.url");
    }
}
