//! What a client may spend on retries, over all of its calls: when a host fails, the retries of many calls must not
//! become a storm of their own. A token bucket as in Finagle and linkerd: each call pays in a little, each retry takes
//! out one.

use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::Value;

use crate::config::Reader;
use crate::headers::fold;

/// The option `retryBudget`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// Retries that each call pays for, above 0 and at most 1.
    pub ratio: f64,
    /// Retries in hand before any call was made.
    pub reserve: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self { ratio: 0.2, reserve: 10 }
    }
}

const EXPECTED: &str = "{ ratio: above 0 and at most 1, reserve: a whole number ≥ 0 }";

impl Settings {
    /// Reads `{ ratio, reserve }`, each with its default; `None` for `false`, which lifts the limit, and where there is
    /// a problem.
    pub fn read(value: &Value, path: &str, reader: &mut Reader) -> Option<Self> {
        if *value == Value::Bool(false) {
            return None;
        }
        let Value::Object(object) = value else {
            reader.problem(path, format!("expected {EXPECTED}, or false for no limit"));
            return None;
        };
        let mut settings = Self::default();
        for (written, value) in object.iter().filter(|(_, value)| !value.is_null()) {
            let place = format!("{path}.{written}");
            match fold(written).as_str() {
                "ratio" => match value.as_f64().filter(|ratio| *ratio > 0.0 && *ratio <= 1.0) {
                    Some(ratio) => settings.ratio = ratio,
                    None => reader.problem(place, "expected a number above 0 and at most 1"),
                },
                "reserve" => {
                    let read = reader.whole(value, &place, 0..=MOST_IN_HAND);
                    settings.reserve = read.map_or(settings.reserve, |reserve| reserve as u32);
                }
                _ => reader.problem(place, "expected one of ratio, reserve"),
            }
        }
        Some(settings)
    }
}

/// A retry, in the unit that is counted in: millionths, so that ratios add up exactly.
const ONE: u64 = 1_000_000;
const MOST_IN_HAND: u64 = 1_000_000;

/// However many calls went well, no more retries than this are in hand (or the reserve, where that is larger): a long
/// good time must not pay for a storm.
const CAP: u64 = 100;

/// What is left of a client's budget. Lock-free: calls on all threads use it.
pub struct Budget {
    deposit: u64,
    cap: u64,
    in_hand: AtomicU64,
}

impl Budget {
    pub fn new(settings: Settings) -> Self {
        let reserve = u64::from(settings.reserve) * ONE;
        let deposit = (settings.ratio * ONE as f64).round() as u64;
        Self { deposit, cap: reserve.max(CAP * ONE), in_hand: AtomicU64::new(reserve) }
    }

    /// A call begins, and pays in.
    pub fn deposit(&self) {
        self.change(|in_hand| Some(in_hand.saturating_add(self.deposit).min(self.cap)));
    }

    /// Takes out a retry; false when there is none left, and the call's failure is final.
    pub fn withdraw(&self) -> bool {
        self.change(|in_hand| in_hand.checked_sub(ONE))
    }

    fn change(&self, next: impl FnMut(u64) -> Option<u64>) -> bool {
        // The count stands for itself: nothing else is read or written by its order.
        self.in_hand.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Attempts that `calls` calls make, each of which fails and would retry `retries` times.
    fn attempts(budget: &Budget, calls: u32, retries: u32) -> u32 {
        let one_call = |_| {
            budget.deposit();
            1 + (0..retries).take_while(|_| budget.withdraw()).count() as u32
        };
        (0..calls).map(one_call).sum()
    }

    #[test]
    fn calls_that_are_always_refused_make_a_fifth_more_attempts_and_the_reserve() {
        let settings = Settings::default();
        assert_eq!(attempts(&Budget::new(settings), 1000, 2), 1000 + 200 + settings.reserve);
        assert_eq!(attempts(&Budget::new(Settings { ratio: 1.0, reserve: 0 }), 1000, 1), 2000);
        assert_eq!(attempts(&Budget::new(Settings { ratio: 0.1, reserve: 0 }), 1000, 5), 1100);
    }

    #[test]
    fn a_good_time_pays_for_no_storm() {
        let budget = Budget::new(Settings::default());
        (0..1_000_000).for_each(|_| budget.deposit());
        assert_eq!((0..1000).filter(|_| budget.withdraw()).count() as u64, CAP);
        let rich = Budget::new(Settings { ratio: 0.5, reserve: 500 });
        rich.deposit();
        assert_eq!((0..1000).filter(|_| rich.withdraw()).count(), 500);
    }

    #[test]
    fn the_option_is_read_with_its_defaults() {
        let read = |value: &Value| {
            let mut reader = Reader::default();
            let settings = Settings::read(value, "retryBudget", &mut reader);
            (settings, reader.done(()).err().unwrap_or_default())
        };
        assert_eq!(read(&json!(false)), (None, Vec::new()));
        assert_eq!(read(&json!({})), (Some(Settings::default()), Vec::new()));
        assert_eq!(
            read(&json!({"ratio": 1, "reserve": 0})),
            (Some(Settings { ratio: 1.0, reserve: 0 }), Vec::new())
        );
        for (value, path) in [
            (json!(true), "retryBudget"),
            (json!(0.2), "retryBudget"),
            (json!({"ratio": 0}), "retryBudget.ratio"),
            (json!({"ratio": 1.5}), "retryBudget.ratio"),
            (json!({"reserve": -1}), "retryBudget.reserve"),
            (json!({"reserve": 0.5}), "retryBudget.reserve"),
            (json!({"rate": 0.5}), "retryBudget.rate"),
        ] {
            let (_, problems) = read(&value);
            assert_eq!(problems.len(), 1, "{value}");
            assert_eq!(problems[0].path, path, "{value}");
        }
    }
}
