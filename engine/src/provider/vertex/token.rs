//! Access tokens of a service account: the JWT that asks for one, the request it goes in, and what comes back.
//! Pure: nothing is sent and nothing is kept here; time comes in as Unix seconds. Keys and tokens stay `Secret`s.
//! <https://developers.google.com/identity/protocols/oauth2/service-account>

use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use serde::Deserialize;

use crate::provider::grant::{self, is_safe};
use crate::provider::{Token, TokenRequest};
use crate::secret::Secret;

const SCOPE: &str = "https://www.googleapis.com/auth/cloud-platform";
const TOKEN_URI: &str = "https://oauth2.googleapis.com/token";
const GRANT: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
/// Seconds that a JWT is good for, the most that Google allows.
const LIFETIME: u64 = 3600;

/// A service account's key file.
pub struct ServiceAccount {
    email: String,
    key_id: Option<String>,
    key: Secret,
    token_uri: String,
}

#[derive(Deserialize)]
struct KeyFile {
    client_email: String,
    private_key: String,
    #[serde(default)]
    private_key_id: Option<String>,
    #[serde(default)]
    token_uri: Option<String>,
}

/// The project that a key file names.
pub fn project(json: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Named {
        project_id: String,
    }
    serde_json::from_str::<Named>(json).ok().map(|named| named.project_id)
}

impl ServiceAccount {
    /// Reads a key file's JSON. The error says what would be right and shows nothing of the file.
    pub fn read(json: &str) -> Result<Self, String> {
        let wanted = "expected the JSON of a service account's key file, with client_email and private_key";
        let file: KeyFile = serde_json::from_str(json).map_err(|_| wanted)?;
        let token_uri = file.token_uri.unwrap_or_else(|| TOKEN_URI.to_owned());
        if !is_safe(&token_uri) {
            return Err("its token_uri is no https:// URL, nor one of this machine".to_owned());
        }
        Ok(Self {
            email: file.client_email,
            key_id: file.private_key_id,
            key: Secret::new(&file.private_key),
            token_uri,
        })
    }

    /// The request for a token that is good from `now` on.
    pub fn request(&self, now: u64) -> Result<TokenRequest, String> {
        let form = format!("grant_type={}&assertion={}", GRANT.replace(':', "%3A"), self.assertion(now)?);
        Ok(TokenRequest::form(self.token_uri.clone(), &form))
    }

    /// The signed JWT.
    fn assertion(&self, now: u64) -> Result<String, String> {
        let mut header = serde_json::json!({ "alg": "RS256", "typ": "JWT" });
        if let Some(id) = &self.key_id {
            header["kid"] = id.as_str().into();
        }
        let claims = serde_json::json!({
            "iss": self.email,
            "sub": self.email,
            "aud": self.token_uri,
            "scope": SCOPE,
            "iat": now,
            "exp": now + LIFETIME,
        });
        let encode = |bytes: &[u8]| base64_simd::URL_SAFE_NO_PAD.encode_to_string(bytes);
        let signed =
            format!("{}.{}", encode(header.to_string().as_bytes()), encode(claims.to_string().as_bytes()));
        let pair = RsaKeyPair::from_pkcs8(&der(self.key.expose())?)
            .map_err(|_| "its private_key is no RSA key in the form PKCS #8")?;
        let mut signature = vec![0; pair.public().modulus_len()];
        pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature)
            .map_err(|_| "its private_key can't sign")?;
        Ok(format!("{signed}.{}", encode(&signature)))
    }
}

/// The bytes of a PEM file's key.
fn der(pem: &str) -> Result<Vec<u8>, String> {
    let wanted = "its private_key is no PEM text that begins with -----BEGIN PRIVATE KEY-----";
    let body = pem.split_once("-----BEGIN PRIVATE KEY-----").ok_or(wanted)?.1;
    let body = body.split_once("-----END PRIVATE KEY-----").ok_or(wanted)?.0;
    let text: String = body.split_ascii_whitespace().collect();
    base64_simd::STANDARD.decode_to_vec(text).map_err(|_| wanted.to_owned())
}

/// Reads the token that a request brought at `now`.
pub fn answer(status: u16, reply: &[u8], now: u64) -> Result<Token, String> {
    grant::oauth(status, reply, now, "the service account")
}

#[cfg(test)]
#[path = "token_tests.rs"]
mod tests;
