//! A record as spans: one for the call, by the conventions for generative AI, and below it one for each attempt, by those
//! for HTTP clients. Nothing is in them that the record has not, but for the call's parameters. They are written as protobuf,
//! by the numbers that OTLP's `Span` gives its fields.

use std::borrow::Cow;
use std::time::Duration;

use bytes::Bytes;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use url::Url;

use super::attributes::{Attributes, Encoded, fixed_32, fixed_64, held, held_some, whole};
use super::context::{self, Tracing};
use super::names;
use super::question::{Question, answered};
use crate::clock::Instant;
use crate::observe::Attempt;
use crate::record::{Entry, Outcome};

/// What spans are made of beside the record.
#[derive(Clone)]
pub struct Traced {
    pub tracing: Tracing,
    pub began: Instant,
    /// Of the request that hosts get.
    pub method: &'static str,
    pub body: Bytes,
    pub finish_reasons: Vec<String>,
    /// Seconds from each piece of a stream's content to the next.
    pub gaps: Vec<f64>,
}

/// What an error is called that has no code and no status.
const OTHER: &str = "_OTHER";

/// One span, with its attributes as the message has them.
struct Written<'s> {
    traced: &'s Traced,
    span_id: &'s [u8],
    parent: &'s [u8],
    name: &'s str,
    began: f64,
    end: f64,
    attributes: &'s Attributes,
    link: Option<&'s context::Span>,
    error: Option<&'s str>,
}

/// Gives `take` each span of a call, the call's own first. `common` has the attributes that metrics share.
pub fn spans(entry: &Entry<'_>, traced: &Traced, common: &Attributes, mut take: impl FnMut(Encoded)) {
    take(of_call(entry, traced, common));
    for (at, attempt) in entry.attempts.iter().enumerate() {
        take(of_attempt(entry, traced, at, attempt));
    }
}

impl Written<'_> {
    fn encoded(&self) -> Encoded {
        let tracing = &self.traced.tracing;
        let mut span = Vec::with_capacity(self.attributes.0.len() + 192);
        held(&mut span, 1, &tracing.trace_id);
        held(&mut span, 2, self.span_id);
        held_some(&mut span, 3, tracing.state.as_deref().unwrap_or_default().as_bytes());
        held_some(&mut span, 4, self.parent);
        held_some(&mut span, 5, self.name.as_bytes());
        whole(&mut span, 6, SpanKind::Client as u64);
        fixed_64(&mut span, 7, nanoseconds(self.began));
        fixed_64(&mut span, 8, nanoseconds(self.end));
        span.extend_from_slice(&self.attributes.0);
        if let Some(link) = self.link {
            let mut told = Vec::new();
            held(&mut told, 1, &link.trace_id);
            held(&mut told, 2, &link.span_id);
            held_some(&mut told, 3, link.state.as_deref().unwrap_or_default().as_bytes());
            flags(&mut told, 6, link.flags);
            held(&mut span, 13, &told);
        }
        if let Some(error) = self.error {
            let mut status = Vec::with_capacity(error.len() + 8);
            held_some(&mut status, 2, error.as_bytes());
            whole(&mut status, 3, StatusCode::Error as u64);
            held(&mut span, 15, &status);
        }
        flags(&mut span, 16, u8::from(tracing.sampled));
        span
    }
}

/// What is 0 is left out.
fn flags(bytes: &mut Encoded, field: u8, flags: u8) {
    if flags != 0 {
        fixed_32(bytes, field, u32::from(flags));
    }
}

/// What a call failed with.
pub fn error_type(entry: &Entry<'_>) -> Option<String> {
    let failed = entry.outcome == Outcome::Error;
    failed.then(|| named_error(entry.code.as_deref(), entry.status))
}

fn named_error(code: Option<&str>, status: Option<u16>) -> String {
    code.map(str::to_owned)
        .or_else(|| status.map(|status| status.to_string()))
        .unwrap_or_else(|| OTHER.to_owned())
}

/// Host and port of a URL as it is shown; of a socket its path.
pub fn server(attempt: Option<&Attempt>) -> Option<(Cow<'_, str>, Option<i64>)> {
    let shown = &attempt?.url;
    if let Some(rest) = shown.strip_prefix("unix:") {
        return Some((rest.split_once(":/").map_or(rest, |(socket, _)| socket).into(), None));
    }
    plain_server(shown).or_else(|| {
        let url = Url::parse(shown).ok()?;
        Some((url.host_str()?.to_owned().into(), url.port_or_known_default().map(i64::from)))
    })
}

/// The same of a URL whose host is a name or of IPv4, which are written as they are.
fn plain_server(shown: &str) -> Option<(Cow<'_, str>, Option<i64>)> {
    let (scheme, rest) = shown.split_once("://")?;
    let known = match scheme {
        "http" => 80,
        "https" => 443,
        _ => return None,
    };
    let authority = &rest[..rest.find('/')?];
    let (host, port) = match authority.split_once(':') {
        Some((host, port)) => (host, port.parse().ok()?),
        None => (authority, known),
    };
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'.' | b'-');
    (!host.is_empty() && host.bytes().all(plain)).then(|| (host.into(), Some(port)))
}

/// The attributes that spans and metrics share.
pub fn common(entry: &Entry<'_>) -> Attributes {
    let mut attributes = Attributes::beginning(&[]);
    attributes.text(names::OPERATION, names::operation(entry.endpoint));
    if !entry.provider.is_empty() {
        attributes.text(names::PROVIDER, names::provider(entry.provider));
    }
    attributes.maybe_text(names::REQUEST_MODEL, entry.model.as_ref());
    attributes.maybe_text(names::RESPONSE_MODEL, entry.answered_by.as_ref());
    if let Some((address, port)) = server(entry.attempts.last()) {
        attributes.text(names::SERVER_ADDRESS, &address);
        attributes.whole(names::SERVER_PORT, port);
    }
    attributes.maybe_text(names::ERROR_TYPE, error_type(entry).as_ref());
    attributes
}

fn of_call(entry: &Entry<'_>, traced: &Traced, common: &Attributes) -> Encoded {
    let mut attributes = Attributes::beginning(&common.0);
    if entry.stream {
        attributes.flag(names::STREAM, true);
    }
    let question = Question::read(&traced.body);
    question.parameters(&mut attributes);
    attributes.maybe_text(names::RESPONSE_ID, entry.answer_id.as_ref());
    attributes.texts(names::FINISH_REASONS, &traced.finish_reasons);
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
    let name = match (entry.span_name.as_deref(), &entry.model) {
        (Some(name), _) => Cow::Borrowed(name),
        (None, Some(model)) => format!("{operation} {model}").into(),
        (None, None) => operation.into(),
    };
    let error = error_type(entry);
    let written = Written {
        traced,
        span_id: &traced.tracing.span_id,
        parent: traced.tracing.parent.as_ref().map_or(&[], |id| id.as_slice()),
        name: &name,
        began: entry.began,
        end: entry.began + entry.ms.total,
        attributes: &attributes,
        link: traced.tracing.link.as_ref(),
        error: error.as_deref(),
    };
    written.encoded()
}

/// What the conventions have no names for.
fn ours(entry: &Entry<'_>, traced: &Traced, attributes: &mut Attributes) {
    attributes.text("portkey.record.id", &entry.id);
    attributes.text("portkey.endpoint", entry.endpoint);
    attributes.text("portkey.provider", entry.provider);
    attributes.text("portkey.outcome", entry.outcome.name());
    attributes.text("portkey.target", &entry.target);
    attributes.text("portkey.config.path", &entry.path);
    attributes.whole("portkey.attempts", Some(entry.attempts.len() as i64));
    attributes.maybe_text("portkey.cache.status", entry.cache);
    attributes.number("portkey.cost.usd", entry.cost);
    attributes.maybe_text("portkey.request_id", entry.request_id.as_ref());
    attributes.texts("portkey.checks.failed", &entry.failed_hooks);
    attributes.texts("portkey.changes", &entry.changes);
    if entry.usage.is_some_and(|usage| usage.estimated) {
        attributes.flag("portkey.usage.estimated", true);
    }
    // What the caller called them, where that is no name that a span can have.
    if entry.trace_id != context::written(&traced.tracing.trace_id) {
        attributes.text("portkey.trace_id", &entry.trace_id);
    }
    if entry.span_id != context::written(&traced.tracing.span_id) {
        attributes.text("portkey.span_id", &entry.span_id);
    }
    let parent = traced.tracing.parent.map(|id| context::written(&id));
    attributes.maybe_text(
        "portkey.parent_span_id",
        entry.parent_span_id.as_deref().filter(|id| Some(*id) != parent.as_deref()),
    );
    for (key, value) in &*entry.metadata {
        attributes.text_of("portkey.metadata.", key, value);
    }
}

fn of_attempt(entry: &Entry<'_>, traced: &Traced, at: usize, attempt: &Attempt) -> Encoded {
    let mut attributes = Attributes::beginning(&[]);
    attributes.text(names::METHOD, traced.method);
    attributes.text(names::URL, &attempt.url);
    if let Some((address, port)) = server(Some(attempt)) {
        attributes.text(names::SERVER_ADDRESS, &address);
        attributes.whole(names::SERVER_PORT, port);
    }
    attributes.whole(names::STATUS, attempt.status.map(i64::from));
    attributes.whole(names::RESENDS, Some(at as i64).filter(|at| *at > 0));
    let refused = attempt.status.is_some_and(|status| status >= 400);
    let error = (refused || attempt.code.is_some())
        .then(|| named_error(attempt.code.as_deref().filter(|_| !refused), attempt.status));
    attributes.maybe_text(names::ERROR_TYPE, error.as_ref());
    attributes.text("portkey.target", &attempt.target);
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
    let written = Written {
        traced,
        span_id: &attempt.span,
        parent: &traced.tracing.span_id,
        name: traced.method,
        began,
        end: took.map_or(end, |took| began + took).min(end.max(began)),
        attributes: &attributes,
        link: None,
        error: error.as_deref(),
    };
    written.encoded()
}

/// Nanoseconds since 1970, of milliseconds with their microseconds.
fn nanoseconds(milliseconds: f64) -> u64 {
    (milliseconds * 1e3).round() as u64 * 1_000
}
