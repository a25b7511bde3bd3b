//! The messages of a chat as system text and turns. Adjacent tool results become one turn of the user's, and thinking is
//! given back with its signature. A text is copied as it is written.

use std::borrow::Cow;

use super::notes::Notes;
use super::parts::{self, At, Part};
use super::thinking::Thinking;
use crate::error::{Error, Result};
use crate::provider::json::{Bracket, Json, Object, Raw, is_object, is_string, items, text};

/// Writes `messages` and, where there is any, `system` into an open object. `system` is a prompt that was given in
/// Anthropic's own way; it comes first.
pub fn write<'a>(
    messages: Vec<Object<'a>>,
    system: Option<Raw<'a>>,
    out: &mut Json,
    notes: &mut Notes,
) -> Result<()> {
    out.key("messages").open(Bracket::Array);
    let mut turns =
        Turns { out, notes, system: Json::default(), in_results: false, has_spoken: false, function: None };
    if let Some(system) = system {
        turns.system_text(system, None)?;
    }
    for (at, message) in messages.into_iter().enumerate() {
        turns.message(at, message)?;
    }
    turns.close_results();
    let Turns { out, system, .. } = turns;
    out.close(Bracket::Array);
    if !system.is_empty() {
        out.key("system").array(|out| out.pieces(&system.into_bytes()).done());
    }
    Ok(())
}

struct Turns<'t> {
    out: &'t mut Json,
    notes: &'t mut Notes,
    /// The blocks of the system prompt.
    system: Json,
    /// A user's turn of tool results is open.
    in_results: bool,
    has_spoken: bool,
    /// The id given to the last `function_call`, which has none.
    function: Option<String>,
}

impl Turns<'_> {
    fn message(&mut self, at: usize, mut message: Object<'_>) -> Result<()> {
        let role = message.take("role").and_then(text);
        match role.as_deref() {
            Some(role @ ("system" | "developer")) => {
                if self.has_spoken {
                    self.notes.tell(format!(
                        "messages[{at}] ({role}) was moved to the front: anthropic takes system text only there"
                    ));
                }
                if let Some(content) = message.take("content") {
                    self.system_text(content, Some(at))?;
                }
            }
            Some("user") => self.user(at, &mut message)?,
            Some("assistant") => self.assistant(at, &mut message)?,
            Some("tool") => {
                let id = message.take("tool_call_id").filter(|id| is_string(id) && id.get() != "\"\"");
                let id = id.ok_or_else(|| problem(at, ".tool_call_id", "expected the id of a tool call"))?;
                self.result(at, &identifier(id), &mut message)?;
            }
            Some("function") => {
                let id = self.function.clone();
                let id = id.ok_or_else(|| problem(at, ".role", "follows no function_call"))?;
                message.take("name");
                self.result(at, &id, &mut message)?;
            }
            _ => {
                let roles = "expected system, developer, user, assistant or tool";
                return Err(problem(at, ".role", roles));
            }
        }
        self.has_spoken |= !matches!(role.as_deref(), Some("system" | "developer"));
        self.leftovers(&message);
        Ok(())
    }

    fn leftovers(&mut self, message: &Object<'_>) {
        for (key, value) in message.iter() {
            if !matches!(value.get(), "[]" | "{}" | "\"\"" | "false") {
                self.notes.unknown(&format!("messages[].{key}"));
            }
        }
    }

    /// `at`: the message it stands in; `None` for the field of Anthropic's own.
    fn system_text(&mut self, content: Raw<'_>, at: Option<usize>) -> Result<()> {
        if is_string(content) {
            if content.get() != "\"\"" {
                parts::write_text(content, &mut self.system);
            }
            return Ok(());
        }
        let path = || at.map_or_else(|| "system".to_owned(), |at| format!("messages[{at}].content"));
        let parts = Part::all(content).ok_or_else(|| Error::problem(path(), NO_CONTENT))?;
        for (index, part) in parts.into_iter().enumerate() {
            let kind = part.kind();
            if matches!(&*kind, "text" | "input_text") {
                let at = At { message: at.unwrap_or(0), part: index };
                parts::write(part, at, &mut self.system, self.notes)?;
            } else {
                let what = format!("{}[{index}] ({kind})", path());
                self.notes.dropped(&what, "anthropic takes text only as system prompt");
            }
        }
        Ok(())
    }

    fn user(&mut self, at: usize, message: &mut Object<'_>) -> Result<()> {
        let content = message.take("content").ok_or_else(|| problem(at, ".content", NO_CONTENT))?;
        self.close_results();
        let begin = self.out.len();
        self.out.open(Bracket::Object).text("role", "user").key("content");
        if is_string(content) {
            self.out.raw(content.get());
        } else if !self.parts(at, content)? {
            self.out.truncate(begin);
            self.notes.dropped(&format!("messages[{at}]"), "nothing of it is left");
            return Ok(());
        }
        self.out.close(Bracket::Object);
        Ok(())
    }

    /// An array of parts as an array of blocks; false when there are none.
    fn parts(&mut self, message: usize, content: Raw<'_>) -> Result<bool> {
        self.out.open(Bracket::Array);
        let begin = self.out.len();
        self.blocks(message, content)?;
        let any = self.out.len() > begin;
        self.out.close(Bracket::Array);
        Ok(any)
    }

    fn blocks(&mut self, message: usize, content: Raw<'_>) -> Result<()> {
        let parts = Part::all(content).ok_or_else(|| problem(message, ".content", NO_CONTENT))?;
        for (index, part) in parts.into_iter().enumerate() {
            parts::write(part, At { message, part: index }, self.out, self.notes)?;
        }
        Ok(())
    }

    fn assistant(&mut self, at: usize, message: &mut Object<'_>) -> Result<()> {
        self.close_results();
        let thinking = Thinking::of(message);
        for name in ["content_blocks", "thinking_blocks", "reasoning_content", "reasoning"] {
            message.take(name);
        }
        for name in ["reasoning_signature", "signature"] {
            message.take(name);
        }
        let (content, refusal) = (message.take("content"), message.take("refusal"));
        if content.is_some() && refusal.is_some() {
            self.notes
                .dropped("messages[].refusal", "the message has content, and anthropic has no such field");
        }
        let content = content.or(refusal);
        let calls = match message.take("tool_calls") {
            Some(raw) => items(raw).ok_or_else(|| problem(at, ".tool_calls", "expected an array"))?,
            None => Vec::new(),
        };
        let function = match message.take("function_call") {
            Some(raw) => {
                Some(Object::parse(raw).ok_or_else(|| problem(at, ".function_call", "expected an object"))?)
            }
            None => None,
        };
        let begin = self.out.len();
        self.out.open(Bracket::Object).text("role", "assistant").key("content");
        let is_plain = calls.is_empty() && function.is_none() && !thinking.is_any();
        if let (true, Some(content)) = (is_plain, content.filter(|raw| is_string(raw) && raw.get() != "\"\""))
        {
            self.out.raw(content.get()).close(Bracket::Object);
            thinking.tell_lost(self.notes);
            return Ok(());
        }
        self.out.open(Bracket::Array);
        let empty = self.out.len();
        if !thinking.write(self.out, self.notes) {
            self.assistant_text(at, content)?;
        }
        for (index, call) in calls.into_iter().enumerate() {
            self.call(at, index, call)?;
        }
        if let Some(function) = function {
            let id = format!("call_{at}");
            self.tool_use(&format!("messages[{at}].function_call"), &format!("\"{id}\""), function, None)?;
            self.function = Some(format!("\"{id}\""));
        }
        if self.out.len() == empty {
            self.out.truncate(begin);
            self.notes.dropped(&format!("messages[{at}]"), "anthropic takes no empty message");
            return Ok(());
        }
        self.out.close(Bracket::Array).close(Bracket::Object);
        Ok(())
    }

    fn assistant_text(&mut self, message: usize, content: Option<Raw<'_>>) -> Result<()> {
        match content {
            None => Ok(()),
            Some(content) if content.get() == "\"\"" => Ok(()),
            Some(content) if is_string(content) => {
                parts::write_text(content, self.out);
                Ok(())
            }
            Some(content) => self.blocks(message, content),
        }
    }

    fn call(&mut self, at: usize, index: usize, call: Raw<'_>) -> Result<()> {
        let path = format!("messages[{at}].tool_calls[{index}]");
        let mut call = Object::parse(call).ok_or_else(|| Error::problem(&path, "expected an object"))?;
        let id = call.take("id").filter(|raw| is_string(raw)).map(identifier);
        let id = id.unwrap_or_else(|| Cow::Owned(format!("\"call_{at}_{index}\"")));
        let kind = call.take("type").and_then(text).unwrap_or(Cow::Borrowed("function"));
        let function = call.take(&kind).filter(|raw| is_object(raw)).and_then(Object::parse);
        let path = format!("{path}.{kind}");
        let function = function.ok_or_else(|| Error::problem(&path, "expected a name and arguments"))?;
        let cache_control = call.take("cache_control");
        call.take("index");
        for (key, _) in call.iter() {
            self.notes.unknown(&format!("messages[].tool_calls[].{key}"));
        }
        self.tool_use(&path, &id, function, cache_control)
    }

    /// `id` is JSON.
    fn tool_use(
        &mut self,
        path: &str,
        id: &str,
        mut function: Object<'_>,
        cache_control: Option<Raw<'_>>,
    ) -> Result<()> {
        let name = function.take("name").filter(|raw| is_string(raw));
        let name = name.ok_or_else(|| Error::problem(format!("{path}.name"), "expected a name"))?;
        let input = match function.take("input") {
            // A custom tool's input is free text.
            Some(free) => Cow::Owned(format!(r#"{{"input":{}}}"#, free.get())),
            None => input(function.take("arguments")).ok_or_else(|| {
                Error::problem(format!("{path}.arguments"), "expected the JSON text of an object")
            })?,
        };
        function.take("arguments");
        for (key, _) in function.iter() {
            self.notes.unknown(&format!("messages[].tool_calls[].function.{key}"));
        }
        self.out.object(|out| {
            out.text("type", "tool_use").field("id", id).field("name", name.get()).field("input", &input);
            if let Some(raw) = cache_control {
                out.field("cache_control", raw.get());
            }
        });
        Ok(())
    }

    /// `id` is JSON.
    fn result(&mut self, at: usize, id: &str, message: &mut Object<'_>) -> Result<()> {
        if !self.in_results {
            self.out.open(Bracket::Object).text("role", "user").key("content").open(Bracket::Array);
            self.in_results = true;
        }
        self.out.open(Bracket::Object).text("type", "tool_result").field("tool_use_id", id);
        if let Some(content) = message.take("content") {
            self.out.key("content");
            if is_string(content) {
                self.out.raw(content.get());
            } else {
                self.parts(at, content)?;
            }
        }
        for name in ["is_error", "cache_control"] {
            if let Some(raw) = message.take(name) {
                self.out.field(name, raw.get());
            }
        }
        self.out.close(Bracket::Object);
        Ok(())
    }

    fn close_results(&mut self) {
        if self.in_results {
            self.out.close(Bracket::Array).close(Bracket::Object);
            self.in_results = false;
        }
    }
}

const NO_CONTENT: &str = "expected a text or an array of content parts";

fn problem(at: usize, field: &str, message: &str) -> Error {
    Error::problem(format!("messages[{at}]{field}"), message)
}

/// A tool call's arguments as the JSON of an object; the empty text stands for one without fields.
fn input(arguments: Option<Raw<'_>>) -> Option<Cow<'_, str>> {
    let Some(raw) = arguments else { return Some(Cow::Borrowed("{}")) };
    if is_object(raw) {
        return Some(Cow::Borrowed(raw.get()));
    }
    let written = text(raw)?;
    if matches!(written.trim(), "" | "null") {
        return Some(Cow::Borrowed("{}"));
    }
    let value: Raw<'_> = serde_json::from_str(&written).ok()?;
    is_object(value).then(|| Cow::Owned(value.get().to_owned()))
}

/// A tool call's id as JSON, in the letters that the API allows: other hosts' ids may hold more.
fn identifier(raw: Raw<'_>) -> Cow<'_, str> {
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    let inner = raw.get().trim_matches('"');
    if inner.chars().all(is_allowed) {
        return Cow::Borrowed(raw.get());
    }
    let mended: String = inner.chars().map(|c| if is_allowed(c) { c } else { '_' }).collect();
    Cow::Owned(format!("\"{mended}\""))
}
