//! Errors of Bedrock in our shape, which are AWS's.

use ::http::HeaderMap;
use bytes::Bytes;

use super::NAME;
use crate::provider::aws::errors;
use crate::provider::dialect::{Fault, WireEvent};

pub fn of_reply(headers: &HeaderMap, reply: &[u8]) -> Option<Bytes> {
    errors::of_reply(NAME, headers, reply)
}

/// An exception inside a stream.
pub fn of_event(event: &WireEvent<'_>) -> Fault {
    errors::of_event(NAME, event)
}
