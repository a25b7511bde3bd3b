//! Whether the store is asked at all. After a few failures in a row it is left alone for a while; then one question goes
//! through as a probe, and its outcome decides. A probe that is never told of counts as failed.

use std::time::Duration;

use crate::clock::Instant;

/// So many failures in a row are taken as chance.
const FAILURES: u32 = 3;

/// How long a store that fails is left alone.
pub const REST: Duration = Duration::from_secs(5);

#[derive(Default)]
pub struct Breaker {
    failures: u32,
    rests_until: Option<Instant>,
}

impl Breaker {
    /// Whether a question may be asked now. After a rest it says so once: that question is the probe.
    pub fn lets_through(&mut self, now: Instant) -> bool {
        match self.rests_until {
            Some(until) if now < until => false,
            Some(_) => {
                self.rests_until = Some(now + REST);
                true
            }
            None => true,
        }
    }

    pub fn succeeded(&mut self) {
        *self = Self::default();
    }

    /// True when the store is to be left alone from now on.
    pub fn failed(&mut self, now: Instant) -> bool {
        self.failures = self.failures.saturating_add(1);
        let rests = self.failures >= FAILURES;
        if rests {
            self.rests_until = Some(now + REST);
        }
        rests
    }

    pub fn is_resting(&self, now: Instant) -> bool {
        self.rests_until.is_some_and(|until| now < until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::{Clock, SystemClock};

    #[test]
    fn failures_in_a_row_open_it_and_one_probe_after_the_rest_decides() {
        let (mut breaker, now) = (Breaker::default(), SystemClock.now());
        assert!(!breaker.failed(now));
        assert!(!breaker.failed(now));
        breaker.succeeded();
        assert!(!breaker.failed(now) && !breaker.failed(now) && breaker.failed(now));
        assert!(!breaker.lets_through(now) && breaker.is_resting(now));

        let later = now + REST;
        assert!(breaker.lets_through(later), "the probe");
        assert!(!breaker.lets_through(later), "one is enough");
        assert!(breaker.failed(later));
        assert!(!breaker.lets_through(later + REST / 2));

        let again = later + REST;
        assert!(breaker.lets_through(again));
        breaker.succeeded();
        assert!(breaker.lets_through(again) && breaker.lets_through(again));
    }

    #[test]
    fn a_probe_that_is_never_told_of_does_not_close_it_for_ever() {
        let (mut breaker, now) = (Breaker::default(), SystemClock.now());
        while !breaker.failed(now) {}
        assert!(breaker.lets_through(now + REST));
        assert!(breaker.lets_through(now + REST + REST));
    }
}
