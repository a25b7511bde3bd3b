//! Records: what became of each call, for those who look after a service. One entry per call, with a line for each
//! attempt, whether it succeeded, failed, was cut or was aborted. It holds no header value; a prompt or an answer only where
//! the client asks for that (`captureContent`).
//! The invariant: a call never waits for a record. Sinks put them to bounded batches for threads of their own, and what a full
//! one drops is counted.

mod database;
mod entry;
pub mod feedback;
mod file;
mod line;
mod packed;
mod price;
pub mod prices;
mod reading;
mod recording;
mod redaction;
mod settings;
mod tokens;
mod unfolding;
mod worker;

use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use crate::clock::{Clock, SystemClock};
use crate::error::Problem;
use crate::panics::caught;
use crate::telemetry::{self, Exporter};

pub use database::Retention;
pub use entry::{Entry, Outcome, Record};
pub use file::Rotation;
pub use price::Pricing;
pub use reading::{Filter, Reading};
pub use recording::{End, Recording};
use redaction::Redacting;
pub use redaction::{Redaction, Redactor, Then};
pub use settings::Settings;
pub use tokens::{Usage, usage_in};
use worker::Worker;

/// Where entries go.
pub trait Sink: Send + Sync {
    /// Takes a record without waiting: the call's end waits for this.
    fn take(&self, record: &Record<'_>);

    /// Waits until what was taken so far has reached its place; false when `limit` runs out first.
    fn flush(&self, limit: Duration) -> bool;

    /// How many records were dropped because the sink could not keep up.
    fn dropped(&self) -> u64;

    /// What the user is to know of the sink; told once.
    fn trouble(&self) -> Option<String> {
        None
    }
}

/// How a client's targets fare now; `None` when the client is gone.
pub type Watch = Box<dyn Fn() -> Option<Fare> + Send>;

/// How targets fare, as JSON, and whether that stays so until the next call.
pub struct Fare {
    pub json: String,
    pub is_calm: bool,
}

/// What a face hands in: the caller's own functions.
#[derive(Clone, Default)]
pub struct Listeners {
    /// Gets the records (`onRecord`).
    pub records: Option<Arc<dyn Sink>>,
    /// Makes spans of them (`otel.tracer`).
    pub spans: Option<Arc<dyn Sink>>,
    /// Redacts what they capture (`captureContent.redact`).
    pub redactor: Option<Arc<dyn Redactor>>,
}

/// All the places that one client's records go to.
#[derive(Default)]
pub struct Sinks(Vec<Arc<dyn Sink>>);

impl Sinks {
    fn take(&self, entry: &Entry<'_>) {
        let record = Record::of(entry);
        for sink in &self.0 {
            // What one cannot take, others get.
            caught(|| sink.take(&record));
        }
    }
}

/// Every recorder there is, for the end of the process.
static ALL: Mutex<Vec<Weak<Recorder>>> = Mutex::new(Vec::new());

/// Waits, at most `limit`, until what all clients have recorded is written: the process may end. Where it does end, what has
/// content that a function of the caller's has yet to redact goes without it.
pub fn flush_all(limit: Duration, ends: bool) {
    let all = ALL.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let deadline = SystemClock.now() + limit;
    for recorder in all.iter().filter_map(Weak::upgrade) {
        if let Some(redacting) = &recorder.redacting {
            redacting.end(deadline.saturating_duration_since(SystemClock.now()), ends);
        }
        for sink in &recorder.sinks.0 {
            sink.flush(deadline.saturating_duration_since(SystemClock.now()));
        }
    }
}

/// What one client records, and where to.
pub struct Recorder {
    /// Whether entries hold what was asked and answered.
    pub captures: bool,
    /// What spans are made by, where some are made.
    pub telemetry: Option<Arc<telemetry::Settings>>,
    redacting: Option<Redacting>,
    sinks: Arc<Sinks>,
}

impl Recorder {
    /// `None` where nothing is to be recorded.
    pub fn new(
        settings: &Settings,
        listeners: Listeners,
        watch: Watch,
    ) -> Result<Option<Arc<Self>>, Problem> {
        let mut sinks: Vec<Arc<dyn Sink>> = listeners.records.into_iter().collect();
        if let Some(rotation) = &settings.file {
            sinks.push(Arc::new(Worker::new("records to a file", file::File::open(rotation)?)));
        }
        if let Some(retention) = &settings.database {
            sinks.push(Arc::new(Worker::new(
                "records to a database",
                database::Database::open(retention, watch)?,
            )));
        }
        let telemetry = settings.telemetry.clone();
        if let Some(telemetry) = &telemetry {
            match &telemetry.tracer {
                None => sinks.push(Exporter::shared(telemetry)),
                Some(_) => sinks.extend(listeners.spans.clone()),
            }
        }
        if sinks.is_empty() {
            return Ok(None);
        }
        let sinks = Arc::new(Sinks(sinks));
        let redaction = settings.redaction.as_ref();
        let redacting = redaction.map(|redaction| Redacting::new(redaction, listeners.redactor, &sinks));
        // What could not be redacted is not captured.
        let captures = settings.captures && !matches!(redacting, Some(None));
        let made = Arc::new(Self { captures, telemetry, redacting: redacting.flatten(), sinks });
        let mut all = ALL.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|recorder| recorder.strong_count() > 0);
        all.push(Arc::downgrade(&made));
        Ok(Some(made))
    }

    fn take(&self, entry: &Entry<'_>) {
        match &self.redacting {
            Some(redacting) if entry.content.is_some() => redacting.take(entry),
            _ => self.sinks.take(entry),
        }
    }

    /// What the user is to know of a sink, and has not been told.
    pub fn trouble(&self) -> Option<String> {
        self.sinks.0.iter().find_map(|sink| sink.trouble())
    }

    /// Waits, at most `limit`, until everything recorded so far has reached its place.
    pub fn flush(&self, limit: Duration) -> Flushed {
        let began = SystemClock.now();
        let redacted = self.redacting.as_ref().is_none_or(|redacting| redacting.flush(limit));
        let left = limit.saturating_sub(SystemClock.now() - began);
        // All of them, also when one is late.
        let late = self.sinks.0.iter().filter(|sink| !sink.flush(left)).count();
        let dropped = self.sinks.0.iter().map(|sink| sink.dropped()).sum::<u64>();
        let unredacted = self.redacting.as_ref().map_or(0, Redacting::dropped);
        Flushed { whole: redacted && late == 0, dropped: dropped + unredacted }
    }
}

/// What came of waiting for the sinks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Flushed {
    /// All that was recorded has reached its place.
    pub whole: bool,
    /// How many entries were dropped since the client began.
    pub dropped: u64,
}
