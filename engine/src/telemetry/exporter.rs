//! The sink that exports: a thread makes spans and metrics of records, and sends them in batches over a runtime and
//! connections of its own, so that a receiver that is slow or gone costs calls nothing. What waits is bounded; what is lost
//! is counted, and told once.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, channel, sync_channel};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread;
use std::time::{Duration, UNIX_EPOCH};

use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::InstrumentationScope;
use opentelemetry_proto::tonic::metrics::v1::{ResourceMetrics, ScopeMetrics};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
use prost::Message;
use tokio::runtime::Runtime;

use super::attributes::Attributes;
use super::delivery::{Delivered, Doors};
use super::measure::{Histograms, measures};
use super::settings::{Settings, Signal};
use super::{names, span};
use crate::clock::{Clock, Instant, SystemClock, new_id};
use crate::http::Network;
use crate::panics::{FAULT, caught};
use crate::record::{Entry, Record, Sink};

/// So many records wait; further ones are dropped.
const QUEUE: usize = 10_000;

/// A batch has at most so many spans and bytes.
const MOST_SPANS: usize = 512;
const MOST_BYTES: usize = 1 << 20;

pub struct Exporter {
    settings: Arc<Settings>,
    queue: SyncSender<Job>,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    /// Spans that were lost.
    dropped: AtomicU64,
    trouble: Mutex<Trouble>,
}

/// What the user is to know, once.
#[derive(Default)]
enum Trouble {
    #[default]
    None,
    New(String),
    Told,
}

enum Job {
    Take(Box<Entry<'static>>),
    /// Gets whether all that was taken has arrived.
    Flush(SyncSender<bool>),
}

impl State {
    fn lose(&self, spans: usize) {
        self.dropped.fetch_add(spans as u64, Ordering::Relaxed);
    }

    fn trouble(&self, words: String) {
        let mut trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        if matches!(*trouble, Trouble::None) {
            *trouble = Trouble::New(words);
        }
    }
}

impl Exporter {
    /// The process's exporter with these settings: two that count the same would overwrite each other at the receiver.
    pub fn shared(settings: &Arc<Settings>) -> Arc<Self> {
        static ALL: Mutex<Vec<Weak<Exporter>>> = Mutex::new(Vec::new());
        let mut all = ALL.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|one| one.strong_count() > 0);
        if let Some(same) = all.iter().filter_map(Weak::upgrade).find(|one| *one.settings == **settings) {
            return same;
        }
        let made = Arc::new(Self::new(settings));
        all.push(Arc::downgrade(&made));
        made
    }

    fn new(settings: &Arc<Settings>) -> Self {
        let (queue, jobs) = sync_channel(QUEUE);
        let state = Arc::<State>::default();
        let (theirs, own) = (settings.clone(), state.clone());
        let run = move || {
            if let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() {
                Work::new(theirs, own, runtime).run(&jobs);
            }
        };
        let started = thread::Builder::new().name("spans to OpenTelemetry".to_owned()).spawn(run);
        // Without a thread the queue's other end is gone, and each span counts as dropped.
        drop(started);
        Self { settings: settings.clone(), queue, state }
    }
}

impl Sink for Exporter {
    fn take(&self, record: &Record<'_>) {
        let spans = 1 + record.entry.attempts.len();
        if self.queue.try_send(Job::Take(Box::new(record.entry.to_owned()))).is_err() {
            self.state.lose(spans);
        }
    }

    fn flush(&self, limit: Duration) -> bool {
        asked(&self.queue, Job::Flush, limit).unwrap_or(false)
    }

    fn dropped(&self) -> u64 {
        self.state.dropped.load(Ordering::Relaxed)
    }

    fn trouble(&self) -> Option<String> {
        let mut trouble = self.state.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        match std::mem::replace(&mut *trouble, Trouble::Told) {
            Trouble::New(words) => Some(words),
            other => {
                *trouble = other;
                None
            }
        }
    }
}

/// Puts a job into a bounded queue and waits, at most `limit`, for what its sender is given; `None`: nothing came in time, or
/// nobody takes jobs any more.
fn asked<J, D>(queue: &SyncSender<J>, job: impl FnOnce(SyncSender<D>) -> J, limit: Duration) -> Option<D> {
    let (done, told) = sync_channel(1);
    let mut job = job(done);
    // A full queue is waited for in turns, since a sender without a deadline could wait for ever.
    let (turn, turns) = (Duration::from_millis(5), limit.as_millis() / 5);
    let (_never, pause) = channel::<()>();
    for _ in 0..=turns {
        match queue.try_send(job) {
            Ok(()) => return told.recv_timeout(limit).ok(),
            Err(TrySendError::Full(again)) => job = again,
            Err(TrySendError::Disconnected(_)) => return None,
        }
        let _ = pause.recv_timeout(turn);
    }
    None
}

/// The thread's own.
struct Work {
    settings: Arc<Settings>,
    state: Arc<State>,
    runtime: Runtime,
    doors: Doors,
    resource: Resource,
    spans: Vec<Span>,
    /// How long the spans that wait are, encoded.
    bytes: usize,
    histograms: Histograms,
    /// When what waits is sent.
    spans_due: Option<Instant>,
    metrics_due: Option<Instant>,
    /// Whether something was counted since metrics were sent.
    counted: bool,
}

impl Work {
    fn new(settings: Arc<Settings>, state: Arc<State>, runtime: Runtime) -> Self {
        let doors = Doors {
            transport: Arc::new(Network::default()),
            clock: Arc::new(SystemClock),
            route: settings.route.clone(),
        };
        let histograms = Histograms::new(now(), settings.delta);
        let resource = resource(&settings);
        Self {
            settings,
            state,
            runtime,
            doors,
            resource,
            spans: Vec::new(),
            bytes: 0,
            histograms,
            spans_due: None,
            metrics_due: None,
            counted: false,
        }
    }

    /// Until the last client that has the exporter is gone, and what waited is sent.
    fn run(&mut self, jobs: &Receiver<Job>) {
        loop {
            let job = self.next(jobs);
            let is_last = matches!(job, Err(RecvTimeoutError::Disconnected));
            let held =
                self.spans.len() + if let Ok(Job::Take(entry)) = &job { 1 + entry.attempts.len() } else { 0 };
            if caught(|| self.work(job)).is_none() {
                self.state.lose(held.saturating_sub(self.spans.len()));
                self.state.trouble(FAULT.to_owned());
            }
            if is_last {
                return;
            }
        }
    }

    fn work(&mut self, job: Result<Job, RecvTimeoutError>) {
        match job {
            Ok(Job::Take(entry)) => self.take(&entry),
            Ok(Job::Flush(done)) => {
                // Whoever waited may have given up.
                let _ = done.send(self.send_all());
            }
            Err(RecvTimeoutError::Timeout) => self.send_due(),
            Err(RecvTimeoutError::Disconnected) => drop(self.send_all()),
        }
    }

    fn next(&self, jobs: &Receiver<Job>) -> Result<Job, RecvTimeoutError> {
        let due = self.spans_due.into_iter().chain(self.metrics_due).min();
        match due {
            Some(due) => jobs.recv_timeout(due.saturating_duration_since(SystemClock.now())),
            None => jobs.recv().map_err(|_| RecvTimeoutError::Disconnected),
        }
    }

    fn take(&mut self, entry: &Entry<'_>) {
        let Some(traced) = &entry.traced else { return };
        let soon = |signal: &Signal| SystemClock.now() + signal.interval;
        if let Some(signal) = &self.settings.metrics {
            for measure in measures(entry, traced) {
                self.histograms.count(measure);
            }
            self.counted = true;
            self.metrics_due = self.metrics_due.or(Some(soon(signal)));
        }
        let Some(signal) = self.settings.spans.as_ref().filter(|_| traced.tracing.sampled) else { return };
        self.spans_due = self.spans_due.or(Some(soon(signal)));
        let made = span::spans(entry, traced);
        self.bytes += made.iter().map(Message::encoded_len).sum::<usize>();
        self.spans.extend(made);
        if self.spans.len() >= MOST_SPANS || self.bytes >= MOST_BYTES {
            self.send_spans();
        }
    }

    fn send_due(&mut self) {
        let now = SystemClock.now();
        if self.spans_due.is_some_and(|due| due <= now) {
            self.send_spans();
        }
        if self.metrics_due.is_some_and(|due| due <= now) {
            self.send_metrics();
        }
    }

    /// Whether everything has arrived.
    fn send_all(&mut self) -> bool {
        let spans = self.send_spans();
        self.send_metrics() && spans
    }

    fn send_spans(&mut self) -> bool {
        self.spans_due = None;
        self.bytes = 0;
        let spans = std::mem::take(&mut self.spans);
        let Some(signal) = self.settings.spans.as_ref().filter(|_| !spans.is_empty()) else { return true };
        let count = spans.len();
        let scope_spans = ScopeSpans { scope: Some(scope()), spans, schema_url: names::SCHEMA.to_owned() };
        let batch = ExportTraceServiceRequest {
            resource_spans: vec![ResourceSpans {
                resource: Some(self.resource.clone()),
                scope_spans: vec![scope_spans],
                schema_url: names::SCHEMA.to_owned(),
            }],
        };
        let delivered = self.runtime.block_on(self.doors.deliver(signal, &batch));
        match &delivered {
            Delivered::Whole => {}
            Delivered::Partly(rejected, _) => self.state.lose(count.min(*rejected as usize)),
            Delivered::Lost(_) => self.state.lose(count),
        }
        self.tell("spans", signal, delivered)
    }

    fn send_metrics(&mut self) -> bool {
        self.metrics_due = None;
        let Some(signal) = self.settings.metrics.as_ref().filter(|_| self.counted) else { return true };
        let now = now();
        let dropped = self.state.dropped.load(Ordering::Relaxed);
        let scope_metrics = ScopeMetrics {
            scope: Some(scope()),
            metrics: self.histograms.metrics(now, dropped),
            schema_url: names::SCHEMA.to_owned(),
        };
        let batch = ExportMetricsServiceRequest {
            resource_metrics: vec![ResourceMetrics {
                resource: Some(self.resource.clone()),
                scope_metrics: vec![scope_metrics],
                schema_url: names::SCHEMA.to_owned(),
            }],
        };
        let delivered = self.runtime.block_on(self.doors.deliver(signal, &batch));
        if matches!(delivered, Delivered::Lost(_)) {
            // What is counted stays, and goes with the next export.
            self.metrics_due = Some(SystemClock.now() + signal.interval);
        } else {
            self.counted = false;
            self.histograms.exported(now);
        }
        self.tell("metrics", signal, delivered)
    }

    /// Tells of what did not arrive; whether it all did.
    fn tell(&self, what: &str, signal: &Signal, delivered: Delivered) -> bool {
        let place = match &signal.socket {
            Some(socket) => format!("unix:{}", socket.display()),
            None => signal.url[..url::Position::AfterPath].to_owned(),
        };
        let words = match delivered {
            Delivered::Whole => return true,
            Delivered::Partly(rejected, words) => {
                format!("{place} did not take {rejected} of the {what} it got: {words}")
            }
            Delivered::Lost(why) => format!("{what} did not reach {place}: {why}"),
        };
        self.state.trouble(words);
        false
    }
}

fn now() -> u64 {
    SystemClock.wall().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos() as u64
}

fn scope() -> InstrumentationScope {
    InstrumentationScope {
        name: names::SCOPE.to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        ..InstrumentationScope::default()
    }
}

fn resource(settings: &Settings) -> Resource {
    let mut attributes = Attributes::default();
    let named = |key: &str| settings.resource.iter().any(|(name, _)| name == key);
    if !named(names::INSTANCE) {
        attributes.text(names::INSTANCE, new_id());
    }
    for (key, value) in [
        (names::SDK_NAME, names::SCOPE),
        (names::SDK_LANGUAGE, "rust"),
        (names::SDK_VERSION, env!("CARGO_PKG_VERSION")),
    ] {
        attributes.text(key, value);
    }
    for (key, value) in &settings.resource {
        attributes.json(key, value);
    }
    Resource { attributes: attributes.0, ..Resource::default() }
}
