//! Tools of a Responses request as a chat's, and the choice among them, in words that every provider understands: a
//! custom tool is a function of one text, and a choice among some tools is made by giving no others.

use super::Beyond;
use super::request::string;
use crate::error::{Error, Result};
use crate::provider::anthropic::notes::Notes;
use crate::provider::json::{Json, Object, Raw, is_string, items, text};

/// The name of a custom tool's one parameter.
pub const CUSTOM_INPUT: &str = "input";

pub fn write(fields: &mut Object<'_>, beyond: Beyond, out: &mut Json, notes: &mut Notes) -> Result<()> {
    let choice = fields.take("tool_choice").map(Choice::of).transpose()?;
    let allowed = choice.as_ref().and_then(|choice| choice.allowed.as_deref());
    let mut has_tools = false;
    if let Some(raw) = fields.take("tools") {
        let tools = items(raw).ok_or_else(|| Error::problem("tools", "expected an array"))?;
        let mut written = Json::default();
        for (at, tool) in tools.into_iter().enumerate() {
            let path = format!("tools[{at}]");
            let tool = Object::parse(tool).ok_or_else(|| Error::problem(&path, "expected an object"))?;
            write_tool(&path, tool, allowed, &mut written, beyond, notes)?;
        }
        if !written.is_empty() {
            out.key("tools").array(|out| {
                out.pieces(&written.into_bytes());
            });
            has_tools = true;
        }
    }
    // Chats refuse what is said of tools where there are none.
    if !has_tools {
        fields.take("parallel_tool_calls");
    }
    if let Some(choice) = choice.filter(|choice| has_tools || !choice.is_idle()) {
        choice.write(out);
    }
    Ok(())
}

fn write_tool(
    path: &str,
    mut tool: Object<'_>,
    allowed: Option<&[String]>,
    out: &mut Json,
    beyond: Beyond,
    notes: &mut Notes,
) -> Result<()> {
    let kind = tool.take("type").and_then(text);
    let is_custom = kind.as_deref() == Some("custom");
    if !is_custom && kind.as_deref() != Some("function") {
        let wanted = "expected function or custom: a chat has no built-in tools";
        return Err(Error::problem(format!("{path}.type"), wanted));
    }
    let name = string(&mut tool, "name", path)?;
    let is_allowed =
        |allowed: &[String]| text(name).is_some_and(|name| allowed.iter().any(|one| *one == *name));
    if !allowed.is_none_or(is_allowed) {
        return Ok(());
    }
    out.object(|out| {
        out.text("type", "function").key("function").object(|out| {
            out.field("name", name.get());
            if let Some(raw) = tool.take("description") {
                out.field("description", raw.get());
            }
            if is_custom {
                return write_input(tool.take("format"), out, notes);
            }
            for field in ["parameters", "strict"] {
                if let Some(raw) = tool.take(field) {
                    out.field(field, raw.get());
                }
            }
        });
        for (key, raw) in tool.iter() {
            if beyond == Beyond::OpenAi {
                out.field(key, raw.get());
            } else {
                notes.dropped(&format!("tools[].{key}"), "a chat's tools have no such field");
            }
        }
    });
    Ok(())
}

/// The one parameter of a custom tool, which a grammar can only be told to.
fn write_input(format: Option<Raw<'_>>, out: &mut Json, notes: &mut Notes) {
    notes.tell(format!("custom tools were sent as functions of one text, {CUSTOM_INPUT}"));
    let format = format.and_then(Object::parse).unwrap_or_default();
    let grammar = format.text("definition").map(|definition| {
        notes.tell("tools[].format was sent in words: a chat does not hold a tool to a grammar".to_owned());
        format!("In this {} grammar:\n{definition}", format.text("syntax").unwrap_or_default())
    });
    out.key("parameters").object(|out| {
        out.text("type", "object").key("properties").object(|out| {
            out.key(CUSTOM_INPUT).object(|out| {
                out.text("type", "string");
                if let Some(grammar) = grammar {
                    out.text("description", &grammar);
                }
            });
        });
        out.key("required").array(|out| out.string(CUSTOM_INPUT).done());
        out.field("additionalProperties", "false");
    });
}

struct Choice<'a> {
    /// JSON of one of the three words, or of the name of a tool.
    word: Option<Raw<'a>>,
    named: Option<Raw<'a>>,
    /// The names of the tools that may be called.
    allowed: Option<Vec<String>>,
}

impl<'a> Choice<'a> {
    fn of(raw: Raw<'a>) -> Result<Self> {
        let mut choice = Self { word: None, named: None, allowed: None };
        if is_string(raw) {
            choice.word = Some(word(raw, "tool_choice", &["none", "auto", "required"])?);
            return Ok(choice);
        }
        let wanted = || Error::problem("tool_choice", "expected a word or an object that names a tool");
        let mut object = Object::parse(raw).ok_or_else(wanted)?;
        match object.take("type").and_then(text).as_deref() {
            Some("function" | "custom") => {
                choice.named = Some(string(&mut object, "name", "tool_choice")?);
            }
            Some("allowed_tools") => {
                let mode = string(&mut object, "mode", "tool_choice")?;
                choice.word = Some(word(mode, "tool_choice.mode", &["auto", "required"])?);
                let tools = object.take("tools").and_then(items);
                let wanted = || Error::problem("tool_choice.tools", "expected an array");
                choice.allowed = Some(names(&tools.ok_or_else(wanted)?)?);
            }
            _ => {
                let wanted = "expected function, custom or allowed_tools: a chat has no built-in tools";
                return Err(Error::problem("tool_choice.type", wanted));
            }
        }
        Ok(choice)
    }

    /// Whether it asks for no call.
    fn is_idle(&self) -> bool {
        self.word.is_some_and(|word| word.get() != "\"required\"")
    }

    fn write(&self, out: &mut Json) {
        if let Some(word) = self.word {
            out.field("tool_choice", word.get());
        }
        if let Some(name) = self.named {
            out.key("tool_choice").object(|out| {
                let function = out.text("type", "function").key("function");
                function.object(|out| out.field("name", name.get()).done());
            });
        }
    }
}

fn word<'a>(raw: Raw<'a>, path: &str, words: &[&str]) -> Result<Raw<'a>> {
    let is_known = text(raw).is_some_and(|word| words.contains(&&*word));
    if is_known {
        Ok(raw)
    } else {
        Err(Error::problem(path, format!("expected one of {}", words.join(", "))))
    }
}

fn names(tools: &[Raw<'_>]) -> Result<Vec<String>> {
    let name = |(at, raw): (usize, &Raw<'_>)| {
        let name = Object::parse(raw).and_then(|tool| tool.text("name").map(String::from));
        let path = format!("tool_choice.tools[{at}].name");
        name.ok_or_else(|| Error::problem(path, "expected the name of a function or a custom tool"))
    };
    tools.iter().enumerate().map(name).collect()
}
