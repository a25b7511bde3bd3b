//! Chat completions in our shape, whole and as chunks, for dialects to fill.
//! The discipline of a stream: one id and one time, the role once and first, tool calls in sequence from index 0, one
//! finish chunk, and usage in a chunk of its own without choices, if the caller asked for it.

use std::borrow::Cow;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::dialect::Context;
use super::fields::json;
use super::head::{self, Head};
use super::json::Json;

/// Raw JSON, of a reply or put together here.
pub type Raw<'a> = Cow<'a, RawValue>;

/// Fields beyond OpenAI's, in their order.
pub type Extras<'a> = Vec<(&'static str, Raw<'a>)>;

/// What of the caller's body decides how an answer looks.
#[derive(Default, Deserialize)]
pub struct Asked<'a> {
    #[serde(borrow, default)]
    model: Option<&'a RawValue>,
    #[serde(borrow, default)]
    stream_options: Option<&'a RawValue>,
}

impl<'a> Asked<'a> {
    pub fn read(body: &'a [u8]) -> Self {
        serde_json::from_slice(body).unwrap_or_default()
    }

    /// The model's name as JSON text.
    pub fn model(&self) -> &'a str {
        self.model.map_or("null", RawValue::get)
    }

    fn wants_usage(&self) -> bool {
        #[derive(Deserialize)]
        struct Options {
            #[serde(default)]
            include_usage: Option<bool>,
        }
        let options = self.stream_options.and_then(|raw| serde_json::from_str::<Options>(raw.get()).ok());
        options.and_then(|options| options.include_usage).unwrap_or(false)
    }
}

/// A whole answer with one choice.
pub struct Completion<'a> {
    pub id: String,
    pub message: Message<'a>,
    pub finish_reason: &'a str,
    pub logprobs: Option<Raw<'a>>,
    pub usage: Option<Usage>,
    /// Extras of the choice.
    pub choice: Extras<'a>,
    pub extras: Extras<'a>,
}

/// The assistant's message.
#[derive(Default)]
pub struct Message<'a> {
    /// What is inside the quotes of the text's JSON form.
    pub text: String,
    /// The same of what the model thought.
    pub reasoning: String,
    pub tool_calls: Vec<ToolCall<'a>>,
    pub extras: Extras<'a>,
}

/// A call of a function; id, name and arguments are JSON strings.
#[derive(Serialize)]
pub struct ToolCall<'a> {
    pub id: Raw<'a>,
    pub r#type: &'static str,
    pub function: Function<'a>,
}

#[derive(Serialize)]
pub struct Function<'a> {
    pub name: Raw<'a>,
    pub arguments: Raw<'a>,
}

/// What an answer took, in tokens.
#[derive(Clone, Copy, Debug, Default)]
pub struct Usage {
    /// All of the prompt, what came from a cache included.
    pub prompt: u64,
    /// All of the answer, what was thought included.
    pub completion: u64,
    /// `None`: the sum.
    pub total: Option<u64>,
    /// Of the prompt, what was read from a cache; `None` where the provider doesn't tell.
    pub cached: Option<u64>,
    /// Of the prompt, what was written to a cache; `None` where the provider doesn't tell. Where it does, both are told
    /// once more under Anthropic's names, unless both are none.
    pub written: Option<u64>,
    /// Of the answer, what was thought; `None` where the provider doesn't tell.
    pub reasoning: Option<u64>,
    /// Of the prompt and of the answer, what is sound.
    pub audio: Option<[u64; 2]>,
}

impl Usage {
    pub fn write(&self, out: &mut Json) {
        let Self { prompt, completion, .. } = *self;
        let [heard, spoken] = self.audio.map_or([None; 2], |counts| counts.map(Some));
        out.object(|out| {
            out.number("prompt_tokens", prompt).number("completion_tokens", completion);
            out.number("total_tokens", self.total.unwrap_or(prompt + completion));
            details(out, "prompt_tokens_details", [("cached_tokens", self.cached), ("audio_tokens", heard)]);
            let thought = [("reasoning_tokens", self.reasoning), ("audio_tokens", spoken)];
            details(out, "completion_tokens_details", thought);
            if let (Some(read), Some(written)) = (self.cached, self.written)
                && read + written > 0
            {
                out.number("cache_read_input_tokens", read).number("cache_creation_input_tokens", written);
            }
        });
    }
}

/// Those of the counts that are known.
fn details(out: &mut Json, name: &str, counts: [(&str, Option<u64>); 2]) {
    if counts.iter().all(|(_, count)| count.is_none()) {
        return;
    }
    out.key(name).object(|out| {
        for (name, count) in counts {
            if let Some(count) = count {
                out.number(name, count);
            }
        }
    });
}

impl Completion<'_> {
    /// The answer's JSON. Every extra is left out where answers are to be strictly OpenAI's.
    pub fn to_bytes(&self, context: &Context<'_>) -> Bytes {
        let head = Head {
            id: quoted(&self.id).into(),
            object: head::CHAT,
            created: context.created,
            model: Asked::read(context.asked).model().into(),
        };
        let choice = |out: &mut Json| {
            self.message.write(out.key("message"), context.strict);
            if let Some(logprobs) = &self.logprobs {
                out.field("logprobs", logprobs.get());
            }
            out.text("finish_reason", self.finish_reason);
            write_extras(out, &self.choice);
        };
        head.one(choice, |out| {
            if let Some(usage) = self.usage {
                usage.write(out.key("usage"));
            }
            if !context.strict {
                write_extras(out, &self.extras);
            }
        })
    }
}

impl Message<'_> {
    fn write(&self, out: &mut Json, strict: bool) {
        let Self { text, reasoning, tool_calls, extras } = self;
        out.object(|out| {
            out.text("role", "assistant");
            // As OpenAI: no content beside a call of a tool is null.
            if text.is_empty() && !tool_calls.is_empty() {
                out.field("content", "null");
            } else {
                out.field("content", &format!("\"{text}\""));
            }
            if !reasoning.is_empty() {
                out.field("reasoning_content", &format!("\"{reasoning}\""));
            }
            if !strict {
                write_extras(out, extras);
            }
            if !tool_calls.is_empty() {
                out.field("tool_calls", json(tool_calls).get());
            }
        });
    }
}

fn write_extras(out: &mut Json, extras: &Extras<'_>) {
    for (name, value) in extras {
        out.field(name, value.get());
    }
}

/// `text` as a JSON string.
pub fn quoted(text: &str) -> String {
    serde_json::to_string(text).expect("a string always has a JSON form")
}

/// What is inside the quotes of a JSON string.
pub fn inside(raw: &RawValue) -> &str {
    super::json::inside(raw.get())
}

/// Writes the chunks of one stream.
pub struct Chunks {
    head: Head<'static>,
    wants_usage: bool,
    begun: bool,
    tools: usize,
}

impl Chunks {
    /// `id` is the answer's, where the provider gives one.
    pub fn new(context: &Context<'_>, id: &str) -> Self {
        let asked = Asked::read(context.asked);
        let head = Head {
            id: quoted(id).into(),
            object: head::CHUNK,
            created: context.created,
            model: asked.model().to_owned().into(),
        };
        Self { head, wants_usage: asked.wants_usage(), begun: false, tools: 0 }
    }

    /// The provider's own id, which came with the stream's first event.
    pub fn rename(&mut self, id: &str) {
        if !self.begun {
            self.head.id = quoted(id).into();
        }
    }

    /// The chunk with the role, once.
    pub fn begin(&mut self, chunks: &mut Vec<Bytes>) {
        if !self.begun {
            self.begun = true;
            self.choice(r#""role":"assistant","content":"""#, "null", &Vec::new(), chunks);
        }
    }

    /// A chunk whose delta has these fields: `"content":"Hel"`.
    pub fn delta(&mut self, fields: &str, chunks: &mut Vec<Bytes>) {
        self.delta_with(fields, &Vec::new(), chunks);
    }

    /// The same, with extras of the choice.
    pub fn delta_with(&mut self, fields: &str, extras: &Extras<'_>, chunks: &mut Vec<Bytes>) {
        self.begin(chunks);
        self.choice(fields, "null", extras, chunks);
    }

    /// A call of a tool begins; id and name are JSON strings. Returns its index.
    pub fn tool(&mut self, id: &str, name: &str, chunks: &mut Vec<Bytes>) -> usize {
        let index = self.tools;
        self.tools += 1;
        let fields = format!(
            r#""tool_calls":[{{"index":{index},"id":{id},"type":"function","function":{{"name":{name},"arguments":""}}}}]"#
        );
        self.delta(&fields, chunks);
        index
    }

    /// A piece of a tool call's arguments, a JSON string.
    pub fn arguments(&mut self, index: usize, piece: &str, chunks: &mut Vec<Bytes>) {
        let fields = format!(r#""tool_calls":[{{"index":{index},"function":{{"arguments":{piece}}}}}]"#);
        self.delta(&fields, chunks);
    }

    pub fn finish(&mut self, reason: &str, extras: &Extras<'_>, chunks: &mut Vec<Bytes>) {
        self.begin(chunks);
        self.choice("", &quoted(reason), extras, chunks);
    }

    /// The usage chunk, if the caller asked for it.
    pub fn usage(&self, usage: Usage, chunks: &mut Vec<Bytes>) {
        if self.wants_usage {
            chunks.push(self.head.write(|_| {}, |out| usage.write(out.key("usage"))));
        }
    }

    fn choice(&self, delta: &str, finish_reason: &str, extras: &Extras<'_>, chunks: &mut Vec<Bytes>) {
        let choice = |out: &mut Json| {
            out.field("delta", &format!("{{{delta}}}")).field("finish_reason", finish_reason);
            write_extras(out, extras);
        };
        chunks.push(self.head.one(choice, |_| {}));
    }
}

/// An error in our shape.
pub fn error_body(message: &str, kind: Option<&str>, code: Option<&str>) -> Bytes {
    let error = serde_json::json!({ "message": message, "type": kind, "param": null, "code": code });
    Bytes::from(serde_json::json!({ "error": error }).to_string())
}
