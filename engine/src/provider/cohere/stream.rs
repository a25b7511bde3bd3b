//! A streamed answer of Cohere in our shape.
//! Contents and tool calls have each a numbering of their own; ours is that of the tool calls.

use std::borrow::Cow;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::answer::{Billed, Probable, finish_reason, logprobs};
use super::errors;
use crate::provider::completion::{Chunks, Extras};
use crate::provider::dialect::{Context, Fault, Translator, WireEvent};

pub struct Chat {
    chunks: Chunks,
    strict: bool,
    /// The call whose arguments are coming: its index, and whether any came.
    tool: Option<(usize, bool)>,
}

#[derive(Deserialize)]
struct Event<'a> {
    #[serde(borrow, default)]
    r#type: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    id: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    delta: Option<Delta<'a>>,
    #[serde(default)]
    logprobs: Option<Probable>,
}

#[derive(Default, Deserialize)]
struct Delta<'a> {
    #[serde(borrow, default)]
    message: Option<Message<'a>>,
    #[serde(borrow, default)]
    finish_reason: Option<Cow<'a, str>>,
    #[serde(default)]
    usage: Option<Billed>,
    #[serde(borrow, default)]
    error: Option<Cow<'a, str>>,
}

/// Each event has one of these; the first has all of them, empty.
#[derive(Default, Deserialize)]
struct Message<'a> {
    #[serde(borrow, default)]
    content: Option<&'a RawValue>,
    #[serde(borrow, default)]
    tool_plan: Option<&'a RawValue>,
    #[serde(borrow, default)]
    tool_calls: Option<&'a RawValue>,
    #[serde(borrow, default)]
    citations: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Content<'a> {
    #[serde(borrow, default)]
    text: Option<&'a RawValue>,
    #[serde(borrow, default)]
    thinking: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Tool<'a> {
    #[serde(borrow, default)]
    id: Option<&'a RawValue>,
    #[serde(borrow, default)]
    function: Option<Function<'a>>,
}

#[derive(Deserialize)]
struct Function<'a> {
    #[serde(borrow, default)]
    name: Option<&'a RawValue>,
    #[serde(borrow, default)]
    arguments: Option<&'a RawValue>,
}

impl Chat {
    pub fn new(context: &Context<'_>) -> Self {
        let id = format!("chatcmpl-{}", context.id);
        Self { chunks: Chunks::new(context, &id), strict: context.strict, tool: None }
    }

    fn content(&mut self, content: &Content<'_>, logged: Option<Probable>, out: &mut Vec<Bytes>) {
        let told: Option<Extras<'_>> = logged.map(|token| vec![("logprobs", Cow::Owned(logprobs(&[token])))]);
        if let Some(text) = said(content.text) {
            let fields = format!(r#""content":{text}"#);
            self.chunks.delta_with(&fields, &told.unwrap_or_default(), out);
        }
        if let Some(thinking) = said(content.thinking) {
            self.chunks.delta(&format!(r#""reasoning_content":{thinking}"#), out);
        }
    }

    fn tool_start(&mut self, tool: &Tool<'_>, out: &mut Vec<Bytes>) {
        let name = tool.function.as_ref().and_then(|function| function.name);
        let raw = |raw: Option<&RawValue>| raw.map_or("\"\"", RawValue::get).to_owned();
        let index = self.chunks.tool(&raw(tool.id), &raw(name), out);
        self.tool = Some((index, false));
        self.arguments(tool, out);
    }

    fn arguments(&mut self, tool: &Tool<'_>, out: &mut Vec<Bytes>) {
        let piece = tool.function.as_ref().and_then(|function| said(function.arguments));
        if let (Some(piece), Some((index, any))) = (piece, &mut self.tool) {
            *any = true;
            self.chunks.arguments(*index, piece, out);
        }
    }

    /// A call without arguments has an empty object of them, as in a whole answer.
    fn tool_end(&mut self, out: &mut Vec<Bytes>) {
        if let Some((index, false)) = self.tool.take() {
            self.chunks.arguments(index, "\"{}\"", out);
        }
    }

    fn finish(&mut self, delta: &Delta<'_>, out: &mut Vec<Bytes>) -> Result<(), Fault> {
        let native = delta.finish_reason.as_deref().unwrap_or("COMPLETE");
        let Some(reason) = finish_reason(native, self.strict) else {
            return Err(errors::at_the_end(native, delta.error.as_deref()));
        };
        self.chunks.finish(&reason, &Vec::new(), out);
        if let Some(usage) = delta.usage.and_then(Billed::usage) {
            self.chunks.usage(usage, out);
        }
        Ok(())
    }
}

/// A text that is not empty, as it was spelled.
fn said(raw: Option<&RawValue>) -> Option<&str> {
    raw.map(RawValue::get).filter(|text| *text != "\"\"")
}

impl Translator for Chat {
    fn event(&mut self, event: WireEvent<'_>, chunks: &mut Vec<Bytes>) -> Result<(), Fault> {
        let garbled = |_| Fault::Garbled("an event that is none of Cohere".to_owned());
        if event.data == b"[DONE]" {
            return Ok(());
        }
        let read: Event<'_> = serde_json::from_slice(event.data).map_err(garbled)?;
        let delta = read.delta.unwrap_or_default();
        let message = delta.message.as_ref();
        match read.r#type.as_deref().or(event.name).unwrap_or_default() {
            "message-start" => {
                if let Some(id) = &read.id {
                    self.chunks.rename(id);
                }
                self.chunks.begin(chunks);
            }
            "content-start" | "content-delta" => {
                if let Some(content) = message.and_then(|message| message.content) {
                    let content = serde_json::from_str(content.get()).map_err(garbled)?;
                    self.content(&content, read.logprobs, chunks);
                }
            }
            "tool-plan-delta" => {
                if let Some(plan) = said(message.and_then(|message| message.tool_plan)) {
                    self.chunks.delta(&format!(r#""content":{plan}"#), chunks);
                }
            }
            "tool-call-start" => {
                if let Some(tool) = message.and_then(|message| message.tool_calls) {
                    let tool = serde_json::from_str(tool.get()).map_err(garbled)?;
                    self.tool_start(&tool, chunks);
                }
            }
            "tool-call-delta" => {
                if let Some(tool) = message.and_then(|message| message.tool_calls) {
                    let tool = serde_json::from_str(tool.get()).map_err(garbled)?;
                    self.arguments(&tool, chunks);
                }
            }
            "tool-call-end" => self.tool_end(chunks),
            "citation-start" if !self.strict => {
                if let Some(citation) = message.and_then(|message| message.citations) {
                    self.chunks.delta(&format!(r#""citations":[{}]"#, citation.get()), chunks);
                }
            }
            "message-end" => return self.finish(&delta, chunks),
            "" => return Err(errors::of_event(event.data)),
            // What is new among the events is no reason to end the stream.
            _ => {}
        }
        Ok(())
    }

    fn end(&mut self, _chunks: &mut Vec<Bytes>) {}
}
