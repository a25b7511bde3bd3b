//! Replicate: a chat, or a picture, becomes a prediction of an official model, waited for. Its models take one prompt, and
//! streams come from a second URL, which is not followed here.

use ::http::HeaderMap;
use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::dialect::{Asked, Context, Dialect, Made, Translator};
use super::fields::tell_unread;
use super::images::{self, Images};
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
        let model = model(&mut fields)?;
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
        Ok(prediction(&model, &input, changes))
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

/// The model, as the path has it.
fn model(fields: &mut Map<String, Value>) -> Result<String> {
    let model = fields.shift_remove("model").unwrap_or_default();
    let model = path::segments(model.as_str().unwrap_or(""), "body.model")?;
    if model.split('/').count() != 2 {
        return Err(Error::problem("body.model", "expected owner/name"));
    }
    Ok(model)
}

/// The request for a prediction that is waited for, for a minute at the most.
fn prediction(model: &str, input: &Map<String, Value>, changes: Vec<String>) -> Made {
    Made {
        path: format!("/models/{model}/predictions"),
        headers: vec![("prefer", "wait".to_owned())],
        body: Bytes::from(json!({ "input": input }).to_string()),
        changes,
        ..Made::default()
    }
}

/// Each model has inputs of its own; ratios and counts are called the same by most.
pub static IMAGES: Images = Images {
    request: |_, mut fields| {
        let mut changes = Vec::new();
        let model = model(&mut fields)?;
        if !model.starts_with("recraft-ai/") {
            images::size_as_ratio(&mut fields, "aspect_ratio", images::stability::RATIOS, &mut changes)?;
        }
        if fields.get("n").is_some_and(|count| *count != 1 && !count.is_null()) {
            changes.push("n was sent as num_outputs".to_owned());
            images::rename(&mut fields, "n", "num_outputs");
        }
        fields.shift_remove("n");
        if fields.get("response_format").is_some_and(|format| format == "url") {
            fields.shift_remove("response_format");
        }
        let why = "Replicate answers with URLs";
        images::without(&["response_format"], why, &mut fields, &mut changes);
        images::without(&["user"], "Replicate's models have no such input", &mut fields, &mut changes);
        Ok(prediction(&model, &fields, changes))
    },
    read: |prediction| match &prediction["output"] {
        Value::String(place) => Ok(vec![picture(place)]),
        list @ Value::Array(_) => images::found(list, |item| item.as_str().map(picture)),
        _ if prediction["status"] == "failed" => Err("a prediction that failed"),
        _ => Err("a prediction that is not done"),
    },
    error: reported::in_our_shape,
};

/// A picture at its URL, or in it.
fn picture(place: &str) -> Value {
    let within = place.strip_prefix("data:").and_then(|data| data.split_once(";base64,"));
    within.map_or_else(|| json!({ "url": place }), |(_, base64)| json!({ "b64_json": base64 }))
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
