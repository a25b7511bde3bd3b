//! A streamed answer: bytes in, whole batches of events out.
//! Until it is committed nothing is handed out, so that another attempt may still be made. It is committed at its first
//! semantic event or, where no other attempt was planned, at its first event that is no error.
//! A stream is whole when its endpoint's own end was seen; one that just stops is an error, never a success.

mod frames;
mod fronted;
mod handing;
mod pace;
mod streaming;
mod telling;
mod translated;
mod waiting;

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use crate::attempt::Checking;
use crate::clock::{Alarm, Clock, Instant, SystemClock, at_once, before};
use crate::config::Target;
use crate::endpoint::Streamed;
use crate::error::{Error, Result};
use crate::explain::Place;
use crate::hooks::{Record, Verdicts, Watch};
use crate::http::{Failure, ReplyBody};
use crate::observe::{Phase, milliseconds};
use crate::progress::{Meaning, Mould, Progress};
use crate::provider::repairs::Repairs;
use crate::sse::{Parser, SseEvent};
pub use frames::Frames;
pub use fronted::Fronting;
pub use handing::Held;
use handing::Keeping;
pub use streaming::Streaming;
use telling::Gaps;
pub use translated::Translation;

/// One event of a stream, its data being JSON text.
#[derive(Clone, Debug)]
pub struct Event {
    pub name: Option<Box<str>>,
    pub data: Bytes,
}

/// How long what follows a stream's last event may keep the connection before it is closed instead of reused.
const REST: Duration = Duration::from_millis(250);

/// So many events are handed over at once, however many there are.
const BATCH: usize = 256;

pub struct Events {
    body: ReplyBody,
    alarm: Alarm,
    parser: Parser,
    progress: Progress,
    target: Arc<Target>,
    method: &'static str,
    url: Arc<str>,
    query: Option<String>,
    began: Instant,
    last_semantic: Option<Instant>,
    /// A semantic event has come in what is being read.
    moves: bool,
    /// More was there without waiting when the body was read last.
    bursts: bool,
    total: Option<(Instant, Duration)>,
    /// Events read before the commit.
    ready: Vec<Event>,
    parsed: Vec<SseEvent>,
    state: State,
    /// Milliseconds from the attempt's beginning to the first semantic event.
    first_token: Option<f64>,
    /// Where they are measured.
    gaps: Option<Gaps>,
    closed: Option<Closed>,
    done_without_finish: bool,
    held: Held,
    keeping: Option<Keeping>,
    /// It comes from the cache: no attempt brought it.
    replayed: bool,
    translation: Option<Box<Translation>>,
    /// Where the caller's format is another.
    fronting: Option<Box<Fronting>>,
    repairs: Option<Box<Repairs>>,
    watch: Option<Watch>,
    /// What the hooks said of the request, and then of the stream.
    before: Vec<Record>,
    verdicts: Option<Verdicts>,
    /// The first event.
    first: Option<Bytes>,
    /// How many events came, which of them was the first semantic one, and how many were handed out.
    came: usize,
    first_semantic: usize,
    handed_out: usize,
    /// The chunk that tells the usage alone is for us, not for the caller.
    hides_usage: bool,
}

/// How and when a stream ended.
struct Closed {
    phase: Phase,
    total: f64,
    code: Option<String>,
}

enum State {
    Open,
    /// `[DONE]` or the end of the body came.
    Ended,
    /// Handed out after the events that came before it.
    Failed(Error),
}

/// What an attempt hands over to read a stream.
pub struct Opening {
    pub body: ReplyBody,
    pub target: Arc<Target>,
    pub method: &'static str,
    pub began: Instant,
    /// The call's deadline, and how long it allows.
    pub total: Option<(Instant, Duration)>,
    /// Without its query.
    pub url: Arc<str>,
    /// What the call added to that.
    pub query: Option<String>,
    pub checking: Option<Checking>,
    /// Where the reply is in a dialect of its own.
    pub translation: Option<Box<Translation>>,
    /// What its events are, in our shape.
    pub streamed: Streamed,
    /// Where the target's chunks are repaired.
    pub repairs: Option<Box<Repairs>>,
    /// Whether the times between its events are wanted.
    pub measures_gaps: bool,
}

impl Events {
    pub fn new(opening: Opening) -> Self {
        let (watch, before) = match opening.checking {
            Some(Checking { watch, before }) => (watch, before),
            None => (None, Vec::new()),
        };
        Self {
            body: opening.body,
            alarm: Alarm::default(),
            parser: Parser::default(),
            progress: Progress::new(opening.streamed),
            target: opening.target,
            method: opening.method,
            url: opening.url,
            query: opening.query,
            began: opening.began,
            last_semantic: None,
            moves: false,
            bursts: true,
            total: opening.total,
            ready: Vec::new(),
            parsed: Vec::new(),
            state: State::Open,
            first_token: None,
            gaps: opening.measures_gaps.then(Gaps::default),
            closed: None,
            done_without_finish: false,
            held: Held::default(),
            keeping: None,
            replayed: false,
            translation: opening.translation,
            fronting: None,
            repairs: opening.repairs,
            watch,
            before,
            verdicts: None,
            first: None,
            came: 0,
            first_semantic: usize::MAX,
            handed_out: 0,
            hides_usage: false,
        }
    }

    /// Reads until the stream is committed or ends. An error here has handed nothing out.
    /// `gated`: only a semantic event commits.
    pub async fn commit(&mut self, gated: bool) -> Result<()> {
        while matches!(self.state, State::Open) && !self.is_committed(gated) {
            self.read().await;
        }
        let committed = self.is_committed(gated);
        match std::mem::replace(&mut self.state, State::Ended) {
            State::Failed(error) if !committed => Err(error),
            state => {
                self.state = state;
                Ok(())
            }
        }
    }

    /// The mould that chunks of text may fit, among those that are handed out.
    pub fn mould(&self) -> Option<&Arc<Mould>> {
        self.progress.mould()
    }

    fn is_committed(&self, gated: bool) -> bool {
        self.handed_out >= self.first_semantic || (!gated && self.handed_out > 0)
    }

    /// All events that are ready, at least one; `None` at the end. After an error there is nothing more.
    pub async fn next(&mut self) -> Option<Result<Vec<Event>>> {
        loop {
            while self.ready.is_empty() && matches!(self.state, State::Open) {
                self.read().await;
            }
            if self.ready.is_empty() {
                break;
            }
            let ready = std::mem::take(&mut self.ready);
            let shown = self.without_usage(ready);
            let events = self.in_front(shown);
            if !events.is_empty() {
                return Some(Ok(events));
            }
        }
        if let Some(events) = self.last_in_front() {
            return Some(Ok(events));
        }
        match std::mem::replace(&mut self.state, State::Ended) {
            State::Failed(error) => Some(self.shaped(error)),
            _ => None,
        }
    }

    /// Reads what is left of the body after the last event, so that its connection can be used again.
    pub async fn rest(&mut self) {
        let deadline = Some(SystemClock.now() + REST);
        while let Some(Ok(Some(_))) = before(deadline, self.body.chunk()).await {}
        self.body.close();
    }

    /// Reads the body once, and then as long as there is more without waiting. A host that writes event by event is not asked
    /// for more in vain each time.
    async fn read(&mut self) {
        let Some(chunk) = self.chunk().await else { return };
        self.digest(chunk);
        let asks = self.bursts || !self.alarm.has_waited();
        self.bursts = false;
        while asks && matches!(self.state, State::Open) && self.ready.len() < BATCH {
            let Some(chunk) = at_once(self.body.chunk()) else { break };
            self.bursts = true;
            self.digest(chunk);
        }
        if std::mem::take(&mut self.moves) {
            self.last_semantic = Some(SystemClock.now());
        }
    }

    /// Turns bytes into events.
    fn digest(&mut self, chunk: std::result::Result<Option<Bytes>, Failure>) {
        if let Some(translation) = self.translation.take() {
            return self.translate(translation, chunk);
        }
        let mut parsed = std::mem::take(&mut self.parsed);
        match chunk {
            Ok(Some(bytes)) => {
                let fed = self.parser.feed(&bytes, &mut parsed);
                self.take(parsed.drain(..));
                if fed.is_err() {
                    let why = "an event is too long to be read";
                    self.fail(|events| events.place().truncated(why, events.partial()));
                }
            }
            Ok(None) => {
                self.parser.finish(&mut parsed);
                self.take_last(parsed.drain(..));
                self.end(None);
            }
            Err(failure) => self.end(Some(&failure)),
        }
        self.parsed = parsed;
    }

    fn take(&mut self, events: impl Iterator<Item = SseEvent>) {
        for event in events {
            if !matches!(self.state, State::Open) {
                return;
            }
            self.take_one(event);
        }
    }

    /// The body has ended: an event that was cut off with it is no error of its own.
    fn take_last(&mut self, events: impl Iterator<Item = SseEvent>) {
        for event in events {
            if matches!(self.state, State::Open)
                && serde_json::from_slice::<serde::de::IgnoredAny>(&event.data).is_ok()
            {
                self.take_one(event);
            }
        }
    }

    fn take_one(&mut self, event: SseEvent) {
        let data = trim(event.data);
        if &data[..] == b"[DONE]" {
            return self.done();
        }
        let name = event.name.as_deref();
        if name == Some("error") {
            return self.fail(|events| events.place().in_stream(data));
        }
        if data.is_empty() || name == Some("ping") {
            return;
        }
        let data = self.progress.told(name, data);
        self.take_data(event.name, data);
    }

    /// Takes a chunk in our shape.
    fn take_data(&mut self, name: Option<Box<str>>, mut data: Bytes) {
        if let Some(repairs) = &mut self.repairs {
            data = repairs.chunk(data);
        }
        // Checked before it is repaired, which takes longer.
        let text = std::str::from_utf8(&data).map_or_else(|_| String::from_utf8_lossy(&data), Cow::Borrowed);
        self.came += 1;
        match self.progress.read(&text) {
            Meaning::Neutral => {}
            Meaning::Failed(error) if self.may_be_tried_again() => {
                let error = Bytes::from(format!(r#"{{"error":{error}}}"#));
                return self.fail(|events| events.place().in_stream(error));
            }
            Meaning::Semantic | Meaning::Failed(_) => self.semantic(),
            Meaning::Error => {
                drop(text);
                return self.fail(|events| events.place().in_stream(data));
            }
            Meaning::Garbled => {
                return self.fail(|events| events.place().truncated("an event is no JSON", events.partial()));
            }
        }
        let data = match text {
            Cow::Borrowed(_) => data,
            Cow::Owned(repaired) => Bytes::from(repaired),
        };
        if self.came == 1 {
            // A copy: a part of what was read would keep all of it for as long as the stream is open.
            self.first = Some(Bytes::copy_from_slice(&data));
        }
        self.hand_out(Event { name, data });
        if self.progress.is_over() && matches!(self.state, State::Open) {
            self.whole();
        }
    }

    /// Nothing was handed out, and another attempt is planned.
    fn may_be_tried_again(&self) -> bool {
        self.target.gated && self.handed_out < self.first_semantic
    }

    fn semantic(&mut self) {
        self.moves = true;
        if let Some(gaps) = &mut self.gaps {
            gaps.came(SystemClock.now());
        }
        if self.first_token.is_none() {
            self.first_token = Some(milliseconds(SystemClock.now() - self.began));
            self.first_semantic = self.came;
        }
    }

    /// `[DONE]`: the host's word that nothing follows.
    fn done(&mut self) {
        self.done_without_finish = !self.progress.may_end(true);
        self.whole();
    }

    /// The body ended, or broke.
    fn end(&mut self, failure: Option<&Failure>) {
        if !matches!(self.state, State::Open) {
            return;
        }
        if self.progress.may_end(failure.is_none()) {
            return self.whole();
        }
        let why = match failure {
            Some(failure) => format!("the connection broke ({})", failure.detail),
            None => "the body ended without a finish reason".to_owned(),
        };
        self.fail(|events| events.place().truncated(&why, events.partial()));
    }

    /// Nothing more is to come.
    fn whole(&mut self) {
        self.check();
        if matches!(self.state, State::Open) {
            self.close(Phase::Done);
            self.state = State::Ended;
        }
        self.kept_or_not();
    }

    fn fail(&mut self, error: impl FnOnce(&Self) -> Error) {
        let error = error(self);
        self.close(Phase::Body);
        if let Some(closed) = &mut self.closed {
            closed.code.clone_from(&error.facts().code);
        }
        std::mem::take(&mut self.held).failed(&error);
        self.body.close();
        self.state = State::Failed(error);
        self.kept_or_not();
    }

    fn close(&mut self, phase: Phase) {
        let total = milliseconds(SystemClock.now() - self.began);
        self.closed = Some(Closed { phase, total, code: None });
        self.settle(phase == Phase::Done);
        if phase == Phase::Done {
            self.held = Held::default();
        }
    }

    fn place(&self) -> Place<'_> {
        let query = self.query.as_deref();
        Place { method: self.method, url: &self.url, query, target: &self.target }
    }
}

fn trim(data: Bytes) -> Bytes {
    let trimmed = data.trim_ascii();
    if trimmed.len() == data.len() { data } else { data.slice_ref(trimmed) }
}
