//! Tools and the choice among them. Function tools become declarations with their schema whole; a tool of Anthropic's
//! own goes through as it is, or is unfolded from the shape that Portkey gives it:
//! `{"type": "web_search", "web_search": {"name": "web_search_20250305", "max_uses": 3}}`.

use std::borrow::Cow;

use super::model::Model;
use super::notes::Notes;
use crate::error::{Error, Result};
use crate::provider::json::{Bracket, Json, Object, Raw, is_object, is_string, items, text};

/// The caller's tool parameters.
#[derive(Default)]
pub struct Tools<'a> {
    pub tools: Option<Raw<'a>>,
    pub choice: Option<Raw<'a>>,
    pub parallel: Option<Raw<'a>>,
    /// The parameters that came before `tools` and `tool_choice`.
    pub functions: Option<Raw<'a>>,
    pub function_call: Option<Raw<'a>>,
}

/// Fields that Anthropic's tools have beyond OpenAI's, beside the function or in it.
const EXTRAS: [&str; 5] =
    ["cache_control", "defer_loading", "allowed_callers", "input_examples", "eager_input_streaming"];

impl<'a> Tools<'a> {
    /// `null` and an empty list are no tools.
    pub fn are_any(&self) -> bool {
        [self.tools, self.functions].into_iter().flatten().any(|raw| raw.get() != "[]")
    }

    /// Writes `tools` and `tool_choice` into an open object. `answer`: a tool to be called instead of answering in text,
    /// which is JSON of its name and of its schema.
    pub fn write(
        self,
        model: Model,
        answer: Option<(&str, &str)>,
        out: &mut Json,
        notes: &mut Notes,
    ) -> Result<()> {
        if let Some((name, schema)) = answer {
            out.key("tools").array(|out| {
                out.object(|out| out.field("name", name).field("input_schema", schema).done());
            });
            out.key("tool_choice").object(|out| out.text("type", "tool").field("name", name).done());
            return Ok(());
        }
        let any = self.are_any();
        let choice = self.choice()?;
        if any {
            out.key("tools").open(Bracket::Array);
            let strict = model.takes_schemas();
            for (at, tool) in list(self.tools, "tools")?.into_iter().enumerate() {
                if choice.allows(tool) {
                    write_tool(&format!("tools[{at}]"), tool, strict, out, notes)?;
                }
            }
            for (at, function) in list(self.functions, "functions")?.into_iter().enumerate() {
                let function = Object::parse(function);
                let path = format!("functions[{at}]");
                let function = function.ok_or_else(|| Error::problem(&path, "expected an object"))?;
                write_function(&path, function, None, strict, out, notes)?;
                notes.tell("functions were sent as tools: they are called by tool_calls".to_owned());
            }
            out.close(Bracket::Array);
        }
        let one_at_a_time = any && self.parallel.is_some_and(|raw| raw.get() == "false");
        choice.write(one_at_a_time, out);
        Ok(())
    }

    fn choice(&self) -> Result<Choice<'a>> {
        if let Some(raw) = self.choice {
            return Choice::of(raw, "tool_choice");
        }
        match self.function_call {
            None => Ok(Choice::NotGiven),
            Some(raw) if is_object(raw) => {
                let name = Object::parse(raw).and_then(|object| object.get("name"));
                let name = name.ok_or_else(|| Error::problem("function_call.name", "expected a name"))?;
                Ok(Choice::Tool(name))
            }
            Some(raw) => Choice::of(raw, "function_call"),
        }
    }
}

fn list<'a>(raw: Option<Raw<'a>>, path: &str) -> Result<Vec<Raw<'a>>> {
    raw.map_or(Ok(Vec::new()), |raw| items(raw).ok_or_else(|| Error::problem(path, "expected an array")))
}

enum Choice<'a> {
    NotGiven,
    /// `auto`, `any` or `none`.
    Kind(&'static str),
    /// JSON of its name.
    Tool(Raw<'a>),
    /// Some of the tools only.
    Allowed {
        kind: &'static str,
        names: Vec<String>,
    },
    /// In Anthropic's own words.
    Native(Object<'a>),
}

impl<'a> Choice<'a> {
    fn of(raw: Raw<'a>, path: &str) -> Result<Self> {
        if let Some(word) = text(raw) {
            return kind(&word).map(Self::Kind).ok_or_else(|| {
                Error::problem(path, "expected auto, none, required or an object that names a tool")
            });
        }
        let object =
            Object::parse(raw).ok_or_else(|| Error::problem(path, "expected a text or an object"))?;
        match object.text("type").as_deref() {
            Some(word @ ("function" | "custom")) => {
                let named = object.get(word).and_then(Object::parse).and_then(|named| named.get("name"));
                let named = named.or_else(|| object.get("name")).filter(|name| is_string(name));
                let name = named
                    .ok_or_else(|| Error::problem(format!("{path}.{word}.name"), "expected a tool's name"))?;
                Ok(Self::Tool(name))
            }
            Some("allowed_tools") => {
                let allowed = object.get("allowed_tools").and_then(Object::parse).unwrap_or(object);
                let mode = allowed.text("mode").and_then(|mode| kind(&mode)).unwrap_or("auto");
                let tools = allowed.get("tools").and_then(items).unwrap_or_default();
                Ok(Self::Allowed { kind: mode, names: tools.into_iter().filter_map(name_of).collect() })
            }
            _ => Ok(Self::Native(object)),
        }
    }

    fn allows(&self, tool: Raw<'_>) -> bool {
        match self {
            Self::Allowed { names, .. } => name_of(tool).is_some_and(|name| names.contains(&name)),
            _ => true,
        }
    }

    fn write(&self, one_at_a_time: bool, out: &mut Json) {
        let kind = match self {
            Self::NotGiven if !one_at_a_time => return,
            Self::NotGiven => "auto",
            Self::Kind(kind) | Self::Allowed { kind, .. } => kind,
            Self::Tool(_) => "tool",
            Self::Native(_) => "",
        };
        out.key("tool_choice").object(|out| {
            match self {
                Self::Native(fields) => {
                    for (key, raw) in fields.iter() {
                        out.field(key, raw.get());
                    }
                }
                _ => {
                    out.text("type", kind);
                }
            }
            if let Self::Tool(name) = self {
                out.field("name", name.get());
            }
            let is_said = matches!(self, Self::Native(fields) if fields.get(ONE_AT_A_TIME).is_some());
            if one_at_a_time && kind != "none" && !is_said {
                out.field(ONE_AT_A_TIME, "true");
            }
        });
    }
}

const ONE_AT_A_TIME: &str = "disable_parallel_tool_use";

/// OpenAI's word for a choice as Anthropic's.
fn kind(word: &str) -> Option<&'static str> {
    match word {
        "auto" => Some("auto"),
        "none" => Some("none"),
        "required" | "any" => Some("any"),
        _ => None,
    }
}

/// The name of a tool: its function's, or its own.
fn name_of(tool: Raw<'_>) -> Option<String> {
    let tool = Object::parse(tool)?;
    let kind = tool.text("type").unwrap_or_default();
    let inner =
        tool.get(&kind).and_then(Object::parse).and_then(|inner| inner.text("name").map(String::from));
    match &*kind {
        "function" | "custom" => inner.or_else(|| tool.text("name").map(String::from)),
        _ => tool.text("name").map(String::from).or_else(|| Some(kind.into_owned())),
    }
}

fn write_tool(path: &str, tool: Raw<'_>, strict: bool, out: &mut Json, notes: &mut Notes) -> Result<()> {
    let mut object = Object::parse(tool).ok_or_else(|| Error::problem(path, "expected an object"))?;
    let kind = object.text("type").map(Cow::into_owned).unwrap_or_default();
    if kind == "function" {
        object.take("type");
        let path = format!("{path}.function");
        let function = object.take("function").and_then(Object::parse);
        let function = function.ok_or_else(|| Error::problem(&path, "expected an object"))?;
        return write_function(&path, function, Some(object), strict, out, notes);
    }
    if kind == "custom" && object.get("custom").is_some() {
        let why = "a custom tool takes free text, which anthropic's tools don't; describe it as a function";
        return Err(Error::problem(path, why));
    }
    let Some(inner) = object.take(&kind).and_then(Object::parse) else {
        out.raw(tool.get());
        return Ok(());
    };
    out.object(|out| {
        let version = inner.get("name").map_or_else(|| format!("\"{kind}\""), |name| name.get().to_owned());
        out.field("type", &version).text("name", &kind);
        for (key, raw) in inner.iter().filter(|(key, _)| *key != "name") {
            out.field(key, raw.get());
        }
        for (key, raw) in object.iter().filter(|(key, _)| *key != "type" && inner.get(key).is_none()) {
            out.field(key, raw.get());
        }
    });
    Ok(())
}

/// `beside`: what the tool has around its function.
fn write_function(
    path: &str,
    mut function: Object<'_>,
    beside: Option<Object<'_>>,
    strict: bool,
    out: &mut Json,
    notes: &mut Notes,
) -> Result<()> {
    let name = function.take("name").filter(|name| is_string(name));
    let name = name.ok_or_else(|| Error::problem(format!("{path}.name"), "expected a name"))?;
    out.open(Bracket::Object).field("name", name.get());
    if let Some(description) = function.take("description") {
        out.field("description", description.get());
    }
    out.key("input_schema");
    write_schema(path, function.take("parameters"), out)?;
    if function.take("strict").is_some_and(|raw| raw.get() == "true") {
        if strict {
            out.field("strict", "true");
        } else {
            notes.dropped("tools[].function.strict", "this model has no strict tools");
        }
    }
    let mut beside = beside;
    for name in EXTRAS {
        let raw = beside.as_mut().and_then(|beside| beside.take(name)).or_else(|| function.take(name));
        if let Some(raw) = raw {
            out.field(name, raw.get());
        }
    }
    out.close(Bracket::Object);
    for (key, _) in function.iter() {
        notes.unknown(&format!("tools[].function.{key}"));
    }
    for (key, _) in beside.iter().flat_map(Object::iter) {
        notes.unknown(&format!("tools[].{key}"));
    }
    Ok(())
}

/// The parameters as they are; the API wants their type to be said.
fn write_schema(path: &str, parameters: Option<Raw<'_>>, out: &mut Json) -> Result<()> {
    let Some(raw) = parameters else {
        out.raw(r#"{"type":"object","properties":{}}"#);
        return Ok(());
    };
    let schema = Object::parse(raw).ok_or_else(|| {
        Error::problem(format!("{path}.parameters"), "expected a JSON schema that is an object")
    })?;
    if schema.get("type").is_some() {
        out.raw(raw.get());
        return Ok(());
    }
    out.object(|out| {
        out.text("type", "object");
        for (key, raw) in schema.iter() {
            out.field(key, raw.get());
        }
    });
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn written(body: &Value) -> (Value, Vec<String>) {
        let text = body.to_string();
        let object = Object::parse(serde_json::from_str(&text).expect("JSON")).expect("an object");
        let tools = Tools {
            tools: object.get("tools"),
            choice: object.get("tool_choice"),
            parallel: object.get("parallel_tool_calls"),
            functions: object.get("functions"),
            function_call: object.get("function_call"),
        };
        let (mut out, mut notes) = (Json::default(), Notes::default());
        out.open(Bracket::Object);
        tools.write(Model::of("claude-opus-5"), None, &mut out, &mut notes).expect("tools");
        out.close(Bracket::Object);
        (serde_json::from_slice(&out.into_bytes()).expect("JSON"), notes.changes)
    }

    #[test]
    fn a_tool_of_anthropic_s_own_goes_through_in_both_shapes() {
        let native = json!({"type": "web_search_20250305", "name": "web_search", "max_uses": 3});
        let folded = json!({"type": "web_search", "web_search": {"name": "web_search_20250305", "max_uses": 3}, "cache_control": {"type": "ephemeral"}});
        let (value, changes) =
            written(&json!({"tools": [native, folded, {"name": "f", "input_schema": {}}]}));
        assert_eq!(
            value["tools"],
            json!([native, {"type": "web_search_20250305", "name": "web_search", "max_uses": 3, "cache_control": {"type": "ephemeral"}}, {"name": "f", "input_schema": {}}])
        );
        assert!(changes.is_empty());
    }

    #[test]
    fn every_choice_has_its_counterpart() {
        let tools = json!([{"type": "function", "function": {"name": "f"}}, {"type": "function", "function": {"name": "g"}}]);
        let choice = |choice: Value, parallel: Value| {
            written(&json!({"tools": tools, "tool_choice": choice, "parallel_tool_calls": parallel})).0
        };
        let cases = [
            (json!("auto"), json!(true), json!({"type": "auto"})),
            (json!("none"), json!(false), json!({"type": "none"})),
            (json!("required"), json!(null), json!({"type": "any"})),
            (Value::Null, json!(false), json!({"type": "auto", "disable_parallel_tool_use": true})),
            (
                json!({"type": "function", "function": {"name": "f"}}),
                json!(false),
                json!({"type": "tool", "name": "f", "disable_parallel_tool_use": true}),
            ),
            (json!({"type": "any"}), json!(false), json!({"type": "any", "disable_parallel_tool_use": true})),
            (Value::Null, Value::Null, Value::Null),
        ];
        for (given, parallel, wanted) in cases {
            assert_eq!(choice(given.clone(), parallel)["tool_choice"], wanted, "{given}");
        }
        let allowed = json!({"type": "allowed_tools", "allowed_tools": {"mode": "required", "tools": [{"type": "function", "function": {"name": "g"}}]}});
        let value = choice(allowed, Value::Null);
        assert_eq!(value["tool_choice"], json!({"type": "any"}));
        assert_eq!(
            value["tools"],
            json!([{"name": "g", "input_schema": {"type": "object", "properties": {}}}])
        );
    }

    #[test]
    fn a_function_keeps_its_whole_schema_and_its_extras() {
        let (value, changes) = written(&json!({
            "tools": [{"type": "function", "cache_control": {"type": "ephemeral"}, "function": {"name": "f", "strict": false, "parameters": {"$defs": {"a": {}}, "anyOf": []}, "x": 1}}],
        }));
        assert_eq!(
            value["tools"],
            json!([{"name": "f", "input_schema": {"type": "object", "$defs": {"a": {}}, "anyOf": []}, "cache_control": {"type": "ephemeral"}}])
        );
        assert_eq!(changes, ["tools[].function.x was dropped: anthropic has no such field"]);
    }

    #[test]
    fn functions_of_old_become_tools() {
        let (value, changes) = written(
            &json!({"functions": [{"name": "f", "parameters": {"type": "object"}}], "function_call": {"name": "f"}}),
        );
        assert_eq!(
            value,
            json!({"tools": [{"name": "f", "input_schema": {"type": "object"}}], "tool_choice": {"type": "tool", "name": "f"}})
        );
        assert_eq!(changes.len(), 1);
    }
}
