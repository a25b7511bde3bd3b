//! Anthropic: the Messages API behind chat completions, its legacy text completions, and its list of models.
//! The translation of messages, answers and streams is of use to every host that serves this API in a frame of its own
//! (Vertex, Bedrock, Foundry): `request::translate` with a `Host`, `answer::translate`, `stream::Stream`, `errors`.

pub mod answer;
mod asking;
mod complete;
mod data_url;
pub mod errors;
mod messages;
mod model;
mod models;
pub mod native;
pub mod notes;
mod output;
mod parts;
#[cfg(test)]
mod properties;
pub mod request;
pub mod served;
pub mod stream;
mod thinking;
mod tools;
mod usage;

use std::iter;

use ::http::HeaderMap;
use bytes::Bytes;

use super::Provider;
use super::dialect::{Asked, Context, Dialect, Made, Setting, Settings, Translator};
use crate::auth::Auth;
use crate::endpoint::{COUNT_TOKENS, Endpoint, MESSAGES};
use crate::error::Result;

pub struct Anthropic;

impl Provider for Anthropic {
    fn name(&self) -> &'static str {
        "anthropic"
    }

    fn has_stream_usage(&self) -> bool {
        true
    }

    fn base_url(&self) -> Option<&'static str> {
        Some("https://api.anthropic.com/v1")
    }

    fn auth(&self) -> Auth {
        Auth::Header("x-api-key")
    }

    fn has(&self, endpoint: &Endpoint) -> bool {
        self.dialect(endpoint).is_some()
    }

    fn dialect(&self, endpoint: &Endpoint) -> Option<&'static dyn Dialect> {
        match endpoint.call {
            "chat.completions.create" => Some(&Chat),
            "completions.create" => Some(&complete::Completion),
            MESSAGES => Some(&native::Messages),
            COUNT_TOKENS => Some(&native::Counting),
            "models.list" | "models.retrieve" => Some(&models::Models),
            _ => None,
        }
    }

    fn has_natively(&self, endpoint: &Endpoint, _settings: &Settings, _body: &[u8]) -> bool {
        endpoint.call == MESSAGES
    }

    fn settings(&self) -> &'static [Setting] {
        SETTINGS
    }
}

const SETTINGS: &[Setting] = &[
    Setting {
        key: "anthropic_version",
        what: "the version of Anthropic's API, sent as anthropic-version",
        required: false,
    },
    Setting {
        key: "anthropic_beta",
        what: "beta features of Anthropic's API, separated by commas, sent as anthropic-beta",
        required: false,
    },
];

/// The version of the API that this dialect was written for.
const VERSION: &str = "2023-06-01";

/// The headers of the API: an option comes before what the body says.
fn headers(asked: &Asked<'_>, version: Option<String>, betas: Vec<String>) -> Vec<(&'static str, String)> {
    let version = asked.settings.get("anthropic_version").map(str::to_owned).or(version);
    let version = ("anthropic-version", version.unwrap_or_else(|| VERSION.to_owned()));
    iter::once(version).chain(beta_header(asked, betas)).collect()
}

/// The header that names beta features: the option's before those of the body, each once.
pub fn beta_header(asked: &Asked<'_>, betas: Vec<String>) -> Option<(&'static str, String)> {
    let mut named = asked.settings.get("anthropic_beta").map(request::split).unwrap_or_default();
    for beta in betas {
        if !named.contains(&beta) {
            named.push(beta);
        }
    }
    (!named.is_empty()).then(|| ("anthropic-beta", named.join(",")))
}

/// Chat completions over the Messages API.
pub struct Chat;

impl Dialect for Chat {
    fn request(&self, asked: &Asked<'_>) -> Result<Made> {
        let message = request::translate(asked.body, asked.custom_host, &request::DIRECT)?;
        Ok(Made {
            path: "/messages".to_owned(),
            headers: headers(asked, message.version, message.betas),
            body: message.body,
            changes: message.changes,
            ..Made::default()
        })
    }

    fn answer(&self, context: &Context<'_>, reply: &[u8]) -> std::result::Result<Bytes, String> {
        answer::translate(context, reply)
    }

    fn translator(&self, context: &Context<'_>) -> Box<dyn Translator> {
        Box::new(stream::Stream::new(context))
    }

    fn goes_beyond(&self, _settings: &Settings, _body: &[u8]) -> bool {
        true
    }

    fn error(&self, _status: u16, _headers: &HeaderMap, reply: &[u8]) -> Option<Bytes> {
        errors::translate(reply)
    }
}
