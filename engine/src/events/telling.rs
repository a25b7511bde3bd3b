//! What a stream tells of itself in the call's report.

use super::Events;
use crate::clock::Instant;
use crate::observe::{Attempt, Report};

/// How the report tells of a stream that was taken as whole on the host's word alone.
const DONE_ONLY: &str = "the stream ended in [DONE] without a finish reason and was taken as whole";

/// The time from each semantic event to the next.
#[derive(Default)]
pub struct Gaps {
    last: Option<Instant>,
    seconds: Vec<f64>,
}

impl Gaps {
    pub fn came(&mut self, now: Instant) {
        if let Some(last) = self.last.replace(now) {
            self.seconds.push((now - last).as_secs_f64());
        }
    }
}

impl Events {
    /// Writes what is known by now into the call's report.
    pub fn tell(&self, report: &mut Report) {
        if !self.replayed {
            self.tell_attempt(report.last());
        }
        if self.done_without_finish && !report.changes.iter().any(|change| change == DONE_ONLY) {
            report.changes.push(DONE_ONLY.to_owned());
        }
        if let Some(repairs) = &self.repairs {
            repairs.tell(&mut report.changes);
        }
        if let Some(verdicts) = &self.verdicts
            && report.hooks.after.is_empty()
        {
            report.hooks.after.clone_from(&verdicts.results);
            report.hooks.asynchronous.extend(verdicts.asynchronous.iter().cloned());
        }
        report.usage = match &self.fronting {
            Some(fronting) => fronting.usage().cloned(),
            None => self.progress.usage.clone(),
        };
    }

    /// What the call's record is to know of it.
    pub(super) fn tell_record(&mut self, report: &mut Report) {
        report.first.clone_from(&self.first);
        if let Some(recording) = &mut report.recording {
            recording.finish_reasons.clone_from(&self.progress.finish_reasons);
            recording.gaps = self.gaps.take().unwrap_or_default().seconds;
            recording.streamed = Some(self.partial());
        }
    }

    fn tell_attempt(&self, attempt: &mut Attempt) {
        attempt.ms.first_token = self.first_token;
        if let Some(closed) = &self.closed {
            attempt.phase = closed.phase;
            attempt.ms.total = Some(closed.total);
            attempt.code.clone_from(&closed.code);
        }
    }
}
