//! Providers: where a service is, how it takes its credential, and how its endpoints' paths differ from OpenAI's.
//! A provider is data and pure functions; it does no I/O. The look-alikes of OpenAI are rows of `compatible.rs`;
//! a provider with a dialect of its own is a folder beside it, listed here.

pub mod anthropic;
pub mod aws;
mod azure;
pub mod bedrock;
mod bytez;
pub mod cohere;
pub mod compatible;
pub mod completion;
pub mod completions;
mod cortex;
pub mod dialect;
pub mod example;
pub mod fields;
#[cfg(test)]
pub mod fixtures;
pub mod google;
mod grant;
mod head;
mod images;
pub mod json;
mod mistral;
mod nomic;
mod ollama;
mod openrouter;
mod oracle;
mod ours;
pub mod params;
mod passing;
pub mod path;
pub mod portkey;
mod predibase;
pub mod repairs;
mod replicate;
mod reported;
pub mod sagemaker;
#[cfg(test)]
mod table_tests;
mod triton;
pub mod unstreamed;
mod usage;
pub mod vectors;
pub mod vertex;
mod workers_ai;

use std::time::SystemTime;

use ::http::{HeaderMap, HeaderName, HeaderValue, Method};
use bytes::Bytes;
use url::Url;

use self::dialect::{Setting, Settings};
pub use self::grant::{Granted, Token, TokenRequest};
use self::params::Rule;
use crate::auth::Auth;
use crate::body::Body;
use crate::endpoint::Endpoint;
use crate::error::{Error, Problem, Result};
use crate::headers::fold;
use crate::secret::Secret;

/// Among a target's settings, the custom host as it was written: some hosts' paths tell which dialect they speak.
pub const CUSTOM_HOST: &str = "custom_host";

/// A service, or a kind of server, whose API we know.
pub trait Provider: Sync {
    /// The name that `provider` takes.
    fn name(&self) -> &'static str;
    /// Where the service is, `{key}` standing for a setting; `None` for servers that people run themselves, which need a
    /// custom host.
    fn base_url(&self) -> Option<&'static str> {
        None
    }
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
    /// How a realtime session of it is opened; `None` where it has none.
    fn realtime(&self, _settings: &Settings) -> Option<Realtime> {
        None
    }
    /// Whether it takes a call of a front format (`front/`) as it is, by the settings and the body. The others' become
    /// chats. Asked for those endpoints alone.
    fn has_natively(&self, _endpoint: &Endpoint, _settings: &Settings, _body: &[u8]) -> bool {
        false
    }
    /// Whether all of its own chats know `max_completion_tokens`, and some models of its nothing else.
    fn limits_by_newer_name(&self) -> bool {
        false
    }
    /// What the credential is that no call can do without; `None` where the host judges.
    fn needs_credential(&self, _settings: &Settings) -> Option<&'static str> {
        None
    }
    /// The path of an endpoint below the base URL.
    fn path(&self, endpoint: &Endpoint) -> String {
        endpoint.path.to_owned()
    }
    /// What its parameters differ in from OpenAI's. They are applied to the body before the dialect gets it.
    fn rules(&self, _endpoint: &Endpoint) -> &'static [Rule] {
        &[]
    }
    /// A body with the rules applied to it, and what differs; `None` when nothing does. With `strict`, what would take
    /// something away from the caller's parameters is an error.
    fn adapt(&self, endpoint: &Endpoint, body: &[u8], strict: bool) -> Result<Option<(Bytes, Vec<String>)>> {
        let rules = self.rules(endpoint);
        if rules.is_empty() || !endpoint.takes_body() {
            return Ok(None);
        }
        let mut fields = Body::parse(body).map_err(|_| Error::problem("body", "expected a JSON object"))?;
        let changes =
            params::apply(rules, &mut fields, strict).map_err(|problem| Error::config(vec![problem]))?;
        Ok((!changes.is_empty()).then(|| (fields.to_bytes(), changes)))
    }
    /// Whether an embeddings call that names no encoding may ask for base64.
    fn knows_base64_embeddings(&self) -> bool {
        false
    }
    /// The dialect of an endpoint that differs from OpenAI's; `None` for what goes through as it is.
    fn dialect(&self, _endpoint: &Endpoint) -> Option<&'static dyn dialect::Dialect> {
        None
    }
    /// Its own options, beyond key and host.
    fn settings(&self) -> &'static [Setting] {
        &[]
    }
    /// What is wrong with its own options taken together, beyond a required one that is missing. Each problem's path is a
    /// config key.
    fn problems(&self, _settings: &Settings) -> Vec<Problem> {
        Vec::new()
    }
    /// The request for a short-lived credential, where the settings hold what one is granted for.
    fn token_request(&self, _settings: &Settings, _now: SystemTime) -> Option<Result<TokenRequest>> {
        None
    }
    /// The credential in the service's reply.
    fn token(&self, _status: u16, _body: &[u8], _now: u64) -> std::result::Result<Token, String> {
        Err("the provider grants none".to_owned())
    }
    /// The headers that sign a request, to be set over any of the same names, for services whose credential is a
    /// signature.
    fn sign(
        &self,
        _request: &Unsigned<'_>,
        _settings: &Settings,
        _now: SystemTime,
    ) -> Result<Vec<(HeaderName, HeaderValue)>> {
        Ok(Vec::new())
    }
    /// Whether a streamed completion tells its usage only where `stream_options.include_usage` asks for it, and may be asked:
    /// the provider's own documentation says so, or its dialect makes the chunk here.
    fn has_stream_usage(&self) -> bool {
        false
    }
    /// Whether chats are repaired unless the caller says otherwise: servers of this kind run whatever model they are given.
    fn repairs(&self) -> bool {
        false
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

/// Where a provider opens realtime sessions.
pub struct Realtime {
    /// Below the base URL, maybe with a query.
    pub path: String,
    /// The query's name of the model.
    pub model: &'static str,
    /// The model, where a setting names it.
    pub deployment: Option<String>,
}

impl Realtime {
    /// As OpenAI has them.
    fn at(path: String) -> Self {
        Self { path, model: "model", deployment: None }
    }
}

/// A request as it goes onto the wire, but for its signature.
pub struct Unsigned<'a> {
    pub method: &'a Method,
    pub url: &'a Url,
    pub headers: &'a HeaderMap,
    pub body: &'a [u8],
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
    &compatible::TRITON,
    // Services, by name.
    &compatible::AI_302,
    &compatible::AI21,
    &compatible::AI_BADGR,
    &anthropic::Anthropic,
    &azure::AZURE_AI,
    &azure::AZURE_OPENAI,
    &bedrock::BEDROCK,
    &compatible::BYTEZ,
    &compatible::CEREBRAS,
    &cohere::COHERE,
    &compatible::COMET_API,
    &compatible::CORTEX,
    &compatible::DASHSCOPE,
    &compatible::DEEPBRICKS,
    &compatible::DEEPINFRA,
    &compatible::DEEPSEEK,
    &compatible::FEATHERLESS,
    &compatible::FIREWORKS,
    &compatible::GITHUB,
    &google::GOOGLE,
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
    &oracle::ORACLE,
    &compatible::OVH_CLOUD,
    &compatible::PERPLEXITY,
    &compatible::PREDIBASE,
    &compatible::RECRAFT,
    &compatible::REKA,
    &compatible::REPLICATE,
    &sagemaker::SAGEMAKER,
    &compatible::SAMBANOVA,
    &compatible::SEGMIND,
    &compatible::SILICONFLOW,
    &compatible::STABILITY,
    &compatible::TOGETHER,
    &compatible::UPSTAGE,
    &vertex::VERTEX,
    &compatible::VOYAGE,
    &compatible::WORKERS_AI,
    &compatible::X_AI,
    &compatible::Z_AI,
    &compatible::ZHIPU,
];

/// Names that Portkey's gateway takes and we do not, and why.
pub static LEFT_OUT: &[(&str, &str)] = &[
    ("anyscale", "its public endpoints closed in 2024; a private one is openai at a custom host"),
    ("lambda", "its inference API is closed"),
    ("lepton", "the service is closed"),
    ("meshy", "it makes 3D models, for which there is no endpoint here"),
    ("milvus", "it is a vector database, for which there is no endpoint here"),
    ("palm", "Google shut the PaLM API down; its models are google's"),
    ("qdrant", "it is a vector database, for which there is no endpoint here"),
    ("tripo3d", "it makes 3D models, for which there is no endpoint here"),
];

/// The config key of a provider's own option that is written as `name`, in whatever spelling.
pub fn setting(name: &str) -> Option<&'static str> {
    let folded = fold(name);
    all_settings().map(|setting| setting.key).find(|key| fold(key) == folded)
}

/// The options of all providers; one that several have comes as often.
pub fn all_settings() -> impl Iterator<Item = &'static Setting> {
    PROVIDERS.iter().flat_map(|provider| provider.settings())
}

/// The dialect that a custom host speaks when no provider is named.
pub static DEFAULT: &dyn Provider = &compatible::OPENAI;

pub fn find(name: &str) -> Option<&'static dyn Provider> {
    PROVIDERS.iter().copied().find(|provider| provider.name() == name)
}

fn problem(key: &str, message: impl Into<String>) -> Problem {
    Problem { path: key.to_owned(), message: message.into() }
}
