//! A record as spans: one for the call, by the conventions for generative AI, and below it one for each attempt, by those
//! for HTTP clients. Nothing is in them that the record has not, but for the call's parameters.

use std::time::Duration;

use bytes::Bytes;
use opentelemetry_proto::tonic::trace::v1::span::{Link, SpanKind};
use opentelemetry_proto::tonic::trace::v1::{Span, Status, status::StatusCode};
use url::Url;

use super::attributes::Attributes;
use super::context::{self, Tracing};
use super::names;
use super::question::{Question, answered};
use crate::clock::Instant;
use crate::observe::Attempt;
use crate::record::{Entry, Outcome};

/// What spans are made of beside the record.
pub struct Traced {
    pub tracing: Tracing,
    pub began: Instant,
    /// Of the request that hosts get.
    pub method: &'static str,
    pub body: Bytes,
    pub finish_reasons: Vec<String>,
}

/// What an error is called that has no code and no status.
const OTHER: &str = "_OTHER";

/// The call's span, and those of its attempts.
pub fn spans(entry: &Entry, traced: &Traced) -> Vec<Span> {
    let mut spans = Vec::with_capacity(1 + entry.attempts.len());
    spans.push(of_call(entry, traced));
    spans.extend(entry.attempts.iter().enumerate().map(|(at, one)| of_attempt(entry, traced, at, one)));
    spans
}

/// What a call failed with.
pub fn error_type(entry: &Entry) -> Option<String> {
    let failed = entry.outcome == Outcome::Error;
    failed.then(|| named_error(entry.code.as_ref(), entry.status))
}

fn named_error(code: Option<&String>, status: Option<u16>) -> String {
    code.cloned().or_else(|| status.map(|status| status.to_string())).unwrap_or_else(|| OTHER.to_owned())
}

/// Host and port of a URL as it is shown; of a socket its path.
pub fn server(attempt: Option<&Attempt>) -> Option<(String, Option<i64>)> {
    let shown = &attempt?.url;
    if let Some(rest) = shown.strip_prefix("unix:") {
        return Some((rest.split_once(":/").map_or(rest, |(socket, _)| socket).to_owned(), None));
    }
    let url = Url::parse(shown).ok()?;
    Some((url.host_str()?.to_owned(), url.port_or_known_default().map(i64::from)))
}

/// The attributes that spans and metrics share.
pub fn common(entry: &Entry) -> Attributes {
    let mut attributes = Attributes::default();
    attributes.text(names::OPERATION, names::operation(entry.endpoint));
    if !entry.provider.is_empty() {
        attributes.text(names::PROVIDER, names::provider(entry.provider));
    }
    attributes.maybe_text(names::REQUEST_MODEL, entry.model.as_ref());
    attributes.maybe_text(names::RESPONSE_MODEL, entry.answered_by.as_ref());
    if let Some((address, port)) = server(entry.attempts.last()) {
        attributes.text(names::SERVER_ADDRESS, address);
        attributes.whole(names::SERVER_PORT, port);
    }
    attributes.maybe_text(names::ERROR_TYPE, error_type(entry).as_ref());
    attributes
}

fn of_call(entry: &Entry, traced: &Traced) -> Span {
    let mut attributes = common(entry);
    if entry.stream {
        attributes.flag(names::STREAM, true);
    }
    let question = Question::read(&traced.body);
    question.parameters(&mut attributes);
    attributes.maybe_text(names::RESPONSE_ID, entry.answer_id.as_ref());
    attributes.texts(names::FINISH_REASONS, traced.finish_reasons.iter().cloned());
    if entry.stream {
        attributes.number(names::FIRST_CHUNK, entry.ms.first_token.map(|ms| ms / 1e3));
    }
    if let Some(usage) = entry.usage.filter(|usage| !usage.estimated) {
        attributes.whole(names::INPUT_TOKENS, Some(usage.input as i64));
        attributes.whole(names::OUTPUT_TOKENS, Some(usage.output as i64));
        for (name, tokens) in [
            (names::CACHED_TOKENS, usage.cached),
            (names::WRITTEN_TOKENS, usage.written),
            (names::REASONING_TOKENS, usage.reasoning),
        ] {
            attributes.whole(name, Some(tokens as i64).filter(|tokens| *tokens > 0));
        }
    }
    attributes.whole(names::STATUS, entry.status.map(i64::from));
    if let Some(content) = &entry.content {
        let request = content.request.as_deref().map_or("", |request| request.get());
        Question::read(request.as_bytes()).contents(&mut attributes);
        let answer = content.answer.as_deref().and_then(|answer| answered(answer, &traced.finish_reasons));
        attributes.maybe_text(names::OUTPUT_MESSAGES, answer.as_ref());
    }
    ours(entry, traced, &mut attributes);
    let operation = names::operation(entry.endpoint);
    let name = match (&entry.span_name, &entry.model) {
        (Some(name), _) => name.clone(),
        (None, Some(model)) => format!("{operation} {model}"),
        (None, None) => operation.to_owned(),
    };
    let link = traced.tracing.link.as_ref().map(|span| Link {
        trace_id: span.trace_id.to_vec(),
        span_id: span.span_id.to_vec(),
        trace_state: span.state.clone().unwrap_or_default(),
        flags: u32::from(span.flags),
        ..Link::default()
    });
    Span {
        trace_id: traced.tracing.trace_id.to_vec(),
        span_id: traced.tracing.span_id.to_vec(),
        trace_state: traced.tracing.state.clone().unwrap_or_default(),
        parent_span_id: traced.tracing.parent.map(|id| id.to_vec()).unwrap_or_default(),
        flags: u32::from(traced.tracing.sampled),
        name,
        kind: SpanKind::Client.into(),
        start_time_unix_nano: nanoseconds(entry.began),
        end_time_unix_nano: nanoseconds(entry.began + entry.ms.total),
        attributes: attributes.0,
        links: link.into_iter().collect(),
        status: status(error_type(entry)),
        ..Span::default()
    }
}

/// What the conventions have no names for.
fn ours(entry: &Entry, traced: &Traced, attributes: &mut Attributes) {
    attributes.text("portkey.record.id", entry.id.as_str());
    attributes.text("portkey.endpoint", entry.endpoint);
    attributes.text("portkey.provider", entry.provider);
    attributes.text("portkey.outcome", entry.outcome.name());
    attributes.text("portkey.target", entry.target.as_str());
    attributes.text("portkey.config.path", entry.path.as_str());
    attributes.whole("portkey.attempts", Some(entry.attempts.len() as i64));
    attributes.maybe_text("portkey.cache.status", entry.cache);
    attributes.number("portkey.cost.usd", entry.cost);
    attributes.maybe_text("portkey.request_id", entry.request_id.as_ref());
    attributes.texts("portkey.checks.failed", entry.failed_hooks.iter().cloned());
    attributes.texts("portkey.changes", entry.changes.iter().cloned());
    if entry.usage.is_some_and(|usage| usage.estimated) {
        attributes.flag("portkey.usage.estimated", true);
    }
    // What the caller called them, where that is no name that a span can have.
    if entry.trace_id != context::written(&traced.tracing.trace_id) {
        attributes.text("portkey.trace_id", entry.trace_id.as_str());
    }
    if entry.span_id != context::written(&traced.tracing.span_id) {
        attributes.text("portkey.span_id", entry.span_id.as_str());
    }
    let parent = traced.tracing.parent.map(|id| context::written(&id));
    attributes.maybe_text(
        "portkey.parent_span_id",
        entry.parent_span_id.as_ref().filter(|id| Some(*id) != parent.as_ref()),
    );
    for (key, value) in &entry.metadata {
        attributes.text(format!("portkey.metadata.{key}"), value.as_str());
    }
}

fn of_attempt(entry: &Entry, traced: &Traced, at: usize, attempt: &Attempt) -> Span {
    let mut attributes = Attributes::default();
    attributes.text(names::METHOD, traced.method);
    attributes.text(names::URL, &*attempt.url);
    if let Some((address, port)) = server(Some(attempt)) {
        attributes.text(names::SERVER_ADDRESS, address);
        attributes.whole(names::SERVER_PORT, port);
    }
    attributes.whole(names::STATUS, attempt.status.map(i64::from));
    attributes.whole(names::RESENDS, Some(at as i64).filter(|at| *at > 0));
    let refused = attempt.status.is_some_and(|status| status >= 400);
    let error = (refused || attempt.code.is_some())
        .then(|| named_error(attempt.code.as_ref().filter(|_| !refused), attempt.status));
    attributes.maybe_text(names::ERROR_TYPE, error.as_ref());
    attributes.text("portkey.target", &*attempt.target);
    attributes.text("portkey.provider", attempt.provider);
    attributes.maybe_text("portkey.retry.reason", attempt.retry_reason.as_ref());
    attributes.maybe_text("portkey.limit", attempt.limit.as_ref());
    for (key, ms) in [
        ("portkey.limit.seconds", attempt.ms.limit),
        ("portkey.queue.seconds", attempt.ms.queue),
        ("portkey.connect.seconds", attempt.ms.connect),
        ("portkey.headers.seconds", attempt.ms.headers),
        ("portkey.first_token.seconds", attempt.ms.first_token),
    ] {
        attributes.number(key, ms.map(|ms| ms / 1e3));
    }
    let since = attempt.began.map_or(Duration::ZERO, |began| began.saturating_duration_since(traced.began));
    let began = entry.began + since.as_secs_f64() * 1e3;
    let end = entry.began + entry.ms.total;
    // An attempt's clock begins when its limits have room for it, and anew when it has its place in the queue.
    let waited = attempt.ms.limit.unwrap_or(0.0) + attempt.ms.queue.unwrap_or(0.0);
    let took = attempt.ms.total.map(|total| waited + total);
    Span {
        trace_id: traced.tracing.trace_id.to_vec(),
        span_id: attempt.span.to_vec(),
        trace_state: traced.tracing.state.clone().unwrap_or_default(),
        parent_span_id: traced.tracing.span_id.to_vec(),
        flags: u32::from(traced.tracing.sampled),
        name: traced.method.to_owned(),
        kind: SpanKind::Client.into(),
        start_time_unix_nano: nanoseconds(began),
        end_time_unix_nano: nanoseconds(took.map_or(end, |took| began + took).min(end.max(began))),
        attributes: attributes.0,
        status: status(error),
        ..Span::default()
    }
}

fn status(error: Option<String>) -> Option<Status> {
    error.map(|message| Status { message, code: StatusCode::Error.into() })
}

/// Nanoseconds since 1970, of milliseconds with their microseconds.
fn nanoseconds(milliseconds: f64) -> u64 {
    (milliseconds * 1e3).round() as u64 * 1_000
}
