//! Messages as Converse's turns: system messages apart, consecutive messages of one side in one turn, since Converse
//! wants the sides to alternate, and tool results on the user's side.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::value::RawValue;

use super::content::{Block, Parts, Reasoning, ToolResult, ToolUse, cache_point};
use crate::error::{Error, Result};
use crate::provider::completion::Raw;
use crate::provider::fields::{Changes, Fields, list, made, text, texts};

/// A call's messages.
#[derive(Default)]
pub struct Conversation<'a> {
    pub system: Vec<Block<'a>>,
    pub turns: Vec<Turn<'a>>,
    /// The names of the tools that were called, each once; JSON strings.
    pub called: Vec<&'a RawValue>,
    /// A tool was called or has answered.
    pub uses_tools: bool,
}

#[derive(Serialize)]
pub struct Turn<'a> {
    role: &'static str,
    content: Vec<Block<'a>>,
}

/// Reads `messages`, the list's elements with their paths.
pub fn read<'a>(messages: Vec<(String, &'a RawValue)>, changes: &mut Changes) -> Result<Conversation<'a>> {
    let mut conversation = Conversation::default();
    let mut parts = Parts::new(changes);
    for (path, message) in messages {
        let mut fields = Fields::read(path, message.get())?;
        let role = fields.needed_text("role")?;
        let (side, mut blocks) = match &*role {
            "system" | "developer" => ("system", content(&mut parts, &mut fields)?),
            "user" => ("user", content(&mut parts, &mut fields)?),
            "assistant" => ("assistant", conversation.assistant(&mut parts, &mut fields)?),
            "tool" => ("user", conversation.tool(&mut parts, &mut fields)?),
            "function" => {
                let message = "bedrock takes tool calls and messages of role tool, not functions";
                return Err(Error::problem(fields.at("role"), message));
            }
            _ => {
                let message = "expected system, developer, user, assistant or tool";
                return Err(Error::problem(fields.at("role"), message));
            }
        };
        blocks.extend(cache_point(&mut fields, parts.changes)?.map(Block::CachePoint));
        if side == "system" {
            if !blocks.iter().all(|block| matches!(block, Block::Text(_) | Block::CachePoint(_))) {
                let message = "bedrock takes only text in a system message";
                return Err(Error::problem(fields.at("content"), message));
            }
            conversation.system.extend(blocks);
        } else {
            conversation.push(side, blocks);
        }
        parts.changes.rest(fields);
    }
    Ok(conversation)
}

fn content<'a>(parts: &mut Parts<'_>, fields: &mut Fields<'a>) -> Result<Vec<Block<'a>>> {
    match fields.take("content") {
        Some(raw) => parts.content(&fields.at("content"), raw),
        None => Ok(Vec::new()),
    }
}

impl<'a> Conversation<'a> {
    fn push(&mut self, role: &'static str, content: Vec<Block<'a>>) {
        match self.turns.last_mut() {
            Some(last) if last.role == role => last.content.extend(content),
            _ => self.turns.push(Turn { role, content }),
        }
    }

    fn assistant(&mut self, parts: &mut Parts<'_>, fields: &mut Fields<'a>) -> Result<Vec<Block<'a>>> {
        if fields.has("function_call") {
            let message = "bedrock takes tool_calls, not function_call";
            return Err(Error::problem(fields.at("function_call"), message));
        }
        let mut blocks = match fields.take("content_blocks") {
            Some(whole) => from_blocks(parts, fields, whole)?,
            None => content(parts, fields)?,
        };
        blocks.extend(fields.spelled("refusal")?.map(|refusal| Block::Text(Cow::Borrowed(refusal))));
        for (path, call) in fields.list("tool_calls")?.unwrap_or_default() {
            let block = self.tool_call(Fields::read(path, call.get())?, parts.changes)?;
            blocks.push(block);
        }
        reasoning(&blocks, fields, parts.changes)?;
        Ok(blocks)
    }

    fn tool_call(&mut self, mut call: Fields<'a>, changes: &mut Changes) -> Result<Block<'a>> {
        let kind = call.text("type")?;
        if kind.is_some_and(|kind| kind != "function") {
            return Err(Error::problem(call.at("type"), "bedrock knows calls of functions only"));
        }
        call.take("index");
        let tool_use_id = tool_use_id(&call.needed_text("id")?);
        let path = call.at("function");
        let mut function = call.object("function")?.ok_or_else(|| Error::problem(path, "is missing"))?;
        let name = function.spelled("name")?;
        let name = name.ok_or_else(|| Error::problem(function.at("name"), "is missing"))?;
        let input = arguments(&mut function)?;
        changes.rest(function);
        changes.rest(call);
        self.uses_tools = true;
        if !self.called.iter().any(|called| called.get() == name.get()) {
            self.called.push(name);
        }
        Ok(Block::ToolUse(ToolUse { tool_use_id, name: Cow::Borrowed(name), input }))
    }

    fn tool(&mut self, parts: &mut Parts<'_>, fields: &mut Fields<'a>) -> Result<Vec<Block<'a>>> {
        let tool_use_id = tool_use_id(&fields.needed_text("tool_call_id")?);
        let blocks = content(parts, fields)?;
        let (mut content, mut after) = (Vec::new(), Vec::new());
        for block in blocks {
            match block {
                Block::CachePoint(_) => after.push(block),
                Block::Text(_) | Block::Image(_) | Block::Video(_) | Block::Document(_) => {
                    content.push(block);
                }
                _ => {
                    let message = "bedrock takes text, pictures, films and documents in a tool's result";
                    return Err(Error::problem(fields.at("content"), message));
                }
            }
        }
        self.uses_tools = true;
        after.insert(0, Block::ToolResult(ToolResult { tool_use_id, content }));
        Ok(after)
    }
}

/// `content_blocks` stand for `content`; calls of tools among them are in `tool_calls` too.
fn from_blocks<'a>(
    parts: &mut Parts<'_>,
    fields: &mut Fields<'a>,
    whole: &'a RawValue,
) -> Result<Vec<Block<'a>>> {
    let path = fields.at("content_blocks");
    let mut blocks = Vec::new();
    for (path, part) in list(&path, whole)? {
        let is_call =
            Fields::read(path.clone(), part.get())?.text("type")?.is_some_and(|kind| kind == "tool_use");
        if !is_call {
            parts.part(path, part, &mut blocks)?;
        }
    }
    if let Some(content) = fields.take("content") {
        let in_blocks = texts(blocks.iter().filter_map(|block| match block {
            Block::Text(raw) => Some(&**raw),
            _ => None,
        }));
        if text(content).is_none_or(|content| !content.is_empty() && content != in_blocks) {
            parts.changes.dropped(&fields.at("content"), "content_blocks stand for it");
        }
    }
    Ok(blocks)
}

/// Reasoning outside of `content_blocks` has no signature, without which Converse doesn't take it back.
fn reasoning(blocks: &[Block<'_>], fields: &mut Fields<'_>, changes: &mut Changes) -> Result<()> {
    let in_blocks = texts(blocks.iter().filter_map(|block| match block {
        Block::ReasoningContent(Reasoning::ReasoningText { text, .. }) => Some(&**text),
        _ => None,
    }));
    for name in ["reasoning_content", "reasoning"] {
        let said = fields.text(name)?.unwrap_or_default();
        if !said.is_empty() && said != in_blocks {
            let why = "bedrock takes reasoning back as content_blocks only, with their signatures";
            changes.dropped(&fields.at(name), why);
        }
    }
    Ok(())
}

/// A call's arguments, the text of a JSON object, as that object; none at all as an empty one.
fn arguments<'a>(function: &mut Fields<'a>) -> Result<Raw<'a>> {
    let Some(arguments) = function.text("arguments")? else { return Ok(Cow::Owned(made("{}".to_owned()))) };
    let json = if arguments.trim().is_empty() { "{}".to_owned() } else { arguments.into_owned() };
    match RawValue::from_string(json) {
        Ok(input) if input.get().starts_with('{') => Ok(Cow::Owned(input)),
        _ => Err(Error::problem(function.at("arguments"), "expected the JSON text of an object")),
    }
}

/// A call's id as Converse takes it: at most 64 letters, digits, hyphens and underscores. The same id gives the same.
fn tool_use_id(id: &str) -> String {
    let allowed = |c: char| if c.is_ascii_alphanumeric() || c == '-' || c == '_' { c } else { '_' };
    id.chars().map(allowed).take(64).collect()
}
