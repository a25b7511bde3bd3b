//! Anthropic's Messages API, for those who call it by its own name and name one of its models: `InvokeModel` takes the
//! body as it is but for what Bedrock has elsewhere, and a stream's events come in frames of AWS's event stream.

use ::http::HeaderMap;
use base64_simd::STANDARD;
use bytes::Bytes;
use serde::Deserialize;
use serde_json::json;

use super::family::Family;
use crate::body::Body;
use crate::error::{Error, Result};
use crate::front::Front;
use crate::provider::anthropic::native::{self, betas};
use crate::provider::anthropic::request::split;
use crate::provider::aws::errors;
use crate::provider::dialect::{Asked, Context, Dialect, Fault, Framing, Made, Translator, WireEvent};
use crate::provider::unstreamed::Unstreamed;

pub struct Messages;

const VERSION: &str = "bedrock-2023-05-31";

impl Dialect for Messages {
    fn request(&self, asked: &Asked<'_>) -> Result<Made> {
        let mut body =
            Body::parse(asked.body).map_err(|_| Error::problem("body", "expected a JSON object"))?;
        let model = model_of(&body).ok_or_else(|| Error::problem("model", "expected a model's id or ARN"))?;
        let mut named = asked.settings.get("anthropic_beta").map(split).unwrap_or_default();
        for beta in betas(&body) {
            if !named.contains(&beta) {
                named.push(beta);
            }
        }
        body.remove("model");
        body.remove("stream");
        body.remove("anthropic_beta");
        if !named.is_empty() {
            body.set("anthropic_beta", json!(named).to_string());
        }
        if body.get("anthropic_version").is_none() {
            let version = asked.settings.get("anthropic_version").unwrap_or(VERSION);
            body.set("anthropic_version", json!(version).to_string());
        }
        let operation = if asked.stream { "invoke-with-response-stream" } else { "invoke" };
        Ok(Made { path: super::path(&model, operation), body: body.to_bytes(), ..Made::default() })
    }

    fn answer(&self, context: &Context<'_>, reply: &[u8]) -> std::result::Result<Bytes, String> {
        native::Messages.answer(context, reply)
    }

    fn translator(&self, context: &Context<'_>) -> Box<dyn Translator> {
        Box::new(Unframed(native::Messages.translator(context)))
    }

    fn framing(&self) -> Framing {
        Framing::EventStream
    }

    fn error(&self, status: u16, headers: &HeaderMap, reply: &[u8]) -> Option<Bytes> {
        errors::of_reply(headers, reply).map(|ours| Front::Messages.error(status, &ours))
    }
}

/// How many tokens they would take, by `CountTokens`: it takes the body that `InvokeModel` would.
pub struct Counting;

impl Dialect for Counting {
    fn request(&self, asked: &Asked<'_>) -> Result<Made> {
        let mut body =
            Body::parse(asked.body).map_err(|_| Error::problem("body", "expected a JSON object"))?;
        let model = model_of(&body).filter(|model| Family::of(model) == Family::Anthropic);
        let model = model.ok_or_else(|| Error::problem("model", "expected one of Anthropic's models"))?;
        if body.get("max_tokens").is_none() {
            // A message can't be without; its tokens are not counted.
            body.set("max_tokens", "1".to_owned());
        }
        let made = Messages.request(&Asked { body: &body.to_bytes(), ..*asked })?;
        let body = json!({ "input": { "invokeModel": { "body": STANDARD.encode_to_string(&made.body) } } });
        Ok(Made { path: super::path(&model, "count-tokens"), body: body.to_string().into(), ..made })
    }

    fn answer(&self, _context: &Context<'_>, reply: &[u8]) -> std::result::Result<Bytes, String> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Counted {
            input_tokens: u64,
        }
        let counted: Counted = serde_json::from_slice(reply).map_err(|_| "a body without a count")?;
        Ok(json!({ "input_tokens": counted.input_tokens }).to_string().into())
    }

    fn translator(&self, _context: &Context<'_>) -> Box<dyn Translator> {
        Box::new(Unstreamed)
    }

    fn error(&self, status: u16, headers: &HeaderMap, reply: &[u8]) -> Option<Bytes> {
        Messages.error(status, headers, reply)
    }
}

/// Whether a body asks for one of Anthropic's models. An ARN that doesn't name its model may be any.
pub fn is_anthropic(body: &[u8]) -> bool {
    let model = Body::parse(body).ok().and_then(|body| model_of(&body));
    model.is_some_and(|model| Family::of(&model) == Family::Anthropic)
}

fn model_of(body: &Body<'_>) -> Option<String> {
    serde_json::from_str(body.get("model")?).ok()
}

/// Takes each event out of its frame.
struct Unframed(Box<dyn Translator>);

#[derive(Deserialize)]
struct Chunk {
    bytes: String,
}

impl Translator for Unframed {
    fn event(&mut self, event: WireEvent<'_>, chunks: &mut Vec<Bytes>) -> std::result::Result<(), Fault> {
        if event.exception {
            let Fault::Reported { status, body } = errors::of_event(&event) else {
                return Err(Fault::Garbled("an exception that says nothing".to_owned()));
            };
            return Err(Fault::Reported { status, body: Front::Messages.error(status, &body) });
        }
        if event.name != Some("chunk") {
            return Ok(());
        }
        let data = serde_json::from_slice::<Chunk>(event.data).ok();
        let data = data.and_then(|chunk| STANDARD.decode_to_vec(chunk.bytes).ok());
        let data = data.ok_or_else(|| Fault::Garbled("a chunk without bytes".to_owned()))?;
        self.0.event(WireEvent { name: None, data: &data, exception: false }, chunks)
    }

    fn end(&mut self, chunks: &mut Vec<Bytes>) {
        self.0.end(chunks);
    }
}
