//! One record: a call, with its attempts, as plain data. Its JSON is what `onRecord` gets and what a log file holds,
//! in one line; a database holds it packed.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::Usage;
use super::line::Line;
use crate::observe::Attempt;
use crate::telemetry::Traced;

/// How a call ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
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

/// What it says it borrows from the call while that ends; `to_owned` makes one that outlives it. A database has its fields in
/// their order (packed.rs): who changes them gives that form another number.
#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Entry<'e> {
    /// 32 hexadecimal digits, unlike any other's.
    pub id: Cow<'e, str>,
    pub trace_id: Cow<'e, str>,
    /// 16 hexadecimal digits, or what the caller gave.
    pub span_id: Cow<'e, str>,
    pub parent_span_id: Option<Cow<'e, str>>,
    pub span_name: Option<Cow<'e, str>>,
    /// When the call began: milliseconds since 1970.
    pub began: f64,
    /// The method: `chat.completions.create`.
    pub endpoint: &'static str,
    pub stream: bool,
    pub outcome: Outcome,
    /// HTTP status of the answer, or of the error.
    pub status: Option<u16>,
    /// What went wrong, as the error's `code`; `null` where nothing did or nobody said.
    pub code: Option<Cow<'e, str>>,
    pub provider: &'static str,
    /// The target that answered, or was tried last: its name, and where the config has it.
    pub target: Cow<'e, str>,
    pub path: Cow<'e, str>,
    /// The model that was asked for, and the one that the host says has answered.
    pub model: Option<Cow<'e, str>>,
    pub answered_by: Option<Cow<'e, str>>,
    /// The host's own names for the request and for the answer.
    pub request_id: Option<Cow<'e, str>>,
    pub answer_id: Option<Cow<'e, str>>,
    pub ms: Ms,
    /// Output tokens for each second of generating.
    pub tokens_per_second: Option<f64>,
    pub usage: Option<Usage>,
    /// US dollars; `null` where the model has no known price.
    pub cost: Option<f64>,
    pub cache: Option<&'static str>,
    pub attempts: Cow<'e, [Attempt]>,
    pub changes: Vec<Cow<'e, str>>,
    /// Ids of the hooks that failed.
    pub failed_hooks: Vec<String>,
    pub metadata: Cow<'e, BTreeMap<String, String>>,
    /// What was asked and answered, where that is captured.
    pub content: Option<Content<'e>>,
    /// What spans are made of beside, where the client makes some.
    #[serde(skip)]
    pub traced: Option<Traced>,
}

impl Entry<'_> {
    /// The same, for as long as it is wanted.
    pub fn to_owned(&self) -> Entry<'static> {
        fn text(text: &str) -> Cow<'static, str> {
            Cow::Owned(text.to_owned())
        }
        let maybe = |given: &Option<Cow<'_, str>>| given.as_deref().map(text);
        Entry {
            id: text(&self.id),
            trace_id: text(&self.trace_id),
            span_id: text(&self.span_id),
            parent_span_id: maybe(&self.parent_span_id),
            span_name: maybe(&self.span_name),
            code: maybe(&self.code),
            target: text(&self.target),
            path: text(&self.path),
            model: maybe(&self.model),
            answered_by: maybe(&self.answered_by),
            request_id: maybe(&self.request_id),
            answer_id: maybe(&self.answer_id),
            attempts: Cow::Owned(self.attempts.to_vec()),
            changes: self.changes.iter().map(|change| text(change)).collect(),
            failed_hooks: self.failed_hooks.clone(),
            metadata: Cow::Owned(self.metadata.clone().into_owned()),
            content: self.content.as_ref().map(Content::to_owned),
            traced: self.traced.clone(),
            began: self.began,
            endpoint: self.endpoint,
            stream: self.stream,
            outcome: self.outcome,
            status: self.status,
            provider: self.provider,
            ms: self.ms,
            tokens_per_second: self.tokens_per_second,
            usage: self.usage,
            cost: self.cost,
            cache: self.cache,
        }
    }
}

/// An entry on its way to the sinks. Its JSON is made once, for the first who asks.
pub struct Record<'r> {
    pub entry: &'r Entry<'r>,
    json: OnceCell<String>,
}

impl<'r> Record<'r> {
    pub fn of(entry: &'r Entry<'r>) -> Self {
        Self { entry, json: OnceCell::new() }
    }

    /// One line.
    pub fn json(&self) -> &str {
        self.json.get_or_init(|| Line::of(self.entry))
    }
}

/// Milliseconds since the call began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Ms {
    /// Of a stream: until its first content.
    pub first_token: Option<f64>,
    pub total: f64,
}

/// What was asked and answered, as JSON.
#[derive(Serialize)]
pub struct Content<'e> {
    pub request: Option<Cow<'e, RawValue>>,
    /// Of a stream: `{"text", "toolCalls", "usage"}`, as far as it came.
    pub answer: Option<Cow<'e, RawValue>>,
}

impl Content<'_> {
    fn to_owned(&self) -> Content<'static> {
        let raw = |given: &Option<Cow<'_, RawValue>>| given.clone().map(|raw| Cow::Owned(raw.into_owned()));
        Content { request: raw(&self.request), answer: raw(&self.answer) }
    }
}
