//! Triton's generate extension: one text in, one text out, for the model that the path names. It counts no tokens, and
//! its streams have no last event: the end of the body is theirs.

use ::http::HeaderMap;
use bytes::Bytes;
use serde_json::{Value, json};

use super::dialect::{Asked, Context, Dialect, Fault, Made, Translator, WireEvent};
use super::ours::{self, Chunks};
use super::params::Rule;
use super::{CUSTOM_HOST, path, reported};
use crate::error::{Error, Result};

pub struct Triton;
pub static DIALECT: Triton = Triton;

const NEEDED: &str = "TensorRT-LLM's ensembles need a value";

pub const RULES: &[Rule] = &[
    Rule::SetDefault { name: "max_tokens", value: "100", why: NEEDED },
    Rule::SetDefault { name: "temperature", value: "0.7", why: NEEDED },
    Rule::SetDefault { name: "top_p", value: "0.7", why: NEEDED },
    Rule::SetDefault { name: "top_k", value: "50", why: NEEDED },
];

impl Dialect for Triton {
    fn request(&self, asked: &Asked<'_>) -> Result<Made> {
        let body: Value = serde_json::from_slice(asked.body).unwrap_or_default();
        let Value::Object(mut fields) = body else {
            return Err(Error::problem("body", "expected a JSON object"));
        };
        let Some(Value::String(prompt)) = fields.shift_remove("prompt") else {
            return Err(Error::problem("body.prompt", "expected one text: Triton takes no lists"));
        };
        fields.insert("text_input".to_owned(), json!(prompt));
        if let Some(stop) = fields.shift_remove("stop").filter(|stop| !stop.is_null()) {
            fields.insert("stop_words".to_owned(), if stop.is_array() { stop } else { json!([stop]) });
        }
        let mut changes = Vec::new();
        if fields.shift_remove("stream_options").is_some() {
            changes.push("stream_options was left out: Triton counts no tokens".to_owned());
        }
        fields.shift_remove("stream");
        let model = fields.shift_remove("model").unwrap_or_default();
        let named = asked.settings.get(CUSTOM_HOST).is_some_and(|host| host.contains("/models/"));
        let below = if named {
            String::new()
        } else {
            format!("/v2/models/{}", path::segment(model.as_str().unwrap_or(""), "body.model")?)
        };
        let call = if asked.stream { "generate_stream" } else { "generate" };
        Ok(Made {
            path: format!("{below}/{call}"),
            body: Bytes::from(Value::Object(fields).to_string()),
            changes,
            ..Made::default()
        })
    }

    fn answer(&self, context: &Context<'_>, reply: &[u8]) -> std::result::Result<Bytes, String> {
        let parsed: Value = serde_json::from_slice(reply).map_err(|_| "a body that is no JSON".to_owned())?;
        let text = parsed["text_output"].as_str().ok_or("an answer without text_output")?;
        Ok(ours::text_completion(context, &parsed["model_name"], text, None))
    }

    fn translator(&self, context: &Context<'_>) -> Box<dyn Translator> {
        Box::new(Generated { chunks: Chunks::new(context, false), began: false })
    }

    fn error(&self, _status: u16, headers: &HeaderMap, reply: &[u8]) -> Option<Bytes> {
        reported::in_our_shape(headers, reply)
    }
}

struct Generated {
    chunks: Chunks,
    began: bool,
}

impl Translator for Generated {
    fn event(&mut self, event: WireEvent<'_>, chunks: &mut Vec<Bytes>) -> std::result::Result<(), Fault> {
        let parsed: Value = serde_json::from_slice(event.data)
            .map_err(|_| Fault::Garbled("an event is no JSON".to_owned()))?;
        if parsed.get("error").is_some() {
            return Err(reported::in_stream(event.data));
        }
        if let Some(text) = parsed["text_output"].as_str() {
            self.began = true;
            self.chunks.text(text, chunks);
        }
        Ok(())
    }

    fn end(&mut self, chunks: &mut Vec<Bytes>) {
        if self.began {
            self.chunks.finish("stop", None, chunks);
        }
    }
}
