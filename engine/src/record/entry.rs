//! One record: a call, with its attempts, as plain data. Its JSON is what `onRecord` gets and what a log file holds.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::value::RawValue;

use super::Usage;
use crate::observe::Attempt;
use crate::telemetry::Traced;

/// How a call ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Outcome {
    #[default]
    Ok,
    Error,
    /// The caller lost interest: an abort, a stream that was left, a process that ends.
    Aborted,
}

impl Outcome {
    pub fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Error => "error",
            Self::Aborted => "aborted",
        }
    }
}

#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    /// 32 hexadecimal digits, unlike any other's.
    pub id: String,
    pub trace_id: String,
    /// 16 hexadecimal digits, or what the caller gave.
    pub span_id: String,
    pub parent_span_id: Option<String>,
    pub span_name: Option<String>,
    /// When the call began: milliseconds since 1970.
    pub began: f64,
    /// The method: `chat.completions.create`.
    pub endpoint: &'static str,
    pub stream: bool,
    pub outcome: Outcome,
    /// HTTP status of the answer, or of the error.
    pub status: Option<u16>,
    /// What went wrong, as the error's `code`; `null` where nothing did or nobody said.
    pub code: Option<String>,
    pub provider: &'static str,
    /// The target that answered, or was tried last: its name, and where the config has it.
    pub target: String,
    pub path: String,
    /// The model that was asked for, and the one that the host says has answered.
    pub model: Option<String>,
    pub answered_by: Option<String>,
    /// The host's own names for the request and for the answer.
    pub request_id: Option<String>,
    pub answer_id: Option<String>,
    pub ms: Ms,
    /// Output tokens for each second of generating.
    pub tokens_per_second: Option<f64>,
    pub usage: Option<Usage>,
    /// US dollars; `null` where the model has no known price.
    pub cost: Option<f64>,
    pub cache: Option<&'static str>,
    pub attempts: Vec<Attempt>,
    pub changes: Vec<String>,
    /// Ids of the hooks that failed.
    pub failed_hooks: Vec<String>,
    pub metadata: BTreeMap<String, String>,
    /// What was asked and answered, where that is captured.
    pub content: Option<Content>,
    /// What spans are made of beside, where the client makes some.
    #[serde(skip)]
    pub traced: Option<Traced>,
}

/// So long is a record without contents, as a rule.
const LENGTH: usize = 1 << 10;

impl Entry {
    pub fn json(&self) -> String {
        let mut json = Vec::with_capacity(LENGTH);
        serde_json::to_writer(&mut json, self).expect("an entry always has a JSON form");
        String::from_utf8(json).expect("JSON is UTF-8")
    }
}

/// Milliseconds since the call began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Ms {
    /// Of a stream: until its first content.
    pub first_token: Option<f64>,
    pub total: f64,
}

/// What was asked and answered, as JSON.
#[derive(Serialize)]
pub struct Content {
    pub request: Option<Cow<'static, RawValue>>,
    /// Of a stream: `{"text", "toolCalls", "usage"}`, as far as it came.
    pub answer: Option<Cow<'static, RawValue>>,
}
