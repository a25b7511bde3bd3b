//! A whole answer of Cohere in our shape.
//! What it plans to do with tools is its content, as other models say it beside their calls; what it thinks is reasoning.

use std::borrow::Cow;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::provider::completion::{Completion, Function, Message, Raw, ToolCall, Usage, inside, quoted};
use crate::provider::dialect::Context;
use crate::provider::fields::{json, made};

#[derive(Deserialize)]
struct Reply<'a> {
    #[serde(default)]
    id: Option<String>,
    #[serde(borrow)]
    message: Said<'a>,
    #[serde(borrow, default)]
    finish_reason: Option<Cow<'a, str>>,
    #[serde(default)]
    usage: Option<Billed>,
    #[serde(default)]
    logprobs: Option<Vec<Probable>>,
}

#[derive(Deserialize)]
struct Said<'a> {
    #[serde(borrow, default)]
    content: Option<Vec<Part<'a>>>,
    #[serde(borrow, default)]
    tool_plan: Option<&'a RawValue>,
    #[serde(borrow, default)]
    tool_calls: Option<Vec<Called<'a>>>,
    #[serde(borrow, default)]
    citations: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Part<'a> {
    #[serde(borrow, default)]
    text: Option<&'a RawValue>,
    #[serde(borrow, default)]
    thinking: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Called<'a> {
    #[serde(borrow)]
    id: &'a RawValue,
    #[serde(borrow)]
    function: CalledFunction<'a>,
}

#[derive(Deserialize)]
struct CalledFunction<'a> {
    #[serde(borrow)]
    name: &'a RawValue,
    #[serde(borrow, default)]
    arguments: Option<&'a RawValue>,
}

/// Of a reply and of a stream's end.
#[derive(Clone, Copy, Deserialize)]
pub struct Billed {
    #[serde(default)]
    tokens: Option<Tokens>,
    #[serde(default)]
    billed_units: Option<Tokens>,
    #[serde(default)]
    cached_tokens: Option<f64>,
}

#[derive(Clone, Copy, Deserialize)]
struct Tokens {
    #[serde(default)]
    input_tokens: Option<f64>,
    #[serde(default)]
    output_tokens: Option<f64>,
}

/// One or more tokens of the answer.
#[derive(Deserialize)]
pub struct Probable {
    #[serde(default)]
    text: String,
    #[serde(default)]
    logprobs: Vec<f64>,
}

impl Billed {
    pub fn usage(self) -> Option<Usage> {
        let tokens = self.tokens.or(self.billed_units)?;
        Some(Usage {
            prompt: tokens.input_tokens.unwrap_or(0.0) as u64,
            completion: tokens.output_tokens.unwrap_or(0.0) as u64,
            total: None,
            cached: self.cached_tokens.map(|cached| cached as u64),
            ..Usage::default()
        })
    }
}

pub fn read(context: &Context<'_>, reply: &[u8]) -> Result<Bytes, String> {
    let reply: Reply<'_> =
        serde_json::from_slice(reply).map_err(|_| "a body that is no answer of Cohere".to_owned())?;
    let native = reply.finish_reason.as_deref().unwrap_or("COMPLETE");
    let Some(reason) = finish_reason(native, context.strict) else {
        return Err(format!("an answer that ended in {native}"));
    };
    let completion = Completion {
        id: reply.id.unwrap_or_else(|| format!("chatcmpl-{}", context.id)),
        message: message(&reply.message),
        finish_reason: &reason,
        logprobs: reply.logprobs.map(|tokens| Cow::Owned(logprobs(&tokens))),
        usage: reply.usage.and_then(Billed::usage),
        choice: Vec::new(),
        extras: Vec::new(),
    };
    Ok(completion.to_bytes(context))
}

/// The finish reason; `None` for an error. Without strict compliance it is Cohere's own.
pub fn finish_reason(native: &str, strict: bool) -> Option<String> {
    let reason = match native {
        "ERROR" | "TIMEOUT" => return None,
        native if !strict => native,
        "MAX_TOKENS" => "length",
        "TOOL_CALL" => "tool_calls",
        "ERROR_TOXIC" => "content_filter",
        _ => "stop",
    };
    Some(reason.to_owned())
}

fn message<'a>(said: &Said<'a>) -> Message<'a> {
    let mut message = Message::default();
    message.text.extend(said.tool_plan.map(inside));
    let mut blocks = Vec::new();
    for part in said.content.iter().flatten() {
        if let Some(text) = part.text {
            message.text.push_str(inside(text));
            blocks.push(format!(r#"{{"type":"text","text":{}}}"#, text.get()));
        }
        if let Some(thinking) = part.thinking {
            message.reasoning.push_str(inside(thinking));
            blocks.push(format!(r#"{{"type":"thinking","thinking":{}}}"#, thinking.get()));
        }
    }
    if !message.reasoning.is_empty() {
        let blocks: Raw<'_> = Cow::Owned(made(format!("[{}]", blocks.join(","))));
        message.extras.push(("content_blocks", blocks));
    }
    message.extras.extend(said.citations.map(|raw| ("citations", Cow::Borrowed(raw))));
    message.tool_calls = said.tool_calls.iter().flatten().map(tool_call).collect();
    message
}

fn tool_call<'a>(called: &Called<'a>) -> ToolCall<'a> {
    let arguments = called.function.arguments.filter(|text| text.get() != "\"\"");
    let none = || Cow::Owned(made("\"{}\"".to_owned()));
    ToolCall {
        id: Cow::Borrowed(called.id),
        r#type: "function",
        function: Function {
            name: Cow::Borrowed(called.function.name),
            arguments: arguments.map_or_else(none, Cow::Borrowed),
        },
    }
}

/// Tokens that come together have the probability of all of them.
pub fn logprobs(tokens: &[Probable]) -> Box<RawValue> {
    let told: Vec<String> = tokens
        .iter()
        .map(|token| {
            let bytes = json(token.text.as_bytes());
            let logprob: f64 = token.logprobs.iter().sum();
            let text = quoted(&token.text);
            format!(r#"{{"token":{text},"logprob":{logprob},"bytes":{},"top_logprobs":[]}}"#, bytes.get())
        })
        .collect();
    made(format!(r#"{{"content":[{}],"refusal":null}}"#, told.join(",")))
}
