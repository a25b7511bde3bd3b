//! The dialect of `openrouter`: OpenAI's shape, reasoning asked for as an object, and usage counted on request. Its two headers name the
//! app that calls; forwarded headers of the same names take their place.

use serde_json::{Map, Value, json};

use super::anthropic::served::Served;
use super::dialect::{Asked, Made};
use super::passing::{Manner, Mend, PASSING, Passing, choices};
use crate::body::Body;
use crate::error::{Error, Result};

const APP: &[(&str, &str)] = &[("http-referer", "https://portkey.ai/"), ("x-title", "portkey")];

/// Anthropic's Messages, for any of its models.
pub static MESSAGES: Served = Served { version: "/v1", headers: APP };

pub static DIALECT: Passing = Passing {
    version: "/v1",
    headers: APP,
    prepare: Some(prepare),
    mend: Some(Mend { needles: &["\"reasoning\"", "\"delta\""], run: blocks }),
    ..PASSING
};

fn prepare(asked: &Asked<'_>, made: &mut Made) -> Result<()> {
    if asked.endpoint.call != "chat.completions.create" {
        return Ok(());
    }
    let mut body = Body::parse(asked.body).map_err(|_| Error::problem("body", "expected a JSON object"))?;
    let object = |body: &Body<'_>, name: &str| -> Option<Map<String, Value>> {
        serde_json::from_str(body.get(name)?).ok()
    };
    if let Some(effort) = body.get("reasoning_effort").map(str::to_owned) {
        let mut reasoning = object(&body, "reasoning").unwrap_or_default();
        reasoning.insert("effort".to_owned(), serde_json::from_str(&effort).unwrap_or_default());
        body.remove("reasoning_effort");
        body.set("reasoning", Value::Object(reasoning).to_string());
        made.changes.push("reasoning_effort was sent as reasoning.effort".to_owned());
    }
    let usage = object(&body, "stream_options").and_then(|options| options.get("include_usage").cloned());
    if let Some(include) = usage.filter(|_| body.get("usage").is_none()) {
        body.remove("stream_options");
        body.set("usage", json!({ "include": include }).to_string());
        made.changes.push("stream_options.include_usage was sent as usage.include".to_owned());
    }
    if !made.changes.is_empty() {
        made.body = body.to_bytes();
    }
    Ok(())
}

/// Where strict compliance is off, reasoning and text are blocks too, as Portkey hands them out.
fn blocks(body: &mut Body<'_>, manner: Manner) -> bool {
    if manner.strict {
        return false;
    }
    choices(body, |choice| {
        let message = &mut choice[if manner.chunk { "delta" } else { "message" }];
        let said = |name: &str| message[name].as_str().filter(|text| !text.is_empty()).map(str::to_owned);
        let (reasoning, text) = (said("reasoning"), said("content"));
        let details = message.get("reasoning_details").cloned();
        let blocks: Vec<Value> = if manner.chunk {
            let thinking = reasoning.map(|text| json!({ "index": 0, "delta": { "thinking": text } }));
            let text = text.map(|text| json!({ "index": 1, "delta": { "text": text } }));
            thinking.into_iter().chain(text).collect()
        } else {
            let Some(reasoning) = reasoning else { return false };
            let mut thinking = json!({ "type": "thinking", "thinking": reasoning });
            if let Some(details) = details {
                thinking["reasoning_details"] = details;
            }
            let text = text.map(|text| json!({ "type": "text", "text": text }));
            std::iter::once(thinking).chain(text).collect()
        };
        if blocks.is_empty() {
            return false;
        }
        message["content_blocks"] = Value::Array(blocks);
        true
    })
}
