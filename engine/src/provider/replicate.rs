//! Replicate: a chat becomes a prediction of an official model, waited for. Its models take one prompt, and streams come
//! from a second URL, which is not followed here.

use ::http::HeaderMap;
use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::dialect::{Asked, Context, Dialect, Made, Translator};
use super::fields::tell_unread;
use super::unstreamed::Unstreamed;
use super::{ours, path, reported};
use crate::error::{Error, Result};

pub struct Replicate;
pub static DIALECT: Replicate = Replicate;

/// What a text model on Replicate has no input for.
const NO_INPUT: &[&str] =
    &["tools", "tool_choice", "response_format", "stream_options", "user", "n", "logprobs", "top_logprobs"];

const NO_PLACE: &str = "Replicate's models take one prompt";

impl Dialect for Replicate {
    fn request(&self, asked: &Asked<'_>) -> Result<Made> {
        if asked.stream {
            return Err(Error::problem("body.stream", "is not supported by provider replicate"));
        }
        let body: Value = serde_json::from_slice(asked.body).unwrap_or_default();
        let Value::Object(mut fields) = body else {
            return Err(Error::problem("body", "expected a JSON object"));
        };
        let model = fields.shift_remove("model").unwrap_or_default();
        let model = path::segments(model.as_str().unwrap_or(""), "body.model")?;
        if model.split('/').count() != 2 {
            return Err(Error::problem("body.model", "expected owner/name"));
        }
        let mut changes = Vec::new();
        let mut input = Map::new();
        prompt(&fields.shift_remove("messages").unwrap_or_default(), &mut input, &mut changes);
        for (name, value) in fields {
            if NO_INPUT.contains(&name.as_str()) {
                changes.push(format!("{name} was dropped: Replicate's models have no such input"));
            } else if name == "stop" {
                let stop = value.as_array().map_or_else(|| value.clone(), |list| json!(joined(list)));
                input.insert("stop_sequences".to_owned(), stop);
            } else if name != "stream" {
                input.insert(name, value);
            }
        }
        Ok(Made {
            path: format!("/models/{model}/predictions"),
            headers: vec![("prefer", "wait".to_owned())],
            body: Bytes::from(json!({ "input": input }).to_string()),
            changes,
            ..Made::default()
        })
    }

    fn answer(&self, context: &Context<'_>, reply: &[u8]) -> std::result::Result<Bytes, String> {
        let parsed: Value = serde_json::from_slice(reply).map_err(|_| "a body that is no JSON".to_owned())?;
        let text = match &parsed["output"] {
            Value::String(text) => text.clone(),
            Value::Array(pieces) => pieces.iter().filter_map(Value::as_str).collect(),
            _ if parsed["status"] == "failed" => return Err("a prediction that failed".to_owned()),
            _ => return Err("a prediction that is not done".to_owned()),
        };
        let metrics = &parsed["metrics"];
        let usage = ours::usage(&metrics["input_token_count"], &metrics["output_token_count"]);
        let message = json!({ "role": "assistant", "content": text });
        Ok(ours::completion(context, &message, "stop", usage))
    }

    fn translator(&self, _context: &Context<'_>) -> Box<dyn Translator> {
        Box::new(Unstreamed)
    }

    fn error(&self, _status: u16, headers: &HeaderMap, reply: &[u8]) -> Option<Bytes> {
        reported::in_our_shape(headers, reply)
    }
}

fn joined(list: &[Value]) -> String {
    list.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(",")
}

/// One prompt of all messages but the system's.
fn prompt(messages: &Value, input: &mut Map<String, Value>, changes: &mut Vec<String>) {
    let mut system = Vec::new();
    let mut turns: Vec<(String, String)> = Vec::new();
    for (at, message) in messages.as_array().into_iter().flatten().enumerate() {
        let content = &message["content"];
        let parts = content.as_array().map_or_else(|| vec![content.clone()], Clone::clone);
        let texts: Vec<&str> =
            parts.iter().filter_map(|part| part.as_str().or(part["text"].as_str())).collect();
        tell_unread(message, &format!("messages[{at}]"), &["role", "content"], NO_PLACE, changes);
        for (place, part) in parts.iter().enumerate().filter(|(_, part)| !part.is_null()) {
            let path = format!("messages[{at}].content[{place}]");
            if part.is_string() || part["text"].is_string() {
                tell_unread(part, &path, &["type", "text"], NO_PLACE, changes);
            } else {
                changes.push(format!("{path} was dropped: {NO_PLACE}"));
            }
        }
        let text = texts.join("\n");
        match message["role"].as_str().unwrap_or("user") {
            "system" | "developer" => system.push(text),
            role => turns.push((role.to_owned(), text)),
        }
    }
    if !system.is_empty() {
        input.insert("system_prompt".to_owned(), json!(system.join("\n")));
    }
    let prompt = match turns.as_slice() {
        [(_, text)] => text.clone(),
        turns => {
            changes
                .push("messages were written into one prompt: Replicate's models take no turns".to_owned());
            turns.iter().map(|(role, text)| format!("{role}: {text}")).collect::<Vec<_>>().join("\n\n")
        }
    };
    input.insert("prompt".to_owned(), json!(prompt));
}
