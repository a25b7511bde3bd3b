//! Short-lived credentials that a service grants for what the settings hold: the request for one, and what comes back.
//! Pure: nothing is sent and nothing is kept here (`attempt/token.rs` does both); time comes in as Unix seconds.
//! Who makes them: `vertex/token.rs`, `entra.rs`, `aws/role.rs`.

use ::http::Method;
use ::http::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use serde::Deserialize;
use url::{Host, Url};

use super::dialect::Settings;
use crate::secret::Secret;

/// Seconds that a credential is good for where its service does not say.
pub const LIFETIME: u64 = 3600;
/// One is used until this many seconds before its end, or for five sixths of its life if that is shorter.
const MARGIN: u64 = 600;

/// A request for a credential.
pub struct TokenRequest {
    pub method: Method,
    pub url: String,
    pub headers: HeaderMap,
    /// Whoever has it can fetch a credential.
    pub body: Secret,
    /// It is asked of this machine's own surroundings, where no proxy stands between.
    pub direct: bool,
}

impl TokenRequest {
    /// A POST of a form.
    pub fn form(url: String, form: &str) -> Self {
        let kind = HeaderValue::from_static("application/x-www-form-urlencoded");
        let headers = HeaderMap::from_iter([(CONTENT_TYPE, kind)]);
        Self { method: Method::POST, url, headers, body: Secret::new(form), direct: false }
    }
}

/// A short-lived credential, and until when to use it.
#[derive(Clone)]
pub struct Token {
    pub granted: Granted,
    /// Unix seconds.
    pub fresh_until: u64,
}

/// What a service grants.
#[derive(Clone)]
pub enum Granted {
    /// Goes as `Authorization: Bearer`.
    Bearer(Secret),
    /// Take the place of the settings of these names when a request is signed.
    Settings(Settings),
}

impl Token {
    /// One that is good for `life` seconds from `now` on.
    pub fn new(granted: Granted, now: u64, life: u64) -> Self {
        Self { granted, fresh_until: now + life - MARGIN.min(life / 6) }
    }
}

/// Whether what proves who one is may be sent there: encrypted, or not beyond this machine.
pub fn is_safe(url: &str) -> bool {
    let Ok(url) = Url::parse(url) else { return false };
    let is_here = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    url.scheme() == "https" || (url.scheme() == "http" && is_here)
}

/// Reads the token of OAuth 2 that a request brought at `now`. The error shows nothing of the reply but the service's own
/// words for what is wrong; `whom` is who asked for it.
pub fn oauth(status: u16, reply: &[u8], now: u64, whom: &str) -> Result<Token, String> {
    #[derive(Deserialize)]
    struct Answer {
        access_token: String,
        #[serde(default)]
        expires_in: Option<Seconds>,
    }
    #[derive(Deserialize)]
    struct Refused {
        error: String,
        #[serde(default)]
        error_description: Option<String>,
    }
    if let Ok(answer) = serde_json::from_slice::<Answer>(reply)
        && (200..300).contains(&status)
    {
        let life = answer.expires_in.and_then(|seconds| seconds.count()).unwrap_or(LIFETIME);
        return Ok(Token::new(Granted::Bearer(Secret::new(&answer.access_token)), now, life));
    }
    Err(match serde_json::from_slice::<Refused>(reply) {
        Ok(Refused { error, error_description: Some(why) }) => {
            format!("no token for {whom}: status {status}, {error}: {why}")
        }
        Ok(Refused { error, .. }) => format!("no token for {whom}: status {status}, {error}"),
        Err(_) => format!("no token for {whom}: status {status}"),
    })
}

/// A number that some services write as a text.
#[derive(Deserialize)]
#[serde(untagged)]
enum Seconds {
    Number(u64),
    Text(String),
}

impl Seconds {
    fn count(&self) -> Option<u64> {
        match self {
            Self::Number(count) => Some(*count),
            Self::Text(text) => text.parse().ok(),
        }
    }
}

/// Pairs as the body of a form.
pub fn form_of(pairs: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}
