//! Hooks over a stream while it comes. What it costs: a hook that does not deny costs nothing, it is judged at the end.
//! One that denies words (`contains` with `none`) or an expression that doesn't look around (`regexMatch` with `not`)
//! holds back the events that may yet become what it denies, and ends the stream at the first that does. Any other that
//! denies holds the stream to its end; so does one that replaces, whose text then comes in one piece. No character of what
//! is denied is handed out, wherever the host cuts its events. What is kept is bounded; a longer stream cannot be judged.

use std::collections::VecDeque;

use super::check::{Check, Fault, Sees, Writes};
use super::deltas::{Joiner, with_text};
use super::forbidden::{Guard, Seen};
use super::run::judge;
use super::subject::Subject;
use super::{Hook, Hooks, RequestType, Scene, Verdicts};
use crate::events::Event;

/// The most that is kept of a stream, text and held events together.
pub const LONGEST_STREAM: usize = 32 << 20;

/// What holding an event costs beside its data.
const EVENT_SIZE: usize = 64;

pub struct Watch {
    hooks: Hooks,
    scene: Scene,
    joiner: Joiner,
    /// All text so far, or why it cannot be read.
    text: Result<String, Fault>,
    guards: Vec<Guard>,
    /// Nothing goes out before the end.
    holds_all: bool,
    /// A check of the request alone has denied already.
    doomed: bool,
    held: VecDeque<Held>,
    held_size: usize,
    /// How much of the text is in events that were handed out.
    told: usize,
}

struct Held {
    event: Event,
    /// The text's length with this event in it.
    end: usize,
}

/// A stream that ends here, with status 446 and these verdicts.
pub type Denied = Box<Verdicts>;

impl Watch {
    /// `None` when no hook looks at the answer.
    pub fn new(hooks: &Hooks, scene: Scene) -> Option<Self> {
        if hooks.after.is_empty() || scene.request == RequestType::Embeddings {
            return None;
        }
        let mut watch = Self {
            hooks: hooks.clone(),
            scene,
            joiner: Joiner::default(),
            text: Ok(String::new()),
            guards: Vec::new(),
            holds_all: false,
            doomed: false,
            held: VecDeque::new(),
            held_size: 0,
            told: 0,
        };
        for hook in hooks.after.iter().filter(|hook| !hook.asynchronous) {
            for check in &*hook.checks {
                watch.mind(hook, check);
            }
        }
        Some(watch)
    }

    /// Works out what a check asks of the stream.
    fn mind(&mut self, hook: &Hook, check: &Check) {
        if check.rule.writes() != Writes::Nothing {
            self.holds_all = true;
            return;
        }
        if !hook.deny {
            return;
        }
        match (check.rule.sees(), check.rule.forbids()) {
            (Sees::Request, _) => {
                let judged = check.rule.judge(&self.scene, &Subject::stream(Ok(String::new())));
                self.doomed |= judged.map_or(check.fails_on_error, |judged| !judged.passes);
            }
            (Sees::Text, Some(forbidden)) => self.guards.push(Guard::new(&forbidden)),
            (Sees::Text, None) => self.holds_all = true,
        }
    }

    /// Takes the stream's next event and appends those that may go out now.
    pub fn push(&mut self, event: Event, out: &mut Vec<Event>) -> Result<(), Denied> {
        if self.doomed {
            return Err(Box::new(self.deny()));
        }
        if self.text.is_err() {
            out.push(event);
            return Ok(());
        }
        let clear = match self.read(&event) {
            Ok(Some(clear)) => clear,
            Ok(None) => return Err(Box::new(self.deny())),
            Err(fault) => return self.go_on_unread(fault, event, out),
        };
        if !self.holds_all && self.guards.is_empty() && self.held.is_empty() {
            self.told = clear;
            out.push(event);
            return Ok(());
        }
        let end = self.text.as_ref().map_or(0, String::len) + usize::from(self.joiner.waits());
        self.held_size += event.data.len() + EVENT_SIZE;
        self.held.push_back(Held { event, end });
        while !self.holds_all && self.held.front().is_some_and(|held| held.end <= clear) {
            let Some(held) = self.held.pop_front() else { break };
            self.held_size -= held.event.data.len() + EVENT_SIZE;
            self.told = held.end;
            out.push(held.event);
        }
        Ok(())
    }

    /// Reads an event's text. Up to which byte of it nothing can be denied any more; `None` when something is.
    fn read(&mut self, event: &Event) -> Result<Option<usize>, Fault> {
        let text = self.text.as_mut().map_err(|fault| fault.clone())?;
        let new = text.len();
        self.joiner.read(self.scene.request, &event.data, text)?;
        if text.len() + self.held_size + event.data.len() > LONGEST_STREAM {
            return Err(Fault::new("the stream is longer than the 32 MiB that are kept of one"));
        }
        let mut clear = text.len();
        let (mut forbidden, mut lost) = (false, false);
        self.guards.retain_mut(|guard| {
            match guard.read(text, new) {
                Ok(Seen::Forbidden) => forbidden = true,
                Ok(Seen::ClearTo(end)) => clear = clear.min(end),
                Err(_) => {
                    lost = true;
                    return false;
                }
            }
            true
        });
        let denied = forbidden || (lost && self.judge().denied);
        Ok((!denied).then_some(clear))
    }

    fn judge(&self) -> Verdicts {
        judge(&self.hooks.after, &self.scene, Subject::stream(self.text.clone())).0
    }

    fn deny(&mut self) -> Verdicts {
        self.held.clear();
        Verdicts { denied: true, ..self.judge() }
    }

    /// The text cannot be read: that denies, or the checks have been told to let it pass.
    fn go_on_unread(&mut self, fault: Fault, event: Event, out: &mut Vec<Event>) -> Result<(), Denied> {
        self.text = Err(fault);
        let verdicts = self.judge();
        if verdicts.denied {
            self.held.clear();
            return Err(Box::new(verdicts));
        }
        out.extend(self.held.drain(..).map(|held| held.event));
        out.push(event);
        Ok(())
    }

    /// The stream has ended whole: what was held goes out, unless the verdicts say that it is denied.
    pub fn finish(mut self, out: &mut Vec<Event>) -> Verdicts {
        if self.doomed {
            return self.deny();
        }
        let mut text = std::mem::replace(&mut self.text, Ok(String::new()));
        if let Ok(text) = &mut text {
            self.joiner.finish(text);
        }
        let (mut verdicts, rewritten) = judge(&self.hooks.after, &self.scene, Subject::stream(text));
        if verdicts.denied {
            return verdicts;
        }
        let held: Vec<Event> = self.held.drain(..).map(|held| held.event).collect();
        let Some(rewritten) = rewritten else {
            out.extend(held);
            return verdicts;
        };
        let events = rewritten.text().and_then(|text| with_text(self.scene.request, held, &text));
        match events {
            Ok(events) => out.extend(events),
            // What was to be taken out cannot be.
            Err(_) => verdicts.denied = true,
        }
        verdicts
    }

    /// The text of the events that were handed out: all that may be told of a stream that breaks off.
    pub fn told(&self) -> &str {
        self.text.as_ref().map_or("", |text| &text[..self.told])
    }
}
