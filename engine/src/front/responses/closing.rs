//! How items of a response's output are closed: each with the events that its parts and it are done with.

use super::item::{Body, State, Tool, thought};
use super::output::Output;

impl Output {
    pub(super) fn end_told(&mut self) {
        if let Some(at) = self.told.take() {
            self.close(at, State::Whole);
        }
    }

    pub(super) fn close_all(&mut self, state: State) {
        self.told = None;
        for at in 0..self.items.len() {
            if self.items[at].state == State::Open {
                let state = if self.items[at].is_whole_call() { State::Whole } else { state };
                self.close(at, state);
            }
        }
    }

    pub(super) fn close(&mut self, at: usize, state: State) {
        match &self.items[at].body {
            Body::Message(_) => self.end_part(at),
            Body::Reasoning { text: Some(text), .. } => {
                let (text, part) = (format!("\"{text}\""), thought(text));
                self.event("response.reasoning_text.done", Some(at), |out| {
                    out.number("content_index", 0).field("text", &text);
                });
                self.event("response.content_part.done", Some(at), |out| {
                    out.number("content_index", 0).field("part", &part);
                });
            }
            Body::Call { .. } => self.end_call(at, state),
            Body::Reasoning { .. } | Body::Image { .. } => {}
        }
        if matches!(self.items[at].body, Body::Message(_) | Body::Reasoning { .. }) {
            self.items[at].rest.append(&mut self.attached);
        }
        self.items[at].state = state;
        let item = self.items[at].json();
        self.event("response.output_item.done", None, |out| {
            out.number("output_index", at as u64).field("item", &item);
        });
    }

    fn end_call(&mut self, at: usize, state: State) {
        let Body::Call { tool, said, .. } = &self.items[at].body else { return };
        let tool = *tool;
        // Clients parse the arguments: none are an empty object of them, unless they were cut off.
        if tool == Tool::Function && said.is_empty() && state == State::Whole {
            self.add_arguments(at, "{}");
        }
        if tool == Tool::Wrapped {
            self.items[at].unwrap_input();
        }
        let Body::Call { name, said, .. } = &self.items[at].body else { return };
        let (name, said) = (name.clone(), format!("\"{said}\""));
        if tool == Tool::Function {
            self.event("response.function_call_arguments.done", Some(at), |out| {
                out.field("name", &name).field("arguments", &said);
            });
            return;
        }
        if tool == Tool::Wrapped && said != "\"\"" {
            self.event("response.custom_tool_call_input.delta", Some(at), |out| {
                out.field("delta", &said);
            });
        }
        self.event("response.custom_tool_call_input.done", Some(at), |out| {
            out.field("input", &said);
        });
    }

    pub(super) fn end_part(&mut self, at: usize) {
        let Body::Message(parts) = &self.items[at].body else { return };
        let Some(part) = parts.last() else { return };
        let (place, json, text) = (parts.len() as u64 - 1, part.json(), format!("\"{}\"", part.text));
        let logprobs = format!("[{}]", part.logprobs);
        if part.is_refusal {
            self.event("response.refusal.done", Some(at), |out| {
                out.number("content_index", place).field("refusal", &text);
            });
        } else {
            self.event("response.output_text.done", Some(at), |out| {
                out.number("content_index", place).field("text", &text).field("logprobs", &logprobs);
            });
        }
        self.event("response.content_part.done", Some(at), |out| {
            out.number("content_index", place).field("part", &json);
        });
    }
}
