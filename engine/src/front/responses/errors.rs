//! Errors in OpenAI's shape: `{"error": {message, type, param, code}}`.

use bytes::Bytes;

use crate::provider::json::{Json, Object, Raw, is_object, is_string};

/// An error reply's body in OpenAI's shape, whatever shape it has; all else that it tells is kept beside it.
pub fn error(status: u16, body: &[u8]) -> Bytes {
    let mut object: Object<'_> = serde_json::from_slice(body).unwrap_or_default();
    let told = Told::of(status, body);
    let given = object.take("error").and_then(Object::parse).unwrap_or_default();
    let mut out = Json::default();
    out.object(|out| {
        out.key("error").object(|out| {
            let Told { message, kind, param, code, .. } = &told;
            for (name, json) in [("message", message), ("type", kind), ("param", param), ("code", code)] {
                out.field(name, json);
            }
            let is_other = |key: &str| !matches!(key, "message" | "type" | "param" | "code");
            for (key, raw) in given.iter().filter(|(key, _)| is_other(key)) {
                out.field(key, raw.get());
            }
        });
        for (key, raw) in object.iter() {
            out.field(key, raw.get());
        }
    });
    out.into_bytes()
}

/// An error's four fields, as JSON.
pub struct Told {
    status: u16,
    pub message: String,
    kind: String,
    pub param: String,
    pub code: String,
}

impl Told {
    pub fn of(status: u16, body: &[u8]) -> Self {
        let object: Object<'_> = serde_json::from_slice(body).unwrap_or_default();
        let given = object.get("error");
        let fields = given.filter(|raw| is_object(raw)).and_then(Object::parse).unwrap_or_default();
        let message = [fields.get("message"), given, object.get("message")];
        let message = message.into_iter().flatten().find(|raw| is_string(raw));
        let json = |raw: Raw<'_>| raw.get().to_owned();
        let null = |name: &str| fields.get(name).map_or_else(|| "null".to_owned(), json);
        let kind = fields.get("type").filter(|raw| is_string(raw));
        Self {
            status,
            message: message.map_or_else(|| format!("\"status {status}\""), json),
            kind: kind.map_or_else(|| format!("\"{}\"", type_of(status)), json),
            param: null("param"),
            code: null("code"),
        }
    }

    /// A response that failed has one of few codes, which say no more than the status does.
    pub fn code_of_response(&self) -> &'static str {
        match self.status {
            429 => "rate_limit_exceeded",
            400..=499 => "invalid_prompt",
            _ => "server_error",
        }
    }
}

fn type_of(status: u16) -> &'static str {
    match status {
        401 => "authentication_error",
        403 => "permission_error",
        404 => "not_found_error",
        429 => "rate_limit_error",
        400..=499 => "invalid_request_error",
        _ => "server_error",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_of_any_shape_is_told_in_openai_s() {
        let cases = [
            (
                429,
                r#"{"error":{"message":"slow","type":"tokens","param":null,"code":"x","retry":1.0},"request_id":"r"}"#,
                r#"{"error":{"message":"slow","type":"tokens","param":null,"code":"x","retry":1.0},"request_id":"r"}"#,
            ),
            (
                401,
                r#"{"error":"Unauthorized"}"#,
                r#"{"error":{"message":"Unauthorized","type":"authentication_error","param":null,"code":null}}"#,
            ),
            (
                400,
                r#"{"message":"m","status":"failure"}"#,
                r#"{"error":{"message":"m","type":"invalid_request_error","param":null,"code":null},"message":"m","status":"failure"}"#,
            ),
            (
                502,
                "<html>",
                r#"{"error":{"message":"status 502","type":"server_error","param":null,"code":null}}"#,
            ),
        ];
        for (status, body, wanted) in cases {
            assert_eq!(error(status, body.as_bytes()), wanted, "{body}");
        }
    }
}
