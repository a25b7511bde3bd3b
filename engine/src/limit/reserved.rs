//! What a call was counted with, until it is known what it used. Whatever becomes of the call, it is settled once: with what
//! the host told, with what can be known, or as it was reserved where nothing can.

use std::sync::Arc;

use super::book::{Book, Need};
use super::rule::{Measure, Rule, billionths};
use super::{Asking, Expected, shared};
use crate::clock::Clock;
use crate::record::{Pricing, Usage};
use crate::store::Shared;

pub struct Reserved {
    book: Arc<Book>,
    clock: Arc<dyn Clock>,
    needs: Vec<Need>,
    /// Where it is counted in Redis too.
    shared: Option<(Shared, Vec<u64>)>,
    expected: Expected,
    pricing: Option<Pricing>,
    state: State,
    waited_for: Option<Arc<Rule>>,
}

/// More than this a host can't say that a call used: sums stay exact.
const MOST_USED: u64 = 1 << 50;

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Unsent,
    /// The host may have it, and bill it.
    Sent,
    Settled,
}

impl Reserved {
    pub(super) fn new(book: Arc<Book>, clock: Arc<dyn Clock>, needs: Vec<Need>, asking: &Asking<'_>) -> Self {
        let Asking { expected, pricing, .. } = *asking;
        Self { book, clock, needs, shared: None, expected, pricing, state: State::Unsent, waited_for: None }
    }

    pub(super) fn after_waiting_for(mut self, rule: Option<Arc<Rule>>) -> Self {
        self.waited_for = rule;
        self
    }

    /// What the limit is called that the call waited for.
    pub fn waited_for(&self) -> Option<&str> {
        self.waited_for.as_deref().map(Rule::label)
    }

    pub(super) fn is_shared(&mut self, store: Shared, slices: Vec<u64>) {
        self.shared = Some((store, slices));
    }

    /// Somebody else has taken it back.
    pub(super) fn forget(&mut self) {
        self.state = State::Settled;
    }

    /// The request goes out.
    pub fn sent(&mut self) {
        self.state = State::Sent;
    }

    /// Nothing of it reached the host: all is given back.
    pub fn unsent(mut self) {
        self.settle(|_| 0);
    }

    /// The host refused: it was a request, and used nothing else.
    pub fn refused(mut self) {
        self.settle(|need| if need.rule.measure == Measure::Requests { need.amount } else { 0 });
    }

    /// The host answered. `told` is what it said that was used; `answer` is the answer's length in bytes, which counts as far
    /// as the host said nothing.
    pub fn answered(mut self, told: Option<Usage>, answer: usize, seconds: f64) {
        let usage = told.unwrap_or_else(|| self.guess(answer));
        self.spent(&usage, seconds);
    }

    /// The answer broke off, or its reader left: what had come counts, and what the host told by then.
    pub fn cut(mut self, told: Option<Usage>, answer: usize, seconds: f64) {
        let guess = self.guess(answer);
        let told = told.unwrap_or(guess);
        let usage = Usage { output: told.output.max(guess.output), ..told };
        self.spent(&usage, seconds);
    }

    fn guess(&self, answer: usize) -> Usage {
        let answer = if self.expected.generates() { answer } else { 0 };
        Usage { output: Usage::estimate(0, answer).output, ..self.expected.usage(0) }
    }

    fn spent(&mut self, usage: &Usage, seconds: f64) {
        let cost = self.pricing.and_then(|pricing| pricing.cost(Some(usage), seconds)).map(billionths);
        self.settle(|need| match need.rule.measure {
            Measure::Requests => need.amount,
            Measure::Tokens => usage.input.saturating_add(usage.output),
            Measure::Cost => cost.unwrap_or(need.amount),
        });
    }

    fn settle(&mut self, used: impl Fn(&Need) -> u64) {
        self.state = State::Settled;
        let now = self.clock.now();
        let shared = self.shared.take();
        let slices = shared.iter().flat_map(|(_, slices)| slices.iter().copied());
        let mut slices = slices.map(Some).chain(std::iter::repeat(None));
        let mut changed = Vec::new();
        for need in self.needs.drain(..) {
            let (used, slice) = (used(&need).min(MOST_USED), slices.next().flatten());
            if used == need.amount {
                continue;
            }
            self.book.settle(&need, used, now);
            let by = i128::from(used) - i128::from(need.amount);
            changed.extend(slice.map(|slice| (need, slice, by)));
        }
        drop(slices);
        // A thread without a runtime has no way to Redis: there it stays counted as it was reserved.
        if let (Some((store, _)), Ok(runtime)) = (shared, tokio::runtime::Handle::try_current())
            && !changed.is_empty()
        {
            runtime.spawn(async move { shared::settle(&store, changed).await });
        }
    }
}

/// A call that was aborted, or whose end tells nothing.
impl Drop for Reserved {
    fn drop(&mut self) {
        if self.state == State::Unsent {
            self.settle(|_| 0);
        }
    }
}
