//! Load balancing by affinity: calls with the same key go to the same target, where their prefix is cached, unless that
//! target has far more in flight than its share. Weighted rendezvous hashing: stateless, so that every process sends a
//! conversation to the same place, and a target that comes or goes moves no keys but its own. Pure.
//! Sources: Thaler and Ravishankar 1998; weights as in Schindelhauer and Schomaker 2005; spill as in consistent hashing
//! with bounded loads (Mirrokni et al. 2016).

use serde_json::Value;

use super::key::{Fields, Hash, mix};
use crate::config::Reader;
use crate::headers::fold;

/// What a strategy says of affinity.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    pub fields: Fields,
    /// How far above its share of the calls in flight a target may be: 0.5 is half as much again.
    pub spill: f64,
}

/// More would never spill between two targets, less sends conversations away from their prefix in ordinary ups and
/// downs (`simulations.rs`).
const DEFAULT_SPILL: f64 = 0.5;
const LONGEST_PREFIX: u64 = 1 << 20;

impl Settings {
    /// The keys of a strategy that `read` looks at, folded.
    pub const KEYS: [&str; 3] = ["hashfields", "prefixchars", "spill"];

    /// Reads `hash_fields`, `prefix_chars` and `spill` of a strategy. Its other keys are not looked at.
    pub fn read(strategy: &Value, path: &str, reader: &mut Reader) -> Option<Self> {
        let mut fields = None;
        let mut prefix_chars = Fields::DEFAULT_PREFIX_CHARS;
        let mut spill = DEFAULT_SPILL;
        let mut is_named = false;
        let object = reader.object(strategy, path)?;
        for (written, value) in object.iter().filter(|(_, value)| !value.is_null()) {
            let place = format!("{path}.{written}");
            match fold(written).as_str() {
                "hashfields" => {
                    is_named = true;
                    fields = Fields::read(value, &place, reader);
                }
                "prefixchars" => {
                    let read = reader.whole(value, &place, 1..=LONGEST_PREFIX);
                    prefix_chars = read.map_or(prefix_chars, |chars| chars as usize);
                }
                "spill" => spill = reader.weight(value, &place).unwrap_or(spill),
                _ => {}
            }
        }
        if !is_named {
            let advice = "is missing; name what calls that belong together share, such as [\"metadata.session\"] or [\"prompt\"]";
            reader.problem(format!("{path}.hash_fields"), advice);
        }
        Some(Self { fields: fields?.with_prefix_chars(prefix_chars), spill })
    }
}

/// A target to choose from.
#[derive(Clone, Copy, Debug)]
pub struct Candidate<'t> {
    /// What the target is called in every process, whatever its place in the list. No two share one.
    pub identity: &'t str,
    /// Finite; 0 is never chosen, which is how an unavailable target is passed over.
    pub weight: f64,
    pub in_flight: usize,
}

/// The place of the candidate that ranks first for `key` among those with room. Without room is one that has more in
/// flight than `1 + spill` times its share by weight of all that is in flight, and at least one call more than its
/// share. One is never without room. At least one weight is positive.
pub fn choose(candidates: &[Candidate<'_>], key: u64, spill: f64) -> usize {
    let usable = || candidates.iter().filter(|candidate| candidate.weight > 0.0);
    let in_flight: usize = usable().map(|candidate| candidate.in_flight).sum();
    let weights: f64 = usable().map(|candidate| candidate.weight).sum();
    let has_room = |candidate: &Candidate<'_>| {
        let share = in_flight as f64 * candidate.weight / weights;
        candidate.in_flight as f64 <= (share * (1.0 + spill)).max(share + 1.0)
    };
    let mut chosen = 0;
    let mut highest = f64::NEG_INFINITY;
    for (at, candidate) in candidates.iter().enumerate() {
        if candidate.weight > 0.0 && has_room(candidate) {
            let score = score(candidate, key);
            if score > highest {
                (chosen, highest) = (at, score);
            }
        }
    }
    chosen
}

/// How high a candidate ranks for a key: -w / ln u, which makes each candidate's share of the keys that of its weight.
/// A platform's logarithm may differ in its last bit, which decides nothing unless two scores are equal but for it.
fn score(candidate: &Candidate<'_>, key: u64) -> f64 {
    let mut identity = Hash::default();
    identity.write(candidate.identity.as_bytes());
    let bits = mix(key ^ identity.finish()) >> 12;
    // Above 0 and below 1, both exactly: 52 bits and a half.
    let unit = (bits as f64 + 0.5) / (1u64 << 52) as f64;
    -candidate.weight / unit.ln()
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    const KEYS: u64 = 20_000;

    fn idle<'t>(targets: &[(&'t str, f64)]) -> Vec<Candidate<'t>> {
        let candidate =
            |(identity, weight): &(&'t str, f64)| Candidate { identity, weight: *weight, in_flight: 0 };
        targets.iter().map(candidate).collect()
    }

    fn keys() -> impl Iterator<Item = u64> {
        (0..KEYS).map(mix)
    }

    #[test]
    fn a_key_goes_to_the_same_target_in_any_order_of_them() {
        let there = idle(&[("a", 1.0), ("b", 2.0), ("c", 1.0)]);
        let back = idle(&[("c", 1.0), ("b", 2.0), ("a", 1.0)]);
        assert!(keys().all(|key| choose(&there, key, 0.5) == 2 - choose(&back, key, 0.5)));
        let placed: Vec<usize> = (1..17).map(|key| choose(&there, mix(key), 0.5)).collect();
        assert_eq!(
            placed,
            [2, 0, 0, 0, 0, 0, 1, 0, 1, 0, 2, 0, 0, 1, 1, 2],
            "as in every process and release"
        );
    }

    #[test]
    fn each_target_has_its_weight_s_share_of_the_keys() {
        let candidates = idle(&[("a", 1.0), ("b", 0.5), ("c", 0.0), ("d", 2.5)]);
        let mut placed = [0u32; 4];
        for key in keys() {
            placed[choose(&candidates, key, 0.5)] += 1;
        }
        for (count, share) in placed.into_iter().zip([0.25, 0.125, 0.0, 0.625]) {
            assert!((f64::from(count) / KEYS as f64 - share).abs() < 0.01, "{placed:?}");
        }
    }

    #[test]
    fn a_new_target_takes_its_share_and_moves_nothing_else() {
        let names: Vec<String> = (0..10).map(|at| format!("http://gpu-{at}:8000/v1")).collect();
        let targets: Vec<(&str, f64)> = names.iter().map(|name| (name.as_str(), 1.0)).collect();
        let (before, after) = (idle(&targets[..9]), idle(&targets));
        let moved: Vec<usize> = keys()
            .filter_map(|key| {
                let place = choose(&after, key, 0.5);
                (place != choose(&before, key, 0.5)).then_some(place)
            })
            .collect();
        assert!(moved.iter().all(|place| *place == 9));
        assert!((moved.len() as f64 / KEYS as f64 - 0.1).abs() < 0.01, "{}", moved.len());
    }

    #[test]
    fn a_target_without_room_is_passed_over_for_the_next_in_rank() {
        let mut candidates = idle(&[("a", 1.0), ("b", 1.0), ("c", 1.0), ("d", 1.0)]);
        let first = choose(&candidates, 7, 0.5);
        candidates[first].weight = 0.0;
        let second = choose(&candidates, 7, 0.5);
        candidates[first].weight = 1.0;
        // Its share is 8.25 of 33 calls, then 8.5 of 34, and half as much again the most.
        for (in_flight, wanted) in [(12, first), (13, second)] {
            for (at, candidate) in candidates.iter_mut().enumerate() {
                candidate.in_flight = if at == first { in_flight } else { (35 - in_flight) / 3 };
            }
            assert_eq!(choose(&candidates, 7, 0.5), wanted, "{in_flight}");
        }
    }

    #[test]
    fn a_heavy_target_has_room_for_its_share() {
        let mut candidates = idle(&[("heavy", 3.0), ("light", 1.0)]);
        candidates[0].in_flight = 30;
        candidates[1].in_flight = 10;
        let heavy = keys().filter(|key| choose(&candidates, *key, 0.0) == 0).count();
        assert!((heavy as f64 / KEYS as f64 - 0.75).abs() < 0.01, "{heavy}");
    }

    #[test]
    fn a_call_or_two_are_no_load() {
        let mut candidates = idle(&[("a", 1.0), ("b", 1.0)]);
        let home = choose(&candidates, 7, 0.0);
        candidates[home].in_flight = 1;
        assert_eq!(choose(&candidates, 7, 0.0), home);
        candidates[home].in_flight = 3;
        assert_eq!(choose(&candidates, 7, 0.0), 1 - home);
    }

    proptest! {
        #[test]
        fn one_is_never_without_room(
            loads in vec((prop_oneof![Just(0.0), 0.001..1000.0f64], 0..10_000usize), 1..12),
            key: u64,
            spill in 0.0..2.0f64,
        ) {
            prop_assume!(loads.iter().any(|(weight, _)| *weight > 0.0));
            let names: Vec<String> = (0..loads.len()).map(|at| at.to_string()).collect();
            let candidates: Vec<Candidate<'_>> = names
                .iter()
                .zip(&loads)
                .map(|(identity, (weight, in_flight))| Candidate { identity, weight: *weight, in_flight: *in_flight })
                .collect();
            prop_assert!(candidates[choose(&candidates, key, spill)].weight > 0.0);
        }
    }

    #[test]
    fn settings_have_defaults_and_name_their_problems() {
        let read = |strategy: &Value| {
            let mut reader = Reader::default();
            let settings = Settings::read(strategy, "strategy", &mut reader);
            (settings, reader.done(()).err().unwrap_or_default())
        };
        let (settings, problems) = read(&json!({"mode": "affinity", "hash_fields": ["prompt"]}));
        assert!(problems.is_empty());
        assert!(settings.is_some_and(|settings| (settings.spill - 0.5).abs() < 1e-9));
        let (settings, problems) = read(&json!({"hashFields": ["prompt"], "prefixChars": 9, "spill": 0}));
        assert!(problems.is_empty());
        assert!(settings.is_some_and(|settings| settings.spill == 0.0));
        for (strategy, path) in [
            (json!({"mode": "affinity"}), "strategy.hash_fields"),
            (json!({"hash_fields": ["prompt"], "prefix_chars": 0}), "strategy.prefix_chars"),
            (json!({"hash_fields": ["prompt"], "spill": -1}), "strategy.spill"),
        ] {
            let (_, problems) = read(&strategy);
            assert_eq!(problems.len(), 1, "{strategy}");
            assert_eq!(problems[0].path, path, "{strategy}");
        }
        assert!(Settings::KEYS.iter().all(|key| fold(key) == *key));
    }
}
