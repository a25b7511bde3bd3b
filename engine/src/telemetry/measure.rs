//! What is measured of a call, and the histograms that measurements are counted in.

use std::collections::HashMap;

use opentelemetry_proto::tonic::metrics::v1::{
    AggregationTemporality, Histogram, HistogramDataPoint, Metric, NumberDataPoint, Sum, metric,
    number_data_point,
};
use prost::Message;

use super::attributes::Attributes;
use super::names::{self, Instrument};
use super::span::{Traced, common};
use crate::record::Entry;

/// One measurement.
pub struct Measure {
    pub instrument: &'static Instrument,
    pub value: f64,
    pub attributes: Attributes,
}

/// All that is measured of a call. Tokens only where the host has counted them.
pub fn measures(entry: &Entry<'_>, _traced: &Traced) -> Vec<Measure> {
    let attributes = common(entry);
    let mut measures = Vec::with_capacity(4);
    if let Some(usage) = entry.usage.filter(|usage| !usage.estimated) {
        for (kind, tokens) in [("input", usage.input), ("output", usage.output)] {
            let mut attributes = attributes.clone();
            attributes.text(names::TOKEN_TYPE, kind);
            measures.push(Measure { instrument: &names::TOKEN_USAGE, value: tokens as f64, attributes });
        }
    }
    if let Some(first) = entry.ms.first_token.filter(|_| entry.stream) {
        let attributes = attributes.clone();
        measures.push(Measure { instrument: &names::TO_FIRST_CHUNK, value: first / 1e3, attributes });
    }
    measures.push(Measure { instrument: &names::DURATION, value: entry.ms.total / 1e3, attributes });
    measures
}

/// So many sets of attributes are told apart for one instrument; further ones are counted together.
const MOST_SETS: usize = 2_000;

/// Histograms by instrument and attributes.
pub struct Histograms {
    /// Nanoseconds since 1970: when the first began, and when those that are counted now did.
    began: u64,
    since: u64,
    counted: HashMap<(&'static str, Vec<u8>), Counted>,
    sets: HashMap<&'static str, usize>,
    delta: bool,
}

struct Counted {
    instrument: &'static Instrument,
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
        Self { began: now, since: now, counted: HashMap::new(), sets: HashMap::new(), delta }
    }

    pub fn count(&mut self, Measure { instrument, value, mut attributes }: Measure) {
        let sets = self.sets.entry(instrument.name).or_default();
        let mut key = (instrument.name, set(&attributes));
        if !self.counted.contains_key(&key) {
            if *sets >= MOST_SETS {
                attributes = Attributes::default();
                attributes.flag(names::OVERFLOW, true);
                key.1 = set(&attributes);
            }
            *sets += 1;
        }
        let counted = self.counted.entry(key).or_insert_with(|| Counted {
            instrument,
            attributes,
            buckets: vec![0; instrument.bounds.len() + 1],
            count: 0,
            sum: 0.0,
            least: f64::INFINITY,
            most: f64::NEG_INFINITY,
        });
        // A bucket holds what is at most its bound.
        let bucket = instrument.bounds.partition_point(|bound| *bound < value);
        counted.buckets[bucket] += 1;
        counted.count += 1;
        counted.sum += value;
        counted.least = counted.least.min(value);
        counted.most = counted.most.max(value);
    }

    /// All that was counted, in the form that is exported; `dropped` is how many spans were lost.
    pub fn metrics(&self, now: u64, dropped: u64) -> Vec<Metric> {
        let temporality =
            if self.delta { AggregationTemporality::Delta } else { AggregationTemporality::Cumulative };
        let mut metrics = Vec::new();
        for instrument in [&names::DURATION, &names::TO_FIRST_CHUNK, &names::TOKEN_USAGE] {
            let mine = self.counted.values().filter(|counted| counted.instrument.name == instrument.name);
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

    /// An export has arrived: where each counts from the one before, counting begins anew.
    pub fn exported(&mut self, now: u64) {
        if self.delta {
            *self = Self { began: self.began, ..Self::new(now, true) };
        }
    }

    fn point(&self, counted: &Counted, now: u64) -> HistogramDataPoint {
        HistogramDataPoint {
            attributes: counted.attributes.0.clone(),
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

/// What tells one set of attributes from another: all of them are made in one order.
fn set(attributes: &Attributes) -> Vec<u8> {
    attributes.0.iter().flat_map(Message::encode_length_delimited_to_vec).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measure(value: f64, model: &str) -> Measure {
        let mut attributes = Attributes::default();
        attributes.text(names::REQUEST_MODEL, model);
        Measure { instrument: &names::DURATION, value, attributes }
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
            histograms.count(measure(value, "m"));
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
            histograms.count(measure(1.0, &format!("m{at}")));
        }
        histograms.count(measure(1.0, "m0"));
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
            histograms.count(measure(1.0, "m"));
            histograms.exported(5);
            assert_eq!(points(&histograms).len(), left);
        }
    }
}
