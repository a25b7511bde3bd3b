//! `azure-ai`, Azure AI Foundry at the URL that it shows; one of Anthropic's models there speaks Anthropic's dialect.

use std::time::SystemTime;

use ::http::{HeaderMap, HeaderName};
use bytes::Bytes;

use super::{entra, entra_credential, key_given, setting_problems, token, token_given};
use crate::auth::Auth;
use crate::endpoint::{COUNT_TOKENS, EMBEDDINGS, ENDPOINTS, Endpoint, MESSAGES};
use crate::error::{Error, Problem, Result};
use crate::provider::anthropic::native::Messages;
use crate::provider::dialect::{Asked, Context, Dialect, Framing, Made, Setting, Settings, Translator};
use crate::provider::params::Rule;
use crate::provider::passing::{PLAIN, Passing};
use crate::provider::{CUSTOM_HOST, Provider, Token, TokenRequest, find, path, problem, reported};
use crate::secret::Secret;

pub struct AzureAi;
pub static AZURE_AI: AzureAi = AzureAi;

const SETTINGS: [Setting; 4] = [
    Setting { key: "azure_foundry_url", what: "the endpoint's URL as Foundry shows it", required: false },
    Setting { key: "azure_api_version", what: "such as 2024-05-01-preview", required: false },
    Setting { key: "azure_deployment_name", what: "the deployment to ask", required: false },
    Setting {
        key: "azure_extra_parameters",
        what: "what Azure does with parameters it doesn't know: drop (default), pass-through or error",
        required: false,
    },
];

static ALL: [Setting; 12] = {
    let ([a, b, c, d], [e, f, g, h, i, j, k, l]) = (SETTINGS, entra::SETTINGS);
    [a, b, c, d, e, f, g, h, i, j, k, l]
};

impl Provider for AzureAi {
    fn name(&self) -> &'static str {
        "azure-ai"
    }

    fn has_stream_usage(&self) -> bool {
        true
    }

    fn base_url(&self) -> Option<&'static str> {
        Some("{azure_foundry_url}")
    }

    fn base_url_for(&self, settings: &Settings) -> Option<String> {
        settings.get("azure_foundry_url").map(str::to_owned)
    }

    fn auth(&self) -> Auth {
        Auth::Bearer
    }

    fn credential_for(&self, settings: &Settings, given: Option<&Secret>) -> Option<(HeaderName, Secret)> {
        let auth = if is_anthropic(settings) { Auth::Header("x-api-key") } else { Auth::Bearer };
        token_given(settings, given).or_else(|| key_given(settings, given).map(|key| auth.header(key)))
    }

    fn needs_credential(&self, settings: &Settings) -> Option<&'static str> {
        entra_credential(settings)
    }

    fn token_request(&self, settings: &Settings, _now: SystemTime) -> Option<Result<TokenRequest>> {
        entra::request(settings).map(Ok)
    }

    fn token(&self, status: u16, body: &[u8], now: u64) -> std::result::Result<Token, String> {
        token(status, body, now)
    }

    fn path(&self, endpoint: &Endpoint) -> String {
        endpoint.path.to_owned()
    }

    fn rules(&self, endpoint: &Endpoint) -> &'static [Rule] {
        if endpoint.call == EMBEDDINGS { &[] } else { &[Rule::DeveloperToSystem] }
    }

    fn knows_base64_embeddings(&self) -> bool {
        false
    }

    fn has_natively(&self, endpoint: &Endpoint, settings: &Settings, _body: &[u8]) -> bool {
        endpoint.call == MESSAGES && is_anthropic(settings)
    }

    fn dialect(&self, endpoint: &Endpoint) -> Option<&'static dyn Dialect> {
        if matches!(endpoint.call, MESSAGES | COUNT_TOKENS) {
            Some(&FoundryMessages)
        } else {
            Some(&AZURE_AI)
        }
    }

    fn settings(&self) -> &'static [Setting] {
        &ALL
    }

    fn problems(&self, settings: &Settings) -> Vec<Problem> {
        let mut problems = setting_problems(settings);
        if base_of(settings).is_none() {
            let what = SETTINGS[0].what;
            problems.push(problem("azure_foundry_url", format!("is missing: {what}; or name a custom host")));
        }
        problems
    }
}

/// Foundry serves Anthropic's models below `/anthropic`.
fn is_anthropic(settings: &Settings) -> bool {
    let places = [settings.get(CUSTOM_HOST), settings.get("azure_foundry_url")];
    places.into_iter().flatten().any(|url| url.contains("/anthropic"))
}

/// Where calls go.
fn base_of(settings: &Settings) -> Option<&str> {
    settings.get(CUSTOM_HOST).or_else(|| settings.get("azure_foundry_url"))
}

impl AzureAi {
    /// The dialect that the model at this URL speaks.
    fn spoken(endpoint: &str, settings: &Settings) -> Result<Option<&'static dyn Dialect>> {
        if !is_anthropic(settings) {
            return Ok(None);
        }
        let row = ENDPOINTS.iter().find(|row| row.call == endpoint);
        let dialect = row.and_then(|row| find("anthropic")?.dialect(row));
        dialect
            .map(Some)
            .ok_or_else(|| Error::problem("azure_foundry_url", "Anthropic's models have no such endpoint"))
    }

    fn or_passing(settings: &Settings) -> &'static dyn Dialect {
        Self::spoken("chat.completions.create", settings).ok().flatten().unwrap_or(&PLAIN)
    }
}

impl Dialect for AzureAi {
    fn request(&self, asked: &Asked<'_>) -> Result<Made> {
        let settings = asked.settings;
        let extra = settings.get("azure_extra_parameters").unwrap_or("drop").to_owned();
        let own = |made: &mut Made| {
            made.headers.push(("extra-parameters", extra));
            if let Some(name) = settings.get("azure_deployment_name") {
                made.headers.push(("azureml-model-deployment", name.to_owned()));
            }
        };
        if let Some(dialect) = Self::spoken(asked.endpoint.call, settings)? {
            let mut made = dialect.request(asked)?;
            if !made.path.starts_with("/v1/") {
                made.path = format!("/v1{}", made.path);
            }
            own(&mut made);
            return Ok(made);
        }
        let mut made = <Passing as Dialect>::request(&PLAIN, asked)?;
        if let Some(version) = settings.get("azure_api_version") {
            let version = path::segment(version, "azure_api_version")?;
            made.path = format!("{}?api-version={version}", made.path);
        }
        own(&mut made);
        Ok(made)
    }

    fn answer(&self, context: &Context<'_>, reply: &[u8]) -> std::result::Result<Bytes, String> {
        Self::or_passing(context.settings).answer(context, reply)
    }

    fn translator(&self, context: &Context<'_>) -> Box<dyn Translator> {
        Self::or_passing(context.settings).translator(context)
    }

    fn goes_beyond(&self, settings: &Settings, _body: &[u8]) -> bool {
        is_anthropic(settings)
    }

    fn framing_for(&self, settings: &Settings) -> Framing {
        Self::or_passing(settings).framing_for(settings)
    }

    fn error(&self, _status: u16, headers: &HeaderMap, reply: &[u8]) -> Option<Bytes> {
        reported::in_our_shape(headers, reply)
    }
}

/// Anthropic's Messages by their own name, where Foundry serves its models.
struct FoundryMessages;

impl Dialect for FoundryMessages {
    fn request(&self, asked: &Asked<'_>) -> Result<Made> {
        if asked.endpoint.call == COUNT_TOKENS && !is_anthropic(asked.settings) {
            let message = "expected the URL of Anthropic's models: no others count tokens";
            return Err(Error::problem("azure_foundry_url", message));
        }
        AZURE_AI.request(asked)
    }

    fn answer(&self, context: &Context<'_>, reply: &[u8]) -> std::result::Result<Bytes, String> {
        Messages.answer(context, reply)
    }

    fn translator(&self, context: &Context<'_>) -> Box<dyn Translator> {
        Messages.translator(context)
    }

    fn error(&self, status: u16, headers: &HeaderMap, reply: &[u8]) -> Option<Bytes> {
        Messages.error(status, headers, reply)
    }
}
