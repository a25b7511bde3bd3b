//! Whose model it is, by its prefix, and so the dialect it is spoken to in:
//! none or `google.` Gemini, `anthropic.` Messages, `meta.`, `mistralai.` and `endpoints.` OpenAI's shape.
//! An error names no model, so it is read by its shape.

use ::http::HeaderMap;
use bytes::Bytes;

use super::place::Place;
use super::{anthropic, compatible};
use crate::error::Result;
use crate::provider::dialect::{Asked, Context, Dialect, Made, Settings, Translator};
use crate::provider::google::{Model, Notes, Service, answer, errors, request, stream};

/// Chat completions.
pub struct Router;

/// Whose model it is, with its name there.
#[derive(Debug, PartialEq, Eq)]
pub enum Publisher<'a> {
    Google(&'a str),
    Anthropic(&'a str),
    Meta(&'a str),
    Mistral(&'a str),
    /// An endpoint of the caller's own.
    Endpoint(&'a str),
}

impl<'a> Publisher<'a> {
    pub fn of(model: &'a str) -> Self {
        match model.split_once('.') {
            Some(("anthropic", name)) => Self::Anthropic(name),
            Some(("meta", name)) => Self::Meta(name),
            Some(("mistralai", name)) => Self::Mistral(name),
            Some(("endpoints", name)) => Self::Endpoint(name),
            Some(("google", name)) => Self::Google(name),
            _ => Self::Google(model),
        }
    }
}

impl Router {
    /// Whose model a body asks for.
    fn with_publisher<T>(asked: &[u8], then: impl FnOnce(Publisher<'_>) -> T) -> T {
        let model = Model::of(asked);
        then(model.as_ref().map_or(Publisher::Google(""), |model| Publisher::of(model.name())))
    }
}

impl Dialect for Router {
    fn request(&self, asked: &Asked<'_>) -> Result<Made> {
        let model = Model::of(asked.body)?;
        let place = Place::of(asked.settings)?;
        match Publisher::of(model.name()) {
            Publisher::Google(name) => gemini(asked, name, &place),
            Publisher::Anthropic(name) => anthropic::request(asked, name, &place),
            publisher => compatible::request(asked, &publisher, &place),
        }
    }

    fn answer(&self, context: &Context<'_>, reply: &[u8]) -> std::result::Result<Bytes, String> {
        Self::with_publisher(context.asked, |publisher| match publisher {
            Publisher::Google(_) => answer::whole(context, reply),
            Publisher::Anthropic(_) => anthropic::REPLIES.answer(context, reply),
            _ => compatible::answer(context, reply),
        })
    }

    fn translator(&self, context: &Context<'_>) -> Box<dyn Translator> {
        Self::with_publisher(context.asked, |publisher| match publisher {
            Publisher::Google(_) => Box::new(stream::Stream::new(context)),
            Publisher::Anthropic(_) => anthropic::REPLIES.translator(context),
            _ => Box::new(compatible::Stream::new(context)) as Box<dyn Translator>,
        })
    }

    fn goes_beyond(&self, _settings: &Settings, body: &[u8]) -> bool {
        Self::with_publisher(body, |publisher| {
            matches!(publisher, Publisher::Google(_) | Publisher::Anthropic(_))
        })
    }

    fn error(&self, status: u16, headers: &HeaderMap, reply: &[u8]) -> Option<Bytes> {
        let google = errors::read(reply).map(|(_, body)| body);
        google.or_else(|| anthropic::REPLIES.error(status, headers, reply))
    }
}

fn gemini(asked: &Asked<'_>, name: &str, place: &Place<'_>) -> Result<Made> {
    let model = Model::named(name.into());
    let mut notes = Notes::new(Service::Vertex);
    let body = request::body(asked.body, model.generation(), &mut notes)?;
    let method = if asked.stream { "streamGenerateContent?alt=sse" } else { "generateContent" };
    let path = place.model("google", model.name(), method);
    Ok(Made { path, body, changes: notes.finish(), ..Made::default() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_prefix_tells_whose_model_it_is() {
        for (model, wanted) in [
            ("gemini-2.5-flash", Publisher::Google("gemini-2.5-flash")),
            ("google.gemini-2.5-flash", Publisher::Google("gemini-2.5-flash")),
            ("anthropic.claude-sonnet-4-5@20250929", Publisher::Anthropic("claude-sonnet-4-5@20250929")),
            ("meta.llama-3.3-70b-instruct-maas", Publisher::Meta("llama-3.3-70b-instruct-maas")),
            ("mistralai.mistral-small-2503", Publisher::Mistral("mistral-small-2503")),
            ("endpoints.123", Publisher::Endpoint("123")),
        ] {
            assert_eq!(Publisher::of(model), wanted);
        }
    }
}
