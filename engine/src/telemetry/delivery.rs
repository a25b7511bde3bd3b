//! The way to a receiver: OTLP over HTTP, in protobuf or JSON, sent again where the protocol says so. It works on whatever
//! runtime polls it, over connections of its own, and knows nothing of calls.

use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use ::http::header::{CONTENT_ENCODING, CONTENT_TYPE, USER_AGENT};
use ::http::{HeaderMap, HeaderValue, Method};
use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceResponse;
use prost::Message;
use serde::Serialize;

use super::settings::Signal;
use crate::clock::{Clock, before};
use crate::http::{ConnectWatch, Destination, Reply, Route, Transport, Wire};
use crate::retry::retry_after;

/// So often a batch is sent, with pauses in between that grow from the first to the longest.
const MOST_TRIES: u32 = 5;
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// An answer is read as far as this.
const MOST_ANSWER: usize = 64 << 10;

/// A receiver's own words are told as far as this.
const MOST_WORDS: usize = 200;

const AGENT: &str = concat!("OTel-OTLP-Exporter-portkey-native/", env!("CARGO_PKG_VERSION"));

/// The doors that a delivery goes through.
pub struct Doors {
    pub transport: Arc<dyn Transport>,
    pub clock: Arc<dyn Clock>,
    pub route: Arc<Route>,
}

/// What became of a batch.
#[derive(Debug, PartialEq, Eq)]
pub enum Delivered {
    Whole,
    /// The receiver did not take so many of its items, for a reason of its own.
    Partly(u64, String),
    /// Nothing was taken. The words are for the user's eyes.
    Lost(String),
}

/// How one sending ended.
enum Tried {
    Done(Delivered),
    /// It may be sent again, after so long where the receiver says so.
    Again(Option<Duration>, String),
}

/// A batch in OTLP's JSON.
pub fn in_json(batch: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(batch).expect("a batch always has a JSON form")
}

/// A batch as it goes out.
fn packed(signal: &Signal, batch: Vec<u8>) -> Bytes {
    if !signal.gzip {
        return batch.into();
    }
    let mut zipped = GzEncoder::new(Vec::new(), Compression::fast());
    zipped.write_all(&batch).and_then(|()| zipped.finish()).expect("a Vec takes any bytes").into()
}

impl Doors {
    /// Sends a batch, in the encoding that the signal names, until it has arrived or must be given up.
    pub async fn deliver(&self, signal: &Signal, batch: Vec<u8>) -> Delivered {
        let body = packed(signal, batch);
        let mut tries = 1;
        loop {
            let (wait, why) = match self.once(signal, body.clone()).await {
                Tried::Done(delivered) => return delivered,
                Tried::Again(wait, why) => (wait, why),
            };
            if tries == MOST_TRIES {
                return Delivered::Lost(why);
            }
            let ceiling = FIRST_PAUSE * 2_u32.pow(tries - 1);
            let pause = wait.unwrap_or_else(|| ceiling.mul_f64(0.5 + self.clock.random() / 2.0));
            self.clock.sleep(pause.min(LONGEST_PAUSE)).await;
            tries += 1;
        }
    }

    async fn once(&self, signal: &Signal, body: Bytes) -> Tried {
        let wire = Wire {
            method: Method::POST,
            url: Destination::of(signal.url.clone()),
            headers: Arc::new(headers(signal)),
            body: body.into(),
            socket: signal.socket.clone(),
            route: self.route.clone(),
            connect: Some(signal.timeout),
            upgrade: false,
        };
        let watch = ConnectWatch::default();
        let deadline = self.clock.now() + signal.timeout;
        let sent = before(Some(deadline), async {
            let Reply { status, headers, mut body } = self.transport.send(wire, &watch).await?;
            let mut text = Vec::new();
            while let Some(piece) = body.chunk().await? {
                text.extend_from_slice(&piece);
                if text.len() > MOST_ANSWER {
                    body.close();
                    break;
                }
            }
            Ok((status, headers, text))
        });
        match sent.await {
            None => Tried::Again(None, format!("no answer within {} ms", signal.timeout.as_millis())),
            Some(Err(failure)) => {
                let failure: crate::http::Failure = failure;
                Tried::Again(None, failure.detail)
            }
            Some(Ok((status, headers, text))) => self.read(status, &headers, &text),
        }
    }

    /// What an answer means, by OTLP's rules.
    fn read(&self, status: u16, headers: &HeaderMap, text: &[u8]) -> Tried {
        match status {
            200..=299 => Tried::Done(match rejected(headers, text) {
                Some((items, words)) if items > 0 => Delivered::Partly(items, words),
                _ => Delivered::Whole,
            }),
            429 | 502 | 503 | 504 => {
                Tried::Again(retry_after(headers, self.clock.wall()), format!("status {status}"))
            }
            _ => Tried::Done(Delivered::Lost(format!("status {status}"))),
        }
    }
}

fn headers(signal: &Signal) -> HeaderMap {
    let mut headers = signal.headers.clone();
    let kind = if signal.json { "application/json" } else { "application/x-protobuf" };
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.entry(USER_AGENT).or_insert(HeaderValue::from_static(AGENT));
    if signal.gzip {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    headers
}

/// How many items the receiver did not take, and why. Spans and data points have the same answer.
fn rejected(headers: &HeaderMap, text: &[u8]) -> Option<(u64, String)> {
    let is_json =
        headers.get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"application/json"));
    let (items, words) = if is_json {
        let answer: serde_json::Value = serde_json::from_slice(text).ok()?;
        let partial = answer.get("partialSuccess")?;
        let items = ["rejectedSpans", "rejectedDataPoints"].iter().find_map(|name| partial.get(*name))?;
        // 64-bit numbers are texts in OTLP's JSON.
        let items = items.as_u64().or_else(|| items.as_str()?.parse().ok())?;
        (items, partial.get("errorMessage").and_then(|words| words.as_str()).unwrap_or_default().to_owned())
    } else {
        let partial = ExportTraceServiceResponse::decode(text).ok()?.partial_success?;
        (partial.rejected_spans.try_into().ok()?, partial.error_message)
    };
    let words = words.chars().filter(|letter| !letter.is_control()).take(MOST_WORDS).collect();
    Some((items, words))
}

#[cfg(test)]
mod tests {
    use opentelemetry_proto::tonic::collector::trace::v1::ExportTracePartialSuccess;

    use super::*;

    #[test]
    fn a_partial_success_is_read_in_both_encodings() {
        let partial = ExportTracePartialSuccess { rejected_spans: 3, error_message: "too\nold".to_owned() };
        let answer = ExportTraceServiceResponse { partial_success: Some(partial) };
        let wanted = Some((3, "tooold".to_owned()));
        assert_eq!(rejected(&HeaderMap::new(), &answer.encode_to_vec()), wanted);
        let mut json = HeaderMap::new();
        json.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        for items in [r#""3""#, "3"] {
            let text =
                format!(r#"{{"partialSuccess":{{"rejectedDataPoints":{items},"errorMessage":"too\nold"}}}}"#);
            assert_eq!(rejected(&json, text.as_bytes()), wanted);
        }
        for nothing in ["", "{}", "no JSON"] {
            assert_eq!(rejected(&json, nothing.as_bytes()), None, "{nothing}");
        }
        assert_eq!(rejected(&HeaderMap::new(), b""), None);
    }
}
