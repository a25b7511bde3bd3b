//! Anthropic's errors in OpenAI's shape, and the status that each type stands for.

use bytes::Bytes;

use crate::provider::json::{Json, Object, is_string};

/// `{"type": "error", "error": {type, message}}` as `{"error": {message, type, param, code}}`, with all else that it
/// held. `None` for a body of another shape: hosts that speak this dialect often report errors in OpenAI's.
pub fn translate(body: &[u8]) -> Option<Bytes> {
    let mut object: Object<'_> = serde_json::from_slice(body).ok()?;
    if object.text("type").as_deref() != Some("error") {
        return None;
    }
    object.take("type");
    let mut error = object.take("error").and_then(Object::parse)?;
    let message = error.take("message").filter(|raw| is_string(raw))?;
    let mut out = Json::with_capacity(body.len() + 32);
    out.object(|out| {
        out.key("error").object(|out| {
            out.field("message", message.get());
            for name in ["type", "param", "code"] {
                out.field(name, error.take(name).map_or("null", |raw| raw.get()));
            }
            for (key, raw) in error.iter() {
                out.field(key, raw.get());
            }
        });
        for (key, raw) in object.iter() {
            out.field(key, raw.get());
        }
    });
    Some(out.into_bytes())
}

/// The HTTP status of an error that came inside a stream.
/// Source: Anthropic's list of errors; a type that is not on it is an error of the API's own.
pub fn status_of(kind: &str) -> u16 {
    match kind {
        "invalid_request_error" => 400,
        "authentication_error" => 401,
        "billing_error" => 402,
        "permission_error" => 403,
        "not_found_error" => 404,
        "conflict_error" => 409,
        "request_too_large" => 413,
        "rate_limit_error" => 429,
        "timeout_error" => 504,
        "overloaded_error" => 529,
        _ => 500,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_keeps_its_words_and_what_stood_beside_them() {
        let body = br#"{"type":"error","error":{"type":"t","message":"a \u00e9","details":[1]},"request_id":"req_1"}"#;
        let wanted = r#"{"error":{"message":"a \u00e9","type":"t","param":null,"code":null,"details":[1]},"request_id":"req_1"}"#;
        assert_eq!(translate(body).expect("Anthropic's shape"), wanted);
    }

    #[test]
    fn errors_of_another_shape_are_left_alone() {
        for body in
            [r#"{"error":{"code":400,"message":"x"}}"#, r#"{"error":"Unauthorized"}"#, "<html>", "[]", ""]
        {
            assert!(translate(body.as_bytes()).is_none(), "{body}");
        }
    }
}
