//! Cohere's v2 API: chat and embeddings. A custom host that speaks it is named without the version.

mod answer;
pub mod embeddings;
mod errors;
mod messages;
mod request;
mod stream;
mod tools;

use super::Provider;
use super::completions::Completions;
use super::dialect::Dialect;
use crate::auth::Auth;
use crate::endpoint::{EMBEDDINGS, Endpoint};

/// The name in `provider` and in changes.
const NAME: &str = "cohere";

pub static COHERE: Cohere = Cohere;

pub struct Cohere;

static COMPLETIONS: Completions = Completions { provider: NAME, chat: &request::Chat };

impl Provider for Cohere {
    fn name(&self) -> &'static str {
        NAME
    }

    fn has_stream_usage(&self) -> bool {
        true
    }

    fn base_url(&self) -> Option<&'static str> {
        Some("https://api.cohere.com")
    }

    fn auth(&self) -> Auth {
        Auth::Bearer
    }

    fn has(&self, endpoint: &Endpoint) -> bool {
        self.dialect(endpoint).is_some()
    }

    fn dialect(&self, endpoint: &Endpoint) -> Option<&'static dyn Dialect> {
        match endpoint.call {
            "chat.completions.create" => Some(&request::Chat),
            "completions.create" => Some(&COMPLETIONS),
            EMBEDDINGS => Some(&embeddings::Embed),
            _ => None,
        }
    }
}
