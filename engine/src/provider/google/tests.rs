//! What a case is too coarse for.

use serde_json::{Value, json};

use super::{GOOGLE, Generation, Model};
use crate::endpoint::ENDPOINTS;
use crate::provider::Provider;
use crate::provider::dialect::{Asked, Dialect, Made, Settings};
use crate::provider::fixtures::context;

fn dialect(call: &str) -> &'static dyn Dialect {
    let endpoint = ENDPOINTS.iter().find(|row| row.call == call).expect("an endpoint");
    GOOGLE.dialect(endpoint).expect("a dialect")
}

fn made(body: &str) -> Made {
    let asked = Asked {
        endpoint: &ENDPOINTS[0],
        arguments: &[],
        body: body.as_bytes(),
        stream: false,
        settings: &Settings::default(),
        custom_host: false,
    };
    dialect("chat.completions.create").request(&asked).expect("a request")
}

fn answer(asked: &str, reply: &str) -> Result<Value, String> {
    let (settings, headers) = (Settings::default(), ::http::HeaderMap::new());
    let context = context(asked.as_bytes(), &settings, true, &headers);
    let answer = dialect("chat.completions.create").answer(&context, reply.as_bytes())?;
    Ok(serde_json::from_slice(&answer).expect("JSON"))
}

#[test]
fn texts_and_numbers_go_over_as_they_are_spelled() {
    let body = r#"{"model":"gemini-2.5-flash","temperature":0.70,"messages":[{"role":"user","content":"\u00e9\ud83d"},
        {"role":"assistant","tool_calls":[{"id":"a","function":{"name":"f","arguments":"{\"a\": 1.50, \"b\":1e400}"}}]}]}"#;
    let wire = String::from_utf8(made(body).body.to_vec()).expect("UTF-8");
    for kept in [r#""text":"\u00e9\ud83d""#, r#""args":{"a": 1.50, "b":1e400}"#, r#""temperature":0.70"#] {
        assert!(wire.contains(kept), "{kept} in {wire}");
    }
    let reply = r#"{"candidates":[{"content":{"parts":[{"functionCall":{"name":"f","args":{ "a": 1.50,
        "b": 12345678901234567890 }}},{"text":"\ud83d"},{"text":"\ude00"}]}}]}"#;
    let read = answer("{}", reply).expect("an answer");
    let message = &read["choices"][0]["message"];
    assert_eq!(message["tool_calls"][0]["function"]["arguments"], r#"{"a":1.50,"b":12345678901234567890}"#);
    assert_eq!(message["content"], "😀");
}

#[test]
fn reasoning_effort_is_a_budget_or_a_level() {
    let thinking = |model: &str, effort: &str| {
        let body = json!({ "model": model, "reasoning_effort": effort, "messages": [{ "role": "user", "content": "x" }] });
        let made = made(&body.to_string());
        let wire: Value = serde_json::from_slice(&made.body).expect("JSON");
        (wire["generationConfig"]["thinkingConfig"].clone(), made.changes.len())
    };
    let budget = |tokens: u64| json!({ "includeThoughts": true, "thinkingBudget": tokens });
    let level = |level: &str| json!({ "includeThoughts": true, "thinkingLevel": level });
    for (model, effort, wanted) in [
        ("gemini-2.5-flash", "none", (json!({ "thinkingBudget": 0 }), 0)),
        ("gemini-2.5-flash", "minimal", (budget(1024), 0)),
        ("gemini-2.5-flash", "medium", (budget(8192), 0)),
        ("gemini-2.5-flash", "xhigh", (budget(24_576), 1)),
        ("gemini-2.5-pro", "none", (json!({ "thinkingBudget": 128 }), 1)),
        ("gemini-3-flash-preview", "minimal", (level("minimal"), 0)),
        ("gemini-3-flash-preview", "none", (json!({ "thinkingLevel": "minimal" }), 1)),
        ("gemini-3.1-pro-preview", "minimal", (level("low"), 1)),
        ("gemini-3.1-pro-preview", "none", (json!({ "thinkingLevel": "low" }), 1)),
        ("gemini-flash-latest", "high", (level("high"), 0)),
        ("gemini-2.0-flash", "high", (Value::Null, 1)),
    ] {
        assert_eq!(thinking(model, effort), wanted, "{model} {effort}");
    }
}

#[test]
fn a_models_name_tells_its_time_and_its_path() {
    let generation = |name: &'static str| Model::named(name.into()).generation();
    assert_eq!(generation("gemini-1.5-pro"), Generation::Plain);
    assert_eq!(generation("models/gemini-2.0-flash"), Generation::Plain);
    assert_eq!(generation("gemma-3-27b-it"), Generation::Plain);
    assert_eq!(generation("gemini-2.5-flash-lite"), Generation::Budget { always: false });
    assert_eq!(generation("gemini-10.2-pro"), Generation::Levels { large: true });
    assert_eq!(generation("my-own"), Generation::Levels { large: false });
    for (name, wanted) in [
        ("gemini-2.5-flash", "models/gemini-2.5-flash"),
        ("models/gemini-2.5-flash", "models/gemini-2.5-flash"),
        ("tunedModels/mine", "tunedModels/mine"),
        ("a/b?c", "models/a%2Fb%3Fc"),
    ] {
        assert_eq!(Model::named(name.into()).resource(), wanted);
    }
}

#[test]
fn neighbours_of_one_kind_become_one_turn() {
    let body = r#"{"model":"gemini-2.5-flash","messages":[{"role":"assistant","content":""},{"role":"user","content":"a"},
        {"role":"system","content":"S"},{"role":"user","content":"b"},{"role":"assistant","tool_calls":[{"id":"1","function":{"name":"f"}}]},
        {"role":"tool","tool_call_id":"1","content":"r"},{"role":"user","content":"c"}]}"#;
    let made = made(body);
    let wire: Value = serde_json::from_slice(&made.body).expect("JSON");
    let turns: Vec<(&str, usize)> = wire["contents"]
        .as_array()
        .expect("turns")
        .iter()
        .map(|turn| (turn["role"].as_str().expect("a role"), turn["parts"].as_array().map_or(0, Vec::len)))
        .collect();
    assert_eq!(turns, [("user", 2), ("model", 1), ("user", 1), ("user", 1)]);
    assert_eq!(
        made.changes,
        [
            "messages[0] was left out: it is empty, and Google takes no empty turn",
            "messages[].tool_calls[].id was left out: calls and results are paired by their names",
        ]
    );
}

#[test]
fn a_chat_of_system_text_alone_has_a_turn() {
    let made = made(r#"{"model":"gemini-2.5-flash","messages":[{"role":"system","content":"S"}]}"#);
    let wire: Value = serde_json::from_slice(&made.body).expect("JSON");
    assert_eq!(wire, json!({ "contents": [{ "role": "user", "parts": [{ "text": "S" }] }] }));
    assert_eq!(made.changes.len(), 1);
}

#[test]
fn every_finish_reason_has_its_name() {
    let finish = |reason: &str| {
        let reply =
            json!({ "candidates": [{ "content": { "parts": [{ "text": "x" }] }, "finishReason": reason }] });
        answer("{}", &reply.to_string()).expect("an answer")["choices"][0]["finish_reason"].clone()
    };
    for (wanted, reasons) in [
        (
            "stop",
            &[
                "STOP",
                "OTHER",
                "MALFORMED_FUNCTION_CALL",
                "UNEXPECTED_TOOL_CALL",
                "NO_IMAGE",
                "SOMETHING_NEW",
            ][..],
        ),
        ("length", &["MAX_TOKENS"]),
        (
            "content_filter",
            &["SAFETY", "RECITATION", "LANGUAGE", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "MODEL_ARMOR"],
        ),
        ("content_filter", &["IMAGE_SAFETY", "IMAGE_PROHIBITED_CONTENT", "IMAGE_RECITATION"]),
    ] {
        for reason in reasons {
            assert_eq!(finish(reason), wanted, "{reason}");
        }
    }
}

#[test]
fn a_reply_that_is_no_answer_is_told_without_its_content() {
    for (reply, wanted) in [
        ("<html>secret", "no answer of generateContent"),
        (r#"{"usageMetadata":{}}"#, "no candidate in it"),
        (
            r#"{"candidates":[{"content":{"parts":[{"functionCall":{"args":{}}}]}}]}"#,
            "a function call without a name",
        ),
    ] {
        assert_eq!(answer("{}", reply), Err(wanted.to_owned()));
    }
}
