//! A chat's chunks as the events of a response. Usage follows the finish reason in a chat and stands beside it in a
//! response, so the last event waits for it. Calls may be told side by side: each has a place of its own.

use super::chat::{Call, Chat, Choice, owned};
use super::errors::Told;
use super::frame::Frame;
use super::output::Output;
use crate::events::Event;
use crate::provider::json::text;

/// Reads one stream of chunks. `[DONE]` is not handed to it.
pub struct Reader {
    output: Output,
    /// The tool calls, by their index in the chat: the place of each in the output, and its id.
    calls: Vec<(u64, usize, String)>,
    finish_reason: Option<String>,
    is_ended: bool,
}

impl Reader {
    /// `asked`: the Responses request. `id`, a fresh identifier, and `created`, Unix seconds: for a stream without its own,
    /// and `id` for its items.
    pub fn new(asked: &[u8], id: &str, created: u64) -> Self {
        Self {
            output: Output::new(Frame::new(asked, id, created), id, true),
            calls: Vec::new(),
            finish_reason: None,
            is_ended: false,
        }
    }

    /// Takes one chunk's JSON and adds the events that it gives. The error says in a few words what is wrong with it.
    pub fn chunk(&mut self, chunk: &[u8], events: &mut Vec<Event>) -> Result<(), String> {
        if self.is_ended {
            return Ok(());
        }
        let chunk: Chat<'_> =
            serde_json::from_slice(chunk).map_err(|_| "no chunk of chat completions".to_owned())?;
        self.output.begin(&chunk);
        let first = |choice: &&Choice<'_>| choice.index.unwrap_or(0) == 0;
        for choice in chunk.choices.iter().flatten().filter(first) {
            if let Some(delta) = &choice.message {
                delta.tell_piece(choice.logprobs, &mut self.output);
                for call in delta.calls() {
                    self.call(&call);
                }
            }
            if let Some(reason) = choice.finish_reason.and_then(text) {
                self.finish_reason = Some(reason.into_owned());
            }
        }
        // What some hosts tell of their usage before the finish reason is not all of it.
        if self.finish_reason.is_some() && chunk.usage.is_some() {
            self.finish();
        }
        self.output.drain(events);
        Ok(())
    }

    /// The chat has ended: adds what waited for its usage. A chat without a finish reason has no end to tell of.
    pub fn end(&mut self, events: &mut Vec<Event>) {
        if self.finish_reason.is_some() && !self.is_ended {
            self.finish();
        }
        self.output.drain(events);
    }

    /// The chat has failed, with an error of ours (`{"error": {message, type, param, code}}`): closes what is open and adds
    /// `response.failed`, or `error` where the response has not begun. Nothing after the end.
    pub fn fail(&mut self, status: u16, error: &[u8], events: &mut Vec<Event>) {
        if std::mem::replace(&mut self.is_ended, true) {
            return;
        }
        let told = Told::of(status, error);
        if self.output.has_begun() {
            self.output.fail(told.code_of_response(), &told.message);
        } else {
            self.output.tell_error(&told.code, &told.message, &told.param);
        }
        self.output.drain(events);
    }

    fn finish(&mut self) {
        self.is_ended = true;
        self.output.finish(self.finish_reason.as_deref());
    }

    fn call(&mut self, call: &Call<'_>) {
        let id = call.id.and_then(text).unwrap_or_default();
        let known = match call.index {
            Some(index) => self.calls.iter().rev().find(|(seen, ..)| *seen == index),
            None => self.calls.last(),
        };
        // A server that counts nothing, or always from 0, repeats the id of a call or gives none; another's comes with a
        // name.
        let is_other =
            |last: &str| !id.is_empty() && *id != *last && (call.index.is_none() || call.name.is_some());
        let known = known.filter(|(.., last)| !is_other(last));
        let at = known.map(|(_, at, _)| *at);
        let at = at.unwrap_or_else(|| {
            let at = self.output.call(call, owned(&call.rest));
            let index = call.index.unwrap_or(self.calls.len() as u64);
            self.calls.push((index, at, id.into_owned()));
            at
        });
        self.output.call_with(at, call);
    }
}
