//! Google's Gemini Developer API: `generateContent`, `batchEmbedContents` and Imagen's `predict` below
//! <https://generativelanguage.googleapis.com>, in the form of <https://ai.google.dev/api/generate-content>.
//! Vertex AI speaks the same chat dialect at another door; `vertex` uses what is here.
//! A body's texts go over as they are spelled; only what must change is taken apart.

pub mod answer;
mod contents;
pub mod embeddings;
pub mod errors;
pub mod fields;
mod generation;
pub mod images;
mod parts;
pub mod raw;
pub mod reply;
pub mod request;
mod schema;
pub mod stream;
mod tools;

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use ::http::HeaderMap;
use bytes::Bytes;

use super::dialect::{Asked, Context, Dialect, Made, Settings, Translator};
use super::{Provider, path};
use crate::auth::Auth;
use crate::endpoint::{EMBEDDINGS, Endpoint, IMAGES};
use crate::error::{Error, Result};

pub struct Google;

pub static GOOGLE: Google = Google;

impl Provider for Google {
    fn name(&self) -> &'static str {
        Service::Developer.name()
    }

    fn has_stream_usage(&self) -> bool {
        true
    }

    fn base_url(&self) -> Option<&'static str> {
        Some("https://generativelanguage.googleapis.com")
    }

    fn auth(&self) -> Auth {
        Auth::Header("x-goog-api-key")
    }

    fn has(&self, endpoint: &Endpoint) -> bool {
        self.dialect(endpoint).is_some() || endpoint.call.starts_with("models.")
    }

    /// What has no dialect goes to Google's OpenAI surface, which lists the models.
    fn path(&self, endpoint: &Endpoint) -> String {
        format!("/v1beta/openai{}", endpoint.path)
    }

    fn dialect(&self, endpoint: &Endpoint) -> Option<&'static dyn Dialect> {
        match endpoint.call {
            "chat.completions.create" => Some(&Chat),
            EMBEDDINGS => Some(&embeddings::Embeddings),
            IMAGES => Some(&images::PREDICT),
            _ => None,
        }
    }
}

/// Chat completions by `generateContent`.
struct Chat;

impl Dialect for Chat {
    fn request(&self, asked: &Asked<'_>) -> Result<Made> {
        let model = Model::of(asked.body)?;
        let mut notes = Notes::new(Service::Developer);
        let body = request::body(asked.body, model.generation(), &mut notes)?;
        let method = if asked.stream { "streamGenerateContent?alt=sse" } else { "generateContent" };
        let path = format!("/v1beta/{}:{method}", model.resource());
        Ok(Made { path, body, changes: notes.finish(), ..Made::default() })
    }

    fn answer(&self, context: &Context<'_>, reply: &[u8]) -> std::result::Result<Bytes, String> {
        answer::whole(context, reply)
    }

    fn translator(&self, context: &Context<'_>) -> Box<dyn Translator> {
        Box::new(stream::Stream::new(context))
    }

    fn goes_beyond(&self, _settings: &Settings, _body: &[u8]) -> bool {
        true
    }

    fn error(&self, _status: u16, _headers: &HeaderMap, reply: &[u8]) -> Option<Bytes> {
        errors::read(reply).map(|(_, body)| body)
    }
}

/// The door at which Gemini is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    Developer,
    Vertex,
}

impl Service {
    pub fn name(self) -> &'static str {
        match self {
            Self::Developer => "google",
            Self::Vertex => "vertex-ai",
        }
    }
}

/// What the models of one time can be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Generation {
    /// Up to 2.0: no thinking, and a part of JSON Schema.
    Plain,
    /// 2.5: thinking within a budget of tokens. True for the models that can't do without.
    Budget { always: bool },
    /// 3 and later, and names that don't tell: thinking by level, signatures and ids of tool calls. The large models
    /// have no minimal level.
    Levels { large: bool },
}

impl Generation {
    pub fn has_levels(self) -> bool {
        matches!(self, Self::Levels { .. })
    }
}

/// A model's name.
pub struct Model<'a>(Cow<'a, str>);

impl<'a> Model<'a> {
    /// The model that a body names.
    pub fn of(body: &'a [u8]) -> Result<Self> {
        let name = request::model(body).filter(|name| !name.is_empty());
        name.map(Self)
            .ok_or_else(|| Error::problem("model", "expected a model's name, such as gemini-2.5-flash"))
    }

    pub fn named(name: Cow<'a, str>) -> Self {
        Self(name)
    }

    /// The name without `models/`.
    pub fn name(&self) -> &str {
        self.0.strip_prefix("models/").unwrap_or(&self.0)
    }

    /// `models/gemini-2.5-flash` or `tunedModels/mine`, for the path.
    pub fn resource(&self) -> String {
        match self.0.strip_prefix("tunedModels/") {
            Some(tuned) => format!("tunedModels/{}", path::encoded(tuned, "@")),
            None => format!("models/{}", path::encoded(self.name(), "@")),
        }
    }

    pub fn generation(&self) -> Generation {
        let name = self.name();
        let Some(rest) = name.strip_prefix("gemini-") else {
            let plain = name.starts_with("gemma") || name.starts_with("learnlm");
            return if plain { Generation::Plain } else { Generation::Levels { large: false } };
        };
        match rest.as_bytes() {
            _ if matches!(rest, "pro" | "pro-vision") => Generation::Plain,
            [b'1', b'.', ..] | [b'2', b'.', b'0', ..] => Generation::Plain,
            [b'2', b'.', ..] => Generation::Budget { always: rest.contains("pro") },
            _ => Generation::Levels { large: rest.contains("pro") },
        }
    }
}

/// What differs in meaning from what the caller gave: sentences, each once.
pub struct Notes {
    service: Service,
    sentences: Vec<String>,
}

impl Notes {
    pub fn new(service: Service) -> Self {
        Self { service, sentences: Vec::new() }
    }

    pub fn add(&mut self, sentence: String) {
        if !self.sentences.contains(&sentence) {
            self.sentences.push(sentence);
        }
    }

    pub fn dropped(&mut self, what: &str) {
        self.add(format!("{what} was dropped: {} has no such parameter", self.service.name()));
    }

    pub fn reasoning_left_out(&mut self) {
        let told =
            "the reasoning of earlier answers was left out: Gemini takes its thought signatures instead";
        self.add(told.to_owned());
    }

    pub fn on_vertex(&self) -> bool {
        self.service == Service::Vertex
    }

    pub fn service(&self) -> Service {
        self.service
    }

    pub fn finish(self) -> Vec<String> {
        self.sentences
    }
}
