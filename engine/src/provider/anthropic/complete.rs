//! Text completions over the legacy `/complete`, which models of Claude's second generation speak: one prompt, wrapped
//! into a turn of a dialogue, and one text. The API counts no tokens here.

use std::borrow::Cow;

use ::http::HeaderMap;
use bytes::Bytes;
use serde::Deserialize;

use super::asking::Asking;
use super::errors;
use super::notes::Notes;
use super::request::{metadata, rest, sampling, stop};
use super::stream::reported_in;
use crate::error::{Error, Result};
use crate::provider::dialect::{Asked, Context, Dialect, Fault, Made, Translator, WireEvent};
use crate::provider::head;
use crate::provider::json::{Bracket, Json, Object, Raw, items, text};

pub struct Completion;

/// How long an answer may be that nobody limits.
const DEFAULT_TOKENS: &str = "4096";

impl Dialect for Completion {
    fn request(&self, asked: &Asked<'_>) -> Result<Made> {
        let mut fields: Object<'_> = serde_json::from_slice(asked.body)
            .map_err(|_| Error::problem("body", "expected a JSON object"))?;
        let mut notes = Notes::default();
        let version = fields.take("anthropic_version").and_then(text).map(String::from);
        let betas = fields.take("anthropic_beta").map(super::request::words).unwrap_or_default();
        let mut out = Json::with_capacity(asked.body.len() + 256);
        out.open(Bracket::Object);
        if let Some(raw) = fields.take("model") {
            out.field("model", raw.get());
        }
        out.text("prompt", &prompt(fields.take("prompt"))?);
        let given = fields.take("max_tokens");
        if given.is_none() {
            notes.tell(format!("max_tokens was set to {DEFAULT_TOKENS}: anthropic needs a limit"));
        }
        out.field("max_tokens_to_sample", given.map_or(DEFAULT_TOKENS, |raw| raw.get()));
        sampling(&mut fields, None, &mut out, &mut notes);
        stop(&mut fields, &mut out, &mut notes)?;
        metadata(&mut fields, &mut out, &mut notes)?;
        rest(&fields, &mut out, &mut notes);
        out.close(Bracket::Object);
        Ok(Made {
            path: "/complete".to_owned(),
            headers: super::headers(asked, version, betas),
            body: out.into_bytes(),
            changes: notes.changes,
            ..Made::default()
        })
    }

    fn answer(&self, context: &Context<'_>, reply: &[u8]) -> std::result::Result<Bytes, String> {
        let asking = Asking::of(context);
        let reply: Reply<'_> =
            serde_json::from_slice(reply).map_err(|_| "no completion of the text API".to_owned())?;
        let completion = reply.completion.ok_or("no completion of the text API")?;
        Ok(reply.write(&asking, completion))
    }

    fn translator(&self, context: &Context<'_>) -> Box<dyn Translator> {
        Box::new(Stream { asking: Asking::of(context) })
    }

    fn error(&self, _status: u16, _headers: &HeaderMap, reply: &[u8]) -> Option<Bytes> {
        errors::translate(reply)
    }
}

/// A prompt in the form that the API wants, unless it has that form.
fn prompt(given: Option<Raw<'_>>) -> Result<String> {
    let one = |raw: Raw<'_>| match items(raw).as_deref() {
        Some([one]) => text(one).map(Cow::into_owned),
        _ => text(raw).map(Cow::into_owned),
    };
    let prompt = given
        .and_then(one)
        .ok_or_else(|| Error::problem("prompt", "expected a text: anthropic takes one"))?;
    let has_form = prompt.starts_with("\n\nHuman:");
    Ok(if has_form { prompt } else { format!("\n\nHuman: {prompt}\n\nAssistant:") })
}

/// A reply, or one event of a stream.
#[derive(Deserialize)]
struct Reply<'a> {
    #[serde(borrow, default)]
    id: Option<Raw<'a>>,
    #[serde(borrow, default)]
    model: Option<Raw<'a>>,
    #[serde(borrow, default)]
    completion: Option<Raw<'a>>,
    #[serde(borrow, default)]
    stop_reason: Option<Cow<'a, str>>,
}

impl Reply<'_> {
    fn write(&self, asking: &Asking, completion: Raw<'_>) -> Bytes {
        let choice = |out: &mut Json| {
            out.field("text", completion.get()).field("logprobs", "null");
            match self.stop_reason.as_deref() {
                Some(reason) => out.text("finish_reason", asking.finish_reason(Some(reason), false)),
                None => out.field("finish_reason", "null"),
            };
        };
        asking.head(head::TEXT, self.id, self.model).one(choice, |_| {})
    }
}

struct Stream {
    asking: Asking,
}

impl Translator for Stream {
    fn event(&mut self, event: WireEvent<'_>, chunks: &mut Vec<Bytes>) -> std::result::Result<(), Fault> {
        if let Some(fault) = reported_in(&event) {
            return Err(fault);
        }
        let reply: Reply<'_> = serde_json::from_slice(event.data)
            .map_err(|_| Fault::Garbled("an event is no completion".to_owned()))?;
        let Some(completion) = reply.completion else { return Ok(()) };
        if completion.get() != "\"\"" || reply.stop_reason.is_some() {
            chunks.push(reply.write(&self.asking, completion));
        }
        Ok(())
    }

    fn end(&mut self, _chunks: &mut Vec<Bytes>) {}
}
