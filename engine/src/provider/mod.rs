//! Providers: where a service is, how it takes its credential, and how its endpoints' paths differ from OpenAI's.
//! A provider is data and pure functions; it does no I/O. The look-alikes of OpenAI are rows of `compatible.rs`;
//! a provider with a dialect of its own is a folder beside it, listed here.

pub mod compatible;
pub mod dialect;
pub mod google;
pub mod vertex;

use crate::auth::Auth;
use crate::endpoint::Endpoint;

/// A service, or a kind of server, whose API we know.
pub trait Provider: Sync {
    /// The name that `provider` takes.
    fn name(&self) -> &'static str;
    /// Where the service is; `None` for servers that people run themselves, which need a custom host.
    fn base_url(&self) -> Option<&'static str>;
    /// Where the service is for a target with these settings, when that depends on them.
    fn base_url_for(&self, _settings: &dialect::Settings) -> Option<String> {
        self.base_url().map(str::to_owned)
    }
    fn auth(&self) -> Auth;
    /// The path of an endpoint below the base URL.
    fn path(&self, endpoint: &Endpoint) -> String;
    /// Whether an embeddings call that names no encoding may ask for base64.
    fn knows_base64_embeddings(&self) -> bool;
    /// The dialect of an endpoint that differs from OpenAI's; `None` for what goes through as it is.
    fn dialect(&self, _endpoint: &Endpoint) -> Option<&'static dyn dialect::Dialect> {
        None
    }
    /// Its own options, beyond key and host.
    fn settings(&self) -> &'static [dialect::Setting] {
        &[]
    }
}

/// Every provider, in the order of the documentation.
pub static PROVIDERS: &[&dyn Provider] =
    &[&compatible::OPENAI, &compatible::MISTRAL, &compatible::OLLAMA, &google::GOOGLE, &vertex::VERTEX];

/// The dialect that a custom host speaks when no provider is named.
pub static DEFAULT: &dyn Provider = &compatible::OPENAI;

pub fn find(name: &str) -> Option<&'static dyn Provider> {
    PROVIDERS.iter().copied().find(|provider| provider.name() == name)
}
