//! Amazon Bedrock: chat and completions through Converse, embeddings by invoking Titan and Cohere models,
//! images by invoking Amazon's and Stability's.
//! Source of the shapes: the Converse API and the models' own parameters, as of AWS's API reference.

mod answer;
mod content;
mod embeddings;
mod family;
mod formats;
mod images;
mod messages;
mod native;
mod request;
mod stream;
mod tools;

use std::time::SystemTime;

use ::http::{HeaderName, HeaderValue};

use super::completions::Completions;
use super::dialect::{Dialect, Setting, Settings};
use super::{Provider, Token, TokenRequest, Unsigned, aws};
use crate::auth::Auth;
use crate::endpoint::{COUNT_TOKENS, EMBEDDINGS, Endpoint, IMAGES, MESSAGES};
use crate::error::{Problem, Result};

/// The name in `provider` and in changes.
const NAME: &str = "bedrock";

pub static BEDROCK: Bedrock = Bedrock;

pub struct Bedrock;

static COMPLETIONS: Completions = Completions { provider: NAME, chat: &request::Converse };
static SETTINGS: [Setting; 10] = {
    let [id, secret, token, region, kind, role, external, sts] = aws::SETTINGS;
    let beta = "Anthropic's beta features, comma-separated, for its models";
    let version = "the version of Anthropic's API, for its models";
    [
        id,
        secret,
        token,
        region,
        kind,
        role,
        external,
        sts,
        Setting { key: "anthropic_beta", what: beta, required: false },
        Setting { key: "anthropic_version", what: version, required: false },
    ]
};

impl Provider for Bedrock {
    fn name(&self) -> &'static str {
        NAME
    }

    fn has_stream_usage(&self) -> bool {
        true
    }

    fn base_url_for(&self, settings: &Settings) -> Option<String> {
        aws::base_url("bedrock-runtime", settings)
    }

    fn auth(&self) -> Auth {
        Auth::Bearer
    }

    fn needs_credential(&self, settings: &Settings) -> Option<&'static str> {
        (!aws::signs(settings)).then_some("the Bedrock API key that apiKey stands for")
    }

    fn has(&self, endpoint: &Endpoint) -> bool {
        self.dialect(endpoint).is_some()
    }

    fn dialect(&self, endpoint: &Endpoint) -> Option<&'static dyn Dialect> {
        match endpoint.call {
            "chat.completions.create" => Some(&request::Converse),
            "completions.create" => Some(&COMPLETIONS),
            EMBEDDINGS => Some(&embeddings::Invoke),
            IMAGES => Some(&images::INVOKE),
            MESSAGES => Some(&native::Messages),
            COUNT_TOKENS => Some(&native::Counting),
            _ => None,
        }
    }

    fn has_natively(&self, endpoint: &Endpoint, _settings: &Settings, body: &[u8]) -> bool {
        endpoint.call == MESSAGES && native::is_anthropic(body)
    }

    fn settings(&self) -> &'static [Setting] {
        &SETTINGS
    }

    fn token_request(&self, settings: &Settings, now: SystemTime) -> Option<Result<TokenRequest>> {
        aws::role::request(settings, now)
    }

    fn token(&self, status: u16, body: &[u8], now: u64) -> std::result::Result<Token, String> {
        aws::role::answer(status, body, now)
    }

    fn sign(
        &self,
        request: &Unsigned<'_>,
        settings: &Settings,
        now: SystemTime,
    ) -> Result<Vec<(HeaderName, HeaderValue)>> {
        aws::sign("bedrock", request, settings, now)
    }

    fn problems(&self, settings: &Settings) -> Vec<Problem> {
        aws::problems(settings)
    }
}

/// The path of a model's operation.
fn path(model: &str, operation: &str) -> String {
    format!("/model/{}/{operation}", aws::segment(model))
}
