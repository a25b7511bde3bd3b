//! A stream in its reader's hands, with the call's report: whatever ends it, the report tells of it.

use std::sync::Arc;

use super::pace::Pace;
use super::{Event, Events};
use crate::clock::{Clock, SystemClock};
use crate::error::Result;
use crate::observe::Report;
use crate::panics::caught;
use crate::progress::Mould;
use crate::record::End;

pub struct Streaming {
    events: Box<Events>,
    report: Box<Report>,
    status: u16,
    pace: Pace,
}

impl Streaming {
    pub fn new(events: Box<Events>, report: Box<Report>, status: u16) -> Self {
        Self { events, report, status, pace: Pace::default() }
    }

    /// All events that are ready, at least one; `None` at the end. After an error there is nothing more.
    pub async fn next(&mut self) -> Option<Result<Vec<Event>>> {
        self.pace.rest().await;
        let batch = self.events.next().await;
        self.pace.read(SystemClock.now());
        match &batch {
            Some(Ok(_)) => {}
            Some(Err(error)) => self.close(&End::Failed(error)),
            None => self.close(&End::Streamed(self.status)),
        }
        batch
    }

    /// The mould that chunks of text of the last batch may fit.
    pub fn mould(&self) -> Option<&Arc<Mould>> {
        self.events.mould()
    }

    fn close(&mut self, end: &End<'_>) {
        self.events.settle(false);
        self.events.tell(&mut self.report);
        self.events.tell_record(&mut self.report);
        self.report.close(end);
    }

    /// What is known of the call by now.
    pub fn report(&self) -> &Report {
        &self.report
    }

    /// The reader is slower than the host.
    pub fn let_others_go(&mut self) {
        self.events.let_others_go();
    }

    /// Reads what may follow the last event, so that the connection can be used again.
    pub async fn rest(mut self) {
        self.events.rest().await;
    }
}

/// Left before its end.
impl Drop for Streaming {
    fn drop(&mut self) {
        // It may be here by a panic, which a second one would make the process's end.
        caught(|| {
            self.events.settle(false);
            if self.report.recording.is_some() {
                self.close(&End::left());
            }
        });
    }
}
