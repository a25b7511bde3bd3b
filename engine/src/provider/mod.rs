//! Providers: where a service is, how it takes its credential, and how its endpoints' paths differ from OpenAI's.
//! A provider is data and pure functions; it does no I/O. The look-alikes of OpenAI are rows of `compatible.rs`;
//! a provider with a dialect of its own is a folder beside it, listed here.

pub mod anthropic;
#[cfg_attr(not(test), expect(dead_code, reason = "the attempt doesn't sign and frame yet"))]
pub mod aws;
pub mod bedrock;
pub mod cohere;
pub mod compatible;
pub mod completion;
pub mod completions;
pub mod dialect;
#[cfg(test)]
pub mod fixtures;
pub mod fields;
#[cfg(test)]
mod losses;
#[cfg(test)]
mod replay;
pub mod sagemaker;
pub mod unsupported;
pub mod vectors;
pub mod google;
pub mod vertex;

use crate::auth::Auth;
use crate::endpoint::Endpoint;
use crate::error::Problem;

/// A service, or a kind of server, whose API we know.
pub trait Provider: Sync {
    /// The name that `provider` takes.
    fn name(&self) -> &'static str;
    /// Where the service is; `None` for servers that people run themselves, which need a custom host.
    fn base_url(&self) -> Option<&'static str>;
    /// The same where it depends on its options, such as a region; `None` where they don't tell it.
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
    /// What is wrong with its own options taken together, beyond a required one that is missing. Each problem's path is a
    /// config key.
    fn problems(&self, _settings: &dialect::Settings) -> Vec<Problem> {
        Vec::new()
    }
}

/// Every provider, in the order of the documentation.
pub static PROVIDERS: &[&dyn Provider] = &[
    &compatible::OPENAI,
    &anthropic::Anthropic,
    &bedrock::BEDROCK,
    &cohere::COHERE,
    &google::GOOGLE,
    &compatible::MISTRAL,
    &compatible::OLLAMA,
    &sagemaker::SAGEMAKER,
    &vertex::VERTEX,
];

/// The dialect that a custom host speaks when no provider is named.
pub static DEFAULT: &dyn Provider = &compatible::OPENAI;

pub fn find(name: &str) -> Option<&'static dyn Provider> {
    PROVIDERS.iter().copied().find(|provider| provider.name() == name)
}
