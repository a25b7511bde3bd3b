//! The options and the config object as they were written, read and checked in one pass that tells every problem at
//! once, each with its path. What they mean for a call is `plan.rs`'s to say.
//! A key that is accepted acts; any other key is a problem here. No message shows a value that may be a secret.

mod names;
mod plan;
mod read;
mod target;

use std::collections::BTreeMap;

use serde_json::{Map, Value};

pub use names::{OPTIONS, option_of_header, overlay};
pub use plan::{Plan, Trace};
pub use target::{Clocks, Target};

use crate::error::Problem;
use crate::headers::fold;
use crate::secret::Secret;
use names::{Spelling, unknown_config_key, unknown_option};
use read::Reader;

/// The constructor's options, with those of one call laid over them.
pub struct Options {
    pub provider: Option<String>,
    pub custom_host: Option<String>,
    pub authorization: Option<Secret>,
    pub forward_headers: Option<Vec<String>>,
    pub config: Option<Leaf>,
    pub metadata: BTreeMap<String, String>,
    pub trace_id: Option<String>,
    pub span_id: Option<String>,
    pub span_name: Option<String>,
    pub parent_span_id: Option<String>,
    pub request_timeout: Option<u64>,
    pub timeout: Option<u64>,
    pub max_retries: Option<u32>,
    pub timeouts: Timeouts,
    pub idempotent: Option<bool>,
    pub openai_organization: Option<String>,
    pub openai_project: Option<String>,
    /// Values of headers, by the name they were written under.
    pub values: Vec<(String, Secret)>,
}

/// A config without targets: one provider at one host.
#[derive(Default)]
pub struct Leaf {
    pub name: Option<String>,
    pub provider: Option<String>,
    pub api_key: Option<Secret>,
    pub custom_host: Option<String>,
    pub forward_headers: Option<Vec<String>>,
    pub request_timeout: Option<u64>,
    pub retry: Option<Retry>,
    pub timeouts: Timeouts,
    pub idempotent: Option<bool>,
    pub override_params: Map<String, Value>,
    pub openai_organization: Option<String>,
    pub openai_project: Option<String>,
    pub values: Vec<(String, Secret)>,
}

/// A config's `retry`, as written.
pub struct Retry {
    pub attempts: u32,
    pub on_status_codes: Option<Vec<u16>>,
    pub use_retry_after_header: bool,
}

/// The clocks, in milliseconds; 0 turns one off.
#[derive(Clone, Copy, Default)]
pub struct Timeouts {
    pub connect: Option<u64>,
    pub headers: Option<u64>,
    pub first_token: Option<u64>,
    pub idle: Option<u64>,
    pub total: Option<u64>,
}

impl Timeouts {
    fn read(value: &Value, path: &str, reader: &mut Reader) -> Self {
        let mut timeouts = Self::default();
        let Some(object) = reader.object(value, path) else { return timeouts };
        for (key, value) in object {
            let place = format!("{path}.{key}");
            let field = match fold(key).as_str() {
                "connect" => &mut timeouts.connect,
                "headers" => &mut timeouts.headers,
                "firsttoken" => &mut timeouts.first_token,
                "idle" => &mut timeouts.idle,
                "total" => &mut timeouts.total,
                _ => {
                    reader.problem(place, "expected one of connect, headers, firstToken, idle, total");
                    continue;
                }
            };
            *field = reader.milliseconds(value, &place);
        }
        timeouts
    }
}

impl Options {
    /// Reads options that `overlay` has put under their canonical names. `null` counts as absent.
    pub fn read(map: &Map<String, Value>) -> Result<Self, Vec<Problem>> {
        let mut reader = Reader::default();
        let mut options = Self {
            provider: None,
            custom_host: None,
            authorization: None,
            forward_headers: None,
            config: None,
            metadata: BTreeMap::new(),
            trace_id: None,
            span_id: None,
            span_name: None,
            parent_span_id: None,
            request_timeout: None,
            timeout: None,
            max_retries: None,
            timeouts: Timeouts::default(),
            idempotent: None,
            openai_organization: None,
            openai_project: None,
            values: Vec::new(),
        };
        let mut unknown = Vec::new();
        for (name, value) in map.iter().filter(|(_, value)| !value.is_null()) {
            if !options.read_one(name, value, &mut reader) {
                unknown.push((name, value));
            }
        }
        options.read_values(&unknown, &mut reader);
        reader.done(options)
    }

    /// Reads one option; false when its name isn't one of ours.
    fn read_one(&mut self, name: &str, value: &Value, reader: &mut Reader) -> bool {
        match name {
            "provider" => self.provider = reader.string(value, name),
            "customHost" => self.custom_host = reader.string(value, name),
            "Authorization" => self.authorization = reader.secret(value, name),
            "forwardHeaders" => self.forward_headers = reader.strings(value, name),
            "config" => self.config = Leaf::read_text_or_object(value, reader),
            "metadata" => self.metadata = reader.metadata(value, name),
            "traceID" => self.trace_id = reader.string(value, name),
            "spanId" => self.span_id = reader.string(value, name),
            "spanName" => self.span_name = reader.string(value, name),
            "parentSpanId" => self.parent_span_id = reader.string(value, name),
            "requestTimeout" => self.request_timeout = reader.milliseconds(value, name),
            "timeout" => self.timeout = reader.milliseconds(value, name),
            "maxRetries" => self.max_retries = reader.whole(value, name, 0..=100).map(|n| n as u32),
            "timeouts" => self.timeouts = Timeouts::read(value, name, reader),
            "idempotent" => self.idempotent = reader.boolean(value, name),
            "openaiOrganization" => self.openai_organization = reader.string(value, name),
            "openaiProject" => self.openai_project = reader.string(value, name),
            _ => return names::read_idle(name, value, reader),
        }
        true
    }

    /// The remaining keys are values of headers when a list names them or when they look like header names.
    fn read_values(&mut self, unknown: &[(&String, &Value)], reader: &mut Reader) {
        let own = self.forward_headers.iter().flatten();
        let configs = self.config.iter().flat_map(|leaf| leaf.forward_headers.iter().flatten());
        let listed: Vec<String> = own.chain(configs).map(|name| fold(name)).collect();
        for (name, value) in unknown {
            if !listed.contains(&fold(name)) && !names::looks_like_header(name) {
                reader.problem((*name).clone(), unknown_option(name));
            } else if let Some(text) = reader.header_value(value, name) {
                self.values.push(((*name).clone(), Secret::new(&text)));
            }
        }
    }
}

impl Leaf {
    fn read_text_or_object(value: &Value, reader: &mut Reader) -> Option<Self> {
        let Value::String(text) = value else { return Self::read(value, reader) };
        if text.starts_with("pc-") {
            reader.problem("config", "names a saved config of the hosted platform, which this version does not reach; pass the config itself");
            return None;
        }
        match serde_json::from_str(text) {
            Ok(parsed) => Self::read(&parsed, reader),
            Err(why) => {
                let place = format!("line {} column {}", why.line(), why.column());
                reader.problem(
                    "config",
                    format!("expected an object or its JSON; the text is no JSON at {place}"),
                );
                None
            }
        }
    }

    fn read(value: &Value, reader: &mut Reader) -> Option<Self> {
        let object = reader.object(value, "config")?;
        let mut leaf = Self::default();
        let mut spelling = Spelling::default();
        let mut unknown = Vec::new();
        for (written, value) in object.iter().filter(|(_, value)| !value.is_null()) {
            let path = format!("config.{written}");
            if let Some(other) = spelling.twice(written) {
                reader.problem(path, format!("is given twice, as {other} too"));
            } else if !leaf.read_one(written, value, &path, reader) {
                unknown.push((written, value, path));
            }
        }
        leaf.read_values(unknown, reader);
        Some(leaf)
    }

    fn read_one(&mut self, written: &str, value: &Value, path: &str, reader: &mut Reader) -> bool {
        match fold(written).as_str() {
            "provider" => self.provider = reader.string(value, path),
            "apikey" => self.api_key = reader.secret(value, path),
            "customhost" => self.custom_host = reader.string(value, path),
            "forwardheaders" => self.forward_headers = reader.strings(value, path),
            "requesttimeout" => self.request_timeout = reader.milliseconds(value, path),
            "retry" => self.retry = Retry::read(value, path, reader),
            "timeouts" => self.timeouts = Timeouts::read(value, path, reader),
            "idempotent" => self.idempotent = reader.boolean(value, path),
            "overrideparams" => {
                if value.get("stream").is_some() {
                    reader.problem(
                        format!("{path}.stream"),
                        "is for the call to say, which reads what comes back",
                    );
                }
                self.override_params = reader.object(value, path).cloned().unwrap_or_default();
            }
            "openaiorganization" => self.openai_organization = reader.string(value, path),
            "openaiproject" => self.openai_project = reader.string(value, path),
            "name" => self.name = reader.string(value, path),
            "strictopenaicompliance" => {
                let _ = reader.boolean(value, path);
            }
            _ => return false,
        }
        true
    }

    fn read_values(&mut self, unknown: Vec<(&String, &Value, String)>, reader: &mut Reader) {
        let listed: Vec<String> = self.forward_headers.iter().flatten().map(|name| fold(name)).collect();
        for (written, value, path) in unknown {
            if !listed.contains(&fold(written)) {
                reader.problem(path, unknown_config_key(written));
            } else if let Some(text) = reader.header_value(value, &path) {
                self.values.push((written.clone(), Secret::new(&text)));
            }
        }
    }
}

impl Retry {
    fn read(value: &Value, path: &str, reader: &mut Reader) -> Option<Self> {
        let object = reader.object(value, path)?;
        let mut attempts = None;
        let mut retry = Self { attempts: 0, on_status_codes: None, use_retry_after_header: false };
        for (written, value) in object.iter().filter(|(_, value)| !value.is_null()) {
            let place = format!("{path}.{written}");
            match fold(written).as_str() {
                "attempts" => attempts = Some(reader.whole(value, &place, 0..=5).unwrap_or(0)),
                "onstatuscodes" => retry.on_status_codes = reader.statuses(value, &place),
                "useretryafterheader" | "useretryafterheaders" => {
                    retry.use_retry_after_header = reader.boolean(value, &place).unwrap_or(false);
                }
                _ => {
                    reader
                        .problem(place, "expected one of attempts, on_status_codes, use_retry_after_header");
                }
            }
        }
        match attempts {
            Some(attempts) => retry.attempts = attempts as u32,
            None => {
                reader.problem(format!("{path}.attempts"), "is missing; expected a whole number from 0 to 5");
            }
        }
        Some(retry)
    }
}

#[cfg(test)]
mod tests;
