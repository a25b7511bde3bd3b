//! What Messages become, and that a chat which becomes Messages and a chat again has lost nothing.

use std::fs;
use std::path::{Path, PathBuf};

use ::http::HeaderMap;
use bytes::Bytes;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Beyond, Chat, Reader, from_chat_answer, to_chat};
use crate::events::Event;
use crate::provider::anthropic::Chat as Dialect;
use crate::provider::anthropic::request::{DIRECT, translate};
use crate::provider::dialect::{Context, Dialect as _, Settings, WireEvent};
use crate::provider::fixtures::chats::{Shape, messages};
use crate::provider::fixtures::losses::{lost, told_apart};
use crate::sse::Parser;

fn chat(body: &Value, beyond: Beyond) -> (Value, Vec<String>) {
    let made = to_chat(body.to_string().as_bytes(), beyond);
    let Chat { body, changes } = made.unwrap_or_else(|why| panic!("{why}"));
    (serde_json::from_slice(&body).expect("JSON"), changes)
}

#[test]
fn a_request_becomes_a_chat() {
    let body = json!({
        "model": "m", "max_tokens": 9, "stream": true, "temperature": 0.5, "top_k": 4, "stop_sequences": ["X"],
        "system": [{"type": "text", "text": "s"}],
        "metadata": {"user_id": "u"}, "service_tier": "standard_only",
        "output_config": {"effort": "max", "format": {"type": "json_schema", "schema": {"type": "object"}}},
        "tools": [{"name": "f", "description": "d", "input_schema": {"type": "object"}, "strict": true}],
        "tool_choice": {"type": "tool", "name": "f", "disable_parallel_tool_use": true},
        "messages": [
            {"role": "user", "content": [{"type": "text", "text": "a"}]},
            {"role": "assistant", "content": [{"type": "text", "text": "b"}, {"type": "text", "text": "c"},
                {"type": "tool_use", "id": "t1", "name": "f", "input": {"n": 1.0}}, {"type": "tool_use", "id": "t2", "name": "f", "input": {}}]},
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t1", "content": "r"},
                {"type": "tool_result", "tool_use_id": "t2", "content": [{"type": "text", "text": "r2"}, {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "iVBO"}}], "is_error": false},
                {"type": "text", "text": "go on"}, {"type": "image", "source": {"type": "url", "url": "https://h/i"}}]},
        ],
    });
    let wanted = json!({
        "model": "m", "max_tokens": 9, "stream": true, "stream_options": {"include_usage": true}, "temperature": 0.5, "top_k": 4, "stop": ["X"],
        "user": "u", "service_tier": "default", "reasoning_effort": "xhigh",
        "response_format": {"type": "json_schema", "json_schema": {"name": "answer", "strict": true, "schema": {"type": "object"}}},
        "tools": [{"type": "function", "function": {"name": "f", "description": "d", "parameters": {"type": "object"}, "strict": true}}],
        "tool_choice": {"type": "function", "function": {"name": "f"}}, "parallel_tool_calls": false,
        "messages": [
            {"role": "system", "content": "s"},
            {"role": "user", "content": "a"},
            {"role": "assistant", "content": "bc", "tool_calls": [
                {"id": "t1", "type": "function", "function": {"name": "f", "arguments": "{\"n\":1.0}"}},
                {"id": "t2", "type": "function", "function": {"name": "f", "arguments": "{}"}}]},
            {"role": "tool", "tool_call_id": "t1", "content": "r"},
            {"role": "tool", "tool_call_id": "t2", "content": [{"type": "text", "text": "r2"}, {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBO"}}]},
            {"role": "user", "content": [{"type": "text", "text": "go on"}, {"type": "image_url", "image_url": {"url": "https://h/i"}}]},
        ],
    });
    assert_eq!(chat(&body, Beyond::Nothing), (wanted, Vec::new()));
}

/// A request that holds what only Anthropic has.
fn own() -> Value {
    json!({
        "model": "m", "max_tokens": 9, "thinking": {"type": "enabled", "budget_tokens": 5000}, "container": "c", "metadata": {"team": "x"},
        "tools": [{"type": "web_search_20250305", "name": "web_search", "max_uses": 3}, {"name": "f", "input_schema": {}, "cache_control": {"type": "ephemeral"}}],
        "tool_choice": {"type": "any"},
        "messages": [
            {"role": "user", "content": [{"type": "text", "text": "a", "cache_control": {"type": "ephemeral"}},
                {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "d"}},
                {"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": "JVBE"}, "title": "t.pdf"},
                {"type": "document", "source": {"type": "url", "url": "https://h/d"}},
                {"type": "document", "source": {"type": "content", "content": [{"type": "text", "text": "inner"}]}},
                {"type": "image", "source": {"type": "file", "file_id": "file_1"}},
                {"type": "search_result", "source": "https://h", "title": "t", "content": [{"type": "text", "text": "found"}]}]},
            {"role": "assistant", "content": [{"type": "thinking", "thinking": "hm", "signature": "sig"}, {"type": "text", "text": "b"}, {"type": "tool_use", "id": "t", "name": "f", "input": {}}]},
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t", "is_error": true}]},
        ],
    })
}

#[test]
fn what_only_anthropic_has_is_kept_for_a_dialect_of_ours() {
    let (value, changes) = chat(&own(), Beyond::OpenAi);
    assert_eq!(changes, ["metadata.team was dropped: chat completions have no such parameter"]);
    assert_eq!(value["thinking"], json!({"type": "enabled", "budget_tokens": 5000}));
    assert_eq!(value["container"], "c");
    assert_eq!(value["tool_choice"], "required");
    assert_eq!(
        value["tools"],
        json!([{"type": "web_search", "web_search": {"name": "web_search_20250305", "max_uses": 3}},
            {"type": "function", "function": {"name": "f", "parameters": {}}, "cache_control": {"type": "ephemeral"}}])
    );
    assert_eq!(
        value["messages"],
        json!([
            {"role": "user", "content": [{"type": "text", "text": "a", "cache_control": {"type": "ephemeral"}},
                {"type": "text", "text": "d"},
                {"type": "file", "file": {"file_data": "data:application/pdf;base64,JVBE", "filename": "t.pdf"}},
                {"type": "file", "file": {"file_url": "https://h/d"}},
                {"type": "text", "text": "inner"},
                {"type": "file", "file": {"file_id": "file_1"}},
                {"type": "search_result", "source": "https://h", "title": "t", "content": [{"type": "text", "text": "found"}]}]},
            {"role": "assistant", "content": "b", "reasoning_content": "hm",
                "content_blocks": [{"type": "thinking", "thinking": "hm", "signature": "sig"}, {"type": "text", "text": "b"}],
                "tool_calls": [{"id": "t", "type": "function", "function": {"name": "f", "arguments": "{}"}}]},
            {"role": "tool", "tool_call_id": "t", "content": "", "is_error": true},
        ])
    );
}

#[test]
fn what_only_anthropic_has_is_told_where_openai_is_spoken() {
    let (value, changes) = chat(&own(), Beyond::Nothing);
    assert_eq!(value["reasoning_effort"], "medium");
    assert_eq!(value["tools"].as_array().map(Vec::len), Some(1));
    assert_eq!(value["messages"][0]["content"][6], json!({"type": "text", "text": "found"}));
    assert_eq!(value["messages"][1].get("content_blocks"), None);
    assert_eq!(
        changes,
        [
            "cache_control was dropped: a chat's messages have no such field",
            "a search_result was sent as its texts",
            "a thinking block was dropped: a chat has no such part",
            "tool_result.is_error was dropped: a chat's messages have no such field",
            "tool web_search was dropped: it is one of anthropic's own",
            "tools[].cache_control was dropped: a function has no such field",
            "thinking.budget_tokens was sent as reasoning_effort medium",
            "metadata.team was dropped: chat completions have no such parameter",
            "container was dropped: chat completions have no such parameter",
        ]
    );
}

#[test]
fn what_can_not_be_read_is_named() {
    let cases = [
        (json!({"messages": [{"role": "robot", "content": ""}]}), "messages[0].role"),
        (json!({"messages": [{"role": "user"}]}), "messages[0].content"),
        (json!({"messages": [{"role": "user", "content": [{"text": "x"}]}]}), "messages[0].content[0].type"),
        (json!({"messages": [], "tool_choice": {"type": "some"}}), "tool_choice.type"),
        (json!({"messages": [], "tools": [{}]}), "tools[0].name"),
    ];
    for (body, path) in cases {
        let error = to_chat(body.to_string().as_bytes(), Beyond::Nothing).err().expect("an error");
        assert_eq!(error.facts().problems[0].path, path);
    }
}

fn message(answer: &Value) -> Value {
    let message = from_chat_answer(answer.to_string().as_bytes(), "0").expect("an answer");
    serde_json::from_slice(&message).expect("JSON")
}

#[test]
fn an_answer_becomes_a_message() {
    let answer = json!({
        "id": "chatcmpl-1", "model": "m",
        "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "a", "reasoning": "hm",
            "tool_calls": [{"id": "t1", "type": "function", "function": {"name": "f", "arguments": "{\"n\": 1.0}"}}, {"id": "t2", "type": "function", "function": {"name": "f", "arguments": "{\"n"}}]}}],
        "usage": {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15, "prompt_tokens_details": {"cached_tokens": 4}, "completion_tokens_details": {"reasoning_tokens": 2}},
    });
    let wanted = json!({
        "id": "chatcmpl-1", "type": "message", "role": "assistant", "model": "m",
        "content": [{"type": "thinking", "thinking": "hm", "signature": ""}, {"type": "text", "text": "a"},
            {"type": "tool_use", "id": "t1", "name": "f", "input": {"n": 1.0}}, {"type": "tool_use", "id": "t2", "name": "f", "input": {"INVALID_JSON": "{\"n"}}],
        "stop_reason": "tool_use", "stop_sequence": null,
        "usage": {"input_tokens": 6, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 4, "output_tokens": 5, "output_tokens_details": {"thinking_tokens": 2}},
    });
    assert_eq!(message(&answer), wanted);
    let refusal =
        json!({"choices": [{"message": {"content": null, "refusal": "No."}, "finish_reason": "stop"}]});
    let told = message(&refusal);
    assert_eq!((&told["stop_reason"], &told["id"]), (&json!("refusal"), &json!("msg_0")));
    assert_eq!(told["content"], json!([{"type": "text", "text": "No."}]));
    for (reason, wanted) in [
        ("length", "max_tokens"),
        ("content_filter", "refusal"),
        ("pause_turn", "pause_turn"),
        ("eos", "end_turn"),
    ] {
        let answer = json!({"choices": [{"message": {"content": [{"type": "text", "text": "x"}]}, "finish_reason": reason}]});
        assert_eq!(message(&answer)["stop_reason"], wanted);
    }
    assert!(from_chat_answer(b"{}", "0").is_err());
}

/// The message that a stream of events makes, as Anthropic's clients put it together. Fails where the events are not in
/// the API's order.
fn assembled(events: &[Value]) -> Value {
    let mut message = Value::Null;
    let mut open = None;
    let mut stopped = false;
    for event in events {
        assert!(!stopped, "{event} follows message_stop");
        let index = event["index"].as_u64().unwrap_or(0) as usize;
        match event["type"].as_str().expect("a type") {
            "message_start" => message = event["message"].clone(),
            "content_block_start" => {
                assert_eq!(open, None, "a block is begun in another");
                let content = message["content"].as_array_mut().expect("content");
                assert_eq!(content.len(), index, "blocks are counted");
                content.push(event["content_block"].clone());
                open = Some(index);
            }
            "content_block_delta" => {
                assert_eq!(open, Some(index), "a delta belongs to the open block");
                add(&mut message["content"][index], &event["delta"]);
            }
            "content_block_stop" => {
                assert_eq!(open.take(), Some(index), "the open block is closed");
                let block = &mut message["content"][index];
                if let Some(json) = block["partial"].as_str().map(str::to_owned) {
                    block["input"] = serde_json::from_str(&json).unwrap_or(Value::Null);
                }
                block.as_object_mut().expect("a block").remove("partial");
            }
            "message_delta" => {
                assert_eq!(open, None, "the end comes after the last block");
                message["stop_reason"] = event["delta"]["stop_reason"].clone();
                for (name, count) in event["usage"].as_object().expect("usage") {
                    message["usage"][name] = count.clone();
                }
            }
            "message_stop" => stopped = true,
            "ping" => {}
            other => panic!("{other}"),
        }
    }
    assert!(stopped, "a stream ends with message_stop");
    message
}

fn add(block: &mut Value, delta: &Value) {
    let (field, piece) = match delta["type"].as_str().expect("a type") {
        "text_delta" => ("text", "text"),
        "thinking_delta" => ("thinking", "thinking"),
        "signature_delta" => ("signature", "signature"),
        "input_json_delta" => ("partial", "partial_json"),
        "citations_delta" => return block["citations"] = json!([delta["citation"]]),
        other => panic!("{other}"),
    };
    let joined =
        format!("{}{}", block[field].as_str().unwrap_or_default(), delta[piece].as_str().expect("a text"));
    block[field] = joined.into();
}

fn values(events: &[Event]) -> Vec<Value> {
    let value = |event: &Event| {
        let data: Value = serde_json::from_slice(&event.data).expect("JSON");
        assert_eq!(event.name.as_deref(), data["type"].as_str());
        data
    };
    events.iter().map(value).collect()
}

fn read(chunks: &[Bytes]) -> Vec<Value> {
    let mut reader = Reader::new("0");
    let mut events = Vec::new();
    for chunk in chunks {
        reader.chunk(chunk, &mut events).expect("a chunk");
    }
    reader.end(&mut events);
    values(&events)
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures")
}

/// The data of a stream's events, without `[DONE]`.
fn sse(bytes: Vec<u8>) -> Vec<Bytes> {
    let (mut parser, mut events) = (Parser::default(), Vec::new());
    parser.feed(&Bytes::from(bytes), &mut events).expect("no event is too long");
    parser.finish(&mut events);
    events.into_iter().map(|event| event.data).filter(|data| &data[..] != b"[DONE]").collect()
}

#[test]
fn streams_of_real_servers_become_well_formed_events() {
    let mut read_any = 0;
    for folder in fs::read_dir(fixtures().join("streams/recorded")).expect("recordings").flatten() {
        for file in fs::read_dir(folder.path()).expect("recordings").flatten() {
            let name = file.file_name().to_string_lossy().into_owned();
            let is_sse = file.path().extension().is_some_and(|extension| extension == "sse");
            if !is_sse || name.contains("error") || name.starts_with("completion") {
                continue;
            }
            let message = assembled(&read(&sse(fs::read(file.path()).expect("a recording"))));
            assert!(message["stop_reason"].is_string(), "{name}: {message}");
            assert!(!message["content"].as_array().expect("content").is_empty(), "{name}");
            read_any += 1;
        }
    }
    assert!(read_any > 10);
}

fn context<'c>(asked: &'c [u8], settings: &'c Settings, headers: &'c HeaderMap) -> Context<'c> {
    Context { asked, settings, strict: false, created: 0, id: "0", headers }
}

#[test]
fn a_message_comes_back_from_a_chat_as_it_was() {
    let (settings, headers) = (Settings::default(), HeaderMap::new());
    let context = context(br#"{"stream_options":{"include_usage":true}}"#, &settings, &headers);
    let mut compared = 0;
    for case in fs::read_dir(fixtures().join("anthropic/chat")).expect("cases").flatten() {
        let name = case.file_name().to_string_lossy().into_owned();
        if let Ok(text) = fs::read_to_string(case.path().join("wire-response.json")) {
            let reply: Value = serde_json::from_str(&text).expect("JSON");
            let Ok(answer) = Dialect.answer(&context, reply["body"].to_string().as_bytes()) else { continue };
            let message: Value =
                serde_json::from_slice(&from_chat_answer(&answer, "0").expect("an answer")).expect("JSON");
            assert_same(&message, &reply["body"], &name);
            compared += 1;
        }
        if let Ok(bytes) = fs::read(case.path().join("wire-stream.txt")) {
            let wire = sse(bytes);
            let mut translator = Dialect.translator(&context);
            let mut chunks = Vec::new();
            let whole = wire.iter().all(|data| {
                translator.event(WireEvent { name: None, data, exception: false }, &mut chunks).is_ok()
            });
            translator.end(&mut chunks);
            let original: Vec<Value> =
                wire.iter().map(|data| serde_json::from_slice(data).expect("JSON")).collect();
            if whole && original.last().is_some_and(|event| event["type"] == "message_stop") {
                assert_same(&assembled(&read(&chunks)), &assembled(&original), &name);
                compared += 1;
            }
        }
    }
    assert!(compared > 15, "{compared}");
}

/// The same blocks, in the order that a chat has: tool calls last. The refusal's words are no block in the API.
fn assert_same(message: &Value, original: &Value, name: &str) {
    let blocks = |message: &Value| {
        let all = message["content"].as_array().cloned().unwrap_or_default();
        let (calls, others): (Vec<_>, Vec<_>) =
            all.into_iter().partition(|block| block["type"] == "tool_use");
        let tidy = |mut block: Value| {
            if block["type"] == "tool_use" && block["input"].is_null() {
                block["input"] = json!({});
            }
            block
        };
        others.into_iter().chain(calls).map(tidy).collect::<Vec<_>>()
    };
    if original["stop_reason"] != "refusal" {
        assert_eq!(blocks(message), blocks(original), "{name}");
    }
    assert_eq!(message["stop_reason"], original["stop_reason"], "{name}");
    for count in ["input_tokens", "output_tokens"] {
        assert_eq!(message["usage"][count], original["usage"][count], "{count} of {name}");
    }
}

#[test]
fn calls_that_are_repeated_or_not_counted_stay_apart() {
    let chunk = |calls: Value| {
        Bytes::from(json!({"choices": [{"index": 0, "delta": {"tool_calls": calls}}]}).to_string())
    };
    let end = Bytes::from_static(br#"{"choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]}"#);
    let call = |index: Value, id: &str, arguments: &str| json!([{"index": index, "id": id, "type": "function", "function": {"name": "f", "arguments": arguments}}]);
    for index in [json!(0), Value::Null] {
        let other = if index.is_null() { Value::Null } else { json!(1) };
        let chunks = [
            chunk(call(index.clone(), "a", "{\"n\"")),
            chunk(call(index, "a", ":1}")),
            chunk(call(other, "b", "{}")),
            end.clone(),
        ];
        let message = assembled(&read(&chunks));
        assert_eq!(
            message["content"],
            json!([{"type": "tool_use", "id": "a", "name": "f", "input": {"n": 1}}, {"type": "tool_use", "id": "b", "name": "f", "input": {}}])
        );
    }
}

#[test]
fn a_chat_that_breaks_off_has_no_end() {
    let chunks = [Bytes::from_static(br#"{"choices":[{"delta":{"content":"a"}}]}"#)];
    let events = read(&chunks);
    assert_eq!(events.last().expect("an event")["type"], "content_block_delta");
}

proptest! {
    #[test]
    fn a_chat_that_becomes_messages_and_a_chat_again_has_lost_nothing(messages in messages(RARE)) {
        let body = json!({"model": "claude-opus-5", "max_tokens": 9, "messages": messages});
        let (body, words) = told_apart(body);
        let wire = translate(body.to_string().as_bytes(), false, &DIRECT).expect("a chat");
        let again = to_chat(&wire.body, Beyond::OpenAi).unwrap_or_else(|why| panic!("{why}"));
        let text = String::from_utf8(again.body.to_vec()).expect("UTF-8");
        let changes = [wire.changes, again.changes].concat();
        prop_assert_eq!(lost(&words, &text, &changes), Vec::<&str>::new(), "{:?}", changes);
    }
}

const RARE: Shape = Shape { both: false, rare: true };
