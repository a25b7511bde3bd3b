//! What a call is likely to use, from its body alone, so that it can be reserved: four bytes of text for a token, and as many
//! tokens of an answer as the caller allows. Pure.

use memchr::memmem;
use serde::Deserialize;

use crate::endpoint::Endpoint;
use crate::record::Usage;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Expected {
    input: u64,
    /// `None`: the body does not say. 0 where nothing is generated.
    output: Option<u64>,
    /// How many answers are asked for.
    answers: u64,
}

/// What a picture or a recording counts as, whatever its size, where it is in the body as a data URL.
const TOKENS_OF_DATA: u64 = 1_000;

#[derive(Deserialize, Default)]
#[serde(default)]
struct Asked {
    max_tokens: Option<u64>,
    max_completion_tokens: Option<u64>,
    max_output_tokens: Option<u64>,
    n: Option<u64>,
}

impl Expected {
    /// Of a call with this body, in the caller's format.
    pub fn of(endpoint: &Endpoint, body: &[u8]) -> Self {
        if !endpoint.takes_params() {
            return Self { output: Some(0), ..Self::default() };
        }
        let input = tokens_of(body);
        if !endpoint.streams() {
            return Self { input, output: Some(0), answers: 1 };
        }
        // A value that is no count is the host's to refuse.
        let asked: Asked = serde_json::from_slice(body).unwrap_or_default();
        let output = asked.max_completion_tokens.or(asked.max_output_tokens).or(asked.max_tokens);
        Self { input, output, answers: asked.n.unwrap_or(1).max(1) }
    }

    /// Whether an answer is text, which is as long as it has tokens.
    pub fn generates(&self) -> bool {
        self.output != Some(0)
    }

    /// The same, with `reserve` tokens for an answer of which the caller says nothing.
    pub fn usage(&self, reserve: u64) -> Usage {
        let output = self.output.unwrap_or(reserve).saturating_mul(self.answers);
        Usage { input: self.input, output, estimated: true, ..Usage::default() }
    }
}

fn tokens_of(body: &[u8]) -> u64 {
    let (mut text, mut data, mut rest) = (0, 0, body);
    while let Some(at) = memmem::find(rest, b";base64,") {
        let end = memchr::memchr(b'"', &rest[at..]).map_or(rest.len(), |length| at + length);
        (text, data, rest) = (text + at, data + 1, &rest[end..]);
    }
    Usage::estimate(text + rest.len(), 0).input + data * TOKENS_OF_DATA
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::endpoint::ENDPOINTS;

    fn expected(call: &str, body: &str) -> (u64, u64) {
        let endpoint = ENDPOINTS.iter().find(|row| row.call == call).expect("an endpoint");
        let usage = Expected::of(endpoint, body.as_bytes()).usage(1_000);
        (usage.input, usage.output)
    }

    #[test]
    fn a_call_is_expected_to_use_what_its_body_says() {
        let chat = |body: &str| expected("chat.completions.create", body);
        assert_eq!(chat(r#"{"max_tokens":50}"#), (5, 50));
        assert_eq!(chat(r#"{"max_completion_tokens":50,"n":3}"#).1, 150);
        assert_eq!(chat(r#"{"model":"m"}"#).1, 1_000);
        assert_eq!(chat(r#"{"max_tokens":"many"}"#).1, 1_000);
        assert_eq!(chat(r#"{"max_tokens":18446744073709551615,"n":9}"#).1, u64::MAX);
        assert_eq!(expected("responses.create", r#"{"max_output_tokens":7}"#).1, 7);
        assert_eq!(expected("embeddings.create", r#"{"input":"abcd"}"#), (4, 0));
        assert_eq!(expected("models.list", ""), (0, 0));
    }

    #[test]
    fn data_counts_as_one_thing_however_long_it_is() {
        let body = format!(r#"{{"url":"data:image/png;base64,{}"}}"#, "A".repeat(1_000_000));
        let (input, _) = expected("chat.completions.create", &body);
        assert!((1_000..1_020).contains(&input), "{input}");
    }
}
