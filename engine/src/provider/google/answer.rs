//! A whole answer of `generateContent` as OpenAI's chat completion.
//! Every part of every candidate is in it: text and thoughts joined, calls in their order, the rest as content blocks.

use bytes::Bytes;

use super::reply::{Candidate, Piece, Reply, extra_content, finish_reason, head_of, piece};
use crate::provider::dialect::Context;
use crate::provider::head;
use crate::provider::json::{Json, inside};

pub fn whole(context: &Context<'_>, reply: &[u8]) -> Result<Bytes, String> {
    let text = std::str::from_utf8(reply).map_err(|_| "text that is no UTF-8")?;
    let reply: Reply<'_> = serde_json::from_str(text).map_err(|_| "no answer of generateContent")?;
    let candidates = reply.candidates.as_deref().unwrap_or_default();
    if candidates.is_empty() && !reply.is_blocked() {
        return Err("no candidate in it".to_owned());
    }
    let mut head = head_of(context, head::CHAT);
    reply.name(&mut head);
    let is_blocked = candidates.is_empty();
    let usage = reply.usage_metadata.clone();
    let mut calls = 0;
    let mut fault = None;
    let choices = |w: &mut Json| {
        if is_blocked {
            blocked(w, &reply, context.strict);
        }
        for (at, candidate) in reply.candidates.into_iter().flatten().enumerate() {
            fault = fault.take().or(choice(w, candidate, at, &mut calls, context).err());
        }
    };
    let answer = head.write(choices, |w| {
        if let Some(usage) = &usage {
            usage.told().write(w.key("usage"));
        }
    });
    fault.map_or(Ok(answer), Err)
}

/// The one choice of a prompt that was refused.
fn blocked(w: &mut Json, reply: &Reply<'_>, strict: bool) {
    w.object(|w| {
        w.number("index", 0);
        w.key("message").object(|w| {
            w.key("role").string("assistant");
            w.key("content").raw("null");
        });
        w.key("finish_reason").string("content_filter");
        if let Some(feedback) = reply.prompt_feedback.filter(|_| !strict) {
            w.key("promptFeedback").raw(feedback.get());
        }
    });
}

fn choice(
    w: &mut Json,
    candidate: Candidate<'_>,
    at: usize,
    calls: &mut usize,
    context: &Context<'_>,
) -> Result<(), String> {
    let logprobs = candidate.logprobs();
    let besides = candidate.besides();
    let reason = candidate.finish_reason;
    let parts = candidate.content.and_then(|content| content.parts).unwrap_or_default();
    let mut message = Message { strict: context.strict, ..Message::default() };
    for part in parts {
        let (piece, signature) = piece(part)?;
        message.add(piece, signature, || {
            *calls += 1;
            format!("call_{}_{}", context.id, *calls - 1)
        });
    }
    w.object(|w| {
        w.number("index", candidate.index.unwrap_or(at as u64));
        message.write(w.key("message"));
        if let Some(logprobs) = logprobs {
            w.key("logprobs").raw(&logprobs);
        }
        let has_calls = !message.calls.is_empty();
        w.key("finish_reason").string(finish_reason(reason.as_deref(), has_calls, context.strict));
        for (name, value) in besides.filter(|_| !context.strict) {
            w.key(name).raw(value);
        }
    });
    Ok(())
}

/// A candidate's message, part by part.
#[derive(Default)]
struct Message {
    strict: bool,
    /// The insides of JSON strings.
    text: Option<String>,
    thoughts: Option<String>,
    /// JSON of each.
    calls: Vec<String>,
    blocks: Vec<String>,
    /// The JSON string of the last signature that belongs to no call and no block.
    signature: Option<String>,
}

impl Message {
    fn add(&mut self, piece: Piece<'_>, signature: Option<&str>, made: impl FnOnce() -> String) {
        let block = |kind: &str, text: &str| format!(r#"{{"type":"{kind}","{kind}":{text}}}"#);
        match piece {
            Piece::Call(call) => {
                let id = call.id(made);
                let json = crate::provider::json::object(|w| {
                    call.write(w, &id, call.arguments(), signature, self.strict);
                });
                return self.calls.push(json);
            }
            Piece::Text(text) => {
                self.text.get_or_insert_default().push_str(inside(text));
                self.blocks.extend((!self.strict).then(|| block("text", text)));
            }
            Piece::Thought(text) => {
                self.thoughts.get_or_insert_default().push_str(inside(text));
                self.blocks.extend((!self.strict).then(|| block("thinking", text)));
            }
            Piece::Block(block) => self.blocks.push(block),
            Piece::Nothing => {}
        }
        if let Some(signature) = signature {
            self.signature = Some(signature.to_owned());
        }
    }

    fn write(&self, w: &mut Json) {
        w.object(|w| {
            w.key("role").string("assistant");
            match &self.text {
                Some(text) => w.field("content", &format!("\"{text}\"")),
                None => w.field("content", "null"),
            };
            if let Some(thoughts) = &self.thoughts {
                w.field("reasoning_content", &format!("\"{thoughts}\""));
            }
            if !self.calls.is_empty() {
                w.key("tool_calls").raws(&self.calls);
            }
            if !self.blocks.is_empty() {
                w.key("content_blocks").raws(&self.blocks);
            }
            if let Some(signature) = &self.signature {
                extra_content(w, signature);
            }
        });
    }
}
