//! In: what JavaScript hands over for one call, as the engine's `Call`.

use std::time::Duration;

use bytes::Bytes;
use engine::{Call, CallOptions, ENDPOINTS, Endpoint, Given, Secret, Span};
use serde_json::{Map, Value};

use crate::client::object;

/// `extras` is the JSON of `{ arguments, params, headers: [[name, value]], query, timeout, maxRetries }`, all optional.
pub fn call(endpoint: u32, body: Option<String>, stream: bool, extras: Option<&str>) -> Option<Call> {
    Some(call_of(ENDPOINTS.get(endpoint as usize)?, body, stream, extras))
}

pub fn call_of(
    endpoint: &'static Endpoint,
    body: Option<String>,
    stream: bool,
    extras: Option<&str>,
) -> Call {
    let mut call = Call {
        endpoint,
        arguments: Vec::new(),
        body: body.map(Bytes::from).unwrap_or_default(),
        form: None,
        stream,
        params: None,
        options: CallOptions::default(),
    };
    if let Some(extras) = extras {
        add(&mut call, object(extras));
    }
    call
}

fn add(call: &mut Call, mut extras: Map<String, Value>) {
    if let Some(Value::Array(arguments)) = extras.remove("arguments") {
        call.arguments = arguments.into_iter().map(text).collect();
    }
    if let Some(Value::Object(params)) = extras.remove("params") {
        call.params = Some(params);
    }
    if let Some(Value::Array(headers)) = extras.remove("headers") {
        let pair =
            |header: &Value| Some((header[0].as_str()?.to_owned(), header[1].as_str().map(Secret::new)));
        call.options.headers = headers.iter().filter_map(pair).collect();
    }
    call.options.query = extras.remove("query").map(text);
    call.options.timeout =
        extras.get("timeout").and_then(Value::as_f64).filter(|ms| *ms >= 0.0).map(milliseconds);
    call.options.given = extras.get("trace").and_then(given);
    call.options.max_retries = extras.get("maxRetries").and_then(Value::as_u64).map(|retries| retries as u32);
}

/// `{ own, parent, state }`: a `traceparent` and `tracestate` of the caller's own tracer, and whether that span is the call's.
fn given(trace: &Value) -> Option<Given> {
    let state = trace["state"].as_str().filter(|state| !state.is_empty()).map(str::to_owned);
    let span = Span::read(trace["parent"].as_str()?)?.with_state(state);
    Some(if trace["own"] == true { Given::Own(span) } else { Given::Active(span) })
}

pub fn milliseconds(ms: f64) -> Duration {
    Duration::from_secs_f64(ms.min(f64::from(u32::MAX)) / 1e3)
}

fn text(value: Value) -> String {
    match value {
        Value::String(text) => text,
        other => other.to_string(),
    }
}
