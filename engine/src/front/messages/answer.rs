//! A chat's answer as a message. A tool's arguments become its input as they are written; arguments that are no JSON, as a
//! cut-off answer has them, are kept in the way that Anthropic advises: `{"INVALID_JSON": "…"}`.

use std::borrow::Cow;

use bytes::Bytes;
use serde::Deserialize;

use crate::front::ending::Ending;
use crate::provider::json::{Bracket, Json, Object, Raw, is_array, is_object, is_string, items, text};

#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(borrow, default)]
    id: Option<Raw<'a>>,
    #[serde(borrow, default)]
    model: Option<Raw<'a>>,
    #[serde(borrow)]
    choices: Vec<Choice<'a>>,
    #[serde(borrow, default)]
    usage: Option<Raw<'a>>,
}

#[derive(Deserialize)]
struct Choice<'a> {
    #[serde(borrow)]
    message: Message<'a>,
    #[serde(borrow, default)]
    finish_reason: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct Message<'a> {
    #[serde(borrow, default)]
    content: Option<Raw<'a>>,
    #[serde(borrow, default)]
    refusal: Option<Raw<'a>>,
    #[serde(borrow, default)]
    reasoning_content: Option<Raw<'a>>,
    #[serde(borrow, default)]
    reasoning: Option<Raw<'a>>,
    #[serde(borrow, default)]
    content_blocks: Option<Raw<'a>>,
    #[serde(borrow, default)]
    tool_calls: Option<Vec<Call<'a>>>,
}

#[derive(Deserialize)]
struct Call<'a> {
    #[serde(borrow, default)]
    id: Option<Raw<'a>>,
    #[serde(borrow)]
    function: Function<'a>,
}

#[derive(Deserialize)]
struct Function<'a> {
    #[serde(borrow, default)]
    name: Option<Raw<'a>>,
    #[serde(borrow, default)]
    arguments: Option<Raw<'a>>,
}

/// The message of a chat's first choice. `id`: for an answer without one. The error says in a few words what is wrong
/// with the answer.
pub fn from_chat_answer(answer: &[u8], id: &str) -> Result<Bytes, String> {
    let size = answer.len();
    let answer: Answer<'_> =
        serde_json::from_slice(answer).map_err(|_| "no answer of chat completions".to_owned())?;
    let choice = answer.choices.first().ok_or("an answer without a choice")?;
    let mut out = Json::with_capacity(size + 256);
    out.open(Bracket::Object);
    match answer.id.filter(|raw| is_string(raw)) {
        Some(id) => out.field("id", id.get()),
        None => out.text("id", &format!("msg_{id}")),
    };
    out.text("type", "message").text("role", "assistant");
    out.field("model", answer.model.map_or("\"\"", |raw| raw.get()));
    out.key("content").array(|out| choice.message.blocks(out));
    let calls = choice.message.tool_calls.as_ref().is_some_and(|calls| !calls.is_empty());
    let refused = choice.message.refusal.is_some_and(is_string);
    out.text("stop_reason", stop_reason(choice.finish_reason.as_deref(), calls, refused));
    out.field("stop_sequence", "null");
    Usage::of(answer.usage).write(&mut out);
    out.close(Bracket::Object);
    Ok(out.into_bytes())
}

impl Message<'_> {
    fn blocks(&self, out: &mut Json) {
        match self.content_blocks.and_then(items).filter(|blocks| !blocks.is_empty()) {
            Some(blocks) => {
                for block in blocks {
                    let is_call = Object::parse(block)
                        .is_some_and(|block| block.text("type").as_deref() == Some("tool_use"));
                    if !is_call {
                        out.raw(block.get());
                    }
                }
            }
            None => self.texts(out),
        }
        for call in self.tool_calls.iter().flatten() {
            out.object(|out| {
                out.text("type", "tool_use").field("id", call.id.map_or("\"\"", |raw| raw.get()));
                out.field("name", call.function.name.map_or("\"\"", |raw| raw.get()));
                out.field("input", &input(call.function.arguments));
            });
        }
    }

    fn texts(&self, out: &mut Json) {
        let says = |raw: &Raw<'_>| is_string(raw) && raw.get() != "\"\"";
        if let Some(thought) = self.reasoning_content.or(self.reasoning).filter(says) {
            out.object(|out| {
                out.text("type", "thinking").field("thinking", thought.get()).text("signature", "");
            });
        }
        let parts = self.content.filter(|raw| is_array(raw)).and_then(items).unwrap_or_default();
        let parts = parts.into_iter().filter_map(|part| Object::parse(part)?.get("text"));
        let texts = self.content.into_iter().chain(parts).chain(self.refusal);
        for written in texts.filter(says) {
            out.object(|out| {
                out.text("type", "text").field("text", written.get());
            });
        }
    }
}

/// JSON of an object.
fn input(arguments: Option<Raw<'_>>) -> String {
    let Some(raw) = arguments else { return "{}".to_owned() };
    if is_object(raw) {
        return raw.get().to_owned();
    }
    let written = text(raw).unwrap_or_default();
    if matches!(written.trim(), "" | "null") {
        return "{}".to_owned();
    }
    match serde_json::from_str::<Raw<'_>>(&written) {
        Ok(value) if is_object(value) => value.get().to_owned(),
        _ => format!(r#"{{"INVALID_JSON":{}}}"#, raw.get()),
    }
}

/// Anthropic's word for a finish reason. One that is Anthropic's already stays.
pub fn stop_reason(reason: Option<&str>, calls: bool, refused: bool) -> &str {
    match reason {
        Some("tool_calls" | "function_call") => "tool_use",
        Some(
            own @ ("end_turn"
            | "max_tokens"
            | "stop_sequence"
            | "tool_use"
            | "pause_turn"
            | "refusal"
            | "model_context_window_exceeded"),
        ) => own,
        _ if refused => "refusal",
        reason if Ending::of(reason) == Ending::Cut("max_output_tokens") => "max_tokens",
        reason if Ending::of(reason) == Ending::Cut("content_filter") => "refusal",
        // Some servers say `stop` after a call.
        _ if calls => "tool_use",
        _ => "end_turn",
    }
}

/// The token counts of a chat.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Usage {
    prompt_tokens: Option<u64>,
    completion_tokens: Option<u64>,
    prompt_tokens_details: Option<PromptDetails>,
    completion_tokens_details: Option<CompletionDetails>,
    cache_creation_input_tokens: Option<u64>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct PromptDetails {
    cached_tokens: Option<u64>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct CompletionDetails {
    reasoning_tokens: Option<u64>,
}

impl Usage {
    /// Counts that can't be read count as not given.
    pub fn of(raw: Option<Raw<'_>>) -> Self {
        raw.and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or_default()
    }

    /// Writes `usage` into an open object: the cache's tokens are counted beside the input, not in it.
    pub fn write(&self, out: &mut Json) {
        let read = self.prompt_tokens_details.as_ref().and_then(|some| some.cached_tokens).unwrap_or(0);
        let created = self.cache_creation_input_tokens.unwrap_or(0);
        let prompt = self.prompt_tokens.unwrap_or(0);
        out.key("usage").object(|out| {
            out.number("input_tokens", prompt.saturating_sub(read + created));
            out.number("cache_creation_input_tokens", created).number("cache_read_input_tokens", read);
            out.number("output_tokens", self.completion_tokens.unwrap_or(0));
            let details = self.completion_tokens_details.as_ref();
            if let Some(thinking) = details.and_then(|some| some.reasoning_tokens) {
                out.key("output_tokens_details").object(|out| out.number("thinking_tokens", thinking).done());
            }
        });
    }
}
