//! A streamed reply of the Messages API as chunks of a chat completion. Events are told apart by the type in their data:
//! hosts forget the event's name. One id and one time for the whole stream, a role once, tool calls counted from 0, one
//! chunk with the finish reason and, if it was asked for, one with the usage. No chunk says nothing.

use std::borrow::Cow;

use bytes::Bytes;
use serde::Deserialize;

use super::asking::Asking;
use super::errors;
use super::usage::Usage;
use crate::provider::dialect::{Context, Fault, Translator, WireEvent};
use crate::provider::head::{self, Head};
use crate::provider::json::{Json, Object, Raw, is_string, text};

#[derive(Deserialize)]
struct Event<'a> {
    #[serde(borrow, default, rename = "type")]
    kind: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    message: Option<Message<'a>>,
    #[serde(default)]
    index: Option<u64>,
    #[serde(borrow, default)]
    content_block: Option<Raw<'a>>,
    #[serde(borrow, default)]
    delta: Option<Delta<'a>>,
    #[serde(borrow, default)]
    usage: Option<Raw<'a>>,
    #[serde(borrow, default)]
    error: Option<Raw<'a>>,
}

#[derive(Deserialize)]
struct Message<'a> {
    #[serde(borrow, default)]
    id: Option<Raw<'a>>,
    #[serde(borrow, default)]
    model: Option<Raw<'a>>,
    #[serde(borrow, default)]
    usage: Option<Raw<'a>>,
}

#[derive(Deserialize)]
struct Delta<'a> {
    #[serde(borrow, default)]
    text: Option<Raw<'a>>,
    #[serde(borrow, default)]
    thinking: Option<Raw<'a>>,
    #[serde(borrow, default)]
    signature: Option<Raw<'a>>,
    #[serde(borrow, default)]
    partial_json: Option<Raw<'a>>,
    #[serde(borrow, default)]
    citation: Option<Raw<'a>>,
    #[serde(borrow, default)]
    stop_reason: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    stop_details: Option<Raw<'a>>,
}

/// Reads one stream.
pub struct Stream {
    asking: Asking,
    /// Of each chunk; `None` until the first.
    head: Option<Head<'static>>,
    usage: Usage,
    /// Tool calls begun.
    calls: u64,
    /// The block whose input is coming.
    tool: Option<OpenTool>,
    wrote_schema: bool,
    finished: bool,
    ended: bool,
}

struct OpenTool {
    block: u64,
    role: Role,
    /// Its input as it stood in the block's beginning, for hosts that send it whole.
    input: String,
    any: bool,
}

#[derive(Clone, Copy)]
enum Role {
    /// The caller's tool, by its place among the calls.
    Call(u64),
    /// It stands for a schema: its input is the answer's text.
    Schema,
    /// A tool that the host runs itself.
    Host,
}

impl Stream {
    pub fn new(context: &Context<'_>) -> Self {
        Self {
            asking: Asking::of(context),
            head: None,
            usage: Usage::default(),
            calls: 0,
            tool: None,
            wrote_schema: false,
            finished: false,
            ended: false,
        }
    }

    fn start(&mut self, message: Option<&Message<'_>>, chunks: &mut Vec<Bytes>) {
        if self.head.is_some() {
            return;
        }
        let (id, model) = message.map_or((None, None), |message| (message.id, message.model));
        self.head = Some(self.asking.head(head::CHUNK, id, model).into_owned());
        let role = |out: &mut Json| out.text("role", "assistant").text("content", "").done();
        chunks.push(self.chunk(role, None));
    }

    fn chunk(&self, delta: impl FnOnce(&mut Json), finish_reason: Option<&str>) -> Bytes {
        let choice = |out: &mut Json| {
            out.key("delta").object(delta).field("logprobs", "null");
            match finish_reason {
                Some(reason) => out.text("finish_reason", reason),
                None => out.field("finish_reason", "null"),
            };
        };
        self.head().one(choice, |_| {})
    }

    fn head(&self) -> &Head<'static> {
        self.head.as_ref().expect("a stream has started before it says anything")
    }

    /// A delta's text or thinking; `name` is its field in `content_blocks`.
    fn say(&self, field: &str, name: &str, raw: Option<Raw<'_>>, block: u64, chunks: &mut Vec<Bytes>) {
        let Some(raw) = raw.filter(says_something) else { return };
        let strict = self.asking.strict;
        let delta = |out: &mut Json| {
            out.field(field, raw.get());
            if !strict {
                write_block(block, &format!(r#"{{"{name}":{}}}"#, raw.get()), out);
            }
        };
        chunks.push(self.chunk(delta, None));
    }

    fn sign(&self, signature: Option<Raw<'_>>, block: u64, chunks: &mut Vec<Bytes>) {
        if let Some(raw) = signature.filter(says_something) {
            self.say_block(block, "signature", raw.get(), chunks);
        }
    }

    /// A piece of a block that only `content_blocks` has a place for.
    fn say_block(&self, block: u64, field: &str, json: &str, chunks: &mut Vec<Bytes>) {
        if !self.asking.strict {
            let delta = format!(r#"{{"{field}":{json}}}"#);
            chunks.push(self.chunk(|out| write_block(block, &delta, out), None));
        }
    }

    fn begin_block(&mut self, at: u64, raw: Raw<'_>, chunks: &mut Vec<Bytes>) {
        self.end_block(chunks);
        let Some(block) = Object::parse(raw) else { return };
        let kind = block.text("type").unwrap_or_default();
        match &*kind {
            "text" => self.say("content", "text", block.get("text"), at, chunks),
            "thinking" => {
                self.say("reasoning_content", "thinking", block.get("thinking"), at, chunks);
                self.sign(block.get("signature"), at, chunks);
            }
            "tool_use" => self.begin_call(at, &block, chunks),
            _ => {
                if !self.asking.strict {
                    chunks.push(self.chunk(|out| write_block(at, raw.get(), out), None));
                }
                self.tool = Some(OpenTool { block: at, role: Role::Host, input: String::new(), any: true });
            }
        }
    }

    fn begin_call(&mut self, at: u64, block: &Object<'_>, chunks: &mut Vec<Bytes>) {
        let is_schema =
            self.asking.tool.is_some() && block.text("name").as_deref() == self.asking.tool.as_deref();
        let role = if is_schema { Role::Schema } else { Role::Call(self.calls) };
        if let Role::Call(index) = role {
            self.calls += 1;
            let [id, name] = ["id", "name"].map(|field| block.get(field).map_or("\"\"", |raw| raw.get()));
            let delta = |out: &mut Json| {
                write_call(index, out, |out| {
                    out.field("id", id)
                        .text("type", "function")
                        .key("function")
                        .object(|out| out.field("name", name).text("arguments", "").done());
                });
            };
            chunks.push(self.chunk(delta, None));
        }
        let input = block.get("input").map_or("{}", |raw| raw.get()).to_owned();
        self.tool = Some(OpenTool { block: at, role, input, any: false });
    }

    fn input(&mut self, at: u64, raw: Option<Raw<'_>>, chunks: &mut Vec<Bytes>) {
        let Some(raw) = raw.filter(says_something) else { return };
        let Some(tool) = self.tool.as_mut().filter(|tool| tool.block == at) else { return };
        tool.any = true;
        let role = tool.role;
        self.write_input(at, role, raw.get(), chunks);
    }

    /// `json`: a JSON string of a piece of the input.
    fn write_input(&mut self, at: u64, role: Role, json: &str, chunks: &mut Vec<Bytes>) {
        match role {
            Role::Call(index) => {
                let delta = |out: &mut Json| {
                    write_call(index, out, |out| {
                        out.key("function").object(|out| out.field("arguments", json).done());
                    });
                };
                chunks.push(self.chunk(delta, None));
            }
            Role::Schema => {
                self.wrote_schema = true;
                chunks.push(self.chunk(|out| out.field("content", json).done(), None));
            }
            Role::Host => self.say_block(at, "partial_json", json, chunks),
        }
    }

    /// A tool without pieces of input has it whole in its beginning, be it empty.
    fn end_block(&mut self, chunks: &mut Vec<Bytes>) {
        let Some(tool) = self.tool.take().filter(|tool| !tool.any) else { return };
        let json = serde_json::to_string(&tool.input).expect("a string always has a JSON form");
        self.write_input(tool.block, tool.role, &json, chunks);
    }

    fn delta(&mut self, at: u64, delta: &Delta<'_>, chunks: &mut Vec<Bytes>) {
        self.say("content", "text", delta.text, at, chunks);
        self.say("reasoning_content", "thinking", delta.thinking, at, chunks);
        self.sign(delta.signature, at, chunks);
        if let Some(raw) = delta.citation {
            self.say_block(at, "citation", raw.get(), chunks);
        }
        self.input(at, delta.partial_json, chunks);
    }

    fn finish(&mut self, reason: Option<&str>, details: Option<Raw<'_>>, chunks: &mut Vec<Bytes>) {
        self.end_block(chunks);
        if self.finished {
            return;
        }
        self.finished = true;
        let explanation = details.and_then(Object::parse).and_then(|details| details.get("explanation"));
        if let (Some(raw), Some("refusal")) = (explanation.filter(|raw| is_string(raw)), reason) {
            chunks.push(self.chunk(|out| out.field("refusal", raw.get()).done(), None));
        }
        let reason = self.asking.finish_reason(reason, self.wrote_schema && self.calls == 0);
        chunks.push(self.chunk(|_| {}, Some(reason)));
    }

    /// The usage comes last, once, after the finish reason.
    fn tell_usage(&mut self, chunks: &mut Vec<Bytes>) {
        if !self.finished || self.ended || !self.asking.usage {
            return;
        }
        self.ended = true;
        let usage = |out: &mut Json| self.usage.told().write(out.key("usage"));
        chunks.push(self.head().write(|_| {}, usage));
    }
}

impl Translator for Stream {
    fn event(&mut self, event: WireEvent<'_>, chunks: &mut Vec<Bytes>) -> Result<(), Fault> {
        let text = std::str::from_utf8(event.data).map_err(|_| garbled("no UTF-8"))?;
        let data: Event<'_> = serde_json::from_str(text)
            .map_err(|why| garbled(if why.is_data() { "no event of the Messages API" } else { "no JSON" }))?;
        match data.kind.as_deref().or(event.name) {
            Some("message_start") => {
                self.start(data.message.as_ref(), chunks);
                let usage = data.message.and_then(|message| message.usage);
                self.usage.update(usage.map(Usage::of).unwrap_or_default());
            }
            Some("content_block_start") => {
                self.start(None, chunks);
                if let Some(block) = data.content_block {
                    self.begin_block(data.index.unwrap_or(0), block, chunks);
                }
            }
            Some("content_block_delta") => {
                self.start(None, chunks);
                if let Some(delta) = &data.delta {
                    self.delta(data.index.unwrap_or(0), delta, chunks);
                }
            }
            Some("content_block_stop") => self.end_block(chunks),
            Some("message_delta") => {
                self.start(None, chunks);
                self.usage.update(data.usage.map(Usage::of).unwrap_or_default());
                if let Some(Delta { stop_reason: Some(reason), stop_details, .. }) = &data.delta {
                    self.finish(Some(reason), *stop_details, chunks);
                }
            }
            Some("message_stop") => {
                self.start(None, chunks);
                self.finish(None, None, chunks);
                self.tell_usage(chunks);
            }
            Some("error") => return Err(reported(text, data.error)),
            // Pings, and what the API may yet come to say.
            Some(_) => {}
            None if data.error.is_some() => return Err(reported(text, data.error)),
            None => return Err(garbled("no event of the Messages API")),
        }
        Ok(())
    }

    fn end(&mut self, chunks: &mut Vec<Bytes>) {
        self.tell_usage(chunks);
    }
}

fn garbled(why: &str) -> Fault {
    Fault::Garbled(format!("an event is {why}"))
}

fn reported(event: &str, error: Option<Raw<'_>>) -> Fault {
    let error = error.and_then(Object::parse);
    let code = error.as_ref().and_then(|error| error.get("code")?.get().parse().ok());
    let kind = error.as_ref().and_then(|error| error.get("type").and_then(text));
    let status = code.filter(|code| (400..600).contains(code));
    let status = status.unwrap_or_else(|| errors::status_of(kind.as_deref().unwrap_or_default()));
    let body = errors::translate(event.as_bytes());
    Fault::Reported { status, body: body.unwrap_or_else(|| Bytes::copy_from_slice(event.as_bytes())) }
}

/// Whether it is a text, and not an empty one.
fn says_something(raw: &Raw<'_>) -> bool {
    is_string(raw) && raw.get() != "\"\""
}

/// The error that an event reports, if it is one.
pub fn reported_in(event: &WireEvent<'_>) -> Option<Fault> {
    let named = event.name == Some("error");
    let text = std::str::from_utf8(event.data).ok()?;
    let data: Option<Event<'_>> = serde_json::from_str(text).ok();
    let said = data.as_ref().is_some_and(|data| data.kind.as_deref() == Some("error"));
    (named || said).then(|| reported(text, data.and_then(|data| data.error)))
}

/// `delta` is JSON.
fn write_block(at: u64, delta: &str, out: &mut Json) {
    out.key("content_blocks").array(|out| {
        out.object(|out| out.number("index", at).field("delta", delta).done());
    });
}

fn write_call(index: u64, out: &mut Json, fill: impl FnOnce(&mut Json)) {
    out.key("tool_calls").array(|out| {
        out.object(|out| {
            out.number("index", index);
            fill(out);
        });
    });
}
