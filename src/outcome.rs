//! Out: an answer or an error as plain JSON facts, which JavaScript reads only where someone asks.

use engine::{Error, Facts, Kind, Report};
use serde_json::{Value, json};

/// The facts of an answer: `{ status, url, headers, facts, gateway }`.
pub fn meta_json<'h>(
    status: u16,
    headers: impl Iterator<Item = (&'h str, &'h [u8])>,
    report: &Report,
) -> String {
    let url = report.attempts.last().map_or("", |attempt| attempt.url.as_str());
    let mut json = String::with_capacity(1024);
    json.push_str("{\"status\":");
    json.push_str(&status.to_string());
    json.push_str(",\"url\":");
    push_string(&mut json, url);
    json.push_str(",\"headers\":[");
    for (at, (name, value)) in headers.enumerate() {
        json.push_str(if at == 0 { "[" } else { ",[" });
        push_string(&mut json, name);
        json.push(',');
        push_string(&mut json, &String::from_utf8_lossy(value));
        json.push(']');
    }
    json.push_str("],\"facts\":{");
    for (at, (name, value)) in report.facts().iter().enumerate() {
        if at > 0 {
            json.push(',');
        }
        push_string(&mut json, name);
        json.push(':');
        push_string(&mut json, value);
    }
    json.push_str("},\"gateway\":");
    json.push_str(&report.to_json());
    json.push('}');
    json
}

fn push_string(json: &mut String, text: &str) {
    json.push_str(&serde_json::to_string(text).expect("a string always has a JSON form"));
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
        "facts": report.map(|report| report.facts().into_iter().map(|(name, value)| (name, Value::from(value))).collect::<std::collections::BTreeMap<_, _>>()),
        "gateway": report.map(|report| parsed(report.to_json())),
    })
    .to_string()
}

fn kind_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Config => "config",
        Kind::Connect => "connect",
        Kind::Broken => "broken",
        Kind::Timeout => "timeout",
        Kind::Refused => "refused",
        Kind::Garbled => "garbled",
        Kind::Truncated => "truncated",
        Kind::Internal => "internal",
    }
}
