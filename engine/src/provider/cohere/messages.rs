//! Messages as Cohere's v2 API takes them: its shape is OpenAI's but for what an assistant says beside its tool calls,
//! which is `tool_plan`, and for reasoning, which is a part of the content.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::value::RawValue;

use crate::error::{Error, Result};
use crate::provider::completion::{Raw, inside};
use crate::provider::fields::{Changes, Fields, list, made, text, texts};

#[derive(Serialize)]
pub struct Message<'a> {
    role: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<Content<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_plan: Option<Raw<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tool_calls: Vec<ToolCall<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_call_id: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    citations: Option<&'a RawValue>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Content<'a> {
    Text(&'a RawValue),
    Parts(Vec<Part<'a>>),
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Part<'a> {
    Text { text: &'a RawValue },
    Thinking { thinking: &'a RawValue },
    ImageUrl { image_url: Raw<'a> },
    Document { document: &'a RawValue },
}

#[derive(Serialize)]
struct ToolCall<'a> {
    id: &'a RawValue,
    r#type: &'static str,
    function: Function<'a>,
}

#[derive(Serialize)]
struct Function<'a> {
    name: &'a RawValue,
    arguments: Raw<'a>,
}

impl<'a> Content<'a> {
    fn into_parts(self) -> Vec<Part<'a>> {
        match self {
            Self::Text(text) => vec![Part::Text { text }],
            Self::Parts(parts) => parts,
        }
    }

    /// Its texts, as JSON strings.
    fn texts(&self) -> impl Iterator<Item = &RawValue> {
        let (whole, parts) = match self {
            Self::Text(text) => (Some(*text), &[][..]),
            Self::Parts(parts) => (None, &parts[..]),
        };
        let in_parts =
            parts.iter().filter_map(|part| if let Part::Text { text } = part { Some(*text) } else { None });
        whole.into_iter().chain(in_parts)
    }
}

/// Reads `messages`, the list's elements with their paths.
pub fn read<'a>(messages: Vec<(String, &'a RawValue)>, changes: &mut Changes) -> Result<Vec<Message<'a>>> {
    messages
        .into_iter()
        .map(|(path, message)| {
            let mut fields = Fields::read(path, message.get())?;
            let read = message_of(&mut fields, changes)?;
            changes.rest(fields);
            Ok(read)
        })
        .collect()
}

fn message_of<'a>(fields: &mut Fields<'a>, changes: &mut Changes) -> Result<Message<'a>> {
    let role = fields.needed_text("role")?;
    let role = match &*role {
        "system" | "developer" => "system",
        "user" => "user",
        "assistant" => "assistant",
        "tool" => "tool",
        "function" => {
            let message = "cohere takes tool calls and messages of role tool, not functions";
            return Err(Error::problem(fields.at("role"), message));
        }
        _ => {
            let message = "expected system, developer, user, assistant or tool";
            return Err(Error::problem(fields.at("role"), message));
        }
    };
    let mut message = Message {
        role,
        content: None,
        tool_plan: None,
        tool_calls: Vec::new(),
        tool_call_id: None,
        citations: None,
    };
    if role == "assistant" {
        assistant(&mut message, fields, changes)?;
        return Ok(message);
    }
    message.content = content(fields, "content", changes)?;
    if role == "tool" {
        let id = fields.spelled("tool_call_id")?;
        message.tool_call_id =
            Some(id.ok_or_else(|| Error::problem(fields.at("tool_call_id"), "is missing"))?);
    }
    Ok(message)
}

fn assistant<'a>(message: &mut Message<'a>, fields: &mut Fields<'a>, changes: &mut Changes) -> Result<()> {
    if fields.has("function_call") {
        return Err(Error::problem(fields.at("function_call"), "cohere takes tool_calls, not function_call"));
    }
    message.content = match content(fields, "content_blocks", changes)? {
        Some(blocks) => {
            let said = fields.take("content").map(text);
            let in_blocks = texts(blocks.texts());
            if said.is_some_and(|said| said.is_none_or(|said| !said.is_empty() && said != in_blocks)) {
                changes.dropped(&fields.at("content"), "content_blocks stand for it");
            }
            Some(blocks)
        }
        None => content(fields, "content", changes)?,
    };
    if let Some(refusal) = fields.spelled("refusal")? {
        let mut parts = message.content.take().map_or_else(Vec::new, Content::into_parts);
        parts.push(Part::Text { text: refusal });
        message.content = Some(Content::Parts(parts));
    }
    message.citations = fields.take("citations");
    for (path, call) in fields.list("tool_calls")?.unwrap_or_default() {
        message.tool_calls.push(tool_call(Fields::read(path, call.get())?, changes)?);
    }
    message.tool_plan = fields.spelled("tool_plan")?.map(Cow::Borrowed);
    if !message.tool_calls.is_empty() && message.tool_plan.is_none() {
        message.tool_plan = plan(&mut message.content);
    }
    reasoning(message, fields, changes)
}

/// What is said beside tool calls is their plan: Cohere takes no other text there. Thinking stays content.
fn plan<'a>(content: &mut Option<Content<'a>>) -> Option<Raw<'a>> {
    match content.take() {
        None => None,
        Some(Content::Text(text)) => (text.get() != "\"\"").then_some(Cow::Borrowed(text)),
        Some(Content::Parts(parts)) => {
            let is_text = |part: &Part<'_>| matches!(part, Part::Text { .. });
            let (texts, others): (Vec<_>, Vec<_>) = parts.into_iter().partition(is_text);
            *content = (!others.is_empty()).then_some(Content::Parts(others));
            let said: String = texts
                .iter()
                .filter_map(|part| if let Part::Text { text } = part { Some(inside(text)) } else { None })
                .collect();
            (!said.is_empty()).then(|| Cow::Owned(made(format!("\"{said}\""))))
        }
    }
}

/// Reasoning goes back as a part before the text.
fn reasoning<'a>(message: &mut Message<'a>, fields: &mut Fields<'a>, changes: &mut Changes) -> Result<()> {
    for name in ["reasoning_content", "reasoning"] {
        let said = fields.spelled(name)?.filter(|said| said.get() != "\"\"");
        let Some(thinking) = said else { continue };
        let mut parts = message.content.take().map_or_else(Vec::new, Content::into_parts);
        let thoughts: Vec<&RawValue> = parts
            .iter()
            .filter_map(|part| if let Part::Thinking { thinking } = part { Some(*thinking) } else { None })
            .collect();
        if thoughts.is_empty() {
            parts.insert(0, Part::Thinking { thinking });
        } else if text(thinking).is_none_or(|said| said != texts(thoughts.into_iter())) {
            changes.dropped(&fields.at(name), "content_blocks stand for it");
        }
        message.content = Some(Content::Parts(parts));
    }
    Ok(())
}

fn tool_call<'a>(mut call: Fields<'a>, changes: &mut Changes) -> Result<ToolCall<'a>> {
    if call.text("type")?.is_some_and(|kind| kind != "function") {
        return Err(Error::problem(call.at("type"), "cohere knows calls of functions only"));
    }
    call.take("index");
    let id = call.spelled("id")?.ok_or_else(|| Error::problem(call.at("id"), "is missing"))?;
    let path = call.at("function");
    let mut function = call.object("function")?.ok_or_else(|| Error::problem(path, "is missing"))?;
    let name = function.spelled("name")?;
    let name = name.ok_or_else(|| Error::problem(function.at("name"), "is missing"))?;
    let arguments = function.spelled("arguments")?.filter(|text| text.get() != "\"\"");
    let arguments = arguments.map_or_else(|| Cow::Owned(made("\"{}\"".to_owned())), Cow::Borrowed);
    changes.rest(function);
    changes.rest(call);
    Ok(ToolCall { id, r#type: "function", function: Function { name, arguments } })
}

fn content<'a>(fields: &mut Fields<'a>, name: &str, changes: &mut Changes) -> Result<Option<Content<'a>>> {
    let Some(raw) = fields.take(name) else { return Ok(None) };
    if raw.get().starts_with('"') {
        return Ok(Some(Content::Text(raw)));
    }
    let path = fields.at(name);
    if !raw.get().starts_with('[') {
        return Err(Error::problem(path, "expected a string or a list of parts"));
    }
    let parts: Vec<Part<'a>> =
        list(&path, raw)?.into_iter().map(|(path, item)| part(path, item, changes)).collect::<Result<_>>()?;
    Ok(Some(Content::Parts(parts)))
}

fn part<'a>(path: String, raw: &'a RawValue, changes: &mut Changes) -> Result<Part<'a>> {
    let mut fields = Fields::read(path, raw.get())?;
    let kind = fields.needed_text("type")?;
    let mut needed = |name: &str| {
        let value = fields.take(name);
        value.ok_or_else(|| Error::problem(fields.at(name), "is missing"))
    };
    let part = match &*kind {
        "text" | "refusal" => Part::Text { text: needed(&kind)? },
        "thinking" => Part::Thinking { thinking: needed("thinking")? },
        "document" => Part::Document { document: needed("document")? },
        "image_url" => {
            let image = needed("image_url")?;
            let url = |url: &RawValue| Cow::Owned(made(format!(r#"{{"url":{}}}"#, url.get())));
            let image_url = if text(image).is_some() { url(image) } else { Cow::Borrowed(image) };
            Part::ImageUrl { image_url }
        }
        _ => {
            let message = "expected text, image_url, document or thinking: cohere takes no other part";
            return Err(Error::problem(fields.at("type"), message));
        }
    };
    if fields.take("signature").is_some() {
        let what = fields.at("signature");
        changes.say(format!("{what} was left out: it is another provider's proof of its thinking"));
    }
    changes.rest(fields);
    Ok(part)
}
