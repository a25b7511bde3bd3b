//! A Responses request as a chat: its parameters. Those that both APIs have under one name go through, and so does what
//! neither is known to have.

use super::{Beyond, Chat, input, tools};
use crate::error::{Error, Problem, Result};
use crate::provider::anthropic::notes::Notes;
use crate::provider::json::{Bracket, Json, Object, Raw, is_string, items, text};

/// Fields that ask for what only OpenAI's own servers have, or that mean something else here.
const REFUSED: &[(&str, &str)] = &[
    ("conversation", "a chat belongs to no stored conversation: give its turns as input"),
    ("messages", "a response takes its messages as input"),
    ("previous_response_id", "a chat knows of no earlier response: give its turns as input"),
    ("prompt", "a chat knows of no stored prompt: give instructions and input"),
];

/// What is left out, each with the values that ask for nothing.
const LEFT_OUT: &[(&str, &[&str], &str)] = &[
    ("context_management", &["[]"], "a chat is never shortened"),
    ("max_tool_calls", &[], "it counts the calls of built-in tools, and a chat has none"),
    ("n", &["1"], "a response has one answer"),
    ("truncation", &["\"disabled\""], "a chat is never shortened"),
];

/// The name that a chat has for a parameter of another name or place.
const RENAMED: &[(&str, &str)] = &[
    ("logprobs", "include"),
    ("max_completion_tokens", "max_output_tokens"),
    ("max_tokens", "max_output_tokens"),
    ("reasoning_effort", "reasoning.effort"),
    ("response_format", "text.format"),
    ("verbosity", "text.verbosity"),
];

const NO_PARAMETER: &str = "chat completions have no such parameter";

/// Translates `body`, a Responses request. What can't be read, and what no chat can do, is a `Kind::Config` error that
/// names the field.
pub fn to_chat(body: &[u8], beyond: Beyond) -> Result<Chat> {
    let mut fields = read(body)?;
    refuse(&mut fields)?;
    let mut asking = Asking { out: Json::with_capacity(body.len() + 512), ..Asking::default() };
    asking.out.open(Bracket::Object);
    if let Some(raw) = fields.take("model") {
        asking.out.field("model", raw.get());
    }
    input::write(&mut fields, beyond, &mut asking.out, &mut asking.notes)?;
    // The older of OpenAI's two names: hosts that don't know the newer one would answer without any limit.
    asking.write("max_tokens", "max_output_tokens", fields.take("max_output_tokens"));
    tools::write(&mut fields, beyond, &mut asking.out, &mut asking.notes)?;
    asking.answer(&mut fields)?;
    asking.stream(&mut fields)?;
    asking.rest(&fields);
    asking.out.close(Bracket::Object);
    Ok(Chat { body: asking.out.into_bytes(), changes: asking.notes.changes })
}

fn read(body: &[u8]) -> Result<Object<'_>> {
    let text = std::str::from_utf8(body).map_err(|_| Error::problem("body", "expected JSON in UTF-8"))?;
    let mut fields: Object<'_> =
        serde_json::from_str(text).map_err(|_| Error::problem("body", "expected a JSON object"))?;
    // Portkey's word for a parameter's default, which is the provider's own here.
    fields.retain(|raw| raw.get() != "\"portkey-default\"");
    Ok(fields)
}

fn refuse(fields: &mut Object<'_>) -> Result<()> {
    let mut problems = Vec::new();
    for (name, message) in REFUSED {
        if fields.get(name).is_some() {
            problems.push(Problem { path: (*name).to_owned(), message: (*message).to_owned() });
        }
    }
    if fields.take("background").is_some_and(|raw| raw.get() != "false") {
        let message = "a chat can't go on in the background".to_owned();
        problems.push(Problem { path: "background".to_owned(), message });
    }
    if problems.is_empty() { Ok(()) } else { Err(Error::config(problems)) }
}

/// A chat's parameters as they are written.
#[derive(Default)]
struct Asking {
    out: Json,
    notes: Notes,
    /// The chat's names of those that stood elsewhere.
    written: Vec<&'static str>,
}

impl Asking {
    /// Writes a parameter that was given elsewhere, by the name that a chat has for it.
    fn write(&mut self, name: &'static str, from: &str, value: Option<Raw<'_>>) {
        debug_assert!(RENAMED.contains(&(name, from)), "{name} is in the table");
        if let Some(raw) = value {
            self.out.field(name, raw.get());
            self.written.push(name);
        }
    }

    /// Reasoning, the answer's format, and what is told beside it.
    fn answer(&mut self, fields: &mut Object<'_>) -> Result<()> {
        let mut reasoning = fields.take_object("reasoning")?.unwrap_or_default();
        self.write("reasoning_effort", "reasoning.effort", reasoning.take("effort"));
        for (key, _) in reasoning.iter() {
            self.notes.dropped(&format!("reasoning.{key}"), NO_PARAMETER);
        }
        let mut text = fields.take_object("text")?.unwrap_or_default();
        if let Some(format) = text.take_object("format").map_err(|_| problem("text.format", "an object"))? {
            self.format(format)?;
        }
        self.write("verbosity", "text.verbosity", text.take("verbosity"));
        for (key, _) in text.iter() {
            self.notes.dropped(&format!("text.{key}"), NO_PARAMETER);
        }
        self.include(fields)
    }

    fn format(&mut self, mut format: Object<'_>) -> Result<()> {
        let kind = format.take("type").and_then(text);
        let out = match kind.as_deref() {
            Some("text") => return Ok(()),
            Some("json_object") => {
                self.out.key("response_format").object(|out| out.text("type", "json_object").done())
            }
            Some("json_schema") => self.out.key("response_format").object(|out| {
                out.text("type", "json_schema").key("json_schema").object(|out| {
                    for (key, raw) in format.iter() {
                        out.field(key, raw.get());
                    }
                });
            }),
            _ => return Err(problem("text.format.type", "text, json_object or json_schema")),
        };
        out.done();
        self.written.push("response_format");
        Ok(())
    }

    /// What is to be told beside the answer. Encrypted reasoning needs no asking: what a provider has of it is given.
    fn include(&mut self, fields: &mut Object<'_>) -> Result<()> {
        let included = match fields.take("include") {
            Some(raw) => items(raw).ok_or_else(|| problem("include", "an array"))?,
            None => Vec::new(),
        };
        let mut logprobs = fields.get("top_logprobs").is_some_and(|raw| raw.get() != "0");
        for raw in included {
            match text(raw).as_deref() {
                Some("message.output_text.logprobs") => logprobs = true,
                Some("reasoning.encrypted_content") => {}
                _ => self.notes.dropped("include", "chat completions tell of no built-in tools"),
            }
        }
        if logprobs {
            self.out.field("logprobs", "true");
            self.written.push("logprobs");
        } else {
            fields.take("top_logprobs");
        }
        Ok(())
    }

    fn stream(&mut self, fields: &mut Object<'_>) -> Result<()> {
        let mut options = fields.take_object("stream_options")?.unwrap_or_default();
        // Nothing is padded here, so that only the wish for it is told of.
        if options.take("include_obfuscation").is_some_and(|raw| raw.get() == "true") {
            self.notes.dropped("stream_options.include_obfuscation", NO_PARAMETER);
        }
        let Some(raw) = fields.take("stream") else { return Ok(()) };
        self.out.field("stream", raw.get());
        if raw.get() == "true" {
            options.take("include_usage");
            self.out.key("stream_options").object(|out| {
                out.field("include_usage", "true");
                for (key, raw) in options.iter() {
                    out.field(key, raw.get());
                }
            });
        }
        Ok(())
    }

    fn rest(&mut self, fields: &Object<'_>) {
        for (name, raw) in fields.iter() {
            if let Some((_, idle, why)) = LEFT_OUT.iter().find(|(known, ..)| *known == name) {
                if !idle.contains(&raw.get()) {
                    self.notes.dropped(name, why);
                }
                continue;
            }
            // Both names of the limit count as one.
            let kept = if name == "max_completion_tokens" { "max_tokens" } else { name };
            if let Some((_, from)) = RENAMED.iter().find(|(known, _)| *known == name)
                && self.written.contains(&kept)
            {
                self.notes.dropped(name, &format!("{from} was given"));
                continue;
            }
            if (name, raw.get()) == ("store", "true") {
                self.notes.tell("store was sent with the chat: the response itself is not kept".to_owned());
            }
            self.out.field(name, raw.get());
        }
    }
}

fn problem(path: &str, expected: &str) -> Error {
    Error::problem(path, format!("expected {expected}"))
}

/// A text that must be there.
pub fn string<'a>(fields: &mut Object<'a>, name: &str, path: &str) -> Result<Raw<'a>> {
    let found = fields.take(name).filter(|raw| is_string(raw));
    found.ok_or_else(|| problem(&format!("{path}.{name}"), "a text"))
}
