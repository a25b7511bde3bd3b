//! Checks of the JSON in a text: in fenced blocks, as the whole text, or anywhere in it.

use std::borrow::Cow;
use std::error::Error;
use std::sync::Arc;

use boon::{Compiler, SchemaIndex, Schemas, UrlLoader, ValidationError};
use serde_json::{Value, json};

use super::Made;
use super::code::fences;
use crate::hooks::Scene;
use crate::hooks::check::{Fault, Judged, Rule};
use crate::hooks::parameters::{Operator, Parameters};
use crate::hooks::subject::Subject;

/// The longest text that is searched for JSON. Each `{` of it may be the beginning of a value that is read to the end and
/// comes to nothing, nested as deep as values are read: 128 times.
const LONGEST_TEXT: usize = 1 << 20;

/// So many broken rules of a schema are named.
const MOST_NAMED: usize = 8;

/// What the schema is called while it is compiled.
const SCHEMA: &str = "schema:///schema";

/// `jsonSchema`: whether JSON of the text is valid. Without any JSON it fails, turned round or not.
struct Schema {
    schemas: Schemas,
    index: SchemaIndex,
    not: bool,
}

pub fn read_schema(parameters: &mut Parameters<'_, '_>) -> Made {
    let not = parameters.flag("not", false);
    let Some(schema) = parameters.optional("schema").filter(|schema| schema.is_object()) else {
        parameters.problem("schema", "expected a JSON schema, an object");
        return None;
    };
    let not = not?;
    let mut compiler = Compiler::new();
    compiler.enable_format_assertions();
    compiler.use_loader(Box::new(Closed));
    let mut schemas = Schemas::new();
    let index = match compiler.add_resource(SCHEMA, schema.clone()) {
        Ok(()) => compiler.compile(SCHEMA, &mut schemas),
        Err(why) => Err(why),
    };
    match index {
        Ok(index) => Some(Arc::new(Schema { schemas, index, not })),
        Err(why) => {
            let why = format!("{why:#}").replace(SCHEMA, "").replace('\n', ";");
            parameters.problem("schema", format!("is no JSON schema that can be used here ({why})"));
            None
        }
    }
}

/// Nothing is loaded: a schema refers to itself only.
struct Closed;

impl UrlLoader for Closed {
    fn load(&self, _: &str) -> Result<Value, Box<dyn Error>> {
        Err("a schema cannot refer to other documents".into())
    }
}

impl Rule for Schema {
    fn judge(&self, _: &Scene, subject: &Subject) -> Result<Judged, Fault> {
        let text = text_of(subject)?;
        let found = match fenced(&text) {
            fenced if fenced.is_empty() => anywhere(&text),
            fenced => fenced,
        };
        let mut broken = Vec::new();
        let mut valid = false;
        for value in &found {
            match self.schemas.validate(value, self.index) {
                Ok(()) => valid = true,
                Err(why) if broken.is_empty() => name_broken(&why, &mut broken),
                Err(_) => {}
            }
        }
        let explanation = match (found.len(), valid) {
            (0, _) => "no JSON was found in the text".to_owned(),
            (count, true) => format!("of {count} JSON values found, one is valid"),
            (count, false) => format!("of {count} JSON values found, none is valid"),
        };
        let mut data = json!({ "explanation": explanation, "not": self.not });
        if !valid && !broken.is_empty() {
            data["brokenRules"] = json!(broken);
        }
        Ok(Judged::new(!found.is_empty() && valid != self.not, data))
    }
}

/// The places in the schema of what the first value broke. The value's own keys and values aren't told.
fn name_broken(why: &ValidationError<'_, '_>, broken: &mut Vec<String>) {
    if broken.len() == MOST_NAMED {
        return;
    }
    if why.causes.is_empty() {
        broken.push(why.schema_url.trim_start_matches(SCHEMA).to_owned());
    }
    for cause in &why.causes {
        name_broken(cause, broken);
    }
}

/// `jsonKeys`: any, all or none of some keys at the top of a JSON object of the text.
struct Keys {
    keys: Vec<String>,
    operator: Operator,
}

pub fn read_keys(parameters: &mut Parameters<'_, '_>) -> Made {
    let (keys, operator) = (parameters.texts("keys"), parameters.operator());
    Some(Arc::new(Keys { keys: keys?, operator: operator? }))
}

impl Rule for Keys {
    fn judge(&self, _: &Scene, subject: &Subject) -> Result<Judged, Fault> {
        let text = text_of(subject)?;
        let found = anywhere(&text);
        let mut best: Option<(bool, Vec<&String>, Vec<&String>)> = None;
        for value in &found {
            let (present, missing): (Vec<&String>, Vec<&String>) =
                self.keys.iter().partition(|key| value.get(key.as_str()).is_some());
            let holds = self.operator.holds(present.len(), missing.len());
            // One object that has what is asked for is enough; what is forbidden may be in none.
            let decides = if self.operator == Operator::None { !holds } else { holds };
            if best.as_ref().is_none_or(|(_, before, _)| present.len() > before.len()) || decides {
                best = Some((holds, present, missing));
            }
            if decides {
                break;
            }
        }
        let Some((holds, present, missing)) = best else {
            let data =
                json!({ "explanation": "no JSON was found in the text", "operator": self.operator.name() });
            return Ok(Judged::new(false, data));
        };
        let explanation = format!("{} of {} keys are there", present.len(), self.keys.len());
        let data = json!({ "explanation": explanation, "operator": self.operator.name(), "presentKeys": present, "missingKeys": missing });
        Ok(Judged::new(holds, data))
    }
}

fn text_of(subject: &Subject) -> Result<Cow<'_, str>, Fault> {
    let text = subject.text()?;
    if text.len() > LONGEST_TEXT {
        Err(Fault::new("the text is longer than the 1 MiB that is searched for JSON"))
    } else {
        Ok(text)
    }
}

/// The values in fenced blocks.
fn fenced(text: &str) -> Vec<Value> {
    let value = |content: &str| serde_json::from_str(content.trim()).ok();
    let blocks = fences(text);
    blocks
        .iter()
        .filter_map(|block| {
            // A block in one line has its tag in its content.
            let content = block.content.trim();
            value(content).or_else(|| value(content.strip_prefix("json")?))
        })
        .collect()
}

/// The value that the whole text is, else each object in it, outermost first come.
fn anywhere(text: &str) -> Vec<Value> {
    if let Ok(value @ (Value::Object(_) | Value::Array(_))) = serde_json::from_str(text.trim()) {
        return vec![value];
    }
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(start) = text[at..].find('{') {
        at += start;
        let mut values = serde_json::Deserializer::from_str(&text[at..]).into_iter::<Value>();
        match values.next() {
            Some(Ok(value)) => {
                found.push(value);
                at += values.byte_offset();
            }
            _ => at += 1,
        }
    }
    found
}
