//! Load balancing in turn: smooth weighted round robin as in nginx. Of weights 5, 1, 1 the turns are a a b a c a a, not
//! five times a in a row. A group keeps one `RoundRobin` for all of its calls.

use std::sync::{Mutex, PoisonError};

pub struct RoundRobin {
    weights: Vec<f64>,
    /// What each target has in hand; empty until the first turn. Together they stay 0.
    credits: Mutex<Vec<f64>>,
}

/// The first turn is drawn from at most this many.
const LONGEST_CYCLE: f64 = 1000.0;

impl RoundRobin {
    /// Weights are finite; 0 has no turn.
    pub fn new(weights: Vec<f64>) -> Self {
        Self { weights, credits: Mutex::default() }
    }

    /// The target whose turn it is; `None` when none is available. One that is unavailable neither gains nor loses by
    /// it, so that the others keep their shares and it comes back without a rush. `random` is in `[0, 1)` and asked
    /// once, by the first turn: many young processes would else all begin with the same target.
    pub fn next(&self, is_available: impl Fn(usize) -> bool, random: impl FnOnce() -> f64) -> Option<usize> {
        let mut credits = self.credits.lock().unwrap_or_else(PoisonError::into_inner);
        if credits.is_empty() {
            credits.resize(self.weights.len(), 0.0);
            for _ in 0..(random() * self.cycle()) as usize {
                self.turn(&mut credits, |_| true);
            }
        }
        self.turn(&mut credits, is_available)
    }

    fn turn(&self, credits: &mut [f64], is_available: impl Fn(usize) -> bool) -> Option<usize> {
        let mut total = 0.0;
        let mut chosen: Option<usize> = None;
        for (at, weight) in self.weights.iter().enumerate() {
            if *weight <= 0.0 || !is_available(at) {
                continue;
            }
            credits[at] += weight;
            total += weight;
            if chosen.is_none_or(|best| credits[at] > credits[best]) {
                chosen = Some(at);
            }
        }
        credits[chosen?] -= total;
        chosen
    }

    /// How many turns it takes until each target has had one.
    fn cycle(&self) -> f64 {
        let weights = self.weights.iter().copied().filter(|weight| *weight > 0.0);
        let least = weights.clone().fold(f64::INFINITY, f64::min);
        (weights.sum::<f64>() / least).ceil().min(LONGEST_CYCLE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turns(robin: &RoundRobin, count: usize, is_available: impl Fn(usize) -> bool) -> Vec<usize> {
        (0..count).map(|_| robin.next(&is_available, || 0.0).expect("one is available")).collect()
    }

    fn shares(turns: &[usize], targets: usize) -> Vec<usize> {
        (0..targets).map(|target| turns.iter().filter(|turn| **turn == target).count()).collect()
    }

    #[test]
    fn turns_follow_the_weights_smoothly() {
        let robin = RoundRobin::new(vec![5.0, 1.0, 1.0]);
        assert_eq!(turns(&robin, 7, |_| true), [0, 0, 1, 0, 2, 0, 0]);
        assert_eq!(turns(&robin, 7, |_| true), [0, 0, 1, 0, 2, 0, 0]);
        let even = RoundRobin::new(vec![1.0; 3]);
        assert_eq!(turns(&even, 6, |_| true), [0, 1, 2, 0, 1, 2]);
    }

    #[test]
    fn fractions_have_their_exact_share_and_0_has_none() {
        let robin = RoundRobin::new(vec![0.7, 0.0, 0.2, 0.1]);
        assert_eq!(shares(&turns(&robin, 1000, |_| true), 4), [700, 0, 200, 100]);
    }

    #[test]
    fn a_target_that_is_unavailable_distorts_nothing() {
        let robin = RoundRobin::new(vec![3.0, 2.0, 1.0]);
        turns(&robin, 4, |_| true);
        let without = turns(&robin, 400, |target| target != 0);
        assert_eq!(shares(&without, 3)[0], 0);
        assert!(
            shares(&without, 3)[1].abs_diff(267) <= 1,
            "two of three, give or take the turn it began with"
        );
        let back = turns(&robin, 6, |_| true);
        assert!(
            shares(&back, 3)[0].abs_diff(3) <= 1,
            "it comes back with its share, not with a rush: {back:?}"
        );
        assert_eq!(shares(&turns(&robin, 600, |_| true), 3), [300, 200, 100]);
    }

    #[test]
    fn when_none_is_available_there_is_no_turn() {
        assert_eq!(RoundRobin::new(vec![1.0, 1.0]).next(|_| false, || 0.0), None);
        assert_eq!(RoundRobin::new(vec![0.0]).next(|_| true, || 0.0), None);
    }

    #[test]
    fn the_first_turn_is_drawn_by_weight() {
        let first = |random: f64| RoundRobin::new(vec![2.0, 1.0, 1.0]).next(|_| true, || random);
        let drawn: Vec<usize> = (0..4).filter_map(|step| first(f64::from(step) / 4.0)).collect();
        assert_eq!(drawn, [0, 1, 2, 0]);
    }
}
