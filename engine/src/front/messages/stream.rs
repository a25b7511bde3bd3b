//! A chat's chunks as the events of a message. Blocks come one after the other: one is closed before the next is begun.
//! Usage follows the finish reason in a chat and stands beside it in a message, so the last events wait for it.

use serde::Deserialize;

use super::answer::{Usage, stop_reason};
use crate::events::Event;
use crate::provider::json::{Json, Object, Raw, is_object, is_string, items, text};

#[derive(Deserialize)]
struct Chunk<'a> {
    #[serde(borrow, default)]
    id: Option<Raw<'a>>,
    #[serde(borrow, default)]
    model: Option<Raw<'a>>,
    #[serde(borrow, default)]
    choices: Option<Vec<Choice<'a>>>,
    #[serde(borrow, default)]
    usage: Option<Raw<'a>>,
}

#[derive(Deserialize)]
struct Choice<'a> {
    #[serde(default)]
    index: Option<u64>,
    #[serde(borrow, default)]
    delta: Option<Delta<'a>>,
    #[serde(borrow, default)]
    finish_reason: Option<Raw<'a>>,
}

#[derive(Deserialize)]
struct Delta<'a> {
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
    #[serde(default)]
    index: Option<u64>,
    #[serde(borrow, default)]
    id: Option<Raw<'a>>,
    #[serde(borrow, default)]
    function: Option<Function<'a>>,
}

#[derive(Deserialize)]
struct Function<'a> {
    #[serde(borrow, default)]
    name: Option<Raw<'a>>,
    #[serde(borrow, default)]
    arguments: Option<Raw<'a>>,
}

/// Reads one stream of chunks. `[DONE]` is not handed to it.
pub struct Reader {
    /// For a stream without an id of its own.
    id: String,
    started: bool,
    /// Blocks begun.
    blocks: u64,
    open: Option<Kind>,
    /// The tool calls, by their index in the chat: the block of each, and its id.
    calls: Vec<(u64, u64, String)>,
    refused: bool,
    finish_reason: Option<String>,
    usage: Option<Usage>,
    ended: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Thinking,
    Call,
    /// A block that only `content_blocks` tells of, by its index there.
    Own(u64),
}

const TEXT: &str = r#"{"type":"text","text":""}"#;
const THINKING: &str = r#"{"type":"thinking","thinking":"","signature":""}"#;

impl Reader {
    /// `id`: a fresh identifier.
    pub fn new(id: &str) -> Self {
        Self {
            id: format!("msg_{id}"),
            started: false,
            blocks: 0,
            open: None,
            calls: Vec::new(),
            refused: false,
            finish_reason: None,
            usage: None,
            ended: false,
        }
    }

    /// Takes one chunk's JSON and adds the events that it gives. The error says in a few words what is wrong with it.
    pub fn chunk(&mut self, chunk: &[u8], events: &mut Vec<Event>) -> Result<(), String> {
        let chunk: Chunk<'_> =
            serde_json::from_slice(chunk).map_err(|_| "no chunk of chat completions".to_owned())?;
        self.start(&chunk, events);
        let first = |choice: &&Choice<'_>| choice.index.unwrap_or(0) == 0;
        for choice in chunk.choices.iter().flatten().filter(first) {
            if let Some(delta) = &choice.delta {
                self.delta(delta, events);
            }
            if let Some(reason) = choice.finish_reason.and_then(text) {
                self.close(events);
                self.finish_reason = Some(reason.into_owned());
            }
        }
        if chunk.usage.is_some() {
            self.usage = Some(Usage::of(chunk.usage));
        }
        if self.usage.is_some() && self.finish_reason.is_some() {
            self.finish(events);
        }
        Ok(())
    }

    /// The chat has ended: adds what waited for its usage. A chat without a finish reason has no end to tell of.
    pub fn end(&mut self, events: &mut Vec<Event>) {
        if self.finish_reason.is_some() {
            self.finish(events);
        }
    }

    fn start(&mut self, chunk: &Chunk<'_>, events: &mut Vec<Event>) {
        if self.started {
            return;
        }
        self.started = true;
        events.push(event("message_start", |out| {
            out.key("message").object(|out| {
                match chunk.id.filter(|raw| is_string(raw) && raw.get() != "\"\"") {
                    Some(id) => out.field("id", id.get()),
                    None => out.text("id", &self.id),
                };
                out.text("type", "message").text("role", "assistant");
                out.field("model", chunk.model.map_or("\"\"", |raw| raw.get())).field("content", "[]");
                out.field("stop_reason", "null").field("stop_sequence", "null");
                out.field("usage", r#"{"input_tokens":0,"output_tokens":0}"#);
            });
        }));
    }

    fn delta(&mut self, delta: &Delta<'_>, events: &mut Vec<Event>) {
        if let Some(raw) = delta.reasoning_content.or(delta.reasoning).filter(says_something) {
            self.begin(Kind::Thinking, THINKING, events);
            self.say("thinking_delta", "thinking", raw, events);
        }
        for block in delta.content_blocks.and_then(items).into_iter().flatten() {
            self.own(block, events);
        }
        self.refused |= delta.refusal.is_some_and(|raw| says_something(&raw));
        for raw in [delta.content, delta.refusal].into_iter().flatten().filter(says_something) {
            self.begin(Kind::Text, TEXT, events);
            self.say("text_delta", "text", raw, events);
        }
        for call in delta.tool_calls.iter().flatten() {
            self.call(call, events);
        }
    }

    /// What only `content_blocks` tells: a signature, and blocks of the API's own.
    fn own(&mut self, block: Raw<'_>, events: &mut Vec<Event>) {
        let Some(block) = Object::parse(block) else { return };
        let at = block.get("index").and_then(|raw| raw.get().parse().ok()).unwrap_or(0);
        let Some(raw) = block.get("delta").filter(|raw| is_object(raw)) else { return };
        let Some(delta) = Object::parse(raw) else { return };
        if delta.get("type").is_some() {
            self.begin(Kind::Own(at), raw.get(), events);
        }
        let pieces = [
            ("signature_delta", "signature"),
            ("citations_delta", "citation"),
            ("input_json_delta", "partial_json"),
        ];
        for (kind, field) in pieces {
            let Some(piece) = delta.get(field).filter(|_| delta.get("type").is_none()) else { continue };
            match field {
                "signature" => self.begin(Kind::Thinking, THINKING, events),
                "citation" => self.begin(Kind::Text, TEXT, events),
                _ => {}
            }
            self.say(kind, field, piece, events);
        }
    }

    fn call(&mut self, call: &Call<'_>, events: &mut Vec<Event>) {
        let id = call.id.and_then(text).unwrap_or_default();
        let known = match (call.index, self.calls.last()) {
            (Some(index), _) => self.calls.iter().find(|(seen, ..)| *seen == index),
            // A server that counts nothing repeats the id, or gives none.
            (None, last) => last.filter(|(.., last)| id.is_empty() || *id == **last),
        };
        let function = call.function.as_ref();
        let block = known.map_or(self.blocks, |(_, block, _)| *block);
        if known.is_none() {
            self.close(events);
            let index = call.index.unwrap_or(self.calls.len() as u64);
            let name = function.and_then(|function| function.name).map_or("\"\"", |raw| raw.get());
            let mut tool = Json::default();
            tool.object(|out| {
                out.text("type", "tool_use").text("id", &id).field("name", name).field("input", "{}");
            });
            self.calls.push((index, block, id.into_owned()));
            self.begin(Kind::Call, &String::from_utf8_lossy(&tool.into_bytes()), events);
        }
        if let Some(raw) = function.and_then(|function| function.arguments).filter(says_something) {
            say_at(block, "input_json_delta", "partial_json", raw, events);
        }
    }

    /// Begins a block unless one of its kind is open; calls are always begun anew.
    fn begin(&mut self, kind: Kind, block: &str, events: &mut Vec<Event>) {
        if self.open == Some(kind) {
            return;
        }
        self.close(events);
        self.open = Some(kind);
        let at = self.blocks;
        self.blocks += 1;
        events.push(event("content_block_start", |out| {
            out.number("index", at).field("content_block", block);
        }));
    }

    fn say(&self, kind: &str, field: &str, raw: Raw<'_>, events: &mut Vec<Event>) {
        say_at(self.blocks.saturating_sub(1), kind, field, raw, events);
    }

    fn close(&mut self, events: &mut Vec<Event>) {
        if self.open.take().is_some() {
            let at = self.blocks - 1;
            events.push(event("content_block_stop", |out| out.number("index", at).done()));
        }
    }

    fn finish(&mut self, events: &mut Vec<Event>) {
        if std::mem::replace(&mut self.ended, true) {
            return;
        }
        self.close(events);
        let reason = stop_reason(self.finish_reason.as_deref(), !self.calls.is_empty(), self.refused);
        let usage = self.usage.take().unwrap_or_default();
        events.push(event("message_delta", |out| {
            out.key("delta").object(|out| {
                out.text("stop_reason", reason).field("stop_sequence", "null");
            });
            usage.write(out);
        }));
        events.push(event("message_stop", |_| {}));
    }
}

/// One event; its data say its name as their type.
fn event(name: &'static str, fill: impl FnOnce(&mut Json)) -> Event {
    let mut out = Json::default();
    out.object(|out| {
        out.text("type", name);
        fill(out);
    });
    Event { name: Some(name.into()), data: out.into_bytes() }
}

fn say_at(block: u64, kind: &str, field: &str, raw: Raw<'_>, events: &mut Vec<Event>) {
    events.push(event("content_block_delta", |out| {
        out.number("index", block).key("delta").object(|out| {
            out.text("type", kind).field(field, raw.get());
        });
    }));
}

/// Whether it is a text, and not an empty one.
fn says_something(raw: &Raw<'_>) -> bool {
    is_string(raw) && raw.get() != "\"\""
}
