//! What holds for every conversation and every stream: a chat that is told as input items and becomes a chat again has lost
//! nothing, and no order of chunks makes events that are not well-formed.

use bytes::Bytes;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::assembly::{assembled, values};
use super::{Beyond, Reader, to_chat};

/// Makes a chat's messages, each text being a word of its own.
#[derive(Default)]
struct Maker {
    words: usize,
}

impl Maker {
    fn word(&mut self) -> String {
        self.words += 1;
        format!("word{}x", self.words)
    }

    fn part(&mut self, kind: u8) -> Value {
        match kind % 4 {
            0 => json!({"type": "text", "text": self.word()}),
            1 => {
                json!({"type": "image_url", "image_url": {"url": format!("https://h/{}", self.word()), "detail": "low"}})
            }
            2 => {
                json!({"type": "file", "file": {"file_data": format!("data:application/pdf;base64,{}", self.word()), "filename": self.word()}})
            }
            _ => json!({"type": "input_audio", "input_audio": {"data": self.word(), "format": "wav"}}),
        }
    }

    /// A text or several parts: one part of text alone would come back as a text.
    fn content(&mut self, kinds: &[u8]) -> Value {
        match kinds {
            [] | [_] => json!(self.word()),
            kinds => kinds.iter().map(|kind| self.part(*kind)).collect(),
        }
    }

    fn call(&mut self, kind: u8) -> Value {
        let arguments = format!(r#"{{"n":1.0,"{}":[]}}"#, self.word());
        match kind % 3 {
            0 => {
                json!({"id": self.word(), "type": "custom", "custom": {"name": self.word(), "input": self.word()}})
            }
            1 => {
                json!({"id": self.word(), "type": "function", "function": {"name": self.word(), "arguments": arguments}, "extra_content": {"google": {"thought_signature": self.word()}}})
            }
            _ => {
                json!({"id": self.word(), "type": "function", "function": {"name": self.word(), "arguments": arguments}})
            }
        }
    }

    /// A message that says something. Calls are followed by their results, as in a chat they must be.
    fn turn(&mut self, role: u8, kinds: &[u8]) -> Vec<Value> {
        let message = match role % 6 {
            0 => json!({"role": "system", "content": self.content(kinds)}),
            1 => json!({"role": "developer", "content": self.content(kinds)}),
            2 => json!({"role": "user", "content": self.content(kinds), "name": self.word()}),
            3 => json!({"role": "assistant", "content": null, "refusal": self.word()}),
            4 => json!({"role": "assistant", "content": self.word(), "reasoning_content": self.word()}),
            _ => {
                let mut message = json!({"role": "assistant", "content": null});
                if kinds.len() > 1 {
                    message["content"] = json!(self.word());
                }
                let kinds = if kinds.is_empty() { &[0] } else { kinds };
                let calls: Vec<Value> = kinds.iter().map(|kind| self.call(*kind)).collect();
                message["tool_calls"] = json!(calls);
                let result = |call: &Value| json!({"role": "tool", "tool_call_id": call["id"], "content": self.content(kinds)});
                let results: Vec<Value> = calls.iter().map(result).collect();
                return [vec![message], results].concat();
            }
        };
        vec![message]
    }

    /// A user's message comes after each turn: two of an assistant's that follow each other may become one.
    fn chat(turns: &[(u8, Vec<u8>)]) -> Vec<Value> {
        let mut maker = Self::default();
        let mut messages = Vec::new();
        for (role, kinds) in turns {
            messages.extend(maker.turn(*role, kinds));
            messages.push(json!({"role": "user", "content": maker.word()}));
        }
        messages
    }
}

/// A chat's messages as they come back: a custom tool is a function of one text.
fn wrapped(mut messages: Vec<Value>) -> Vec<Value> {
    for message in &mut messages {
        for call in message.get_mut("tool_calls").and_then(Value::as_array_mut).into_iter().flatten() {
            if call["type"] == "custom" {
                let arguments = json!({"input": call["custom"]["input"]}).to_string();
                *call = json!({"id": call["id"], "type": "function", "function": {"name": call["custom"]["name"], "arguments": arguments}});
            }
        }
    }
    messages
}

/// A chat's messages as the input items that say the same.
fn items(messages: &[Value]) -> Value {
    messages.iter().flat_map(item).collect()
}

fn item(message: &Value) -> Vec<Value> {
    let role = message["role"].as_str().expect("a role");
    if role == "tool" {
        let output = content(&message["content"], "input_text");
        return vec![
            json!({"type": "function_call_output", "call_id": message["tool_call_id"], "output": output}),
        ];
    }
    if role != "assistant" {
        let mut item = message.clone();
        item["content"] = content(&message["content"], "input_text");
        return vec![item];
    }
    let mut items = Vec::new();
    if let Some(text) = message["reasoning_content"].as_str() {
        items.push(json!({"type": "reasoning", "summary": [], "content": [{"type": "reasoning_text", "text": text}]}));
    }
    if message["content"].is_string() {
        let content = content(&json!([{"type": "text", "text": message["content"]}]), "output_text");
        items
            .push(json!({"type": "message", "role": "assistant", "status": "completed", "content": content}));
    }
    if message["refusal"].is_string() {
        let content = json!([{"type": "refusal", "refusal": message["refusal"]}]);
        items.push(json!({"type": "message", "role": "assistant", "content": content}));
    }
    for call in message["tool_calls"].as_array().into_iter().flatten() {
        let mut item = if call["type"] == "custom" {
            json!({"type": "custom_tool_call", "call_id": call["id"], "name": call["custom"]["name"], "input": call["custom"]["input"]})
        } else {
            json!({"type": "function_call", "call_id": call["id"], "name": call["function"]["name"], "arguments": call["function"]["arguments"], "status": "completed"})
        };
        if let Some(extra) = call.get("extra_content") {
            item["extra_content"] = extra.clone();
        }
        items.push(item);
    }
    items
}

fn content(content: &Value, text: &str) -> Value {
    let Some(parts) = content.as_array() else { return content.clone() };
    let part = |part: &Value| match part["type"].as_str().expect("a type") {
        "text" => json!({"type": text, "text": part["text"]}),
        "image_url" => {
            json!({"type": "input_image", "image_url": part["image_url"]["url"], "detail": part["image_url"]["detail"]})
        }
        "file" => {
            json!({"type": "input_file", "file_data": part["file"]["file_data"], "filename": part["file"]["filename"]})
        }
        _ => part.clone(),
    };
    parts.iter().map(part).collect()
}

/// One delta of a stream, of any kind and in any order.
fn delta(kind: u8, index: u8) -> Value {
    let call = |said: &str| json!({"tool_calls": [{"index": index % 3, "id": format!("c{}", index % 3), "function": {"name": "f", "arguments": said}}]});
    match kind % 12 {
        0 => json!({"role": "assistant", "content": ""}),
        1 => json!({"content": "é\"\n"}),
        2 => json!({"reasoning_content": "hm"}),
        3 => json!({"refusal": "no"}),
        4 => call("{\"a\":"),
        5 => call("1}"),
        6 => call("{}"),
        7 => json!({"content_blocks": [{"index": 0, "delta": {"signature": "s"}}]}),
        8 => json!({"content_blocks": [{"index": 1, "delta": {"type": "redacted_thinking", "data": "d"}}]}),
        9 => {
            json!({"content_blocks": [{"index": 2, "delta": {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBO"}}}]})
        }
        10 => {
            json!({"annotations": [{"type": "url_citation", "url_citation": {"url": "https://h"}}], "extra_content": {"x": 1}})
        }
        _ => {
            json!({"tool_calls": [{"index": 7, "id": "t", "type": "custom", "custom": {"name": "g", "input": "i"}}]})
        }
    }
}

proptest! {
    #[test]
    fn a_chat_that_becomes_input_items_and_a_chat_again_has_lost_nothing(
        turns in prop::collection::vec((any::<u8>(), prop::collection::vec(any::<u8>(), 0..4)), 0..8),
    ) {
        let messages = Maker::chat(&turns);
        let input = json!({"model": "m", "input": items(&messages)}).to_string();
        let chat = to_chat(input.as_bytes(), Beyond::OpenAi).unwrap_or_else(|why| panic!("{why}"));
        prop_assert!(chat.changes.is_empty(), "{:?}", chat.changes);
        let chat: Value = serde_json::from_slice(&chat.body).expect("JSON");
        prop_assert_eq!(chat["messages"].as_array().expect("messages"), &wrapped(messages));
    }

    #[test]
    fn a_host_that_speaks_openai_gets_all_but_the_reasoning(
        turns in prop::collection::vec((any::<u8>(), prop::collection::vec(any::<u8>(), 0..4)), 0..8),
    ) {
        let mut messages = Maker::chat(&turns);
        let input = json!({"model": "m", "input": items(&messages)}).to_string();
        let chat = to_chat(input.as_bytes(), Beyond::Nothing).unwrap_or_else(|why| panic!("{why}"));
        let mut told = Vec::new();
        for message in &mut messages {
            if message.as_object_mut().and_then(|fields| fields.remove("reasoning_content")).is_some() {
                told = vec!["a reasoning item was dropped: a chat's messages have no place for it".to_owned()];
            }
        }
        prop_assert_eq!(chat.changes, told);
        let chat: Value = serde_json::from_slice(&chat.body).expect("JSON");
        prop_assert_eq!(chat["messages"].as_array().expect("messages"), &wrapped(messages));
    }

    #[test]
    fn every_stream_is_well_formed(
        deltas in prop::collection::vec((any::<u8>(), any::<u8>()), 1..20),
        ending in prop::sample::select(vec![Some("stop"), Some("tool_calls"), Some("length"), Some("content_filter"), Some("error"), None]),
    ) {
        let mut reader = Reader::new(b"{}", "0", 7);
        let mut events = Vec::new();
        for (kind, index) in &deltas {
            let chunk = json!({"choices": [{"index": 0, "delta": delta(*kind, *index)}]}).to_string();
            reader.chunk(chunk.as_bytes(), &mut events).expect("a chunk");
        }
        match ending {
            Some(reason) => {
                let chunk = json!({"choices": [{"index": 0, "delta": {}, "finish_reason": reason}]}).to_string();
                reader.chunk(chunk.as_bytes(), &mut events).expect("a chunk");
                reader.end(&mut events);
            }
            None => reader.fail(500, b"", &mut events),
        }
        let response = assembled(&values(&events));
        let calls = response["output"].as_array().expect("the output").iter();
        let calls = calls.filter(|item| item["type"] == "function_call" && item["status"] == "completed");
        for call in calls {
            let arguments = call["arguments"].as_str().expect("a text");
            prop_assert!(!arguments.is_empty());
        }
    }

    #[test]
    fn no_chunk_is_more_than_an_error(
        pieces in prop::collection::vec(prop::sample::select(PIECES.to_vec()), 0..12),
        cut in 0usize..200,
    ) {
        let mut reader = Reader::new(b"{\"model\":7,\"tools\":", "0", 7);
        let mut events = Vec::new();
        for piece in &pieces {
            let data = Bytes::copy_from_slice(&piece.as_bytes()[..piece.len().min(cut)]);
            let _ = reader.chunk(&data, &mut events);
            let _ = super::from_chat_answer(&data, &data, "0", 7);
            let _ = to_chat(&data, Beyond::OpenAi);
            let _ = super::error(500, &data);
        }
        reader.end(&mut events);
        values(&events);
    }
}

const PIECES: &[&str] = &[
    r#"{"id":1,"model":null,"created":-1,"choices":[{"delta":{"content":["a",{"text":"b"}]}}]}"#,
    r#"{"choices":[{"delta":{"content":{"a":1},"refusal":[],"reasoning":3}}]}"#,
    r#"{"choices":[{"delta":{"tool_calls":[1,{},{"index":"x","function":{"name":7,"arguments":{"n":1.0}}}]}}]}"#,
    r#"{"choices":[{"message":{"content_blocks":[1,{"type":"thinking"},{"type":"thinking","thinking":[{"text":"t"}]},{"type":"image_url"}]}}]}"#,
    r#"{"choices":[{"message":{"content":"a","annotations":[1,{"type":7}],"images":[{}]},"logprobs":{"content":"x"}}]}"#,
    r#"{"choices":[{"delta":{"content":"a"},"finish_reason":7}],"usage":[]}"#,
    r#"{"choices":[{"delta":{},"finish_reason":"stop"}],"usage":{"prompt_tokens":"x"}}"#,
    r#"{"input":[{"type":"reasoning","summary":[{"type":"summary_text"}]}]}"#,
    r#"{"input":[{"type":"function_call","call_id":"c","name":"f","arguments":{"n":1.0}},{"id":"x"}]}"#,
    r#"{"input":"a","text":{"format":7},"tools":{},"include":3}"#,
    r#"{"error":{"message":7,"type":[]}}"#,
    "[]",
    "null",
];
