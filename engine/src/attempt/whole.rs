//! Whole bodies: how long one is likely to be, and whether it can be JSON.

use ::http::{HeaderMap, header};
use bytes::{Buf as _, Bytes};

use crate::explain::is_html;

/// A body's size as its host announces it, within what is taken on trust.
pub fn expected_size(headers: &HeaderMap) -> usize {
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    announced.unwrap_or(0usize).min(1 << 24)
}

/// JSON without the byte order mark that some servers put before it, and that no parser of JSON takes.
pub fn without_mark(mut text: Bytes) -> Bytes {
    if text.starts_with(b"\xEF\xBB\xBF") {
        text.advance(3);
    }
    text
}

/// Why a body can't be a JSON value, as far as its two ends tell; the face's parser sees the rest. Where another attempt
/// may follow (`gated`), that would be too late.
pub fn not_json(headers: &HeaderMap, text: &Bytes, gated: bool) -> Option<String> {
    let trimmed = text.trim_ascii();
    let closed = match (trimmed.first(), trimmed.last()) {
        (None, _) | (_, None) => return Some("an empty body".to_owned()),
        _ if gated => serde_json::from_slice::<serde::de::IgnoredAny>(trimmed).is_ok(),
        (Some(b'{'), Some(last)) => *last == b'}',
        (Some(b'['), Some(last)) => *last == b']',
        (Some(b'"'), Some(last)) => *last == b'"',
        _ => serde_json::from_slice::<serde::de::IgnoredAny>(trimmed).is_ok(),
    };
    if closed {
        return None;
    }
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    if kind.starts_with("text/event-stream") {
        return Some("a stream of events, which was not asked for".to_owned());
    }
    let start = String::from_utf8_lossy(&trimmed[..trimmed.len().min(200)]);
    Some(if is_html(headers, &start) { "a web page".to_owned() } else { "a body that is no JSON".to_owned() })
}
