//! Answers and chunks in our shape, made from the parts that a dialect has read. It knows no provider.
//! A stream's chunks come in one order: the role once, deltas, one finish chunk, usage where it was asked for.

use base64_simd::STANDARD;
use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::dialect::Context;

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
    let choice = json!({ "index": 0, "message": message, "logprobs": null, "finish_reason": finish_reason });
    let answer = head(
        &format!("chatcmpl-{}", context.id),
        "chat.completion",
        context.created,
        asked(context, "model"),
    );
    finished(answer, &choice, usage)
}

/// A whole text completion of one choice.
pub fn text_completion(context: &Context<'_>, model: Value, text: &str, usage: Option<Value>) -> Bytes {
    let choice = json!({ "index": 0, "text": text, "logprobs": null, "finish_reason": "stop" });
    let answer = head(&format!("cmpl-{}", context.id), "text_completion", context.created, model);
    finished(answer, &choice, usage)
}

fn head(id: &str, object: &str, created: u64, model: Value) -> Map<String, Value> {
    let mut answer = Map::new();
    answer.insert("id".to_owned(), json!(id));
    answer.insert("object".to_owned(), json!(object));
    answer.insert("created".to_owned(), json!(created));
    answer.insert("model".to_owned(), model);
    answer
}

fn finished(mut answer: Map<String, Value>, choice: &Value, usage: Option<Value>) -> Bytes {
    answer.insert("choices".to_owned(), json!([choice]));
    if let Some(usage) = usage.filter(|usage| !usage.is_null()) {
        answer.insert("usage".to_owned(), usage);
    }
    Bytes::from(Value::Object(answer).to_string())
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
    id: String,
    /// What identifiers of tool calls are made of.
    key: String,
    /// Tool calls so far.
    calls: usize,
    object: &'static str,
    created: u64,
    model: Value,
    wants_usage: bool,
    began: bool,
    /// The finish chunk is out.
    finished: bool,
}

impl Chunks {
    /// Of a chat completion, or of a text completion.
    pub fn new(context: &Context<'_>, chat: bool) -> Self {
        let (prefix, object) =
            if chat { ("chatcmpl", "chat.completion.chunk") } else { ("cmpl", "text_completion") };
        Self {
            id: format!("{prefix}-{}", context.id),
            key: context.id.to_owned(),
            calls: 0,
            object,
            created: context.created,
            model: asked(context, "model"),
            wants_usage: asked(context, "stream_options")["include_usage"] == true,
            began: false,
            finished: false,
        }
    }

    /// A piece of the message; the first is preceded by its role.
    pub fn delta(&mut self, delta: &Value, out: &mut Vec<Bytes>) {
        self.begin(out);
        out.push(self.chunk(&json!([{ "index": 0, "delta": delta, "finish_reason": null }]), None));
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
        out.push(
            self.chunk(&json!([{ "index": 0, "text": text, "logprobs": null, "finish_reason": null }]), None),
        );
    }

    /// The end, once: why, and what it took where the caller asked for that. With tool calls, they are the reason.
    pub fn finish(&mut self, reason: &str, usage: Option<Value>, out: &mut Vec<Bytes>) {
        if self.finished {
            return;
        }
        self.finished = true;
        let reason = if self.calls > 0 { "tool_calls" } else { reason };
        let choice = if self.object == "text_completion" {
            json!([{ "index": 0, "text": "", "logprobs": null, "finish_reason": reason }])
        } else {
            self.begin(out);
            json!([{ "index": 0, "delta": {}, "finish_reason": reason }])
        };
        out.push(self.chunk(&choice, None));
        if let Some(usage) = usage {
            self.usage(usage, out);
        }
    }

    /// What it took, where the caller asked for that.
    pub fn usage(&mut self, usage: Value, out: &mut Vec<Bytes>) {
        if self.wants_usage && !usage.is_null() {
            self.wants_usage = false;
            out.push(self.chunk(&json!([]), Some(usage)));
        }
    }

    fn begin(&mut self, out: &mut Vec<Bytes>) {
        if !self.began {
            self.began = true;
            let role = json!({ "role": "assistant", "content": "" });
            out.push(self.chunk(&json!([{ "index": 0, "delta": role, "finish_reason": null }]), None));
        }
    }

    fn chunk(&self, choices: &Value, usage: Option<Value>) -> Bytes {
        let mut chunk = head(&self.id, self.object, self.created, self.model.clone());
        chunk.insert("choices".to_owned(), choices.clone());
        if let Some(usage) = usage {
            chunk.insert("usage".to_owned(), usage);
        }
        Bytes::from(Value::Object(chunk).to_string())
    }
}
