//! Vertex AI: Google's models, and those of others that it hosts, each in its own dialect, below
//! `https://{region}-aiplatform.googleapis.com`. The model's prefix says whose it is; `router` goes by it.
//! Not here: Gemini's chat, which is `google`'s, and Anthropic's Messages, which are `anthropic`'s.

mod anthropic;
mod compatible;
mod embeddings;
mod images;
mod messages;
mod place;
mod router;
pub mod token;

#[cfg(test)]
mod tests;

use std::time::SystemTime;

use super::dialect::{Dialect, Setting, Settings, camel};
use super::{Provider, Token, TokenRequest, problem};
use crate::auth::Auth;
use crate::endpoint::{COUNT_TOKENS, EMBEDDINGS, Endpoint, IMAGES, MESSAGES};
use crate::error::{Error, Problem, Result};

pub struct Vertex;

pub static VERTEX: Vertex = Vertex;

/// The config keys of its settings.
pub const PROJECT: &str = "vertex_project_id";
pub const REGION: &str = "vertex_region";
pub const SERVICE_ACCOUNT: &str = "vertex_service_account_json";

impl Provider for Vertex {
    fn name(&self) -> &'static str {
        "vertex-ai"
    }

    fn has_stream_usage(&self) -> bool {
        true
    }

    fn base_url_for(&self, settings: &Settings) -> Option<String> {
        settings.get(REGION).and_then(place::host)
    }

    /// A token given as the key, or one that a service account is granted (`token`).
    fn auth(&self) -> Auth {
        Auth::Bearer
    }

    fn has(&self, endpoint: &Endpoint) -> bool {
        self.dialect(endpoint).is_some()
    }

    fn dialect(&self, endpoint: &Endpoint) -> Option<&'static dyn Dialect> {
        match endpoint.call {
            "chat.completions.create" => Some(&router::Router),
            EMBEDDINGS => Some(&embeddings::Predict),
            IMAGES => Some(&images::PREDICT),
            MESSAGES => Some(&messages::Messages),
            COUNT_TOKENS => Some(&messages::Counting),
            _ => None,
        }
    }

    fn has_natively(&self, endpoint: &Endpoint, _settings: &Settings, body: &[u8]) -> bool {
        endpoint.call == MESSAGES && messages::is_anthropic(body)
    }

    fn problems(&self, settings: &Settings) -> Vec<Problem> {
        let account = settings.get(SERVICE_ACCOUNT).map(token::ServiceAccount::read);
        let why = account.and_then(std::result::Result::err);
        let mut problems: Vec<Problem> = why.map(|why| problem(SERVICE_ACCOUNT, why)).into_iter().collect();
        let named = settings.get(SERVICE_ACCOUNT).is_some() || settings.get(PROJECT).is_some();
        if !named {
            problems.push(problem(PROJECT, "is missing: the project's id; a service account brings its own"));
        }
        problems
    }

    fn token_request(&self, settings: &Settings, now: SystemTime) -> Option<Result<TokenRequest>> {
        let json = settings.get(SERVICE_ACCOUNT)?;
        let now = now.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs());
        let request = token::ServiceAccount::read(json).and_then(|account| account.request(now));
        Some(request.map_err(|why| Error::problem(camel(SERVICE_ACCOUNT), why)))
    }

    fn token(&self, status: u16, body: &[u8], now: u64) -> std::result::Result<Token, String> {
        token::answer(status, body, now)
    }

    fn settings(&self) -> &'static [Setting] {
        const SETTINGS: &[Setting] = &[
            Setting { key: REGION, what: "the region, such as us-central1, or global", required: true },
            Setting {
                key: PROJECT,
                what: "the project's id; a service account brings its own",
                required: false,
            },
            Setting {
                key: SERVICE_ACCOUNT,
                what: "a service account's key file, as JSON text, in place of an access token as the key",
                required: false,
            },
            Setting {
                key: "anthropic_beta",
                what: "Anthropic's beta features, for its models",
                required: false,
            },
        ];
        SETTINGS
    }
}
