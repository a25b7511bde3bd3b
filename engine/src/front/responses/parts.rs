//! Content of an input message, or of a tool's output, as the content of a chat's message.

use super::Beyond;
use super::request::string;
use crate::error::{Error, Result};
use crate::provider::anthropic::notes::Notes;
use crate::provider::json::{Bracket, Json, Object, Raw, is_object, is_string, items, text};

const NO_CONTENT: &str = "expected a text or an array of parts";
pub const NO_FIELD: &str = "a chat's messages have no such field";

/// A part with its type and where it stands.
pub struct Part<'a> {
    pub path: String,
    pub kind: String,
    pub raw: Raw<'a>,
    pub fields: Object<'a>,
}

impl<'a> Part<'a> {
    /// The parts of an array.
    pub fn all(path: &str, content: Raw<'a>) -> Result<Vec<Self>> {
        let items = items(content).ok_or_else(|| Error::problem(path, NO_CONTENT))?;
        let part = |(at, raw): (usize, Raw<'a>)| {
            let path = format!("{path}[{at}]");
            let fields = Object::parse(raw);
            let kind = fields.as_ref().and_then(|fields| fields.text("type")).map(String::from);
            match fields.zip(kind) {
                Some((mut fields, kind)) => {
                    fields.take("type");
                    Ok(Self { path, kind, raw, fields })
                }
                None => Err(Error::problem(format!("{path}.type"), "expected the type of a part")),
            }
        };
        items.into_iter().enumerate().map(part).collect()
    }

    pub fn is_text(&self) -> bool {
        matches!(&*self.kind, "input_text" | "output_text" | "text")
    }

    fn is_plain_text(&self) -> bool {
        self.is_text() && self.fields.iter().all(|(key, _)| key == "text")
    }
}

/// Writes content as one text, where it is no more than that, or as parts; false when there is nothing.
pub fn write(
    path: &str,
    content: Raw<'_>,
    beyond: Beyond,
    out: &mut Json,
    notes: &mut Notes,
) -> Result<bool> {
    if is_string(content) {
        out.raw(content.get());
        return Ok(true);
    }
    let parts = Part::all(path, content)?;
    if let [part] = &*parts
        && part.is_plain_text()
        && let Some(written) = part.fields.get("text").filter(|raw| is_string(raw))
    {
        out.raw(written.get());
        return Ok(true);
    }
    out.open(Bracket::Array);
    let any = !parts.is_empty();
    for part in parts {
        Writer { beyond, out, notes }.part(part)?;
    }
    out.close(Bracket::Array);
    Ok(any)
}

struct Writer<'w> {
    beyond: Beyond,
    out: &'w mut Json,
    notes: &'w mut Notes,
}

impl Writer<'_> {
    fn part(mut self, part: Part<'_>) -> Result<()> {
        let is_text = part.is_text();
        let Part { path, kind, raw, mut fields } = part;
        match &*kind {
            _ if is_text => {
                let written = string(&mut fields, "text", &path)?;
                self.write("text", &fields, |out| out.field("text", written.get()).done());
            }
            "input_image" => self.image(&path, fields)?,
            "input_file" => self.file(&path, fields)?,
            "input_audio" => {
                let audio = fields.take("input_audio").filter(|raw| is_object(raw));
                let audio = audio.ok_or_else(|| {
                    Error::problem(format!("{path}.input_audio"), "expected its data and format")
                })?;
                self.write("input_audio", &fields, |out| out.field("input_audio", audio.get()).done());
            }
            _ if self.beyond == Beyond::OpenAi => self.out.raw(raw.get()).done(),
            _ => {
                let wanted = "expected input_text, input_image, input_file or input_audio";
                return Err(Error::problem(format!("{path}.type"), wanted));
            }
        }
        Ok(())
    }

    /// A part, with what else was given with it as far as it may stand there.
    fn write(&mut self, kind: &str, rest: &Object<'_>, fill: impl FnOnce(&mut Json)) {
        let Self { beyond, out, notes } = self;
        out.object(|out| {
            out.text("type", kind);
            fill(out);
            for (key, raw) in rest.iter() {
                if *beyond == Beyond::OpenAi || key == "prompt_cache_breakpoint" {
                    out.field(key, raw.get());
                } else if !matches!((key, raw.get()), ("annotations" | "logprobs", "[]")) {
                    notes.dropped(&format!("input[].content[].{key}"), NO_FIELD);
                }
            }
        });
    }

    fn image(&mut self, path: &str, mut fields: Object<'_>) -> Result<()> {
        if fields.get("file_id").is_some() {
            let wanted = "a chat takes an image as an address or its data: give image_url";
            return Err(Error::problem(format!("{path}.file_id"), wanted));
        }
        let url = string(&mut fields, "image_url", path)?;
        let mut detail = fields.take("detail").and_then(text);
        if detail.as_deref() == Some("original") {
            self.notes.tell("detail original was sent as high, the most that a chat has".to_owned());
            detail = Some("high".into());
        }
        self.write("image_url", &fields, |out| {
            out.key("image_url").object(|out| {
                out.field("url", url.get());
                if let Some(detail) = detail {
                    out.text("detail", &detail);
                }
            });
        });
        Ok(())
    }

    fn file(&mut self, path: &str, mut fields: Object<'_>) -> Result<()> {
        let names = ["file_data", "file_id", "file_url", "filename"];
        let [data, id, url, name] = names.map(|name| fields.take(name).filter(|raw| is_string(raw)));
        if data.or(id).or(url).is_none() {
            return Err(Error::problem(path, "expected file_data, file_id or file_url"));
        }
        if url.is_some() && self.beyond == Beyond::Nothing {
            let wanted = "a chat takes a file's data, not its address: give file_data";
            return Err(Error::problem(format!("{path}.file_url"), wanted));
        }
        if fields.take("detail").is_some_and(|raw| raw.get() != "\"auto\"") {
            self.notes.dropped("input_file.detail", NO_FIELD);
        }
        self.write("file", &fields, |out| {
            out.key("file").object(|out| {
                for (name, raw) in names.into_iter().zip([data, id, url, name]) {
                    if let Some(raw) = raw {
                        out.field(name, raw.get());
                    }
                }
            });
        });
        Ok(())
    }
}
