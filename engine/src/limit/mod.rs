//! Limits on requests, tokens and cost: what a target's calls may use in a window. Room is reserved before a call is sent
//! (`expected`) and settled with what it used (`reserved`). It counts in this process (`book`) and, where the client has a
//! Redis, in that too (`shared`): what either has no room for is not sent. A Redis that can't be asked limits nobody; each
//! process then keeps to the limits alone.

mod book;
mod expected;
mod reserved;
mod rule;
mod shared;
mod window;

use std::collections::BTreeMap;
use std::future::{Future, poll_fn};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use serde::Serialize;

pub use book::Book;
use book::{Full, Key, Lacking, Level, Need, Ticket, Whose};
pub use expected::Expected;
pub use reserved::Reserved;
pub use rule::Rule;
use rule::{By, Measure, OnLimit};
use shared::Told;

use crate::clock::{Instant, before};
use crate::engine::Context;
use crate::observe::milliseconds;
use crate::record::Pricing;

/// A call that waits for room in Redis asks again after this long at the latest: another process may have given some back.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// The limits of one target.
pub struct Limits {
    rules: Vec<(Arc<Rule>, u64)>,
    book: Arc<Book>,
}

/// Why a call found no room.
pub struct Stopped {
    pub rule: Arc<Rule>,
    pub why: Why,
}

pub enum Why {
    /// There is room after so long, as far as time alone brings it.
    Full(Duration),
    /// The call alone is larger than the limit: it needs so much.
    TooLarge(u64),
    /// What it costs can't be known.
    Unpriced,
}

/// A count, to be shown.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LevelSeen {
    /// Its name, or where it is written.
    limit: String,
    measure: &'static str,
    most: f64,
    /// Milliseconds.
    per: f64,
    by: String,
    /// The target, where each has a count of its own.
    target: Option<String>,
    /// The value of the metadata key, where each has a count of its own; `null` for calls without one.
    value: Option<String>,
    used: f64,
    left: f64,
    waiting: usize,
    /// Milliseconds until something is given back; `null` when nothing is used.
    next: Option<f64>,
}

/// What a call brings to its target's limits.
pub struct Asking<'c> {
    pub metadata: &'c BTreeMap<String, String>,
    pub expected: Expected,
    pub pricing: Option<Pricing>,
}

impl Limits {
    /// `target` tells the target from others.
    pub fn new(rules: impl Iterator<Item = Rule>, target: &str, book: Arc<Book>) -> Option<Self> {
        let numbered = |rule: Rule| {
            let number = rule.number(target);
            (Arc::new(rule), number)
        };
        let rules: Vec<_> = rules.map(numbered).collect();
        (!rules.is_empty()).then_some(Self { rules, book })
    }

    /// Whether it counts what only an answer tells.
    pub fn counts_usage(&self) -> bool {
        self.rules.iter().any(|(rule, _)| rule.measure != Measure::Requests)
    }

    /// Whether one of them is on the cost.
    pub fn counts_cost(&self) -> bool {
        self.of_cost().next().is_some()
    }

    /// Whether every call would be sent on to another target now, as far as that does not depend on the call.
    pub fn turns_away(&self, now: Instant) -> bool {
        let is_full = |(rule, number): &(Arc<Rule>, u64)| {
            let key = Key { rule: *number, whose: Whose::Everyone };
            self.book.is_full(&key, rule.most, now)
        };
        let apply = |(rule, _): &&(Arc<Rule>, u64)| {
            rule.on_limit == OnLimit::Fallback && !matches!(rule.by, By::Metadata(_))
        };
        self.rules.iter().filter(apply).any(is_full)
    }

    /// Reserves what a call is expected to use. It may wait for that in line, until `deadline` at the latest.
    pub async fn reserve(
        &self,
        context: &Context,
        asking: &Asking<'_>,
        deadline: Option<Instant>,
    ) -> Result<Reserved, Stopped> {
        let mut needs = self.needs(asking)?;
        let began = context.clock.now();
        let mut ticket = Ticket::new(self.book.clone());
        let mut waited_for = None;
        loop {
            let (lacking, asked_elsewhere) =
                match self.try_reserve(context, &mut needs, &mut ticket, asking).await {
                    Ok(reserved) => return Ok(reserved.after_waiting_for(waited_for)),
                    Err((Full::Refused(lacking), _)) => return Err(stopped(&needs, &lacking)),
                    Err((Full::Waits(lacking), elsewhere)) => (lacking, elsewhere),
                };
            let now = context.clock.now();
            waited_for = Some(stopped(&needs, &lacking).rule);
            let until = patience(&needs, &lacking, began).into_iter().chain(deadline).min();
            if until.is_some_and(|until| until <= now || hopeless(&needs, &lacking, now, until)) {
                return Err(stopped(&needs, &lacking));
            }
            let pause = pause(&lacking, asked_elsewhere);
            if before(until, turn(context, &ticket, pause)).await.is_none() {
                return Err(stopped(&needs, &lacking));
            }
        }
    }

    /// `true` beside what lacks room: in Redis alone.
    async fn try_reserve(
        &self,
        context: &Context,
        needs: &mut [Need],
        ticket: &mut Ticket,
        asking: &Asking<'_>,
    ) -> Result<Reserved, (Full, bool)> {
        self.book.reserve(needs, ticket, context.clock.now()).map_err(|full| (full, false))?;
        let mut reserved = Reserved::new(self.book.clone(), context.clock.clone(), needs.to_vec(), asking);
        let Some(store) = context.memory.cache.shared() else { return Ok(reserved) };
        match shared::reserve(&store, needs).await {
            Told::Room(slices) => reserved.is_shared(store, slices),
            Told::Nothing => {}
            Told::Full(lacking) => {
                reserved.forget();
                return Err((self.book.refused_elsewhere(needs, lacking, ticket), true));
            }
        }
        Ok(reserved)
    }

    /// What the call takes of each limit.
    fn needs(&self, asking: &Asking<'_>) -> Result<Vec<Need>, Stopped> {
        let needs = self.rules.iter().map(|(rule, number)| {
            let usage = asking.expected.usage(rule.reserve);
            let amount = match rule.measure {
                Measure::Requests => Some(1),
                Measure::Tokens => Some(usage.input.saturating_add(usage.output)),
                Measure::Cost => {
                    asking.pricing.and_then(|pricing| pricing.cost(Some(&usage), 0.0)).map(rule::billionths)
                }
            };
            let stopped = |why| Stopped { rule: rule.clone(), why };
            let amount = amount.ok_or_else(|| stopped(Why::Unpriced))?;
            if amount > rule.most {
                return Err(stopped(Why::TooLarge(amount)));
            }
            let whose = match &rule.by {
                By::All | By::Target => Whose::Everyone,
                By::Metadata(key) => asking
                    .metadata
                    .get(key)
                    .map_or(Whose::Nobody, |value| Whose::Value(value.as_str().into())),
            };
            Ok(Need { key: Key { rule: *number, whose }, rule: rule.clone(), amount, slice: 0 })
        });
        needs.collect()
    }

    /// How full the counts are; `target` is what reports call the target.
    pub fn seen(&self, target: &str, now: Instant) -> Vec<LevelSeen> {
        let each = self.rules.iter().flat_map(|(rule, number)| {
            let mut levels = self.book.levels(*number, now);
            if levels.is_empty() && !matches!(rule.by, By::Metadata(_)) {
                levels.push((Whose::Everyone, Level { used: 0, waiting: 0, next: None }));
            }
            levels.into_iter().map(|(whose, level)| LevelSeen::of(rule, target, &whose, &level))
        });
        each.collect()
    }

    /// Its limits that are counted by price.
    pub fn of_cost(&self) -> impl Iterator<Item = &Rule> {
        self.rules.iter().map(|(rule, _)| &**rule).filter(|rule| rule.measure == Measure::Cost)
    }
}

impl LevelSeen {
    fn of(rule: &Rule, target: &str, whose: &Whose, level: &Level) -> Self {
        let value = match whose {
            Whose::Everyone | Whose::Nobody => None,
            Whose::Value(value) => Some(value.to_string()),
            Whose::Others => Some("(others)".to_owned()),
        };
        Self {
            limit: rule.label().to_owned(),
            measure: rule.measure.name(),
            most: rule.shown(rule.most),
            per: milliseconds(rule.per),
            by: rule.by.text(),
            target: (rule.by == By::Target).then(|| target.to_owned()),
            value,
            used: rule.shown(level.used),
            left: rule.shown(rule.most.saturating_sub(level.used)),
            waiting: level.waiting,
            next: level.next.map(milliseconds),
        }
    }

    /// What tells a count from others: targets that share one show the same.
    pub fn is_same(&self, other: &Self) -> bool {
        let of = |seen: &Self| {
            (seen.limit.clone(), seen.measure, seen.by.clone(), seen.target.clone(), seen.value.clone())
        };
        of(self) == of(other) && self.per.to_bits() == other.per.to_bits()
    }
}

/// The limit that ends a call: one that throws before one that sends on, and that which is full for longest.
fn stopped(needs: &[Need], lacking: &[Lacking]) -> Stopped {
    let order = |one: &&Lacking| (needs[one.place].rule.on_limit == OnLimit::Throw, one.after);
    let worst = lacking.iter().max_by_key(order).expect("a call that is stopped lacks something");
    Stopped { rule: needs[worst.place].rule.clone(), why: Why::Full(worst.after) }
}

/// How long the call may wait at most for what it lacks.
fn patience(needs: &[Need], lacking: &[Lacking], began: Instant) -> Option<Instant> {
    lacking.iter().map(|one| began + needs[one.place].rule.max_wait).min()
}

/// Whether no waiting until then helps: requests are not given back, but by time.
fn hopeless(needs: &[Need], lacking: &[Lacking], now: Instant, until: Instant) -> bool {
    let is_late =
        |one: &Lacking| needs[one.place].rule.measure == Measure::Requests && now + one.after > until;
    lacking.iter().any(is_late)
}

/// How long to sleep before asking again; `None`: until called.
fn pause(lacking: &[Lacking], asked_elsewhere: bool) -> Option<Duration> {
    if lacking.iter().any(|one| one.behind) {
        return None;
    }
    let longest = lacking.iter().map(|one| one.after).max()?;
    Some(if asked_elsewhere { longest.min(LONGEST_PAUSE) } else { longest })
}

/// Until the pause is over, or the call is called.
async fn turn(context: &Context, ticket: &Ticket, pause: Option<Duration>) {
    let Some(pause) = pause else { return ticket.called().await };
    let mut sleep = context.clock.sleep(pause);
    let mut called = std::pin::pin!(ticket.called());
    poll_fn(|waker| {
        let is_over = called.as_mut().poll(waker).is_ready() || sleep.as_mut().poll(waker).is_ready();
        if is_over { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

impl Stopped {
    /// Whether no other target is to be asked.
    pub fn is_final(&self) -> bool {
        self.rule.on_limit == OnLimit::Throw
    }

    /// What a call may do about it, and when.
    pub fn after(&self) -> Option<Duration> {
        match self.why {
            Why::Full(after) => Some(after),
            Why::TooLarge(_) | Why::Unpriced => None,
        }
    }
}
