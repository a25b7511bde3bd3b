//! What of a stream is handed out, and when: past its checks, and into the cache's keeping.

use std::sync::Arc;

use serde::Deserialize;
use serde::de::IgnoredAny;
use tokio::sync::OwnedSemaphorePermit;

use super::{Event, Events, Opening, State};
use crate::attempt::Keep;
use crate::clock::{Clock, SystemClock};
use crate::config::Target;
use crate::endpoint::Streamed;
use crate::engine::Context;
use crate::error::Error;
use crate::hooks::Verdicts;
use crate::http::ReplyBody;
use crate::limit::Reserved;
use crate::memory::Visit;
use crate::progress::Progress;
use crate::record::Usage;

/// What a stream keeps of its target until its end.
#[derive(Default)]
pub struct Held {
    pub visit: Option<Visit>,
    pub slot: Option<OwnedSemaphorePermit>,
    pub reserved: Option<Reserved>,
    pub context: Option<Context>,
}

impl Held {
    pub fn failed(&mut self, error: &Error) {
        let Some(visit) = &mut self.visit else { return };
        drop(visit.failed(error, SystemClock.now()));
        if let Some(context) = &self.context {
            visit.live().publish(context);
        }
    }
}

/// Keeps a stream's events for the cache until its end.
pub struct Keeping {
    keep: Keep,
    status: u16,
    content_type: Option<String>,
}

impl Events {
    /// Keeps what belongs to the target until the stream has ended, as it may have already.
    pub fn hold(&mut self, mut held: Held) {
        match &self.state {
            State::Open => self.held = held,
            State::Ended => {
                self.held = held;
                self.settle(true);
                self.held = Held::default();
            }
            State::Failed(error) => {
                held.failed(error);
                self.held = held;
                self.settle(false);
                self.held = Held::default();
            }
        }
    }

    /// Counts against the target's limits what the stream has used: all of it where it is whole, else what came.
    pub(super) fn settle(&mut self, is_whole: bool) {
        let Some(reserved) = self.held.reserved.take() else { return };
        let told = self.progress.usage.as_deref().and_then(Usage::read);
        let length = if is_whole && told.is_some() { 0 } else { self.partial().len() };
        let seconds = (SystemClock.now() - self.began).as_secs_f64();
        if is_whole { reserved.answered(told, length, seconds) } else { reserved.cut(told, length, seconds) }
    }

    /// A stream that the cache has kept, given out again.
    pub fn kept(target: Arc<Target>, url: Arc<str>, streamed: Streamed, events: Vec<Event>) -> Self {
        let opening = Opening {
            body: ReplyBody::empty(),
            target,
            method: "POST",
            began: SystemClock.now(),
            total: None,
            url,
            query: None,
            checking: None,
            translation: None,
            streamed,
            repairs: None,
            measures_gaps: false,
        };
        let progress = Progress::of_last_usage(streamed, &events);
        Self { ready: events, state: State::Ended, replayed: true, progress, ..Self::new(opening) }
    }

    /// Has the events kept, those that were read by now among them.
    pub fn keep(&mut self, keep: Keep, status: u16, content_type: Option<String>) {
        let mut keeping = Keeping { keep, status, content_type };
        keeping.keep.note(&self.ready);
        self.keeping = Some(keeping);
        if !matches!(self.state, State::Open) {
            self.kept_or_not();
        }
    }

    /// The stream has ended: only one that is whole by its finish reasons is kept.
    pub(super) fn kept_or_not(&mut self) {
        let Some(Keeping { keep, status, content_type }) = self.keeping.take() else { return };
        let passed = self.verdicts.as_ref().is_none_or(|verdicts| !verdicts.failed);
        let is_good = passed && !self.progress.has_failed();
        if matches!(self.state, State::Ended) && self.progress.is_whole() && is_good {
            keep.finish(status, content_type);
        } else {
            keep.failed();
        }
    }

    /// The reader is slower than the host: who waits for the same stream from the cache waits no longer.
    pub fn let_others_go(&mut self) {
        if let Some(keeping) = &mut self.keeping {
            keeping.keep.let_others_go();
        }
    }

    /// Hands out an event, or what the checks of the stream let go now.
    pub(super) fn hand_out(&mut self, event: Event) {
        let before = self.ready.len();
        let Some(watch) = &mut self.watch else {
            self.ready.push(event);
            return self.handed_out(before);
        };
        let passed = watch.push(event, &mut self.ready);
        self.handed_out(before);
        if let Err(denied) = passed {
            self.deny(*denied);
        }
    }

    /// Events from `before` on are handed out.
    fn handed_out(&mut self, before: usize) {
        let events = &self.ready[before..];
        self.handed_out += events.len();
        if let Some(keeping) = &mut self.keeping {
            keeping.keep.note(events);
        }
    }

    /// The stream is over: what its checks held back goes out, or nothing more does.
    pub(super) fn check(&mut self) {
        let Some(watch) = self.watch.take() else { return };
        let before = self.ready.len();
        let verdicts = watch.finish(&mut self.ready);
        self.handed_out(before);
        if verdicts.denied {
            self.deny(verdicts);
        } else {
            self.verdicts = Some(verdicts);
        }
    }

    fn deny(&mut self, verdicts: Verdicts) {
        self.fail(|events| events.place().denied(&events.before, &verdicts.results, true));
        self.watch = None;
        self.verdicts = Some(verdicts);
    }

    /// The chunk that tells the usage alone is not the caller's from now on; what is kept of the stream has it.
    pub fn hide_usage(&mut self) {
        self.hides_usage = true;
    }

    pub(super) fn without_usage(&self, mut events: Vec<Event>) -> Vec<Event> {
        if self.hides_usage && self.progress.usage.is_some() {
            events.retain(|event| !is_usage_alone(&event.data));
        }
        events
    }

    /// An event before all others.
    pub fn begin_with(&mut self, event: Event) {
        self.ready.insert(0, event);
    }

    /// What a stream that broke had brought, as far as its checks let it be seen.
    pub(super) fn partial(&self) -> String {
        self.progress.partial(self.watch.as_ref().map(|watch| (watch.told(), self.handed_out)))
    }
}

/// Whether a chunk brings usage and no choice.
fn is_usage_alone(data: &[u8]) -> bool {
    #[derive(Deserialize)]
    struct Chunk {
        #[serde(default)]
        choices: Option<Vec<IgnoredAny>>,
        usage: Option<IgnoredAny>,
    }
    let chunk = serde_json::from_slice::<Chunk>(data);
    chunk.is_ok_and(|chunk| chunk.usage.is_some() && chunk.choices.is_none_or(|choices| choices.is_empty()))
}
