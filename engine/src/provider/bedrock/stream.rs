//! A streamed answer of Converse in our shape.
//! Blocks are numbered by Converse over texts, thoughts and tools alike; only tools are numbered in our shape.

use std::borrow::Cow;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::answer::{RESPONSE_FIELDS, TokenUsage, answer_id, finish_reason};
use crate::provider::aws::errors;
use crate::provider::completion::{Chunks, Usage};
use crate::provider::dialect::{Context, Fault, Translator, WireEvent};

pub struct Converse {
    chunks: Chunks,
    strict: bool,
    tool: Option<OpenTool>,
}

const EVENTS: &[&str] = &[
    "messageStart",
    "contentBlockStart",
    "contentBlockDelta",
    "contentBlockStop",
    "messageStop",
    "metadata",
];

/// The call whose arguments are coming.
struct OpenTool {
    block: u64,
    index: usize,
    has_arguments: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Payload<'a> {
    #[serde(default)]
    content_block_index: u64,
    #[serde(borrow, default)]
    start: Option<Start<'a>>,
    #[serde(borrow, default)]
    delta: Option<Delta<'a>>,
    #[serde(borrow, default)]
    stop_reason: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    additional_model_response_fields: Option<&'a RawValue>,
    #[serde(default)]
    usage: Option<TokenUsage>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Start<'a> {
    #[serde(borrow, default)]
    tool_use: Option<ToolStart<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ToolStart<'a> {
    #[serde(borrow)]
    tool_use_id: &'a RawValue,
    #[serde(borrow)]
    name: &'a RawValue,
    /// `server_tool_use`: called by the provider itself.
    #[serde(default)]
    r#type: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Delta<'a> {
    #[serde(borrow, default)]
    text: Option<&'a RawValue>,
    #[serde(borrow, default)]
    tool_use: Option<ToolDelta<'a>>,
    #[serde(borrow, default)]
    reasoning_content: Option<ReasoningDelta<'a>>,
    #[serde(borrow, default)]
    citation: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct ToolDelta<'a> {
    #[serde(borrow)]
    input: &'a RawValue,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ReasoningDelta<'a> {
    #[serde(borrow, default)]
    text: Option<&'a RawValue>,
    #[serde(borrow, default)]
    signature: Option<&'a RawValue>,
    #[serde(borrow, default)]
    redacted_content: Option<&'a RawValue>,
}

impl Converse {
    pub fn new(context: &Context<'_>) -> Self {
        Self { chunks: Chunks::new(context, &answer_id(context)), strict: context.strict, tool: None }
    }

    fn start(&mut self, block: u64, start: &Start<'_>, out: &mut Vec<Bytes>) {
        let Some(tool) = start.tool_use.as_ref().filter(|tool| tool.r#type.is_none()) else { return };
        let index = self.chunks.tool(tool.tool_use_id.get(), tool.name.get(), out);
        self.tool = Some(OpenTool { block, index, has_arguments: false });
    }

    fn delta(&mut self, block: u64, delta: &Delta<'_>, out: &mut Vec<Bytes>) {
        if let Some(text) = delta.text {
            let content = format!(r#""content":{}"#, text.get());
            self.spoken(&content, block, "text", text, out);
        }
        if let Some(piece) = &delta.tool_use
            && let Some(tool) = self.tool.as_mut().filter(|tool| tool.block == block)
        {
            tool.has_arguments |= piece.input.get() != "\"\"";
            self.chunks.arguments(tool.index, piece.input.get(), out);
        }
        if let Some(reasoning) = &delta.reasoning_content {
            if let Some(text) = reasoning.text {
                let content = format!(r#""reasoning_content":{}"#, text.get());
                self.spoken(&content, block, "thinking", text, out);
            }
            for (name, raw) in [("signature", reasoning.signature), ("data", reasoning.redacted_content)] {
                if let Some(raw) = raw {
                    self.spoken("", block, name, raw, out);
                }
            }
        }
        if let Some(citation) = delta.citation {
            self.spoken("", block, "citation", citation, out);
        }
    }

    /// A piece of a block. Without strict compliance the block itself is told beside its content.
    fn spoken(&mut self, content: &str, block: u64, name: &str, raw: &RawValue, out: &mut Vec<Bytes>) {
        if self.strict {
            if !content.is_empty() {
                self.chunks.delta(content, out);
            }
            return;
        }
        let comma = if content.is_empty() { "" } else { "," };
        let raw = raw.get();
        let blocks = format!(r#""content_blocks":[{{"index":{block},"delta":{{"{name}":{raw}}}}}]"#);
        self.chunks.delta(&format!("{content}{comma}{blocks}"), out);
    }

    /// A call without arguments has an empty object of them, as in a whole answer.
    fn stop(&mut self, block: u64, out: &mut Vec<Bytes>) {
        if let Some(tool) = self.tool.take_if(|tool| tool.block == block)
            && !tool.has_arguments
        {
            self.chunks.arguments(tool.index, "\"{}\"", out);
        }
    }

    fn finish(&mut self, payload: &Payload<'_>, out: &mut Vec<Bytes>) {
        let (reason, mut extras) = finish_reason(payload.stop_reason.as_deref(), self.strict);
        if !self.strict {
            let fields = payload.additional_model_response_fields;
            extras.extend(fields.map(|raw| (RESPONSE_FIELDS, Cow::Borrowed(raw))));
        }
        self.chunks.finish(&reason, &extras, out);
    }
}

impl Translator for Converse {
    fn event(&mut self, event: WireEvent<'_>, chunks: &mut Vec<Bytes>) -> Result<(), Fault> {
        if event.exception {
            return Err(errors::of_event(&event));
        }
        // What is new among the events is no reason to end the stream.
        let Some(name) = event.name.filter(|name| EVENTS.contains(name)) else { return Ok(()) };
        let payload: Payload<'_> = serde_json::from_slice(event.data)
            .map_err(|_| Fault::Garbled("an event that is none of Converse".to_owned()))?;
        let block = payload.content_block_index;
        match name {
            "messageStart" => self.chunks.begin(chunks),
            "contentBlockStart" => {
                if let Some(start) = &payload.start {
                    self.start(block, start, chunks);
                }
            }
            "contentBlockDelta" => {
                if let Some(delta) = &payload.delta {
                    self.delta(block, delta, chunks);
                }
            }
            "contentBlockStop" => self.stop(block, chunks),
            "messageStop" => self.finish(&payload, chunks),
            _ => {
                if let Some(usage) = payload.usage {
                    self.chunks.usage(Usage::from(usage), chunks);
                }
            }
        }
        Ok(())
    }

    fn end(&mut self, _chunks: &mut Vec<Bytes>) {}
}
