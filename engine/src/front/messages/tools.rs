//! Tools of a Messages request as function tools, and the choice among them.

use super::Beyond;
use crate::error::{Error, Result};
use crate::provider::anthropic::notes::Notes;
use crate::provider::json::{Json, Object, is_string, items, text};

pub fn write(fields: &mut Object<'_>, beyond: Beyond, out: &mut Json, notes: &mut Notes) -> Result<()> {
    if let Some(raw) = fields.take("tools") {
        let tools = items(raw).ok_or_else(|| Error::problem("tools", "expected an array"))?;
        let mut written = Json::default();
        for (at, tool) in tools.into_iter().enumerate() {
            let tool = Object::parse(tool);
            let tool = tool.ok_or_else(|| Error::problem(format!("tools[{at}]"), "expected an object"))?;
            write_tool(at, tool, beyond, &mut written, notes)?;
        }
        if !written.is_empty() {
            out.key("tools").array(|out| {
                out.pieces(&written.into_bytes());
            });
        }
    }
    let Some(raw) = fields.take("tool_choice") else { return Ok(()) };
    let choice = Object::parse(raw);
    let choice = choice.ok_or_else(|| Error::problem("tool_choice", "expected an object"))?;
    match choice.text("type").as_deref() {
        Some("any") => out.text("tool_choice", "required"),
        Some(word @ ("auto" | "none")) => out.text("tool_choice", word),
        Some("tool") => {
            let name = choice.get("name").filter(|raw| is_string(raw));
            let name = name.ok_or_else(|| Error::problem("tool_choice.name", "expected a tool's name"))?;
            out.key("tool_choice").object(|out| {
                out.text("type", "function").key("function").object(|out| {
                    out.field("name", name.get());
                });
            })
        }
        _ => return Err(Error::problem("tool_choice.type", "expected auto, any, tool or none")),
    };
    if choice.get("disable_parallel_tool_use").is_some_and(|raw| raw.get() == "true") {
        out.field("parallel_tool_calls", "false");
    }
    Ok(())
}

fn write_tool(
    at: usize,
    mut tool: Object<'_>,
    beyond: Beyond,
    out: &mut Json,
    notes: &mut Notes,
) -> Result<()> {
    let kind = tool.take("type").and_then(text);
    let name = tool.take("name").filter(|raw| is_string(raw));
    let name = name.ok_or_else(|| Error::problem(format!("tools[{at}].name"), "expected a name"))?;
    if let Some(kind) = kind.filter(|kind| kind != "custom") {
        write_own(&kind, name.get(), &tool, beyond, out, notes);
        return Ok(());
    }
    out.object(|out| {
        out.text("type", "function").key("function").object(|out| {
            out.field("name", name.get());
            for (from, to) in
                [("description", "description"), ("input_schema", "parameters"), ("strict", "strict")]
            {
                if let Some(raw) = tool.take(from) {
                    out.field(to, raw.get());
                }
            }
        });
        for (key, raw) in tool.iter() {
            if beyond == Beyond::OpenAi {
                out.field(key, raw.get());
            } else {
                notes.dropped(&format!("tools[].{key}"), "a function has no such field");
            }
        }
    });
    Ok(())
}

/// A tool of Anthropic's own, in the shape that Portkey gives it.
fn write_own(kind: &str, name: &str, tool: &Object<'_>, beyond: Beyond, out: &mut Json, notes: &mut Notes) {
    if beyond == Beyond::Nothing {
        return notes.dropped(&format!("tool {}", name.trim_matches('"')), "it is one of anthropic's own");
    }
    out.object(|out| {
        out.field("type", name).key(name.trim_matches('"')).object(|out| {
            out.text("name", kind);
            for (key, raw) in tool.iter() {
                out.field(key, raw.get());
            }
        });
    });
}
