//! OpenTelemetry: a call's place in a trace, spans and metrics by the conventions for generative AI, and their way to a
//! receiver or to the caller's own tracer. Made of records, beside the other sinks; nothing here decides anything of a call.
//! The invariant: only a client whose option `otel` is on has spans and metrics, and a call never waits for them.

mod attributes;
mod context;
mod delivery;
mod exporter;
mod measure;
mod names;
mod question;
mod sampler;
mod settings;
mod span;
mod waiting;

use opentelemetry_proto::tonic::trace::v1 as proto;
use prost::Message;
use serde_json::{Value, json};

pub use context::{Given, Span, Tracing, is_trace_header, new_span_id, written};
pub use exporter::Exporter;
pub use settings::Settings;
pub use span::Traced;

use crate::record::Entry;

/// What the caller's own tracer is told of a call: `{ spans, measures }` in OTLP's JSON, the call's span first. `None` where
/// the call is none of its.
pub fn told(entry: &Entry<'_>) -> Option<String> {
    let traced = entry.traced.as_ref()?;
    let common = span::common(entry);
    let measures: Vec<Value> = measure::measures(entry)
        .into_iter()
        .map(|measure| {
            json!({
                "name": measure.instrument.name,
                "unit": measure.instrument.unit,
                "description": measure.instrument.description,
                "bounds": measure.instrument.bounds,
                "values": measure.values.each().collect::<Vec<f64>>(),
                "attributes": measure.attributes(&common).decoded(),
            })
        })
        .collect();
    let mut spans = Vec::new();
    span::spans(entry, traced, &common, |span| {
        spans.push(proto::Span::decode(span.as_slice()).expect("what is written here is protobuf"));
    });
    Some(json!({ "spans": spans, "measures": measures }).to_string())
}
