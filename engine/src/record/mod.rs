//! Records: what became of each call, for those who look after a service. One entry per call, with a line for each
//! attempt, whether it succeeded, failed, was cut or was aborted. It holds no header value; a prompt or an answer only where
//! the client asks for that (`captureContent`).
//! The invariant: a call never waits for a record. Sinks take entries from bounded queues on threads of their own, and what
//! a full queue drops is counted.

mod database;
mod entry;
pub mod feedback;
mod file;
mod price;
mod reading;
mod recording;
mod settings;
mod tokens;
mod worker;

use std::sync::Arc;
use std::time::Duration;

use crate::error::Problem;
use crate::telemetry::{self, Exporter};

pub use database::Retention;
pub use entry::{Entry, Outcome};
pub use file::Rotation;
pub use price::Pricing;
pub use reading::{Filter, Reading};
pub use recording::{End, Recording};
pub use settings::Settings;
pub use tokens::Usage;
use worker::Worker;

/// Where entries go.
pub trait Sink: Send + Sync {
    /// Takes an entry without waiting.
    fn take(&self, entry: Arc<Entry>);

    /// Waits until what was taken so far has reached its place; false when `limit` runs out first.
    fn flush(&self, limit: Duration) -> bool;

    /// How many entries were dropped because the sink could not keep up.
    fn dropped(&self) -> u64;

    /// What the user is to know of the sink; told once.
    fn trouble(&self) -> Option<String> {
        None
    }
}

/// What one client records, and where to.
pub struct Recorder {
    /// Whether entries hold what was asked and answered.
    pub captures: bool,
    /// What spans are made by, where some are made.
    pub telemetry: Option<Arc<telemetry::Settings>>,
    sinks: Vec<Arc<dyn Sink>>,
}

impl Recorder {
    /// `None` where nothing is to be recorded. `listener` is the caller's own sink.
    pub fn new(settings: &Settings, listener: Option<Arc<dyn Sink>>) -> Result<Option<Arc<Self>>, Problem> {
        let mut sinks: Vec<Arc<dyn Sink>> = listener.into_iter().collect();
        if let Some(rotation) = &settings.file {
            sinks.push(Arc::new(Worker::new("records to a file", file::File::open(rotation)?)));
        }
        if let Some(retention) = &settings.database {
            sinks.push(Arc::new(Worker::new("records to a database", database::Database::open(retention)?)));
        }
        let telemetry = settings.telemetry.clone();
        if let Some(telemetry) = telemetry.as_ref().filter(|telemetry| telemetry.tracer.is_none()) {
            sinks.push(Exporter::shared(telemetry));
        }
        Ok((!sinks.is_empty()).then(|| Arc::new(Self { captures: settings.captures, telemetry, sinks })))
    }

    fn take(&self, entry: Entry) {
        let entry = Arc::new(entry);
        for sink in &self.sinks {
            sink.take(entry.clone());
        }
    }

    /// What the user is to know of a sink, and has not been told.
    pub fn trouble(&self) -> Option<String> {
        self.sinks.iter().find_map(|sink| sink.trouble())
    }

    /// Waits, at most `limit`, until everything recorded so far has reached its place.
    pub fn flush(&self, limit: Duration) -> Flushed {
        // All of them, also when one is late.
        let late = self.sinks.iter().filter(|sink| !sink.flush(limit)).count();
        Flushed { whole: late == 0, dropped: self.sinks.iter().map(|sink| sink.dropped()).sum() }
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
