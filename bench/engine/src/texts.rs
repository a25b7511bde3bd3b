//! What is asked and answered: the same in every run.

use serde_json::{Value, json};

const PASSAGE: &str = "Summarise this passage for a reader in a hurry, with \"quotes\" and\nlines. ";

fn words(size: usize) -> String {
    PASSAGE.chars().cycle().take(size).collect()
}

pub fn prompt(size: usize) -> String {
    json!({ "model": "m", "messages": [{ "role": "user", "content": words(size) }] }).to_string()
}

pub fn streamed() -> String {
    json!({ "model": "m", "stream": true, "messages": [{ "role": "user", "content": words(200) }] })
        .to_string()
}

pub fn embedding() -> String {
    json!({ "model": "e", "input": vec!["a short sentence to embed"; 16] }).to_string()
}

/// About 50 KB: a system message, a hundred turns with calls of tools among them, and ten tools.
pub fn chat() -> String {
    let mut messages = vec![json!({ "role": "system", "content": words(2_000) })];
    for turn in 0..50 {
        messages.push(json!({ "role": "user", "content": words(400) }));
        if turn % 5 == 4 {
            let call = json!({ "id": format!("call_{turn}"), "type": "function",
                "function": { "name": "tool_1", "arguments": "{\"city\":\"Bern\",\"days\":3}" } });
            messages.push(json!({ "role": "assistant", "content": null, "tool_calls": [call] }));
            messages.push(
                json!({ "role": "tool", "tool_call_id": format!("call_{turn}"), "content": words(200) }),
            );
        }
        messages.push(json!({ "role": "assistant", "content": words(400) }));
    }
    messages.push(json!({ "role": "user", "content": "And now?" }));
    let parameters = json!({ "type": "object", "required": ["city"], "properties": {
        "city": { "type": "string", "description": words(80) }, "days": { "type": "integer" } } });
    let tool = |number: usize| {
        json!({ "type": "function", "function": {
            "name": format!("tool_{number}"), "description": words(150), "parameters": parameters } })
    };
    let tools: Vec<Value> = (0..10).map(tool).collect();
    json!({ "model": "m", "max_tokens": 100, "messages": messages, "tools": tools }).to_string()
}

pub fn answer(size: usize) -> String {
    json!({
        "id": "chatcmpl-1", "object": "chat.completion", "created": 1_763_900_000, "model": "m",
        "choices": [{ "index": 0, "finish_reason": "stop", "logprobs": null,
            "message": { "role": "assistant", "content": words(size), "refusal": null } }],
        "usage": { "prompt_tokens": 10, "completion_tokens": 100, "total_tokens": 110 },
    })
    .to_string()
}

pub fn anthropic_answer() -> String {
    json!({
        "id": "msg_1", "type": "message", "role": "assistant", "model": "m", "stop_reason": "end_turn",
        "content": [{ "type": "text", "text": words(700) }], "usage": { "input_tokens": 10, "output_tokens": 100 },
    })
    .to_string()
}

pub fn google_answer() -> String {
    json!({
        "candidates": [{ "index": 0, "finishReason": "STOP",
            "content": { "role": "model", "parts": [{ "text": words(700) }] } }],
        "usageMetadata": { "promptTokenCount": 10, "candidatesTokenCount": 100, "totalTokenCount": 110 },
        "modelVersion": "m",
    })
    .to_string()
}

/// Sixteen vectors of 1,536 numbers, in base64.
pub fn vectors() -> String {
    // Four characters are three bytes, of any value: 8,192 of them are 1,536 numbers.
    let text: String = ["P8zM", "vczM", "PM3M", "zb4A"].concat().chars().cycle().take(8_192).collect();
    let item = |index: usize| json!({ "object": "embedding", "index": index, "embedding": text });
    let data: Vec<Value> = (0..16).map(item).collect();
    json!({ "object": "list", "model": "e", "data": data, "usage": { "prompt_tokens": 80, "total_tokens": 80 } })
        .to_string()
}

fn chunk(delta: &Value, finish: Option<&str>) -> String {
    let chunk = json!({
        "id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1_763_900_000, "model": "m",
        "system_fingerprint": "fp_1",
        "choices": [{ "index": 0, "delta": delta, "logprobs": null, "finish_reason": finish }],
    });
    format!("data: {chunk}\n\n")
}

/// 200 chunks.
pub fn stream() -> String {
    let mut text = chunk(&json!({ "role": "assistant", "content": "" }), None);
    for _ in 0..198 {
        text += &chunk(&json!({ "content": " word" }), None);
    }
    text + &chunk(&json!({}), Some("stop")) + "data: [DONE]\n\n"
}

/// The same as Anthropic's events.
pub fn anthropic_stream() -> String {
    let event = |name: &str, data: &Value| format!("event: {name}\ndata: {data}\n\n");
    let message = json!({ "id": "msg_1", "type": "message", "role": "assistant", "model": "m", "content": [],
        "usage": { "input_tokens": 10, "output_tokens": 1 } });
    let mut text = event("message_start", &json!({ "type": "message_start", "message": message }));
    let block =
        json!({ "type": "content_block_start", "index": 0, "content_block": { "type": "text", "text": "" } });
    text += &event("content_block_start", &block);
    let delta = json!({ "type": "content_block_delta", "index": 0, "delta": { "type": "text_delta", "text": " word" } });
    for _ in 0..198 {
        text += &event("content_block_delta", &delta);
    }
    text += &event("content_block_stop", &json!({ "type": "content_block_stop", "index": 0 }));
    let end = json!({ "type": "message_delta", "delta": { "stop_reason": "end_turn" }, "usage": { "output_tokens": 200 } });
    text + &event("message_delta", &end) + &event("message_stop", &json!({ "type": "message_stop" }))
}
