//! What is measured of a call, and the histograms that measurements are counted in.

use std::collections::HashMap;

use opentelemetry_proto::tonic::metrics::v1::{
    AggregationTemporality, Histogram, HistogramDataPoint, Metric, NumberDataPoint, Sum, metric,
    number_data_point,
};

use super::attributes::{Attributes, Encoded};
use super::names::{self, Instrument};
use crate::record::Entry;

/// What one instrument measures of a call.
pub struct Measure<'e> {
    pub instrument: &'static Instrument,
    pub values: Values<'e>,
    /// Of tokens: which.
    pub kind: Option<&'static str>,
}

#[derive(Clone, Copy)]
pub enum Values<'e> {
    One(f64),
    Many(&'e [f64]),
}

impl<'e> Values<'e> {
    pub fn each(self) -> impl Iterator<Item = f64> + 'e {
        let (one, many): (_, &[f64]) = match self {
            Self::One(value) => (Some(value), &[]),
            Self::Many(values) => (None, values),
        };
        one.into_iter().chain(many.iter().copied())
    }
}

impl Measure<'_> {
    /// With what those of a call have in common.
    pub fn attributes(&self, common: &Attributes) -> Attributes {
        let mut attributes = common.clone();
        attributes.maybe_text(names::TOKEN_TYPE, self.kind);
        attributes
    }
}

/// All that is measured of a call. Tokens only where the host has counted them.
pub fn measures<'e>(entry: &'e Entry<'_>) -> Vec<Measure<'e>> {
    let mut measures = Vec::with_capacity(5);
    if let Some(usage) = entry.usage.filter(|usage| !usage.estimated) {
        for (kind, tokens) in [("input", usage.input), ("output", usage.output)] {
            measures.push(Measure {
                instrument: &names::TOKEN_USAGE,
                values: Values::One(tokens as f64),
                kind: Some(kind),
            });
        }
    }
    if let Some(first) = entry.ms.first_token.filter(|_| entry.stream) {
        let values = Values::One(first / 1e3);
        measures.push(Measure { instrument: &names::TO_FIRST_CHUNK, values, kind: None });
    }
    if let Some(traced) = entry.traced.as_ref().filter(|traced| !traced.gaps.is_empty()) {
        measures.push(Measure {
            instrument: &names::PER_CHUNK,
            values: Values::Many(&traced.gaps),
            kind: None,
        });
    }
    let values = Values::One(entry.ms.total / 1e3);
    measures.push(Measure { instrument: &names::DURATION, values, kind: None });
    measures
}

/// So many sets of attributes are told apart for one instrument; further ones are counted together.
const MOST_SETS: usize = 2_000;

/// Histograms by attributes and instrument.
pub struct Histograms {
    /// Nanoseconds since 1970: when the first began, and when those that are counted now did.
    began: u64,
    since: u64,
    /// By what calls have in common.
    sets: HashMap<Encoded, Vec<Counted>>,
    delta: bool,
}

struct Counted {
    instrument: &'static Instrument,
    kind: Option<&'static str>,
    attributes: Attributes,
    buckets: Vec<u64>,
    count: u64,
    sum: f64,
    least: f64,
    most: f64,
}

impl Histograms {
    /// `delta`: each export counts from the one before.
    pub fn new(now: u64, delta: bool) -> Self {
        Self { began: now, since: now, sets: HashMap::new(), delta }
    }

    /// Counts what was measured of one call.
    pub fn count(&mut self, common: &Attributes, measures: &[Measure<'_>]) {
        let is_known = self.sets.contains_key(&common.0);
        let mut beyond = Attributes::default();
        if !is_known && self.sets.len() >= MOST_SETS {
            beyond.flag(names::OVERFLOW, true);
        }
        let common = if beyond.0.is_empty() { common } else { &beyond };
        if !self.sets.contains_key(&common.0) {
            self.sets.insert(common.0.clone(), Vec::new());
        }
        let Some(set) = self.sets.get_mut(&common.0) else { return };
        for measure in measures {
            let is_same =
                |one: &Counted| one.instrument.name == measure.instrument.name && one.kind == measure.kind;
            match set.iter_mut().find(|one| is_same(one)) {
                Some(counted) => counted.add(measure.values),
                None => set.push(Counted::first(measure, common)),
            }
        }
    }

    /// All that was counted, in the form that is exported; `dropped` is how many spans were lost.
    pub fn metrics(&self, now: u64, dropped: u64) -> Vec<Metric> {
        let temporality =
            if self.delta { AggregationTemporality::Delta } else { AggregationTemporality::Cumulative };
        let mut metrics = Vec::new();
        for instrument in names::INSTRUMENTS {
            let all = self.sets.values().flatten();
            let mine = all.filter(|counted| counted.instrument.name == instrument.name);
            let data_points: Vec<_> = mine.map(|counted| self.point(counted, now)).collect();
            if data_points.is_empty() {
                continue;
            }
            let histogram = Histogram { data_points, aggregation_temporality: temporality.into() };
            metrics.push(Metric {
                name: instrument.name.to_owned(),
                unit: instrument.unit.to_owned(),
                description: instrument.description.to_owned(),
                data: Some(metric::Data::Histogram(histogram)),
                ..Metric::default()
            });
        }
        if dropped > 0 {
            metrics.push(Self::dropped(now, self.began, dropped));
        }
        metrics
    }

    /// What was counted is exported: where each export counts from the one before, counting begins anew, and what was counted
    /// is given.
    pub fn exported(&mut self, now: u64) -> Option<Self> {
        let fresh = Self { began: self.began, ..Self::new(now, true) };
        self.delta.then(|| std::mem::replace(self, fresh))
    }

    /// An export has not arrived.
    pub fn take_back(&mut self, mut sent: Self) {
        std::mem::swap(self, &mut sent);
        for (common, set) in sent.sets {
            let mine = self.sets.entry(common).or_default();
            for later in set {
                let is_same =
                    |one: &Counted| one.instrument.name == later.instrument.name && one.kind == later.kind;
                match mine.iter_mut().find(|one| is_same(one)) {
                    Some(counted) => counted.add_all(&later),
                    None => mine.push(later),
                }
            }
        }
    }

    fn point(&self, counted: &Counted, now: u64) -> HistogramDataPoint {
        HistogramDataPoint {
            attributes: counted.attributes.decoded(),
            start_time_unix_nano: self.since,
            time_unix_nano: now,
            count: counted.count,
            sum: Some(counted.sum),
            bucket_counts: counted.buckets.clone(),
            explicit_bounds: counted.instrument.bounds.to_vec(),
            min: Some(counted.least),
            max: Some(counted.most),
            ..HistogramDataPoint::default()
        }
    }

    fn dropped(now: u64, since: u64, dropped: u64) -> Metric {
        let point = NumberDataPoint {
            start_time_unix_nano: since,
            time_unix_nano: now,
            value: Some(number_data_point::Value::AsInt(dropped as i64)),
            ..NumberDataPoint::default()
        };
        Metric {
            name: names::DROPPED.to_owned(),
            unit: "{span}".to_owned(),
            description: "Spans that were lost on their way.".to_owned(),
            data: Some(metric::Data::Sum(Sum {
                data_points: vec![point],
                aggregation_temporality: AggregationTemporality::Cumulative.into(),
                is_monotonic: true,
            })),
            ..Metric::default()
        }
    }
}

impl Counted {
    fn first(measure: &Measure<'_>, common: &Attributes) -> Self {
        let mut counted = Self {
            instrument: measure.instrument,
            kind: measure.kind,
            attributes: measure.attributes(common),
            buckets: vec![0; measure.instrument.bounds.len() + 1],
            count: 0,
            sum: 0.0,
            least: f64::INFINITY,
            most: f64::NEG_INFINITY,
        };
        counted.add(measure.values);
        counted
    }

    fn add(&mut self, values: Values<'_>) {
        for value in values.each() {
            // A bucket holds what is at most its bound.
            let bucket = self.instrument.bounds.partition_point(|bound| *bound < value);
            self.buckets[bucket] += 1;
            self.count += 1;
            self.sum += value;
            self.least = self.least.min(value);
            self.most = self.most.max(value);
        }
    }

    fn add_all(&mut self, later: &Self) {
        for (mine, theirs) in self.buckets.iter_mut().zip(&later.buckets) {
            *mine += theirs;
        }
        self.count += later.count;
        self.sum += later.sum;
        self.least = self.least.min(later.least);
        self.most = self.most.max(later.most);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(histograms: &mut Histograms, value: f64, model: &str) {
        let mut attributes = Attributes::default();
        attributes.text(names::REQUEST_MODEL, model);
        let values = Values::One(value);
        histograms.count(&attributes, &[Measure { instrument: &names::DURATION, values, kind: None }]);
    }

    fn points(histograms: &Histograms) -> Vec<HistogramDataPoint> {
        let metrics = histograms.metrics(9, 0);
        let Some(metric::Data::Histogram(histogram)) = metrics.into_iter().next().and_then(|one| one.data)
        else {
            return Vec::new();
        };
        histogram.data_points
    }

    #[test]
    fn a_bucket_holds_what_is_above_the_bound_before_and_at_most_its_own() {
        let mut histograms = Histograms::new(1, false);
        for value in [0.0, 0.01, 0.011, 81.92, 82.0] {
            count(&mut histograms, value, "m");
        }
        let point = points(&histograms).remove(0);
        assert_eq!((point.bucket_counts[0], point.bucket_counts[1]), (2, 1));
        assert_eq!((point.bucket_counts[13], point.bucket_counts[14]), (1, 1));
        assert_eq!((point.count, point.min, point.max), (5, Some(0.0), Some(82.0)));
        assert_eq!((point.start_time_unix_nano, point.time_unix_nano), (1, 9));
    }

    #[test]
    fn each_set_of_attributes_is_counted_by_itself_up_to_a_limit() {
        let mut histograms = Histograms::new(1, false);
        for at in 0..MOST_SETS + 3 {
            count(&mut histograms, 1.0, &format!("m{at}"));
        }
        count(&mut histograms, 1.0, "m0");
        let points = points(&histograms);
        assert_eq!(points.len(), MOST_SETS + 1);
        let beyond = points.iter().find(|point| point.attributes[0].key == names::OVERFLOW);
        assert_eq!(beyond.map(|point| point.count), Some(3));
        assert_eq!(points.iter().map(|point| point.count).max(), Some(3));
    }

    #[test]
    fn counting_goes_on_after_an_export_or_begins_anew_as_asked() {
        for (delta, left) in [(false, 1), (true, 0)] {
            let mut histograms = Histograms::new(1, delta);
            count(&mut histograms, 1.0, "m");
            histograms.exported(5);
            assert_eq!(points(&histograms).len(), left);
        }
    }

    #[test]
    fn what_did_not_arrive_is_counted_with_what_came_meanwhile() {
        let mut histograms = Histograms::new(1, true);
        count(&mut histograms, 1.0, "m");
        let sent = histograms.exported(5).expect("it counts from export to export");
        count(&mut histograms, 3.0, "m");
        count(&mut histograms, 3.0, "other");
        histograms.take_back(sent);
        let mut counted: Vec<_> = points(&histograms).iter().map(|one| (one.count, one.sum)).collect();
        counted.sort_by_key(|one| one.0);
        assert_eq!(counted, [(1, Some(3.0)), (2, Some(4.0))]);
        assert_eq!(points(&histograms)[0].start_time_unix_nano, 1);
    }
}
