//! Providers: where a service is, how it takes its credential, and how its endpoints' paths differ from OpenAI's.
//! A provider is data and pure functions; it does no I/O. The look-alikes of OpenAI are rows of `compatible.rs`;
//! a provider with a dialect of its own is a folder beside it, listed here.

mod azure;
pub mod compatible;
pub mod dialect;
mod images;
mod mistral;
mod nomic;
mod ollama;
mod openrouter;
mod ours;
pub mod params;
mod passing;
mod path;
mod predibase;
mod reported;
mod usage;
mod workers_ai;

use ::http::HeaderName;
use bytes::Bytes;

use self::dialect::{Setting, Settings};
use self::params::Rule;
use crate::auth::Auth;
use crate::body::Body;
use crate::endpoint::Endpoint;
use crate::error::{Error, Problem, Result};
use crate::secret::Secret;

/// Among a target's settings, the custom host as it was written: some hosts' paths tell which dialect they speak.
pub const CUSTOM_HOST: &str = "custom_host";

/// A service, or a kind of server, whose API we know.
pub trait Provider: Sync {
    /// The name that `provider` takes.
    fn name(&self) -> &'static str;
    /// Where the service is, `{key}` standing for a setting; `None` for servers that people run themselves, which need a
    /// custom host.
    fn base_url(&self) -> Option<&'static str>;
    /// The base URL with its settings in it; `None` when one of them is missing.
    fn base_url_for(&self, _settings: &Settings) -> Option<String> {
        self.base_url().map(str::to_owned)
    }
    fn auth(&self) -> Auth;
    /// The header that carries the credential: the caller's, or one among the settings.
    fn credential_for(&self, _settings: &Settings, given: Option<&Secret>) -> Option<(HeaderName, Secret)> {
        given.map(|credential| self.auth().header(credential))
    }
    /// Whether it has this endpoint at all. A call of one that it has not is a `Kind::Config` error naming both.
    fn has(&self, _endpoint: &Endpoint) -> bool {
        true
    }
    /// The path of an endpoint below the base URL.
    fn path(&self, endpoint: &Endpoint) -> String;
    /// What its parameters differ in from OpenAI's. They are applied to the body before the dialect gets it.
    fn rules(&self, _endpoint: &Endpoint) -> &'static [Rule] {
        &[]
    }
    /// A body with the rules applied to it, and what differs; `None` when nothing does. With `strict`, what would take
    /// something away from the caller's parameters is an error.
    fn adapt(&self, endpoint: &Endpoint, body: &[u8], strict: bool) -> Result<Option<(Bytes, Vec<String>)>> {
        let rules = self.rules(endpoint);
        if rules.is_empty() || !endpoint.takes_body {
            return Ok(None);
        }
        let mut fields = Body::parse(body).map_err(|_| Error::problem("body", "expected a JSON object"))?;
        let changes =
            params::apply(rules, &mut fields, strict).map_err(|problem| Error::config(vec![problem]))?;
        Ok((!changes.is_empty()).then(|| (fields.to_bytes(), changes)))
    }
    /// Whether an embeddings call that names no encoding may ask for base64.
    fn knows_base64_embeddings(&self) -> bool;
    /// The dialect of an endpoint that differs from OpenAI's; `None` for what goes through as it is.
    fn dialect(&self, _endpoint: &Endpoint) -> Option<&'static dyn dialect::Dialect> {
        None
    }
    /// Its own options, beyond key and host.
    fn settings(&self) -> &'static [Setting] {
        &[]
    }
    /// What is wrong with its settings, each problem's path being a setting's key. `custom_host`: the user names a host,
    /// so that what only the base URL is made of may be missing.
    fn problems(&self, settings: &Settings, _custom_host: bool) -> Vec<Problem> {
        missing(self.settings(), settings)
    }
    /// Where a server of this kind usually listens, as an example.
    fn usual_host(&self) -> Option<&'static str> {
        None
    }
    /// The path that tells whether a server of this kind is up, below the host and not below the base URL.
    fn health(&self) -> Option<&'static str> {
        None
    }
}

/// Every provider, in the order of the documentation.
pub static PROVIDERS: &[&dyn Provider] = &[
    &compatible::OPENAI,
    // Servers of one's own.
    &compatible::OLLAMA,
    &compatible::VLLM,
    &compatible::LLAMA_CPP,
    &compatible::LM_STUDIO,
    &compatible::SGLANG,
    &compatible::TGI,
    // Services, by name.
    &compatible::AI_302,
    &compatible::AI21,
    &compatible::AI_BADGR,
    &azure::AZURE_AI,
    &azure::AZURE_OPENAI,
    &compatible::CEREBRAS,
    &compatible::COMET_API,
    &compatible::CORTEX,
    &compatible::DASHSCOPE,
    &compatible::DEEPBRICKS,
    &compatible::DEEPINFRA,
    &compatible::DEEPSEEK,
    &compatible::FEATHERLESS,
    &compatible::FIREWORKS,
    &compatible::GITHUB,
    &compatible::GROQ,
    &compatible::HUGGING_FACE,
    &compatible::HYPERBOLIC,
    &compatible::INFERENCE_NET,
    &compatible::IO_INTELLIGENCE,
    &compatible::JINA,
    &compatible::KLUSTER,
    &compatible::KRUTRIM,
    &compatible::LEMONFOX,
    &compatible::LINGYI,
    &compatible::MATTER_AI,
    &compatible::MISTRAL,
    &compatible::MODAL,
    &compatible::MONSTER_API,
    &compatible::MOONSHOT,
    &compatible::NCOMPASS,
    &compatible::NEBIUS,
    &compatible::NEXTBIT,
    &compatible::NOMIC,
    &compatible::NOVITA,
    &compatible::NSCALE,
    &compatible::OPENROUTER,
    &compatible::OVH_CLOUD,
    &compatible::PERPLEXITY,
    &compatible::PREDIBASE,
    &compatible::RECRAFT,
    &compatible::REKA,
    &compatible::SAMBANOVA,
    &compatible::SEGMIND,
    &compatible::SILICONFLOW,
    &compatible::STABILITY,
    &compatible::TOGETHER,
    &compatible::UPSTAGE,
    &compatible::VOYAGE,
    &compatible::WORKERS_AI,
    &compatible::X_AI,
    &compatible::Z_AI,
    &compatible::ZHIPU,
];

/// The dialect that a custom host speaks when no provider is named.
pub static DEFAULT: &dyn Provider = &compatible::OPENAI;

pub fn find(name: &str) -> Option<&'static dyn Provider> {
    PROVIDERS.iter().copied().find(|provider| provider.name() == name)
}

/// Required settings that are not given.
fn missing(known: &[Setting], settings: &Settings) -> Vec<Problem> {
    let absent = known.iter().filter(|setting| setting.required && settings.get(setting.key).is_none());
    absent.map(|setting| problem(setting.key, format!("is missing: {}", setting.what))).collect()
}

fn problem(key: &str, message: impl Into<String>) -> Problem {
    Problem { path: key.to_owned(), message: message.into() }
}
