//! Oracle Cloud's generative AI: chats in its GENERIC format, whose every name is its own, and requests that are signed
//! with the user's key. Cohere's models there speak another format, which is refused.

mod answer;
mod request;
mod sign;

use std::time::SystemTime;

use ::http::{HeaderMap, HeaderName, HeaderValue};
use bytes::Bytes;

use super::dialect::{Asked, Context, Dialect, Made, Setting, Settings, Translator};
use super::params::{MAX_COMPLETION_TOKENS, Rule};
use super::{CUSTOM_HOST, Provider, Unsigned, compatible, problem, reported};
use crate::auth::Auth;
use crate::endpoint::Endpoint;
use crate::error::{Problem, Result};

pub struct Oracle;
pub static ORACLE: Oracle = Oracle;

const SETTINGS: &[Setting] = &[
    Setting { key: "oracle_tenancy", what: "the tenancy's OCID", required: true },
    Setting { key: "oracle_user", what: "the user's OCID", required: true },
    Setting { key: "oracle_fingerprint", what: "the API key's fingerprint", required: true },
    Setting {
        key: "oracle_private_key",
        what: "the API key itself, as PEM without a passphrase",
        required: true,
    },
    Setting { key: "oracle_compartment_id", what: "the compartment's OCID", required: true },
    Setting { key: "oracle_region", what: "the region, such as us-chicago-1", required: false },
    Setting { key: "oracle_api_version", what: "the API's version (default 20231130)", required: false },
    Setting { key: "oracle_serving_mode", what: "ON_DEMAND (default) or DEDICATED", required: false },
];

impl Provider for Oracle {
    fn name(&self) -> &'static str {
        "oracle"
    }

    fn has_stream_usage(&self) -> bool {
        true
    }

    fn base_url(&self) -> Option<&'static str> {
        Some("https://inference.generativeai.{oracle_region}.oci.oraclecloud.com")
    }

    fn base_url_for(&self, settings: &Settings) -> Option<String> {
        let region = settings.get("oracle_region").filter(|region| compatible::is_plain(region))?;
        Some(format!("https://inference.generativeai.{region}.oci.oraclecloud.com"))
    }

    fn auth(&self) -> Auth {
        Auth::Optional
    }

    fn has(&self, endpoint: &Endpoint) -> bool {
        endpoint.call == "chat.completions.create"
    }

    fn path(&self, _endpoint: &Endpoint) -> String {
        "/20231130/actions/chat".to_owned()
    }

    fn dialect(&self, _endpoint: &Endpoint) -> Option<&'static dyn Dialect> {
        Some(&ORACLE)
    }

    fn rules(&self, _endpoint: &Endpoint) -> &'static [Rule] {
        &[MAX_COMPLETION_TOKENS]
    }

    fn settings(&self) -> &'static [Setting] {
        SETTINGS
    }

    fn problems(&self, settings: &Settings) -> Vec<Problem> {
        let mut problems = Vec::new();
        match settings.get("oracle_region") {
            None if settings.get(CUSTOM_HOST).is_none() => problems
                .push(problem("oracle_region", "is missing: the region's name; or name a custom host")),
            Some(region) if !compatible::is_plain(region) => {
                problems.push(problem("oracle_region", "expected a region, such as us-chicago-1"));
            }
            _ => {}
        }
        let mode = settings.get("oracle_serving_mode");
        if mode.is_some_and(|mode| !matches!(mode, "ON_DEMAND" | "DEDICATED")) {
            problems.push(problem("oracle_serving_mode", "expected ON_DEMAND or DEDICATED"));
        }
        if settings.get("oracle_private_key").is_some_and(|key| sign::key(key).is_none()) {
            let right = "expected an RSA key as PEM (BEGIN PRIVATE KEY) without a passphrase";
            problems.push(problem("oracle_private_key", right));
        }
        problems
    }

    fn sign(
        &self,
        request: &Unsigned<'_>,
        settings: &Settings,
        now: SystemTime,
    ) -> Result<Vec<(HeaderName, HeaderValue)>> {
        sign::headers(request, settings, now)
    }
}

impl Dialect for Oracle {
    fn request(&self, asked: &Asked<'_>) -> Result<Made> {
        request::made(asked)
    }

    fn answer(&self, context: &Context<'_>, reply: &[u8]) -> std::result::Result<Bytes, String> {
        answer::whole(context, reply)
    }

    fn translator(&self, context: &Context<'_>) -> Box<dyn Translator> {
        Box::new(answer::Streamed::new(context))
    }

    fn error(&self, _status: u16, headers: &HeaderMap, reply: &[u8]) -> Option<Bytes> {
        // Oracle's code is the kind of the error too.
        let shaped = reported::in_our_shape(headers, reply)?;
        let mut error: serde_json::Value = serde_json::from_slice(&shaped).ok()?;
        let code = error["error"]["code"].clone();
        error["error"]["type"] = code;
        Some(Bytes::from(error.to_string()))
    }
}
