//! Cloudflare Workers AI. Its OpenAI route takes chats, texts and embeddings; images, and hosts that end in `/ai/run`,
//! speak Cloudflare's own dialect: the model in the path, and everything under `result`.

use ::http::HeaderMap;
use bytes::Bytes;
use serde_json::{Value, json};

use super::dialect::{Asked, Context, Dialect, Fault, Made, Settings, Translator, WireEvent};
use super::images::split_size;
use super::ours::{self, Chunks};
use super::passing::VERSIONED;
use super::vectors::{Embedded, Vector};
use super::{CUSTOM_HOST, path, reported};
use crate::endpoint::{EMBEDDINGS, IMAGES};
use crate::error::{Error, Result};

pub struct WorkersAi;
pub static DIALECT: WorkersAi = WorkersAi;

/// Whether the custom host is the API of Cloudflare's own.
fn is_native(settings: &Settings) -> bool {
    settings.get(CUSTOM_HOST).is_some_and(|host| host.trim_end_matches('/').ends_with("/ai/run"))
}

impl Dialect for WorkersAi {
    fn request(&self, asked: &Asked<'_>) -> Result<Made> {
        let native = is_native(asked.settings);
        if !native && asked.endpoint.call != IMAGES {
            return VERSIONED.request(asked);
        }
        let mut body: Value = serde_json::from_slice(asked.body)
            .map_err(|_| Error::problem("body", "expected a JSON object"))?;
        let fields = body.as_object_mut().ok_or_else(|| Error::problem("body", "expected a JSON object"))?;
        let model = fields.shift_remove("model");
        let model = path::segments(model.as_ref().and_then(Value::as_str).unwrap_or(""), "body.model")?;
        if asked.endpoint.call == EMBEDDINGS {
            let input = fields.shift_remove("input").unwrap_or_default();
            fields.insert("text".to_owned(), if input.is_array() { input } else { json!([input]) });
        } else if asked.endpoint.call == IMAGES {
            split_size(fields, "width", "height")?;
            if let Some(steps) = fields.get("steps").cloned() {
                fields.insert("num_steps".to_owned(), steps);
            }
        }
        Ok(Made {
            path: format!("{}/{model}", if native { "" } else { "/run" }),
            body: Bytes::from(body.to_string()),
            ..Made::default()
        })
    }

    fn answer(&self, context: &Context<'_>, reply: &[u8]) -> std::result::Result<Bytes, String> {
        let parsed: Option<Value> = serde_json::from_slice(reply).ok();
        match parsed {
            // Some models answer with the image itself.
            None if !reply.is_empty() => Ok(ours::images(context, &[ours::image_bytes(reply)])),
            Some(parsed) if parsed["result"].is_object() => of_result(context, &parsed["result"]),
            _ => VERSIONED.answer(context, reply),
        }
    }

    fn translator(&self, context: &Context<'_>) -> Box<dyn Translator> {
        if is_native(context.settings) {
            Box::new(Native(Chunks::new(context, true)))
        } else {
            VERSIONED.translator(context)
        }
    }

    fn error(&self, _status: u16, headers: &HeaderMap, reply: &[u8]) -> Option<Bytes> {
        reported::in_our_shape(headers, reply)
    }
}

/// What stands under `result`: a message, an embedding, an image, or an answer in OpenAI's shape.
fn of_result(context: &Context<'_>, result: &Value) -> std::result::Result<Bytes, String> {
    if result["choices"].is_array() {
        return Ok(Bytes::from(result.to_string()));
    }
    if let Some(image) = result["image"].as_str() {
        return Ok(ours::images(context, &[json!({ "b64_json": image })]));
    }
    if let Some(vectors) = result["data"].as_array() {
        let none = json!({ "prompt_tokens": 0, "total_tokens": 0 });
        let usage = if result["usage"].is_object() { &result["usage"] } else { &none };
        let vectors = vectors.iter().map(|vector| Vector::of(vector.to_string())).collect();
        return Embedded { vectors, model: None, usage: Some(usage.to_string()) }.to_bytes(context);
    }
    if result.get("response").is_none() && result["tool_calls"].as_array().is_none() {
        return Err("a result without a response".to_owned());
    }
    let calls = ours::tool_calls(&result["tool_calls"], context.id, 0);
    let mut message = json!({ "role": "assistant", "content": text(&result["response"]) });
    let reason = if calls.is_empty() { "stop" } else { "tool_calls" };
    if !calls.is_empty() {
        message["tool_calls"] = Value::Array(calls);
    }
    Ok(ours::completion(context, &message, reason, Some(result["usage"].clone())))
}

/// With a schema, the response is an object and no text.
fn text(response: &Value) -> Value {
    match response {
        Value::String(_) | Value::Null => response.clone(),
        other => Value::from(other.to_string()),
    }
}

/// Reads `data: {"response": "…"}`. The last event has usage, if any has.
struct Native(Chunks);

impl Translator for Native {
    fn event(&mut self, event: WireEvent<'_>, chunks: &mut Vec<Bytes>) -> std::result::Result<(), Fault> {
        if event.data.trim_ascii() == b"[DONE]" {
            self.0.finish("stop", None, chunks);
            return Ok(());
        }
        let Ok(parsed) = serde_json::from_slice::<Value>(event.data) else {
            return Err(Fault::Garbled("an event is no JSON".to_owned()));
        };
        if parsed["errors"].as_array().is_some_and(|errors| !errors.is_empty())
            || parsed.get("error").is_some()
        {
            return Err(reported::in_stream(event.data));
        }
        if let Some(piece) = parsed["response"].as_str().filter(|piece| !piece.is_empty()) {
            self.0.delta(&json!({ "content": piece }), chunks);
        }
        self.0.calls(&parsed["tool_calls"], chunks);
        if parsed["usage"].is_object() {
            self.0.finish("stop", Some(parsed["usage"].clone()), chunks);
        }
        Ok(())
    }

    fn end(&mut self, _chunks: &mut Vec<Bytes>) {}
}
