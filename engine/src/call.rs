//! What is asked: one call, as the face hands it in. Nothing in it outlives the call.

use std::time::Duration;

use bytes::Bytes;
use serde_json::{Map, Value};

use crate::endpoint::Endpoint;
use crate::secret::Secret;

/// One call of one endpoint.
pub struct Call {
    pub endpoint: &'static Endpoint,
    /// The path's arguments, in the order of the path.
    pub arguments: Vec<String>,
    /// The body's JSON text, as the caller's `JSON.stringify` made it; empty for endpoints without one.
    pub body: Bytes,
    /// Whether the body asks for a stream.
    pub stream: bool,
    /// Options for this call alone; `null` takes an option of the client away.
    pub params: Option<Map<String, Value>>,
    pub options: CallOptions,
}

/// The call's third argument.
#[derive(Default)]
pub struct CallOptions {
    pub headers: Vec<(String, Secret)>,
    pub query: Option<String>,
    /// The whole call, retries and stream included.
    pub timeout: Option<Duration>,
    pub max_retries: Option<u32>,
}
