//! A record in the making: opened when a call begins, closed exactly once, at the latest when nobody waits any more.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use bytes::Bytes;
use serde_json::value::RawValue;

use super::Recorder;
use super::entry::{Content, Entry, Ms, Outcome};
use super::tokens::{ID, MODEL, Usage, reasons_in, text_in, usage_in};
use crate::answer;
use crate::call::Call;
use crate::clock::{Clock, Instant, SystemClock, hex, new_number, ordered_number};
use crate::error::Error;
use crate::observe::{Report, milliseconds};
use crate::telemetry::{Traced, written};

pub struct Recording {
    recorder: Arc<Recorder>,
    began: Instant,
    /// Milliseconds since 1970.
    wall: f64,
    endpoint: &'static str,
    stream: bool,
    body: Bytes,
    /// Whether the record is to hold what was asked and answered.
    captures: bool,
    method: &'static str,
    /// Why a stream ended, choice by choice.
    pub finish_reasons: Vec<String>,
    /// Seconds from each piece of a stream's content to the next.
    pub gaps: Vec<f64>,
    /// What a stream has brought so far: `{"text", "toolCalls", "usage"}`.
    pub streamed: Option<String>,
}

/// How a call ended, and what there is to read of its answer.
pub enum End<'e> {
    Whole(u16, &'e [u8]),
    Streamed(u16),
    Failed(&'e Error),
    /// By a panic.
    Fault,
    Aborted,
}

impl Recording {
    /// `keeps_content`: whether the call's options leave it to the client to capture what was asked and answered.
    pub fn open(recorder: Arc<Recorder>, call: &Call, keeps_content: bool) -> Self {
        let wall = SystemClock.wall().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self {
            captures: recorder.captures && keeps_content,
            recorder,
            began: SystemClock.now(),
            wall: milliseconds(wall),
            endpoint: call.endpoint.call,
            stream: call.stream && call.endpoint.streams(),
            body: call.body.clone(),
            method: call.endpoint.method.as_str(),
            finish_reasons: Vec::new(),
            gaps: Vec::new(),
            streamed: None,
        }
    }

    /// Whether the times between a stream's pieces are measured.
    pub fn measures_gaps(&self) -> bool {
        self.recorder.telemetry.as_ref().is_some_and(|telemetry| telemetry.metrics.is_some())
    }

    /// Hands the entry over.
    pub fn close<'r>(mut self, report: &'r mut Report, end: &'r End<'_>) {
        let total = milliseconds(SystemClock.now() - self.began);
        let answer = end.whole();
        let usage = self.usage(report, answer, end);
        let ms = Self::ms(report, total);
        let generating = (total - ms.first_token.unwrap_or(0.0)) / 1e3;
        let counted = usage.filter(|usage| !usage.estimated && usage.output > 0 && generating > 0.0);
        let traced = self.traced(report, answer);
        let place = report.tracing.as_ref().or(traced.as_ref().map(|traced| &traced.tracing));
        let span_id = place.map(|place| written(&place.span_id));
        let span_id = || span_id.unwrap_or_else(|| hex(new_number()).split_off(16));
        let parent = place.and_then(|place| place.parent).map(|id| written(&id));
        let told = |text: Option<&'r str>| text.map(Cow::Borrowed);
        let begun = answer.or(report.first.as_deref());
        let entry = Entry {
            id: hex(ordered_number(self.wall as u64)).into(),
            trace_id: report.trace_id.as_str().into(),
            span_id: told(report.trace.span_id.as_deref()).unwrap_or_else(|| span_id().into()),
            parent_span_id: told(report.trace.parent_span_id.as_deref()).or(parent.map(Cow::Owned)),
            span_name: told(report.trace.span_name.as_deref()),
            began: self.wall,
            endpoint: self.endpoint,
            stream: self.stream,
            outcome: end.outcome(),
            status: end.status(),
            code: told(end.code(report)),
            provider: report.provider,
            target: Cow::Borrowed(&report.target),
            path: Cow::Borrowed(&report.path),
            model: text_in(&self.body, &MODEL).map(Cow::Borrowed),
            answered_by: begun.and_then(|text| text_in(text, &MODEL)).map(Cow::Borrowed),
            request_id: told(report.request_id.as_deref()),
            answer_id: begun.and_then(|text| text_in(text, &ID)).map(Cow::Borrowed),
            ms,
            tokens_per_second: counted.map(|usage| usage.output as f64 / generating),
            usage,
            // A record may say what an estimate comes to, since it says that it is one.
            cost: report.cost.or_else(|| report.estimated_cost(end, usage.as_ref(), total / 1e3)),
            cache: report.cache.map(crate::cache::Status::text),
            attempts: Cow::Borrowed(&report.attempts),
            changes: report
                .notes
                .iter()
                .chain(&report.changes)
                .map(|change| change.as_str().into())
                .collect(),
            failed_hooks: report.hooks.failed(),
            metadata: Cow::Borrowed(&report.trace.metadata),
            content: self.captures.then(|| self.content(answer)),
            traced,
        };
        self.recorder.take(&entry);
    }

    /// What spans are made of beside the record, where the client makes some.
    fn traced(&mut self, report: &mut Report, answer: Option<&[u8]>) -> Option<Traced> {
        self.recorder.telemetry.as_ref()?;
        let finish_reasons = match answer {
            Some(answer) => reasons_in(answer),
            None => std::mem::take(&mut self.finish_reasons),
        };
        let (tracing, body) = (report.tracing.take()?, self.body.clone());
        let gaps = std::mem::take(&mut self.gaps);
        Some(Traced { tracing, began: self.began, method: self.method, body, finish_reasons, gaps })
    }

    /// What the host told, else an estimate of what it did for the call.
    fn usage(&self, report: &Report, answer: Option<&[u8]>, end: &End<'_>) -> Option<Usage> {
        let told = match answer {
            Some(_) => end.usage(),
            None => report.usage.as_deref().and_then(Usage::read),
        };
        let answered = matches!(end, End::Whole(..) | End::Streamed(_)) || self.streamed.is_some();
        told.or_else(|| {
            let length = answer.map(<[u8]>::len).or(self.streamed.as_ref().map(String::len));
            answered.then(|| Usage::estimate(self.body.len(), length.unwrap_or(0)))
        })
    }

    fn ms(report: &Report, total: f64) -> Ms {
        let last = report.attempts.last();
        // The attempt's own clock begins with it; earlier attempts and waits come before.
        let first_token = last.and_then(|last| Some((last.ms.first_token?, last.ms.total)));
        let first_token = first_token.map(|(first, of)| total - of.unwrap_or(total) + first);
        Ms { first_token, total }
    }

    fn content<'a>(&'a self, answer: Option<&'a [u8]>) -> Content<'a> {
        let answer = answer.or(self.streamed.as_deref().map(str::as_bytes));
        Content { request: raw(&self.body), answer: answer.and_then(raw) }
    }
}

/// Text that is JSON, as it is but in one line: breaks are between its values, never in one.
fn raw(json: &[u8]) -> Option<Cow<'_, RawValue>> {
    let value = serde_json::from_slice::<&RawValue>(json).ok()?;
    if memchr::memchr2(b'\n', b'\r', json).is_none() {
        return Some(Cow::Borrowed(value));
    }
    RawValue::from_string(value.get().replace(['\n', '\r'], " ")).ok().map(Cow::Owned)
}

impl<'e> End<'e> {
    /// That of a call whose end nobody told: nobody waits for it any more, or it panicked.
    pub fn left() -> Self {
        if std::thread::panicking() { Self::Fault } else { Self::Aborted }
    }

    /// That of an answer that is there as a whole; `None` while a stream goes on.
    pub fn of(status: u16, content: &'e answer::Content) -> Option<Self> {
        match content {
            answer::Content::Whole(text) => Some(Self::Whole(status, text)),
            answer::Content::Vectors(vectors) => Some(Self::Whole(status, &vectors.json)),
            // Tokens are told in JSON alone.
            answer::Content::Text(_) => Some(Self::Streamed(status)),
            answer::Content::Events(_) | answer::Content::Bytes(_) | answer::Content::Session(_) => None,
        }
    }

    /// What the host told of tokens.
    pub fn usage(&self) -> Option<Usage> {
        match self {
            Self::Whole(_, text) => usage_in(text),
            _ => None,
        }
    }

    /// The whole answer.
    pub fn whole(&self) -> Option<&'e [u8]> {
        match self {
            Self::Whole(_, text) => Some(text),
            _ => None,
        }
    }

    fn outcome(&self) -> Outcome {
        match self {
            Self::Whole(..) | Self::Streamed(_) => Outcome::Ok,
            Self::Failed(_) | Self::Fault => Outcome::Error,
            Self::Aborted => Outcome::Aborted,
        }
    }

    fn status(&self) -> Option<u16> {
        match self {
            Self::Whole(status, _) | Self::Streamed(status) => Some(*status),
            Self::Failed(error) => error.facts().status,
            Self::Fault | Self::Aborted => None,
        }
    }

    fn code<'c>(&'c self, report: &'c Report) -> Option<&'c str> {
        let Self::Failed(error) = self else { return None };
        error.facts().code.as_deref().or_else(|| report.attempts.last()?.code.as_deref())
    }
}
