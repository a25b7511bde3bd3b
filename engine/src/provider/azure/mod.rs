//! Azure: `openai` is a resource of the caller's own, `foundry` Azure AI Foundry. What they share is here: versions, and who
//! is asked for. A key goes as a key, an Entra token as a bearer token; tokens may be granted here (`entra`).

mod entra;
mod foundry;
mod openai;

use ::http::HeaderName;

pub use self::foundry::AZURE_AI;
pub use self::openai::AZURE_OPENAI;
use super::dialect::Settings;
use super::{Token, grant, problem};
use crate::auth::Auth;
use crate::error::Problem;
use crate::secret::Secret;

const VERSION: &str = "azure_api_version";

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
    is_date || is_v1(version)
}

/// Whether a version is one of the API that needs no date.
fn is_v1(version: &str) -> bool {
    matches!(version, "v1" | "preview" | "latest")
}

/// The credential of a call by an Entra token that the settings do not hold.
fn entra_credential(settings: &Settings) -> Option<&'static str> {
    let is_wanted = settings.get(entra::MODE) == Some(entra::ENTRA)
        && settings.get(entra::TOKEN).is_none()
        && !entra::grants(settings);
    is_wanted.then_some("the Entra token, which azure_ad_token may be too")
}

/// The token that Entra granted.
fn token(status: u16, body: &[u8], now: u64) -> std::result::Result<Token, String> {
    grant::oauth(status, body, now, "the client of Entra")
}
