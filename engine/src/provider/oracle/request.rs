//! A chat in Oracle's GENERIC format.

use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::super::dialect::{Asked, Made};
use super::super::fields::tell_unread;
use super::super::path;
use crate::error::{Error, Result};

/// Our names of parameters that are only called something else.
const NAMES: &[(&str, &str)] = &[
    ("max_tokens", "maxTokens"),
    ("top_p", "topP"),
    ("top_k", "topK"),
    ("n", "numGenerations"),
    ("frequency_penalty", "frequencyPenalty"),
    ("presence_penalty", "presencePenalty"),
    ("logit_bias", "logitBias"),
    ("top_logprobs", "logProbs"),
    ("parallel_tool_calls", "isParallelToolCalls"),
];

const NO_FIELD: &str = "Oracle has no such field";

/// Of a function.
const KNOWN: &[&str] = &["name", "description", "parameters"];

pub fn made(asked: &Asked<'_>) -> Result<Made> {
    let body: Value = serde_json::from_slice(asked.body).unwrap_or_default();
    let Value::Object(fields) = body else { return Err(Error::problem("body", "expected a JSON object")) };
    let setting = |key: &str| asked.settings.get(key);
    let model = fields.get("model").and_then(Value::as_str).unwrap_or("").to_owned();
    if model.starts_with("cohere.") {
        let message =
            "Oracle serves Cohere's models in a format of their own, which this version does not speak";
        return Err(Error::problem("body.model", message));
    }
    if asked.stream && fields.get("n").is_some_and(|n| n != 1) {
        return Err(Error::problem("body.n", "expected 1: streams from Oracle are read as one choice"));
    }
    let mut changes = Vec::new();
    let mut chat = Map::new();
    for (name, value) in fields {
        parameter(&name, value, &mut chat, &mut changes)?;
    }
    chat.insert("apiFormat".to_owned(), json!("GENERIC"));
    let version = path::segment(setting("oracle_api_version").unwrap_or("20231130"), "oracle_api_version")?;
    let serving = match setting("oracle_serving_mode") {
        Some("DEDICATED") => json!({ "servingType": "DEDICATED", "endpointId": model }),
        _ => json!({ "servingType": "ON_DEMAND", "modelId": model }),
    };
    let compartment = setting("oracle_compartment_id").unwrap_or("");
    let body = json!({ "compartmentId": compartment, "servingMode": serving, "chatRequest": chat });
    Ok(Made {
        path: format!("/{version}/actions/chat"),
        body: Bytes::from(body.to_string()),
        changes,
        ..Made::default()
    })
}

fn parameter(
    name: &str,
    value: Value,
    chat: &mut Map<String, Value>,
    changes: &mut Vec<String>,
) -> Result<()> {
    let (own, value) = match name {
        "model" => return Ok(()),
        "messages" => ("messages", messages(&value, changes)),
        "stream" => {
            if value != true {
                return Ok(());
            }
            ("isStream", value)
        }
        "stream_options" => {
            tell_unread(&value, name, &["include_usage"], NO_FIELD, changes);
            ("streamOptions", json!({ "isIncludeUsage": value["include_usage"] }))
        }
        "stop" => ("stop", if value.is_string() { json!([value]) } else { value }),
        "tools" => ("tools", tools(&value, changes)?),
        "tool_choice" => ("toolChoice", tool_choice(&value)),
        "response_format" => ("responseFormat", response_format(&value)),
        "reasoning_effort" => ("reasoningEffort", json!(value.as_str().unwrap_or("").to_uppercase())),
        "logprobs" => {
            if value == true {
                chat.entry("logProbs").or_insert(json!(1));
            }
            return Ok(());
        }
        "user" | "service_tier" | "store" => {
            changes.push(format!("{name} was dropped: Oracle has no such parameter"));
            return Ok(());
        }
        _ => match NAMES.iter().find(|(ours, _)| *ours == name) {
            Some((_, own)) => (*own, value),
            None => (name, value),
        },
    };
    chat.insert(own.to_owned(), value);
    Ok(())
}

fn messages(messages: &Value, changes: &mut Vec<String>) -> Value {
    let list = messages.as_array().into_iter().flatten().enumerate();
    Value::Array(list.map(|(at, one)| message(one, &format!("messages[{at}]"), changes)).collect())
}

fn message(message: &Value, path: &str, changes: &mut Vec<String>) -> Value {
    let role = match message["role"].as_str().unwrap_or("user") {
        "developer" | "system" => "SYSTEM",
        "assistant" => "ASSISTANT",
        "tool" | "function" => "TOOL",
        _ => "USER",
    };
    let mut own = json!({ "role": role });
    let content = match &message["content"] {
        Value::String(text) => vec![json!({ "type": "TEXT", "text": text })],
        Value::Array(parts) => {
            let parts = parts.iter().enumerate();
            parts.filter_map(|(at, one)| part(one, &format!("{path}.content[{at}]"), changes)).collect()
        }
        _ => Vec::new(),
    };
    if !content.is_empty() || role != "ASSISTANT" {
        own["content"] = Value::Array(content);
    }
    if let Some(name) = message["name"].as_str() {
        own["name"] = json!(name);
    }
    if let Some(id) = message["tool_call_id"].as_str() {
        own["toolCallId"] = json!(id);
    }
    if let Some(calls) = message["tool_calls"].as_array() {
        let call = |(at, call): (usize, &Value)| {
            let function = &call["function"];
            let path = format!("{path}.tool_calls[{at}]");
            tell_unread(call, &path, &["id", "type", "index", "function"], NO_FIELD, changes);
            tell_unread(function, &format!("{path}.function"), &["name", "arguments"], NO_FIELD, changes);
            json!({ "id": call["id"], "type": "FUNCTION", "name": function["name"], "arguments": function["arguments"] })
        };
        own["toolCalls"] = calls.iter().enumerate().map(call).collect();
    }
    let read = ["role", "content", "name", "tool_call_id", "tool_calls"];
    tell_unread(message, path, &read, NO_FIELD, changes);
    own
}

fn part(part: &Value, path: &str, changes: &mut Vec<String>) -> Option<Value> {
    match part["type"].as_str().unwrap_or("") {
        "text" => {
            tell_unread(part, path, &["type", "text"], NO_FIELD, changes);
            Some(json!({ "type": "TEXT", "text": part["text"] }))
        }
        "image_url" => {
            tell_unread(part, path, &["type", "image_url"], NO_FIELD, changes);
            let of_image = format!("{path}.image_url");
            tell_unread(&part["image_url"], &of_image, &["url", "detail"], NO_FIELD, changes);
            let mut image = json!({ "url": part["image_url"]["url"] });
            if let Some(detail) = part["image_url"]["detail"].as_str() {
                image["detail"] = json!(detail.to_uppercase());
            }
            Some(json!({ "type": "IMAGE", "imageUrl": image }))
        }
        _ => {
            changes.push(format!("{path} was dropped: Oracle takes texts and images"));
            None
        }
    }
}

fn tools(tools: &Value, changes: &mut Vec<String>) -> Result<Value> {
    let tool = |(at, tool): (usize, &Value)| {
        let function = &tool["function"];
        if !function.is_object() {
            return Err(Error::problem("body.tools", "expected functions: Oracle has no other tools"));
        }
        let path = format!("tools[{at}]");
        tell_unread(tool, &path, &["type", "function"], NO_FIELD, changes);
        tell_unread(function, &format!("{path}.function"), KNOWN, NO_FIELD, changes);
        let mut own = Map::new();
        own.insert("type".to_owned(), json!("FUNCTION"));
        for name in KNOWN {
            if let Some(value) = function.get(name) {
                own.insert((*name).to_owned(), value.clone());
            }
        }
        Ok(Value::Object(own))
    };
    tools.as_array().into_iter().flatten().enumerate().map(tool).collect()
}

fn tool_choice(choice: &Value) -> Value {
    match choice.as_str() {
        Some(word) => json!({ "type": word.to_uppercase() }),
        None => json!({ "type": "FUNCTION", "name": choice["function"]["name"] }),
    }
}

fn response_format(format: &Value) -> Value {
    let kind = format["type"].as_str().unwrap_or("text").to_uppercase();
    let schema = &format["json_schema"];
    if !schema.is_object() {
        return json!({ "type": kind });
    }
    let mut own = json!({ "name": schema["name"], "schema": schema["schema"] });
    for (ours, theirs) in [("strict", "isStrict"), ("description", "description")] {
        if let Some(value) = schema.get(ours) {
            own[theirs] = value.clone();
        }
    }
    json!({ "type": kind, "jsonSchema": own })
}
