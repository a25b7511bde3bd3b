//! The part of JSON Schema that models before Gemini 2.5 take: `$ref` is replaced by what it refers to, `null` becomes
//! `nullable`, and keywords without a place are left out with a note. Newer models get their schemas as they are.
//! Only keywords are judged: a property may be called as it likes.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::Notes;
use super::raw::Raw;

/// Keywords that are the same there.
const SAME: &[&str] = &[
    "title",
    "description",
    "nullable",
    "default",
    "example",
    "required",
    "minItems",
    "maxItems",
    "minimum",
    "maximum",
    "minLength",
    "maxLength",
    "minProperties",
    "maxProperties",
    "pattern",
    "propertyOrdering",
];

const FORMATS: &[&str] = &["enum", "date-time", "int32", "int64", "float", "double"];

/// JSON text of `schema` as older models take it. `at` is where it stands, for the note.
pub fn reduced(schema: Raw<'_>, at: &str, notes: &mut Notes) -> String {
    let root: Value = serde_json::from_str(schema.get()).unwrap_or_default();
    let mut reducer = Reducer { root: &root, within: Vec::new(), left_out: BTreeSet::new() };
    let schema = Value::Object(reducer.schema(&root));
    if !reducer.left_out.is_empty() {
        let names: Vec<&str> = reducer.left_out.iter().map(String::as_str).collect();
        let names = names.join(", ");
        notes.add(format!("{names} of {at} left out: this model takes a part of JSON Schema"));
    }
    schema.to_string()
}

struct Reducer<'s> {
    root: &'s Value,
    /// The references that are being followed.
    within: Vec<&'s str>,
    left_out: BTreeSet<String>,
}

impl<'s> Reducer<'s> {
    fn schema(&mut self, schema: &'s Value) -> Map<String, Value> {
        let mut out = Map::new();
        let Value::Object(fields) = schema else { return out };
        if let Some(Value::String(reference)) = fields.get("$ref") {
            out = self.referred(reference);
        }
        for (name, value) in fields {
            match (name.as_str(), value) {
                ("$ref" | "$defs" | "definitions", _) => {}
                ("type", value) => types(value, &mut out),
                ("properties", Value::Object(properties)) => {
                    let reduced =
                        properties.iter().map(|(name, value)| (name.clone(), self.schema(value).into()));
                    let reduced: Map<String, Value> = reduced.collect();
                    out.insert("properties".to_owned(), reduced.into());
                }
                ("items" | "prefixItems", Value::Array(tuple)) => {
                    self.left_out.insert(format!("the order within {name}"));
                    let any = self.any(tuple);
                    out.insert("items".to_owned(), any.into());
                }
                ("items", value) => {
                    let items = self.schema(value);
                    out.insert("items".to_owned(), items.into());
                }
                ("anyOf" | "oneOf", Value::Array(variants)) => {
                    let any = self.any(variants);
                    out.extend(any);
                }
                ("allOf", Value::Array(all)) => all.iter().for_each(|one| merge(&mut out, self.schema(one))),
                ("const", value) => self.values(std::slice::from_ref(value), &mut out),
                ("enum", Value::Array(values)) => self.values(values, &mut out),
                ("format", Value::String(format)) if FORMATS.contains(&format.as_str()) => {
                    out.insert(name.clone(), value.clone());
                }
                (same, value) if SAME.contains(&same) => {
                    out.insert(name.clone(), value.clone());
                }
                _ => {
                    self.left_out.insert(name.clone());
                }
            }
        }
        out
    }

    fn referred(&mut self, reference: &'s str) -> Map<String, Value> {
        let target = reference.strip_prefix('#').and_then(|pointer| self.root.pointer(pointer));
        match target {
            Some(target) if !self.within.contains(&reference) => {
                self.within.push(reference);
                let reduced = self.schema(target);
                self.within.pop();
                reduced
            }
            // A schema that holds itself has no end there.
            _ => {
                self.left_out.insert(format!("$ref {reference}"));
                Map::from_iter([("type".to_owned(), json!("object"))])
            }
        }
    }

    /// Several schemas of which one holds.
    fn any(&mut self, variants: &'s [Value]) -> Map<String, Value> {
        let is_null = |variant: &&Value| variant["type"] == "null";
        let nullable = variants.iter().any(|variant| is_null(&variant));
        let mut reduced: Vec<Map<String, Value>> =
            variants.iter().filter(|variant| !is_null(variant)).map(|variant| self.schema(variant)).collect();
        let mut out = match reduced.len() {
            1 => reduced.remove(0),
            _ => Map::from_iter([("anyOf".to_owned(), reduced.into())]),
        };
        if nullable {
            out.insert("nullable".to_owned(), true.into());
        }
        out
    }

    /// The values that are allowed, which must be strings there.
    fn values(&mut self, values: &[Value], out: &mut Map<String, Value>) {
        let named: Vec<&Value> = values.iter().filter(|value| !value.is_null()).collect();
        if named.len() < values.len() {
            out.insert("nullable".to_owned(), true.into());
        }
        if named.iter().all(|value| value.is_string()) {
            out.insert("enum".to_owned(), named.into_iter().cloned().collect());
        } else {
            self.left_out.insert("enum of other than strings".to_owned());
        }
    }
}

fn types(value: &Value, out: &mut Map<String, Value>) {
    let Value::Array(types) = value else {
        out.insert("type".to_owned(), value.clone());
        return;
    };
    let named: Vec<&Value> = types.iter().filter(|one| *one != "null").collect();
    if named.len() < types.len() {
        out.insert("nullable".to_owned(), true.into());
    }
    match named[..] {
        [one] => out.insert("type".to_owned(), one.clone()),
        _ => out.insert("anyOf".to_owned(), named.iter().map(|one| json!({ "type": one })).collect()),
    };
}

/// Adds what a further schema says: properties and required names to those that are there.
fn merge(out: &mut Map<String, Value>, more: Map<String, Value>) {
    for (name, value) in more {
        match (out.get_mut(&name), value) {
            (Some(Value::Object(there)), Value::Object(more)) => there.extend(more),
            (Some(Value::Array(there)), Value::Array(more)) if name == "required" => there.extend(more),
            (_, value) => {
                out.insert(name, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::google::Service;

    fn reduce(schema: &Value) -> (Value, Vec<String>) {
        let mut notes = Notes::new(Service::Developer);
        let text = schema.to_string();
        let reduced = reduced(Raw::parse(&text).expect("JSON"), "x", &mut notes);
        (serde_json::from_str(&reduced).expect("JSON"), notes.finish())
    }

    #[test]
    fn references_are_replaced_and_null_becomes_nullable() {
        let (schema, changes) = reduce(&json!({
            "type": "object",
            "$schema": "x",
            "$defs": { "P": { "type": "object", "properties": { "x": { "type": "number" } }, "additionalProperties": false } },
            "properties": {
                "p": { "$ref": "#/$defs/P", "description": "d" },
                "q": { "anyOf": [{ "type": "string" }, { "type": "null" }] },
                "r": { "type": ["integer", "null"] },
                "additionalProperties": { "type": "string" },
            },
            "required": ["p"],
            "additionalProperties": false,
        }));
        let wanted = json!({
            "type": "object",
            "properties": {
                "p": { "type": "object", "properties": { "x": { "type": "number" } }, "description": "d" },
                "q": { "type": "string", "nullable": true },
                "r": { "nullable": true, "type": "integer" },
                "additionalProperties": { "type": "string" },
            },
            "required": ["p"],
        });
        assert_eq!(schema, wanted);
        assert_eq!(changes.len(), 1);
        assert!(changes[0].contains("$schema") && changes[0].contains("additionalProperties"));
    }

    #[test]
    fn every_place_of_a_schema_is_reached() {
        let inner = json!({ "type": "string", "$comment": "c" });
        let (schema, _) = reduce(&json!({
            "allOf": [{ "properties": { "a": inner }, "required": ["a"] }, { "properties": { "b": inner }, "required": ["b"] }],
            "oneOf": [{ "items": inner }, { "prefixItems": [inner, { "type": "integer" }] }],
        }));
        let plain = json!({ "type": "string" });
        let wanted = json!({
            "properties": { "a": plain, "b": plain },
            "required": ["a", "b"],
            "anyOf": [{ "items": plain }, { "items": { "anyOf": [plain, { "type": "integer" }] } }],
        });
        assert_eq!(schema, wanted);
    }

    #[test]
    fn a_schema_that_holds_itself_ends() {
        let (schema, changes) = reduce(&json!({
            "type": "object", "properties": { "next": { "$ref": "#" }, "lost": { "$ref": "#/$defs/none" } },
        }));
        let object = json!({ "type": "object" });
        let next = json!({ "type": "object", "properties": { "next": object, "lost": object } });
        assert_eq!(schema, json!({ "type": "object", "properties": { "next": next, "lost": object } }));
        assert_eq!(changes.len(), 1);
    }

    #[test]
    fn only_strings_are_allowed_values() {
        let (schema, changes) = reduce(
            &json!({ "properties": { "a": { "enum": ["x", null] }, "b": { "enum": [1] }, "c": { "const": "y" } } }),
        );
        let wanted = json!({ "properties": { "a": { "nullable": true, "enum": ["x"] }, "b": {}, "c": { "enum": ["y"] } } });
        assert_eq!(schema, wanted);
        assert!(changes[0].contains("enum"));
    }
}
