//! Chat completions in our shape, whole and as chunks, for dialects to fill.
//! The discipline of a stream: one id and one time, the role once and first, tool calls in sequence from index 0, one
//! finish chunk, and usage in a chunk of its own without choices, if the caller asked for it.

use std::borrow::Cow;
use std::fmt::Write as _;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::dialect::Context;

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

#[derive(Clone, Copy, Debug, Default)]
pub struct Usage {
    /// All of the prompt, what came from a cache included.
    pub prompt: u64,
    pub completion: u64,
    /// `None`: the sum.
    pub total: Option<u64>,
    /// Of the prompt, what was read from a cache; `None` where the provider doesn't tell.
    pub cached: Option<u64>,
    /// Of the prompt, what was written to a cache; `None` where the provider doesn't tell. Where it does, both are told
    /// once more under Anthropic's names, unless both are none.
    pub written: Option<u64>,
}

impl Usage {
    pub fn to_json(self) -> String {
        let Self { prompt, completion, .. } = self;
        let total = self.total.unwrap_or(prompt + completion);
        let mut json =
            format!(r#"{{"prompt_tokens":{prompt},"completion_tokens":{completion},"total_tokens":{total}"#);
        if let Some(cached) = self.cached {
            let _ = write!(json, r#","prompt_tokens_details":{{"cached_tokens":{cached}}}"#);
        }
        if let (Some(read), Some(written)) = (self.cached, self.written)
            && read + written > 0
        {
            let _ =
                write!(json, r#","cache_read_input_tokens":{read},"cache_creation_input_tokens":{written}"#);
        }
        json.push('}');
        json
    }
}

impl Completion<'_> {
    /// The answer's JSON. Every extra is left out where answers are to be strictly OpenAI's.
    pub fn to_bytes(&self, context: &Context<'_>) -> Bytes {
        let Message { text, reasoning, tool_calls, extras } = &self.message;
        let id = quoted(&self.id);
        let (created, model) = (context.created, Asked::read(context.asked).model());
        let mut json = format!(
            r#"{{"id":{id},"object":"chat.completion","created":{created},"model":{model},"choices":[{{"index":0,"message":{{"role":"assistant","content":"#
        );
        // As OpenAI: no content beside a call of a tool is null.
        let _ = if text.is_empty() && !tool_calls.is_empty() {
            write!(json, "null")
        } else {
            write!(json, "\"{text}\"")
        };
        if !reasoning.is_empty() {
            let _ = write!(json, r#","reasoning_content":"{reasoning}""#);
        }
        if !context.strict {
            push_extras(&mut json, extras);
        }
        if !tool_calls.is_empty() {
            let calls = serde_json::to_string(tool_calls).expect("a tool call always has a JSON form");
            let _ = write!(json, r#","tool_calls":{calls}"#);
        }
        json.push('}');
        if let Some(logprobs) = &self.logprobs {
            let _ = write!(json, r#","logprobs":{}"#, logprobs.get());
        }
        let _ = write!(json, r#","finish_reason":{}"#, quoted(self.finish_reason));
        push_extras(&mut json, &self.choice);
        json.push_str("}]");
        if let Some(usage) = self.usage {
            let _ = write!(json, r#","usage":{}"#, usage.to_json());
        }
        if !context.strict {
            push_extras(&mut json, &self.extras);
        }
        json.push('}');
        Bytes::from(json)
    }
}

fn push_extras(json: &mut String, extras: &Extras<'_>) {
    for (name, value) in extras {
        let _ = write!(json, r#","{name}":{}"#, value.get());
    }
}

/// `text` as a JSON string.
pub fn quoted(text: &str) -> String {
    serde_json::to_string(text).expect("a string always has a JSON form")
}

/// What is inside the quotes of a JSON string.
pub fn inside(raw: &RawValue) -> &str {
    raw.get().strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or_default()
}

/// Writes the chunks of one stream.
pub struct Chunks {
    id: String,
    /// From behind the id up to the choices.
    head: String,
    wants_usage: bool,
    begun: bool,
    tools: usize,
}

impl Chunks {
    /// `id` is the answer's, where the provider gives one.
    pub fn new(context: &Context<'_>, id: &str) -> Self {
        let asked = Asked::read(context.asked);
        let head = format!(
            r#","object":"chat.completion.chunk","created":{},"model":{},"choices":["#,
            context.created,
            asked.model()
        );
        Self { id: quoted(id), head, wants_usage: asked.wants_usage(), begun: false, tools: 0 }
    }

    /// The provider's own id, which came with the stream's first event.
    pub fn rename(&mut self, id: &str) {
        if !self.begun {
            self.id = quoted(id);
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
            let Self { id, head, .. } = self;
            chunks.push(Bytes::from(format!(r#"{{"id":{id}{head}],"usage":{}}}"#, usage.to_json())));
        }
    }

    fn choice(&self, delta: &str, finish_reason: &str, extras: &Extras<'_>, chunks: &mut Vec<Bytes>) {
        let Self { id, head, .. } = self;
        let mut json = String::with_capacity(id.len() + head.len() + delta.len() + 64);
        let _ = write!(
            json,
            r#"{{"id":{id}{head}{{"index":0,"delta":{{{delta}}},"finish_reason":{finish_reason}"#
        );
        push_extras(&mut json, extras);
        json.push_str("}]}");
        chunks.push(Bytes::from(json));
    }
}

/// An error in our shape.
pub fn error_body(message: &str, kind: Option<&str>, code: Option<&str>) -> Bytes {
    let error = serde_json::json!({ "message": message, "type": kind, "param": null, "code": code });
    Bytes::from(serde_json::json!({ "error": error }).to_string())
}
