//! A Portkey gateway as a provider: every endpoint in OpenAI's dialect, and Portkey's own. Nobody names it: `baseURL`, and
//! what asks for the hosted platform, do. What it is told is `config/gateway.rs`'s to say.

use super::dialect::Settings;
use super::{Provider, Realtime};
use crate::auth::Auth;
use crate::endpoint::Endpoint;

/// Where the hosted platform is.
pub const PLATFORM: &str = "https://api.portkey.ai/v1";

pub struct Portkey;

pub static PORTKEY: Portkey = Portkey;

impl Provider for Portkey {
    fn name(&self) -> &'static str {
        "portkey"
    }

    fn base_url(&self) -> Option<&'static str> {
        Some(PLATFORM)
    }

    fn auth(&self) -> Auth {
        Auth::Optional
    }

    fn realtime(&self, _settings: &Settings) -> Option<Realtime> {
        Some(Realtime::at("/realtime".to_owned()))
    }

    fn has_natively(&self, _endpoint: &Endpoint, _settings: &Settings, _body: &[u8]) -> bool {
        true
    }
}
