//! What Oracle answers, whole and streamed.

use bytes::Bytes;
use serde_json::{Value, json};

use super::super::dialect::{Context, Fault, Translator, WireEvent};
use super::super::ours::{self, Chunks};
use super::super::reported;
use crate::date;

pub fn whole(context: &Context<'_>, reply: &[u8]) -> Result<Bytes, String> {
    let parsed: Value = serde_json::from_slice(reply).map_err(|_| "a body that is no JSON".to_owned())?;
    let response = &parsed["chatResponse"];
    let choices = response["choices"].as_array().ok_or("an answer without choices")?;
    let choice = |(at, choice): (usize, &Value)| {
        let index = choice["index"].as_u64().unwrap_or(at as u64);
        let finish = reason(&choice["finishReason"]);
        json!({ "index": index, "message": message(&choice["message"], context.id), "finish_reason": finish })
    };
    let choices: Vec<Value> = choices.iter().enumerate().map(choice).collect();
    let request = context.headers.get("opc-request-id").and_then(|id| id.to_str().ok());
    let id = request.map_or_else(|| format!("chatcmpl-{}", context.id), str::to_owned);
    let created = response["timeCreated"].as_str().and_then(date::rfc_3339);
    let created = json!(created.unwrap_or(context.created as i64));
    let model =
        if parsed["modelId"].is_string() { parsed["modelId"].clone() } else { ours::asked(context, "model") };
    let mut answer = json!({ "id": id, "object": "chat.completion", "created": created, "model": model, "choices": choices });
    if let Some(usage) = usage(&response["usage"]) {
        answer["usage"] = usage;
    }
    Ok(Bytes::from(answer.to_string()))
}

fn message(message: &Value, id: &str) -> Value {
    let mut ours = json!({ "role": "assistant", "content": text(&message["content"]) });
    if let Some(reasoning) = message["reasoningContent"].as_str() {
        ours["reasoning_content"] = json!(reasoning);
    }
    let calls = ours::tool_calls(&message["toolCalls"], id, 0);
    if !calls.is_empty() {
        ours["tool_calls"] = Value::Array(calls);
    }
    ours
}

fn text(content: &Value) -> Value {
    match content.as_array() {
        Some(parts) => json!(parts.iter().filter_map(|part| part["text"].as_str()).collect::<String>()),
        None => content.clone(),
    }
}

/// Oracle hands on its models' reasons, of which some are upper case.
fn reason(reason: &Value) -> String {
    match reason.as_str().unwrap_or("stop").to_lowercase().as_str() {
        "complete" | "eos" => "stop".to_owned(),
        "max_tokens" => "length".to_owned(),
        other => other.to_owned(),
    }
}

fn usage(usage: &Value) -> Option<Value> {
    let mut ours = ours::usage(&usage["promptTokens"], &usage["completionTokens"])?;
    if let Some(total) = usage["totalTokens"].as_u64() {
        ours["total_tokens"] = json!(total);
    }
    if let Some(cached) = usage["promptTokensDetails"]["cachedTokens"].as_u64() {
        ours["prompt_tokens_details"] = json!({ "cached_tokens": cached });
    }
    if let Some(reasoning) = usage["completionTokensDetails"]["reasoningTokens"].as_u64() {
        ours["completion_tokens_details"] = json!({ "reasoning_tokens": reasoning });
    }
    Some(ours)
}

/// Reads `data: {index, message, finishReason}`; usage stands in the last event, or after it.
pub struct Streamed {
    chunks: Chunks,
    /// The identifiers of the tool calls so far, in their order.
    calls: Vec<String>,
    id: String,
}

impl Streamed {
    pub fn new(context: &Context<'_>) -> Self {
        Self { chunks: Chunks::new(context, true), calls: Vec::new(), id: context.id.to_owned() }
    }

    /// A call's first piece has its name, the following ones only arguments.
    fn call(&mut self, call: &Value) -> Value {
        let id = call["id"].as_str().filter(|id| !id.is_empty());
        let known = id.and_then(|id| self.calls.iter().position(|one| one == id));
        let goes_on = known.or_else(|| {
            (id.is_none() && !call["name"].is_string()).then(|| self.calls.len().saturating_sub(1))
        });
        let arguments = call["arguments"].as_str().unwrap_or("");
        if let Some(index) = goes_on {
            return json!({ "index": index, "function": { "arguments": arguments } });
        }
        let index = self.calls.len();
        let id = id.map_or_else(|| format!("call_{}_{index}", self.id), str::to_owned);
        self.calls.push(id.clone());
        let function = json!({ "name": call["name"], "arguments": arguments });
        json!({ "index": index, "id": id, "type": "function", "function": function })
    }
}

impl Translator for Streamed {
    fn event(&mut self, event: WireEvent<'_>, chunks: &mut Vec<Bytes>) -> Result<(), Fault> {
        if event.data.trim_ascii() == b"[DONE]" {
            return Ok(());
        }
        let parsed: Value = serde_json::from_slice(event.data)
            .map_err(|_| Fault::Garbled("an event is no JSON".to_owned()))?;
        let message = &parsed["message"];
        if !message.is_object() && parsed["finishReason"].is_null() && parsed["usage"].is_null() {
            return if parsed["code"].is_null() && parsed["error"].is_null() {
                Ok(())
            } else {
                Err(reported::in_stream(event.data))
            };
        }
        let filled = |value: Value| value.as_str().is_some_and(|text| !text.is_empty()).then_some(value);
        if let Some(reasoning) = filled(message["reasoningContent"].clone()) {
            self.chunks.delta(&json!({ "reasoning_content": reasoning }), chunks);
        }
        if let Some(text) = filled(text(&message["content"])) {
            self.chunks.delta(&json!({ "content": text }), chunks);
        }
        if let Some(calls) = message["toolCalls"].as_array() {
            let calls: Vec<Value> = calls.iter().map(|call| self.call(call)).collect();
            self.chunks.delta(&json!({ "tool_calls": calls }), chunks);
        }
        let usage = usage(&parsed["usage"]);
        if !parsed["finishReason"].is_null() {
            self.chunks.finish(&reason(&parsed["finishReason"]), usage, chunks);
        } else if let Some(usage) = usage {
            self.chunks.usage(usage, chunks);
        }
        Ok(())
    }

    fn end(&mut self, _chunks: &mut Vec<Bytes>) {}
}
