//! Bytez. Plain whole chats go to its own API, which takes sampling as `params`; streams, tools and formats, which that
//! has not, go to its OpenAI route.

use ::http::HeaderMap;
use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::dialect::{Asked, Context, Dialect, Made, Translator};
use super::passing::{PASSING, Passing};
use super::{ours, path, reported};
use crate::error::{Error, Result};

pub struct Bytez;
pub static DIALECT: Bytez = Bytez;

static LIKE_OPENAI: Passing = Passing { version: "/models/v2/openai/v1", ..PASSING };

/// What the API of its own cannot say.
const RICHER: &[&str] = &["tools", "functions", "response_format", "n", "logprobs"];

impl Dialect for Bytez {
    fn request(&self, asked: &Asked<'_>) -> Result<Made> {
        let body: Value = serde_json::from_slice(asked.body).unwrap_or_default();
        let Value::Object(fields) = body else {
            return Err(Error::problem("body", "expected a JSON object"));
        };
        let richer = RICHER.iter().any(|name| fields.contains_key(*name));
        if asked.endpoint.call != "chat.completions.create" || asked.stream || richer {
            return LIKE_OPENAI.request(asked);
        }
        let mut own = Map::new();
        let mut params = Map::new();
        let mut changes = Vec::new();
        let mut model = String::new();
        for (name, value) in fields {
            match name.as_str() {
                "model" => model = path::segments(value.as_str().unwrap_or(""), "body.model")?,
                "messages" => _ = own.insert(name, value),
                "stream" => {}
                "max_tokens" => _ = params.insert("max_new_tokens".to_owned(), value),
                "temperature" | "top_p" => _ = params.insert(name, value),
                _ => {
                    changes.push(format!("{name} was sent as params.{name}"));
                    params.insert(name, value);
                }
            }
        }
        if model.is_empty() {
            return Err(Error::problem("body.model", "expected a model's name"));
        }
        if !params.is_empty() {
            own.insert("params".to_owned(), Value::Object(params));
        }
        let body = Bytes::from(Value::Object(own).to_string());
        Ok(Made { path: format!("/models/v2/{model}"), body, changes, ..Made::default() })
    }

    fn answer(&self, context: &Context<'_>, reply: &[u8]) -> std::result::Result<Bytes, String> {
        let parsed: Value = serde_json::from_slice(reply).map_err(|_| "a body that is no JSON".to_owned())?;
        if parsed["choices"].is_array() {
            return LIKE_OPENAI.answer(context, reply);
        }
        let message = match &parsed["output"] {
            Value::String(text) => json!({ "role": "assistant", "content": text }),
            output if output.is_object() => output.clone(),
            _ => return Err("an answer without an output".to_owned()),
        };
        Ok(ours::completion(context, &message, "stop", None))
    }

    fn translator(&self, context: &Context<'_>) -> Box<dyn Translator> {
        LIKE_OPENAI.translator(context)
    }

    fn error(&self, _status: u16, headers: &HeaderMap, reply: &[u8]) -> Option<Bytes> {
        reported::in_our_shape(headers, reply)
    }
}
