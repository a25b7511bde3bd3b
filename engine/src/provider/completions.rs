//! Text completions of a provider that has only chat: the prompt is the user's one message, the answer's text the
//! completion. What a model continues as raw text it answers here, which a change tells.

use ::http::HeaderMap;
use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::dialect::{Asked, Context, Dialect, Fault, Framing, Made, Translator, WireEvent};
use super::fields::{Changes, Fields, list};
use crate::body::Body;
use crate::error::{Error, Result};

pub struct Completions {
    pub provider: &'static str,
    pub chat: &'static dyn Dialect,
}

/// Parameters of text completions that chat doesn't have, or has in another meaning.
const OF_COMPLETIONS: &[&str] = &["best_of", "echo", "logprobs", "suffix"];

impl Dialect for Completions {
    fn request(&self, asked: &Asked<'_>) -> Result<Made> {
        let text = std::str::from_utf8(asked.body).map_err(|_| Error::problem("body", "expected UTF-8"))?;
        let mut fields = Fields::read("", text)?;
        let mut changes = Changes::new(self.provider);
        changes.say(format!("prompt was sent as a message: {} has chat only", self.provider));
        let prompt = self.prompt(&mut fields)?;
        let mut body =
            Body::parse(asked.body).map_err(|_| Error::problem("body", "expected a JSON object"))?;
        body.remove("prompt");
        body.set("messages", format!(r#"[{{"role":"user","content":{}}}]"#, prompt.get()));
        for name in OF_COMPLETIONS {
            if let Some(value) = fields.take(name) {
                changes.no_parameter(name, value);
            }
            body.remove(name);
        }
        let body = body.to_bytes();
        let mut made = self.chat.request(&Asked { body: &body, ..*asked })?;
        let mut lines = changes.into_lines();
        lines.append(&mut made.changes);
        Ok(Made { changes: lines, ..made })
    }

    fn answer(&self, context: &Context<'_>, reply: &[u8]) -> std::result::Result<Bytes, String> {
        let chat = self.chat.answer(context, reply)?;
        let whole: Whole<'_> = serde_json::from_slice(&chat).expect("the chat's answer is in our shape");
        let choice = |choice: &Choice<'_>| {
            text_choice(choice.message.as_ref().and_then(|said| said.content), choice.finish_reason)
        };
        Ok(whole.written(&whole.choices.iter().map(choice).collect::<Vec<_>>().join(",")))
    }

    fn translator(&self, context: &Context<'_>) -> Box<dyn Translator> {
        Box::new(Texts { chat: self.chat.translator(context), read: Vec::new() })
    }

    fn framing(&self) -> Framing {
        self.chat.framing()
    }

    fn error(&self, status: u16, headers: &HeaderMap, reply: &[u8]) -> Option<Bytes> {
        self.chat.error(status, headers, reply)
    }
}

impl Completions {
    /// The one prompt; of a list with one element, that.
    fn prompt<'a>(&self, fields: &mut Fields<'a>) -> Result<&'a RawValue> {
        let given = fields.take("prompt").ok_or_else(|| Error::problem("prompt", "is missing"))?;
        let prompt = if given.get().starts_with('[') {
            match list("prompt", given)?.as_slice() {
                [(_, one)] => *one,
                _ => given,
            }
        } else {
            given
        };
        if prompt.get().starts_with('"') {
            return Ok(prompt);
        }
        Err(Error::problem(
            "prompt",
            format!("expected one text: {} answers one prompt a call", self.provider),
        ))
    }
}

/// A whole answer, or a chunk of one.
#[derive(Deserialize)]
struct Whole<'a> {
    #[serde(borrow)]
    id: &'a RawValue,
    created: u64,
    #[serde(borrow)]
    model: &'a RawValue,
    #[serde(borrow)]
    choices: Vec<Choice<'a>>,
    #[serde(borrow, default)]
    usage: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Choice<'a> {
    #[serde(borrow, default, alias = "delta")]
    message: Option<Said<'a>>,
    #[serde(borrow, default)]
    finish_reason: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Said<'a> {
    #[serde(borrow, default)]
    content: Option<&'a RawValue>,
}

impl Whole<'_> {
    fn written(&self, choices: &str) -> Bytes {
        let Self { id, created, model, .. } = self;
        let usage = self.usage.map(|usage| format!(r#","usage":{}"#, usage.get())).unwrap_or_default();
        Bytes::from(format!(
            r#"{{"id":{id},"object":"text_completion","created":{created},"model":{model},"choices":[{choices}]{usage}}}"#
        ))
    }
}

fn text_choice(text: Option<&RawValue>, finish_reason: Option<&RawValue>) -> String {
    let text = text.map_or("\"\"", RawValue::get);
    let reason = finish_reason.map_or("null", RawValue::get);
    format!(r#"{{"text":{text},"index":0,"logprobs":null,"finish_reason":{reason}}}"#)
}

/// Chunks of chat as chunks of text. One without text, reason or usage has nothing to tell here.
struct Texts {
    chat: Box<dyn Translator>,
    read: Vec<Bytes>,
}

impl Texts {
    fn tell(&mut self, chunks: &mut Vec<Bytes>) {
        for chunk in self.read.drain(..) {
            let whole: Whole<'_> =
                serde_json::from_slice(&chunk).expect("the chat's chunks are in our shape");
            match whole.choices.first() {
                None => chunks.push(whole.written("")),
                Some(choice) => {
                    let text = choice.message.as_ref().and_then(|said| said.content);
                    let text = text.filter(|text| text.get() != "\"\"");
                    if text.is_some() || choice.finish_reason.is_some() {
                        chunks.push(whole.written(&text_choice(text, choice.finish_reason)));
                    }
                }
            }
        }
    }
}

impl Translator for Texts {
    fn event(&mut self, event: WireEvent<'_>, chunks: &mut Vec<Bytes>) -> std::result::Result<(), Fault> {
        let read = self.chat.event(event, &mut self.read);
        self.tell(chunks);
        read
    }

    fn end(&mut self, chunks: &mut Vec<Bytes>) {
        self.chat.end(&mut self.read);
        self.tell(chunks);
    }
}
