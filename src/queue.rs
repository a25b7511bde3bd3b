//! What JavaScript is to be told, and when it is woken for that: once for all that comes until it is there. Records go with
//! the answer of their call, since a wake for each by itself would cost more than making it.
//! The invariant: what was held back during a turn of a call is told by its end.

use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::sync::Arc;

use crate::border::Shared;
use crate::delivery::Outcome;

/// What JavaScript is to be told.
#[derive(Default)]
pub struct Queue {
    pub outcomes: Vec<Outcome>,
    /// JavaScript is here, and takes them before it goes: it needs no wake.
    pub attended: bool,
    /// It was woken, and has yet to come.
    woken: bool,
}

impl Queue {
    /// JavaScript, which was woken, takes what is there.
    pub fn answer(&mut self) -> Vec<Outcome> {
        self.woken = false;
        std::mem::take(&mut self.outcomes)
    }

    /// Whether JavaScript is to be woken for what is there.
    pub fn calls(&mut self) -> bool {
        !(self.attended || self.outcomes.is_empty() || std::mem::replace(&mut self.woken, true))
    }
}

thread_local! {
    /// Where this thread's turn of a call has told so far; none: there is no turn.
    static TURN: Cell<Option<Told>> = const { Cell::new(None) };
}

#[derive(Clone, Copy)]
enum Told {
    Nothing,
    /// Records, and nobody was woken for them.
    Records,
}

/// A thread's turn of a call.
struct Turn<'s> {
    shared: &'s Shared,
    /// That of another call which made this one.
    outer: Option<Told>,
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        if matches!(TURN.replace(self.outer), Some(Told::Records)) {
            self.shared.rouse();
        }
    }
}

/// A record is to be told. True: that waits until the end of this thread's turn.
pub fn holds_back() -> bool {
    let is_turn = TURN.get().is_some();
    if is_turn {
        TURN.set(Some(Told::Records));
    }
    is_turn
}

/// Runs a call, whose records go with what else it tells.
pub fn together(shared: Arc<Shared>, run: impl Future<Output = ()>) -> impl Future<Output = ()> {
    // Boxed here: a call is moved once, while it is made.
    let mut run = Box::pin(run);
    poll_fn(move |context| {
        let _turn = Turn { shared: &shared, outer: TURN.replace(Some(Told::Nothing)) };
        run.as_mut().poll(context)
    })
}
