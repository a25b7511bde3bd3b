//! A response as it is being made: items are added, told in pieces and closed, and each step is an event. A whole answer
//! is made the same way, without events. The invariant: whatever is added is closed, once, before the response ends.

use std::mem;

use super::chat::{Call, Chat, Usage};
use super::frame::{Fault, Frame};
use super::item::{Body, Item, Part, State, Tool, inside, string, thought};
use crate::events::Event;
use crate::front::ending::Ending;
use crate::provider::json::{Json, Raw};

pub struct Output {
    frame: Frame,
    /// What items' identifiers are made of.
    id: String,
    pub(super) items: Vec<Item>,
    /// The message or the reasoning that is being told.
    pub(super) told: Option<usize>,
    /// A field of the provider's own, for the next of these that is closed.
    pub(super) attached: Vec<(String, String)>,
    usage: Option<Usage>,
    is_live: bool,
    begun: bool,
    sequence: u64,
    events: Vec<Event>,
}

impl Output {
    /// `is_live`: whether events are wanted.
    pub fn new(frame: Frame, id: &str, is_live: bool) -> Self {
        Self {
            frame,
            id: id.to_owned(),
            items: Vec::new(),
            told: None,
            attached: Vec::new(),
            usage: None,
            is_live,
            begun: false,
            sequence: 0,
            events: Vec::new(),
        }
    }

    /// Hands out the events since the last time.
    pub fn drain(&mut self, events: &mut Vec<Event>) {
        events.append(&mut self.events);
    }

    /// Takes what stands around the choices, and begins the response.
    pub fn begin(&mut self, chat: &Chat<'_>) {
        self.frame.learn(chat, !self.begun);
        if let Some(raw) = chat.usage {
            self.usage = Some(Usage::of(raw));
        }
        if !mem::replace(&mut self.begun, true) {
            self.tell_response("response.created", "in_progress", None);
            self.tell_response("response.in_progress", "in_progress", None);
        }
    }

    pub fn has_begun(&self) -> bool {
        self.begun
    }

    /// One piece of text; `logprobs` are its tokens', an array.
    pub fn say<'a>(&mut self, raw: Raw<'_>, logprobs: Option<Raw<'a>>) {
        let items = |raw: Raw<'a>| raw.get().strip_prefix('[')?.strip_suffix(']');
        let logprobs = logprobs.and_then(items).unwrap_or_default().trim();
        let (at, place) = self.part(false);
        if let Some(part) = self.last_part(at) {
            part.text.push_str(&inside(raw));
            if !part.logprobs.is_empty() && !logprobs.is_empty() {
                part.logprobs.push(',');
            }
            part.logprobs.push_str(logprobs);
        }
        self.event("response.output_text.delta", Some(at), |out| {
            out.number("content_index", place).field("delta", raw.get());
            out.field("logprobs", &format!("[{logprobs}]"));
        });
    }

    pub fn refuse(&mut self, raw: Raw<'_>) {
        let (at, place) = self.part(true);
        if let Some(part) = self.last_part(at) {
            part.text.push_str(&inside(raw));
        }
        self.event("response.refusal.delta", Some(at), |out| {
            out.number("content_index", place).field("delta", raw.get());
        });
    }

    /// `json`: an annotation of the text that is being told.
    pub fn annotate(&mut self, json: &str) {
        let Some(at) = self.told else { return };
        let Body::Message(parts) = &mut self.items[at].body else { return };
        let place = parts.len() as u64 - 1;
        let Some(part) = parts.last_mut().filter(|part| !part.is_refusal) else { return };
        let index = part.annotations.len() as u64;
        part.annotations.push(json.to_owned());
        self.event("response.output_text.annotation.added", Some(at), |out| {
            out.number("content_index", place).number("annotation_index", index).field("annotation", json);
        });
    }

    pub fn reason(&mut self, raw: Raw<'_>) {
        let at = self.thoughts();
        let mut is_first = false;
        if let Body::Reasoning { text, .. } = &mut self.items[at].body {
            is_first = text.is_none();
            text.get_or_insert_default().push_str(&inside(raw));
        }
        if is_first {
            self.event("response.content_part.added", Some(at), |out| {
                out.number("content_index", 0).field("part", &thought(""));
            });
        }
        self.event("response.reasoning_text.delta", Some(at), |out| {
            out.number("content_index", 0).field("delta", raw.get());
        });
    }

    /// What thoughts are sealed with; those after it are others.
    pub fn seal(&mut self, fields: Vec<(String, String)>) {
        let at = self.thoughts();
        self.set_seal(at, "\"thinking\"", fields);
    }

    /// Thoughts that only the provider can read.
    pub fn redacted(&mut self, fields: Vec<(String, String)>) {
        self.end_told();
        let at = self.thoughts();
        self.set_seal(at, "\"redacted_thinking\"", fields);
    }

    fn set_seal(&mut self, at: usize, kind: &str, fields: Vec<(String, String)>) {
        if let Body::Reasoning { seal, .. } = &mut self.items[at].body {
            seal.push(("type".to_owned(), kind.to_owned()));
            seal.extend(fields.into_iter().filter(|(name, _)| name != "type"));
        }
    }

    /// A picture, by its address or its data.
    pub fn draw(&mut self, url: &str, rest: Vec<(String, String)>) {
        self.end_told();
        let data = url.strip_prefix("data:image/").and_then(|rest| rest.split_once(";base64,"));
        let (result, format) = match data {
            Some((format, data)) => (("result", string(data)), Some(format.to_owned())),
            None => (("url", string(url)), None),
        };
        let at = self.add(Body::Image { result, format }, Vec::new());
        self.items[at].rest = rest;
        self.event("response.image_generation_call.completed", Some(at), |_| {});
        self.close(at, State::Whole);
    }

    /// A field of the provider's own beside the text.
    pub fn attach(&mut self, name: &str, raw: Raw<'_>) {
        self.attached = vec![(name.to_owned(), raw.get().to_owned())];
    }

    /// Begins a call, and says at which place; `rest` are fields of the provider's own.
    pub fn call(&mut self, call: &Call<'_>, rest: Vec<(String, String)>) -> usize {
        self.end_told();
        let json = |raw: Raw<'_>| raw.get().to_owned();
        let made = || format!("\"call_{}_{}\"", self.id, self.items.len());
        let tool = match call.is_custom {
            true => Tool::Custom,
            false if self.frame.has_custom_tool(call.name) => Tool::Wrapped,
            false => Tool::Function,
        };
        let body = Body::Call {
            tool,
            id: call.id.map_or_else(made, json),
            name: call.name.map_or_else(|| "\"\"".to_owned(), json),
            said: String::new(),
        };
        self.add(body, rest)
    }

    /// Adds a piece of a call.
    pub fn call_with(&mut self, at: usize, call: &Call<'_>) {
        if self.items[at].state != State::Open {
            return;
        }
        if let (Body::Call { name, .. }, Some(raw)) = (&mut self.items[at].body, call.name) {
            raw.get().clone_into(name);
        }
        if let Some(piece) = call.said.map(inside).filter(|piece| !piece.is_empty()) {
            self.add_arguments(at, &piece);
        }
    }

    pub(super) fn add_arguments(&mut self, at: usize, piece: &str) {
        let Body::Call { said, tool, .. } = &mut self.items[at].body else { return };
        said.push_str(piece);
        let name = match tool {
            Tool::Function => "response.function_call_arguments.delta",
            Tool::Custom => "response.custom_tool_call_input.delta",
            // Its input can't be told before it is whole.
            Tool::Wrapped => return,
        };
        self.event(name, Some(at), |out| out.field("delta", &format!("\"{piece}\"")).done());
    }

    /// Ends the response by its finish reason, and gives it.
    pub fn finish(&mut self, reason: Option<&str>) -> String {
        match Ending::of(reason) {
            Ending::Whole => {
                self.close_all(State::Whole);
                self.tell_response("response.completed", "completed", None)
            }
            Ending::Cut(why) => {
                self.close_all(State::Cut);
                self.tell_response("response.incomplete", "incomplete", Some(Fault::Cut(why)))
            }
            Ending::Failed => self.fail("server_error", "\"The provider ended the answer with an error.\""),
        }
    }

    /// Tells of an error without a response; the values are JSON.
    pub fn tell_error(&mut self, code: &str, message: &str, param: &str) {
        self.event("error", None, |out| {
            out.field("code", code).field("message", message).field("param", param);
        });
    }

    /// Ends the response with an error; `message` is a JSON string.
    pub fn fail(&mut self, code: &str, message: &str) -> String {
        self.close_all(State::Cut);
        self.tell_response("response.failed", "failed", Some(Fault::Failed { code, message }))
    }

    fn tell_response(&mut self, name: &'static str, status: &str, fault: Option<Fault<'_>>) -> String {
        let items: Vec<String> = self.items.iter().map(Item::json).collect();
        let usage = self.usage.as_ref().filter(|_| status != "in_progress");
        let response = self.frame.write(status, &items, usage, fault);
        self.event(name, None, |out| out.field("response", &response).done());
        response
    }

    /// The item of thoughts that may still be added to.
    fn thoughts(&mut self) -> usize {
        if let Some(at) = self.told
            && matches!(&self.items[at].body, Body::Reasoning { seal, .. } if seal.is_empty())
        {
            return at;
        }
        self.end_told();
        let at = self.add(Body::Reasoning { text: None, seal: Vec::new() }, Vec::new());
        self.told = Some(at);
        at
    }

    /// The place of the message that is being told, and of its part of this kind.
    fn part(&mut self, is_refusal: bool) -> (usize, u64) {
        let open = self.told.filter(|at| matches!(self.items[*at].body, Body::Message(_)));
        let at = open.unwrap_or_else(|| {
            self.end_told();
            self.add(Body::Message(Vec::new()), Vec::new())
        });
        self.told = Some(at);
        let is_new = self.last_part(at).is_none_or(|part| part.is_refusal != is_refusal);
        if is_new {
            self.end_part(at);
        }
        let Body::Message(parts) = &mut self.items[at].body else { return (at, 0) };
        if is_new {
            parts.push(Part { is_refusal, ..Part::default() });
        }
        let place = parts.len() as u64 - 1;
        if let Some(json) = parts.last().map(Part::json).filter(|_| is_new) {
            self.event("response.content_part.added", Some(at), |out| {
                out.number("content_index", place).field("part", &json);
            });
        }
        (at, place)
    }

    pub(super) fn last_part(&mut self, at: usize) -> Option<&mut Part> {
        match &mut self.items[at].body {
            Body::Message(parts) => parts.last_mut(),
            _ => None,
        }
    }

    fn add(&mut self, body: Body, rest: Vec<(String, String)>) -> usize {
        // A call whose arguments are whole is told as done at once, so that it can be run while the answer goes on.
        for at in 0..self.items.len() {
            if self.items[at].state == State::Open && self.items[at].is_whole_call() {
                self.close(at, State::Whole);
            }
        }
        let at = self.items.len();
        let id = format!("{}_{}_{at}", body.prefix(), self.id);
        self.items.push(Item { id, state: State::Open, body, rest });
        let item = self.items[at].json();
        self.event("response.output_item.added", None, |out| {
            out.number("output_index", at as u64).field("item", &item);
        });
        at
    }

    /// One event, of the item at a place where there is one.
    pub(super) fn event(&mut self, name: &'static str, at: Option<usize>, fill: impl FnOnce(&mut Json)) {
        if !self.is_live {
            return;
        }
        let mut out = Json::default();
        out.object(|out| {
            out.text("type", name).number("sequence_number", self.sequence);
            if let Some(at) = at {
                out.text("item_id", &self.items[at].id).number("output_index", at as u64);
            }
            fill(out);
        });
        self.sequence += 1;
        self.events.push(Event { name: Some(name.into()), data: out.into_bytes() });
    }
}
