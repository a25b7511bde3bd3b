//! Load balancing by what is under way: the target with the fewest calls in flight for its weight. Pure.
//! Not for calls that should meet again where they were before: that is `affinity.rs`.

use super::loadbalance::draw;

/// A target to choose from.
#[derive(Clone, Copy, Debug)]
pub struct Candidate {
    /// Finite; 0 is never chosen, which is how an unavailable target is passed over.
    pub weight: f64,
    pub in_flight: usize,
}

/// Up to this many candidates are all compared. Of more, two are drawn and compared: nearly as even, at a cost that
/// does not grow, and processes that see the same numbers do not all run to the same target.
const MOST_COMPARED: usize = 8;

/// The place of the candidate with the least `in_flight / weight`; equals are drawn by weight. `random` gives numbers
/// in `[0, 1)`. At least one weight is positive.
pub fn choose(candidates: &[Candidate], mut random: impl FnMut() -> f64) -> usize {
    let weights = candidates.iter().map(|candidate| candidate.weight);
    if weights.clone().filter(|weight| *weight > 0.0).count() > MOST_COMPARED {
        let first = draw(weights.clone(), random());
        let others = weights.enumerate().map(|(at, weight)| if at == first { 0.0 } else { weight });
        let second = draw(others, random());
        return if load(&candidates[second]) < load(&candidates[first]) { second } else { first };
    }
    let least = candidates.iter().map(load).fold(f64::INFINITY, f64::min);
    let equals = candidates.iter().map(|one| if load(one) <= least { one.weight } else { 0.0 });
    draw(equals, random())
}

fn load(candidate: &Candidate) -> f64 {
    if candidate.weight > 0.0 { candidate.in_flight as f64 / candidate.weight } else { f64::INFINITY }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidates(list: &[(f64, usize)]) -> Vec<Candidate> {
        list.iter().map(|(weight, in_flight)| Candidate { weight: *weight, in_flight: *in_flight }).collect()
    }

    #[test]
    fn the_least_loaded_for_its_weight_is_chosen() {
        for random in [0.0, 0.5, 0.999] {
            assert_eq!(choose(&candidates(&[(1.0, 3), (1.0, 2), (1.0, 4)]), || random), 1);
            assert_eq!(choose(&candidates(&[(4.0, 6), (1.0, 2), (2.0, 4)]), || random), 0);
        }
    }

    #[test]
    fn weight_0_is_never_chosen_however_idle() {
        for random in [0.0, 0.5, 0.999] {
            assert_eq!(choose(&candidates(&[(0.0, 0), (1.0, 900), (0.0, 0)]), || random), 1);
        }
        let many: Vec<(f64, usize)> = (0..20).map(|at| if at < 9 { (1.0, 5) } else { (0.0, 0) }).collect();
        for step in 0..100 {
            assert!(choose(&candidates(&many), || f64::from(step) / 100.0) < 9);
        }
    }

    #[test]
    fn equals_are_drawn_by_weight() {
        let idle = candidates(&[(3.0, 0), (1.0, 0), (1.0, 7)]);
        let drawn = (0..400).filter(|step| choose(&idle, || f64::from(*step) / 400.0) == 0).count();
        assert_eq!(drawn, 300);
    }

    #[test]
    fn of_many_the_less_loaded_of_two_drawn_is_chosen() {
        let mut list = vec![(1.0, 10); 9];
        list[8] = (1.0, 1);
        let drawn = |first: f64, second: f64| {
            let mut draws = [first, second].into_iter();
            choose(&candidates(&list), || draws.next().expect("two draws"))
        };
        assert_eq!(drawn(0.0, 0.99), 8, "the idle one, drawn second");
        assert_eq!(drawn(0.99, 0.0), 8, "the idle one, drawn first");
        assert_eq!(
            drawn(0.0, 0.0),
            0,
            "the second draw leaves out the first, and equals stay with the first"
        );
    }
}
