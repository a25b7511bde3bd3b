//! What hooks leave to be read: their records in the shape that Portkey documents, and the bodies that carry them.

use std::time::SystemTime;

use bytes::Bytes;
use serde::Serialize;
use serde_json::{Map, Value};

use super::check::{Check, Fault, Judged};
use super::{Feedback, Hook};
use crate::date::to_javascript;

/// What a hook said.
#[derive(Clone, Debug, Serialize)]
pub struct Record {
    pub verdict: bool,
    pub id: String,
    /// Whether a check wrote something else in place of what it saw.
    transformed: bool,
    checks: Vec<CheckRecord>,
    feedback: Option<FeedbackRecord>,
    /// In milliseconds.
    execution_time: f64,
    #[serde(rename = "async")]
    asynchronous: bool,
    #[serde(rename = "type")]
    kind: &'static str,
    created_at: String,
    /// Whether it stopped the call.
    pub deny: bool,
}

/// What a check said.
#[derive(Clone, Debug, Serialize)]
pub struct CheckRecord {
    data: Value,
    verdict: bool,
    id: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<ErrorRecord>,
    execution_time: f64,
    transformed: bool,
    created_at: String,
    log: Option<Value>,
    fail_on_error: bool,
}

#[derive(Clone, Debug, Serialize)]
struct ErrorRecord {
    name: &'static str,
    message: String,
}

#[derive(Clone, Debug, Serialize)]
struct FeedbackRecord {
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    weight: Option<Value>,
    metadata: Map<String, Value>,
}

/// When something was done, and how long it took.
pub struct Taken {
    pub milliseconds: f64,
    pub at: SystemTime,
}

impl CheckRecord {
    pub fn new(check: &Check, judged: Result<&Judged, &Fault>, taken: &Taken) -> Self {
        let error = judged.err();
        Self {
            data: judged.map_or(Value::Null, |judged| judged.data.clone()),
            verdict: judged.is_ok_and(|judged| judged.passes),
            id: check.id,
            error: error.map(|fault| ErrorRecord { name: "CheckError", message: fault.message().to_owned() }),
            execution_time: taken.milliseconds,
            transformed: judged.is_ok_and(|judged| judged.rewritten.is_some()),
            created_at: to_javascript(taken.at),
            log: None,
            fail_on_error: check.fails_on_error,
        }
    }

    /// Whether the hook may pass for all that this check says.
    fn lets_pass(&self) -> bool {
        self.verdict || (self.error.is_some() && !self.fail_on_error)
    }
}

impl Record {
    /// `must_deny`: whatever the hook says of its failing, this one stops the call.
    pub fn new(hook: &Hook, checks: Vec<CheckRecord>, must_deny: bool, taken: &Taken) -> Self {
        let verdict = checks.iter().all(CheckRecord::lets_pass);
        let feedback = if verdict { &hook.on_success } else { &hook.on_fail };
        Self {
            verdict,
            id: hook.id.to_string(),
            transformed: checks.iter().any(|check| check.transformed),
            feedback: feedback.as_deref().map(|feedback| FeedbackRecord::new(feedback, &checks)),
            checks,
            execution_time: taken.milliseconds,
            asynchronous: hook.asynchronous,
            kind: hook.kind.name(),
            created_at: to_javascript(taken.at),
            deny: !verdict && !hook.asynchronous && (hook.deny || must_deny),
        }
    }
}

impl FeedbackRecord {
    fn new(feedback: &Feedback, checks: &[CheckRecord]) -> Self {
        let named = |wanted: fn(&CheckRecord) -> bool| {
            let ids: Vec<&str> = checks.iter().filter(|check| wanted(check)).map(|check| check.id).collect();
            Value::from(ids.join(", "))
        };
        let mut metadata = feedback.metadata.clone();
        metadata.insert("successfulChecks".to_owned(), named(|check| check.verdict));
        metadata.insert("failedChecks".to_owned(), named(|check| !check.verdict && check.error.is_none()));
        metadata.insert("erroredChecks".to_owned(), named(|check| check.error.is_some()));
        Self { value: feedback.value.clone(), weight: feedback.weight.clone(), metadata }
    }
}

#[derive(Serialize)]
struct HookResults<'r> {
    before_request_hooks: &'r [Record],
    #[serde(skip_serializing_if = "Option::is_none")]
    after_request_hooks: Option<&'r [Record]>,
}

fn results(before: &[Record], after: Option<&[Record]>) -> String {
    let results = HookResults { before_request_hooks: before, after_request_hooks: after };
    serde_json::to_string(&results).expect("records always have a JSON form")
}

/// The body of status 446: what a denied call is answered.
pub fn denied_body(before: &[Record], after: &[Record]) -> Bytes {
    const ERROR: &str = "The guardrail checks defined in the config failed. You can find more information in the `hook_results` object.";
    let results = results(before, Some(after));
    Bytes::from(format!(
        r#"{{"error":{{"message":"{ERROR}","type":"hooks_failed","param":null,"code":null}},"hook_results":{results}}}"#
    ))
}

/// `answer` with `hook_results` at its end. What is no JSON object stays as it is, and so does every other byte.
pub fn with_results(answer: &Bytes, before: &[Record], after: &[Record]) -> Bytes {
    let trimmed = answer.trim_ascii();
    let Some(inside) = trimmed.strip_prefix(b"{").and_then(|rest| rest.strip_suffix(b"}")) else {
        return answer.clone();
    };
    let results = results(before, Some(after));
    let comma = if inside.trim_ascii().is_empty() { "" } else { "," };
    let mut out = Vec::with_capacity(trimmed.len() + results.len() + 20);
    out.push(b'{');
    out.extend_from_slice(inside);
    out.extend_from_slice(format!(r#"{comma}"hook_results":{results}}}"#).as_bytes());
    Bytes::from(out)
}

/// The data of a stream's first event, which tells of the hooks before it.
pub fn results_event(before: &[Record]) -> Bytes {
    Bytes::from(format!(r#"{{"hook_results":{}}}"#, results(before, None)))
}
