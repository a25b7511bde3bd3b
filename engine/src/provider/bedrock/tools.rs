//! Tools and the choice among them as Converse's tool configuration.
//! Converse has no way to forbid tools: without any it is told of none, but a history that uses tools needs them.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::value::RawValue;

use super::content::{CachePoint, cache_point};
use super::family::Family;
use super::messages::Conversation;
use crate::body::Body;
use crate::error::{Error, Result};
use crate::provider::completion::{Raw, quoted};
use crate::provider::fields::{Changes, Fields, made, text};

/// What a call says of tools.
#[derive(Default)]
pub struct Tools<'a> {
    pub config: Option<ToolConfig<'a>>,
    /// Anthropic's own tools, which go beside the configuration.
    pub built_in: Vec<Box<RawValue>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ToolConfig<'a> {
    tools: Vec<Tool<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_choice: Option<Choice<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
enum Tool<'a> {
    ToolSpec(ToolSpec<'a>),
    CachePoint(CachePoint<'a>),
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ToolSpec<'a> {
    name: Raw<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<Raw<'a>>,
    input_schema: Schema<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    strict: Option<Raw<'a>>,
}

#[derive(Serialize)]
struct Schema<'a> {
    json: Raw<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
enum Choice<'a> {
    Auto {},
    Any {},
    Tool {
        name: Raw<'a>,
    },
    #[serde(skip)]
    None,
}

/// Takes `tools` and `tool_choice` off the body.
pub fn read<'a>(
    body: &mut Fields<'a>,
    conversation: &Conversation<'a>,
    family: Family,
    changes: &mut Changes,
) -> Result<Tools<'a>> {
    let mut tools = Tools::default();
    let mut specs = Vec::new();
    for (path, tool) in body.list("tools")?.unwrap_or_default() {
        let fields = Fields::read(path, tool.get())?;
        read_tool(fields, tool, family, changes, &mut specs, &mut tools.built_in)?;
    }
    let choice = read_choice(body)?;
    if specs.is_empty() && conversation.uses_tools {
        specs.extend(conversation.called.iter().map(|name| from_history(name)));
        if !specs.is_empty() {
            changes.say("tools were made of the calls in messages: bedrock wants them told".to_owned());
        }
    }
    match choice {
        Some(Choice::None) if !conversation.uses_tools => return Ok(Tools::default()),
        Some(Choice::None) => {
            changes.dropped("tool_choice", "bedrock can't forbid the tools that messages use");
        }
        Some(_) if specs.is_empty() && tools.built_in.is_empty() => {
            changes.dropped("tool_choice", "there are no tools");
        }
        _ => {}
    }
    if !specs.is_empty() {
        let tool_choice = choice.filter(|choice| !matches!(choice, Choice::None));
        tools.config = Some(ToolConfig { tools: specs, tool_choice });
    }
    Ok(tools)
}

fn read_tool<'a>(
    mut fields: Fields<'a>,
    whole: &'a RawValue,
    family: Family,
    changes: &mut Changes,
    specs: &mut Vec<Tool<'a>>,
    built_in: &mut Vec<Box<RawValue>>,
) -> Result<()> {
    let kind = fields.needed_text("type")?;
    if kind != "function" {
        if !family.is_anthropic() {
            return Err(Error::problem(
                fields.at("type"),
                "bedrock takes tools of type function for this model",
            ));
        }
        built_in.push(anthropic_tool(&fields, &kind, whole)?);
        return Ok(());
    }
    let path = fields.at("function");
    let mut function = fields.object("function")?.ok_or_else(|| Error::problem(path, "is missing"))?;
    let cache = match cache_point(&mut fields, changes)? {
        Some(cache) => Some((fields.at("cache_control"), cache)),
        None => cache_point(&mut function, changes)?.map(|cache| (function.at("cache_control"), cache)),
    };
    let name = function.spelled("name")?.ok_or_else(|| Error::problem(function.at("name"), "is missing"))?;
    let description = function.spelled("description")?.filter(|said| said.get() != "\"\"");
    let parameters = function.take("parameters").map_or_else(no_parameters, Cow::Borrowed);
    let strict = function.take("strict").filter(|strict| strict.get() != "false");
    specs.push(Tool::ToolSpec(ToolSpec {
        name: Cow::Borrowed(name),
        description: description.map(Cow::Borrowed),
        input_schema: Schema { json: parameters },
        strict: strict.map(Cow::Borrowed),
    }));
    match cache {
        Some((path, _)) if family == Family::Nova => {
            changes.dropped(&path, "amazon's models cache no tools");
        }
        Some((_, cache)) => specs.push(Tool::CachePoint(cache)),
        None => {}
    }
    changes.rest(function);
    changes.rest(fields);
    Ok(())
}

fn no_parameters<'a>() -> Raw<'a> {
    Cow::Owned(made(r#"{"type":"object","properties":{}}"#.to_owned()))
}

/// A tool of Anthropic's own. `{"type": "computer", "computer": {"name": "computer_20250124", …}}` is written as
/// Anthropic has it, and what is written so already stays.
fn anthropic_tool(fields: &Fields<'_>, kind: &str, whole: &RawValue) -> Result<Box<RawValue>> {
    let wrong = || Error::problem(fields.path(), "expected one of Anthropic's tools");
    let outer = Body::parse(whole.get().as_bytes()).map_err(|_| wrong())?;
    let Some(inner) = outer.get(kind) else { return Ok(whole.to_owned()) };
    let mut tool = Body::parse(inner.as_bytes()).map_err(|_| wrong())?;
    let versioned = tool.get("name").ok_or_else(wrong)?.to_owned();
    tool.set("name", quoted(kind));
    tool.set("type", versioned);
    if let Some(control) = outer.get("cache_control") {
        tool.set("cache_control", control);
    }
    Ok(made(String::from_utf8(tool.to_bytes().to_vec()).map_err(|_| wrong())?))
}

fn from_history(name: &RawValue) -> Tool<'_> {
    Tool::ToolSpec(ToolSpec {
        name: Cow::Borrowed(name),
        description: None,
        input_schema: Schema { json: no_parameters() },
        strict: None,
    })
}

fn read_choice<'a>(body: &mut Fields<'a>) -> Result<Option<Choice<'a>>> {
    let Some(raw) = body.take("tool_choice") else { return Ok(None) };
    let expected = || Error::problem("tool_choice", "expected auto, none, required or a function");
    if let Some(word) = text(raw) {
        return match &*word {
            "auto" => Ok(Some(Choice::Auto {})),
            "required" => Ok(Some(Choice::Any {})),
            "none" => Ok(Some(Choice::None)),
            _ => Err(expected()),
        };
    }
    let mut choice = Fields::read("tool_choice", raw.get())?;
    let mut function = choice.object("function")?.ok_or_else(expected)?;
    let name = function.spelled("name")?.ok_or_else(expected)?;
    Ok(Some(Choice::Tool { name: Cow::Borrowed(name) }))
}
