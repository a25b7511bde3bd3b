//! The built-in checks: a row for each, and how one is read. Everything else that a gateway may check asks the network
//! or a service, which this process does not.

mod code;
mod json;
mod model;
mod pattern;
mod prefix;
mod request;
mod words;

use std::sync::Arc;

use serde_json::{Map, Value};

use super::Phase;
use super::check::{Check, Rule};
use super::parameters::Parameters;
use crate::config::{Reader, nearest};

type Made = Option<Arc<dyn Rule>>;

/// A built-in check.
struct Row {
    /// With the prefix of the plugin.
    id: &'static str,
    /// Whether it can be asked about an answer.
    after: bool,
    /// Reads the parameters. `None` after a problem; a problem alone is enough for construction to fail.
    read: fn(&mut Parameters<'_, '_>) -> Made,
}

const fn row(id: &'static str, after: bool, read: fn(&mut Parameters<'_, '_>) -> Made) -> Row {
    Row { id, after, read }
}

const ROWS: &[Row] = &[
    row("default.regexMatch", true, pattern::read_match),
    row("default.regexReplace", true, pattern::read_replace),
    row("default.contains", true, words::read_contains),
    row("default.endsWith", true, words::read_ends_with),
    row("default.notNull", true, words::read_not_null),
    row("default.alluppercase", true, words::read_upper_case),
    row("default.alllowercase", true, words::read_lower_case),
    row("default.characterCount", true, words::read_characters),
    row("default.wordCount", true, words::read_words),
    row("default.sentenceCount", true, words::read_sentences),
    row("default.jsonSchema", true, json::read_schema),
    row("default.jsonKeys", true, json::read_keys),
    row("default.containsCode", true, code::read),
    row("default.modelWhitelist", true, model::read_list),
    row("default.modelRules", true, model::read_rules),
    row("default.allowedRequestTypes", true, request::read_types),
    row("default.requiredMetadataKeys", false, request::read_metadata),
    row("default.addPrefix", false, prefix::read),
];

/// Checks of the default plugin that ask the network.
const OVER_THE_NETWORK: &[&str] = &["default.validUrls", "default.webhook", "default.log", "default.jwt"];

/// Keys among the parameters that speak of the check itself.
const FAIL_ON_ERROR: &str = "failOnError";

/// A check as it is written.
pub struct Written<'v> {
    /// `default.contains` or `contains`.
    pub name: &'v str,
    pub parameters: &'v Map<String, Value>,
    /// Where the check stands, and where its parameters do.
    pub path: String,
    pub parameters_path: String,
    /// Keys among the parameters that are none.
    pub apart: &'static [&'static str],
}

pub fn read(written: Written<'_>, phase: Phase, reader: &mut Reader) -> Option<Check> {
    let Written { name, parameters, path, parameters_path, apart } = written;
    let id = if name.contains('.') { name.to_owned() } else { format!("default.{name}") };
    // The manifest's own spelling of it.
    let id = if id == "default.modelwhitelist" { "default.modelWhitelist" } else { &id };
    let Some(row) = ROWS.iter().find(|row| row.id == id) else {
        reader.problem(path, unknown(id));
        return None;
    };
    if phase == Phase::After && !row.after {
        reader.problem(path, "looks at requests only; put it under input_guardrails or before_request_hooks");
        return None;
    }
    let mut parameters = Parameters::new(parameters, parameters_path, apart, reader);
    let rule = (row.read)(&mut parameters);
    let fails_on_error = parameters.flag(FAIL_ON_ERROR, true);
    parameters.finish();
    Some(Check { id: row.id, rule: rule?, fails_on_error: fails_on_error? })
}

fn unknown(id: &str) -> String {
    if OVER_THE_NETWORK.contains(&id) {
        return "asks the network, which no built-in check does; this version has no such check".to_owned();
    }
    if !id.starts_with("default.") {
        return "belongs to a plugin that asks a service; only default.… checks are built in".to_owned();
    }
    if let Some(near) = nearest(id, ROWS.iter().map(|row| row.id)) {
        return format!("is no built-in check; did you mean {near}?");
    }
    let names: Vec<&str> = ROWS.iter().map(|row| &row.id["default.".len()..]).collect();
    format!("is no built-in check; expected one of {}", names.join(", "))
}
