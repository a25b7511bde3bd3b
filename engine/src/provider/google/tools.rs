//! Tools as Google's: functions with their whole JSON Schema, Google's own tools by name, and which of them to call.
//! A tool that Google does not have is an error; a field of a tool that it does not have is noted.

use super::fields::Fields;
use super::raw::Raw;
use super::{Generation, Notes, schema};
use crate::body::Body;
use crate::error::{Error, Result};
use crate::provider::json::{Json, object};

/// Google's own tools, by the names they are asked for under.
const BUILT_IN: &[(&str, &str)] = &[
    ("google_search", "googleSearch"),
    ("googleSearch", "googleSearch"),
    ("web_search", "googleSearch"),
    ("web_search_preview", "googleSearch"),
    ("google_search_retrieval", "googleSearchRetrieval"),
    ("googleSearchRetrieval", "googleSearchRetrieval"),
    ("enterprise_web_search", "enterpriseWebSearch"),
    ("enterpriseWebSearch", "enterpriseWebSearch"),
    ("google_maps", "googleMaps"),
    ("googleMaps", "googleMaps"),
    ("url_context", "urlContext"),
    ("urlContext", "urlContext"),
    ("code_execution", "codeExecution"),
    ("codeExecution", "codeExecution"),
    ("computer_use", "computerUse"),
    ("computerUse", "computerUse"),
    ("file_search", "fileSearch"),
    ("fileSearch", "fileSearch"),
];

/// What a custom tool of OpenAI's takes.
const INPUT: &str = r#"{"type":"object","properties":{"input":{"type":"string"}},"required":["input"]}"#;

/// What of the tools goes into `toolConfig`.
#[derive(Default)]
struct Gathered<'a> {
    /// JSON of the function declarations.
    functions: Vec<String>,
    /// JSON of Google's own tools.
    built_in: Vec<String>,
    retrieval: Option<Raw<'a>>,
}

/// Writes `tools` and `toolConfig`.
pub fn write(w: &mut Json, fields: &mut Fields<'_>, model: Generation, notes: &mut Notes) -> Result<()> {
    let mut gathered = Gathered::default();
    for (index, tool) in listed(fields.take("tools"), "tools")?.into_iter().enumerate() {
        gathered.tool(tool, &format!("tools[{index}]"), model, notes)?;
    }
    for (index, function) in listed(fields.take("functions"), "functions")?.into_iter().enumerate() {
        notes.add("functions were sent as tools: the answer has tool_calls".to_owned());
        let wanted = || Error::problem(format!("functions[{index}]"), "expected { name, parameters }");
        let function = function.fields().ok_or_else(wanted)?;
        gathered.function(function, &format!("functions[{index}]"), model, notes)?;
    }
    if let Some(options) = fields.object("web_search_options") {
        for name in options.left() {
            notes.dropped(&format!("web_search_options.{name}"));
        }
        if !gathered.built_in.iter().any(|tool| tool.starts_with(r#"{"googleSearch":"#)) {
            gathered.own("googleSearch", None);
        }
    }
    let Gathered { functions, built_in, retrieval } = gathered;
    if !functions.is_empty() || !built_in.is_empty() {
        let declared =
            (!functions.is_empty()).then(|| object(|w| w.key("functionDeclarations").raws(functions).done()));
        w.key("tools").raws(declared.into_iter().chain(built_in));
    }
    config(w, fields, retrieval, notes)
}

fn listed<'a>(list: Option<Raw<'a>>, name: &str) -> Result<Vec<Raw<'a>>> {
    let Some(list) = list else { return Ok(Vec::new()) };
    list.elements().ok_or_else(|| Error::problem(name, "expected a list"))
}

impl<'a> Gathered<'a> {
    fn tool(&mut self, tool: Raw<'a>, at: &str, model: Generation, notes: &mut Notes) -> Result<()> {
        let wanted = "expected a function, or one of Google's own tools, such as { type: \"google_search\" }";
        let wrong = || Error::problem(at, wanted);
        let mut fields = tool.fields().ok_or_else(wrong)?;
        let Some(kind) = fields.text("type") else {
            let known = |name: &str| {
                name == "functionDeclarations" || BUILT_IN.iter().any(|(_, google)| name == *google)
            };
            let native = fields.iter().any(|(name, _)| known(name));
            if !native {
                return Err(wrong());
            }
            self.built_in.push(tool.get().to_owned());
            return Ok(());
        };
        if kind == "function" || kind == "custom" {
            let mut function = fields.object(&kind).ok_or_else(wrong)?;
            for name in fields.left() {
                notes.dropped(&format!("tools[].{name}"));
            }
            if kind == "custom" {
                notes.add("custom tools were sent as functions of one text, input".to_owned());
                function.add("parameters", Raw::parse(INPUT).expect("it is JSON"));
            }
            return self.function(function, &format!("{at}.{kind}"), model, notes);
        }
        let own = BUILT_IN.iter().find(|(name, _)| *name == kind).map(|(_, google)| *google);
        let own = own.ok_or_else(|| Error::problem(format!("{at}.type"), wanted))?;
        let options = fields.take(&kind);
        for name in fields.left() {
            notes.dropped(&format!("{at}.{name}"));
        }
        self.own(own, options);
        Ok(())
    }

    /// A function's declaration, or the tool of Google's own that its name stands for.
    fn function(
        &mut self,
        mut function: Fields<'a>,
        at: &str,
        model: Generation,
        notes: &mut Notes,
    ) -> Result<()> {
        let name = function.take("name").filter(|name| name.is_string());
        let name = name.ok_or_else(|| Error::problem(format!("{at}.name"), "expected a string"))?;
        let description = function.take("description");
        let parameters = function.take("parameters");
        let called = name.get().trim_matches('"');
        let google = called.starts_with("google") || called == "computer_use";
        let own = BUILT_IN.iter().find(|(known, _)| google && called == *known);
        let takes = parameters.and_then(Raw::fields);
        let is_schema = takes.is_some_and(|schema| schema.has("properties") || schema.has("type"));
        if let Some((known, google)) = own.filter(|_| !is_schema) {
            notes.add(format!("the function {known} became Google's own tool {google}"));
            self.own(google, parameters);
            return Ok(());
        }
        let declared = object(|w| {
            w.key("name").raw(name.get());
            if let Some(description) = description {
                w.key("description").raw(description.get());
            }
            match (parameters, model) {
                (None, _) => {}
                (Some(given), Generation::Plain) => {
                    if says_something(given) {
                        w.key("parameters").raw(&schema::reduced(given, &format!("{at}.parameters"), notes));
                    }
                }
                (Some(given), _) => w.field("parametersJsonSchema", given.get()).done(),
            }
        });
        self.functions.push(declared);
        if function.take("strict").is_some_and(|strict| strict.get() == "true") {
            notes.dropped("tools[].function.strict");
        }
        for name in function.left() {
            notes.dropped(&format!("tools[].function.{name}"));
        }
        Ok(())
    }

    fn own(&mut self, google: &str, options: Option<Raw<'a>>) {
        let options = options.and_then(Raw::fields).unwrap_or_default();
        let json = object(|w| {
            w.key(google).object(|w| {
                for (name, value) in options.iter() {
                    if name == "retrievalConfig" {
                        self.retrieval = Some(value);
                    } else {
                        w.key(name).raw(value.get());
                    }
                }
            });
        });
        self.built_in.push(json);
    }
}

/// Whether a schema of parameters says more than that there are none: older models refuse an object without properties.
fn says_something(schema: Raw<'_>) -> bool {
    let empty = ["type", "title", "description", "required", "additionalProperties", "$schema"];
    let fields = schema.fields().unwrap_or_default();
    fields.left().any(|name| !empty.contains(&name))
}

/// Writes `toolConfig`: the caller's own, with the tool to call and where its search looks.
fn config<'a>(
    w: &mut Json,
    fields: &mut Fields<'a>,
    retrieval: Option<Raw<'a>>,
    notes: &mut Notes,
) -> Result<()> {
    let own = fields.take_any(&["toolConfig", "tool_config"]).map_or("{}", Raw::get);
    let wanted = |_| Error::problem("toolConfig", "expected an object");
    let mut config = Body::parse(own.as_bytes()).map_err(wanted)?;
    let legacy = fields.take("function_call");
    if let Some(choice) = fields.take("tool_choice").or(legacy) {
        config.set("functionCallingConfig", calling(choice, notes)?);
    }
    if let Some(retrieval) = retrieval {
        config.set("retrievalConfig", retrieval.get());
    }
    let config = config.to_bytes();
    if &config[..] != b"{}" {
        w.key("toolConfig").raw(std::str::from_utf8(&config).expect("fields of JSON text are text"));
    }
    Ok(())
}

/// `functionCallingConfig` of a `tool_choice`.
fn calling(choice: Raw<'_>, notes: &mut Notes) -> Result<String> {
    let wanted = || {
        let wanted = "expected none, auto, required, or { type: \"function\", function: { name } }";
        Error::problem("tool_choice", wanted)
    };
    let mut fields = choice.fields().unwrap_or_default();
    let kind = fields.text("type").or_else(|| choice.text());
    let mode = match kind.as_deref() {
        Some("none") => "NONE",
        Some("auto") => "AUTO",
        Some("required" | "any") => "ANY",
        Some("allowed_tools") => return allowed(&mut fields, notes).ok_or_else(wanted),
        _ => {
            let named = ["function", "custom", "tool"].iter().find_map(|name| fields.object(name));
            let name = named.and_then(|mut named| named.take("name")).or_else(|| fields.take("name"));
            return name.map(|name| only("ANY", &[name.get()])).ok_or_else(wanted);
        }
    };
    Ok(format!(r#"{{"mode":"{mode}"}}"#))
}

/// OpenAI's choice among some of the tools.
fn allowed(fields: &mut Fields<'_>, notes: &mut Notes) -> Option<String> {
    let mut allowed = fields.object("allowed_tools")?;
    let mode = match allowed.text("mode").as_deref() {
        Some("required") => "ANY",
        _ => "VALIDATED",
    };
    let mut names = Vec::new();
    for tool in allowed.take("tools")?.elements()? {
        let mut tool = tool.fields()?;
        match tool.object("function").and_then(|mut function| function.take("name")) {
            Some(name) => names.push(name.get()),
            None => notes.dropped("tool_choice.allowed_tools.tools[] other than a function"),
        }
    }
    Some(only(mode, &names))
}

/// `names` are JSON strings.
fn only(mode: &str, names: &[&str]) -> String {
    object(|w| {
        w.key("mode").string(mode);
        w.key("allowedFunctionNames").raws(names);
    })
}
