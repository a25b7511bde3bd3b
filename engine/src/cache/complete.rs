//! Whether a whole answer with a 2xx is complete, as a stream is by its finish reasons. A body that is no JSON, that is an
//! error in spite of its status, or a choice of which was never finished, would be given out for as long as an entry lives.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

#[derive(Deserialize)]
struct Told<'b> {
    #[serde(borrow, default)]
    error: Option<&'b RawValue>,
    /// Of chat and text completions.
    #[serde(borrow, default)]
    choices: Option<Vec<Choice<'b>>>,
    /// `message` of a message, which has a `stop_reason` when it is whole.
    #[serde(borrow, default, rename = "type")]
    kind: Option<Cow<'b, str>>,
    #[serde(borrow, default)]
    stop_reason: Option<&'b RawValue>,
    /// `response` of a response, which has a `status`.
    #[serde(borrow, default)]
    object: Option<Cow<'b, str>>,
    #[serde(borrow, default)]
    status: Option<Cow<'b, str>>,
}

#[derive(Deserialize)]
struct Choice<'b> {
    #[serde(borrow, default)]
    finish_reason: Option<&'b RawValue>,
}

pub fn is_complete(body: &[u8]) -> bool {
    let Ok(told) = serde_json::from_slice::<Told<'_>>(body) else { return false };
    let is_error = told.error.is_some_and(|error| error.get() != "false");
    let is_finished = |choices: Vec<Choice<'_>>| {
        !choices.is_empty() && choices.iter().all(|choice| choice.finish_reason.is_some())
    };
    let is_open_message = told.kind.as_deref() == Some("message") && told.stop_reason.is_none();
    let is_open_response = told.object.as_deref() == Some("response")
        && !matches!(told.status.as_deref(), Some("completed" | "incomplete"));
    !is_error && !is_open_message && !is_open_response && told.choices.is_none_or(is_finished)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_complete_when_each_of_its_choices_is_finished() {
        for body in [
            r#"{"choices":[{"finish_reason":"stop"},{"finish_reason":"length","message":{}}],"usage":{}}"#,
            r#"{"choices":[{"finish_reason":"stop"}],"error":null}"#,
            r#"{"choices":[{"finish_reason":"stop"}],"error":false}"#,
            r#"{"object":"list","data":[{"embedding":[1]}]}"#,
            r#"{"results":[]}"#,
            r#"{"type":"message","content":[],"stop_reason":"end_turn"}"#,
            r#"{"object":"response","status":"completed","error":null}"#,
            r#"{"object":"response","status":"incomplete"}"#,
        ] {
            assert!(is_complete(body.as_bytes()), "{body}");
        }
    }

    #[test]
    fn what_is_garbled_an_error_or_unfinished_is_not() {
        for body in [
            "",
            "{}}",
            r#"{"choices": nonsense}"#,
            r#"{"choices":[{"finish_reason":"stop","message":{"content":"a"b"}}]}"#,
            r#"{"choices":[{"finish_reason":"stop"}"#,
            r#"{"error":{"message":"overloaded"}}"#,
            r#"{"error":"overloaded","choices":[{"finish_reason":"stop"}]}"#,
            r#"{"choices":[]}"#,
            r#"{"choices":[{"finish_reason":null}]}"#,
            r#"{"choices":[{"finish_reason":"stop"},{"message":{}}]}"#,
            r#"{"choices":{"finish_reason":"stop"}}"#,
            r#"{"type":"message","content":[],"stop_reason":null}"#,
            r#"{"object":"response","status":"queued"}"#,
            r#"{"object":"response","status":"failed","error":{"code":"server_error"}}"#,
            r#"["choices"]"#,
            "\"text\"",
        ] {
            assert!(!is_complete(body.as_bytes()), "{body}");
        }
    }
}
