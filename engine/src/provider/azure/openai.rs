//! `azure-openai`, a resource of the caller's own: by deployment with an `api-version`, or its v1 API.

use std::time::SystemTime;

use ::http::{HeaderMap, HeaderName};
use bytes::Bytes;
use serde_json::Value;

use super::{VERSION, entra, entra_credential, is_v1, key_given, setting_problems, token, token_given};
use crate::auth::Auth;
use crate::body::Body;
use crate::endpoint::{COUNT_TOKENS, EMBEDDINGS, Endpoint, RESPONSES};
use crate::error::{Error, Problem, Result};
use crate::provider::dialect::{Asked, Context, Dialect, Made, Setting, Settings, Translator};
use crate::provider::passing::PLAIN;
use crate::provider::{
    CUSTOM_HOST, Provider, Realtime, Token, TokenRequest, compatible, path, problem, reported,
};
use crate::secret::Secret;

pub struct AzureOpenAi;
pub static AZURE_OPENAI: AzureOpenAi = AzureOpenAi;

const SETTINGS: [Setting; 3] = [
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

static ALL: [Setting; 11] = {
    let ([a, b, c], [d, e, f, g, h, i, j, k]) = (SETTINGS, entra::SETTINGS);
    [a, b, c, d, e, f, g, h, i, j, k]
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
        token(status, body, now)
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
        &ALL
    }

    fn problems(&self, settings: &Settings) -> Vec<Problem> {
        let mut problems = setting_problems(settings);
        match settings.get("azure_resource_name") {
            None if settings.get(CUSTOM_HOST).is_none() => {
                let what = SETTINGS[0].what;
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

/// Whether a dated version of the API has the endpoint's path below a deployment.
fn is_below_a_deployment(call: &str) -> bool {
    let models = ["chat.completions.create", "completions.create", EMBEDDINGS];
    models.contains(&call) || ["images.", "audio."].iter().any(|group| call.starts_with(group))
}

/// Whether a version of the API has Responses: of those of a date the first is `2025-03-01-preview`.
fn has_responses(version: &str) -> bool {
    is_v1(version) || version >= "2025-03-01"
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
