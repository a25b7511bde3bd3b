//! What a session's responses have cost in tokens, added up: each `response.done` tells its own.

use bytes::Bytes;
use memchr::memmem;
use serde::Deserialize;
use serde_json::json;

use crate::record;

/// The sum over a session.
#[derive(Default)]
pub struct Usage {
    input: u64,
    output: u64,
    cached: u64,
}

#[derive(Deserialize)]
struct Event {
    #[serde(rename = "type")]
    kind: String,
    response: Option<Response>,
}

#[derive(Deserialize)]
struct Response {
    usage: Option<Told>,
}

#[derive(Deserialize)]
struct Told {
    input_tokens: Option<u64>,
    output_tokens: Option<u64>,
    input_token_details: Option<Details>,
}

#[derive(Deserialize)]
struct Details {
    cached_tokens: Option<u64>,
}

impl Usage {
    /// Adds what a message tells, where it does.
    pub fn add(&mut self, message: &Bytes) {
        if memmem::find(message, b"\"response.done\"").is_none() {
            return;
        }
        let Ok(event) = serde_json::from_slice::<Event>(message) else { return };
        let told =
            event.response.filter(|_| event.kind == "response.done").and_then(|response| response.usage);
        let Some(told) = told else { return };
        self.input += told.input_tokens.unwrap_or(0);
        self.output += told.output_tokens.unwrap_or(0);
        self.cached += told.input_token_details.and_then(|details| details.cached_tokens).unwrap_or(0);
    }

    /// As limits count it.
    pub fn sum(&self) -> record::Usage {
        let Self { input, output, cached } = *self;
        record::Usage { input, output, cached, ..record::Usage::default() }
    }

    /// As a record reads it.
    pub fn json(&self) -> String {
        json!({
            "input_tokens": self.input,
            "output_tokens": self.output,
            "total_tokens": self.input + self.output,
            "input_tokens_details": { "cached_tokens": self.cached },
        })
        .to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_responses_of_a_session_are_added_up_and_nothing_else_is() {
        let mut usage = Usage::default();
        let done = r#"{"type":"response.done","response":{"id":"r","usage":{"total_tokens":7,"input_tokens":5,"output_tokens":2,"input_token_details":{"cached_tokens":3,"text_tokens":2}}}}"#;
        let texts = [
            done,
            done,
            r#"{"type":"response.done","response":{"usage":null}}"#,
            r#"{"type":"response.output_text.done","text":"\"response.done\"","response":{"usage":{"input_tokens":99}}}"#,
            r#""response.done""#,
        ];
        for text in texts {
            usage.add(&Bytes::from_static(text.as_bytes()));
        }
        assert_eq!((usage.input, usage.output, usage.cached), (10, 4, 6));
    }
}
