//! What the fuzz targets in `fuzz/` reach of the parts that read strangers' bytes. It is there with the feature `fuzzing`
//! alone, is no part of the addon, and promises nothing to anyone else.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use ::http::HeaderMap;
use serde_json::{Map, Value};

pub use crate::base_url::BaseUrl;
pub use crate::body::Body;
use crate::clock::SystemClock;
use crate::engine::Engine;
pub use crate::error::Problem;
use crate::error::{Error, Kind};
pub use crate::events::Frames;
use crate::http::Network;
pub use crate::http::{Egress, Proxy};
pub use crate::provider::aws::event_stream::{Decoder as FrameDecoder, Frame};
use crate::provider::dialect::Framing;
pub use crate::provider::path::filled;
use crate::retry::Policy;
pub use crate::retry::{LONGEST_WAIT, retry_after};
pub use crate::sse::{Parser as SseParser, SseEvent};

/// A reader of JSON objects that come one after the other.
pub fn json_values() -> Frames {
    Frames::new(Framing::Lines, true)
}

/// What is wrong with a client's options. Nothing is opened, connected to or written.
pub fn read_options(options: &Map<String, Value>) -> Vec<Problem> {
    let made = Engine::with_doors(options, Arc::new(Network::default()), Arc::new(SystemClock), None);
    made.map_or_else(|error| error.facts().problems.clone(), |_| Vec::new())
}

/// How long the attempt after `made` waits when a host answers 429 with these headers.
pub fn wait_of(headers: &HeaderMap, now: SystemTime, made: u32) -> Option<Duration> {
    let error =
        Error::new(Kind::Refused, "refused").with_status(429).with_retry_after(retry_after(headers, now));
    Policy { retries: made, ..Policy::default() }.wait(&error, made, false, 0.5)
}
