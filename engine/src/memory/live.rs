//! One target over many calls: what is in flight, how it fares, and whether it is to be used. It decides nothing itself;
//! `health/` does, and `route/` asks.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use serde::Serialize;

use super::limit::Limit;
use super::tokens::Tokens;
use super::{lock, shared_name};
use crate::attempt::Reception;
use crate::clock::{Clock, Instant, SystemClock};
use crate::engine::Context;
use crate::error::{Error, Facts, Kind};
use crate::health::bench::{self, Bench};
use crate::health::breaker::{self, Allowed, Breaker, Circuit, Probe};
use crate::health::check::Asked;
use crate::health::{Likeness, cb_config, symptom};
use crate::observe::milliseconds;

/// What a target's config says of its use.
#[derive(Debug)]
pub struct Settings {
    pub max_concurrent: Option<usize>,
    pub max_queue: usize,
    pub breaker: Option<cb_config::Settings>,
}

pub struct Live {
    /// What it is called where processes share what they know.
    name: String,
    pub limit: Option<Limit>,
    in_flight: AtomicUsize,
    bench: Bench,
    breaker: Option<Arc<Breaker>>,
    history: Mutex<History>,
    pub asked: Asked,
    /// Whether its host takes a request for a stream's usage.
    pub reception: Reception,
    /// A short-lived credential.
    pub tokens: Tokens,
    /// When other processes were asked about its circuit.
    consulted: Asked,
}

/// What is told of a target, and decides nothing.
#[derive(Default)]
struct History {
    is_loading: bool,
    answered: u64,
    failed: u64,
    /// Milliseconds until an answer or a stream's first content, the recent ones counting most.
    latency: Option<f64>,
    last_error: Option<LastError>,
}

impl History {
    fn answers(&mut self, after: Duration) {
        let latest = milliseconds(after);
        self.latency = Some(self.latency.map_or(latest, |mean| mean + WEIGHT * (latest - mean)));
        self.is_loading = false;
    }
}

#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LastError {
    pub code: Option<String>,
    pub status: Option<u16>,
    #[serde(skip)]
    at: Option<Instant>,
    /// Milliseconds since.
    pub ago: f64,
}

/// How a target fares, to be shown.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Seen {
    pub health: &'static str,
    /// Without those that wait in line.
    pub in_flight: usize,
    pub queued: usize,
    pub max_concurrent: Option<usize>,
    /// Milliseconds until it is used again, where it is passed over.
    pub back_in: Option<f64>,
    pub answered: u64,
    pub failed: u64,
    pub latency: Option<f64>,
    pub last_error: Option<LastError>,
}

/// Whether a target is to be used, the best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    InUse,
    /// It failed lately: used only where no other is.
    Benched,
    /// Its circuit is open: used only where all are.
    Open,
    /// Its limits have no room: used only where no other is at all.
    Limited,
}

/// Other processes are asked this often, at most.
const CONSULTED: Duration = Duration::from_secs(1);

/// How much one new latency counts.
const WEIGHT: f64 = 0.2;

impl Live {
    /// `identity` is the same in every process that has the same target.
    pub fn new(identity: &str, settings: Settings) -> Self {
        Self {
            name: shared_name("circuit", identity),
            consulted: Asked::default(),
            limit: settings.max_concurrent.map(|most| Limit::new(most, settings.max_queue)),
            in_flight: AtomicUsize::new(0),
            bench: Bench::default(),
            breaker: settings.breaker.map(Breaker::new).map(Arc::new),
            history: Mutex::default(),
            asked: Asked::default(),
            tokens: Tokens::default(),
            reception: Reception::default(),
        }
    }

    pub fn standing(&self, now: Instant) -> Standing {
        match &self.breaker {
            Some(breaker) if breaker.allows(now) == Allowed::No => Standing::Open,
            _ if self.bench.until(now).is_some() => Standing::Benched,
            _ => Standing::InUse,
        }
    }

    /// Calls that have chosen the target: at its host, in line, or waiting to be repeated.
    pub fn in_flight(&self) -> usize {
        self.in_flight.load(Ordering::Relaxed)
    }

    /// A call comes. Where the circuit is half open, it is the probe.
    pub fn enter(self: &Arc<Self>, now: Instant) -> Visit {
        self.in_flight.fetch_add(1, Ordering::Relaxed);
        let probe = self.breaker.as_ref().and_then(|breaker| breaker.probe(now));
        Visit { live: self.clone(), probe, opened: None }
    }

    /// Whether it is benched, and would be so no longer if it were found well.
    pub fn may_be_back(&self, now: Instant) -> bool {
        self.bench.may_be_ended(now)
    }

    /// A health check found it well.
    pub fn is_back(&self) {
        self.bench.end();
    }

    /// Learns, beside the call, whether another process has found the circuit to be open.
    pub fn consult(self: &Arc<Self>, context: &Context) {
        if self.breaker.is_none() {
            return;
        }
        let Some(shared) = context.memory.cache.shared() else { return };
        let now = context.clock.now();
        if !self.consulted.is_due(CONSULTED, now) {
            return;
        }
        let (live, wall) = (self.clone(), context.clock.wall());
        tokio::spawn(async move {
            let told = shared.get(&live.name).await;
            let until = told.and_then(|bytes| std::str::from_utf8(&bytes).ok()?.parse().ok());
            let until = until.map(|millis| SystemTime::UNIX_EPOCH + Duration::from_millis(millis));
            let left = until.and_then(|until: SystemTime| until.duration_since(wall).ok());
            if let (Some(breaker), Some(left)) = (&live.breaker, left) {
                breaker.opened_elsewhere(now + left);
            }
        });
    }

    /// Tells other processes of a circuit that is open.
    pub fn publish(&self, context: &Context) {
        let now = context.clock.now();
        let Some((shared, breaker)) = context.memory.cache.shared().zip(self.breaker.as_ref()) else {
            return;
        };
        let Circuit::Open { until } = breaker.circuit(now) else { return };
        let left = until - now;
        let at = context.clock.wall().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default() + left;
        let name = self.name.clone();
        tokio::spawn(async move { shared.set(&name, at.as_millis().to_string().as_bytes(), left).await });
    }

    pub fn seen(&self, now: Instant) -> Seen {
        let history = lock(&self.history);
        let circuit = self.breaker.as_ref().map(|breaker| breaker.circuit(now));
        let opens = match circuit {
            Some(Circuit::Open { until }) => Some(until),
            _ => None,
        };
        let back_at = self.bench.until(now).max(opens);
        let health = match circuit {
            Some(Circuit::Open { .. }) => "open",
            Some(Circuit::HalfOpen) => "half-open",
            _ if back_at.is_some() => "benched",
            _ if history.is_loading => "loading",
            _ => "healthy",
        };
        let last_error = history
            .last_error
            .clone()
            .map(|error| LastError { ago: error.at.map_or(0.0, |at| milliseconds(now - at)), ..error });
        let queued = self.limit.as_ref().map_or(0, Limit::waiting);
        Seen {
            health,
            in_flight: self.in_flight().saturating_sub(queued),
            queued,
            max_concurrent: self.limit.as_ref().map(|limit| limit.most),
            back_in: back_at.map(|at| milliseconds(at - now)),
            answered: history.answered,
            failed: history.failed,
            latency: history.latency,
            last_error,
        }
    }
}

/// A call's stay at a target, from its choice to the end of its answer. Dropping it ends the stay: a stream that was opened
/// and has not failed was answered.
pub struct Visit {
    live: Arc<Live>,
    probe: Option<Probe>,
    opened: Option<Opened>,
}

/// A stream that is under way.
struct Opened {
    status: u16,
    /// It was the probe, which has been counted.
    is_counted: bool,
}

/// A failure that was counted against a target. It is forgiven where it turns out to be the call's own.
pub struct Fault {
    live: Arc<Live>,
    likeness: Likeness,
    benched: Option<bench::Counted>,
    broke: Option<breaker::Counted>,
}

impl Visit {
    pub fn live(&self) -> &Arc<Live> {
        &self.live
    }

    /// An answer came, `after` so long.
    pub fn succeeded(&mut self, status: u16, after: Duration, now: Instant) {
        self.live.bench.succeeded();
        self.record(Ok(status), now);
        let mut history = lock(&self.live.history);
        history.answers(after);
        history.answered += 1;
    }

    /// A stream's first content came, `after` so long. What it counts as is told by its end; only a probe is not waited for.
    pub fn opened(&mut self, status: u16, after: Duration, now: Instant) {
        lock(&self.live.history).answers(after);
        let is_counted = self.probe.is_some();
        if is_counted {
            self.record(Ok(status), now);
        }
        self.opened = Some(Opened { status, is_counted });
    }

    /// `status` is what its circuit breaker has not counted yet.
    fn answered(&mut self, status: Option<u16>, now: Instant) {
        self.live.bench.succeeded();
        if let Some(status) = status {
            self.record(Ok(status), now);
        }
        lock(&self.live.history).answered += 1;
    }

    /// The target gave no answer, or its stream broke. What is not the target's fault counts for nothing.
    pub fn failed(&mut self, error: &Error, now: Instant) -> Fault {
        let live = self.live.clone();
        if error.kind() == Kind::Denied {
            // It answered; what it said is another matter.
            return Fault { live, likeness: Likeness::of(error), benched: None, broke: None };
        }
        self.opened = None;
        let benched = live.bench.failed(error, now);
        let broke = self.record(Err(error), now);
        if symptom(error).is_some() {
            let Facts { code, status, .. } = error.facts();
            let mut history = lock(&live.history);
            history.failed += 1;
            history.last_error =
                Some(LastError { code: code.clone(), status: *status, at: Some(now), ago: 0.0 });
        }
        Fault { live, likeness: Likeness::of(error), benched, broke }
    }

    fn record(&mut self, attempt: Result<u16, &Error>, now: Instant) -> Option<breaker::Counted> {
        let breaker = self.live.breaker.as_ref()?;
        let outcome = breaker.settings().outcome(attempt);
        match self.probe.take() {
            Some(probe) => probe.record(outcome, now),
            None => breaker.record(outcome, now),
        }
    }

    /// The target is loading its model, which is no failure.
    pub fn is_loading(&mut self) {
        lock(&self.live.history).is_loading = true;
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        if let Some(Opened { status, is_counted }) = self.opened.take() {
            self.answered((!is_counted).then_some(status), SystemClock.now());
        }
        self.live.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Fault {
    /// Forgives the faults of a call that nobody answered, where it failed alike on several targets: that is its own.
    pub fn forgive_alike(faults: Vec<Self>) {
        let likenesses: Vec<(Arc<Live>, Likeness)> =
            faults.iter().map(|fault| (fault.live.clone(), fault.likeness.clone())).collect();
        for fault in faults {
            let alike = |(live, likeness): &(Arc<Live>, Likeness)| {
                !Arc::ptr_eq(live, &fault.live) && likeness.is_the_calls_fault(&fault.likeness)
            };
            if likenesses.iter().any(alike) {
                fault.forgive();
            }
        }
    }

    fn forgive(self) {
        if let Some(counted) = self.benched {
            self.live.bench.forgive(counted);
        }
        if let (Some(breaker), Some(counted)) = (&self.live.breaker, self.broke) {
            breaker.forgive(counted);
        }
    }
}
