//! Out: an answer or an error as plain JSON facts, which JavaScript reads only where someone asks.

use engine::{Error, Facts, HeaderMap, Kind, Report, first_escaped};
use serde_json::{Value, json};

/// The facts of an answer: `{ status, url, headers, facts, gateway }`.
pub fn meta_json(status: u16, headers: &HeaderMap, report: &Report) -> Vec<u8> {
    let url = report.attempts.last().map_or("", |attempt| &*attempt.url);
    // OpenAI's own answers tell eighteen headers, and come to a little more than 1,536.
    let mut json = Vec::with_capacity(2048);
    json.extend_from_slice(b"{\"status\":");
    json.extend_from_slice(status.to_string().as_bytes());
    json.extend_from_slice(b",\"url\":");
    push_string(&mut json, url);
    json.extend_from_slice(b",\"headers\":[");
    for (at, (name, value)) in headers.iter().enumerate() {
        json.extend_from_slice(if at == 0 { b"[" } else { b",[" });
        push_string(&mut json, name.as_str());
        json.push(b',');
        push_string(&mut json, &String::from_utf8_lossy(value.as_bytes()));
        json.push(b']');
    }
    json.extend_from_slice(b"],");
    push_report(&mut json, report);
    json.push(b'}');
    json
}

/// What is known only at a stream's end: `{ facts, gateway }`.
pub fn end_json(report: &Report) -> Vec<u8> {
    let mut json = Vec::with_capacity(768);
    json.push(b'{');
    push_report(&mut json, report);
    json.push(b'}');
    json
}

fn push_report(json: &mut Vec<u8>, report: &Report) {
    json.extend_from_slice(b"\"facts\":{");
    for (at, (name, value)) in report.facts().enumerate() {
        if at > 0 {
            json.push(b',');
        }
        push_string(json, name);
        json.push(b':');
        push_string(json, &value);
    }
    json.extend_from_slice(b"},\"gateway\":");
    report.write_json(json);
}

fn push_string(json: &mut Vec<u8>, text: &str) {
    if first_escaped(text.as_bytes()).is_some() {
        return serde_json::to_writer(json, text).expect("a string always has a JSON form");
    }
    json.push(b'"');
    json.extend_from_slice(text.as_bytes());
    json.push(b'"');
}

/// An error with all that a caller may see of it.
pub fn error_json(error: Error, report: Option<&Report>) -> String {
    let Facts { kind, message, code, status, headers, body, problems, partial, .. } = error.into_facts();
    let headers: Vec<Value> = headers
        .iter()
        .map(|(name, value)| json!([name.as_str(), String::from_utf8_lossy(value.as_bytes())]))
        .collect();
    let problems: Vec<Value> =
        problems.iter().map(|problem| json!({ "path": problem.path, "message": problem.message })).collect();
    let parsed = |text: String| serde_json::from_str::<Value>(&text).unwrap_or(Value::Null);
    json!({
        "kind": kind_name(kind),
        "message": message,
        "code": code,
        "status": status,
        "headers": headers,
        "body": body.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()),
        "problems": problems,
        "partial": partial.map(parsed),
        "facts": report.map(|report| report.facts().map(|(name, value)| (name, Value::from(value))).collect::<std::collections::BTreeMap<_, _>>()),
        "gateway": report.map(gateway),
    })
    .to_string()
}

fn gateway(report: &Report) -> Value {
    let mut json = Vec::new();
    report.write_json(&mut json);
    serde_json::from_slice(&json).unwrap_or(Value::Null)
}

fn kind_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Config => "config",
        Kind::Connect => "connect",
        Kind::Broken => "broken",
        Kind::Timeout => "timeout",
        Kind::Busy => "busy",
        Kind::Limited => "limited",
        Kind::Denied => "denied",
        Kind::Refused => "refused",
        Kind::Garbled => "garbled",
        Kind::Truncated => "truncated",
        Kind::Internal => "internal",
    }
}
