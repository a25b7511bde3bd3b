//! What a client tells OpenTelemetry, and where to, as its option `otel` says it. Where that says nothing, the standard's
//! defaults hold; the face has put what the environment says into the option.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use ::http::HeaderMap;
use serde_json::{Map, Value};
use url::Url;

use super::sampler::Sampler;
use crate::base_url::BaseUrl;
use crate::config::Reader;
use crate::headers::{fold, insert_secret};
use crate::http::Route;

const ENDPOINT: &str = "http://localhost:4318";
const TIMEOUT: Duration = Duration::from_secs(10);
const SPANS_EVERY: Duration = Duration::from_secs(5);
const METRICS_EVERY: Duration = Duration::from_secs(60);

/// What `service.name` says of a process that has no name.
const UNNAMED: &str = "unknown_service:node";

pub struct Settings {
    /// `None` where they are turned off.
    pub spans: Option<Signal>,
    pub metrics: Option<Signal>,
    /// What the spans and metrics come from.
    pub resource: Vec<(String, Value)>,
    pub sampler: Sampler,
    /// Whether hosts are told of the trace.
    pub propagates: bool,
    /// Whether each export of metrics counts from the one before, not from the beginning.
    pub delta: bool,
    /// The caller's own tracer makes the spans: the number that it is known under.
    pub tracer: Option<u32>,
    pub route: Arc<Route>,
}

/// Where spans or metrics go.
#[derive(Clone, PartialEq)]
pub struct Signal {
    pub url: Url,
    pub socket: Option<Arc<Path>>,
    pub headers: HeaderMap,
    pub json: bool,
    pub gzip: bool,
    pub timeout: Duration,
    pub interval: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            spans: None,
            metrics: None,
            resource: vec![("service.name".to_owned(), UNNAMED.into())],
            sampler: Sampler::default(),
            propagates: true,
            delta: false,
            tracer: None,
            route: Arc::default(),
        }
    }
}

impl PartialEq for Settings {
    fn eq(&self, other: &Self) -> bool {
        let route = |settings: &Self| {
            let Route { tls, proxy, egress } = &*settings.route;
            (tls.clone(), proxy.clone(), egress.clone())
        };
        self.spans == other.spans
            && self.metrics == other.metrics
            && self.resource == other.resource
            && self.sampler == other.sampler
            && self.propagates == other.propagates
            && self.delta == other.delta
            && self.tracer == other.tracer
            && route(self) == route(other)
    }
}

/// What the option says of both signals, or of one; what it leaves open is `None`.
#[derive(Clone, Default)]
struct Draft {
    endpoint: Option<(String, String)>,
    headers: Option<HeaderMap>,
    json: Option<bool>,
    gzip: Option<bool>,
    timeout: Option<Duration>,
    interval: Option<Duration>,
}

const KEYS: &str = "compression, delta, endpoint, headers, interval, metrics, propagate, protocol, ratio, resource, sampler, serviceName, spans, timeout, tracer";
const KEYS_OF_SIGNAL: &str = "compression, endpoint, headers, interval, protocol, timeout";

impl Settings {
    /// Reads the option; `None` where it turns everything off.
    pub fn read(value: &Value, path: &str, reader: &mut Reader) -> Option<Self> {
        let all = Map::new();
        let object = match value {
            Value::Bool(false) => return None,
            Value::Bool(true) => &all,
            other => reader.object(other, path)?,
        };
        let mut settings = Self::default();
        let (mut common, mut spans, mut metrics) =
            (Draft::default(), Some(Draft::default()), Some(Draft::default()));
        let (mut sampler, mut ratio) = (None, 1.0);
        for (key, value) in object.iter().filter(|(_, value)| !value.is_null()) {
            let place = format!("{path}.{key}");
            match fold(key).as_str() {
                "spans" => spans = Draft::of_signal(value, &place, reader),
                "metrics" => metrics = Draft::of_signal(value, &place, reader),
                "servicename" => {
                    if let Some(name) = reader.string(value, &place) {
                        settings.name("service.name", name.into());
                    }
                }
                "resource" => settings.read_resource(value, &place, reader),
                "sampler" => sampler = reader.string(value, &place).map(|name| (place, name)),
                "ratio" => ratio = part(value, &place, reader),
                "propagate" => settings.propagates = reader.boolean(value, &place).unwrap_or(true),
                "delta" => settings.delta = reader.boolean(value, &place).unwrap_or(false),
                "tracer" => {
                    let number = reader.whole(value, &place, 0..=u64::from(u32::MAX));
                    settings.tracer = number.map(|number| number as u32);
                }
                folded if common.read(folded, value, &place, reader) => {}
                _ => reader.problem(place, format!("expected one of {KEYS}")),
            }
        }
        if let Some((place, name)) = sampler {
            match Sampler::named(&name, ratio) {
                Some(sampler) => settings.sampler = sampler,
                None => reader.problem(place, format!("expected one of {}", Sampler::NAMES)),
            }
        }
        if settings.tracer.is_some() {
            of_tracer(object, path, reader);
        }
        settings.spans = spans.and_then(|own| own.signal(&common, "/v1/traces", SPANS_EVERY, path, reader));
        settings.metrics =
            metrics.and_then(|own| own.signal(&common, "/v1/metrics", METRICS_EVERY, path, reader));
        Some(settings)
    }

    fn name(&mut self, key: &str, value: Value) {
        self.resource.retain(|(other, _)| other != key);
        self.resource.push((key.to_owned(), value));
    }

    fn read_resource(&mut self, value: &Value, path: &str, reader: &mut Reader) {
        let named = self.resource.iter().any(|(key, value)| key == "service.name" && value != UNNAMED);
        for (key, value) in reader.object(value, path).into_iter().flatten() {
            match value {
                Value::String(_) | Value::Number(_) | Value::Bool(_) => {
                    // The option of its own comes first.
                    if key != "service.name" || !named {
                        self.name(key, value.clone());
                    }
                }
                _ => reader.problem(format!("{path}.{key}"), "expected a string, a number or a boolean"),
            }
        }
    }
}

/// Where the caller's own tracer makes the spans, what says how they would be exported here does nothing.
fn of_tracer(object: &Map<String, Value>, path: &str, reader: &mut Reader) {
    for (key, value) in object.iter().filter(|(_, value)| !value.is_null()) {
        let acts = match fold(key).as_str() {
            "tracer" | "propagate" => true,
            "spans" | "metrics" => value.is_boolean(),
            _ => false,
        };
        if !acts {
            let message = "does nothing beside tracer: the app's own tracer exports";
            reader.problem(format!("{path}.{key}"), message);
        }
    }
}

fn part(value: &Value, path: &str, reader: &mut Reader) -> f64 {
    let part = value.as_f64().filter(|part| (0.0..=1.0).contains(part));
    if part.is_none() {
        reader.problem(path, "expected a number from 0 to 1");
    }
    part.unwrap_or(1.0)
}

impl Draft {
    /// What is said of one signal; `None` where it is turned off.
    fn of_signal(value: &Value, path: &str, reader: &mut Reader) -> Option<Self> {
        let mut draft = Self::default();
        match value {
            Value::Bool(false) => return None,
            Value::Bool(true) => {}
            other => {
                let given = reader.object(other, path).into_iter().flatten();
                for (key, value) in given.filter(|(_, value)| !value.is_null()) {
                    let place = format!("{path}.{key}");
                    if !draft.read(&fold(key), value, &place, reader) {
                        reader.problem(place, format!("expected one of {KEYS_OF_SIGNAL}"));
                    }
                }
            }
        }
        Some(draft)
    }

    fn read(&mut self, folded: &str, value: &Value, path: &str, reader: &mut Reader) -> bool {
        match folded {
            "endpoint" => self.endpoint = reader.string(value, path).map(|text| (path.to_owned(), text)),
            "headers" => self.headers = Some(headers(value, path, reader)),
            "protocol" => self.json = one_of(value, path, ["http/protobuf", "http/json"], reader),
            "compression" => self.gzip = one_of(value, path, ["none", "gzip"], reader),
            "timeout" => self.timeout = reader.milliseconds(value, path).map(Duration::from_millis),
            "interval" => self.interval = reader.milliseconds(value, path).map(Duration::from_millis),
            _ => return false,
        }
        true
    }

    /// The signal, with the rest from what is said of both. `path` is where receivers expect it below a common endpoint.
    fn signal(
        self,
        common: &Self,
        path: &str,
        interval: Duration,
        option: &str,
        reader: &mut Reader,
    ) -> Option<Signal> {
        let (place, text, below) = match (&self.endpoint, &common.endpoint) {
            (Some((place, text)), _) => (place.clone(), text.as_str(), ""),
            (None, Some((place, text))) => (place.clone(), text.as_str(), path),
            (None, None) => (format!("{option}.endpoint"), ENDPOINT, path),
        };
        let (url, socket) = match endpoint(text, below) {
            Ok(found) => found,
            Err(why) => {
                reader.problem(place, why);
                return None;
            }
        };
        let positive = |time: Option<Duration>| time.filter(|time| !time.is_zero());
        Some(Signal {
            url,
            socket,
            headers: self.headers.or_else(|| common.headers.clone()).unwrap_or_default(),
            json: self.json.or(common.json).unwrap_or(false),
            gzip: self.gzip.or(common.gzip).unwrap_or(false),
            timeout: positive(self.timeout.or(common.timeout)).unwrap_or(TIMEOUT),
            interval: positive(self.interval.or(common.interval)).unwrap_or(interval),
        })
    }
}

/// The URL of an endpoint, and the socket that is connected to in its place.
fn endpoint(text: &str, below: &str) -> Result<(Url, Option<Arc<Path>>), String> {
    let base = BaseUrl::parse(text)?;
    let whole = if base.socket().is_some() { base.join("/", None) } else { text.to_owned() };
    let mut url = Url::parse(&whole).map_err(|why| format!("gives no URL ({why})"))?;
    if !below.is_empty() {
        let path = format!("{}{below}", url.path().trim_end_matches('/'));
        url.set_path(&path);
    }
    Ok((url, base.socket().cloned()))
}

/// Headers for the receiver: they may hold its key.
fn headers(value: &Value, path: &str, reader: &mut Reader) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in reader.object(value, path).into_iter().flatten() {
        let place = format!("{path}.{name}");
        let Some(value) = reader.secret(value, &place) else { continue };
        if let Err(why) = insert_secret(&mut headers, name, &value) {
            reader.problem(place, why);
        }
    }
    headers
}

/// Whether the second of two names is said.
fn one_of(value: &Value, path: &str, names: [&str; 2], reader: &mut Reader) -> Option<bool> {
    let said = value.as_str().and_then(|text| names.iter().position(|name| *name == text));
    if said.is_none() {
        let grpc = if value == "grpc" {
            "; gRPC is not spoken here: OTLP receivers take HTTP too, mostly on port 4318"
        } else {
            ""
        };
        reader.problem(path, format!("expected '{}' or '{}'{grpc}", names[0], names[1]));
    }
    said.map(|at| at == 1)
}

#[cfg(test)]
#[path = "settings_tests.rs"]
mod tests;
