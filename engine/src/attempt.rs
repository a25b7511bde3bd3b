//! One target, one answer: page three of the story. The body is made ready for the target, sent as often as its policy
//! allows, and the reply read: whole, or as events up to the first semantic one.

use std::sync::Arc;
use std::time::Duration;

use ::http::{HeaderMap, HeaderValue, header};
use bytes::{Bytes, BytesMut};
use url::{Position, Url};

use crate::answer::{Content, Reached};
use crate::body::Body;
use crate::call::Call;
use crate::clock::{Instant, before};
use crate::config::Target;
use crate::embeddings::{self, Encoding};
use crate::endpoint::EMBEDDINGS;
use crate::engine::Context;
use crate::error::{Error, Result};
use crate::events::{Events, Opening};
use crate::explain::{Place, is_html};
use crate::http::{ConnectWatch, Reply, ReplyBody, Wire};
use crate::observe::{Attempt, Phase, Report, milliseconds};
use crate::retry::{LONGEST_WAIT, MOST_ATTEMPTS};

/// Sends `call` to `target` until it is answered or its policy gives up.
pub async fn send(
    context: &Context,
    target: &Arc<Target>,
    call: &Call,
    report: &mut Report,
) -> Result<Reached> {
    let mut sending = Sending::new(context, target, call, report)?;
    loop {
        let error = match sending.once().await {
            Ok(answer) => return Ok(answer),
            Err(error) => error,
        };
        sending.note(&error);
        let Some(wait) = sending.wait_before_next(&error) else { return Err(error) };
        context.clock.sleep(wait).await;
    }
}

struct Sending<'c> {
    context: &'c Context,
    target: &'c Arc<Target>,
    call: &'c Call,
    report: &'c mut Report,
    body: Bytes,
    encoding: Encoding,
    url: Url,
    /// The URL as it may be seen: without query, and with the unix socket's path.
    shown: String,
    /// Attempts of this target so far.
    made: u32,
    /// How long the host has had us wait.
    waited: Duration,
    retry_reason: Option<String>,
    began: Instant,
}

impl<'c> Sending<'c> {
    fn new(
        context: &'c Context,
        target: &'c Arc<Target>,
        call: &'c Call,
        report: &'c mut Report,
    ) -> Result<Self> {
        report.path.clone_from(&target.path);
        report.first_of_target = report.attempts.len();
        report.exhausted = false;
        report.changes.clear();
        report.target.clone_from(&target.name);
        report.provider = target.provider.name();
        let mut body = overridden(target, call, report)?;
        let mut encoding = Encoding::Other;
        if call.endpoint.call == EMBEDDINGS {
            let (asked, wire) = embeddings::prepare(&body);
            encoding = asked;
            if let Some(wire) = wire.filter(|_| target.provider.knows_base64_embeddings()) {
                body = wire;
                report.changes.push("encoding_format: base64 was asked for, to be decoded here".to_owned());
            }
        }
        let url = target.url(call.endpoint, &call.arguments, call.options.query.as_deref())?;
        let shown = shown(target, &url);
        let began = context.clock.now();
        Ok(Self {
            context,
            target,
            call,
            report,
            body,
            encoding,
            url,
            shown,
            made: 0,
            waited: Duration::ZERO,
            retry_reason: None,
            began,
        })
    }

    /// One request, one reply.
    async fn once(&mut self) -> Result<Reached> {
        self.began = self.context.clock.now();
        self.made += 1;
        self.report.request_id = None;
        self.report.attempts.push(Attempt {
            target: self.target.name.clone(),
            provider: self.target.provider.name(),
            url: self.shown.clone(),
            retry_reason: self.retry_reason.take(),
            ..Attempt::default()
        });
        let reply = self.reply().await?;
        let attempt = self.report.last();
        attempt.status = Some(reply.status);
        attempt.phase = Phase::Body;
        attempt.ms.headers = Some(milliseconds(self.context.clock.now() - self.began));
        let request_id = reply.headers.get("x-request-id").and_then(|value| value.to_str().ok());
        self.report.request_id = request_id.map(str::to_owned);
        if !(200..300).contains(&reply.status) {
            return Err(self.refused(reply).await);
        }
        if self.call.stream && self.call.endpoint.streams {
            return self.events(reply).await;
        }
        self.whole(reply).await
    }

    /// Sends the request and waits for the reply's headers.
    async fn reply(&mut self) -> Result<Reply> {
        let watch = ConnectWatch::default();
        let (clock, limit) = self.header_clock();
        let (clock, limit, deadline) = self.or_total(clock, limit, self.began);
        let sent = before(deadline, self.context.transport.send(self.wire(), &watch)).await;
        let attempt = self.report.last();
        attempt.ms.connect = watch.took().map(milliseconds);
        let Some(sent) = sent else {
            let elapsed = self.context.clock.now() - self.began;
            self.report.last().phase = if watch.is_connecting() { Phase::Connect } else { Phase::Headers };
            return Err(self.place().timeout(clock, limit.unwrap_or_default(), elapsed));
        };
        sent.map_err(|failure| {
            let before_sending = failure.kind.is_before_sending();
            self.report.last().phase = if before_sending { Phase::Connect } else { Phase::Headers };
            self.place().failure(&failure, false)
        })
    }

    /// The clock that watches over the wait for headers: `firstToken` counts too, since it ends after them.
    fn header_clock(&self) -> (&'static str, Option<Duration>) {
        let clocks = self.target.clocks;
        let first_token = clocks.first_token.filter(|_| self.call.stream);
        [("requestTimeout", clocks.request), ("headers", clocks.headers), ("firstToken", first_token)]
            .into_iter()
            .filter(|(_, limit)| limit.is_some())
            .min_by_key(|(_, limit)| *limit)
            .unwrap_or(("headers", None))
    }

    /// The clock given, or the call's own where that runs out first, with its deadline.
    fn or_total(
        &self,
        clock: &'static str,
        limit: Option<Duration>,
        since: Instant,
    ) -> (&'static str, Option<Duration>, Option<Instant>) {
        let own = limit.map(|limit| since + limit);
        match self.context.deadline {
            Some(total) if own.is_none_or(|own| total <= own) => {
                ("total", self.call.options.timeout, Some(total))
            }
            _ => (clock, limit, own),
        }
    }

    fn wire(&self) -> Wire {
        let mut headers = self.target.headers.clone();
        add(
            &mut headers,
            &header::ACCEPT,
            if self.call.stream { "text/event-stream" } else { "application/json" },
        );
        if self.call.endpoint.takes_body {
            add(&mut headers, &header::CONTENT_TYPE, "application/json");
        }
        // A compressed stream comes in lumps, each after many events.
        add(&mut headers, &header::ACCEPT_ENCODING, if self.call.stream { "identity" } else { "gzip" });
        Wire {
            method: self.call.endpoint.method.clone(),
            url: self.url.clone(),
            headers,
            body: self.body.clone(),
            socket: self.target.base_url.socket().cloned(),
            connect: self.target.clocks.connect,
        }
    }

    async fn refused(&mut self, reply: Reply) -> Error {
        let Reply { status, headers, mut body } = reply;
        // The status is the news; a body that breaks off is only part of the explanation.
        let text = self.read(&mut body, &headers).await.unwrap_or_default();
        self.place().refused(status, headers, text, self.context.clock.wall())
    }

    async fn whole(&mut self, reply: Reply) -> Result<Reached> {
        let Reply { status, headers, mut body } = reply;
        let text = self.read(&mut body, &headers).await?;
        if let Some(why) = not_json(&headers, &text, self.target.gated) {
            return Err(self.place().garbled(status, &why, headers, text));
        }
        self.close(Phase::Done);
        let content = match embeddings::decode(&text, self.encoding) {
            Some(vectors) => Content::Vectors(vectors),
            None => Content::Whole(text),
        };
        Ok(Reached { status, headers, content })
    }

    /// Reads a body to its end; the idle clock runs between its pieces.
    async fn read(&self, body: &mut ReplyBody, headers: &HeaderMap) -> Result<Bytes> {
        let idle = self.target.clocks.idle;
        let mut first = Bytes::new();
        let mut all = BytesMut::new();
        loop {
            let (clock, limit, deadline) = self.or_total("idle", idle, self.context.clock.now());
            let Some(chunk) = before(deadline, body.chunk()).await else {
                let elapsed = self.context.clock.now() - self.began;
                return Err(self.place().timeout(clock, limit.unwrap_or_default(), elapsed));
            };
            match chunk.map_err(|failure| self.place().failure(&failure, true))? {
                None if all.is_empty() => return Ok(first),
                None => return Ok(all.freeze()),
                Some(bytes) if first.is_empty() => first = bytes,
                Some(bytes) => {
                    if all.is_empty() {
                        all.reserve(expected_size(headers).max(first.len() + bytes.len()));
                        all.extend_from_slice(&first);
                    }
                    all.extend_from_slice(&bytes);
                }
            }
        }
    }

    async fn events(&mut self, reply: Reply) -> Result<Reached> {
        let Reply { status, headers, mut body } = reply;
        let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
        if kind.contains("json") || kind.contains("html") {
            let why = format!("{kind} where a stream of events was asked for");
            let text = self.read(&mut body, &headers).await?;
            return Err(match serde_json::from_slice::<serde_json::Value>(&text) {
                Ok(json) if json.get("error").is_some_and(|error| !error.is_null()) => {
                    self.place().in_stream(text)
                }
                _ => self.place().garbled(status, &why, headers, text),
            });
        }
        let opening = Opening {
            body,
            target: self.target.clone(),
            method: self.method(),
            began: self.began,
            total: self.call.options.timeout.zip(self.context.deadline).map(|(limit, at)| (at, limit)),
            url: self.shown.clone(),
        };
        let mut events = Events::new(opening);
        if let Err(error) = events.commit(self.target.gated).await {
            return Err(error.with_headers(headers));
        }
        events.tell(self.report);
        Ok(Reached { status, headers, content: Content::Events(Box::new(events)) })
    }

    /// Puts what went wrong into the attempt's line of the report.
    fn note(&mut self, error: &Error) {
        let total = milliseconds(self.context.clock.now() - self.began);
        let attempt = self.report.last();
        attempt.code.clone_from(&error.facts().code);
        attempt.ms.total = Some(total);
    }

    fn close(&mut self, phase: Phase) {
        let total = milliseconds(self.context.clock.now() - self.began);
        let attempt = self.report.last();
        attempt.phase = phase;
        attempt.ms.total = Some(total);
    }

    /// How long to wait before the next attempt; `None` when this was the last.
    fn wait_before_next(&mut self, error: &Error) -> Option<Duration> {
        let mut policy = self.target.retry.clone();
        policy.retries = self.call.options.max_retries.unwrap_or(policy.retries);
        let idempotent = self.target.idempotent || self.call.endpoint.method.is_idempotent();
        let wait = policy.wait(error, self.made, idempotent, self.context.clock.random());
        let wait = wait
            .filter(|_| self.report.attempts.len() < MOST_ATTEMPTS)
            .filter(|wait| self.may_wait(error, *wait));
        if wait.is_none() {
            self.report.exhausted = policy.retries > 0 && policy.may_resend(error, idempotent);
        }
        let facts = error.facts();
        self.retry_reason =
            facts.status.map(|status| format!("status {status}")).or_else(|| facts.code.clone());
        wait
    }

    /// Whether a wait that the host asks for is within what is granted it.
    fn may_wait(&mut self, error: &Error, wait: Duration) -> bool {
        if error.facts().retry_after == Some(wait) {
            self.waited += wait;
        }
        self.waited <= LONGEST_WAIT
    }

    fn method(&self) -> &'static str {
        self.call.endpoint.method.as_str()
    }

    fn place(&self) -> Place<'_> {
        Place { method: self.method(), url: &self.shown, target: self.target }
    }
}

/// The caller's body with the config's parameters in it.
fn overridden(target: &Target, call: &Call, report: &mut Report) -> Result<Bytes> {
    if target.params.is_empty() || !call.endpoint.takes_body {
        return Ok(call.body.clone());
    }
    let mut body = Body::parse(&call.body).map_err(|_| Error::problem("body", "expected a JSON object"))?;
    target.params.apply(&mut body, &mut report.changes);
    Ok(body.to_bytes())
}

/// A body's size as its host announces it, within what is taken on trust.
fn expected_size(headers: &HeaderMap) -> usize {
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    announced.unwrap_or(0usize).min(1 << 24)
}

/// Adds a header that nothing has set.
fn add(headers: &mut HeaderMap, name: &header::HeaderName, value: &'static str) {
    if !headers.contains_key(name) {
        headers.insert(name.clone(), HeaderValue::from_static(value));
    }
}

/// Why a body can't be a JSON value, as far as its two ends tell; the face's parser sees the rest. Where another attempt
/// may follow (`gated`), that would be too late.
fn not_json(headers: &HeaderMap, text: &Bytes, gated: bool) -> Option<String> {
    let trimmed = text.trim_ascii();
    let closed = match (trimmed.first(), trimmed.last()) {
        (None, _) | (_, None) => return Some("an empty body".to_owned()),
        _ if gated => serde_json::from_slice::<serde::de::IgnoredAny>(trimmed).is_ok(),
        (Some(b'{'), Some(last)) => *last == b'}',
        (Some(b'['), Some(last)) => *last == b']',
        (Some(b'"'), Some(last)) => *last == b'"',
        _ => serde_json::from_slice::<serde::de::IgnoredAny>(trimmed).is_ok(),
    };
    if closed {
        return None;
    }
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    if kind.starts_with("text/event-stream") {
        return Some("a stream of events, which was not asked for".to_owned());
    }
    let start = String::from_utf8_lossy(&trimmed[..trimmed.len().min(200)]);
    Some(if is_html(headers, &start) { "a web page".to_owned() } else { "a body that is no JSON".to_owned() })
}

/// A URL as it may be seen.
fn shown(target: &Target, url: &Url) -> String {
    match target.base_url.socket() {
        Some(socket) => format!("unix:{}:{}", socket.display(), url.path()),
        None => url[..Position::AfterPath].to_owned(),
    }
}
