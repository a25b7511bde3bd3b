//! What holds beyond single cases: the order of events, the spelling of what goes through, and the streams of real servers.

use std::fs;
use std::path::{Path, PathBuf};

use ::http::HeaderMap;
use bytes::Bytes;
use serde_json::{Value, json};

use super::assembly::{assembled, values};
use super::{Beyond, Reader, from_chat_answer, to_chat};
use crate::provider::anthropic::Chat as Dialect;
use crate::provider::anthropic::request::{DIRECT, translate};
use crate::provider::dialect::{Context, Dialect as _, Settings};
use crate::sse::Parser;

fn read(asked: &[u8], chunks: &[Bytes]) -> Vec<Value> {
    let mut reader = Reader::new(asked, "0", 7);
    let mut events = Vec::new();
    for chunk in chunks {
        reader.chunk(chunk, &mut events).expect("a chunk");
    }
    reader.end(&mut events);
    values(&events)
}

fn recorded() -> Vec<(String, Vec<u8>)> {
    let root: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/streams/recorded");
    let folders = fs::read_dir(root).expect("recordings").flatten();
    let files = folders.flat_map(|folder| fs::read_dir(folder.path()).expect("recordings").flatten());
    let is_stream = |path: &Path| path.extension().is_some_and(|extension| extension == "sse");
    let is_chat = |name: &str| !name.contains("error") && !name.contains("/completion");
    files
        .map(|file| (file.path().to_string_lossy().into_owned(), file.path()))
        .filter(|(name, path)| is_stream(path) && is_chat(name))
        .map(|(name, path)| (name, fs::read(path).expect("a recording")))
        .collect()
}

/// The data of a stream's events, without `[DONE]`, its bytes coming in pieces of a length.
fn sse(bytes: &[u8], length: usize) -> Vec<Bytes> {
    let (mut parser, mut events) = (Parser::default(), Vec::new());
    for piece in bytes.chunks(length) {
        parser.feed(&Bytes::copy_from_slice(piece), &mut events).expect("no event is too long");
    }
    parser.finish(&mut events);
    events.into_iter().map(|event| event.data).filter(|data| &data[..] != b"[DONE]").collect()
}

#[test]
fn streams_of_real_servers_become_well_formed_events_however_they_are_cut() {
    let recorded = recorded();
    assert!(recorded.len() > 10);
    for (name, bytes) in recorded {
        let whole = read(b"{}", &sse(&bytes, bytes.len()));
        let response = assembled(&whole);
        assert!(!response["output"].as_array().expect("the output").is_empty(), "{name}");
        for length in [1, 7, 1000] {
            assert_eq!(read(b"{}", &sse(&bytes, length)), whole, "{name}");
        }
    }
}

#[test]
fn a_chat_that_breaks_off_has_no_end_until_its_error_is_told() {
    let chunk = Bytes::from_static(br#"{"choices":[{"delta":{"content":"a"}}]}"#);
    let events = read(b"{}", std::slice::from_ref(&chunk));
    assert_eq!(events.last().expect("an event")["type"], "response.output_text.delta");
    let mut reader = Reader::new(b"{}", "0", 7);
    let mut events = Vec::new();
    reader.chunk(&chunk, &mut events).expect("a chunk");
    reader.fail(429, br#"{"error":{"message":"slow","code":"x"}}"#, &mut events);
    let count = events.len();
    reader.fail(500, b"", &mut events);
    reader.chunk(&chunk, &mut events).expect("nothing more is read");
    reader.end(&mut events);
    assert_eq!(events.len(), count, "a stream ends once");
    let response = assembled(&values(&events));
    assert_eq!(response["error"], json!({"code": "rate_limit_exceeded", "message": "slow"}));
    assert_eq!(response["output"][0]["status"], "incomplete");
}

#[test]
fn an_error_before_the_response_is_an_event_of_its_own() {
    let (mut reader, mut events) = (Reader::new(b"{}", "0", 7), Vec::new());
    reader.fail(400, br#"{"error":{"message":"no","code":"c","param":"input"}}"#, &mut events);
    let told = json!({"type": "error", "sequence_number": 0, "code": "c", "message": "no", "param": "input"});
    assert_eq!(values(&events), [told]);
}

#[test]
fn calls_that_are_repeated_not_counted_or_mixed_stay_apart() {
    let chunk = |calls: Value| {
        Bytes::from(json!({"choices": [{"index": 0, "delta": {"tool_calls": calls}}]}).to_string())
    };
    let end = Bytes::from_static(br#"{"choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]}"#);
    let call = |index: Value, id: &str, arguments: &str| json!([{"index": index, "id": id, "type": "function", "function": {"name": "f", "arguments": arguments}}]);
    let none = || Value::Null;
    let orders = [
        // Repeated ids; no index; both.
        [(json!(0), "a", "{\"n\""), (json!(0), "a", ":1}"), (json!(1), "b", "{}")],
        [(none(), "a", "{\"n\""), (none(), "", ":1}"), (none(), "b", "{}")],
        [(none(), "a", "{\"n\""), (none(), "a", ":1}"), (none(), "b", "{}")],
        // Pieces of two calls in turns; an empty piece; one index for all.
        [(json!(0), "a", "{\"n\""), (json!(1), "b", "{}"), (json!(0), "", ":1}")],
        [(json!(0), "a", "{\"n\":1}"), (json!(1), "b", ""), (json!(1), "", "")],
        [(json!(0), "a", "{\"n\":1}"), (json!(0), "b", "{"), (json!(0), "", "}")],
    ];
    for order in orders {
        let mut chunks: Vec<Bytes> =
            order.into_iter().map(|(index, id, said)| chunk(call(index, id, said))).collect();
        chunks.push(end.clone());
        let response = assembled(&read(b"{}", &chunks));
        let said = |at: usize| (&response["output"][at]["call_id"], &response["output"][at]["arguments"]);
        assert_eq!(said(0), (&json!("a"), &json!("{\"n\":1}")));
        assert_eq!(said(1), (&json!("b"), &json!("{}")));
    }
}

#[test]
fn a_call_is_done_before_the_next_is_begun() {
    let chunks = [
        r#"{"choices":[{"delta":{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{}"}}]}}]}"#,
        r#"{"choices":[{"delta":{"tool_calls":[{"index":1,"id":"b","function":{"name":"f","arguments":"{}"}}]}}]}"#,
    ];
    let events = read(b"{}", &chunks.map(Bytes::from));
    let at = |kind: &str, index: u64| {
        events.iter().position(|event| event["type"] == kind && event["output_index"] == index)
    };
    assert!(at("response.output_item.done", 0) < at("response.output_item.added", 1));
}

#[test]
fn numbers_and_escapes_are_spelled_as_they_came() {
    let body = br#"{"temperature":1.00,"metadata":{"n":1e2},"input":[{"type":"function_call","call_id":"c","name":"f","arguments":"{\"n\":1.0,\"u\":\"\u00e9\"}"},{"type":"function_call_output","call_id":"c","output":"\u00e9"}],"tools":[{"type":"function","name":"f","parameters":{"maximum":9007199254740993.0}}]}"#;
    let chat =
        String::from_utf8(to_chat(body, Beyond::Nothing).expect("a chat").body.to_vec()).expect("UTF-8");
    for spelled in [
        r#""temperature":1.00"#,
        r#""metadata":{"n":1e2}"#,
        r#""arguments":"{\"n\":1.0,\"u\":\"\u00e9\"}""#,
        r#""content":"\u00e9""#,
        r#""maximum":9007199254740993.0"#,
    ] {
        assert!(chat.contains(spelled), "{chat}");
    }
    let answer = br#"{"choices":[{"message":{"content":"\ud83d\ude00","tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{\"n\":1.00}"}}]},"finish_reason":"tool_calls"}]}"#;
    let response = from_chat_answer(answer, body, "0", 7).expect("a response");
    let response = String::from_utf8(response.to_vec()).expect("UTF-8");
    assert!(response.contains(r#""text":"\ud83d\ude00""#), "{response}");
    assert!(response.contains(r#""arguments":"{\"n\":1.00}""#), "{response}");
    assert!(response.contains(r#""temperature":1.00"#), "{response}");
}

#[test]
fn a_streamed_answer_is_the_whole_one() {
    let message = json!({"role": "assistant", "reasoning": "hm", "content": "a", "refusal": "no",
        "tool_calls": [{"index": 0, "id": "c", "type": "function", "function": {"name": "f", "arguments": ""}}]});
    let usage = json!({"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5});
    let answer = json!({"id": "x", "model": "m", "choices": [{"message": message, "finish_reason": "stop"}], "usage": usage});
    let chunk = json!({"id": "x", "model": "m", "choices": [{"delta": message, "finish_reason": "stop"}], "usage": usage});
    let whole = from_chat_answer(answer.to_string().as_bytes(), b"{}", "0", 7).expect("a response");
    let streamed = assembled(&read(b"{}", &[Bytes::from(chunk.to_string())]));
    assert_eq!(serde_json::from_slice::<Value>(&whole).expect("JSON"), streamed);
    assert_eq!(streamed["output"][2]["arguments"], "{}");
}

/// What Anthropic gets of an answer of its own that is given back as the items that it became.
fn given_back(answer: &[u8]) -> Vec<Value> {
    let response = from_chat_answer(answer, b"{}", "0", 7).expect("a response");
    let mut response: Value = serde_json::from_slice(&response).expect("JSON");
    let mut input = vec![json!({"role": "user", "content": "a"})];
    input.append(response["output"].as_array_mut().expect("the output"));
    let body = json!({"model": "claude-opus-4-5", "max_output_tokens": 9, "input": input}).to_string();
    let chat = to_chat(body.as_bytes(), Beyond::OpenAi).unwrap_or_else(|why| panic!("{why}"));
    assert!(chat.changes.is_empty(), "{:?}", chat.changes);
    let wire = translate(&chat.body, false, &DIRECT).expect("a message");
    let wire: Value = serde_json::from_slice(&wire.body).expect("JSON");
    let turns = wire["messages"].as_array().expect("messages")[1..].iter();
    let blocks = |turn: &Value| match &turn["content"] {
        Value::String(text) => vec![json!({"type": "text", "text": text})],
        blocks => blocks.as_array().cloned().unwrap_or_default(),
    };
    turns.flat_map(blocks).collect()
}

/// Blocks of text that follow each other are one part of a response.
fn joined(blocks: &[Value]) -> Vec<Value> {
    let mut joined: Vec<Value> = Vec::new();
    for block in blocks {
        match joined.last_mut().filter(|last| last["type"] == "text" && block["type"] == "text") {
            Some(last) => {
                let text = [&last["text"], &block["text"]].map(|text| text.as_str().expect("a text"));
                last["text"] = text.concat().into();
            }
            None => joined.push(block.clone()),
        }
    }
    joined
}

#[test]
fn thoughts_and_calls_of_anthropic_s_come_back_to_it_as_they_were() {
    let (settings, headers) = (Settings::default(), HeaderMap::new());
    let context =
        Context { asked: b"{}", settings: &settings, strict: false, created: 0, id: "0", headers: &headers };
    let known = |block: &Value| {
        let kind = block["type"].as_str().unwrap_or_default();
        let is_known = matches!(kind, "text" | "thinking" | "redacted_thinking" | "tool_use");
        is_known && block.get("citations").is_none()
    };
    let mut compared = 0;
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/anthropic/chat");
    for case in fs::read_dir(root).expect("cases").flatten() {
        let Ok(text) = fs::read_to_string(case.path().join("wire-response.json")) else { continue };
        let reply: Value = serde_json::from_str(&text).expect("JSON");
        let Ok(answer) = Dialect.answer(&context, reply["body"].to_string().as_bytes()) else { continue };
        let original = reply["body"]["content"].as_array().expect("content");
        let cut = reply["body"]["stop_reason"] == "refusal";
        if original.is_empty() || cut || !original.iter().all(known) {
            continue;
        }
        assert_eq!(given_back(&answer), joined(original), "{}", case.path().display());
        compared += 1;
    }
    assert!(compared > 5, "{compared}");
}

#[test]
fn what_can_not_be_read_or_done_is_named() {
    let item = |item: Value| json!({"input": [{"role": "user", "content": "a"}, item]});
    let part = |part: Value| item(json!({"role": "user", "content": [part]}));
    let with = |name: &str, value: Value| json!({"input": "a", name: value});
    let cases = [
        (json!({}), "input"),
        (json!({"input": 7}), "input"),
        (with("instructions", json!([])), "instructions"),
        (item(json!(7)), "input[1]"),
        (item(json!({"role": "robot", "content": ""})), "input[1].role"),
        (item(json!({"role": "user"})), "input[1].content"),
        (item(json!({"id": "msg_1"})), "input[1].id"),
        (item(json!({"type": "item_reference", "id": "msg_1"})), "input[1].id"),
        (item(json!({"type": "computer_call_output", "call_id": "c"})), "input[1].type"),
        (item(json!({"type": "file_search_call", "results": []})), "input[1].type"),
        (item(json!({"type": "function_call", "name": "f", "arguments": "{}"})), "input[1].call_id"),
        (
            item(json!({"type": "function_call", "call_id": "c", "name": "f", "arguments": 7})),
            "input[1].arguments",
        ),
        (item(json!({"type": "function_call_output", "call_id": "c"})), "input[1].output"),
        (
            item(json!({"role": "assistant", "content": [{"type": "input_image"}]})),
            "input[1].content[0].type",
        ),
        (part(json!({"text": "x"})), "input[1].content[0].type"),
        (part(json!({"type": "input_text"})), "input[1].content[0].text"),
        (part(json!({"type": "computer_screenshot"})), "input[1].content[0].type"),
        (part(json!({"type": "input_image", "file_id": "file-1"})), "input[1].content[0].file_id"),
        (part(json!({"type": "input_image"})), "input[1].content[0].image_url"),
        (part(json!({"type": "input_file", "filename": "f"})), "input[1].content[0]"),
        (part(json!({"type": "input_file", "file_url": "https://h"})), "input[1].content[0].file_url"),
        (part(json!({"type": "input_audio"})), "input[1].content[0].input_audio"),
        (with("tools", json!([{"type": "web_search"}])), "tools[0].type"),
        (with("tools", json!([{"type": "function"}])), "tools[0].name"),
        (with("tools", json!({})), "tools"),
        (with("tool_choice", json!({"type": "file_search"})), "tool_choice.type"),
        (with("tool_choice", json!("some")), "tool_choice"),
        (
            with("tool_choice", json!({"type": "allowed_tools", "mode": "auto", "tools": [{"type": "mcp"}]})),
            "tool_choice.tools[0].name",
        ),
        (with("text", json!({"format": {"type": "grammar"}})), "text.format.type"),
        (with("text", json!({"format": 7})), "text.format"),
        (with("text", json!(7)), "text"),
        (with("reasoning", json!(7)), "reasoning"),
        (with("include", json!(7)), "include"),
        (with("background", json!(true)), "background"),
    ];
    for (body, path) in cases {
        let error = to_chat(body.to_string().as_bytes(), Beyond::Nothing).err().expect("an error");
        assert_eq!(error.facts().problems[0].path, path, "{body}");
    }
    assert!(to_chat(b"[]", Beyond::OpenAi).is_err() && to_chat(b"\xff", Beyond::OpenAi).is_err());
}

#[test]
fn what_only_our_dialects_know_is_handed_to_them() {
    let body = json!({"input": [{"role": "user", "content": [
        {"type": "search_result", "title": "t"},
        {"type": "input_file", "file_url": "https://h/f"},
    ], "oddity": 1}, {"role": "assistant", "content": [{"type": "output_text", "text": "a"}, {"type": "odd"}]}]});
    let chat = to_chat(body.to_string().as_bytes(), Beyond::OpenAi).expect("a chat");
    assert!(chat.changes.is_empty());
    let chat: Value = serde_json::from_slice(&chat.body).expect("JSON");
    let file = json!({"type": "file", "file": {"file_url": "https://h/f"}});
    let wanted = json!([
        {"role": "user", "content": [{"type": "search_result", "title": "t"}, file], "oddity": 1},
        {"role": "assistant", "content": "a", "content_blocks": [{"type": "text", "text": "a"}, {"type": "odd"}]},
    ]);
    assert_eq!(chat["messages"], wanted);
}

#[test]
fn what_is_no_answer_is_an_error() {
    for answer in ["{}", "[]", r#"{"choices":[]}"#, r#"{"choices":[{}]}"#, "<html>"] {
        assert!(from_chat_answer(answer.as_bytes(), b"{}", "0", 7).is_err(), "{answer}");
    }
    assert!(Reader::new(b"{}", "0", 7).chunk(b"<html>", &mut Vec::new()).is_err());
}
