//! Content parts: text, images, audio, video and files of a message, as Google's parts.
//! Not for tool calls and their results. A part is written, or it is an error; thoughts of earlier answers alone are
//! left out, since Google takes its thought signatures in their place.

use std::borrow::Cow;

use super::Notes;
use super::fields::Fields;
use super::raw::{Element, Raw};
use crate::error::{Error, Result};
use crate::provider::json::Json;

const KNOWN: &str = "expected a part of type text, image_url, input_audio, video_url, file or refusal";

/// A path without the places in its lists: `messages[].content[]`.
pub fn anywhere(at: &str) -> String {
    let mut pieces = at.split('[');
    let first = pieces.next().unwrap_or_default().to_owned();
    pieces.fold(first, |path, piece| path + "[]" + piece.split_once(']').map_or("", |(_, behind)| behind))
}

/// Writes a part of a message that stands at `at`. False: it says nothing to Google and was left out.
pub fn write(w: &mut Json, part: Element<'_>, at: &str, notes: &mut Notes) -> Result<bool> {
    let mut fields = match part {
        Element::Object(fields) => fields,
        Element::Other(text) if text.is_string() => {
            w.object(|w| w.field("text", text.get()).done());
            return Ok(true);
        }
        Element::Other(_) => return Err(Error::problem(at, KNOWN)),
    };
    let Some(kind) = fields.text("type") else { return native(w, &fields, at) };
    let signature = signature(&mut fields);
    match &*kind {
        "thinking" | "redacted_thinking" | "reasoning" => {
            notes.reasoning_left_out();
            for said in ["thinking", "signature", "data", "summary", "content", "id"] {
                fields.take(said);
            }
            fields.left().for_each(|name| notes.dropped(&format!("{}.{name}", anywhere(at))));
            return Ok(false);
        }
        // The tool calls say the same.
        "tool_use" => return Ok(false),
        _ => {}
    }
    let content = Content::read(&kind, &mut fields, at)?;
    w.object(|w| {
        content.write(w, &kind, at, notes);
        if let Some(signature) = signature {
            w.key("thoughtSignature").raw(signature.get());
        }
    });
    for name in fields.left() {
        notes.dropped(&format!("{}.{name}", anywhere(at)));
    }
    Ok(true)
}

/// A part in Google's own words.
fn native(w: &mut Json, fields: &Fields<'_>, at: &str) -> Result<bool> {
    const NATIVE: [&str; 6] =
        ["text", "inlineData", "inline_data", "fileData", "file_data", "executableCode"];
    if !NATIVE.iter().any(|name| fields.has(name)) {
        return Err(Error::problem(at, KNOWN));
    }
    w.object(|w| {
        for (name, value) in fields.iter() {
            w.key(name).raw(value.get());
        }
    });
    Ok(true)
}

/// A thought signature, where Google's OpenAI surface has it or where Portkey has it.
pub fn signature<'a>(fields: &mut Fields<'a>) -> Option<Raw<'a>> {
    let own = fields.take("thought_signature");
    let google = fields.object("extra_content").and_then(|mut extra| extra.object("google"));
    google.and_then(|mut google| google.take("thought_signature")).or(own)
}

/// What one part holds.
enum Content<'a> {
    Text(Raw<'a>),
    Media(Media<'a>),
    Native(&'static str, Raw<'a>),
}

impl<'a> Content<'a> {
    fn read(kind: &str, fields: &mut Fields<'a>, at: &str) -> Result<Self> {
        let wrong = |name: &str, wanted: &str| Error::problem(format!("{at}.{name}"), wanted);
        let media = |media: Option<Media<'a>>, name: &str, wanted: &str| {
            media.map(Self::Media).ok_or_else(|| wrong(name, wanted))
        };
        let string = |value: Option<Raw<'a>>| value.filter(|value| value.is_string());
        match kind {
            "text" => {
                string(fields.take("text")).map(Self::Text).ok_or_else(|| wrong("text", "expected a string"))
            }
            "refusal" => string(fields.take("refusal"))
                .map(Self::Text)
                .ok_or_else(|| wrong("refusal", "expected a string")),
            "image_url" => media(Media::linked(fields.take(kind), "image/jpeg"), kind, "expected { url }"),
            "video_url" => media(Media::linked(fields.take(kind), "video/mp4"), kind, "expected { url }"),
            "input_audio" => media(Media::audio(fields.object(kind)), kind, "expected { data, format }"),
            "file" => {
                let wanted = "expected { file_data }, { file_url } or { file_id }";
                media(Media::file(fields.object(kind)), kind, wanted)
            }
            "executable_code" => fields
                .take(kind)
                .map(|code| Self::Native("executableCode", code))
                .ok_or_else(|| wrong(kind, KNOWN)),
            "code_execution_result" => fields
                .take(kind)
                .map(|result| Self::Native("codeExecutionResult", result))
                .ok_or_else(|| wrong(kind, KNOWN)),
            _ => Err(wrong("type", KNOWN)),
        }
    }

    fn write(&self, w: &mut Json, kind: &str, at: &str, notes: &mut Notes) {
        match self {
            Self::Text(text) => w.field("text", text.get()).done(),
            Self::Native(name, value) => w.field(name, value.get()).done(),
            Self::Media(media) => media.write(w, &format!("{}.{kind}", anywhere(at)), notes),
        }
    }
}

/// Bytes, or where they are.
struct Media<'a> {
    /// A `data:` URL, another URL, or base64.
    source: Cow<'a, str>,
    mime: Option<Cow<'a, str>>,
    name: Option<Cow<'a, str>>,
    /// Its type when nothing tells another.
    fallback: &'static str,
    /// A name of Google's Files API rather than base64.
    stored: bool,
    left: Vec<String>,
}

impl<'a> Media<'a> {
    fn linked(value: Option<Raw<'a>>, fallback: &'static str) -> Option<Self> {
        let value = value?;
        if let Some(source) = value.text() {
            return Some(Self { source, mime: None, name: None, fallback, stored: false, left: Vec::new() });
        }
        let mut fields = value.fields()?;
        let source = fields.text("url")?;
        let mime = fields.text("mime_type").or_else(|| fields.text("format"));
        if fields.is("detail", "\"auto\"") {
            fields.take("detail");
        }
        let left = fields.left().map(str::to_owned).collect();
        Some(Self { source, mime, name: None, fallback, stored: false, left })
    }

    fn audio(fields: Option<Fields<'a>>) -> Option<Self> {
        let mut fields = fields?;
        let source = fields.text("data")?;
        let mime = fields.text("format").map(|format| match &*format {
            "opus" => "audio/ogg".into(),
            "pcm16" | "l16" => "audio/pcm".into(),
            _ if format.contains('/') => format,
            _ => Cow::Owned(format!("audio/{format}")),
        });
        let left = fields.left().map(str::to_owned).collect();
        Some(Self { source, mime, name: None, fallback: "audio/wav", stored: false, left })
    }

    fn file(fields: Option<Fields<'a>>) -> Option<Self> {
        let mut fields = fields?;
        let data = fields.text("file_data");
        let stored = data.is_none();
        let linked = fields.text("file_url");
        let source = data.or(linked).or_else(|| fields.text("file_id"))?;
        let mime = fields.text("mime_type").or_else(|| fields.text("format"));
        let name = fields.text("filename").or_else(|| fields.text("file_name"));
        let left = fields.left().map(str::to_owned).collect();
        Some(Self { source, mime, name, fallback: "application/pdf", stored, left })
    }

    /// `at`: what holds it, as it is told.
    fn write(&self, w: &mut Json, at: &str, notes: &mut Notes) {
        for field in &self.left {
            notes.dropped(&format!("{at}.{field}"));
        }
        if self.name.is_some() {
            notes.add(format!("{at}.filename was left out: Google's files have no names"));
        }
        let told = self.mime.as_deref().or_else(|| mime_of_name(self.name.as_deref()?));
        if let Some((mime, data)) = self.source.strip_prefix("data:").and_then(data_url) {
            let mime = self.mime.as_deref().unwrap_or(if mime.is_empty() { self.fallback } else { mime });
            return inline(w, mime, &data);
        }
        if !self.stored && !self.source.contains("://") {
            return inline(w, told.unwrap_or(self.fallback), &self.source);
        }
        let mime = told.or_else(|| mime_of_name(&self.source));
        // Vertex AI refuses a file without a type; the Gemini API finds it out by itself.
        let mime = mime.or_else(|| notes.on_vertex().then_some(self.fallback));
        w.key("fileData").object(|w| {
            if let Some(mime) = mime {
                w.key("mimeType").string(mime);
            }
            w.key("fileUri").string(&self.source);
        });
    }
}

fn inline(w: &mut Json, mime: &str, data: &str) {
    w.key("inlineData").object(|w| {
        w.key("mimeType").string(mime);
        w.key("data").string(data);
    });
}

/// Type and base64 of a data URL, less its `data:`.
fn data_url(rest: &str) -> Option<(&str, Cow<'_, str>)> {
    let (head, data) = rest.split_once(',')?;
    let mime = head.split(';').next().unwrap_or_default();
    if head.ends_with(";base64") {
        return Some((mime, Cow::Borrowed(data)));
    }
    let bytes = percent_decoded(data);
    Some((mime, Cow::Owned(base64_simd::STANDARD.encode_to_string(bytes))))
}

fn percent_decoded(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let code = (byte == b'%').then(|| after.get(..2)).flatten();
        let code = code.and_then(|code| u8::from_str_radix(std::str::from_utf8(code).ok()?, 16).ok());
        out.push(code.unwrap_or(byte));
        rest = if code.is_some() { &after[2..] } else { after };
    }
    out
}

/// The type that the ending of a file's name or URL stands for.
fn mime_of_name(name: &str) -> Option<&'static str> {
    let path = name.split(['?', '#']).next()?;
    let (_, ending) = path.rsplit_once('.')?;
    let ending = ending.to_ascii_lowercase();
    ENDINGS.iter().find(|(known, _)| *known == ending).map(|(_, mime)| *mime)
}

/// Endings of the types that Gemini reads.
const ENDINGS: &[(&str, &str)] = &[
    ("png", "image/png"),
    ("jpg", "image/jpeg"),
    ("jpeg", "image/jpeg"),
    ("webp", "image/webp"),
    ("gif", "image/gif"),
    ("heic", "image/heic"),
    ("heif", "image/heif"),
    ("pdf", "application/pdf"),
    ("txt", "text/plain"),
    ("md", "text/markdown"),
    ("html", "text/html"),
    ("css", "text/css"),
    ("csv", "text/csv"),
    ("xml", "text/xml"),
    ("rtf", "text/rtf"),
    ("json", "application/json"),
    ("js", "text/javascript"),
    ("py", "text/x-python"),
    ("mp3", "audio/mp3"),
    ("wav", "audio/wav"),
    ("flac", "audio/flac"),
    ("ogg", "audio/ogg"),
    ("opus", "audio/ogg"),
    ("aac", "audio/aac"),
    ("aiff", "audio/aiff"),
    ("m4a", "audio/m4a"),
    ("mp4", "video/mp4"),
    ("mpeg", "video/mpeg"),
    ("mpg", "video/mpg"),
    ("mov", "video/mov"),
    ("avi", "video/avi"),
    ("flv", "video/x-flv"),
    ("webm", "video/webm"),
    ("wmv", "video/wmv"),
    ("3gp", "video/3gpp"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::google::Service;

    fn element(part: &str) -> Element<'_> {
        let part = Raw::parse(part).expect("JSON");
        part.fields().map_or(Element::Other(part), Element::Object)
    }

    fn written(service: Service, part: &str) -> (String, Vec<String>) {
        let mut notes = Notes::new(service);
        let mut w = Json::with_capacity(64);
        write(&mut w, element(part), "messages[0].content[0]", &mut notes).expect("a known part");
        (w.into_text(), notes.finish())
    }

    #[test]
    fn media_go_inline_or_by_reference() {
        let inline =
            |mime: &str, data: &str| format!(r#"{{"inlineData":{{"mimeType":"{mime}","data":"{data}"}}}}"#);
        let by_reference =
            |mime: &str, uri: &str| format!(r#"{{"fileData":{{"mimeType":"{mime}","fileUri":"{uri}"}}}}"#);
        let cases = [
            (
                r#"{"type":"image_url","image_url":{"url":"data:image/png;base64,iVBO"}}"#,
                inline("image/png", "iVBO"),
            ),
            (r#"{"type":"image_url","image_url":"iVBO"}"#, inline("image/jpeg", "iVBO")),
            (r#"{"type":"image_url","image_url":{"url":"data:,a%20b"}}"#, inline("image/jpeg", "YSBi")),
            (
                r#"{"type":"image_url","image_url":{"url":"https://h/a.WEBP?x=1.png"}}"#,
                by_reference("image/webp", "https://h/a.WEBP?x=1.png"),
            ),
            (
                r#"{"type":"image_url","image_url":{"url":"gs://b/a","mime_type":"image/heic"}}"#,
                by_reference("image/heic", "gs://b/a"),
            ),
            (
                r#"{"type":"image_url","image_url":{"url":"https://h/a"}}"#,
                r#"{"fileData":{"fileUri":"https://h/a"}}"#.to_owned(),
            ),
            (
                r#"{"type":"video_url","video_url":{"url":"https://h/a.mp4"}}"#,
                by_reference("video/mp4", "https://h/a.mp4"),
            ),
            (
                r#"{"type":"input_audio","input_audio":{"data":"UklG","format":"opus"}}"#,
                inline("audio/ogg", "UklG"),
            ),
            (
                r#"{"type":"file","file":{"file_data":"JVBE","filename":"a.txt"}}"#,
                inline("text/plain", "JVBE"),
            ),
            (
                r#"{"type":"file","file":{"file_data":"data:application/pdf;base64,JVBE"}}"#,
                inline("application/pdf", "JVBE"),
            ),
            (
                r#"{"type":"file","file":{"file_id":"files/abc"}}"#,
                r#"{"fileData":{"fileUri":"files/abc"}}"#.to_owned(),
            ),
        ];
        for (part, wanted) in cases {
            let (found, changes) = written(Service::Developer, part);
            assert_eq!(found, wanted, "{part}");
            let told = "messages[].content[].file.filename was left out: Google's files have no names";
            assert_eq!(changes, if part.contains("filename") { vec![told] } else { vec![] }, "{part}");
        }
        let (part, _) = written(Service::Vertex, r#"{"type":"image_url","image_url":{"url":"https://h/a"}}"#);
        assert_eq!(part, by_reference("image/jpeg", "https://h/a"));
    }

    #[test]
    fn what_a_part_has_besides_is_told() {
        let (part, changes) = written(
            Service::Developer,
            r#"{"type":"image_url","image_url":{"url":"iVBO","detail":"high"},"cache_control":{"type":"ephemeral"}}"#,
        );
        assert_eq!(part, r#"{"inlineData":{"mimeType":"image/jpeg","data":"iVBO"}}"#);
        assert_eq!(changes.len(), 2);
        assert!(changes[0].contains("image_url.detail") && changes[1].contains("cache_control"));
    }

    #[test]
    fn an_unknown_part_is_an_error_that_names_it() {
        let mut notes = Notes::new(Service::Developer);
        for (part, path) in [
            (r#"{"type":"hologram"}"#, "messages[0].content[0].type"),
            (r#"{"type":"text"}"#, "messages[0].content[0].text"),
            (r#"{"type":"file","file":{}}"#, "messages[0].content[0].file"),
            (r#"{"x":1}"#, "messages[0].content[0]"),
            ("1", "messages[0].content[0]"),
        ] {
            let mut w = Json::with_capacity(0);
            let error = write(&mut w, element(part), "messages[0].content[0]", &mut notes).expect_err(part);
            assert_eq!(error.facts().problems[0].path, path, "{part}");
        }
    }
}
