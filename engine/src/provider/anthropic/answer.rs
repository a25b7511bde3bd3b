//! A whole reply of the Messages API as a chat completion. Texts are joined as they are escaped, a tool's input is given
//! as the very text that it was. With strict compliance off `content_blocks` holds all blocks but the tool calls, so
//! that they can be sent back.

use std::borrow::Cow;

use bytes::Bytes;
use serde::Deserialize;

use super::asking::Asking;
use super::usage::Usage;
use crate::provider::dialect::Context;
use crate::provider::head;
use crate::provider::json::{Json, Object, Raw, is_object, is_string};

/// A reply, as far as we read it.
#[derive(Deserialize)]
struct Reply<'a> {
    #[serde(borrow, default)]
    id: Option<Raw<'a>>,
    #[serde(borrow, default)]
    model: Option<Raw<'a>>,
    #[serde(borrow)]
    content: Vec<Raw<'a>>,
    #[serde(borrow, default)]
    stop_reason: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    stop_details: Option<Raw<'a>>,
    #[serde(borrow, default)]
    usage: Option<Raw<'a>>,
}

/// One content block.
#[derive(Deserialize)]
struct Block<'a> {
    #[serde(borrow, rename = "type")]
    kind: Cow<'a, str>,
    #[serde(borrow, default)]
    text: Option<Raw<'a>>,
    #[serde(borrow, default)]
    thinking: Option<Raw<'a>>,
    #[serde(borrow, default)]
    id: Option<Raw<'a>>,
    #[serde(borrow, default)]
    name: Option<Raw<'a>>,
    #[serde(borrow, default)]
    input: Option<Raw<'a>>,
}

pub fn translate(context: &Context<'_>, reply: &[u8]) -> Result<Bytes, String> {
    let asking = Asking::of(context);
    let text = std::str::from_utf8(reply).map_err(|_| "a message that is no UTF-8".to_owned())?;
    let reply: Reply<'_> = serde_json::from_str(text).map_err(|why| {
        let why = if why.is_data() { "no message: it has no content" } else { "a message that is no JSON" };
        why.to_owned()
    })?;
    let blocks: Vec<Block<'_>> = reply
        .content
        .iter()
        .map(|raw| serde_json::from_str(raw.get()))
        .collect::<Result<_, _>>()
        .map_err(|_| "a content block without a type".to_owned())?;
    let head = asking.head(head::CHAT, reply.id, reply.model);
    let read = Read { asking: &asking, blocks, reply };
    Ok(head.one(
        |out| read.choice(out),
        |out| {
            if let Some(usage) = read.reply.usage {
                Usage::of(usage).told().write(out.key("usage"));
            }
        },
    ))
}

struct Read<'r, 'a> {
    asking: &'r Asking,
    reply: Reply<'a>,
    blocks: Vec<Block<'a>>,
}

impl<'a> Read<'_, 'a> {
    fn choice(&self, out: &mut Json) {
        let calls: Vec<&Block<'_>> = self.tools(false).collect();
        let by_tool = calls.is_empty() && self.tools(true).next().is_some();
        out.key("message").object(|out| {
            out.text("role", "assistant").key("content");
            self.content(out);
            let thoughts = self.blocks.iter().filter_map(|block| of_type(block, "thinking", block.thinking));
            let thoughts: Vec<Raw<'_>> = thoughts.filter(|raw| raw.get() != "\"\"").collect();
            if !thoughts.is_empty() {
                out.key("reasoning_content").joined(thoughts.into_iter());
            }
            if let Some(refusal) = self.refusal() {
                out.field("refusal", refusal.get());
            }
            if !calls.is_empty() {
                out.key("tool_calls").array(|out| {
                    for call in &calls {
                        write_call(call, out);
                    }
                });
            }
            if !self.asking.strict {
                self.content_blocks(out);
            }
        });
        let reason = self.asking.finish_reason(self.reply.stop_reason.as_deref(), by_tool);
        out.field("logprobs", "null").text("finish_reason", reason);
    }

    /// Calls of the caller's tools, or of the one that stands for a schema.
    fn tools(&self, for_schema: bool) -> impl Iterator<Item = &Block<'a>> {
        let name = self.asking.tool.as_deref();
        self.blocks.iter().filter(move |block| {
            let is_schema = name.is_some_and(|name| {
                block.name.and_then(crate::provider::json::text).as_deref() == Some(name)
            });
            block.kind == "tool_use" && is_schema == for_schema
        })
    }

    fn content(&self, out: &mut Json) {
        if let Some(input) = self.tools(true).find_map(|block| block.input) {
            out.string(input.get());
            return;
        }
        out.joined(self.blocks.iter().filter_map(|block| of_type(block, "text", block.text)));
    }

    /// Why the model refused, where it says so.
    fn refusal(&self) -> Option<Raw<'a>> {
        let is_refusal = self.reply.stop_reason.as_deref() == Some("refusal");
        let details = self.reply.stop_details.filter(|_| is_refusal).and_then(Object::parse)?;
        details.get("explanation").filter(|raw| is_string(raw))
    }

    fn content_blocks(&self, out: &mut Json) {
        out.key("content_blocks").array(|out| {
            for (block, raw) in self.blocks.iter().zip(&self.reply.content) {
                if block.kind != "tool_use" {
                    out.raw(raw.get());
                }
            }
        });
    }
}

fn of_type<'a>(block: &Block<'a>, kind: &str, text: Option<Raw<'a>>) -> Option<Raw<'a>> {
    text.filter(|raw| block.kind == kind && is_string(raw))
}

fn write_call(call: &Block<'_>, out: &mut Json) {
    out.object(|out| {
        out.field("id", call.id.map_or("\"\"", |raw| raw.get())).text("type", "function");
        out.key("function").object(|out| {
            out.field("name", call.name.map_or("\"\"", |raw| raw.get()));
            let input = call.input.filter(|raw| is_object(raw));
            out.text("arguments", input.map_or("{}", |raw| raw.get()));
        });
    });
}
