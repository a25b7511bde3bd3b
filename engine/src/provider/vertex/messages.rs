//! Anthropic's Messages API, for those who call it by its own name and name one of its models: the body goes out as it
//! is but for what Vertex AI has elsewhere, the reply comes back as it is.

use ::http::HeaderMap;
use bytes::Bytes;

use super::place::Place;
use super::router::Publisher;
use crate::body::Body;
use crate::error::{Error, Result};
use crate::front::Front;
use crate::provider::anthropic::beta_header;
use crate::provider::anthropic::native::{self, betas};
use crate::provider::completion::quoted;
use crate::provider::dialect::{Asked, Context, Dialect, Made, Translator};
use crate::provider::google::{Model, errors};

pub struct Messages;

const VERSION: &str = "\"vertex-2023-10-16\"";

/// How many tokens they would take: asked of a model of its own, which is told the model that is meant.
pub struct Counting;

fn request(asked: &Asked<'_>, counting: bool) -> Result<Made> {
    let model = Model::of(asked.body)?;
    let Publisher::Anthropic(name) = Publisher::of(model.name()) else {
        let message = "expected one of Anthropic's, such as anthropic.claude-sonnet-4-5";
        return Err(Error::problem("model", message));
    };
    let mut body = Body::parse(asked.body).map_err(|_| Error::problem("body", "expected a JSON object"))?;
    let betas = betas(&body);
    body.remove("model");
    body.remove("anthropic_beta");
    if body.get("anthropic_version").is_none() {
        body.set("anthropic_version", VERSION);
    }
    if counting {
        body.set("model", quoted(name));
    }
    let method = if asked.stream { "streamRawPredict" } else { "rawPredict" };
    let name = if counting { "count-tokens" } else { name };
    Ok(Made {
        path: Place::of(asked.settings)?.model("anthropic", name, method),
        headers: beta_header(asked, betas).into_iter().collect(),
        body: body.to_bytes(),
        ..Made::default()
    })
}

impl Dialect for Counting {
    fn request(&self, asked: &Asked<'_>) -> Result<Made> {
        request(asked, true)
    }

    fn answer(&self, context: &Context<'_>, reply: &[u8]) -> std::result::Result<Bytes, String> {
        native::Counting.answer(context, reply)
    }

    fn translator(&self, context: &Context<'_>) -> Box<dyn Translator> {
        native::Counting.translator(context)
    }

    fn error(&self, status: u16, headers: &HeaderMap, reply: &[u8]) -> Option<Bytes> {
        Messages.error(status, headers, reply)
    }
}

impl Dialect for Messages {
    fn request(&self, asked: &Asked<'_>) -> Result<Made> {
        request(asked, false)
    }

    fn answer(&self, context: &Context<'_>, reply: &[u8]) -> std::result::Result<Bytes, String> {
        native::Messages.answer(context, reply)
    }

    fn translator(&self, context: &Context<'_>) -> Box<dyn Translator> {
        native::Messages.translator(context)
    }

    fn error(&self, status: u16, _headers: &HeaderMap, reply: &[u8]) -> Option<Bytes> {
        errors::read(reply).map(|(_, ours)| Front::Messages.error(status, &ours))
    }
}

/// Whether a body asks for one of Anthropic's models.
pub fn is_anthropic(body: &[u8]) -> bool {
    Model::of(body).is_ok_and(|model| matches!(Publisher::of(model.name()), Publisher::Anthropic(_)))
}
