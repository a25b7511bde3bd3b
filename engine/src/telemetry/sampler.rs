//! Which calls have spans, by the names that `OTEL_TRACES_SAMPLER` knows. Metrics count all calls.

use super::context::TraceId;

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sampler {
    /// A call in a trace does as its parent did.
    heeds_parent: bool,
    /// The part of the other calls that have spans, from 0 to 1.
    ratio: f64,
}

impl Default for Sampler {
    fn default() -> Self {
        Self { heeds_parent: true, ratio: 1.0 }
    }
}

impl Sampler {
    pub const NAMES: &str = "always_on, always_off, traceidratio, parentbased_always_on, parentbased_always_off, parentbased_traceidratio";

    /// `None` for a name that is none.
    pub fn named(name: &str, ratio: f64) -> Option<Self> {
        let (heeds_parent, name) = match name.strip_prefix("parentbased_") {
            Some(name) => (true, name),
            None => (false, name),
        };
        let ratio = match name {
            "always_on" => 1.0,
            "always_off" => 0.0,
            "traceidratio" => ratio,
            _ => return None,
        };
        Some(Self { heeds_parent, ratio })
    }

    /// Whether a call has spans. Every process decides alike for one trace.
    pub fn takes(&self, parent: Option<bool>, trace_id: &TraceId) -> bool {
        if let Some(sampled) = parent.filter(|_| self.heeds_parent) {
            return sampled;
        }
        let low: [u8; 8] = std::array::from_fn(|at| trace_id[at + 8]);
        let draw = u64::from_be_bytes(low) >> 1;
        self.ratio >= 1.0 || (draw as f64) < self.ratio * (1_u64 << 63) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(low: u64) -> TraceId {
        (u128::from(low) | (1 << 127)).to_be_bytes()
    }

    #[test]
    fn a_ratio_takes_its_part_and_the_same_part_each_time() {
        let quarter = Sampler::named("traceidratio", 0.25).expect("a name");
        let ids = (0..1_000_u64).map(|n| of(n.wrapping_mul(0x9E37_79B9_7F4A_7C15)));
        let taken = ids.filter(|id| quarter.takes(None, id)).count();
        assert!((200..300).contains(&taken), "{taken}");
        let none = Sampler::named("traceidratio", 0.0).expect("a name");
        assert!(!none.takes(None, &of(0)));
        assert!(Sampler::named("traceidratio", 1.0).expect("a name").takes(None, &of(u64::MAX)));
    }

    #[test]
    fn the_parent_decides_where_the_name_says_so() {
        let parted = Sampler::named("parentbased_always_off", 1.0).expect("a name");
        assert!(parted.takes(Some(true), &of(1)) && !parted.takes(None, &of(1)));
        let off = Sampler::named("always_off", 1.0).expect("a name");
        assert!(!off.takes(Some(true), &of(1)));
        assert!(!Sampler::default().takes(Some(false), &of(1)));
        assert_eq!(Sampler::named("jaeger_remote", 1.0), None);
    }
}
