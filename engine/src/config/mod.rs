//! The options and the config object as they were written, read and checked in one pass that tells every problem at
//! once, each with its path. What they mean for a call is `plan.rs`'s to say.
//! A key that is accepted acts; any other key is a problem here. No message shows a value that may be a secret.

mod forwarding;
mod gateway;
mod leaf;
mod names;
mod node;
mod params;
mod plan;
mod reach;
mod read;
mod strategy;
mod target;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value};

pub use gateway::{Gateway, Whole};
pub use names::{Named, OPTIONS, Spelling, nearest, option_of_header, overlay};
pub use node::Node;
pub use plan::{Plan, Trace};
pub use read::Reader;
pub use target::{Caching, Clocks, Target, Way};

use crate::cache;
use crate::call::Headers;
use crate::error::Problem;
use crate::headers::fold;
use crate::health::budget;
use crate::http::{Egress, Route, Through, Tls};
use crate::limit;
use crate::provider;
use crate::provider::dialect::Settings;
use crate::record::{self, Pricing};
use crate::secret::Secret;
use crate::telemetry::{self, Span};
use names::unknown_option;

/// The constructor's options, with those of one call laid over them.
pub struct Options {
    /// A gateway that gets each call whole: it is told the options, and does what they say.
    pub whole: Option<Whole>,
    /// What gateways are told, by option, as written.
    pub told: Vec<(String, Value)>,
    pub api_key: Option<Secret>,
    pub virtual_key: Option<String>,
    pub provider: Option<String>,
    pub custom_host: Option<String>,
    pub authorization: Option<Secret>,
    pub forward_headers: Option<Vec<String>>,
    /// Headers of every call, under those that a call brings.
    pub default_headers: Headers,
    pub config: Option<Node>,
    pub metadata: BTreeMap<String, String>,
    pub trace_id: Option<String>,
    pub span_id: Option<String>,
    pub span_name: Option<String>,
    pub parent_span_id: Option<String>,
    /// The span that the call is part of (`traceparent`, `tracestate`).
    pub parent: Option<Span>,
    pub trace_state: Option<String>,
    pub request_timeout: Option<u64>,
    pub timeout: Option<u64>,
    pub max_retries: Option<u32>,
    pub timeouts: Timeouts,
    pub idempotent: Option<bool>,
    pub max_concurrent: Option<usize>,
    pub max_queue: Option<usize>,
    pub tls: Option<Arc<Tls>>,
    pub proxy: Option<Through>,
    pub egress: Option<Arc<Egress>>,
    pub max_answer_bytes: Option<u64>,
    /// `None`: without limit.
    pub retry_budget: Option<budget::Settings>,
    pub cache_store: cache::Settings,
    pub records: record::Settings,
    pub pricing: Option<Pricing>,
    pub limits: Vec<limit::Rule>,
    pub cache_force_refresh: bool,
    pub cache_namespace: Option<String>,
    /// `false`: nothing of the call's content is kept.
    pub debug: Option<bool>,
    pub strict: Option<bool>,
    /// What would take something away from the caller's parameters is an error.
    pub strict_params: Option<bool>,
    pub audio_duration: Option<bool>,
    pub repairs: Option<bool>,
    /// Whether streams are asked for their usage; `None`: where it is needed.
    pub stream_usage: Option<bool>,
    /// Options of providers, by config key.
    pub settings: Settings,
    pub openai_organization: Option<String>,
    pub openai_project: Option<String>,
    /// `@provider/model`, where the call's body names its model so: for targets that leave the provider to the call.
    pub named_by_model: Option<(String, String)>,
    /// Values of headers, by the name they were written under.
    pub values: Vec<(String, Secret)>,
}

/// The clocks, in milliseconds; 0 turns one off.
#[derive(Clone, Copy, Default)]
pub struct Timeouts {
    pub connect: Option<u64>,
    pub headers: Option<u64>,
    pub first_token: Option<u64>,
    pub idle: Option<u64>,
    pub queue: Option<u64>,
    pub total: Option<u64>,
}

impl Timeouts {
    /// Clock by clock, what `other` says where this says nothing.
    fn or(self, other: &Self) -> Self {
        Self {
            connect: self.connect.or(other.connect),
            headers: self.headers.or(other.headers),
            first_token: self.first_token.or(other.first_token),
            idle: self.idle.or(other.idle),
            queue: self.queue.or(other.queue),
            total: self.total.or(other.total),
        }
    }

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
                "queue" => &mut timeouts.queue,
                "total" => &mut timeouts.total,
                _ => {
                    reader.problem(place, "expected one of connect, headers, firstToken, idle, queue, total");
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
        if let Some(whole) = Whole::asked_by(map, &mut reader) {
            let mut options = Self { whole: Some(whole), ..Self::empty() };
            options.read_for_gateway(map, &mut reader);
            options.settle(&mut reader);
            return reader.done(options);
        }
        let mut options = Self::empty();
        let mut unknown = Vec::new();
        for (name, value) in map.iter().filter(|(_, value)| !value.is_null()) {
            if !options.read_one(name, value, &mut reader) {
                unknown.push((name, value));
            }
        }
        options.told = gateway::told_by_hosted_target(map);
        options.read_values(&unknown, &mut reader);
        options.settle(&mut reader);
        reader.done(options)
    }

    /// What two options say together.
    fn settle(&mut self, reader: &mut Reader) {
        let state = self.trace_state.clone();
        self.parent = self.parent.take().map(|span| span.with_state(state));
        let route = Route {
            tls: self.tls.clone().unwrap_or_else(Tls::usual),
            proxy: self.proxy.clone().unwrap_or_default(),
            egress: self.egress.clone(),
        };
        self.records.reach(route, reader);
    }

    fn empty() -> Self {
        Self {
            whole: None,
            told: Vec::new(),
            api_key: None,
            virtual_key: None,
            provider: None,
            custom_host: None,
            authorization: None,
            forward_headers: None,
            default_headers: Vec::new(),
            config: None,
            metadata: BTreeMap::new(),
            trace_id: None,
            span_id: None,
            span_name: None,
            parent_span_id: None,
            parent: None,
            trace_state: None,
            request_timeout: None,
            timeout: None,
            max_retries: None,
            timeouts: Timeouts::default(),
            idempotent: None,
            max_concurrent: None,
            max_queue: None,
            tls: None,
            proxy: None,
            egress: None,
            max_answer_bytes: None,
            retry_budget: Some(budget::Settings::default()),
            cache_store: cache::Settings::default(),
            records: record::Settings::default(),
            pricing: None,
            limits: Vec::new(),
            cache_force_refresh: false,
            cache_namespace: None,
            debug: None,
            strict: None,
            strict_params: None,
            audio_duration: None,
            repairs: None,
            stream_usage: None,
            settings: Settings::default(),
            openai_organization: None,
            openai_project: None,
            named_by_model: None,
            values: Vec::new(),
        }
    }

    /// Reads one option; false when its name isn't one of ours.
    fn read_one(&mut self, name: &str, value: &Value, reader: &mut Reader) -> bool {
        match name {
            "apiKey" => self.api_key = reader.secret(value, name),
            "virtualKey" => self.virtual_key = reader.string(value, name),
            "provider" => self.provider = reader.string(value, name),
            "customHost" => self.custom_host = reader.string(value, name),
            "Authorization" => self.authorization = reader.secret(value, name),
            "forwardHeaders" => self.forward_headers = reader.strings(value, name),
            "defaultHeaders" => self.default_headers = reader.headers(value, name),
            "config" => self.config = Node::read_text_or_object(value, reader),
            "metadata" => self.metadata = reader.metadata(value, name),
            "traceID" => self.trace_id = reader.string(value, name),
            "spanId" => self.span_id = reader.string(value, name),
            "spanName" => self.span_name = reader.string(value, name),
            "parentSpanId" => self.parent_span_id = reader.string(value, name),
            "traceparent" => self.parent = read_parent(value, name, reader),
            "tracestate" => self.trace_state = reader.string(value, name),
            "requestTimeout" => self.request_timeout = reader.milliseconds(value, name),
            "timeout" => self.timeout = reader.milliseconds(value, name),
            "maxRetries" => self.max_retries = reader.whole(value, name, 0..=100).map(|n| n as u32),
            "timeouts" => self.timeouts = Timeouts::read(value, name, reader),
            "idempotent" => self.idempotent = reader.boolean(value, name),
            "maxConcurrent" => self.max_concurrent = reader.count(value, name, 1),
            "maxQueue" => self.max_queue = reader.count(value, name, 0),
            "tls" => self.tls = reach::tls(value, name, reader),
            "proxy" => self.proxy = reach::proxy(value, name, reader),
            "egress" => self.egress = reach::egress(value, name, reader),
            "maxAnswerBytes" => self.max_answer_bytes = reach::answer_bytes(value, name, reader),
            "cacheStore" => self.cache_store = cache::Settings::read(value, name, reader),
            "onRecord" => {
                let number = reader.whole(value, name, 0..=u64::from(u32::MAX));
                self.records.listener = number.map(|number| number as u32);
            }
            "logs" => self.records.read_logs(value, name, reader),
            "otel" => self.records.telemetry = telemetry::Settings::read(value, name, reader).map(Arc::new),
            "captureContent" => self.records.read_captures(value, name, reader),
            "pricing" => self.pricing = Pricing::read(value, name, reader),
            "limits" => self.limits = limit::Rule::read_all(value, name, reader),
            "cacheForceRefresh" => self.cache_force_refresh = reader.boolean(value, name).unwrap_or(false),
            "cacheNamespace" => self.cache_namespace = reader.string(value, name),
            "calculateAudioDuration" => self.audio_duration = reader.boolean(value, name),
            "strictParams" => self.strict_params = reader.boolean(value, name),
            "streamUsage" => self.stream_usage = reader.boolean(value, name),
            "repairs" => self.repairs = reader.boolean(value, name),
            "strictOpenAiCompliance" => self.strict = reader.boolean(value, name),
            "debug" => self.debug = reader.boolean(value, name),
            "retryBudget" => self.retry_budget = budget::Settings::read(value, name, reader),
            "openaiOrganization" => self.openai_organization = reader.string(value, name),
            "openaiProject" => self.openai_project = reader.string(value, name),
            _ => return names::read_idle(name, value, reader),
        }
        true
    }

    /// The remaining keys are values of headers when a list names them, a provider's own options, or values of headers
    /// because they look like header names.
    fn read_values(&mut self, unknown: &[(&String, &Value)], reader: &mut Reader) {
        let own = self.forward_headers.iter().flatten();
        let configs = self.config.iter().flat_map(Node::all_forwarded);
        let listed: Vec<String> = own.chain(configs).map(|name| fold(name)).collect();
        for (name, value) in unknown {
            let listed = listed.contains(&fold(name));
            if let Some(key) = provider::setting(name).filter(|_| !listed) {
                read_setting(&mut self.settings, key, value, name, reader);
            } else if !listed && self.is_for_platform() && gateway::may_know(name) {
                self.told.push(((*name).clone(), (*value).clone()));
            } else if !listed && !names::looks_like_header(name) {
                reader.problem((*name).clone(), unknown_option(name));
            } else if let Some(text) = reader.header_value(value, name) {
                self.values.push(((*name).clone(), Secret::new(&text)));
            }
        }
    }
}

/// The span that `traceparent` names.
fn read_parent(value: &Value, path: &str, reader: &mut Reader) -> Option<Span> {
    let text = reader.string(value, path)?;
    let span = Span::read(&text);
    if span.is_none() {
        reader.problem(path, "expected a W3C traceparent, such as 00-<32 digits>-<16 digits>-01");
    }
    span
}

/// Reads a provider's own option: text, or a number or an object, which is taken as its JSON.
fn read_setting(settings: &mut Settings, key: &'static str, value: &Value, path: &str, reader: &mut Reader) {
    let text = match value {
        Value::String(_) => reader.secret(value, path),
        other => Some(Secret::new(&other.to_string())),
    };
    if let Some(text) = text {
        settings.set(key, text);
    }
}

#[cfg(test)]
mod tests;
