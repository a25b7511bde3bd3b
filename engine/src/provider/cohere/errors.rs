//! Errors of Cohere in our shape, in its own words: `{"id", "message"}`, and in a stream the message of its end.

use bytes::Bytes;
use serde::Deserialize;

use crate::provider::completion::error_body;
use crate::provider::dialect::Fault;

#[derive(Deserialize)]
struct Said {
    message: String,
}

/// An error reply; `None` for one that isn't Cohere's.
pub fn of_reply(reply: &[u8]) -> Option<Bytes> {
    let said: Said = serde_json::from_slice(reply).ok()?;
    Some(error_body(&said.message, None, None))
}

/// A stream that ends with a finish reason which is an error.
pub fn at_the_end(reason: &str, message: Option<&str>) -> Fault {
    let status = if reason == "TIMEOUT" { 504 } else { 500 };
    Fault::Reported { status, body: error_body(message.unwrap_or(reason), Some(reason), None) }
}

/// An event that is none: an error that came after the stream began.
pub fn of_event(data: &[u8]) -> Fault {
    match of_reply(data) {
        Some(body) => Fault::Reported { status: 500, body },
        None => Fault::Garbled("an event without a type".to_owned()),
    }
}
