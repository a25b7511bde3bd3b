//! Passive health: a target that failed is passed over for a while, across calls. For as long as its host asks, at once;
//! for its failures, from the second in a row on, so that one bad moment costs nothing. Not for a config's `cb_config`,
//! which is `breaker.rs`.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::{Symptom, symptom};
use crate::clock::Instant;
use crate::error::Error;
use crate::retry::LONGEST_WAIT;

/// One target's place on the bench.
#[derive(Default)]
pub struct Bench(Mutex<State>);

#[derive(Clone, Copy, Default)]
struct State {
    /// Failures in a row.
    failures: u32,
    /// For its failures.
    failed_until: Option<Instant>,
    /// As its host asked with a 503.
    asked_until: Option<Instant>,
    /// As its host asked with a 429.
    limited_until: Option<Instant>,
    /// Which row of failures this is: each success begins a new one.
    row: u64,
}

/// A failure that was counted, to be forgiven where it turns out to be the call's own.
#[derive(Debug)]
pub struct Counted {
    row: u64,
}

/// Failures in a row that cost nothing.
const TOLERATED: u32 = 1;
const FIRST_REST: Duration = Duration::from_secs(1);
const LONGEST_REST: Duration = Duration::from_secs(30);

impl Bench {
    /// Until when the target is passed over; `None` when it may be used.
    pub fn until(&self, now: Instant) -> Option<Instant> {
        let state = self.state();
        state.failed_until.max(state.asked_until).max(state.limited_until).filter(|until| now < *until)
    }

    /// Whether the target would be in use again if it were found well.
    pub fn may_be_ended(&self, now: Instant) -> bool {
        let rests = |until: Option<Instant>| until.is_some_and(|until| now < until);
        let state = self.state();
        (rests(state.failed_until) || rests(state.asked_until)) && !rests(state.limited_until)
    }

    /// The target was found well, which ends its rest, but not that of a rate limit.
    pub fn end(&self) {
        self.succeeded();
        self.state().asked_until = None;
    }

    /// An answer came. It ends a row of failures and the rest that they brought, but not the wait that a host asked
    /// for: what it answers now may have been sent before.
    pub fn succeeded(&self) {
        let mut state = self.state();
        state.row += 1;
        state.failures = 0;
        state.failed_until = None;
    }

    /// An attempt failed. `None` when that tells nothing of the target's health; a longer rest is never cut short.
    pub fn failed(&self, error: &Error, now: Instant) -> Option<Counted> {
        let symptom = symptom(error)?;
        let mut state = self.state();
        if let Some(wait) = error.facts().retry_after {
            let until = Some(now + wait.min(LONGEST_WAIT));
            match symptom {
                Symptom::Status(429) => state.limited_until = state.limited_until.max(until),
                Symptom::Status(503) => state.asked_until = state.asked_until.max(until),
                _ => {}
            }
        }
        // What is not implemented is a mistake of the caller's.
        let is_failure = !matches!(symptom, Symptom::Status(..=499 | 501));
        // Calls that were under way when the target was benched fail with it, which is no news.
        if !is_failure || state.failed_until.is_some_and(|until| now < until) {
            return None;
        }
        state.failures = state.failures.saturating_add(1);
        state.failed_until = rest(state.failures).map(|rest| now + rest);
        Some(Counted { row: state.row })
    }

    /// Takes back a failure that was the call's own.
    #[expect(clippy::needless_pass_by_value, reason = "a failure is forgiven once")]
    pub fn forgive(&self, counted: Counted) {
        let mut state = self.state();
        if state.row == counted.row {
            state.failures = state.failures.saturating_sub(1);
            state.failed_until = state.failed_until.filter(|_| state.failures > TOLERATED);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How long a target rests after so many failures in a row: 1, 2, 4 … 30 s.
fn rest(failures: u32) -> Option<Duration> {
    let doublings = failures.checked_sub(TOLERATED + 1)?;
    Some(FIRST_REST.saturating_mul(1u32 << doublings.min(16)).min(LONGEST_REST))
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::HeaderMap;

    use super::*;
    use crate::clock::{Clock, SystemClock};
    use crate::error::Kind;

    fn refused(status: u16, retry_after: Option<u64>) -> Error {
        Error::new(Kind::Refused, "")
            .with_status(status)
            .with_retry_after(retry_after.map(Duration::from_secs))
    }

    /// How many seconds from `now` a target rests.
    fn rests(bench: &Bench, now: Instant) -> u64 {
        bench.until(now).map_or(0, |until| (until - now).as_secs())
    }

    #[test]
    fn from_the_second_failure_in_a_row_on_a_target_rests_ever_longer() {
        let mut now = SystemClock.now();
        let bench = Bench::default();
        let mut seen = Vec::new();
        for _ in 0..8 {
            assert!(bench.failed(&Error::new(Kind::Connect, ""), now).is_some());
            seen.push(rests(&bench, now));
            now = bench.until(now).unwrap_or(now);
        }
        assert_eq!(seen, [0, 1, 2, 4, 8, 16, 30, 30]);
        bench.succeeded();
        assert!(bench.failed(&Error::new(Kind::Connect, ""), now).is_some());
        assert_eq!(rests(&bench, now), 0, "a success ends the row");
    }

    #[test]
    fn calls_that_fail_together_bench_their_target_once() {
        let now = SystemClock.now();
        let bench = Bench::default();
        let counted = (0..64).filter(|_| bench.failed(&Error::new(Kind::Broken, ""), now).is_some()).count();
        assert_eq!(counted, 2);
        assert_eq!(rests(&bench, now), 1);
    }

    #[test]
    fn a_host_s_own_wait_counts_at_once_up_to_a_minute() {
        let now = SystemClock.now();
        for (status, asked, rest) in [(429, 7, 7), (503, 7, 7), (429, 600, 60), (500, 7, 0), (529, 7, 0)] {
            let bench = Bench::default();
            bench.failed(&refused(status, Some(asked)), now);
            assert_eq!(rests(&bench, now), rest, "{status}");
        }
    }

    #[test]
    fn a_shorter_wait_never_cuts_a_longer_one() {
        let now = SystemClock.now();
        let bench = Bench::default();
        bench.failed(&refused(429, Some(20)), now);
        bench.failed(&refused(429, Some(2)), now);
        assert_eq!(rests(&bench, now), 20);
        for _ in 0..2 {
            bench.failed(&refused(502, None), now);
        }
        assert_eq!(rests(&bench, now), 20, "nor does a rest of one second");
        bench.succeeded();
        assert_eq!(rests(&bench, now), 20, "nor an answer to what was sent before");
        assert_eq!(rests(&bench, now + Duration::from_secs(20)), 0);
    }

    #[test]
    fn a_target_that_was_found_well_rests_only_for_a_rate_limit() {
        let now = SystemClock.now();
        let bench = Bench::default();
        assert!(!bench.may_be_ended(now), "it is in use");
        for _ in 0..2 {
            let _ = bench.failed(&refused(503, Some(20)), now);
        }
        assert!(bench.may_be_ended(now));
        bench.end();
        assert_eq!(rests(&bench, now), 0);
        let _ = bench.failed(&refused(500, None), now);
        assert_eq!(rests(&bench, now), 0, "its row of failures has ended too");
        let _ = bench.failed(&refused(503, Some(20)), now);
        let _ = bench.failed(&refused(429, Some(7)), now);
        assert!(!bench.may_be_ended(now), "it would still be passed over");
        bench.end();
        assert_eq!(rests(&bench, now), 7);
        assert!(!bench.may_be_ended(now));
    }

    #[test]
    fn what_is_no_failure_of_the_target_benches_nobody() {
        let now = SystemClock.now();
        let bench = Bench::default();
        let loading = Bytes::from_static(br#"{"error":{"message":"Loading model"}}"#);
        for _ in 0..5 {
            for error in [
                refused(400, None),
                refused(429, None),
                refused(501, None),
                refused(503, Some(9)).with_reply(HeaderMap::new(), loading.clone()),
                Error::new(Kind::Config, ""),
            ] {
                assert!(bench.failed(&error, now).is_none(), "{error:?}");
            }
        }
        assert_eq!(bench.until(now), None);
    }

    #[test]
    fn each_kind_of_failure_counts() {
        let now = SystemClock.now();
        for error in [
            Error::new(Kind::Connect, ""),
            Error::new(Kind::Broken, ""),
            Error::new(Kind::Garbled, "").with_status(200),
            Error::new(Kind::Truncated, ""),
            Error::new(Kind::Timeout, "").with_status(408),
            refused(500, None),
            refused(529, None),
        ] {
            let bench = Bench::default();
            bench.failed(&error, now);
            bench.failed(&error, now);
            assert_eq!(rests(&bench, now), 1, "{error:?}");
        }
    }

    #[test]
    fn a_failure_of_the_call_s_own_is_taken_back() {
        let now = SystemClock.now();
        let bench = Bench::default();
        let fail = || bench.failed(&refused(500, None), now).expect("a failure");
        let (first, second) = (fail(), fail());
        assert_eq!(rests(&bench, now), 1);
        bench.forgive(second);
        assert_eq!(rests(&bench, now), 0);
        bench.forgive(first);
        let (_, again) = (fail(), fail());
        assert_eq!(rests(&bench, now), 1, "two are left of four");
        bench.succeeded();
        let (_, _) = (fail(), fail());
        bench.forgive(again);
        assert_eq!(rests(&bench, now), 1, "what a success has ended is not taken from the next row");
    }
}
