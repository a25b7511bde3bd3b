//! Messages as Google's turns: `contents` with the roles user and model, and the system text beside them.
//! Neighbouring messages of one kind become one turn, as Google wants it; each part keeps its order. Not for tools and
//! parameters. A message is written, or it is an error, or a note says what was left out.

use std::borrow::Cow;
use std::collections::HashMap;

use super::fields::Fields;
use super::parts::{self, signature};
use super::raw::{Element, Raw};
use super::{Generation, Notes};
use crate::error::{Error, Result};
use crate::provider::json::{Bracket, Json, inside};

/// Google's own marker for tool calls that another model made: Gemini 3 answers 400 to a call without a signature.
/// <https://ai.google.dev/gemini-api/docs/thought-signatures>
const FOREIGN: &str = "skip_thought_signature_validator";

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    User,
    Model,
    /// Results of tools, which Google counts against the calls before them: a user turn of their own.
    Results,
}

/// Writes turns.
pub struct Contents<'w, 'a> {
    w: &'w mut Json,
    notes: &'w mut Notes,
    generation: Generation,
    /// The turn that is being written.
    open: Option<Kind>,
    turns: usize,
    /// The functions' names by their calls' ids.
    calls: HashMap<Cow<'a, str>, Raw<'a>>,
    /// JSON strings.
    system: Vec<&'a str>,
}

/// Writes `contents`, and `systemInstruction` where there is system text.
pub fn write(
    w: &mut Json,
    messages: Vec<Fields<'_>>,
    generation: Generation,
    notes: &mut Notes,
) -> Result<()> {
    w.key("contents").open(Bracket::Array);
    let mut contents =
        Contents { w, notes, generation, open: None, turns: 0, calls: HashMap::new(), system: Vec::new() };
    for (index, message) in messages.into_iter().enumerate() {
        contents.message(message, &format!("messages[{index}]"))?;
    }
    contents.finish();
    Ok(())
}

impl<'a> Contents<'_, 'a> {
    fn message(&mut self, mut message: Fields<'a>, at: &str) -> Result<()> {
        let role = message.text("role");
        match role.as_deref() {
            Some("system" | "developer") => self.system(&mut message, at)?,
            Some("user") => self.user(&mut message, at)?,
            Some("assistant" | "model") => self.assistant(&mut message, at)?,
            Some("tool" | "function") => self.result(&mut message, at)?,
            _ => {
                let wanted = "expected one of system, developer, user, assistant, tool";
                return Err(Error::problem(format!("{at}.role"), wanted));
            }
        }
        for name in message.left() {
            match name {
                "reasoning" | "reasoning_content" | "reasoning_details" => self.notes.reasoning_left_out(),
                _ => self.notes.dropped(&format!("messages[].{name}")),
            }
        }
        Ok(())
    }

    fn system(&mut self, message: &mut Fields<'a>, at: &str) -> Result<()> {
        let content = message.take("content");
        let Some(content) = content.filter(|content| !content.is_string()) else {
            self.system.extend(content.map(Raw::get));
            return Ok(());
        };
        for (index, part) in content_parts(content, &format!("{at}.content"))?.into_iter().enumerate() {
            let wanted = || {
                let path = format!("{at}.content[{index}]");
                Error::problem(path, "expected text: Google's system instruction is text only")
            };
            let text = text_of(part, self.notes).map_err(|_| wanted())?;
            self.system.push(text.get());
        }
        Ok(())
    }

    fn user(&mut self, message: &mut Fields<'a>, at: &str) -> Result<()> {
        let content = message.take("content");
        let wanted = || Error::problem(format!("{at}.content"), "expected a string or a list of parts");
        self.turn(Kind::User);
        self.content(content.ok_or_else(wanted)?, None, &format!("{at}.content"))
    }

    fn assistant(&mut self, message: &mut Fields<'a>, at: &str) -> Result<()> {
        let signature = signature(message);
        let mut content = message.take("content").filter(|content| content.get() != "\"\"");
        let mut held = "content";
        // An answer of ours with strict compliance off has its content in blocks too, images among them.
        if let Some(blocks) = message.take("content_blocks").filter(|blocks| blocks.get() != "[]") {
            content = Some(blocks);
            held = "content_blocks";
        }
        let refusal = message.take("refusal");
        let calls = message.take("tool_calls");
        let wanted = || Error::problem(format!("{at}.tool_calls"), "expected a list");
        let calls = calls.map(|calls| calls.elements().ok_or_else(wanted)).transpose()?.unwrap_or_default();
        let legacy = message.object("function_call");
        let speaks = content.is_some() || refusal.is_some() || signature.is_some();
        if !speaks && calls.is_empty() && legacy.is_none() {
            self.notes.add(format!("{at} was left out: it is empty, and Google takes no empty turn"));
            return Ok(());
        }
        self.turn(Kind::Model);
        match (content, signature) {
            (Some(content), signature) => self.content(content, signature, &format!("{at}.{held}"))?,
            (None, Some(signature)) => self.text("\"\"", Some(signature.get())),
            (None, None) => {}
        }
        if let Some(refusal) = refusal.filter(|refusal| refusal.is_string()) {
            self.text(refusal.get(), None);
        }
        self.calls(&calls, at)?;
        if let Some(mut call) = legacy {
            self.call(&mut call, None, None, &format!("{at}.function_call"))?;
        }
        Ok(())
    }

    /// A string or a list of parts at `at`; `signature` goes with its text.
    fn content(&mut self, content: Raw<'a>, signature: Option<Raw<'a>>, at: &str) -> Result<()> {
        if content.is_string() {
            self.text(content.get(), signature.map(Raw::get));
            return Ok(());
        }
        let mut written = 0;
        for (index, part) in content_parts(content, at)?.into_iter().enumerate() {
            let at = format!("{at}[{index}]");
            written += usize::from(parts::write(self.w, part, &at, self.notes)?);
        }
        if signature.is_some() || written == 0 {
            self.text("\"\"", signature.map(Raw::get));
        }
        Ok(())
    }

    fn text(&mut self, json: &str, signature: Option<&str>) {
        self.w.object(|w| {
            w.key("text").raw(json);
            if let Some(signature) = signature {
                w.key("thoughtSignature").raw(signature);
            }
        });
    }

    fn calls(&mut self, calls: &[Raw<'a>], at: &str) -> Result<()> {
        let mut signed = !self.generation.has_levels();
        for (index, call) in calls.iter().enumerate() {
            let at = format!("{at}.tool_calls[{index}]");
            let wanted = "expected { id, type: \"function\", function: { name, arguments } }";
            let Some(mut call) = call.fields() else { return Err(Error::problem(at, wanted)) };
            let id = call.take("id");
            let outer = signature(&mut call);
            let function = call.object("function").or_else(|| call.object("custom"));
            let Some(mut function) = function else { return Err(Error::problem(at, wanted)) };
            let signature = outer.or_else(|| function.take("thought_signature")).map(Raw::get);
            let foreign = format!("\"{FOREIGN}\"");
            let signature = signature.or_else(|| (!signed && index == 0).then_some(&*foreign));
            if signature == Some(&*foreign) {
                let told = "tool calls without a thought signature were marked to pass Gemini's check of it";
                self.notes.add(told.to_owned());
            }
            signed = true;
            if id.is_some() && !self.knows_ids() {
                let told =
                    "messages[].tool_calls[].id was left out: calls and results are paired by their names";
                self.notes.add(told.to_owned());
            }
            self.call(&mut function, id, signature, &at)?;
            for name in ["type", "index"] {
                call.take(name);
            }
            call.left().for_each(|name| self.notes.dropped(&format!("messages[].tool_calls[].{name}")));
            for name in function.left() {
                self.notes.dropped(&format!("messages[].tool_calls[].function.{name}"));
            }
        }
        Ok(())
    }

    fn call(
        &mut self,
        function: &mut Fields<'a>,
        id: Option<Raw<'a>>,
        signature: Option<&str>,
        at: &str,
    ) -> Result<()> {
        let Some(name) = function.take("name").filter(|name| name.is_string()) else {
            return Err(Error::problem(format!("{at}.function.name"), "expected a string"));
        };
        let arguments = arguments(function, at)?;
        if let Some(id) = id.and_then(Raw::text) {
            self.calls.insert(id, name);
        }
        let id = id.filter(|_| self.knows_ids());
        self.w.object(|w| {
            w.key("functionCall").object(|w| {
                if let Some(id) = id {
                    w.key("id").raw(id.get());
                }
                w.key("name").raw(name.get());
                w.key("args").raw(&arguments);
            });
            if let Some(signature) = signature {
                w.key("thoughtSignature").raw(signature);
            }
        });
        Ok(())
    }

    /// Gemini 3 wants a call's id back with its result. Vertex AI refuses ids as unknown fields.
    fn knows_ids(&self) -> bool {
        !self.notes.on_vertex() && self.generation.has_levels()
    }

    /// A tool's result.
    fn result(&mut self, message: &mut Fields<'a>, at: &str) -> Result<()> {
        let id = message.take("tool_call_id");
        let called = id.and_then(Raw::text).and_then(|id| self.calls.get(&id).copied());
        let own = message.take("name");
        let Some(name) = called.or(own) else {
            let wanted = "no tool call before it has this id, and Google wants its function's name";
            return Err(Error::problem(format!("{at}.tool_call_id"), wanted));
        };
        self.turn(Kind::Results);
        let (output, media) = output(message.take("content"), at, self.notes)?;
        let media = Some(media).filter(|media| !media.is_empty());
        let (within, beside) = if self.generation.has_levels() { (media, None) } else { (None, media) };
        let id = id.filter(|_| self.knows_ids());
        let mut failed = Ok(());
        let Self { w, notes, .. } = self;
        w.object(|w| {
            w.key("functionResponse").object(|w| {
                if let Some(id) = id {
                    w.key("id").raw(id.get());
                }
                w.key("name").raw(name.get());
                w.key("response").object(|w| w.field("output", &output).done());
                if let Some(media) = within {
                    w.key("parts").open(Bracket::Array);
                    failed = each(w, media, notes);
                    w.close(Bracket::Array);
                }
            });
        });
        if let Some(media) = beside {
            failed = each(w, media, notes);
        }
        failed
    }

    /// Begins a turn, unless the one that is open is of this kind.
    fn turn(&mut self, kind: Kind) {
        if self.open == Some(kind) {
            return;
        }
        self.close();
        self.w.open(Bracket::Object);
        self.w.key("role").string(if kind == Kind::Model { "model" } else { "user" });
        self.w.key("parts").open(Bracket::Array);
        self.open = Some(kind);
        self.turns += 1;
    }

    fn close(&mut self) {
        if self.open.take().is_some() {
            self.w.close(Bracket::Array);
            self.w.close(Bracket::Object);
        }
    }

    fn finish(mut self) {
        let system = std::mem::take(&mut self.system);
        if self.turns == 0 && !system.is_empty() {
            self.notes
                .add("the system text was sent as a user turn: Google takes no chat without one".to_owned());
            self.turn(Kind::User);
            for text in system {
                self.text(text, None);
            }
            self.close();
            self.w.close(Bracket::Array);
            return;
        }
        self.close();
        self.w.close(Bracket::Array);
        if system.is_empty() {
            return;
        }
        self.w.key("systemInstruction").object(|w| {
            w.key("parts").array(|w| {
                for text in system {
                    w.object(|w| w.field("text", text).done());
                }
            });
        });
    }
}

fn each(w: &mut Json, media: Media<'_>, notes: &mut Notes) -> Result<()> {
    media.into_iter().try_for_each(|(at, part)| parts::write(w, part, &at, notes).map(drop))
}

/// The parts of a message's content, which stands at `at`.
fn content_parts<'a>(content: Raw<'a>, at: &str) -> Result<Vec<Element<'a>>> {
    let wanted = || Error::problem(at, "expected a string or a list of parts");
    content.objects().ok_or_else(wanted)
}

/// The JSON string of a part of type text; another part is handed back.
fn text_of<'a>(part: Element<'a>, notes: &mut Notes) -> std::result::Result<Raw<'a>, Element<'a>> {
    let mut fields = match part {
        Element::Object(fields) if fields.is("type", "\"text\"") => fields,
        Element::Other(text) if text.is_string() => return Ok(text),
        other => return Err(other),
    };
    let Some(text) = fields.take("text").filter(|text| text.is_string()) else {
        return Err(Element::Object(fields));
    };
    fields.take("type");
    for name in fields.left() {
        notes.dropped(&format!("messages[].content[].{name}"));
    }
    Ok(text)
}

/// A call's arguments as JSON text of an object, spelled as they came.
fn arguments<'a>(function: &mut Fields<'a>, at: &str) -> Result<Cow<'a, str>> {
    let wrong = || Error::problem(format!("{at}.function.arguments"), "expected the JSON text of an object");
    if let Some(input) = function.take("input") {
        return Ok(Cow::Owned(format!("{{\"input\":{}}}", input.get())));
    }
    let Some(given) = function.take("arguments") else { return Ok(Cow::Borrowed("{}")) };
    if given.is_object() {
        return Ok(Cow::Borrowed(given.get()));
    }
    let text = given.text().ok_or_else(wrong)?;
    let trimmed = text.trim();
    if trimmed.is_empty() {
        return Ok(Cow::Borrowed("{}"));
    }
    let valid = Raw::parse(trimmed).is_some_and(Raw::is_object);
    if valid { Ok(Cow::Owned(trimmed.to_owned())) } else { Err(wrong()) }
}

/// Parts with their paths.
type Media<'a> = Vec<(String, Element<'a>)>;

/// A result's text as one JSON string, and its other parts.
fn output<'a>(content: Option<Raw<'a>>, at: &str, notes: &mut Notes) -> Result<(Cow<'a, str>, Media<'a>)> {
    let Some(content) = content else { return Ok((Cow::Borrowed("\"\""), Vec::new())) };
    if !content.get().starts_with('[') {
        return Ok((Cow::Borrowed(content.get()), Vec::new()));
    }
    let mut text = "\"".to_owned();
    let mut media = Vec::new();
    for (index, part) in content_parts(content, &format!("{at}.content"))?.into_iter().enumerate() {
        match text_of(part, notes) {
            Ok(said) => text.push_str(inside(said.get())),
            Err(part) => media.push((format!("{at}.content[{index}]"), part)),
        }
    }
    text.push('"');
    Ok((Cow::Owned(text), media))
}
