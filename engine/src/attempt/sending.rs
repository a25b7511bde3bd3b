//! One request after the other to one target: its place in the queue, the clocks that run over it, the reply as it is
//! read, and whether it is made again.

use std::sync::Arc;
use std::time::Duration;

use ::http::{HeaderName, header};
use tokio::sync::OwnedSemaphorePermit;

use super::guard::{Checked, Checking, Guard};
use super::request::Request;
use super::{token, usage};
use crate::answer::{Content, Reached};
use crate::call::Call;
use crate::clock::{Instant, before};
use crate::config::Target;
use crate::download::{self, Download};
use crate::endpoint::Gives;
use crate::engine::Context;
use crate::error::{Error, Result};
use crate::events::{Events, Frames, Held, Opening, Translation};
use crate::explain::Place;
use crate::health::loading;
use crate::http::{ConnectWatch, Reply};
use crate::limit::Reserved;
use crate::memory::Visit;
use crate::observe::{Attempt, Phase, Report, milliseconds};
use crate::record::Recording;
use crate::retry::{LONGEST_WAIT, MOST_ATTEMPTS};
use crate::telemetry::new_span_id;

/// Where hosts say what they call a request.
static REQUEST_IDS: [HeaderName; 3] = [
    HeaderName::from_static("x-request-id"),
    HeaderName::from_static("request-id"),
    HeaderName::from_static("x-amzn-requestid"),
];

pub struct Sending<'c> {
    pub(super) context: &'c Context,
    pub(super) target: &'c Arc<Target>,
    pub(super) call: &'c Call,
    pub(super) report: &'c mut Report,
    pub(super) request: &'c Request<'c>,
    /// Handed on to a stream when it is committed.
    pub(super) visit: Option<Visit>,
    /// The target's slot for the request under way.
    pub(super) slot: Option<OwnedSemaphorePermit>,
    /// What it was counted with in the target's limits.
    pub(super) reserved: Option<Reserved>,
    /// Attempts of this target so far that count against its policy.
    made: u32,
    /// How often its model was still loading.
    loading: u32,
    /// How long the host has had us wait.
    waited: Duration,
    retry_reason: Option<String>,
    pub(super) began: Instant,
}

impl<'c> Sending<'c> {
    pub fn new(
        context: &'c Context,
        target: &'c Arc<Target>,
        call: &'c Call,
        report: &'c mut Report,
        request: &'c Request<'c>,
        visit: Visit,
    ) -> Self {
        Self {
            context,
            target,
            call,
            report,
            request,
            visit: Some(visit),
            slot: None,
            reserved: None,
            made: 0,
            loading: 0,
            waited: Duration::ZERO,
            retry_reason: None,
            began: context.clock.now(),
        }
    }

    /// One request, one reply.
    pub async fn once(&mut self, guard: &Guard<'_>) -> Result<Checked> {
        self.began = self.context.clock.now();
        self.made += 1;
        self.report.request_id = None;
        self.report.told.clear();
        self.report.attempts.reserve_exact(1); // few calls make a second
        self.report.attempts.push(Attempt {
            target: self.target.name.clone(),
            provider: self.target.provider.name(),
            url: self.request.way.shown.clone(),
            retry_reason: self.retry_reason.take(),
            span: new_span_id(),
            began: Some(self.began),
            ..Attempt::default()
        });
        // What few calls come to is boxed, so that the others do not carry it.
        if self.target.limits.is_some() {
            Box::pin(self.admit()).await?;
        }
        if self.target.live.limit.is_some() {
            Box::pin(self.queue()).await?;
        }
        let reply = self.reply().await?;
        let now = self.context.clock.now();
        let attempt = self.report.last();
        attempt.status = Some(reply.status);
        attempt.phase = Phase::Body;
        attempt.ms.headers = Some(milliseconds(now - self.began));
        let request_id = REQUEST_IDS.iter().find_map(|name| reply.headers.get(name)?.to_str().ok());
        self.report.request_id = request_id.map(str::to_owned);
        if self.target.gateway.is_some() {
            self.report.told_by(&reply.headers);
        }
        if self.call.endpoint.is_session() && matches!(reply.status, 101 | 200..=299) {
            return Box::pin(self.session(reply)).await.map(Checked::plain);
        }
        if !(200..300).contains(&reply.status) {
            return Err(Box::pin(self.refused(reply)).await);
        }
        if self.call.stream && self.call.endpoint.streams() {
            return Box::pin(self.events(reply, guard.checking())).await.map(Checked::plain);
        }
        if self.call.endpoint.gives == Gives::Bytes {
            return Box::pin(self.bytes(reply)).await.map(Checked::plain);
        }
        let reached = self.whole(reply).await?;
        self.settle_answered(&reached);
        let (request, target, method) = (self.request, self.target, self.method());
        guard.after(reached, &Place { method, url: &request.way.shown, query: None, target }, self.report)
    }

    /// The request that the host refused is made again, as this one and beside the policy's attempts.
    pub fn ask_again(&mut self, request: &'c Request<'c>) {
        self.request = request;
        self.made -= 1;
        self.retry_reason = Some(usage::WITHOUT.to_owned());
    }

    /// What its answer tells of the host: whether it takes a request that asks for a stream's usage.
    pub fn was_received(&self) {
        let reception = &self.target.live.reception;
        if self.request.asks_usage {
            reception.takes();
        } else if self.report.last_reason() == Some(usage::WITHOUT) {
            reception.refuses();
        }
    }

    /// Waits for a slot of the target, where it takes so many requests at once and no more.
    async fn queue(&mut self) -> Result<()> {
        self.slot = None;
        let Some(limit) = &self.target.live.limit else { return Ok(()) };
        let (clock, allowed, deadline) = self.or_total("queue", self.target.clocks.queue, self.began);
        let slot = limit.slot(deadline).await;
        let now = self.context.clock.now();
        let waited = now - self.began;
        let attempt = self.report.last();
        attempt.ms.queue = Some(milliseconds(waited));
        match slot {
            Ok(slot) => {
                self.slot = Some(slot);
                self.began = now;
                Ok(())
            }
            Err(why) => {
                attempt.phase = Phase::Queue;
                Err(self.place().no_slot(&why, limit, clock, allowed.unwrap_or_default(), waited))
            }
        }
    }

    /// Sends the request and waits for the reply's headers.
    async fn reply(&mut self) -> Result<Reply> {
        let watch = ConnectWatch::default();
        let (clock, limit) = self.header_clock();
        let (clock, limit, deadline) = self.or_total(clock, limit, self.began);
        let wall = self.context.clock.wall();
        let token = match token::request(self.target, wall) {
            Some(request) => Some(Box::pin(token::granted(self.context, self.target, request, wall)).await?),
            None => None,
        };
        let form = match &self.call.form {
            Some(form) => {
                let mut made = Box::pin(form.make(&self.request.body)).await?;
                if self.target.tells_duration && self.call.endpoint.hears() {
                    made.duration = form.duration().await;
                }
                Some(made)
            }
            None => None,
        };
        let upload = form.as_ref().map(|form| form.outgoing.progress());
        let mut wire = self.request.wire(token, form, self.context.clock.wall())?;
        let span = self.report.last().span;
        for (name, value) in self.report.tracing.iter().flat_map(|tracing| tracing.headers(span)) {
            Arc::make_mut(&mut wire.headers).insert(name, value);
        }
        if let Some(reserved) = &mut self.reserved {
            reserved.sent();
        }
        let sending = self.context.transport.send(wire, &watch);
        let (sent, clock, limit) = match &upload {
            None => (before(deadline, sending).await, clock, limit),
            Some(upload) => Box::pin(self.while_uploading(upload, sending)).await,
        };
        let attempt = self.report.last();
        attempt.ms.connect = watch.took().map(milliseconds);
        attempt.resent = watch.resent();
        let Some(sent) = sent else {
            let elapsed = self.context.clock.now() - self.began;
            self.report.last().phase = if watch.is_connecting() { Phase::Connect } else { Phase::Headers };
            let source = upload.and_then(|upload| upload.waiting()).filter(|_| clock == "idle");
            if let Some((name, _)) = source {
                return Err(self.place().silent_source(&name, limit.unwrap_or_default()));
            }
            return Err(self.place().timeout(clock, limit.unwrap_or_default(), elapsed));
        };
        sent.map_err(|failure| {
            if let Some(why) = upload.and_then(|upload| upload.failed()) {
                self.report.last().phase = Phase::Headers;
                return self.place().unreadable(&why);
            }
            let before_sending = failure.kind.is_before_sending();
            self.report.last().phase = if before_sending { Phase::Connect } else { Phase::Headers };
            self.place().failure(&failure, false)
        })
    }

    /// The clock that watches over the wait for headers: `firstToken` counts too, since it ends after them.
    pub(super) fn header_clock(&self) -> (&'static str, Option<Duration>) {
        let clocks = self.target.clocks;
        let first_token = clocks.first_token.filter(|_| self.call.stream);
        [("requestTimeout", clocks.request), ("headers", clocks.headers), ("firstToken", first_token)]
            .into_iter()
            .filter(|(_, limit)| limit.is_some())
            .min_by_key(|(_, limit)| *limit)
            .unwrap_or(("headers", None))
    }

    /// The clock given, or the call's own where that runs out first, with its deadline.
    pub(super) fn or_total(
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

    async fn refused(&mut self, reply: Reply) -> Error {
        let Reply { status, headers, mut body } = reply;
        // The status is the news; a body that breaks off is only part of the explanation.
        let text = self.read_start(&mut body).await;
        let translated = self.request.dialect.and_then(|dialect| dialect.error(status, &headers, &text));
        let text = translated.unwrap_or(text);
        self.place().refused(status, headers, text, self.context.clock.wall())
    }

    async fn events(&mut self, reply: Reply, checking: Option<Checking>) -> Result<Reached> {
        let Reply { status, headers, mut body } = reply;
        let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
        let is_json = kind.contains("json");
        if (is_json && self.request.dialect.is_none()) || kind.contains("html") {
            let why = format!("{kind} where a stream of events was asked for");
            let text = self.read(&mut body, &headers).await?;
            return Err(match serde_json::from_slice::<serde_json::Value>(&text) {
                Ok(json) if json.get("error").is_some_and(|error| !error.is_null()) => {
                    self.place().in_stream(text)
                }
                _ => self.place().garbled(status, &why, headers, text),
            });
        }
        let translation = self.request.dialect.map(|dialect| {
            let context = self.request.context(&headers, self.context.clock.wall());
            let framing = dialect.framing_for(&self.target.settings);
            let frames = Frames::new(framing, is_json);
            Box::new(Translation { frames, translator: dialect.translator(&context) })
        });
        let opening = Opening {
            body,
            target: self.target.clone(),
            method: self.method(),
            began: self.began,
            total: self.total(),
            url: self.request.way.shown.clone(),
            query: self.call.options.query.clone(),
            checking,
            translation,
            streamed: self.request.streamed(),
            repairs: self.request.repairs(),
            measures_gaps: self.report.recording.as_deref().is_some_and(Recording::measures_gaps),
        };
        let mut events = Events::new(opening);
        if let Err(error) = events.commit(self.target.gated).await {
            return Err(error.with_headers(headers));
        }
        events.tell(self.report);
        events.hold(self.opened(status));
        Ok(Reached { status, headers, content: Content::Events(Box::new(events)) })
    }

    /// Hands the body on as it comes.
    async fn bytes(&mut self, reply: Reply) -> Result<Reached> {
        let Reply { status, headers, body } = reply;
        let (target, url) = (self.target.clone(), self.request.way.shown.clone());
        let (method, began, total) = (self.method(), self.began, self.total());
        let opened = Download::open(download::Opening { body, target, method, url, began, total }).await;
        let mut download = opened.map_err(|error| error.with_headers(headers.clone()))?;
        download.tell(self.report);
        download.hold(self.opened(status));
        Ok(Reached { status, headers, content: Content::Bytes(Box::new(download)) })
    }

    /// The call's deadline, and how long it allows.
    pub(super) fn total(&self) -> Option<(Instant, Duration)> {
        self.call.options.timeout.zip(self.context.deadline).map(|(limit, at)| (at, limit))
    }

    /// The answer has begun, and keeps what it has of its target until its end.
    pub(super) fn opened(&mut self, status: u16) -> Held {
        if let Some(visit) = &mut self.visit {
            let now = self.context.clock.now();
            visit.opened(status, now - self.began, now);
        }
        let (visit, slot, reserved) = (self.visit.take(), self.slot.take(), self.reserved.take());
        Held { visit, slot, reserved, context: Some(self.context.clone()) }
    }

    /// Puts what went wrong into the attempt's line of the report.
    pub fn note(&mut self, error: &Error) {
        self.slot = None;
        self.settle_failed(error);
        let total = milliseconds(self.context.clock.now() - self.began);
        let attempt = self.report.last();
        attempt.code.clone_from(&error.facts().code);
        attempt.ms.total = Some(total);
    }

    pub(super) fn succeeded(&mut self, status: u16) {
        self.slot = None;
        let now = self.context.clock.now();
        let attempt = self.report.last();
        attempt.phase = Phase::Done;
        attempt.ms.total = Some(milliseconds(now - self.began));
        if let Some(visit) = &mut self.visit {
            visit.succeeded(status, now - self.began, now);
        }
    }

    /// No further attempt is made: the target remembers why. Of a request that only waited in line for it there is nothing
    /// to remember.
    pub fn gave_up(&mut self, error: &Error) {
        if matches!(self.report.last().phase, Phase::Limit | Phase::Queue) {
            return;
        }
        let now = self.context.clock.now();
        let Some(visit) = &mut self.visit else { return };
        let fault = visit.failed(error, now);
        visit.live().publish(self.context);
        self.report.faults.push(fault);
    }

    /// How long to wait before the next attempt; `None` when this was the last.
    pub fn wait_before_next(&mut self, error: &Error) -> Option<Duration> {
        if let Some(wait) = self.wait_for_model(error) {
            return Some(wait);
        }
        let mut policy = self.target.retry.clone();
        policy.retries = self.call.options.max_retries.unwrap_or(policy.retries);
        policy.after_gateway |= self.call.options.max_retries.is_some();
        let idempotent = self.target.idempotent || self.call.endpoint.method.is_idempotent();
        let wait = policy.wait(error, self.made, idempotent, self.context.clock.random());
        if wait.is_some() && self.call.is_spent() {
            self.report.end_with_spent_body();
        }
        let wait = wait
            .filter(|_| !self.call.is_spent() && self.report.attempts.len() < MOST_ATTEMPTS)
            .filter(|wait| self.may_wait(error, *wait))
            .filter(|_| self.context.memory.may_retry());
        if wait.is_none() {
            self.report.exhausted = policy.retries > 0 && policy.may_resend(error, idempotent);
        }
        let facts = error.facts();
        self.retry_reason =
            facts.status.map(|status| format!("status {status}")).or_else(|| facts.code.clone());
        wait
    }

    /// A model that is still being loaded is waited for, and no attempt is counted, unless another target may answer
    /// meanwhile or the caller wants no second request at all.
    fn wait_for_model(&mut self, error: &Error) -> Option<Duration> {
        let facts = error.facts();
        let status = facts.status?;
        if !loading::is_loading(status, facts.body.as_deref()?) {
            return None;
        }
        if let Some(visit) = &mut self.visit {
            visit.is_loading();
        }
        let repeats = self.target.patient && self.call.options.max_retries != Some(0);
        let patient = repeats && !self.report.moves_on_from(status) && !self.call.is_spent();
        let wait = loading::wait(self.loading + 1)?;
        if !patient || self.report.attempts.len() >= MOST_ATTEMPTS {
            return None;
        }
        self.loading += 1;
        self.made -= 1;
        self.retry_reason = Some("the model is loading".to_owned());
        Some(wait)
    }

    pub async fn pause(&self, wait: Duration) {
        self.context.clock.sleep(wait).await;
    }

    /// Whether a wait that the host asks for is within what is granted it.
    fn may_wait(&mut self, error: &Error, wait: Duration) -> bool {
        if error.facts().retry_after == Some(wait) {
            self.waited += wait;
        }
        self.waited <= LONGEST_WAIT
    }

    pub(super) fn method(&self) -> &'static str {
        self.call.endpoint.method.as_str()
    }

    pub(super) fn place(&self) -> Place<'_> {
        let query = self.call.options.query.as_deref();
        Place { method: self.method(), url: &self.request.way.shown, query, target: self.target }
    }
}
