//! Load balancing by weight: one target is drawn, and its failure is the group's. Pure.

/// The place of the target drawn. `random` is in `[0, 1)`; weights are finite, at least one is positive, 0 is never drawn.
pub fn draw(weights: impl Iterator<Item = f64> + Clone, random: f64) -> usize {
    let mut rest = random * weights.clone().sum::<f64>();
    let mut last = 0;
    for (at, weight) in weights.enumerate().filter(|(_, weight)| *weight > 0.0) {
        if rest < weight {
            return at;
        }
        rest -= weight;
        last = at;
    }
    // Rounding may leave a remainder as large as the last weight.
    last
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_target_has_its_share() {
        let weights = [0.7, 0.0, 0.3, 1.0];
        let mut drawn = [0; 4];
        for step in 0..2000 {
            drawn[draw(weights.iter().copied(), f64::from(step) / 2000.0)] += 1;
        }
        assert_eq!(drawn, [700, 0, 300, 1000]);
    }

    #[test]
    fn the_last_draw_is_never_past_the_end() {
        assert_eq!(draw([0.1, 0.2, 0.0].into_iter(), 0.999_999_999_999_999_9), 1);
        assert_eq!(draw([3.0].into_iter(), 0.0), 0);
    }
}
