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
use crate::provider::dialect::{Asked, Context, Dialect, Made, Translator};
use crate::provider::google::{Model, errors};

pub struct Messages;

const VERSION: &str = "\"vertex-2023-10-16\"";

impl Dialect for Messages {
    fn request(&self, asked: &Asked<'_>) -> Result<Made> {
        let model = Model::of(asked.body)?;
        let Publisher::Anthropic(name) = Publisher::of(model.name()) else {
            return Err(Error::problem(
                "model",
                "expected one of Anthropic's, such as anthropic.claude-sonnet-4-5",
            ));
        };
        let mut body =
            Body::parse(asked.body).map_err(|_| Error::problem("body", "expected a JSON object"))?;
        let betas = betas(&body);
        body.remove("model");
        body.remove("anthropic_beta");
        if body.get("anthropic_version").is_none() {
            body.set("anthropic_version", VERSION);
        }
        let method = if asked.stream { "streamRawPredict" } else { "rawPredict" };
        Ok(Made {
            path: Place::of(asked.settings)?.model("anthropic", name, method),
            headers: beta_header(asked, betas).into_iter().collect(),
            body: body.to_bytes(),
            ..Made::default()
        })
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
