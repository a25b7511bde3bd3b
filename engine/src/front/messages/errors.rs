//! Errors in Anthropic's shape: `{"type": "error", "error": {type, message}}`.

use bytes::Bytes;

use crate::provider::json::{Json, Object, is_string};

/// An error of ours, `{"error": {message, type, param, code}}`, in Anthropic's shape. The type is the status's own,
/// since that is what Anthropic's clients look at; all else is kept beside it.
pub fn error(status: u16, body: &[u8]) -> Bytes {
    let mut object: Object<'_> = serde_json::from_slice(body).unwrap_or_default();
    let given = object.take("error");
    let mut fields = given.and_then(Object::parse).unwrap_or_default();
    let message = fields.take("message").or(given).filter(|raw| is_string(raw));
    let mut out = Json::default();
    out.object(|out| {
        out.text("type", "error").key("error").object(|out| {
            let kind = fields.text("type").filter(|kind| is_known(kind));
            out.text("type", kind.as_deref().unwrap_or(type_of(status)));
            match message {
                Some(message) => out.field("message", message.get()),
                None => out.text("message", &format!("status {status}")),
            };
            for (key, raw) in fields.iter().filter(|(key, _)| *key != "type") {
                out.field(key, raw.get());
            }
        });
        for (key, raw) in object.iter().filter(|(key, _)| *key != "type") {
            out.field(key, raw.get());
        }
    });
    out.into_bytes()
}

/// The type of an error of this status.
fn type_of(status: u16) -> &'static str {
    match status {
        401 => "authentication_error",
        402 => "billing_error",
        403 => "permission_error",
        404 => "not_found_error",
        409 => "conflict_error",
        413 => "request_too_large",
        429 => "rate_limit_error",
        408 | 504 => "timeout_error",
        529 => "overloaded_error",
        500..=599 => "api_error",
        _ => "invalid_request_error",
    }
}

/// Whether it is one of the types that Anthropic's clients know.
fn is_known(kind: &str) -> bool {
    [400, 401, 402, 403, 404, 409, 413, 429, 500, 504, 529].into_iter().any(|status| type_of(status) == kind)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::anthropic::errors::status_of;

    #[test]
    fn each_status_has_its_type() {
        for status in [400, 401, 402, 403, 404, 409, 413, 429, 500, 504, 529] {
            assert_eq!(status_of(type_of(status)), status);
        }
    }

    #[test]
    fn an_error_is_told_in_anthropic_s_words() {
        let cases = [
            (
                429,
                r#"{"error":{"message":"slow","type":"tokens","param":null,"code":"x"}}"#,
                r#"{"type":"error","error":{"type":"rate_limit_error","message":"slow","code":"x"}}"#,
            ),
            (
                400,
                r#"{"error":{"message":"m","type":"billing_error"},"request_id":"r"}"#,
                r#"{"type":"error","error":{"type":"billing_error","message":"m"},"request_id":"r"}"#,
            ),
            (
                401,
                r#"{"error":"Unauthorized"}"#,
                r#"{"type":"error","error":{"type":"authentication_error","message":"Unauthorized"}}"#,
            ),
            (502, "<html>", r#"{"type":"error","error":{"type":"api_error","message":"status 502"}}"#),
        ];
        for (status, body, wanted) in cases {
            assert_eq!(error(status, body.as_bytes()), wanted, "{body}");
        }
    }

    #[test]
    fn an_error_of_anthropic_s_comes_back_as_it_was() {
        let body = br#"{"type":"error","error":{"type":"overloaded_error","message":"o"},"request_id":"r"}"#;
        let ours = crate::provider::anthropic::errors::translate(body).expect("an error");
        assert_eq!(error(529, &ours), &body[..]);
    }
}
