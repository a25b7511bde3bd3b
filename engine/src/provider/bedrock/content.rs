//! The parts of a message as Converse's content blocks.
//! Texts stay as they were spelled. Documents are named, since Converse wants a name for each, and no two the same.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::value::RawValue;

use super::formats::{self, Kind};
use crate::error::{Error, Result};
use crate::provider::completion::Raw;
use crate::provider::fields::{Changes, Fields, list, text};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Block<'a> {
    Text(Raw<'a>),
    Image(Media<'a>),
    Video(Media<'a>),
    Audio(Media<'a>),
    Document(Document<'a>),
    ReasoningContent(Reasoning<'a>),
    ToolUse(ToolUse<'a>),
    ToolResult(ToolResult<'a>),
    CachePoint(CachePoint<'a>),
}

#[derive(Serialize)]
pub struct Media<'a> {
    format: &'static str,
    source: Source<'a>,
}

#[derive(Serialize)]
pub struct Document<'a> {
    format: &'static str,
    name: String,
    source: Source<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Source<'a> {
    /// Base64.
    Bytes(Cow<'a, str>),
    S3Location {
        uri: Cow<'a, str>,
    },
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Reasoning<'a> {
    ReasoningText {
        text: Raw<'a>,
        #[serde(skip_serializing_if = "Option::is_none")]
        signature: Option<Raw<'a>>,
    },
    RedactedContent(Raw<'a>),
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ToolUse<'a> {
    pub tool_use_id: String,
    pub name: Raw<'a>,
    pub input: Raw<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ToolResult<'a> {
    pub tool_use_id: String,
    pub content: Vec<Block<'a>>,
}

/// What stands before it may be cached.
#[derive(Serialize)]
pub struct CachePoint<'a> {
    r#type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    ttl: Option<Raw<'a>>,
}

/// Takes `cache_control` off a part, a message or a tool.
pub fn cache_point<'a>(fields: &mut Fields<'a>, changes: &mut Changes) -> Result<Option<CachePoint<'a>>> {
    let Some(mut control) = fields.object("cache_control")? else { return Ok(None) };
    control.take("type");
    let ttl = control.spelled("ttl")?.map(Cow::Borrowed);
    changes.rest(control);
    Ok(Some(CachePoint { r#type: "default", ttl }))
}

/// Reads the parts of one call's messages.
pub struct Parts<'c> {
    pub changes: &'c mut Changes,
    /// The documents' names so far.
    documents: Vec<String>,
}

impl<'c> Parts<'c> {
    pub fn new(changes: &'c mut Changes) -> Self {
        Self { changes, documents: Vec::new() }
    }

    /// A content: a text, or a list of parts. An empty text is no block, since Converse refuses one.
    pub fn content<'a>(&mut self, path: &str, raw: &'a RawValue) -> Result<Vec<Block<'a>>> {
        if raw.get().starts_with('"') {
            return Ok(text_block(raw).into_iter().collect());
        }
        if !raw.get().starts_with('[') {
            return Err(Error::problem(path, "expected a string or a list of parts"));
        }
        let mut blocks = Vec::new();
        for (path, part) in list(path, raw)? {
            self.part(path, part, &mut blocks)?;
        }
        Ok(blocks)
    }

    /// Appends the blocks of one part.
    pub fn part<'a>(&mut self, path: String, raw: &'a RawValue, blocks: &mut Vec<Block<'a>>) -> Result<()> {
        let mut fields = Fields::read(path, raw.get())?;
        let cache = cache_point(&mut fields, self.changes)?;
        let kind = fields.needed_text("type")?;
        let block = match &*kind {
            "text" | "refusal" => needed(&mut fields, &kind).map(text_block)?,
            "image_url" | "video_url" => Some(self.at_url(&mut fields, &kind)?),
            "input_audio" => Some(self.audio(&mut fields)?),
            "file" => Some(self.file(&mut fields)?),
            "thinking" => {
                let text = Cow::Borrowed(needed(&mut fields, "thinking")?);
                let signature = fields.spelled("signature")?.map(Cow::Borrowed);
                Some(Block::ReasoningContent(Reasoning::ReasoningText { text, signature }))
            }
            "redacted_thinking" => {
                let data = Cow::Borrowed(needed(&mut fields, "data")?);
                Some(Block::ReasoningContent(Reasoning::RedactedContent(data)))
            }
            _ => {
                let known =
                    "expected text, image_url, video_url, input_audio, file, thinking or redacted_thinking";
                return Err(Error::problem(fields.at("type"), known));
            }
        };
        self.changes.rest(fields);
        blocks.extend(block);
        blocks.extend(cache.map(Block::CachePoint));
        Ok(())
    }

    /// A picture or a film, by its URL.
    fn at_url<'a>(&mut self, fields: &mut Fields<'a>, name: &str) -> Result<Block<'a>> {
        let path = fields.at(name);
        let raw = fields.take(name).ok_or_else(|| Error::problem(path.clone(), "is missing"))?;
        let (path, url) = if let Some(url) = text(raw) {
            (path, url)
        } else {
            let mut inner = Fields::read(path, raw.get())?;
            let url = inner.needed_text("url")?;
            // Left among the rest, it is told as dropped; auto says what holds without it.
            inner.take_if("detail", |detail| detail.get() == "\"auto\"");
            let path = inner.at("url");
            self.changes.rest(inner);
            (path, url)
        };
        let (media_type, source) = located(&path, url)?;
        let found = match (&media_type, &source) {
            (Some(media_type), _) => formats::of_media_type(media_type),
            (None, Source::S3Location { uri }) => formats::of_name(uri),
            (None, Source::Bytes(_)) => None,
        };
        let (kind, format) = found.ok_or_else(|| unknown_format(&path))?;
        Ok(self.block(kind, format, source, None))
    }

    fn audio<'a>(&mut self, fields: &mut Fields<'a>) -> Result<Block<'a>> {
        let path = fields.at("input_audio");
        let mut audio = fields.object("input_audio")?.ok_or_else(|| Error::problem(path, "is missing"))?;
        let data = audio.needed_text("data")?;
        let format = formats::of_audio(&audio.needed_text("format")?);
        let format = format.ok_or_else(|| unknown_format(&audio.at("format")))?;
        self.changes.rest(audio);
        Ok(Block::Audio(Media { format, source: Source::Bytes(data) }))
    }

    /// A file, with its content or where that lies. Its format is its media type's, else its name's, else PDF.
    fn file<'a>(&mut self, fields: &mut Fields<'a>) -> Result<Block<'a>> {
        let path = fields.at("file");
        let mut file = fields.object("file")?.ok_or_else(|| Error::problem(path, "is missing"))?;
        if file.take("file_id").is_some() {
            let message = "bedrock knows no uploaded files: give file_data, or an s3:// address as file_url";
            return Err(Error::problem(file.at("file_id"), message));
        }
        let name = file.text("filename")?.or(file.text("file_name")?);
        let said = file.text("mime_type")?;
        let (path, (found, source)) = match (file.text("file_data")?, file.text("file_url")?) {
            (Some(data), None) if data.starts_with("data:") => {
                let path = file.at("file_data");
                let located = located(&path, data)?;
                (path, located)
            }
            (Some(data), None) => (file.at("file_data"), (None, Source::Bytes(data))),
            (None, Some(url)) => {
                let path = file.at("file_url");
                let located = located(&path, url)?;
                (path, located)
            }
            (Some(_), Some(_)) => {
                return Err(Error::problem(file.path(), "expected one of file_data and file_url"));
            }
            (None, None) => return Err(Error::problem(file.at("file_data"), "is missing")),
        };
        let media_type = said.as_deref().or(found.as_deref());
        let (kind, format) = match (media_type, &source) {
            (Some(media_type), _) => {
                formats::of_media_type(media_type).ok_or_else(|| unknown_format(&path))?
            }
            (None, Source::S3Location { uri }) => {
                name.as_deref().and_then(formats::of_name).or(formats::of_name(uri)).unwrap_or(PDF)
            }
            (None, Source::Bytes(_)) => name.as_deref().and_then(formats::of_name).unwrap_or(PDF),
        };
        let named = name.as_deref().map(|name| (file.at("filename"), name));
        self.changes.rest(file);
        Ok(self.block(kind, format, source, named))
    }

    fn block<'a>(
        &mut self,
        kind: Kind,
        format: &'static str,
        source: Source<'a>,
        name: Option<(String, &str)>,
    ) -> Block<'a> {
        match kind {
            Kind::Image => Block::Image(Media { format, source }),
            Kind::Video => Block::Video(Media { format, source }),
            Kind::Audio => Block::Audio(Media { format, source }),
            Kind::Document => Block::Document(Document { format, name: self.document_name(name), source }),
        }
    }

    /// A name as Converse takes it: letters, digits, single spaces, hyphens, round and square brackets.
    fn document_name(&mut self, given: Option<(String, &str)>) -> String {
        let mut name = "document".to_owned();
        if let Some((path, given)) = given {
            let stem = match given.rsplit_once('.') {
                Some((stem, _)) if formats::of_name(given).is_some() => stem,
                _ => given,
            };
            let allowed = |c: char| if c.is_ascii_alphanumeric() || "-()[]".contains(c) { c } else { ' ' };
            let spaced: String = stem.chars().map(allowed).collect();
            let clean: String =
                spaced.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(200).collect();
            if clean != stem {
                let line = "was changed: bedrock takes letters, digits, spaces, hyphens and brackets only";
                self.changes.say(format!("{path} {line}"));
            }
            if !clean.is_empty() {
                name = clean;
            }
        }
        let (mut unique, mut count) = (name.clone(), 1);
        while self.documents.contains(&unique) {
            count += 1;
            unique = format!("{name} ({count})");
        }
        self.documents.push(unique.clone());
        unique
    }
}

const PDF: (Kind, &str) = (Kind::Document, "pdf");

fn text_block(raw: &RawValue) -> Option<Block<'_>> {
    (raw.get() != "\"\"").then_some(Block::Text(Cow::Borrowed(raw)))
}

fn needed<'a>(fields: &mut Fields<'a>, name: &str) -> Result<&'a RawValue> {
    fields.spelled(name)?.ok_or_else(|| Error::problem(fields.at(name), "is missing"))
}

fn unknown_format(path: &str) -> Error {
    Error::problem(path, "is of a format that bedrock doesn't take")
}

/// Where a URL's content lies, and its media type if the URL says it.
fn located<'a>(path: &str, url: Cow<'a, str>) -> Result<(Option<String>, Source<'a>)> {
    if url.starts_with("s3://") {
        return Ok((None, Source::S3Location { uri: url }));
    }
    let Some(rest) = url.strip_prefix("data:") else {
        let message = "bedrock fetches nothing from the web: give a data: URL, or an s3:// address";
        return Err(Error::problem(path, message));
    };
    let Some((media_type, data)) = rest.split_once(";base64,") else {
        return Err(Error::problem(path, "expected base64 in a data: URL"));
    };
    let media_type = Some(media_type.to_owned()).filter(|media_type| !media_type.is_empty());
    let from = url.len() - data.len();
    let data = match url {
        Cow::Borrowed(url) => Cow::Borrowed(&url[from..]),
        Cow::Owned(mut url) => Cow::Owned(url.split_off(from)),
    };
    Ok((media_type, Source::Bytes(data)))
}
