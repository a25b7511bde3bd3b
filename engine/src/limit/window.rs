//! One count over a sliding window, in sixtieths of it. Pure: time comes in as microseconds.
//! Invariant: what was counted at any moment is forgotten no earlier than a whole window later, and at most a sixtieth of
//! the window after that. So no window, wherever it begins, holds more than was let in against the limit.

use std::collections::VecDeque;

/// A window's slices. More would give back sooner, and cost more memory for each count.
pub const SLICES: u64 = 60;

#[derive(Default)]
pub struct Window {
    /// Numbers of slices, in order, and what was counted in each.
    slices: VecDeque<(u64, u64)>,
    sum: u64,
}

/// How long a slice of a window is, in microseconds: never so short that the slices fall short of the window.
pub fn slice_length(window: u64) -> u64 {
    window.div_ceil(SLICES).max(1)
}

/// When what was counted in `slice` is forgotten, in microseconds.
pub fn forgotten_at(slice: u64, length: u64) -> u64 {
    (slice + 1 + SLICES).saturating_mul(length)
}

impl Window {
    /// What counts by now, with what has left the window forgotten. `current` is the number of the slice that now is in.
    pub fn used(&mut self, current: u64) -> u64 {
        while let Some((_, amount)) = self.slices.front().filter(|(slice, _)| *slice + SLICES < current) {
            self.sum = self.sum.saturating_sub(*amount);
            self.slices.pop_front();
        }
        self.sum
    }

    pub fn add(&mut self, slice: u64, amount: u64) {
        self.sum = self.sum.saturating_add(amount);
        match self.slices.binary_search_by_key(&slice, |(slice, _)| *slice) {
            Ok(at) => self.slices[at].1 = self.slices[at].1.saturating_add(amount),
            Err(at) => self.slices.insert(at, (slice, amount)),
        }
    }

    /// Takes back what was counted in a slice. Of one that is forgotten there is nothing to take.
    pub fn take_back(&mut self, slice: u64, amount: u64) {
        if let Ok(at) = self.slices.binary_search_by_key(&slice, |(slice, _)| *slice) {
            let taken = amount.min(self.slices[at].1);
            self.slices[at].1 -= taken;
            self.sum = self.sum.saturating_sub(taken);
        }
    }

    /// The slice with which so much is forgotten, the oldest first; `None` where there is less.
    pub fn frees(&self, amount: u64) -> Option<u64> {
        let mut freed = 0_u64;
        let mut slices = self.slices.iter();
        slices.find_map(|(slice, held)| {
            freed = held.saturating_add(freed);
            (freed >= amount).then_some(*slice)
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_was_counted_comes_back_a_window_later_and_at_most_a_slice_after() {
        let (length, mut window) = (slice_length(60_000_000), Window::default());
        assert_eq!(length, 1_000_000);
        window.add(0, 3);
        window.add(30, 2);
        assert_eq!(window.used(60), 5, "the first slice may have been counted at its very end");
        assert_eq!((window.frees(3), window.frees(4), window.frees(6)), (Some(0), Some(30), None));
        assert_eq!(forgotten_at(0, length), 61_000_000);
        assert_eq!(window.used(61), 2);
        window.take_back(0, 3);
        assert_eq!(window.used(61), 2, "there is nothing to take of what is forgotten");
        window.take_back(30, 9);
        assert_eq!(window.used(61), 0);
    }

    proptest! {
        #[test]
        fn no_window_holds_more_than_was_let_in(
            per in 1_u64..5_000_000,
            most in 1_u64..50,
            steps in proptest::collection::vec((0_u64..1_000_000, 1_u64..10), 1..300),
        ) {
            let (length, mut window, mut now) = (slice_length(per), Window::default(), 0);
            let mut let_in: Vec<(u64, u64)> = Vec::new();
            for (pause, amount) in steps {
                now += pause;
                if window.used(now / length) + amount <= most {
                    window.add(now / length, amount);
                    let_in.push((now, amount));
                }
            }
            for (began, _) in &let_in {
                let within = let_in.iter().filter(|(at, _)| (*began..began + per).contains(at));
                prop_assert!(within.map(|(_, amount)| amount).sum::<u64>() <= most);
            }
        }
    }
}
