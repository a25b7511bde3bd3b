//! All counts of a client, and who waits for room in them. It reads no clock; whoever asks says what time it is.
//! Invariants: a call is counted in all of its limits at once or in none, and never beyond one. Who waits is let in before
//! whoever came later to the same count. A count whose window holds something is never forgotten: above `MOST` values of
//! metadata keys, further ones are counted together.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use super::rule::{OnLimit, Rule};
use super::window::{Window, forgotten_at};
use crate::clock::Instant;

/// Counts that are kept apart.
const MOST: usize = 100_000;

/// So many calls may wait for one count.
const LONGEST_QUEUE: usize = 1_000;

/// Which calls of a limit are counted together.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Whose {
    Everyone,
    /// Calls with this value of the limit's metadata key.
    Value(Arc<str>),
    /// Calls without one.
    Nobody,
    /// Values for which there was no place of their own.
    Others,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    /// `Rule::number`.
    pub rule: u64,
    pub whose: Whose,
}

/// What a call takes of one limit.
#[derive(Clone)]
pub struct Need {
    pub key: Key,
    pub rule: Arc<Rule>,
    pub amount: u64,
    /// Where it was counted: the number of a slice.
    pub slice: u64,
}

/// A limit without room for a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lacking {
    /// Its place among the call's needs.
    pub place: usize,
    /// When there is room, as far as time alone brings it; zero where there is, and others come first.
    pub after: Duration,
    /// Calls that came before wait for the same count.
    pub behind: bool,
}

/// Why a call was not counted.
#[derive(Debug, PartialEq, Eq)]
pub enum Full {
    /// It waits in line for these.
    Waits(Vec<Lacking>),
    /// It may not wait for one of these, or the line is as long as it may be.
    Refused(Vec<Lacking>),
}

#[derive(Default)]
pub struct Book {
    state: Mutex<State>,
    epoch: OnceLock<Instant>,
}

#[derive(Default)]
struct State {
    counts: HashMap<Key, Count>,
    tickets: u64,
    /// Above this many counts, those that hold nothing are forgotten.
    sweep_at: usize,
    /// When that was last done, in microseconds.
    swept_at: u64,
}

#[derive(Default)]
struct Count {
    window: Window,
    /// Of a slice, in microseconds.
    length: u64,
    /// Who waits, by number, and what wakes them.
    line: BTreeMap<u64, Arc<Notify>>,
}

/// A call's place in the lines of those counts that lacked room when it last asked. Dropping it leaves them.
pub struct Ticket {
    book: Arc<Book>,
    /// `None` until it waits.
    number: Option<u64>,
    bell: Arc<Notify>,
    keys: Vec<Key>,
}

/// How full a count is.
pub struct Level {
    pub used: u64,
    pub waiting: usize,
    /// Until the oldest of what it holds is forgotten; `None` when it is empty.
    pub next: Option<Duration>,
}

impl Book {
    /// Microseconds since the first question.
    fn micros(&self, now: Instant) -> u64 {
        let epoch = *self.epoch.get_or_init(|| now);
        u64::try_from(now.saturating_duration_since(epoch).as_micros()).unwrap_or(u64::MAX)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a call in all of its limits, each with an amount that fits, or says which lack room. A call that is let in
    /// has left its lines.
    pub fn reserve(&self, needs: &mut [Need], ticket: &mut Ticket, now: Instant) -> Result<(), Full> {
        let now = self.micros(now);
        let mut state = self.state();
        let mut lacking = Vec::new();
        for (place, need) in needs.iter_mut().enumerate() {
            let count = state.count(need, now);
            let behind =
                count.line.keys().next().is_some_and(|first| ticket.number.is_none_or(|own| *first < own));
            let after = count.room_after(need, now);
            if behind || !after.is_zero() {
                lacking.push(Lacking { place, after, behind });
            }
        }
        if lacking.is_empty() {
            for need in needs.iter_mut() {
                let count = state.count(need, now);
                need.slice = now / count.length;
                count.window.add(need.slice, need.amount);
            }
            state.leave(ticket, |_| false);
            return Ok(());
        }
        state.queue(needs, &lacking, ticket);
        if ticket.keys.is_empty() { Err(Full::Refused(lacking)) } else { Err(Full::Waits(lacking)) }
    }

    /// Another process has used up what a call was counted in here: it is taken back, and the call waits in line for those
    /// that lack room there, if it may.
    pub fn refused_elsewhere(&self, needs: &[Need], lacking: Vec<Lacking>, ticket: &mut Ticket) -> Full {
        let mut state = self.state();
        for need in needs {
            if let Some(count) = state.counts.get_mut(&need.key) {
                count.window.take_back(need.slice, need.amount);
            }
        }
        state.queue(needs, &lacking, ticket);
        if ticket.keys.is_empty() { Full::Refused(lacking) } else { Full::Waits(lacking) }
    }

    /// Sets what a call was counted with to what it has used. What it used beyond that is counted where it began or, if
    /// that is forgotten, now.
    pub fn settle(&self, need: &Need, used: u64, now: Instant) {
        let now = self.micros(now);
        let mut state = self.state();
        if used > need.amount {
            let mut asked = need.clone();
            let count = state.count(&mut asked, now);
            let current = now / count.length;
            let is_forgotten = forgotten_at(need.slice, count.length) <= now;
            count.window.add(if is_forgotten { current } else { need.slice }, used - need.amount);
        } else if let Some(count) = state.counts.get_mut(&need.key) {
            count.window.take_back(need.slice, need.amount - used);
            count.ring();
        }
    }

    /// Whether the count has no room for the least amount.
    pub fn is_full(&self, key: &Key, most: u64, now: Instant) -> bool {
        let now = self.micros(now);
        let mut state = self.state();
        let count = state.counts.get_mut(key);
        count.is_some_and(|count| !count.line.is_empty() || count.window.used(now / count.length) >= most)
    }

    /// How full each count of a limit is, whoever's they are.
    pub fn levels(&self, rule: u64, now: Instant) -> Vec<(Whose, Level)> {
        let now = self.micros(now);
        let mut state = self.state();
        let counts = state.counts.iter_mut().filter(|(key, _)| key.rule == rule);
        counts.map(|(key, count)| (key.whose.clone(), count.level(now))).collect()
    }
}

impl State {
    fn count(&mut self, need: &mut Need, now: u64) -> &mut Count {
        if !self.counts.contains_key(&need.key) {
            self.sweep(now);
            if self.counts.len() >= MOST && matches!(need.key.whose, Whose::Value(_)) {
                need.key.whose = Whose::Others;
            }
        }
        let length = need.rule.slice();
        self.counts.entry(need.key.clone()).or_insert_with(|| Count { length, ..Count::default() })
    }

    /// Forgets counts that hold nothing, so seldom that it costs each call next to nothing.
    fn sweep(&mut self, now: u64) {
        // When there is place for no more, each second may bring some.
        let is_full = self.counts.len() >= MOST && now >= self.swept_at + 1_000_000;
        if self.counts.len() < self.sweep_at.max(1_024) && !is_full {
            return;
        }
        self.swept_at = now;
        self.counts.retain(|_, count| count.window.used(now / count.length) > 0 || !count.line.is_empty());
        self.sweep_at = self.counts.len() * 2;
    }

    /// Puts a call into the lines of what it lacks, if it may wait for all of that, and takes it out of all others.
    fn queue(&mut self, needs: &[Need], lacking: &[Lacking], ticket: &mut Ticket) {
        let lacks = |key: &Key| lacking.iter().any(|one| needs[one.place].key == *key);
        let has_place = |one: &Lacking| {
            let Some(count) = self.counts.get(&needs[one.place].key) else { return true };
            count.line.len() < LONGEST_QUEUE || ticket.number.is_some_and(|own| count.line.contains_key(&own))
        };
        let may_wait =
            lacking.iter().all(|one| needs[one.place].rule.on_limit == OnLimit::Wait && has_place(one));
        self.leave(ticket, |key| may_wait && lacks(key));
        if !may_wait {
            return;
        }
        let number = *ticket.number.get_or_insert_with(|| {
            self.tickets += 1;
            self.tickets
        });
        for one in lacking {
            let key = &needs[one.place].key;
            let length = needs[one.place].rule.slice();
            let count =
                self.counts.entry(key.clone()).or_insert_with(|| Count { length, ..Count::default() });
            if count.line.insert(number, ticket.bell.clone()).is_none() {
                ticket.keys.push(key.clone());
            }
        }
    }

    /// Takes a call out of its lines, but for those that `stays` says, and calls whoever is first there then.
    fn leave(&mut self, ticket: &mut Ticket, stays: impl Fn(&Key) -> bool) {
        let Some(number) = ticket.number else { return };
        ticket.keys.retain(|key| {
            let keep = stays(key);
            if !keep && let Some(count) = self.counts.get_mut(key) {
                count.line.remove(&number);
                count.ring();
            }
            keep
        });
    }
}

impl Count {
    /// Until there is room for an amount, as far as time alone brings it.
    fn room_after(&mut self, need: &Need, now: u64) -> Duration {
        let used = self.window.used(now / self.length);
        let over = used.saturating_add(need.amount).saturating_sub(need.rule.most);
        if over == 0 {
            return Duration::ZERO;
        }
        // What is larger than the limit was refused before it came here.
        let slice = self.window.frees(over).unwrap_or(now / self.length);
        Duration::from_micros(forgotten_at(slice, self.length).saturating_sub(now).max(1))
    }

    fn ring(&self) {
        if let Some((_, bell)) = self.line.first_key_value() {
            bell.notify_one();
        }
    }

    fn level(&mut self, now: u64) -> Level {
        let used = self.window.used(now / self.length);
        let oldest = self.window.frees(1);
        let next =
            oldest.map(|slice| Duration::from_micros(forgotten_at(slice, self.length).saturating_sub(now)));
        Level { used, waiting: self.line.len(), next }
    }
}

impl Ticket {
    pub fn new(book: Arc<Book>) -> Self {
        Self { book, number: None, bell: Arc::default(), keys: Vec::new() }
    }

    /// Waits to be first in a line, or for somebody to give back what he had.
    pub async fn called(&self) {
        self.bell.notified().await;
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        if self.number.is_some() {
            let book = self.book.clone();
            book.state().leave(self, |_| false);
        }
    }
}

#[cfg(test)]
#[path = "book_tests.rs"]
mod tests;
