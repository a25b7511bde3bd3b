//! The names of options and config keys: aliases, the options of one call laid over the client's, and what is said of a
//! name that we can't act on.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::read::Reader;
use crate::headers::fold;
use crate::provider;
use crate::provider::dialect::{Setting, camel};

/// An option, and where it acts.
pub struct Named {
    pub name: &'static str,
    acts: Acts,
}

/// Where an option acts. What a gateway is told goes as the header `x-portkey-…` of its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Acts {
    /// In this process, wherever the call goes: clocks, retries, connections. No gateway is told.
    Here,
    /// In this process, on what a gateway does by itself: beside one that gets every call it is a problem, told in these
    /// words.
    Alone(&'static str),
    /// It tells of the call, whoever answers: every gateway is told.
    Call,
    /// It says who answers, and with what: a gateway that is the only target is told.
    Target,
    /// The same, and nothing here knows what it means.
    Gateway,
}

impl Acts {
    /// Whether gateways know it.
    pub fn is_told(self) -> bool {
        !matches!(self, Self::Here | Self::Alone(_))
    }
}

impl Named {
    /// Whether gateways are told of it.
    pub fn is_told(&self) -> bool {
        self.acts.is_told()
    }
}

const fn named(name: &'static str, acts: Acts) -> Named {
    Named { name, acts }
}

/// Every option, but for those of single providers.
pub const OPTIONS: &[Named] = &[
    named("apiKey", Acts::Call),
    named("Authorization", Acts::Target),
    named("awsBedrockModel", Acts::Gateway),
    named("awsS3Bucket", Acts::Gateway),
    named("awsS3ObjectKey", Acts::Gateway),
    named("azureEndpointName", Acts::Gateway),
    named("baseURL", Acts::Here),
    named("cacheForceRefresh", Acts::Call),
    named("cacheNamespace", Acts::Call),
    named("cacheStore", Acts::Alone("keeps answers in this process; a gateway has a cache of its own")),
    named("calculateAudioDuration", Acts::Here),
    named("captureContent", Acts::Here),
    named("config", Acts::Target),
    named("customHost", Acts::Target),
    named("dangerouslyAllowBrowser", Acts::Call),
    named("debug", Acts::Call),
    named("defaultHeaders", Acts::Here),
    named("egress", Acts::Here),
    named("fireworksAccountId", Acts::Gateway),
    named("forwardHeaders", Acts::Target),
    named("idempotent", Acts::Here),
    named("limits", Acts::Here),
    named("logs", Acts::Here),
    named("maxAnswerBytes", Acts::Here),
    named("maxConcurrent", Acts::Here),
    named("maxQueue", Acts::Here),
    named("maxRetries", Acts::Here),
    named("metadata", Acts::Call),
    named("onRecord", Acts::Here),
    named("openaiOrganization", Acts::Target),
    named("openaiProject", Acts::Target),
    named("parentSpanId", Acts::Call),
    named("pricing", Acts::Here),
    named("provider", Acts::Target),
    named("providerFileName", Acts::Gateway),
    named("providerModel", Acts::Gateway),
    named("proxy", Acts::Here),
    named(
        "repairs",
        Acts::Alone("mends what a local model's server answers in this process; a gateway does not tell"),
    ),
    named("requestTimeout", Acts::Target),
    named("retryBudget", Acts::Here),
    named("sensitiveHeaders", Acts::Call),
    named("spanId", Acts::Call),
    named("spanName", Acts::Call),
    named("streamUsage", Acts::Here),
    named("strictOpenAiCompliance", Acts::Call),
    named("strictParams", Acts::Alone("is about what is changed in this process; a gateway does not tell")),
    named("timeout", Acts::Here),
    named("timeouts", Acts::Here),
    named("tls", Acts::Here),
    named("traceID", Acts::Call),
    named("vertexStorageBucketName", Acts::Gateway),
    named("virtualKey", Acts::Gateway),
];

/// Where the option of this canonical name acts; `None` for any other name.
pub fn acts(name: &str) -> Option<Acts> {
    OPTIONS.iter().find(|option| option.name == name).map(|option| option.acts)
}

/// An option's name in a header, after `x-portkey-`: the first `ID` counts as one word, each capital begins another.
pub fn header_name(option: &str) -> String {
    let mut name = String::with_capacity(option.len() + 4);
    for letter in option.replacen("ID", "Id", 1).chars() {
        if letter.is_ascii_uppercase() {
            name.push('-');
        }
        name.push(letter.to_ascii_lowercase());
    }
    name
}

/// Keys of Portkey's config schema that this version can't act on.
const LATER_CONFIG_KEYS: &[&str] = &["prompt_id"];

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
    "limits",
    "max_answer_bytes",
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
    "proxy",
    "repairs",
    "request_timeout",
    "retry",
    "strategy",
    "stream_usage",
    "strict_open_ai_compliance",
    "strict_params",
    "targets",
    "timeouts",
    "tls",
    "virtual_key",
    "weight",
];

/// Reads an option that has nothing to act on in this process: masks for logs that never hold values, switches of
/// other environments, what only a gateway knows. False when the name is none of these.
pub fn read_idle(name: &str, value: &Value, reader: &mut Reader) -> bool {
    match name {
        "sensitiveHeaders" => drop(reader.strings(value, name)),
        "dangerouslyAllowBrowser" => {
            let _ = reader.boolean(value, name);
        }
        // Read before all others.
        "baseURL" => {}
        _ if acts(name) == Some(Acts::Gateway) => drop(reader.string(value, name)),
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
/// `timeouts` are replaced clock by clock. Of strict compliance even `null` is kept: it says that a gateway is not told.
pub fn overlay(base: &Map<String, Value>, upper: &Map<String, Value>) -> Map<String, Value> {
    let mut merged = base.clone();
    for (written, value) in upper {
        // Of the two spellings, the one that the official SDK lets win.
        let is_other = |name: &str, winner: &str| written == name && upper.contains_key(winner);
        if is_other("traceID", "traceId") || is_other("baseUrl", "baseURL") {
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
        if !value.is_null() || name == "strictOpenAiCompliance" {
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
    let own = OPTIONS.iter().find(|option| fold(option.name) == folded && option.acts != Acts::Here);
    let own = own.map(|option| option.name.to_owned());
    let known = own.or_else(|| provider::setting(&folded).map(camel));
    let Some(text) = text else { return Some((known.unwrap_or_else(|| header.to_owned()), Value::Null)) };
    let Some(known) = known else { return Some((header.to_owned(), Value::from(text))) };
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
    match nearest_option(name) {
        Some(near) => format!("is no option; did you mean {near}?"),
        None => "is no option; to send it as a header, list it in forwardHeaders".to_owned(),
    }
}

/// The option that an unknown name is likely meant for.
pub fn nearest_option(name: &str) -> Option<String> {
    let settings: Vec<String> = provider::all_settings().map(Setting::option).collect();
    let all = OPTIONS.iter().map(|option| option.name).chain(settings.iter().map(String::as_str));
    nearest(name, all).map(str::to_owned)
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
