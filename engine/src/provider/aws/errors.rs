//! Errors of AWS's services in our shape, in their own words. The exception's name becomes the error's type.

use ::http::HeaderMap;
use bytes::Bytes;
use serde::Deserialize;

use crate::provider::completion::error_body;
use crate::provider::dialect::{Fault, WireEvent};

#[derive(Deserialize)]
struct Said {
    #[serde(alias = "Message", default)]
    message: Option<String>,
    /// `com.amazon.coral.service#AccessDeniedException`.
    #[serde(rename = "__type", default)]
    kind: Option<String>,
}

/// An error reply; `None` for one that isn't AWS's.
pub fn of_reply(headers: &HeaderMap, reply: &[u8]) -> Option<Bytes> {
    let said: Said = serde_json::from_slice(reply).ok()?;
    let named = headers.get("x-amzn-errortype").and_then(|value| value.to_str().ok());
    // The header may go on with an address: `ThrottlingException:http://…`.
    let named = named.and_then(|name| name.split(':').next());
    let kind = named.or(said.kind.as_deref().and_then(|kind| kind.rsplit('#').next()));
    if said.message.is_none() && kind.is_none() {
        return None;
    }
    Some(body(said.message.as_deref(), kind))
}

/// An exception inside a stream.
pub fn of_event(event: &WireEvent<'_>) -> Fault {
    let said: Option<Said> = serde_json::from_slice(event.data).ok();
    let kind = event.name.map(capitalised);
    let message = said.and_then(|said| said.message);
    let status = kind.as_deref().map_or(500, status);
    Fault::Reported { status, body: body(message.as_deref(), kind.as_deref()) }
}

fn body(message: Option<&str>, kind: Option<&str>) -> Bytes {
    error_body(message.or(kind).unwrap_or("an error without a message"), kind, None)
}

/// The header has `ThrottlingException`, a stream `throttlingException`.
fn capitalised(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// The status that an exception has where it comes before the stream.
fn status(kind: &str) -> u16 {
    match kind {
        "ValidationException" | "ServiceQuotaExceededException" => 400,
        "AccessDeniedException" => 403,
        "ResourceNotFoundException" => 404,
        "ModelTimeoutException" => 408,
        "ConflictException" => 409,
        "ModelErrorException" | "ModelStreamErrorException" | "ModelStreamError" => 424,
        "ThrottlingException" | "ModelNotReadyException" => 429,
        "ServiceUnavailableException" => 503,
        _ => 500,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn parsed(body: &Bytes) -> Value {
        serde_json::from_slice(body).expect("JSON")
    }

    fn error(message: &str, kind: &str) -> Value {
        json!({ "error": { "message": message, "type": kind, "param": null, "code": null } })
    }

    #[test]
    fn the_type_is_found_in_header_and_body() {
        let wanted = error("no", "AccessDeniedException");
        let mut headers = HeaderMap::new();
        let body = br#"{"__type":"com.amazon.coral.service#AccessDeniedException","Message":"no"}"#;
        let read = |headers: &HeaderMap, body: &[u8]| of_reply(headers, body).map(|body| parsed(&body));
        assert_eq!(read(&headers, body), Some(wanted.clone()));
        let named = "AccessDeniedException:http://internal.amazon.com/coral/";
        headers.insert("x-amzn-errortype", named.parse().expect("a value"));
        assert_eq!(read(&headers, br#"{"message":"no"}"#), Some(wanted));
    }

    #[test]
    fn what_is_not_aws_s_is_left_as_it_is() {
        for body in [&b"<html>"[..], b"{}", b"[]", br#"{"error":{"message":"x"}}"#] {
            assert!(of_reply(&HeaderMap::new(), body).is_none());
        }
    }

    #[test]
    fn every_exception_of_a_stream_has_its_status() {
        let cases = [
            ("throttlingException", 429, "ThrottlingException"),
            ("validationException", 400, "ValidationException"),
            ("modelTimeoutException", 408, "ModelTimeoutException"),
            ("modelStreamErrorException", 424, "ModelStreamErrorException"),
            ("serviceUnavailableException", 503, "ServiceUnavailableException"),
            ("internalServerException", 500, "InternalServerException"),
            ("accessDeniedException", 403, "AccessDeniedException"),
            ("somethingNew", 500, "SomethingNew"),
        ];
        for (name, wanted, kind) in cases {
            let event = WireEvent { name: Some(name), data: br#"{"message":"m"}"#, exception: true };
            let Fault::Reported { status, body } = of_event(&event) else { panic!("{name}") };
            assert_eq!((status, parsed(&body)), (wanted, error("m", kind)), "{name}");
        }
    }
}
