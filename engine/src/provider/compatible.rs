//! Providers that speak OpenAI's dialect: one row each.

use super::Provider;
use crate::auth::Auth;
use crate::endpoint::Endpoint;

/// A look-alike of OpenAI's API.
pub struct Compatible {
    name: &'static str,
    base_url: Option<&'static str>,
    auth: Auth,
    /// The version that stands before each endpoint's path when the base URL has none.
    version: &'static str,
    base64_embeddings: bool,
}

const LIKE_OPENAI: Compatible =
    Compatible { name: "openai", base_url: None, auth: Auth::Bearer, version: "", base64_embeddings: true };

pub static OPENAI: Compatible = Compatible { base_url: Some("https://api.openai.com/v1"), ..LIKE_OPENAI };

pub static MISTRAL: Compatible = Compatible {
    name: "mistral-ai",
    base_url: Some("https://api.mistral.ai/v1"),
    base64_embeddings: false,
    ..LIKE_OPENAI
};

/// Ollama's OpenAI route. Its host is documented without a version.
pub static OLLAMA: Compatible =
    Compatible { name: "ollama", auth: Auth::Optional, version: "/v1", ..LIKE_OPENAI };

impl Provider for Compatible {
    fn name(&self) -> &'static str {
        self.name
    }

    fn base_url(&self) -> Option<&'static str> {
        self.base_url
    }

    fn auth(&self) -> Auth {
        self.auth
    }

    fn path(&self, endpoint: &Endpoint) -> String {
        format!("{}{}", self.version, endpoint.path)
    }

    fn knows_base64_embeddings(&self) -> bool {
        self.base64_embeddings
    }
}
