//! A stream of `streamGenerateContent` as OpenAI's chunks: one id and one time for all, each choice's role once, tool
//! calls counted through, one finish chunk for each choice, and usage at the end where the caller asked for it.
//! Events are replies, by server-sent events or as the elements of an array.

use bytes::Bytes;

use super::raw::Raw;
use super::reply::{Candidate, Piece, Reply, Usage, extra_content, finish_reason, head_of, piece};
use super::{errors, request};
use crate::provider::dialect::{Context, Fault, Translator, WireEvent};
use crate::provider::head::{self, Head};
use crate::provider::json::{Json, object};

pub struct Stream {
    strict: bool,
    wants_usage: bool,
    /// Makes ids of calls that have none.
    salt: String,
    head: Head<'static>,
    /// The first event has told what the head says.
    named: bool,
    choices: Vec<Choice>,
    /// Calls that had no id.
    unnamed: usize,
    usage: Option<Usage>,
}

/// What is known of one choice.
struct Choice {
    index: u64,
    calls: u64,
    finished: bool,
    /// The kind and the place of the content block that is being told.
    block: Option<(&'static str, u64)>,
    /// What Google tells beside the message, latest last.
    besides: Vec<(&'static str, String)>,
}

impl Stream {
    pub fn new(context: &Context<'_>) -> Self {
        Self {
            strict: context.strict,
            wants_usage: request::wants_usage(context.asked),
            salt: context.id.to_owned(),
            head: head_of(context, head::CHUNK),
            named: false,
            choices: Vec::new(),
            unnamed: 0,
            usage: None,
        }
    }

    fn reply(&mut self, text: &str, chunks: &mut Vec<Bytes>) -> Result<(), Fault> {
        let garbled = |_| Fault::Garbled("no event of streamGenerateContent".to_owned());
        let reply: Reply<'_> = serde_json::from_str(text).map_err(garbled)?;
        if reply.error.is_some() {
            let (status, body) = errors::read(text.as_bytes())
                .unwrap_or_else(|| (None, Bytes::copy_from_slice(text.as_bytes())));
            return Err(Fault::Reported { status: status.unwrap_or(500), body });
        }
        self.begin(&reply);
        if reply.is_blocked() {
            self.blocked(&reply, chunks);
        }
        for (at, candidate) in reply.candidates.into_iter().flatten().enumerate() {
            self.candidate(candidate, at, chunks).map_err(Fault::Garbled)?;
        }
        self.usage = reply.usage_metadata.or(self.usage.take());
        Ok(())
    }

    fn begin(&mut self, reply: &Reply<'_>) {
        if self.named {
            return;
        }
        self.named = true;
        reply.name(&mut self.head);
    }

    fn blocked(&mut self, reply: &Reply<'_>, chunks: &mut Vec<Bytes>) {
        let at = self.choice(0, chunks);
        let choice = &mut self.choices[at];
        if !std::mem::replace(&mut choice.finished, true) {
            let feedback =
                reply.prompt_feedback.map(|feedback| ("promptFeedback", feedback.get().to_owned()));
            let besides: Vec<_> = feedback.into_iter().filter(|_| !self.strict).collect();
            chunks.push(self.chunk(0, "{}", None, Some("content_filter"), &besides));
        }
    }

    /// The place of a choice, told with its role when it is new.
    fn choice(&mut self, index: u64, chunks: &mut Vec<Bytes>) -> usize {
        if let Some(at) = self.choices.iter().position(|choice| choice.index == index) {
            return at;
        }
        self.choices.push(Choice { index, calls: 0, finished: false, block: None, besides: Vec::new() });
        chunks.push(self.chunk(index, r#"{"role":"assistant","content":""}"#, None, None, &[]));
        self.choices.len() - 1
    }

    fn candidate(
        &mut self,
        candidate: Candidate<'_>,
        at: usize,
        chunks: &mut Vec<Bytes>,
    ) -> Result<(), String> {
        let index = candidate.index.unwrap_or(at as u64);
        let at = self.choice(index, chunks);
        let mut logprobs = candidate.logprobs();
        for (name, value) in candidate.besides().filter(|_| !self.strict) {
            let besides = &mut self.choices[at].besides;
            besides.retain(|(known, _)| *known != name);
            besides.push((name, value.to_owned()));
        }
        for part in candidate.content.and_then(|content| content.parts).unwrap_or_default() {
            let (piece, signature) = piece(part)?;
            if let Piece::Call(call) = &piece {
                let id = call.id(|| {
                    self.unnamed += 1;
                    format!("call_{}_{}", self.salt, self.unnamed - 1)
                });
                let place = self.choices[at].calls;
                self.choices[at].calls += 1;
                let opened = tool_delta(place, |w| call.write(w, &id, "", signature, self.strict));
                chunks.push(self.chunk(index, &opened, None, None, &[]));
                let told = |w: &mut Json| {
                    w.key("function").object(|w| w.text("arguments", call.arguments()).done());
                };
                chunks.push(self.chunk(index, &tool_delta(place, told), None, None, &[]));
            } else if let Some(delta) = self.delta(at, &piece, signature) {
                chunks.push(self.chunk(index, &delta, logprobs.take().as_deref(), None, &[]));
            }
        }
        if candidate.finish_reason.is_some() && !self.choices[at].finished {
            let choice = &mut self.choices[at];
            choice.finished = true;
            let besides = std::mem::take(&mut choice.besides);
            let reason = finish_reason(candidate.finish_reason.as_deref(), choice.calls > 0, self.strict);
            chunks.push(self.chunk(index, "{}", logprobs.as_deref(), Some(reason), &besides));
        }
        Ok(())
    }

    /// The delta of a part that is no call.
    fn delta(&mut self, at: usize, piece: &Piece<'_>, signature: Option<&str>) -> Option<String> {
        if matches!(piece, Piece::Nothing) && signature.is_none() {
            return None;
        }
        let place = match piece {
            Piece::Text(_) if !self.strict => Some(self.choices[at].block("text")),
            Piece::Thought(_) if !self.strict => Some(self.choices[at].block("thinking")),
            Piece::Block(_) => Some(self.choices[at].block("block")),
            _ => None,
        };
        Some(object(|w| {
            match piece {
                Piece::Text(text) => w.field("content", text).done(),
                Piece::Thought(text) => w.field("reasoning_content", text).done(),
                _ => {}
            }
            if let Some(place) = place {
                let block = match piece {
                    Piece::Text(text) => &format!(r#"{{"text":{text}}}"#),
                    Piece::Thought(text) => &format!(r#"{{"thinking":{text}}}"#),
                    Piece::Block(json) => json,
                    Piece::Call(_) | Piece::Nothing => "{}",
                };
                w.key("content_blocks").array(|w| {
                    w.object(|w| {
                        w.number("index", place).field("delta", block);
                    });
                });
            }
            if let Some(signature) = signature {
                extra_content(w, signature);
            }
        }))
    }

    fn chunk(
        &self,
        index: u64,
        delta: &str,
        logprobs: Option<&str>,
        finish_reason: Option<&str>,
        besides: &[(&'static str, String)],
    ) -> Bytes {
        let choice = |w: &mut Json| {
            w.object(|w| {
                w.number("index", index).field("delta", delta);
                if let Some(logprobs) = logprobs {
                    w.field("logprobs", logprobs);
                }
                match finish_reason {
                    Some(reason) => w.text("finish_reason", reason),
                    None => w.field("finish_reason", "null"),
                };
                for (name, value) in besides {
                    w.field(name, value);
                }
            });
        };
        self.head.write(choice, |_| {})
    }
}

impl Choice {
    /// The place of the content block that a delta of this kind belongs to; each `block` is one of its own.
    fn block(&mut self, kind: &'static str) -> u64 {
        let place = match self.block {
            None => 0,
            Some((last, place)) if last == kind && kind != "block" => place,
            Some((_, place)) => place + 1,
        };
        self.block = Some((kind, place));
        place
    }
}

fn tool_delta(place: u64, fill: impl FnOnce(&mut Json)) -> String {
    object(|w| {
        w.key("tool_calls").array(|w| {
            w.object(|w| {
                w.number("index", place);
                fill(w);
            });
        });
    })
}

impl Translator for Stream {
    fn event(&mut self, event: WireEvent<'_>, chunks: &mut Vec<Bytes>) -> Result<(), Fault> {
        let text = std::str::from_utf8(event.data)
            .map_err(|_| Fault::Garbled("text that is no UTF-8".to_owned()))?;
        match text.trim() {
            "" | "[DONE]" => Ok(()),
            list if list.starts_with('[') => {
                let garbled = |_| Fault::Garbled("no list of events".to_owned());
                let events: Vec<Raw<'_>> = serde_json::from_str(list).map_err(garbled)?;
                events.into_iter().try_for_each(|event| self.reply(event.get(), chunks))
            }
            one => self.reply(one, chunks),
        }
    }

    fn end(&mut self, chunks: &mut Vec<Bytes>) {
        for at in 0..self.choices.len() {
            let choice = &mut self.choices[at];
            // Told after the finish reason, as a search's sources may be.
            let late = if choice.finished { std::mem::take(&mut choice.besides) } else { Vec::new() };
            if !late.is_empty() {
                chunks.push(self.chunk(self.choices[at].index, "{}", None, None, &late));
            }
        }
        if let Some(usage) = self.usage.take().filter(|_| self.wants_usage) {
            chunks.push(self.head.write(|_| {}, |w| usage.told().write(w.key("usage"))));
        }
    }
}
