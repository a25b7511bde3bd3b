//! What happened: one report per call, with a line for each attempt. It holds no header value, no prompt and no answer,
//! and URLs without their query.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use ::http::HeaderMap;
use bytes::Bytes;
use serde::{Deserialize, Serialize, Serializer};

use crate::cache::Status;
use crate::clock::{Instant, new_ordered_id};
use crate::config::{Gateway, Target, Trace};
use crate::hooks::Record;
use crate::memory::{Fault, Seen};
use crate::panics::caught;
use crate::record::{End, Pricing, Recording, Usage, prices};
use crate::telemetry::{Tracing, written};

/// Why no further attempt was made of a call that was to have one.
const SPENT: &str = "the body was not sent again: it came from a stream that can be read only once";

/// The report of one call.
pub struct Report {
    pub trace: Trace,
    pub trace_id: String,
    /// The host's own name for the request, where it gave one.
    pub request_id: Option<String>,
    /// Path of the target that answered, or was tried last.
    pub path: Arc<str>,
    /// Its name, or its path where it has none.
    pub target: Arc<str>,
    pub provider: &'static str,
    /// Whether a Portkey gateway answered, or was asked last.
    pub gateway: Option<Gateway>,
    /// What it told of the call: its `x-portkey-…` headers, without that prefix.
    pub told: Vec<(String, String)>,
    /// What was changed between what the caller gave and what was sent, or between the reply and the answer.
    pub changes: Vec<String>,
    /// What was decided on the way to the target.
    pub notes: Vec<String>,
    /// What was counted against targets that failed the call.
    pub faults: Vec<Fault>,
    /// Of each fallback under way with another target to try, the statuses that it moves on from; `None` is all.
    pub ways_on: Vec<Option<Vec<u16>>>,
    pub attempts: Vec<Attempt>,
    /// How many attempts were made before those of the target that answered.
    pub first_of_target: usize,
    /// The attempts ended with a failure that the policy would have retried.
    pub exhausted: bool,
    /// `None` until the cache was looked at: what is denied before is not.
    pub cache: Option<Status>,
    pub hooks: HookResults,
    /// A stream's usage, as raw JSON.
    pub usage: Option<String>,
    /// What the target that answered takes, where options say it, or where else that is known from; and what it took.
    pub pricing: Option<Pricing>,
    known: prices::Known,
    pub cost: Option<f64>,
    /// A stream's first event.
    pub first: Option<Bytes>,
    /// The call's place in a trace, where it has one.
    pub tracing: Option<Tracing>,
    /// Where the client records its calls.
    pub recording: Option<Box<Recording>>,
}

/// A call that nobody waits for any more is recorded with what happened until then.
impl Drop for Report {
    fn drop(&mut self) {
        self.close(&End::left());
    }
}

/// What the hooks of the target said.
#[derive(Default, Serialize)]
pub struct HookResults {
    #[serde(rename = "before_request_hooks")]
    pub before: Vec<Record>,
    #[serde(rename = "after_request_hooks")]
    pub after: Vec<Record>,
    /// Of hooks that change nothing.
    #[serde(rename = "async_hooks")]
    pub asynchronous: Vec<Record>,
}

impl HookResults {
    /// The ids of the hooks that failed.
    pub fn failed(&self) -> Vec<String> {
        let all = self.before.iter().chain(&self.after).chain(&self.asynchronous);
        all.filter(|record| !record.verdict).map(|record| record.id.clone()).collect()
    }

    fn is_empty(&self) -> bool {
        self.before.is_empty() && self.after.is_empty() && self.asynchronous.is_empty()
    }
}

/// A client's target, and how it fares.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TargetSeen<'t> {
    /// Its name, or its path.
    target: &'t str,
    path: &'t str,
    provider: &'static str,
    /// The base URL, without query.
    url: String,
    #[serde(flatten)]
    seen: Seen,
}

impl<'t> TargetSeen<'t> {
    pub fn of(target: &'t Target, now: Instant) -> Self {
        let mut seen = target.live.seen(now);
        if target.is_open {
            seen.health = "open";
        }
        let url = target.base_url.shown();
        Self { target: &target.name, path: &target.path, provider: target.provider.name(), url, seen }
    }
}

impl TargetSeen<'_> {
    /// Whether nothing changes before the next call.
    pub fn is_calm(&self) -> bool {
        matches!(self.seen.health, "healthy" | "open")
            && self.seen.back_in.is_none()
            && self.seen.in_flight == 0
    }
}

/// One request to one target.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Attempt {
    #[serde(serialize_with = "plain")]
    pub target: Arc<str>,
    pub provider: &'static str,
    /// Without query.
    #[serde(serialize_with = "plain")]
    pub url: Arc<str>,
    pub status: Option<u16>,
    pub phase: Phase,
    pub code: Option<String>,
    /// Why this attempt was made; `None` for the first.
    pub retry_reason: Option<String>,
    /// How often it was sent once more at no attempt, since its host had not looked at it.
    pub resent: u32,
    /// The limit that it waited for, or that stopped it.
    pub limit: Option<String>,
    pub ms: Times,
    /// Its span, and when it began, for spans.
    #[serde(skip)]
    pub span: [u8; 8],
    #[serde(skip)]
    pub began: Option<Instant>,
}

/// As any other text.
fn plain<S: Serializer>(text: &Arc<str>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(text)
}

/// How far an attempt came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Phase {
    /// Waiting for room in a limit.
    Limit,
    /// Waiting for a slot of the target.
    Queue,
    #[default]
    Connect,
    Headers,
    Body,
    Done,
}

/// Milliseconds since the attempt began.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Times {
    /// How long it waited for room in a limit.
    pub limit: Option<f64>,
    pub queue: Option<f64>,
    /// How long connecting took; `None` when an open connection was used.
    pub connect: Option<f64>,
    pub headers: Option<f64>,
    pub first_token: Option<f64>,
    pub total: Option<f64>,
}

/// Milliseconds, to the microsecond.
pub fn milliseconds(time: Duration) -> f64 {
    time.as_micros() as f64 / 1e3
}

impl Report {
    /// Boxed, since it goes from hand to hand.
    pub fn new(trace: &Trace) -> Box<Self> {
        Box::new(Self {
            trace: trace.clone(),
            trace_id: trace.trace_id.clone().unwrap_or_else(new_ordered_id),
            request_id: None,
            path: Arc::default(),
            target: Arc::default(),
            provider: "",
            gateway: None,
            told: Vec::new(),
            changes: Vec::new(),
            notes: Vec::new(),
            faults: Vec::new(),
            ways_on: Vec::new(),
            attempts: Vec::new(),
            first_of_target: 0,
            exhausted: false,
            cache: None,
            hooks: HookResults::default(),
            usage: None,
            pricing: None,
            known: prices::Known::Nowhere,
            cost: None,
            first: None,
            tracing: None,
            recording: None,
        })
    }

    /// The call has its place in a trace, which names it unless the caller did.
    pub fn join(&mut self, tracing: Option<Tracing>) {
        if let Some(tracing) = tracing.as_ref().filter(|_| self.trace.trace_id.is_none()) {
            self.trace_id = written(&tracing.trace_id);
        }
        self.tracing = tracing;
    }

    /// The walk has come to a target.
    pub fn arrive_at(&mut self, target: &Target) {
        self.path.clone_from(&target.path);
        self.first_of_target = self.attempts.len();
        self.exhausted = false;
        self.changes.clear();
        self.hooks = HookResults::default();
        self.cache = None;
        self.target.clone_from(&target.name);
        self.provider = target.provider.name();
        self.gateway = target.gateway;
        self.told.clear();
        self.pricing = target.pricing;
        self.known = target.known;
    }

    /// A gateway has answered with these headers.
    pub fn told_by(&mut self, headers: &HeaderMap) {
        let facts = headers.iter().filter_map(|(name, value)| {
            let name = name.as_str().strip_prefix("x-portkey-")?;
            Some((name.to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
        });
        self.told = facts.collect();
        if let Some(trace) = self.told("trace-id").map(str::to_owned) {
            self.trace_id = trace;
        }
    }

    fn told(&self, name: &str) -> Option<&str> {
        let fact = self.told.iter().find(|(told, value)| told == name && !value.is_empty());
        fact.map(|(_, value)| value.as_str())
    }

    /// The call is over: what it cost is worked out, and its record handed over. A fault of ours in that is not the call's.
    pub fn close(&mut self, end: &End<'_>) {
        caught(|| self.conclude(end));
    }

    fn conclude(&mut self, end: &End<'_>) {
        if self.cost.is_none() {
            self.cost = self.cost_of(end);
        }
        if let Some(recording) = self.recording.take() {
            recording.close(self, end);
        }
    }

    fn cost_of(&self, end: &End<'_>) -> Option<f64> {
        if matches!(self.cache, Some(Status::Hit | Status::SemanticHit)) {
            return Some(0.0);
        }
        let usage = || end.usage().or_else(|| Usage::read(self.usage.as_deref()?));
        if let Some(pricing) = self.pricing {
            let seconds = self.attempts.last().and_then(|last| last.ms.total).unwrap_or(0.0) / 1e3;
            return pricing.cost(usage().as_ref(), seconds);
        }
        match self.known {
            prices::Known::Nowhere => None,
            prices::Known::Told => usage()?.cost,
            prices::Known::Listed(service) => self.listed(service, end)?.cost(usage().as_ref(), 0.0),
        }
    }

    /// What a call came to whose usage is an estimate.
    pub fn estimated_cost(&self, end: &End<'_>, usage: Option<&Usage>, seconds: f64) -> Option<f64> {
        let pricing = self.pricing.or_else(|| match self.known {
            prices::Known::Listed(service) => self.listed(service, end),
            _ => None,
        });
        pricing?.cost(usage, seconds)
    }

    /// What the model that has answered takes, as the service says.
    fn listed(&self, service: &prices::Service, end: &End<'_>) -> Option<Pricing> {
        service.price(end.whole().or(self.first.as_deref())?)
    }

    /// Whether another target is tried after a failure of this status.
    pub fn moves_on_from(&self, status: u16) -> bool {
        self.ways_on.iter().any(|codes| codes.as_ref().is_none_or(|codes| codes.contains(&status)))
    }

    /// No further attempt follows, since the body can't be sent again.
    pub fn end_with_spent_body(&mut self) {
        if !self.body_is_spent() {
            self.notes.push(SPENT.to_owned());
        }
    }

    pub fn body_is_spent(&self) -> bool {
        self.notes.iter().any(|note| note == SPENT)
    }

    /// Why the last attempt was made.
    pub fn last_reason(&self) -> Option<&str> {
        self.attempts.last()?.retry_reason.as_deref()
    }

    /// The attempt under way.
    pub fn last(&mut self) -> &mut Attempt {
        self.attempts.last_mut().expect("a reply has an attempt that brought it")
    }

    /// The facts that Portkey answers as `x-portkey-*` headers, without their prefix: ours, and those of the gateway that
    /// answered. Of a call that a gateway has answered as a whole there are only its own.
    pub fn facts(&self) -> impl Iterator<Item = (&str, Cow<'_, str>)> {
        let retries = if self.exhausted {
            -1
        } else {
            self.attempts.len().saturating_sub(self.first_of_target + 1) as i64
        };
        let ours = [
            ("trace-id", self.trace_id.as_str().into()),
            ("provider", self.provider.into()),
            ("last-used-option-index", (&*self.path).into()),
            ("retry-attempt-count", if retries == 0 { "0".into() } else { retries.to_string().into() }),
        ];
        let ours = ours.into_iter().chain(self.cache.map(|status| ("cache-status", status.text().into())));
        let walked = |name: &str| matches!(name, "last-used-option-index" | "retry-attempt-count");
        let is_whole = self.gateway == Some(Gateway::Only) && !self.told.is_empty();
        let ours = ours.filter(move |(name, _)| !is_whole && (walked(name) || self.told(name).is_none()));
        let told = self.told.iter().filter(move |(name, _)| is_whole || !walked(name));
        ours.chain(told.map(|(name, value)| (name.as_str(), value.as_str().into())))
    }

    /// Writes the report as JSON: what `getGateway()` gives.
    pub fn write_json(&self, json: &mut Vec<u8>) {
        let usage = self.usage.as_deref().map(serde_json::from_str::<&serde_json::value::RawValue>);
        let shown = Shown {
            trace_id: &self.trace_id,
            span_id: self.trace.span_id.as_deref(),
            span_name: self.trace.span_name.as_deref(),
            parent_span_id: self.trace.parent_span_id.as_deref(),
            metadata: &self.trace.metadata,
            request_id: self.request_id.as_deref(),
            target: &self.target,
            provider: self.told("provider").unwrap_or(self.provider),
            cache: self.told("cache-status").or(self.cache.map(Status::text)),
            hooks: (!self.hooks.is_empty()).then_some(&self.hooks),
            changes: self.notes.iter().chain(&self.changes).collect(),
            attempts: &self.attempts,
            usage: usage.and_then(Result::ok),
            cost: self.cost,
        };
        serde_json::to_writer(json, &shown).expect("a report always has a JSON form");
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Shown<'r> {
    trace_id: &'r str,
    span_id: Option<&'r str>,
    span_name: Option<&'r str>,
    parent_span_id: Option<&'r str>,
    metadata: &'r std::collections::BTreeMap<String, String>,
    request_id: Option<&'r str>,
    target: &'r str,
    provider: &'r str,
    cache: Option<&'r str>,
    hooks: Option<&'r HookResults>,
    changes: Vec<&'r String>,
    attempts: &'r [Attempt],
    usage: Option<&'r serde_json::value::RawValue>,
    cost: Option<f64>,
}
