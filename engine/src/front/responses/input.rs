//! Input items as messages of a chat. The items of one answer (reasoning, texts, calls) are one assistant's message there,
//! so they are gathered until the turn is another's: a call's message must be followed by its results.

use std::mem;

use super::Beyond;
use super::item::object;
use super::parts::{self, NO_FIELD, Part};
use super::request::string;
use super::tools::CUSTOM_INPUT;
use super::turn::{Said, Turn};
use crate::error::{Error, Result};
use crate::provider::anthropic::notes::Notes;
use crate::provider::json::{Bracket, Json, Object, Raw, is_object, is_string, items, text};

/// What an item has that says nothing to a model.
const IDLE: &[&str] = &["created_by", "id", "status"];

/// The one field of a provider's own that a host which speaks OpenAI may need back: Gemini's signatures stand in it.
const GIVEN_BACK: &str = "extra_content";

/// Writes `instructions` and `input` into an open object.
pub fn write(fields: &mut Object<'_>, beyond: Beyond, out: &mut Json, notes: &mut Notes) -> Result<()> {
    out.key("messages").open(Bracket::Array);
    if let Some(raw) = fields.take("instructions") {
        if !is_string(raw) {
            return Err(Error::problem("instructions", "expected a text"));
        }
        out.object(|out| out.text("role", "system").field("content", raw.get()).done());
    }
    let wanted = || Error::problem("input", "expected a text or an array of items");
    let input = fields.take("input").ok_or_else(wanted)?;
    if is_string(input) {
        out.object(|out| out.text("role", "user").field("content", input.get()).done());
    } else {
        let mut turns = Turns { beyond, out, notes, turn: Turn::default() };
        for (at, raw) in items(input).ok_or_else(wanted)?.into_iter().enumerate() {
            turns.item(&format!("input[{at}]"), raw)?;
        }
        turns.end_turn();
    }
    out.close(Bracket::Array);
    Ok(())
}

struct Turns<'t, 'a> {
    beyond: Beyond,
    out: &'t mut Json,
    notes: &'t mut Notes,
    /// What the assistant has said by now.
    turn: Turn<'a>,
}

impl<'a> Turns<'_, 'a> {
    fn end_turn(&mut self) {
        mem::take(&mut self.turn).write(self.out);
    }

    fn item(&mut self, path: &str, raw: Raw<'a>) -> Result<()> {
        let mut item = Object::parse(raw).ok_or_else(|| Error::problem(path, "expected an item"))?;
        let kind = item.take("type").and_then(text);
        let is_reference = kind.is_none() && item.get("role").is_none() && item.get("id").is_some();
        match kind.as_deref().unwrap_or(if is_reference { "item_reference" } else { "message" }) {
            "message" => self.message(path, item),
            "reasoning" => self.reasoning(path, item),
            "function_call" => self.call(path, item, "arguments"),
            "custom_tool_call" => self.call(path, item, "input"),
            "function_call_output" | "custom_tool_call_output" => self.result(path, item),
            "image_generation_call" if self.beyond == Beyond::OpenAi => self.image(path, item),
            "web_search_call" | "file_search_call" if item.get("results").is_none() => {
                self.notes.dropped("a search call", "it holds nothing that was found");
                Ok(())
            }
            "item_reference" => {
                let wanted = "a chat knows of no earlier items: give the item itself";
                Err(Error::problem(format!("{path}.id"), wanted))
            }
            _ => {
                let wanted = "a chat has no such item: expected message, reasoning, function_call, \
                              function_call_output, custom_tool_call or custom_tool_call_output";
                Err(Error::problem(format!("{path}.type"), wanted))
            }
        }
    }

    fn message(&mut self, path: &str, mut item: Object<'a>) -> Result<()> {
        let content = item.take("content");
        let content = content.ok_or_else(|| {
            Error::problem(format!("{path}.content"), "expected a text or an array of parts")
        })?;
        let role = item.take("role").and_then(text);
        match role.as_deref() {
            Some("assistant") => self.assistant(&format!("{path}.content"), content, &item),
            Some(role @ ("user" | "system" | "developer")) => {
                self.end_turn();
                let begin = self.out.len();
                self.out.open(Bracket::Object).text("role", role).key("content");
                let path = format!("{path}.content");
                if parts::write(&path, content, self.beyond, self.out, self.notes)? {
                    for (key, raw) in self.kept(&item) {
                        self.out.field(&key, raw.get());
                    }
                    self.out.close(Bracket::Object);
                } else {
                    self.out.truncate(begin);
                }
                Ok(())
            }
            _ => {
                let wanted = "expected user, assistant, system or developer";
                Err(Error::problem(format!("{path}.role"), wanted))
            }
        }
    }

    /// The fields of an item that may stand in a chat's message; the others are told of.
    fn kept(&mut self, item: &Object<'a>) -> Vec<(String, Raw<'a>)> {
        let mut kept = Vec::new();
        for (key, raw) in item.iter().filter(|(key, _)| !IDLE.contains(key)) {
            if self.beyond == Beyond::OpenAi || matches!(key, "name" | GIVEN_BACK) {
                kept.push((key.to_owned(), raw));
            } else {
                self.notes.dropped(&format!("input[].{key}"), NO_FIELD);
            }
        }
        kept
    }

    fn assistant(&mut self, path: &str, content: Raw<'a>, item: &Object<'a>) -> Result<()> {
        self.begin_answer();
        if is_string(content) {
            self.turn.said.push(Said::Text(content));
        } else {
            for part in Part::all(path, content)? {
                self.said(part)?;
            }
        }
        let kept = self.kept(item);
        self.turn.keep(kept);
        Ok(())
    }

    /// A message or reasoning after a message is another answer's, unless calls of the same are still without results.
    fn begin_answer(&mut self) {
        if self.turn.has_spoken() && self.turn.calls.is_empty() {
            self.end_turn();
        }
    }

    fn said(&mut self, part: Part<'a>) -> Result<()> {
        let is_text = part.is_text();
        let Part { path, kind, raw, mut fields } = part;
        let said = match &*kind {
            _ if is_text => Said::Text(string(&mut fields, "text", &path)?),
            "refusal" => Said::Refusal(string(&mut fields, "refusal", &path)?),
            _ if self.beyond == Beyond::OpenAi => {
                self.turn.said.push(Said::Block(raw.get().to_owned()));
                return Ok(());
            }
            _ => return Err(Error::problem(format!("{path}.type"), "expected output_text or refusal")),
        };
        self.turn.said.push(said);
        // `parsed` is the SDK's own; the log probabilities tell a model nothing.
        for (key, raw) in fields.iter().filter(|(key, _)| !matches!(*key, "logprobs" | "parsed")) {
            if raw.get() != "[]" {
                self.notes.dropped(&format!("input[].content[].{key}"), NO_FIELD);
            }
        }
        Ok(())
    }

    /// Reasoning goes back to a dialect of ours; what it was sealed with, only if a dialect of ours sealed it.
    fn reasoning(&mut self, path: &str, mut item: Object<'a>) -> Result<()> {
        if self.beyond == Beyond::Nothing {
            self.notes.dropped("a reasoning item", "a chat's messages have no place for it");
            return Ok(());
        }
        self.begin_answer();
        let mut texts = Vec::new();
        for name in ["content", "summary"] {
            let raw = item.take(name);
            let parts =
                raw.map(|raw| Part::all(&format!("{path}.{name}"), raw)).transpose()?.unwrap_or_default();
            if !texts.is_empty() && !parts.is_empty() {
                self.notes.dropped("reasoning.summary", "the reasoning itself was given");
                continue;
            }
            for mut part in parts {
                texts.push(string(&mut part.fields, "text", &part.path)?);
            }
        }
        let seal = item.take("encrypted_content").and_then(text);
        let block = seal.as_deref().and_then(|seal| unseal(seal, &texts));
        if seal.is_some() && block.is_none() {
            self.notes.dropped("reasoning.encrypted_content", "only who encrypted it can read it");
        }
        if !texts.is_empty() || block.is_some() {
            self.turn.said.push(Said::Thought { texts, block });
        }
        let kept = self.kept(&item);
        self.turn.keep(kept);
        Ok(())
    }

    /// `said` is the field that holds what the tool is called with.
    fn call(&mut self, path: &str, mut item: Object<'a>, said: &str) -> Result<()> {
        let id = string(&mut item, "call_id", path)?;
        let name = string(&mut item, "name", path)?;
        let given = item.take(said);
        item.take("parsed_arguments");
        let wanted = || Error::problem(format!("{path}.{said}"), "expected a text");
        let given = given.filter(|raw| is_string(raw) || is_object(raw)).ok_or_else(wanted)?;
        let kept = self.kept(&item);
        self.turn.calls.object(|out| {
            out.field("id", id.get()).text("type", "function").key("function").object(|out| {
                out.field("name", name.get()).key("arguments");
                if said == "input" {
                    out.string(&format!(r#"{{"{CUSTOM_INPUT}":{}}}"#, given.get()))
                } else if is_string(given) {
                    out.raw(given.get())
                } else {
                    out.string(given.get())
                }
                .done();
            });
            for (key, raw) in kept {
                out.field(&key, raw.get());
            }
        });
        Ok(())
    }

    fn result(&mut self, path: &str, mut item: Object<'a>) -> Result<()> {
        self.end_turn();
        let id = string(&mut item, "call_id", path)?;
        let output = item.take("output");
        let path = format!("{path}.output");
        let output = output.ok_or_else(|| Error::problem(&path, "expected a text or an array of parts"))?;
        self.out.open(Bracket::Object).text("role", "tool").field("tool_call_id", id.get()).key("content");
        parts::write(&path, output, self.beyond, self.out, self.notes)?;
        for (key, raw) in self.kept(&item) {
            self.out.field(&key, raw.get());
        }
        self.out.close(Bracket::Object);
        Ok(())
    }

    /// A picture that the model drew, as the dialects that can draw have it in their answers.
    fn image(&mut self, path: &str, mut item: Object<'a>) -> Result<()> {
        let format = item.take("output_format").and_then(text);
        let address = item.take("url").and_then(text).map(String::from);
        let result = item.take("result").and_then(text);
        let data =
            result.map(|data| format!("data:image/{};base64,{data}", format.as_deref().unwrap_or("png")));
        let wanted = || Error::problem(format!("{path}.result"), "expected an image in base64");
        let url = address.or(data).ok_or_else(wanted)?;
        let block = object(|out| {
            out.text("type", "image_url").key("image_url").object(|out| out.text("url", &url).done());
            for (key, raw) in item.iter().filter(|(key, _)| !IDLE.contains(key)) {
                out.field(key, raw.get());
            }
        });
        self.turn.said.push(Said::Block(block));
        Ok(())
    }
}

/// The block that `Item::seal` sealed: its fields without its text, as JSON. `None` for what others encrypted.
fn unseal(seal: &str, texts: &[Raw<'_>]) -> Option<String> {
    let fields: Object<'_> = serde_json::from_str(seal).ok()?;
    let kind = fields.text("type")?;
    Some(object(|out| {
        out.text("type", &kind);
        if kind == "thinking" {
            out.key("thinking").joined(texts.iter().copied());
        }
        for (key, raw) in fields.iter().filter(|(key, _)| *key != "type") {
            out.field(key, raw.get());
        }
    }))
}
