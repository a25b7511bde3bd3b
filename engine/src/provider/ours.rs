//! Answers and chunks in our shape, made from the parts that a dialect has read. It knows no provider.
//! A stream's chunks come in one order: the role once, deltas, one finish chunk, usage where it was asked for.

use base64_simd::STANDARD;
use bytes::Bytes;
use serde_json::{Value, json};

use super::dialect::Context;
use super::head::{self, Head};
use super::json::Json;

/// A field of the body that the call was made with.
pub fn asked(context: &Context<'_>, name: &str) -> Value {
    let body: Value = serde_json::from_slice(context.asked).unwrap_or_default();
    body[name].clone()
}

/// A whole chat completion of one choice.
pub fn completion(
    context: &Context<'_>,
    message: &Value,
    finish_reason: &str,
    usage: Option<Value>,
) -> Bytes {
    let choice = |out: &mut Json| {
        out.field("message", &message.to_string()).field("logprobs", "null");
        out.text("finish_reason", finish_reason);
    };
    head(context, "chatcmpl", head::CHAT, &asked(context, "model")).one(choice, |out| told(out, usage))
}

/// A whole text completion of one choice.
pub fn text_completion(context: &Context<'_>, model: &Value, text: &str, usage: Option<Value>) -> Bytes {
    let choice = |out: &mut Json| {
        out.text("text", text).field("logprobs", "null").text("finish_reason", "stop");
    };
    head(context, "cmpl", head::TEXT, model).one(choice, |out| told(out, usage))
}

fn head(context: &Context<'_>, prefix: &str, object: &'static str, model: &Value) -> Head<'static> {
    let id = format!("\"{prefix}-{}\"", context.id);
    Head { id: id.into(), object, created: context.created, model: model.to_string().into() }
}

/// Writes what it took, where that is known.
fn told(out: &mut Json, usage: Option<Value>) {
    if let Some(usage) = usage.filter(|usage| !usage.is_null()) {
        out.field("usage", &usage.to_string());
    }
}

/// Images: each a `b64_json` or a `url`, with what else the provider tells of it.
pub fn images(context: &Context<'_>, images: &[Value]) -> Bytes {
    Bytes::from(json!({ "created": context.created, "data": images }).to_string())
}

/// An image that came as its bytes.
pub fn image_bytes(bytes: &[u8]) -> Value {
    json!({ "b64_json": STANDARD.encode_to_string(bytes) })
}

/// Tool calls of hosts that leave out identifiers, or give arguments as objects. An identifier is made of `id` and the
/// call's place, `from` being how many came before.
pub fn tool_calls(calls: &Value, id: &str, from: usize) -> Vec<Value> {
    let call = |(at, call): (usize, &Value)| {
        let given = call.get("function").unwrap_or(call);
        let arguments = &given["arguments"];
        let arguments = arguments.as_str().map_or_else(|| arguments.to_string(), str::to_owned);
        let id = call["id"].as_str().map_or_else(|| format!("call_{id}_{}", from + at), str::to_owned);
        json!({ "id": id, "type": "function", "function": { "name": given["name"], "arguments": arguments } })
    };
    calls.as_array().into_iter().flatten().enumerate().map(call).collect()
}

/// The usual counts.
pub fn usage(prompt: &Value, completion: &Value) -> Option<Value> {
    let (prompt, completion) = (prompt.as_u64()?, completion.as_u64()?);
    Some(
        json!({ "prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion }),
    )
}

/// One stream's chunks.
pub struct Chunks {
    head: Head<'static>,
    /// What identifiers of tool calls are made of.
    key: String,
    /// Tool calls so far.
    calls: usize,
    wants_usage: bool,
    began: bool,
    /// The finish chunk is out.
    finished: bool,
}

impl Chunks {
    /// Of a chat completion, or of a text completion.
    pub fn new(context: &Context<'_>, chat: bool) -> Self {
        let (prefix, object) = if chat { ("chatcmpl", head::CHUNK) } else { ("cmpl", head::TEXT) };
        Self {
            head: head(context, prefix, object, &asked(context, "model")),
            key: context.id.to_owned(),
            calls: 0,
            wants_usage: asked(context, "stream_options")["include_usage"] == true,
            began: false,
            finished: false,
        }
    }

    /// A piece of the message; the first is preceded by its role.
    pub fn delta(&mut self, delta: &Value, out: &mut Vec<Bytes>) {
        self.begin(out);
        out.push(self.piece(&delta.to_string(), None));
    }

    /// Whole tool calls.
    pub fn calls(&mut self, calls: &Value, out: &mut Vec<Bytes>) {
        let mut calls = tool_calls(calls, &self.key, self.calls);
        for call in &mut calls {
            call["index"] = json!(self.calls);
            self.calls += 1;
        }
        if !calls.is_empty() {
            self.delta(&json!({ "tool_calls": calls }), out);
        }
    }

    /// A piece of a text completion.
    pub fn text(&mut self, text: &str, out: &mut Vec<Bytes>) {
        out.push(self.written(text, None));
    }

    /// The end, once: why, and what it took where the caller asked for that. With tool calls, they are the reason.
    pub fn finish(&mut self, reason: &str, usage: Option<Value>, out: &mut Vec<Bytes>) {
        if self.finished {
            return;
        }
        self.finished = true;
        let reason = if self.calls > 0 { "tool_calls" } else { reason };
        if self.head.object == head::TEXT {
            out.push(self.written("", Some(reason)));
        } else {
            self.begin(out);
            out.push(self.piece("{}", Some(reason)));
        }
        if let Some(usage) = usage {
            self.usage(usage, out);
        }
    }

    /// What it took, where the caller asked for that.
    pub fn usage(&mut self, usage: Value, out: &mut Vec<Bytes>) {
        if self.wants_usage && !usage.is_null() {
            self.wants_usage = false;
            out.push(self.head.write(|_| {}, |json| told(json, Some(usage))));
        }
    }

    fn begin(&mut self, out: &mut Vec<Bytes>) {
        if !self.began {
            self.began = true;
            out.push(self.piece(r#"{"role":"assistant","content":""}"#, None));
        }
    }

    /// A chunk of a chat; `delta` is JSON.
    fn piece(&self, delta: &str, reason: Option<&str>) -> Bytes {
        self.head.one(|json| ended(json.field("delta", delta), reason), |_| {})
    }

    /// A chunk of a text completion.
    fn written(&self, text: &str, reason: Option<&str>) -> Bytes {
        self.head.one(|json| ended(json.text("text", text).field("logprobs", "null"), reason), |_| {})
    }
}

/// Writes the finish reason, which is `null` before the end.
fn ended(json: &mut Json, reason: Option<&str>) {
    match reason {
        Some(reason) => json.text("finish_reason", reason),
        None => json.field("finish_reason", "null"),
    };
}
