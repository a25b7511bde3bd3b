//! What a call used, read from an answer in any of the three formats without building values, else estimated and flagged.

use std::sync::LazyLock;

use memchr::memmem::Finder;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// Tokens that a call used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Usage {
    /// Tokens of the prompt, those from the host's cache included.
    pub input: u64,
    /// Tokens of the answer, those of its reasoning included.
    pub output: u64,
    /// Of the input: read from the host's prompt cache.
    pub cached: u64,
    /// Of the input: written to it, where that has a price of its own.
    pub written: u64,
    /// Of the output: spent on reasoning.
    pub reasoning: u64,
    /// The host did not tell: counted from the length of the texts.
    pub estimated: bool,
    /// What the host says that this cost, in US dollars.
    #[serde(skip)]
    pub cost: Option<f64>,
}

/// So many bytes of text make a token, as a rule of thumb.
const BYTES_OF_A_TOKEN: u64 = 4;

/// xAI tells costs in these.
const TICKS_OF_A_DOLLAR: f64 = 1e10;

/// What hosts say under `usage`, by the names that OpenAI's chat, its Responses and Anthropic's Messages have for it.
#[derive(Default)]
struct Told {
    prompt_tokens: Option<u64>,
    completion_tokens: Option<u64>,
    total_tokens: Option<u64>,
    input_tokens: Option<u64>,
    output_tokens: Option<u64>,
    cache_read_input_tokens: Option<u64>,
    cache_creation_input_tokens: Option<u64>,
    /// Moonshot's; others say it in the details.
    cached_tokens: Option<u64>,
    /// In the details of the input, and of the output.
    cached_of_input: Option<u64>,
    written_of_input: Option<u64>,
    reasoning_of_output: Option<u64>,
    cost: Option<f64>,
    is_byok: bool,
    /// xAI's.
    cost_in_usd_ticks: Option<f64>,
}

/// A value in a `usage`.
#[derive(Clone, Copy)]
enum Value<'v> {
    Whole(u64),
    /// Any other, as JSON.
    Other(&'v [u8]),
}

impl Value<'_> {
    fn tokens(self) -> Option<u64> {
        match self {
            Self::Whole(number) => Some(number),
            Self::Other(_) => None,
        }
    }

    fn number(self) -> Option<f64> {
        match self {
            Self::Whole(number) => Some(number as f64),
            Self::Other(json) => serde_json::from_slice(json).ok(),
        }
    }
}

impl Told {
    /// Reads the object that a text begins with. By hand: the derived reader was a fifth of what recording cost a call.
    fn first(text: &[u8]) -> Option<Self> {
        let mut told = Self::default();
        members(text, None, &mut told)?;
        Some(told)
    }

    /// A member, and the name of the object that it is in, if not the `usage` itself.
    fn note(&mut self, within: Option<&[u8]>, name: &[u8], value: Value<'_>) {
        let field = match (within, name) {
            (None, b"prompt_tokens") => &mut self.prompt_tokens,
            (None, b"completion_tokens") => &mut self.completion_tokens,
            (None, b"total_tokens") => &mut self.total_tokens,
            (None, b"input_tokens") => &mut self.input_tokens,
            (None, b"output_tokens") => &mut self.output_tokens,
            (None, b"cache_read_input_tokens") => &mut self.cache_read_input_tokens,
            (None, b"cache_creation_input_tokens") => &mut self.cache_creation_input_tokens,
            (None, b"cached_tokens") => &mut self.cached_tokens,
            (Some(b"prompt_tokens_details" | b"input_tokens_details"), b"cached_tokens") => {
                &mut self.cached_of_input
            }
            (Some(b"prompt_tokens_details" | b"input_tokens_details"), b"cache_write_tokens") => {
                &mut self.written_of_input
            }
            (Some(b"completion_tokens_details" | b"output_tokens_details"), b"reasoning_tokens") => {
                &mut self.reasoning_of_output
            }
            (None, b"cost") | (Some(b"cost"), b"total_cost") => return self.cost = value.number(),
            (None, b"cost_in_usd_ticks") => return self.cost_in_usd_ticks = value.number(),
            (None, b"is_byok") => return self.is_byok = matches!(value, Value::Other(b"true")),
            _ => return,
        };
        *field = value.tokens();
    }
}

/// Tells the members of the object that a text begins with, and of objects in it but none deeper, and gives what is behind it.
/// `None`: it is no object, or not JSON as far as it was looked at.
fn members<'t>(text: &'t [u8], within: Option<&[u8]>, told: &mut Told) -> Option<&'t [u8]> {
    let mut rest = text.strip_prefix(b"{")?.trim_ascii_start();
    if let Some(behind) = rest.strip_prefix(b"}") {
        return Some(behind);
    }
    loop {
        let begun = rest.strip_prefix(b"\"")?;
        let (name, behind) = begun.split_at(memchr::memchr(b'"', begun)?);
        // One that goes on behind an escaped quote is none of those that are known.
        let is_cut = name.ends_with(b"\\");
        let value = after_colon(if is_cut { first_value(rest)?.1 } else { &behind[1..] })?;
        rest = if within.is_none() && value.first() == Some(&b'{') {
            members(value, Some(name), told)?
        } else {
            let (value, behind) = first_value(value)?;
            told.note(within, name, value);
            behind
        }
        .trim_ascii_start();
        match rest.split_first()? {
            (b',', others) => rest = others.trim_ascii_start(),
            (b'}', behind) => return Some(behind),
            _ => return None,
        }
    }
}

/// The value that a text begins with, and what is behind it.
fn first_value(text: &[u8]) -> Option<(Value<'_>, &[u8])> {
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (number, behind) = text.split_at(digits);
    // Up to 19 digits are a number that fits.
    if (1..20).contains(&digits) && matches!(behind.first(), Some(b',' | b'}' | b' ' | b'\n' | b'\r' | b'\t'))
    {
        let number = number.iter().fold(0, |number, digit| number * 10 + u64::from(digit - b'0'));
        return Some((Value::Whole(number), behind));
    }
    let mut values = serde_json::Deserializer::from_slice(text).into_iter::<&RawValue>();
    let json = values.next()?.ok()?.get().as_bytes();
    Some((Value::Other(json), &text[values.byte_offset()..]))
}

impl Usage {
    /// Reads the JSON of a `usage` object: OpenAI's chat or Responses form, or Anthropic's. `None` where it counts nothing.
    pub fn read(json: &str) -> Option<Self> {
        Self::first(json.as_bytes())
    }

    /// The same of the JSON that a text begins with.
    fn first(text: &[u8]) -> Option<Self> {
        let told = Told::first(text)?;
        let chat = told.prompt_tokens.or(told.completion_tokens).or(told.total_tokens);
        chat.or(told.input_tokens).or(told.output_tokens)?;
        // Anthropic counts what its cache read and wrote beside the input.
        let beside =
            told.cache_read_input_tokens.unwrap_or(0) + told.cache_creation_input_tokens.unwrap_or(0);
        let output = told.completion_tokens.or(told.output_tokens);
        let input = told
            .prompt_tokens
            .or(told.input_tokens.map(|input| input + beside))
            .or(told.total_tokens.map(|total| total.saturating_sub(output.unwrap_or(0))));
        let cached = told.cached_of_input.or(told.cache_read_input_tokens).or(told.cached_tokens);
        Some(Self {
            input: input.unwrap_or(0),
            output: output.unwrap_or(0),
            cached: cached.unwrap_or(0),
            written: told.cache_creation_input_tokens.or(told.written_of_input).unwrap_or(0),
            reasoning: told.reasoning_of_output.unwrap_or(0),
            estimated: false,
            // With a key of one's own at the service behind, that one's bill is not in it.
            cost: match told.cost {
                Some(cost) if !told.is_byok => Some(cost),
                _ => told.cost_in_usd_ticks.map(|ticks| ticks / TICKS_OF_A_DOLLAR),
            },
        })
    }

    /// From the lengths of request and answer, in bytes.
    pub fn estimate(request: usize, answer: usize) -> Self {
        let tokens = |bytes: usize| (bytes as u64).div_ceil(BYTES_OF_A_TOKEN);
        Self { input: tokens(request), output: tokens(answer), estimated: true, ..Self::default() }
    }
}

/// A member's name with its quotes: `"model"`. Quotes inside a string are escaped, so that it is found in no text.
pub type Key = LazyLock<Finder<'static>>;

pub static MODEL: Key = LazyLock::new(|| Finder::new("\"model\""));
pub static ID: Key = LazyLock::new(|| Finder::new("\"id\""));
static USAGE: Key = LazyLock::new(|| Finder::new("\"usage\""));
static REASONS: [Key; 2] =
    [LazyLock::new(|| Finder::new("\"finish_reason\"")), LazyLock::new(|| Finder::new("\"stop_reason\""))];

/// The last `usage` of an answer that counts something.
pub fn usage_in(answer: &[u8]) -> Option<Usage> {
    /// It is among the last of an answer.
    const TAIL: usize = 1 << 10;
    let last = |text: &[u8]| {
        let keys: Vec<_> = USAGE.find_iter(text).collect();
        keys.iter().rev().find_map(|at| Usage::first(after_colon(&text[at + USAGE.needle().len()..])?))
    };
    answer.last_chunk::<TAIL>().and_then(|tail| last(tail)).or_else(|| last(answer))
}

/// The first string under `key`.
pub fn text_in<'a>(json: &'a [u8], key: &'static Key) -> Option<&'a str> {
    keyed(json, key).next()?
}

/// What is under each `key`; `None` for what is no string, or one with escapes.
fn keyed<'a>(json: &'a [u8], key: &'static Key) -> impl Iterator<Item = Option<&'a str>> {
    key.find_iter(json).map(|at| {
        let value = after_colon(&json[at + key.needle().len()..])?.strip_prefix(b"\"")?;
        // Up to the first quote, with which the value ends unless it is escaped.
        let text = &value[..memchr::memchr(b'"', value)?];
        std::str::from_utf8(text).ok().filter(|text| !text.contains('\\'))
    })
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Response {
    object: Option<String>,
    status: Option<String>,
    incomplete_details: Option<Incomplete>,
}

#[derive(Deserialize)]
struct Incomplete {
    reason: Option<String>,
}

/// Why a response ended: what it says that it lacks, else its status.
fn reason_of_response(answer: &[u8]) -> Option<String> {
    let response: Response = serde_json::from_slice(answer).ok()?;
    response.object.filter(|object| object == "response")?;
    response.incomplete_details.and_then(|details| details.reason).or(response.status)
}

/// Why an answer ended, choice by choice, in any of the three formats.
pub fn reasons_in(answer: &[u8]) -> Vec<String> {
    for key in &REASONS {
        let reasons: Vec<_> = keyed(answer, key).flatten().map(str::to_owned).collect();
        if !reasons.is_empty() {
            return reasons;
        }
    }
    reason_of_response(answer).into_iter().collect()
}

fn after_colon(text: &[u8]) -> Option<&[u8]> {
    Some(text.trim_ascii_start().strip_prefix(b":")?.trim_ascii_start())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;
    use serde_json::{Value as Json, json};

    use super::*;

    #[test]
    fn usage_is_read_in_every_format() {
        let cases = [
            (r#"{"prompt_tokens":10,"completion_tokens":5,"total_tokens":15}"#, (10, 5, 0, 0)),
            (
                r#"{"prompt_tokens":10,"completion_tokens":5,"prompt_tokens_details":{"cached_tokens":4},"completion_tokens_details":{"reasoning_tokens":3}}"#,
                (10, 5, 4, 3),
            ),
            (
                r#"{"input_tokens":7,"output_tokens":2,"input_tokens_details":{"cached_tokens":1},"output_tokens_details":{"reasoning_tokens":1}}"#,
                (7, 2, 1, 1),
            ),
            (r#"{"input_tokens":7,"output_tokens":2,"cache_read_input_tokens":100}"#, (107, 2, 100, 0)),
            (r#"{"total_tokens":9}"#, (9, 0, 0, 0)),
            (r#"{"prompt_tokens":10,"completion_tokens":5,"cached_tokens":4}"#, (10, 5, 4, 0)),
        ];
        for (json, wanted) in cases {
            let usage = Usage::read(json).expect(json);
            assert_eq!((usage.input, usage.output, usage.cached, usage.reasoning), wanted, "{json}");
            assert!(!usage.estimated);
        }
        let written = Usage::read(r#"{"prompt_tokens":9,"prompt_tokens_details":{"cache_write_tokens":4}}"#);
        assert_eq!(written.map(|usage| usage.written), Some(4));
        let cost = |json: &str| Usage::read(json).and_then(|usage| usage.cost);
        assert_eq!(cost(r#"{"prompt_tokens":9,"cost":0.25,"is_byok":false}"#), Some(0.25));
        assert_eq!(
            cost(r#"{"prompt_tokens":9,"cost":{"input_tokens_cost":0.1,"total_cost":0.3}}"#),
            Some(0.3)
        );
        assert_eq!(cost(r#"{"prompt_tokens":9,"cost":0.25,"is_byok":true}"#), None);
        assert_eq!(cost(r#"{"prompt_tokens":9,"cost":"much","is_byok":null}"#), None);
        assert_eq!(cost(r#"{"prompt_tokens":199,"cost_in_usd_ticks":37756000}"#), Some(0.003_775_6));
        assert_eq!(cost(r#"{"prompt_tokens":0,"cost_in_usd_ticks":null}"#), None);
        for nothing in ["{}", "null", "[]", r#"{"prompt_tokens":"x"}"#] {
            assert_eq!(Usage::read(nothing), None, "{nothing}");
        }
    }

    /// A `usage` of numbers and much else, with its details.
    fn members() -> impl Strategy<Value = BTreeMap<String, Json>> {
        let names =
            ["prompt_tokens", "completion_tokens", "cached_tokens", "reasoning_tokens", "cost", "a\"b\\"];
        let name = proptest::sample::select(names.to_vec()).prop_map(str::to_owned);
        let value = prop_oneof![
            (0_u64..1 << 50).prop_map(Json::from),
            any::<u64>().prop_map(Json::from),
            (0_u8..80).prop_map(|eighths| Json::from(f64::from(eighths) / 8.0)),
            Just(json!(null)),
            Just(json!("a \" and a }")),
            Just(json!([1, { "prompt_tokens": 2 }])),
        ];
        proptest::collection::btree_map(name, value, 0..6)
    }

    proptest! {
        #[test]
        fn what_is_read_is_what_the_json_says(usage in members(), of_input in members(), of_output in members(), pretty: bool) {
            let mut whole = json!(usage);
            whole["prompt_tokens_details"] = json!(of_input);
            whole["output_tokens_details"] = json!(of_output);
            let json = if pretty { serde_json::to_string_pretty(&whole) } else { serde_json::to_string(&whole) };
            let json = json.expect("JSON");
            let told = Told::first(json.as_bytes()).expect("an object");
            // What has twenty digits is no count.
            let count = |value: &Json| value.as_u64().filter(|count| *count < 10_u64.pow(19));
            prop_assert_eq!(told.prompt_tokens, count(&whole["prompt_tokens"]));
            prop_assert_eq!(told.completion_tokens, count(&whole["completion_tokens"]));
            prop_assert_eq!(told.cached_tokens, count(&whole["cached_tokens"]));
            prop_assert_eq!(told.cached_of_input, count(&whole["prompt_tokens_details"]["cached_tokens"]));
            prop_assert_eq!(told.reasoning_of_output, count(&whole["output_tokens_details"]["reasoning_tokens"]));
            prop_assert_eq!(told.cost, whole["cost"].as_f64());
            // What is cut off says nothing, and harms nobody.
            for end in (0..json.len() - 1).filter(|end| json.is_char_boundary(*end)) {
                prop_assert!(Told::first(&json.as_bytes()[..end]).is_none());
            }
        }
    }

    #[test]
    fn what_lies_deeper_counts_for_nothing_however_deep_it_lies() {
        for name in ["", "a\\\"b", "usage", "prompt_tokens_details"] {
            let nested = |depth: usize| {
                let (open, close) = (format!("{{\"{name}\":").repeat(depth), "}".repeat(depth));
                format!("{open}{{\"prompt_tokens\":9}}{close}")
            };
            for depth in [1, 2, 100_000] {
                assert_eq!(Usage::read(&nested(depth)), None, "{name} {depth}");
            }
        }
    }

    #[test]
    fn the_last_usage_of_an_answer_counts_and_no_text_that_only_looks_like_one() {
        let answer = br#"{"model":"m","choices":[{"message":{"content":"\"usage\":{\"prompt_tokens\":9}"}}],"usage":{"prompt_tokens":1,"completion_tokens":2}, "x":"usage"}"#;
        assert_eq!(usage_in(answer).map(|usage| (usage.input, usage.output)), Some((1, 2)));
        assert_eq!(text_in(answer, &MODEL), Some("m"));
        assert_eq!(usage_in(br#"{"usage":null}"#), None);
        assert_eq!(usage_in(b"no json \"usage\""), None);
    }

    #[test]
    fn every_choice_s_reason_to_end_is_found() {
        let chat = br#"{"choices":[{"finish_reason":"stop"},{"message":{"content":"\"finish_reason\":\"x\""},"finish_reason": "length"},{"finish_reason":null}]}"#;
        assert_eq!(reasons_in(chat), ["stop", "length"]);
        assert_eq!(reasons_in(br#"{"stop_reason":"end_turn","stop_sequence":null}"#), ["end_turn"]);
        let response = br#"{"object":"response","output":[{"status":"completed"}],"status":"incomplete","incomplete_details":{"reason":"max_output_tokens"}}"#;
        assert_eq!(reasons_in(response), ["max_output_tokens"]);
        let whole = br#"{"output":[],"object":"response","status":"completed","incomplete_details":null}"#;
        assert_eq!(reasons_in(whole), ["completed"]);
        assert!(reasons_in(br#"{"data":[],"object":"list","status":"done"}"#).is_empty());
    }

    #[test]
    fn what_nobody_counted_is_estimated_and_flagged() {
        let usage = Usage::estimate(401, 8);
        assert_eq!((usage.input, usage.output, usage.estimated), (101, 2, true));
    }
}
