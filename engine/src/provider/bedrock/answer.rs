//! A whole answer of Converse in our shape.
//! Texts are joined without anything between them; what a tool is called with stays as it was spelled.

use std::borrow::Cow;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;

use crate::provider::completion::{
    Completion, Extras, Function, Message, Raw, ToolCall, Usage, inside, quoted,
};
use crate::provider::dialect::Context;
use crate::provider::fields::{json, made};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Reply<'a> {
    #[serde(borrow)]
    output: Output<'a>,
    #[serde(borrow, default)]
    stop_reason: Option<Cow<'a, str>>,
    #[serde(default)]
    usage: Option<TokenUsage>,
    #[serde(default)]
    service_tier: Option<ServiceTier>,
    #[serde(borrow, default)]
    additional_model_response_fields: Option<&'a RawValue>,
    #[serde(borrow, default)]
    trace: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Output<'a> {
    #[serde(borrow)]
    message: Said<'a>,
}

#[derive(Deserialize)]
struct Said<'a> {
    #[serde(borrow, default)]
    content: Vec<Block<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Block<'a> {
    #[serde(borrow, default)]
    text: Option<&'a RawValue>,
    #[serde(borrow, default)]
    tool_use: Option<ToolUse<'a>>,
    #[serde(borrow, default)]
    reasoning_content: Option<Reasoning<'a>>,
    #[serde(borrow, default)]
    citations_content: Option<Cited<'a>>,
    #[serde(borrow, default)]
    image: Option<Image<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ToolUse<'a> {
    #[serde(borrow)]
    tool_use_id: &'a RawValue,
    #[serde(borrow)]
    name: &'a RawValue,
    #[serde(borrow, default)]
    input: Option<&'a RawValue>,
    /// `server_tool_use`: called by the provider itself.
    #[serde(default)]
    r#type: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Reasoning<'a> {
    #[serde(borrow, default)]
    reasoning_text: Option<ReasoningText<'a>>,
    #[serde(borrow, default)]
    redacted_content: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct ReasoningText<'a> {
    #[serde(borrow)]
    text: &'a RawValue,
    #[serde(borrow, default)]
    signature: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Cited<'a> {
    #[serde(borrow, default)]
    content: Vec<Generated<'a>>,
    #[serde(borrow, default)]
    citations: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Generated<'a> {
    #[serde(borrow, default)]
    text: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Image<'a> {
    format: Cow<'a, str>,
    #[serde(borrow)]
    source: ImageSource<'a>,
}

#[derive(Deserialize)]
struct ImageSource<'a> {
    #[serde(borrow, default)]
    bytes: Option<Cow<'a, str>>,
}

/// Of a reply and of a stream's last event.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TokenUsage {
    #[serde(default)]
    input_tokens: u64,
    #[serde(default)]
    output_tokens: u64,
    #[serde(default)]
    total_tokens: Option<u64>,
    #[serde(default)]
    cache_read_input_tokens: Option<u64>,
    #[serde(default)]
    cache_write_input_tokens: Option<u64>,
}

#[derive(Deserialize)]
pub struct ServiceTier {
    pub r#type: String,
}

impl From<TokenUsage> for Usage {
    fn from(usage: TokenUsage) -> Self {
        let read = usage.cache_read_input_tokens.unwrap_or(0);
        let written = usage.cache_write_input_tokens.unwrap_or(0);
        Self {
            prompt: usage.input_tokens + read + written,
            completion: usage.output_tokens,
            total: usage.total_tokens,
            cached: Some(read),
            written: Some(written),
            ..Self::default()
        }
    }
}

pub fn read(context: &Context<'_>, reply: &[u8]) -> Result<Bytes, String> {
    let reply: Reply<'_> =
        serde_json::from_slice(reply).map_err(|_| "a body that is no answer of Converse".to_owned())?;
    let (reason, native) = finish_reason(reply.stop_reason.as_deref(), context.strict);
    let mut extras: Extras<'_> = Vec::new();
    if let Some(tier) = &reply.service_tier {
        extras.push(("service_tier", Cow::Owned(json(&tier.r#type))));
    }
    extras.extend(reply.additional_model_response_fields.map(|raw| (RESPONSE_FIELDS, Cow::Borrowed(raw))));
    extras.extend(reply.trace.map(|raw| ("trace", Cow::Borrowed(raw))));
    let completion = Completion {
        id: answer_id(context),
        message: message(reply.output.message.content),
        finish_reason: &reason,
        logprobs: None,
        usage: reply.usage.map(Usage::from),
        choice: native,
        extras,
    };
    Ok(completion.to_bytes(context))
}

/// What the caller asked for by `additional_model_response_field_paths`.
pub const RESPONSE_FIELDS: &str = "additional_model_response_fields";

/// Converse gives its answers no id.
pub fn answer_id(context: &Context<'_>) -> String {
    format!("chatcmpl-{}", context.id)
}

/// The finish reason, and the choice's extras where it doesn't tell all. Without strict compliance it is Converse's own.
pub fn finish_reason<'a>(stop_reason: Option<&str>, strict: bool) -> (String, Extras<'a>) {
    let Some(native) = stop_reason else { return ("stop".to_owned(), Vec::new()) };
    if !strict {
        return (native.to_owned(), Vec::new());
    }
    let reason = match native {
        "end_turn" | "stop_sequence" => "stop",
        "max_tokens" | "model_context_window_exceeded" => "length",
        "tool_use" => "tool_calls",
        "guardrail_intervened" | "content_filtered" => "content_filter",
        _ => return ("stop".to_owned(), vec![("native_finish_reason", Cow::Owned(json(native)))]),
    };
    (reason.to_owned(), Vec::new())
}

fn message(content: Vec<Block<'_>>) -> Message<'_> {
    let mut message = Message::default();
    let mut blocks: Vec<String> = Vec::new();
    for block in content {
        if let Some(text) = block.text {
            message.text.push_str(inside(text));
            blocks.push(format!(r#"{{"type":"text","text":{}}}"#, text.get()));
        }
        if let Some(cited) = block.citations_content {
            let text: String = cited.content.iter().filter_map(|part| part.text).map(inside).collect();
            message.text.push_str(&text);
            let citations = cited.citations.map_or("[]", RawValue::get);
            blocks.push(format!(r#"{{"type":"text","text":"{text}","citations":{citations}}}"#));
        }
        if let Some(reasoning) = block.reasoning_content {
            blocks.extend(reasoned(&reasoning, &mut message.reasoning));
        }
        if let Some(image) = block.image {
            blocks.extend(image.source.bytes.map(|bytes| {
                let url = format!("data:image/{};base64,{bytes}", image.format);
                json!({ "type": "image_url", "image_url": { "url": url } }).to_string()
            }));
        }
        if let Some(tool) = block.tool_use.filter(|tool| tool.r#type.is_none()) {
            message.tool_calls.push(tool_call(&tool));
        }
    }
    if !blocks.is_empty() {
        let blocks: Raw<'_> = Cow::Owned(made(format!("[{}]", blocks.join(","))));
        message.extras.push(("content_blocks", blocks));
    }
    message
}

fn reasoned(reasoning: &Reasoning<'_>, all: &mut String) -> Option<String> {
    if let Some(said) = &reasoning.reasoning_text {
        all.push_str(inside(said.text));
        let signature = said.signature.map(|raw| format!(r#","signature":{}"#, raw.get()));
        let thinking = said.text.get();
        return Some(format!(
            r#"{{"type":"thinking","thinking":{thinking}{}}}"#,
            signature.unwrap_or_default()
        ));
    }
    let data = reasoning.redacted_content?.get();
    Some(format!(r#"{{"type":"redacted_thinking","data":{data}}}"#))
}

fn tool_call<'a>(tool: &ToolUse<'a>) -> ToolCall<'a> {
    let arguments = made(quoted(tool.input.map_or("{}", RawValue::get)));
    ToolCall {
        id: Cow::Borrowed(tool.tool_use_id),
        r#type: "function",
        function: Function { name: Cow::Borrowed(tool.name), arguments: Cow::Owned(arguments) },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::dialect::Settings;
    use ::http::HeaderMap;

    #[test]
    fn what_a_tool_is_called_with_stays_as_it_was_spelled() {
        let (settings, headers) = (Settings::default(), HeaderMap::new());
        let asked = br#"{"model":"m"}"#;
        let context =
            Context { asked, settings: &settings, strict: true, created: 1, id: "x", headers: &headers };
        let reply = r#"{"output":{"message":{"content":[{"toolUse":{"toolUseId":"t","name":"f","input":{"n":1.50,"big":123456789012345678901234567890,"e":"\ud83d"}}}]}},"stopReason":"tool_use"}"#;
        let answer = read(&context, reply.as_bytes()).expect("an answer");
        let wanted = r#""arguments":"{\"n\":1.50,\"big\":123456789012345678901234567890,\"e\":\"\\ud83d\"}""#;
        let text = std::str::from_utf8(&answer).expect("UTF-8");
        assert!(text.contains(wanted), "{text}");
    }
}
