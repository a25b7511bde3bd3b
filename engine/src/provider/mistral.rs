//! Mistral: OpenAI's shape with names of its own, a host that refuses every parameter it doesn't know, identifiers of
//! nine letters, and reasoning as parts of the content. With `mistral_fim_completion`, chat calls fill in the middle.

use serde_json::{Value, json};

use super::dialect::{Asked, Made, Setting};
use super::params::{MAX_COMPLETION_TOKENS, Rule, each_message};
use super::passing::{Manner, Mend, PASSING, Passing, choices};
use crate::body::Body;
use crate::error::{Error, Result};

const REFUSED: &str = "Mistral answers 422 to parameters it doesn't know";

pub const RULES: &[Rule] = &[
    Rule::DeveloperToSystem,
    MAX_COMPLETION_TOKENS,
    Rule::Rename { from: "seed", to: "random_seed" },
    Rule::Rename { from: "safe_mode", to: "safe_prompt" },
    Rule::Value { name: "tool_choice", from: "\"required\"", to: "\"any\"" },
    Rule::Clamp { name: "temperature", min: 0.0, max: 1.5 },
    Rule::Omit { name: "stream_options", why: "Mistral sends usage with the last chunk anyway" },
    Rule::Drop { name: "logit_bias", why: REFUSED },
    Rule::Drop { name: "logprobs", why: REFUSED },
    Rule::Drop { name: "top_logprobs", why: REFUSED },
    Rule::Drop { name: "service_tier", why: REFUSED },
    Rule::Drop { name: "store", why: REFUSED },
    Rule::Drop { name: "user", why: REFUSED },
    Rule::DropOfMessages { name: "reasoning_content", why: REFUSED },
    Rule::DropOfMessages { name: "reasoning", why: REFUSED },
];

pub const SETTINGS: &[Setting] = &[Setting {
    key: "mistral_fim_completion",
    what: "true sends chat completions to /fim/completions, with prompt and suffix",
    required: false,
}];

pub static DIALECT: Passing = Passing {
    finish_reasons: &[("model_length", "length")],
    prepare: Some(prepare),
    mend: Some(Mend { needles: &["\"content\":[", "\"content\": ["], run: flatten }),
    ..PASSING
};

fn prepare(asked: &Asked<'_>, made: &mut Made) -> Result<()> {
    if asked.endpoint.call != "chat.completions.create" {
        return Ok(());
    }
    if asked.settings.get("mistral_fim_completion") == Some("true") {
        "/fim/completions".clone_into(&mut made.path);
    }
    let mut body = Body::parse(asked.body).map_err(|_| Error::problem("body", "expected a JSON object"))?;
    if each_message(&mut body, "tool_call", shorten_ids) > 0 {
        made.body = body.to_bytes();
        made.changes
            .push("messages[].tool_calls[].id was shortened: Mistral takes 9 letters and digits".to_owned());
    }
    Ok(())
}

/// Gives a message's tool calls identifiers that Mistral takes; the same identifier always becomes the same.
fn shorten_ids(message: &mut Body<'_>) -> bool {
    let mut changed = false;
    let answered = message.get("tool_call_id").and_then(|raw| serde_json::from_str::<String>(raw).ok());
    if let Some(short) = answered.as_deref().and_then(short_id) {
        message.set("tool_call_id", Value::from(short).to_string());
        changed = true;
    }
    let calls = message.get("tool_calls").and_then(|raw| serde_json::from_str::<Vec<Value>>(raw).ok());
    let Some(mut calls) = calls else { return changed };
    let mut any = false;
    for call in &mut calls {
        if let Some(short) = call["id"].as_str().and_then(short_id) {
            call["id"] = Value::from(short);
            any = true;
        }
    }
    if any {
        message.set("tool_calls", Value::Array(calls).to_string());
    }
    changed || any
}

/// Nine letters and digits in place of an identifier that is none already.
fn short_id(id: &str) -> Option<String> {
    const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    if id.len() == 9 && id.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return None;
    }
    // FNV-1a: spread evenly, and the same in every process.
    let mut hash = id.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let digit = |_| {
        let digit = DIGITS[(hash % 62) as usize];
        hash /= 62;
        char::from(digit)
    };
    Some((0..9).map(digit).collect())
}

/// Content that is a list of parts becomes a text and `reasoning_content`; the parts themselves stay readable as
/// `content_blocks` where strict compliance is off.
fn flatten(body: &mut Body<'_>, manner: Manner) -> bool {
    let holder = if manner.chunk { "delta" } else { "message" };
    choices(body, |choice| {
        let Some(parts) = choice[holder]["content"].as_array().cloned() else { return false };
        let text = |kind: &str| -> String {
            parts.iter().filter(|part| part["type"] == kind).map(|part| said(&part[kind])).collect()
        };
        let message = &mut choice[holder];
        message["content"] = json!(text("text"));
        let thinking = text("thinking");
        if !thinking.is_empty() {
            message["reasoning_content"] = json!(thinking);
        }
        if !manner.strict {
            message["content_blocks"] = Value::Array(parts);
        }
        true
    })
}

/// A text, or a list of parts with texts.
fn said(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(parts) => parts.iter().map(|part| said(&part["text"])).collect(),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identifier_becomes_nine_letters_and_stays_the_same() {
        let short = short_id("call_1").expect("it is too short");
        assert_eq!(short.len(), 9);
        assert_eq!(Some(short.clone()), short_id("call_1"));
        assert_ne!(Some(short), short_id("call_2"));
        assert_eq!(short_id("D681PevKs"), None);
    }

    #[test]
    fn content_parts_become_text_and_reasoning() {
        let text = br#"{"choices":[{"index":0,"message":{"role":"assistant","content":[{"type":"thinking","thinking":[{"type":"text","text":"Hm."}]},{"type":"text","text":"Hi"},{"type":"reference","reference_ids":[1]}]}}]}"#;
        for strict in [true, false] {
            let mut body = Body::parse(text).expect("an object");
            assert!(flatten(&mut body, Manner { strict, chunk: false }));
            let message =
                serde_json::from_slice::<Value>(&body.to_bytes()).expect("JSON")["choices"][0]["message"]
                    .clone();
            assert_eq!(message["content"], "Hi");
            assert_eq!(message["reasoning_content"], "Hm.");
            assert_eq!(message["content_blocks"].as_array().map(Vec::len), (!strict).then_some(3));
        }
    }
}
