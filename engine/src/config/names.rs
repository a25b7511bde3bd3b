//! The names of options and config keys: aliases, the options of one call laid over the client's, and what is said of a
//! name that we can't act on.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::read::Reader;
use crate::headers::fold;
use crate::provider;
use crate::provider::dialect::{Setting, camel};

/// Every option that acts, or that has nothing to do in this process because of what it is for.
pub const OPTIONS: &[&str] = &[
    "apiKey",
    "Authorization",
    "baseURL",
    "cacheForceRefresh",
    "cacheNamespace",
    "cacheStore",
    "calculateAudioDuration",
    "captureContent",
    "config",
    "customHost",
    "dangerouslyAllowBrowser",
    "debug",
    "forwardHeaders",
    "idempotent",
    "logs",
    "maxConcurrent",
    "maxQueue",
    "maxRetries",
    "metadata",
    "onRecord",
    "openaiOrganization",
    "openaiProject",
    "parentSpanId",
    "pricing",
    "provider",
    "requestTimeout",
    "retryBudget",
    "sensitiveHeaders",
    "spanId",
    "spanName",
    "strictOpenAiCompliance",
    "strictParams",
    "timeout",
    "timeouts",
    "traceID",
];

/// Options of the official SDK whose provider or platform this version doesn't reach.
const LATER: &[&str] = &["virtualKey", "providerFileName", "providerModel", "fireworksAccountId"];

/// Keys of Portkey's config schema that this version can't act on.
const LATER_CONFIG_KEYS: &[&str] = &["virtual_key", "prompt_id"];

const CONFIG_KEYS: &[&str] = &[
    "after_request_hooks",
    "api_key",
    "before_request_hooks",
    "cache",
    "cb_config",
    "custom_host",
    "default_params",
    "drop_params",
    "forward_headers",
    "health_check",
    "id",
    "idempotent",
    "input_guardrails",
    "input_mutators",
    "is_open",
    "max_concurrent",
    "max_queue",
    "metadata",
    "name",
    "openai_organization",
    "openai_project",
    "output_guardrails",
    "output_mutators",
    "override_params",
    "passthrough",
    "pricing",
    "provider",
    "request_timeout",
    "retry",
    "strategy",
    "strict_open_ai_compliance",
    "strict_params",
    "targets",
    "timeouts",
    "weight",
];

/// Reads an option that is accepted for the official SDK's sake and has nothing to act on in this process: the key of
/// the hosted platform, masks for logs that never hold values, switches of
/// other environments. False when the name is none of these.
pub fn read_idle(name: &str, value: &Value, reader: &mut Reader) -> bool {
    match name {
        "apiKey" => drop(reader.secret(value, name)),
        "sensitiveHeaders" => drop(reader.strings(value, name)),
        "calculateAudioDuration" | "dangerouslyAllowBrowser" => {
            let _ = reader.boolean(value, name);
        }
        "baseURL" => reader.problem(name, "sends every call to a Portkey gateway, which this version does not do; name the host itself as customHost"),
        _ => return false,
    }
    true
}

/// The canonical spelling of an option's name.
fn canonical(name: &str) -> &str {
    match name {
        "traceId" => "traceID",
        "baseUrl" => "baseURL",
        "strictOpenAICompliance" => "strictOpenAiCompliance",
        _ if name.eq_ignore_ascii_case("authorization") => "Authorization",
        _ => name,
    }
}

/// Lays `upper` over `base`: a value replaces the one of the same name in any spelling, `null` takes it away, and
/// `timeouts` are replaced clock by clock.
pub fn overlay(base: &Map<String, Value>, upper: &Map<String, Value>) -> Map<String, Value> {
    let mut merged = base.clone();
    for (written, value) in upper {
        // Of the two spellings, the one that the official SDK lets win.
        if written == "traceID" && upper.contains_key("traceId") {
            continue;
        }
        let name = canonical(written);
        if let ("timeouts", Some(Value::Object(under)), Value::Object(over)) =
            (name, merged.get("timeouts"), value)
        {
            let mut clocks = under.clone();
            clocks.extend(over.clone());
            merged.insert("timeouts".to_owned(), Value::Object(clocks));
            continue;
        }
        let folded = fold(name);
        merged.retain(|other, _| fold(other) != folded);
        if !value.is_null() {
            merged.insert(name.to_owned(), value.clone());
        }
    }
    merged
}

/// The option that an `x-portkey-…` header stands for, with its value; `None` for a header that is none.
pub fn option_of_header(header: &str, text: Option<&str>) -> Option<(String, Value)> {
    let name = header.to_ascii_lowercase();
    let name = name.strip_prefix("x-portkey-")?;
    let folded = fold(name);
    let own = OPTIONS.iter().find(|option| fold(option) == folded).map(|option| (*option).to_owned());
    let known = own.or_else(|| provider::setting(&folded).map(camel));
    let Some(known) = known else { return Some((header.to_owned(), Value::from(""))) };
    let Some(text) = text else { return Some((known, Value::Null)) };
    let value = match known.as_str() {
        "forwardHeaders" | "sensitiveHeaders" => {
            text.split(',').map(|item| Value::from(item.trim())).collect()
        }
        "requestTimeout" => text.trim().parse::<f64>().map_or_else(|_| Value::from(text), Value::from),
        _ => match text {
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            _ => Value::from(text),
        },
    };
    Some((known, value))
}

/// Whether an unknown option can only be meant as the value of a header.
pub fn looks_like_header(name: &str) -> bool {
    if name.to_ascii_lowercase().starts_with("x-portkey-") {
        return false;
    }
    let mut letters = name.chars();
    let prefixed =
        matches!(letters.next(), Some('x' | 'X')) && letters.next().is_some_and(char::is_uppercase);
    prefixed || name.contains(['-', '_'])
}

pub fn unknown_option(name: &str) -> String {
    if LATER.contains(&name) {
        return "is an option for a provider or a platform that this version does not reach".to_owned();
    }
    let settings: Vec<String> = provider::all_settings().map(Setting::option).collect();
    match nearest(name, OPTIONS.iter().copied().chain(settings.iter().map(String::as_str))) {
        Some(near) => format!("is no option; did you mean {near}?"),
        None => "is no option; to send it as a header, list it in forwardHeaders".to_owned(),
    }
}

pub fn unknown_config_key(written: &str) -> String {
    let folded = fold(written);
    if LATER_CONFIG_KEYS.iter().any(|key| fold(key) == folded) {
        return "is a key that this version cannot act on yet".to_owned();
    }
    let settings = provider::all_settings().map(|setting| setting.key);
    match nearest(written, CONFIG_KEYS.iter().copied().chain(settings)) {
        Some(near) => format!("is no key of a config; did you mean {near}?"),
        None => "is no key of a config; to send it as a header, list it in forward_headers".to_owned(),
    }
}

/// The name that is at most two letters away.
pub fn nearest<'n>(name: &str, names: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    let folded = fold(name);
    let near =
        names.map(|other| (distance(&folded, &fold(other)), other)).min_by_key(|(distance, _)| *distance)?;
    (near.0 <= 2 && near.0 * 3 <= folded.chars().count()).then_some(near.1)
}

/// Levenshtein's distance.
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (at, letter) in from.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = at + 1;
        for (column, other) in to.iter().enumerate() {
            let changed = diagonal + usize::from(letter != *other);
            diagonal = row[column + 1];
            row[column + 1] = changed.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[to.len()]
}

/// Notices a key that is written in two spellings.
#[derive(Default)]
pub struct Spelling {
    seen: HashMap<String, String>,
}

impl Spelling {
    /// The earlier spelling of a key that is there already.
    pub fn twice(&mut self, written: &str) -> Option<String> {
        self.seen.insert(fold(written), written.to_owned())
    }
}
