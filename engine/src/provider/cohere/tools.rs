//! Tools and the choice among them as Cohere takes them: it can be told to call one or none, but not which one, so a named
//! choice is the only tool it is told of; and it keeps to the schemas of all tools or of none.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::error::{Error, Result};
use crate::provider::completion::Raw;
use crate::provider::fields::{Changes, Fields, made, text};

#[derive(Default)]
pub struct Tools<'a> {
    pub tools: Vec<Tool<'a>>,
    pub choice: Option<&'static str>,
    /// Every tool asks for it, and it can be had.
    pub strict: bool,
}

#[derive(Serialize)]
pub struct Tool<'a> {
    r#type: &'static str,
    function: Function<'a>,
}

#[derive(Serialize)]
struct Function<'a> {
    name: &'a RawValue,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a RawValue>,
    parameters: Raw<'a>,
}

/// Takes `tools` and `tool_choice` off the body.
pub fn read<'a>(body: &mut Fields<'a>, changes: &mut Changes) -> Result<Tools<'a>> {
    let mut tools = Tools::default();
    let mut strict: Vec<String> = Vec::new();
    for (path, tool) in body.list("tools")?.unwrap_or_default() {
        let (tool, asks) = read_tool(Fields::read(path, tool.get())?, changes)?;
        strict.extend(asks);
        tools.tools.push(tool);
    }
    let all = strict.len() == tools.tools.len() && tools.tools.iter().all(needs_something);
    tools.strict = all && !strict.is_empty();
    if !tools.strict {
        let why = "cohere keeps to all schemas or none, and needs a required parameter in each";
        for path in &strict {
            changes.dropped(path, why);
        }
    }
    let Some(raw) = body.take("tool_choice") else { return Ok(tools) };
    let expected = || Error::problem("tool_choice", "expected auto, none, required or a function");
    if let Some(word) = text(raw) {
        tools.choice = match &*word {
            "auto" => None,
            "required" | "REQUIRED" => Some("REQUIRED"),
            "none" | "NONE" => Some("NONE"),
            _ => return Err(expected()),
        };
        return Ok(tools);
    }
    let mut choice = Fields::read("tool_choice", raw.get())?;
    let mut function = choice.object("function")?.ok_or_else(expected)?;
    let name = function.needed_text("name")?;
    tools.tools.retain(|tool| text(tool.function.name).is_some_and(|told| told == name));
    if tools.tools.is_empty() {
        return Err(Error::problem(function.at("name"), "names none of the tools"));
    }
    tools.choice = Some("REQUIRED");
    Ok(tools)
}

/// The tool, and the path of its `strict` if it asks for that.
fn read_tool<'a>(mut fields: Fields<'a>, changes: &mut Changes) -> Result<(Tool<'a>, Option<String>)> {
    if fields.needed_text("type")? != "function" {
        return Err(Error::problem(fields.at("type"), "cohere takes tools of type function"));
    }
    let path = fields.at("function");
    let mut function = fields.object("function")?.ok_or_else(|| Error::problem(path, "is missing"))?;
    let name = function.spelled("name")?;
    let name = name.ok_or_else(|| Error::problem(function.at("name"), "is missing"))?;
    let description = function.spelled("description")?;
    let none = || Cow::Owned(made(r#"{"type":"object","properties":{}}"#.to_owned()));
    let parameters = function.take("parameters").map_or_else(none, Cow::Borrowed);
    let strict = function.take("strict").filter(|strict| strict.get() == "true");
    let strict = strict.map(|_| function.at("strict"));
    changes.rest(function);
    changes.rest(fields);
    Ok((Tool { r#type: "function", function: Function { name, description, parameters } }, strict))
}

fn needs_something(tool: &Tool<'_>) -> bool {
    #[derive(Deserialize)]
    struct Schema {
        #[serde(default)]
        required: Vec<String>,
    }
    serde_json::from_str::<Schema>(tool.function.parameters.get())
        .is_ok_and(|schema| !schema.required.is_empty())
}
