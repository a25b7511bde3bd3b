//! Google's errors, `{"error": {code, message, status, details}}` or a list with one of them, in our shape.
//! The details stay: they tell the field that is wrong, or how long to wait. What is of another shape is left alone.

use bytes::Bytes;
use serde::Deserialize;

use super::fields::Fields;
use crate::provider::json::Json;

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    error: Fields<'a>,
}

/// The status that an error names, and its body in our shape.
pub fn read(reply: &[u8]) -> Option<(Option<u16>, Bytes)> {
    let text = std::str::from_utf8(reply).ok()?.trim();
    let Envelope { mut error } = match text.as_bytes().first()? {
        b'[' => serde_json::from_str::<Vec<Envelope<'_>>>(text).ok()?.into_iter().next()?,
        _ => serde_json::from_str(text).ok()?,
    };
    if error.has("type") {
        return None;
    }
    let message = error.take("message").filter(|message| message.is_string())?;
    let code = error.take("code").map_or("null", |code| code.get());
    let status = error.take("status").map_or("null", |status| status.get());
    let mut w = Json::with_capacity(text.len() + 64);
    w.object(|w| {
        w.key("error").object(|w| {
            w.key("message").raw(message.get());
            w.key("type").raw(status);
            w.key("param").raw("null");
            w.key("code").raw(code);
            if let Some(details) = error.take("details").filter(|details| details.get() != "[]") {
                w.key("details").raw(details.get());
            }
        });
    });
    let named = code.parse().ok().filter(|code| (400..600).contains(code));
    Some((named, w.into_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_keeps_its_details_and_names_its_status() {
        let reply = br#"[{"error":{"code":429,"message":"slow \"down\"","status":"RESOURCE_EXHAUSTED","details":[{"retryDelay":"3s"}]}}]"#;
        let wanted = r#"{"error":{"message":"slow \"down\"","type":"RESOURCE_EXHAUSTED","param":null,"code":429,"details":[{"retryDelay":"3s"}]}}"#;
        assert_eq!(read(reply), Some((Some(429), Bytes::from_static(wanted.as_bytes()))));
    }

    #[test]
    fn what_is_no_error_of_google_is_left_alone() {
        for reply in [
            "",
            "<html>",
            "[]",
            "{}",
            r#"{"error":"x"}"#,
            r#"{"error":{"message":"m","type":"t","param":null,"code":null}}"#,
            r#"{"type":"error","error":{"type":"t","message":"m"}}"#,
        ] {
            assert_eq!(read(reply.as_bytes()), None, "{reply}");
        }
    }
}
