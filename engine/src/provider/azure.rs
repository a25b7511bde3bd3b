//! Azure. `azure-openai` is a resource of the caller's own: by deployment with an `api-version`, or its v1 API. `azure-ai`
//! is Azure AI Foundry at the URL that it shows; one of Anthropic's models there speaks Anthropic's dialect.
//! A key goes as `api-key`, an Entra token as a bearer token; tokens may be granted here (`entra`).

use std::time::SystemTime;

use ::http::{HeaderMap, HeaderName};
use bytes::Bytes;
use serde_json::Value;

use super::anthropic::native::Messages;
use super::dialect::{Asked, Context, Dialect, Framing, Made, Setting, Settings, Translator};
use super::params::Rule;
use super::passing::{PLAIN, Passing};
use super::{
    CUSTOM_HOST, Provider, Realtime, Token, TokenRequest, compatible, entra, grant, path, problem, reported,
};
use crate::auth::Auth;
use crate::body::Body;
use crate::endpoint::{COUNT_TOKENS, EMBEDDINGS, Endpoint, MESSAGES, RESPONSES};
use crate::error::{Error, Problem, Result};
use crate::secret::Secret;

pub struct AzureOpenAi;
pub static AZURE_OPENAI: AzureOpenAi = AzureOpenAi;

pub struct AzureAi;
pub static AZURE_AI: AzureAi = AzureAi;

const VERSION: &str = "azure_api_version";

const OPENAI_SETTINGS: [Setting; 3] = [
    Setting {
        key: "azure_resource_name",
        what: "the resource's name, the first part of its host",
        required: false,
    },
    Setting { key: "azure_deployment_id", what: "the deployment; else the body's model", required: false },
    Setting {
        key: "azure_api_version",
        what: "v1 (default), preview, or a date such as 2024-10-21",
        required: false,
    },
];

const FOUNDRY_SETTINGS: [Setting; 4] = [
    Setting { key: "azure_foundry_url", what: "the endpoint's URL as Foundry shows it", required: false },
    Setting { key: "azure_api_version", what: "such as 2024-05-01-preview", required: false },
    Setting { key: "azure_deployment_name", what: "the deployment to ask", required: false },
    Setting {
        key: "azure_extra_parameters",
        what: "what Azure does with parameters it doesn't know: drop (default), pass-through or error",
        required: false,
    },
];

static ALL_OF_OPENAI: [Setting; 11] = {
    let ([a, b, c], [d, e, f, g, h, i, j, k]) = (OPENAI_SETTINGS, entra::SETTINGS);
    [a, b, c, d, e, f, g, h, i, j, k]
};
static ALL_OF_FOUNDRY: [Setting; 12] = {
    let ([a, b, c, d], [e, f, g, h, i, j, k, l]) = (FOUNDRY_SETTINGS, entra::SETTINGS);
    [a, b, c, d, e, f, g, h, i, j, k, l]
};

impl Provider for AzureOpenAi {
    fn name(&self) -> &'static str {
        "azure-openai"
    }

    fn has_stream_usage(&self) -> bool {
        true
    }

    fn base_url(&self) -> Option<&'static str> {
        Some("https://{azure_resource_name}.openai.azure.com/openai")
    }

    fn base_url_for(&self, settings: &Settings) -> Option<String> {
        let name = settings.get("azure_resource_name").filter(|name| compatible::is_plain(name))?;
        Some(format!("https://{name}.openai.azure.com/openai"))
    }

    fn auth(&self) -> Auth {
        Auth::Header("api-key")
    }

    fn credential_for(&self, settings: &Settings, given: Option<&Secret>) -> Option<(HeaderName, Secret)> {
        token_given(settings, given).or_else(|| key_given(settings, given).map(|key| self.auth().header(key)))
    }

    fn needs_credential(&self, settings: &Settings) -> Option<&'static str> {
        entra_credential(settings)
    }

    fn token_request(&self, settings: &Settings, _now: SystemTime) -> Option<Result<TokenRequest>> {
        entra::request(settings).map(Ok)
    }

    fn token(&self, status: u16, body: &[u8], now: u64) -> std::result::Result<Token, String> {
        grant::oauth(status, body, now, "the client of Entra")
    }

    fn path(&self, endpoint: &Endpoint) -> String {
        format!("/v1{}", endpoint.path)
    }

    fn realtime(&self, settings: &Settings) -> Option<Realtime> {
        let version = settings.get(VERSION).unwrap_or("v1");
        let deployment = settings.get("azure_deployment_id").map(str::to_owned);
        let (path, model) = match version {
            "v1" => ("/v1/realtime".to_owned(), "model"),
            "preview" | "latest" => (format!("/v1/realtime?api-version={version}"), "model"),
            date => (format!("/realtime?api-version={date}"), "deployment"),
        };
        Some(Realtime { path, model, deployment })
    }

    fn knows_base64_embeddings(&self) -> bool {
        true
    }

    fn has_natively(&self, endpoint: &Endpoint, settings: &Settings, _body: &[u8]) -> bool {
        endpoint.call == RESPONSES && has_responses(settings.get(VERSION).unwrap_or("v1"))
    }

    fn has(&self, endpoint: &Endpoint) -> bool {
        endpoint.call != COUNT_TOKENS
    }

    fn limits_by_newer_name(&self) -> bool {
        true
    }

    fn dialect(&self, _endpoint: &Endpoint) -> Option<&'static dyn Dialect> {
        Some(&AZURE_OPENAI)
    }

    fn settings(&self) -> &'static [Setting] {
        &ALL_OF_OPENAI
    }

    fn problems(&self, settings: &Settings) -> Vec<Problem> {
        let mut problems = setting_problems(settings);
        match settings.get("azure_resource_name") {
            None if settings.get(CUSTOM_HOST).is_none() => {
                let what = OPENAI_SETTINGS[0].what;
                problems.push(problem(
                    "azure_resource_name",
                    format!("is missing: {what}; or name a custom host"),
                ));
            }
            Some(name) if !compatible::is_plain(name) => {
                problems.push(problem("azure_resource_name", "expected a name of letters, digits and -"));
            }
            _ => {}
        }
        problems
    }
}

/// A key has no dots; a token is three parts of base64, the first of which is a JSON object.
fn is_token(given: &Secret) -> bool {
    let token = given.expose().trim();
    let token = token.strip_prefix("Bearer ").unwrap_or(token);
    token.starts_with("eyJ") && token.matches('.').count() == 2
}

/// The Entra token that the caller gives, in the settings or as the credential.
fn token_given(settings: &Settings, given: Option<&Secret>) -> Option<(HeaderName, Secret)> {
    let among = settings.get(entra::TOKEN).map(Secret::new);
    let is_one = |given: &&Secret| settings.get(entra::MODE) == Some(entra::ENTRA) || is_token(given);
    among.or_else(|| given.filter(is_one).cloned()).map(|token| Auth::Bearer.header(&token))
}

/// The key that the caller gives. Tokens that are granted come before it.
fn key_given<'g>(settings: &Settings, given: Option<&'g Secret>) -> Option<&'g Secret> {
    given.filter(|_| !entra::grants(settings))
}

fn setting_problems(settings: &Settings) -> Vec<Problem> {
    let mut problems = entra::problems(settings);
    if settings.get(VERSION).is_some_and(|version| !is_version(version)) {
        problems.push(problem(
            VERSION,
            "expected v1, preview, latest or a date such as 2024-10-21 or 2025-04-01-preview",
        ));
    }
    problems
}

/// Whether Azure may have such a version of its API.
fn is_version(version: &str) -> bool {
    let date = version.strip_suffix("-preview").unwrap_or(version);
    let parts: Vec<&str> = date.split('-').collect();
    let lengths: Vec<usize> = parts.iter().map(|part| part.len()).collect();
    let is_date =
        lengths == [4, 2, 2] && parts.iter().all(|part| part.bytes().all(|byte| byte.is_ascii_digit()));
    is_date || matches!(version, "v1" | "preview" | "latest")
}

/// The credential of a call by an Entra token that the settings do not hold.
fn entra_credential(settings: &Settings) -> Option<&'static str> {
    let is_wanted = settings.get(entra::MODE) == Some(entra::ENTRA)
        && settings.get(entra::TOKEN).is_none()
        && !entra::grants(settings);
    is_wanted.then_some("the Entra token, which azure_ad_token may be too")
}

/// Whether a dated version of the API has the endpoint's path below a deployment.
fn is_below_a_deployment(call: &str) -> bool {
    let models = ["chat.completions.create", "completions.create", EMBEDDINGS];
    models.contains(&call) || ["images.", "audio."].iter().any(|group| call.starts_with(group))
}

/// Whether a version of the API has Responses: of those of a date the first is `2025-03-01-preview`.
fn has_responses(version: &str) -> bool {
    is_v1(version) || version >= "2025-03-01"
}

/// Whether a version is one of the API that needs no date.
fn is_v1(version: &str) -> bool {
    matches!(version, "v1" | "preview" | "latest")
}

impl Dialect for AzureOpenAi {
    fn request(&self, asked: &Asked<'_>) -> Result<Made> {
        let version = asked.settings.get("azure_api_version").unwrap_or("v1");
        let deployment = asked.settings.get("azure_deployment_id");
        let below = path::filled(asked.endpoint.path, asked.arguments)?;
        let mut made = Made { body: Bytes::copy_from_slice(asked.body), ..Made::default() };
        if is_v1(version) {
            made.path = format!("/v1{below}");
            if version != "v1" {
                made.path = format!("{}?api-version={version}", made.path);
            }
            if let Some(deployment) = deployment.filter(|_| asked.endpoint.takes_params()) {
                name_deployment(deployment, &mut made)?;
            }
            return Ok(made);
        }
        let version = path::segment(version, "azure_api_version")?;
        made.path = if is_below_a_deployment(asked.endpoint.call) {
            let model = compatible::model_of(asked.body);
            let deployment = deployment.or(model.as_deref()).unwrap_or("");
            let deployment = path::segment(deployment, "azure_deployment_id")?;
            format!("/deployments/{deployment}{below}?api-version={version}")
        } else {
            if let Some(deployment) = deployment.filter(|_| asked.endpoint.call == RESPONSES) {
                name_deployment(deployment, &mut made)?;
            }
            format!("{below}?api-version={version}")
        };
        Ok(made)
    }

    fn answer(&self, context: &Context<'_>, reply: &[u8]) -> std::result::Result<Bytes, String> {
        PLAIN.answer(context, reply)
    }

    fn translator(&self, context: &Context<'_>) -> Box<dyn Translator> {
        PLAIN.translator(context)
    }

    fn error(&self, _status: u16, headers: &HeaderMap, reply: &[u8]) -> Option<Bytes> {
        reported::in_our_shape(headers, reply)
    }
}

/// The v1 API takes the deployment as the model.
fn name_deployment(deployment: &str, made: &mut Made) -> Result<()> {
    let mut body = Body::parse(&made.body).map_err(|_| Error::problem("body", "expected a JSON object"))?;
    let named = Value::from(deployment).to_string();
    if body.get("model") == Some(&named) {
        return Ok(());
    }
    body.set("model", named);
    let bytes = body.to_bytes();
    made.changes.push("model was set to azure_deployment_id".to_owned());
    made.body = bytes;
    Ok(())
}

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
        grant::oauth(status, body, now, "the client of Entra")
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
        &ALL_OF_FOUNDRY
    }

    fn problems(&self, settings: &Settings) -> Vec<Problem> {
        let mut problems = setting_problems(settings);
        if base_of(settings).is_none() {
            let what = FOUNDRY_SETTINGS[0].what;
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
        let row = crate::endpoint::ENDPOINTS.iter().find(|row| row.call == endpoint);
        let dialect = row.and_then(|row| super::find("anthropic")?.dialect(row));
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
