//! The sink that exports: spans and metrics are made as a call ends, in the form in which they are sent; a thread sends them in
//! batches over a runtime and connections of its own, so that a receiver that is slow or gone costs calls nothing. What waits
//! is bounded; what is lost is counted, and told once.

use std::sync::atomic::Ordering;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread;
use std::time::{Duration, UNIX_EPOCH};

use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::InstrumentationScope;
use opentelemetry_proto::tonic::metrics::v1::{ResourceMetrics, ScopeMetrics};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans};
use prost::Message;
use tokio::runtime::Runtime;

use super::attributes::{Attributes, held};
use super::delivery::{Delivered, Doors, in_json};
use super::measure::{Histograms, measures};
use super::settings::{Settings, Signal};
use super::span::Traced;
use super::waiting::{Desk, Spans, Trouble, Unsent, Waiting};
use super::{names, span};
use crate::clock::{Clock, SystemClock, new_id};
use crate::http::Network;
use crate::panics::{FAULT, caught};
use crate::record::{Entry, Record, Sink};

/// The spans of a call are so long, as a rule.
const ROOM: usize = 1 << 12;

pub struct Exporter {
    settings: Arc<Settings>,
    desk: Arc<Desk>,
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
        let histograms = settings.metrics.is_some().then(|| Histograms::new(now(), settings.delta));
        let waiting = Waiting { histograms, ..Waiting::default() };
        let desk = Arc::new(Desk { waiting: Mutex::new(waiting), ..Desk::default() });
        let (theirs, own) = (settings.clone(), desk.clone());
        let run = move || {
            if let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() {
                Work::new(theirs, own, runtime).run();
            }
        };
        let started = thread::Builder::new().name("spans to OpenTelemetry".to_owned()).spawn(run);
        // Without a thread each span counts as dropped.
        desk.lock().is_over = started.is_err();
        Self { settings: settings.clone(), desk }
    }

    /// The spans of a record, where it has some that are exported.
    fn spans(&self, entry: &Entry<'_>, traced: &Traced, common: &Attributes) -> Spans {
        let mut spans = Spans::default();
        if self.settings.spans.is_some() && traced.tracing.sampled {
            spans.bytes.reserve(ROOM);
            span::spans(entry, traced, common, |span| spans.push(&span));
        }
        spans
    }
}

/// The last client that had it is gone: the thread sends what waits, and ends.
impl Drop for Exporter {
    fn drop(&mut self) {
        self.desk.lock().is_over = true;
        self.desk.called.notify_one();
    }
}

impl Sink for Exporter {
    fn take(&self, record: &Record<'_>) {
        let entry = record.entry;
        let Some(traced) = &entry.traced else { return };
        let common = span::common(entry);
        let measures = measures(entry);
        let soon =
            |signal: &Option<Signal>| signal.as_ref().map(|signal| SystemClock.now() + signal.interval);
        // Made before others are kept waiting.
        let made = self.spans(entry, traced, &common);
        let mut waiting = self.desk.lock();
        let was_due = waiting.due();
        if let Some(histograms) = &mut waiting.histograms {
            histograms.count(&common, &measures);
            waiting.counted = true;
            waiting.metrics_due = waiting.metrics_due.or_else(|| soon(&self.settings.metrics));
        }
        if !made.lengths.is_empty() {
            if waiting.is_over || waiting.spans.is_full() {
                self.desk.lose(made.lengths.len());
            } else {
                waiting.spans.append(&made);
                waiting.spans_due = waiting.spans_due.or_else(|| soon(&self.settings.spans));
            }
        }
        if waiting.spans.is_batch() {
            waiting.spans_due = Some(SystemClock.now());
        }
        let is_sooner = waiting.due().is_some_and(|due| was_due.is_none_or(|was| due < was));
        drop(waiting);
        if is_sooner {
            self.desk.called.notify_one();
        }
    }

    fn flush(&self, limit: Duration) -> bool {
        let (done, told) = sync_channel(1);
        self.desk.lock().flushing.push(done);
        self.desk.called.notify_one();
        told.recv_timeout(limit).unwrap_or(false)
    }

    fn dropped(&self) -> u64 {
        self.desk.dropped.load(Ordering::Relaxed)
    }

    fn trouble(&self) -> Option<String> {
        let mut trouble = self.desk.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        match std::mem::replace(&mut *trouble, Trouble::Told) {
            Trouble::New(words) => Some(words),
            other => {
                *trouble = other;
                None
            }
        }
    }
}

/// The thread's own.
struct Work {
    settings: Arc<Settings>,
    desk: Arc<Desk>,
    runtime: Runtime,
    doors: Doors,
    resource: Resource,
}

/// What the thread is woken for.
enum Job {
    /// What is due.
    Send,
    Flush(Vec<SyncSender<bool>>),
    End,
}

impl Work {
    fn new(settings: Arc<Settings>, desk: Arc<Desk>, runtime: Runtime) -> Self {
        let doors = Doors {
            transport: Arc::new(Network::default()),
            clock: Arc::new(SystemClock),
            route: settings.route.clone(),
        };
        let resource = resource(&settings);
        Self { settings, desk, runtime, doors, resource }
    }

    /// Until the last client that has the exporter is gone, and what waited is sent.
    fn run(&self) {
        loop {
            let job = self.next();
            let is_last = matches!(job, Job::End);
            if caught(|| self.work(job)).is_none() {
                self.desk.trouble(FAULT.to_owned());
            }
            if is_last {
                return;
            }
        }
    }

    fn work(&self, job: Job) {
        match job {
            Job::Send => self.send_due(),
            Job::Flush(waiting) => {
                let has_arrived = self.send_all();
                for done in waiting {
                    // Whoever waited may have given up.
                    let _ = done.send(has_arrived);
                }
            }
            Job::End => drop(self.send_all()),
        }
    }

    fn next(&self) -> Job {
        let mut waiting = self.desk.lock();
        loop {
            if !waiting.flushing.is_empty() {
                return Job::Flush(std::mem::take(&mut waiting.flushing));
            }
            if waiting.is_over {
                return Job::End;
            }
            let left = waiting.due().map(|due| due.saturating_duration_since(SystemClock.now()));
            waiting = match left {
                Some(Duration::ZERO) => return Job::Send,
                Some(left) => {
                    let waited = self.desk.called.wait_timeout(waiting, left);
                    waited.unwrap_or_else(PoisonError::into_inner).0
                }
                None => self.desk.called.wait(waiting).unwrap_or_else(PoisonError::into_inner),
            };
        }
    }

    fn send_due(&self) {
        let now = SystemClock.now();
        let (spans, metrics) = {
            let waiting = self.desk.lock();
            (waiting.spans_due, waiting.metrics_due)
        };
        if spans.is_some_and(|due| due <= now) {
            self.send_spans();
        }
        if metrics.is_some_and(|due| due <= now) {
            self.send_metrics();
        }
    }

    /// Whether everything has arrived.
    fn send_all(&self) -> bool {
        let spans = self.send_spans();
        self.send_metrics() && spans
    }

    fn send_spans(&self) -> bool {
        let mut spans = {
            let mut waiting = self.desk.lock();
            waiting.spans_due = None;
            std::mem::take(&mut waiting.spans)
        };
        let Some(signal) = self.settings.spans.as_ref() else { return true };
        let mut has_arrived = true;
        let mut unsent = Unsent { desk: &self.desk, spans: spans.lengths.len() };
        while let Some((batch, count)) = spans.batch() {
            let body = self.traces(&batch, signal.json);
            let delivered = self.runtime.block_on(self.doors.deliver(signal, body));
            let lost = match &delivered {
                Delivered::Whole => 0,
                Delivered::Partly(rejected, _) => count.min(*rejected as usize),
                Delivered::Lost(_) => count,
            };
            unsent.spans -= count - lost;
            has_arrived &= self.tell("spans", signal, delivered);
        }
        has_arrived
    }

    /// An `ExportTraceServiceRequest` of encoded spans.
    fn traces(&self, spans: &[u8], json: bool) -> Vec<u8> {
        let around =
            ScopeSpans { scope: Some(scope()), spans: Vec::new(), schema_url: names::SCHEMA.to_owned() };
        let of_scope = [around.encode_to_vec().as_slice(), spans].concat();
        let around = ResourceSpans {
            resource: Some(self.resource.clone()),
            scope_spans: Vec::new(),
            schema_url: names::SCHEMA.to_owned(),
        };
        let mut of_resource = around.encode_to_vec();
        held(&mut of_resource, 2, &of_scope);
        let mut all = Vec::with_capacity(of_resource.len() + 8);
        held(&mut all, 1, &of_resource);
        if json {
            let batch = ExportTraceServiceRequest::decode(all.as_slice());
            return in_json(&batch.expect("what is written here is protobuf"));
        }
        all
    }

    fn send_metrics(&self) -> bool {
        let now = now();
        let dropped = self.desk.dropped.load(Ordering::Relaxed);
        let (metrics, sent) = {
            let mut waiting = self.desk.lock();
            waiting.metrics_due = None;
            let counted = std::mem::take(&mut waiting.counted);
            let Some(histograms) = waiting.histograms.as_mut().filter(|_| counted) else { return true };
            (histograms.metrics(now, dropped), histograms.exported(now))
        };
        let Some(signal) = self.settings.metrics.as_ref() else { return true };
        let scope_metrics =
            ScopeMetrics { scope: Some(scope()), metrics, schema_url: names::SCHEMA.to_owned() };
        let batch = ExportMetricsServiceRequest {
            resource_metrics: vec![ResourceMetrics {
                resource: Some(self.resource.clone()),
                scope_metrics: vec![scope_metrics],
                schema_url: names::SCHEMA.to_owned(),
            }],
        };
        let body = if signal.json { in_json(&batch) } else { batch.encode_to_vec() };
        let delivered = self.runtime.block_on(self.doors.deliver(signal, body));
        if matches!(delivered, Delivered::Lost(_)) {
            // What was counted goes with the next export.
            let mut waiting = self.desk.lock();
            waiting.counted = true;
            waiting.metrics_due = Some(SystemClock.now() + signal.interval);
            if let (Some(histograms), Some(sent)) = (&mut waiting.histograms, sent) {
                histograms.take_back(sent);
            }
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
        self.desk.trouble(words);
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
        attributes.text(names::INSTANCE, &new_id());
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
    Resource { attributes: attributes.decoded(), ..Resource::default() }
}
