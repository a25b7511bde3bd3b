//! Ollama. Its OpenAI route is a look-alike; where the custom host ends in `/api` its own API is spoken, which alone
//! takes `num_ctx` and the other options, `keep_alive`, and `think` for each model.

use ::http::HeaderMap;
use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::dialect::{Asked, Context, Dialect, Fault, Framing, Made, Settings, Translator, WireEvent};
use super::fields::tell_unread;
use super::ours::{self, Chunks};
use super::passing::VERSIONED;
use super::vectors::{self, Embedded, Vector};
use super::{CUSTOM_HOST, reported};
use crate::endpoint::EMBEDDINGS;
use crate::error::{Error, Result};

pub struct Ollama;
pub static DIALECT: Ollama = Ollama;

const CHAT: &str = "chat.completions.create";
const TEXT: &str = "completions.create";

/// Our names of sampling parameters, and Ollama's among its options.
const OPTIONS: &[(&str, &str)] = &[
    ("temperature", "temperature"),
    ("top_p", "top_p"),
    ("top_k", "top_k"),
    ("min_p", "min_p"),
    ("seed", "seed"),
    ("stop", "stop"),
    ("max_tokens", "num_predict"),
    ("max_completion_tokens", "num_predict"),
    ("presence_penalty", "presence_penalty"),
    ("frequency_penalty", "frequency_penalty"),
    ("num_ctx", "num_ctx"),
    ("repeat_penalty", "repeat_penalty"),
];

/// What Ollama's own API takes as it is.
const KNOWN: &[&str] = &[
    "model",
    "stream",
    "tools",
    "format",
    "options",
    "think",
    "keep_alive",
    "prompt",
    "suffix",
    "images",
    "raw",
    "input",
    "dimensions",
    "truncate",
    "logprobs",
    "top_logprobs",
];

const NONE: &str = "Ollama's own API has no such parameter";

fn is_native(settings: &Settings) -> bool {
    settings.get(CUSTOM_HOST).is_some_and(|host| host.trim_end_matches('/').ends_with("/api"))
}

impl Dialect for Ollama {
    fn request(&self, asked: &Asked<'_>) -> Result<Made> {
        if !is_native(asked.settings) {
            return VERSIONED.request(asked);
        }
        let path = match asked.endpoint.call {
            CHAT => "/chat",
            TEXT => "/generate",
            EMBEDDINGS => "/embed",
            "models.list" => "/tags",
            other => {
                let message =
                    format!("has no {other} at a host that ends in /api; name one that ends in /v1");
                return Err(Error::problem("provider ollama", message));
            }
        };
        let mut made = Made { path: path.to_owned(), ..Made::default() };
        if asked.endpoint.takes_body() {
            let body: Value = serde_json::from_slice(asked.body)
                .map_err(|_| Error::problem("body", "expected a JSON object"))?;
            let Value::Object(fields) = body else {
                return Err(Error::problem("body", "expected a JSON object"));
            };
            made.body =
                Bytes::from(Value::Object(own_body(fields, asked.stream, &mut made.changes)).to_string());
        }
        Ok(made)
    }

    fn answer(&self, context: &Context<'_>, reply: &[u8]) -> std::result::Result<Bytes, String> {
        if !is_native(context.settings) {
            return VERSIONED.answer(context, reply);
        }
        let parsed: Value = serde_json::from_slice(reply).map_err(|_| "a body that is no JSON".to_owned())?;
        own_answer(context, &parsed)
    }

    fn translator(&self, context: &Context<'_>) -> Box<dyn Translator> {
        if is_native(context.settings) {
            let chat = ours::asked(context, "messages").is_array();
            Box::new(Native { chunks: Chunks::new(context, chat), chat })
        } else {
            VERSIONED.translator(context)
        }
    }

    fn framing_for(&self, settings: &Settings) -> Framing {
        if is_native(settings) { Framing::Lines } else { Framing::ServerSentEvents }
    }

    fn error(&self, _status: u16, headers: &HeaderMap, reply: &[u8]) -> Option<Bytes> {
        reported::in_our_shape(headers, reply)
    }
}

fn own_body(fields: Map<String, Value>, stream: bool, changes: &mut Vec<String>) -> Map<String, Value> {
    let mut body = Map::new();
    let mut options = Map::new();
    for (name, value) in fields {
        if let Some((_, own)) = OPTIONS.iter().find(|(ours, _)| *ours == name) {
            options.insert((*own).to_owned(), value);
        } else if name == "messages" {
            body.insert(name, messages(value, changes));
        } else if name == "reasoning_effort" {
            body.insert("think".to_owned(), if value == "none" { json!(false) } else { value });
        } else if name == "response_format" {
            if let Some(format) = format(&value) {
                body.insert("format".to_owned(), format);
            }
            for name in value["json_schema"].as_object().into_iter().flatten().map(|(name, _)| name) {
                if name != "schema" {
                    let path = format!("response_format.json_schema.{name}");
                    changes.push(format!("{path} was left out: Ollama takes the schema alone"));
                }
            }
        } else if KNOWN.contains(&name.as_str()) {
            body.insert(name, value);
        } else if name == "stream_options" {
            tell_unread(&value, &name, &["include_usage"], NONE, changes);
        } else if name != "encoding_format" {
            changes.push(format!("{name} was dropped: {NONE}"));
        }
    }
    // Ollama streams unless it is told not to.
    body.insert("stream".to_owned(), json!(stream));
    if !options.is_empty() {
        let given = body.entry("options").or_insert_with(|| json!({}));
        if let Value::Object(given) = given {
            for (name, value) in options {
                given.entry(name).or_insert(value);
            }
        }
    }
    body
}

fn format(response_format: &Value) -> Option<Value> {
    match response_format["type"].as_str()? {
        "json_object" => Some(json!("json")),
        "json_schema" => Some(response_format["json_schema"]["schema"].clone()),
        _ => None,
    }
}

/// Texts, images in base64, and tool calls with their arguments as objects.
fn messages(messages: Value, changes: &mut Vec<String>) -> Value {
    let Value::Array(messages) = messages else { return messages };
    let mut names = Map::new();
    let message = |(at, mut message): (usize, Value)| {
        if message["role"] == "developer" {
            message["role"] = json!("system");
        }
        if let Some(parts) = message["content"].as_array().cloned() {
            let text: Vec<&str> = parts.iter().filter_map(|part| part["text"].as_str()).collect();
            message["content"] = json!(text.join("\n"));
            let images: Vec<Value> = parts.iter().filter_map(image).collect();
            for (place, part) in parts.iter().enumerate() {
                tell_part(part, &format!("messages[{at}].content[{place}]"), changes);
            }
            if !images.is_empty() {
                message["images"] = Value::Array(images);
            }
        }
        for call in message.get_mut("tool_calls").and_then(Value::as_array_mut).into_iter().flatten() {
            if let Some(id) = call["id"].as_str() {
                names.insert(id.to_owned(), call["function"]["name"].clone());
            }
            let arguments =
                call["function"]["arguments"].as_str().and_then(|text| serde_json::from_str(text).ok());
            if let Some(arguments) = arguments {
                call["function"]["arguments"] = arguments;
            }
        }
        if let Some(name) = message["tool_call_id"].as_str().and_then(|id| names.get(id)) {
            message["tool_name"] = name.clone();
        }
        message
    };
    Value::Array(messages.into_iter().enumerate().map(message).collect())
}

/// What of a part has no place: all of it, or the fields that nobody knows.
fn tell_part(part: &Value, path: &str, changes: &mut Vec<String>) {
    if part["text"].is_string() {
        tell_unread(part, path, &["type", "text"], NONE, changes);
    } else if image(part).is_some() {
        tell_unread(part, path, &["type", "image_url"], NONE, changes);
        tell_unread(&part["image_url"], &format!("{path}.image_url"), &["url"], NONE, changes);
    } else {
        changes.push(format!("{path} was dropped: Ollama takes texts, and images in base64"));
    }
}

/// The base64 of an image that comes as a data URL.
fn image(part: &Value) -> Option<Value> {
    let url = part["image_url"]["url"].as_str()?;
    Some(json!(url.strip_prefix("data:")?.split_once(";base64,")?.1))
}

fn own_answer(context: &Context<'_>, parsed: &Value) -> std::result::Result<Bytes, String> {
    let usage = ours::usage(&parsed["prompt_eval_count"], &parsed["eval_count"]);
    if parsed["message"].is_object() {
        let calls = ours::tool_calls(&parsed["message"]["tool_calls"], context.id, 0);
        let mut message = json!({ "role": "assistant", "content": parsed["message"]["content"] });
        if let Some(thinking) = parsed["message"]["thinking"].as_str() {
            message["reasoning_content"] = json!(thinking);
        }
        let reason = if calls.is_empty() { reason(&parsed["done_reason"]) } else { "tool_calls" };
        if !calls.is_empty() {
            message["tool_calls"] = Value::Array(calls);
        }
        return Ok(ours::completion(context, &message, reason, usage));
    }
    if let Some(text) = parsed["response"].as_str() {
        return Ok(ours::text_completion(context, &parsed["model"], text, usage));
    }
    if let Some(vectors) = parsed["embeddings"].as_array() {
        let count = parsed["prompt_eval_count"].as_u64().unwrap_or(0);
        let vectors = vectors.iter().map(|vector| Vector::of(vector.to_string())).collect();
        let model = parsed.get("model").map(Value::to_string);
        return Embedded { vectors, model, usage: Some(vectors::usage(count)) }.to_bytes(context);
    }
    if let Some(models) = parsed["models"].as_array() {
        let item = |model: &Value| json!({ "id": model["name"], "object": "model", "created": 0, "owned_by": "library" });
        let data: Vec<Value> = models.iter().map(item).collect();
        return Ok(Bytes::from(json!({ "object": "list", "data": data }).to_string()));
    }
    Err("an answer without a message".to_owned())
}

fn reason(done: &Value) -> &'static str {
    if done == "length" { "length" } else { "stop" }
}

/// Reads one JSON value per line, the last with `done: true`.
struct Native {
    chunks: Chunks,
    chat: bool,
}

impl Translator for Native {
    fn event(&mut self, event: WireEvent<'_>, chunks: &mut Vec<Bytes>) -> std::result::Result<(), Fault> {
        if event.data.trim_ascii().is_empty() {
            return Ok(());
        }
        let Ok(parsed) = serde_json::from_slice::<Value>(event.data) else {
            return Err(Fault::Garbled("a line is no JSON".to_owned()));
        };
        if parsed.get("error").is_some() {
            return Err(reported::in_stream(event.data));
        }
        let piece = |value: &Value| value.as_str().filter(|piece| !piece.is_empty()).map(str::to_owned);
        if self.chat {
            if let Some(thinking) = piece(&parsed["message"]["thinking"]) {
                self.chunks.delta(&json!({ "reasoning_content": thinking }), chunks);
            }
            if let Some(text) = piece(&parsed["message"]["content"]) {
                self.chunks.delta(&json!({ "content": text }), chunks);
            }
            self.chunks.calls(&parsed["message"]["tool_calls"], chunks);
        } else if let Some(text) = piece(&parsed["response"]) {
            self.chunks.text(&text, chunks);
        }
        if parsed["done"] == true {
            let usage = ours::usage(&parsed["prompt_eval_count"], &parsed["eval_count"]);
            self.chunks.finish(reason(&parsed["done_reason"]), usage, chunks);
        }
        Ok(())
    }

    fn end(&mut self, _chunks: &mut Vec<Bytes>) {}
}
