//! Providers that speak OpenAI's dialect: one row each, in one table below. A row says where the service is, how it
//! takes its credential, which endpoints it has and what its parameters differ in; where its answers differ too, it names
//! a dialect. Hosts are today's; `docs/providers.md` tells which services are left out, and why.
//! The invariant: what a row does not name goes through as it is.

use super::anthropic::served::Served;
use super::dialect::{Dialect, Setting, Settings};
use super::params::{MAX_COMPLETION_TOKENS, Rule};
use super::passing::{self, PASSING, Passing};
use super::{
    CUSTOM_HOST, Provider, Realtime, bytez, cortex, images, mistral, nomic, ollama, openrouter, predibase,
    problem, replicate, triton, usage, workers_ai,
};
use crate::auth::Auth;
use crate::body::Body;
use crate::endpoint::{self, COUNT_TOKENS, EMBEDDINGS, Endpoint, MESSAGES, RESPONSES};
use crate::error::Problem;

/// A look-alike of OpenAI's API.
pub struct Compatible {
    name: &'static str,
    /// `{key}` stands for a setting.
    base_url: Option<&'static str>,
    /// The setting that takes the base URL's place.
    base_url_setting: Option<&'static str>,
    auth: Auth,
    /// The calls of front formats that it takes as they are.
    natively: &'static [Native],
    /// It opens realtime sessions as OpenAI does.
    realtime: bool,
    /// See `Provider::limits_by_newer_name`.
    newer_limit: bool,
    /// The version that stands before each endpoint's path when the base URL has none.
    version: &'static str,
    /// What it has; `None` stands for all of OpenAI's endpoints, and those of Anthropic's that become chats.
    endpoints: Option<&'static [Calls]>,
    rules: &'static [Rule],
    embedding_rules: &'static [Rule],
    image_rules: &'static [Rule],
    base64_embeddings: bool,
    /// Streams tell their usage where they are asked for it (`Provider::has_stream_usage`).
    stream_usage: bool,
    dialect: Option<&'static dyn Dialect>,
    /// The dialects of endpoints that differ from the rest of the row.
    dialects: &'static [(Calls, &'static dyn Dialect)],
    /// Its chats are repaired.
    repairs: bool,
    settings: &'static [Setting],
    usual_host: Option<&'static str>,
    health: Option<&'static str>,
}

/// A call of a front format that a service takes as it is: its own documentation says so, for the same base URL.
struct Native {
    call: &'static str,
    /// How the names of the models begin that take it.
    models: &'static str,
    /// Only the service itself does: a host of the caller's is a server of another kind.
    at_home: bool,
}

const RESPONSES_OF_ALL: Native = Native { call: RESPONSES, models: "", at_home: false };
const MESSAGES_OF_ALL: Native = Native { call: MESSAGES, models: "", at_home: false };

/// Endpoints, by their calls.
type Calls = &'static [&'static str];

const CHAT: Calls = &["chat.completions.create"];
const TEXT: Calls = &["completions.create"];
const EMBED: Calls = &[EMBEDDINGS];
/// These servers count by Anthropic's API, for any model.
const COUNT: Calls = &[COUNT_TOKENS];
const RESPOND: Calls = &[RESPONSES];
/// Responses that the service keeps.
const KEPT_RESPONSES: Calls = &["responses.retrieve", "responses.delete"];
const MESSAGE: Calls = &[MESSAGES];
const MODERATE: Calls = &["moderations.create"];
const MODELS: Calls = &["models.list", "models.retrieve"];
const IMAGES: Calls = &[endpoint::IMAGES];
const SPEECH: Calls = &["audio.speech.create"];
const TRANSCRIBE: Calls = &["audio.transcriptions.create"];
const TRANSLATE: Calls = &["audio.translations.create"];
const FILES: Calls = &[
    "files.create",
    "files.list",
    "files.retrieve",
    "files.delete",
    "files.content",
    "files.retrieveContent",
];
const BATCHES: Calls = &["batches.create", "batches.retrieve", "batches.list", "batches.cancel"];
const TUNING: Calls = &[
    "fineTuning.jobs.create",
    "fineTuning.jobs.retrieve",
    "fineTuning.jobs.list",
    "fineTuning.jobs.cancel",
    "fineTuning.jobs.listEvents",
    "fineTuning.jobs.checkpoints.list",
];

const LIKE_OPENAI: Compatible = Compatible {
    name: "openai",
    base_url: None,
    base_url_setting: None,
    auth: Auth::Bearer,
    natively: &[],
    realtime: false,
    newer_limit: false,
    version: "",
    endpoints: None,
    rules: &[],
    embedding_rules: &[],
    image_rules: &[],
    base64_embeddings: true,
    stream_usage: true,
    dialect: None,
    dialects: &[],
    repairs: false,
    settings: &[],
    usual_host: None,
    health: None,
};

/// A service that resells models, or serves open ones, under OpenAI's parameters of the day.
const HOSTED: Compatible = Compatible {
    endpoints: Some(&[CHAT, MODELS]),
    rules: &[Rule::DeveloperToSystem],
    base64_embeddings: false,
    stream_usage: false,
    ..LIKE_OPENAI
};

/// A service that knows `max_tokens` alone.
const HOSTED_OLDER: Compatible =
    Compatible { rules: &[Rule::DeveloperToSystem, MAX_COMPLETION_TOKENS], ..HOSTED };

/// A server that people run themselves. Chat templates know no role `developer`.
const SELF_HOSTED: Compatible = Compatible {
    auth: Auth::Optional,
    version: "/v1",
    endpoints: Some(&[CHAT, TEXT, EMBED, MODELS]),
    rules: &[Rule::DeveloperToSystem, MAX_COMPLETION_TOKENS],
    base64_embeddings: false,
    dialect: Some(&passing::VERSIONED),
    repairs: true,
    ..LIKE_OPENAI
};

/// Anthropic's Messages where the base URL has the version.
static SERVED: Served = Served { version: "", headers: &[] };

/// Voyage and Mistral name the size of an embedding as Cohere does.
const OUTPUT_DIMENSION: Rule = Rule::Rename { from: "dimensions", to: "output_dimension" };

impl Compatible {
    /// The settings that the base URL is made of.
    fn placeholders(&self) -> impl Iterator<Item = &'static str> {
        let parts = self.base_url.unwrap_or("").split('{').skip(1);
        parts.filter_map(|part| Some(part.split_once('}')?.0))
    }

    fn setting(&self, key: &str) -> Option<&'static Setting> {
        self.settings.iter().find(|setting| setting.key == key)
    }
}

/// Whether a setting can stand in a URL as it is.
pub fn is_plain(value: &str) -> bool {
    let letters = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    !value.is_empty() && !value.contains("..") && !value.starts_with('.') && value.chars().all(letters)
}

/// The model that a body names.
pub fn model_of(body: &[u8]) -> Option<String> {
    serde_json::from_str(Body::parse(body).ok()?.get("model")?).ok()
}

impl Provider for Compatible {
    fn name(&self) -> &'static str {
        self.name
    }

    fn base_url(&self) -> Option<&'static str> {
        self.base_url
    }

    fn base_url_for(&self, settings: &Settings) -> Option<String> {
        if let Some(given) = self.base_url_setting.and_then(|key| settings.get(key)) {
            return Some(given.to_owned());
        }
        let mut url = self.base_url?.to_owned();
        for key in self.placeholders() {
            let value = settings.get(key).filter(|value| is_plain(value))?;
            url = url.replace(&format!("{{{key}}}"), value);
        }
        Some(url)
    }

    fn auth(&self) -> Auth {
        self.auth
    }

    fn has(&self, endpoint: &Endpoint) -> bool {
        let all = endpoint.call != COUNT_TOKENS;
        self.endpoints.map_or(all, |groups| groups.iter().any(|calls| calls.contains(&endpoint.call)))
    }

    fn realtime(&self, _settings: &Settings) -> Option<Realtime> {
        self.realtime.then(|| Realtime::at(format!("{}/realtime", self.version)))
    }

    /// Servers of one's own have them too, in recent versions; a chat is the same in all of them.
    fn has_natively(&self, endpoint: &Endpoint, settings: &Settings, body: &[u8]) -> bool {
        let elsewhere = [Some(CUSTOM_HOST), self.base_url_setting].into_iter().flatten();
        let is_home = elsewhere.filter_map(|key| settings.get(key)).next().is_none();
        self.natively.iter().any(|native| {
            native.call == endpoint.call
                && (is_home || !native.at_home)
                && (native.models.is_empty()
                    || model_of(body).is_some_and(|model| model.starts_with(native.models)))
        })
    }

    fn limits_by_newer_name(&self) -> bool {
        self.newer_limit
    }

    fn path(&self, endpoint: &Endpoint) -> String {
        format!("{}{}", self.version, endpoint.path)
    }

    fn rules(&self, endpoint: &Endpoint) -> &'static [Rule] {
        match endpoint.call {
            EMBEDDINGS => self.embedding_rules,
            "chat.completions.create" | "completions.create" => self.rules,
            endpoint::IMAGES => self.image_rules,
            _ => &[],
        }
    }

    fn knows_base64_embeddings(&self) -> bool {
        self.base64_embeddings
    }

    fn dialect(&self, endpoint: &Endpoint) -> Option<&'static dyn Dialect> {
        let own = self.dialects.iter().find(|(calls, _)| calls.contains(&endpoint.call));
        own.map(|(_, dialect)| *dialect).or(self.dialect)
    }

    fn settings(&self) -> &'static [Setting] {
        self.settings
    }

    fn problems(&self, settings: &Settings) -> Vec<Problem> {
        let mut problems = Vec::new();
        for key in self.placeholders() {
            match settings.get(key) {
                Some(value) if !is_plain(value) => {
                    problems.push(problem(key, "expected a name of letters, digits, -, _ and ."));
                }
                None if settings.get(CUSTOM_HOST).is_none() => {
                    let what = self.setting(key).map_or("a part of the base URL", |setting| setting.what);
                    problems.push(problem(key, format!("is missing: {what}; or name a custom host")));
                }
                _ => {}
            }
        }
        problems
    }

    fn has_stream_usage(&self) -> bool {
        self.stream_usage
    }

    fn repairs(&self) -> bool {
        self.repairs
    }

    fn usual_host(&self) -> Option<&'static str> {
        self.usual_host
    }

    fn health(&self) -> Option<&'static str> {
        self.health
    }
}

// The table. OpenAI comes first, then servers of one's own, then services by name.

pub static OPENAI: Compatible = Compatible {
    base_url: Some("https://api.openai.com/v1"),
    natively: &[RESPONSES_OF_ALL],
    realtime: true,
    newer_limit: true,
    ..LIKE_OPENAI
};

/// Ollama's OpenAI route, and its own API where the custom host ends in `/api`.
pub static OLLAMA: Compatible = Compatible {
    name: "ollama",
    rules: &[Rule::DeveloperToSystem, MAX_COMPLETION_TOKENS, Rule::ThinkingToEffort],
    base64_embeddings: true,
    dialect: Some(&ollama::DIALECT),
    usual_host: Some("http://localhost:11434/v1"),
    health: Some("/api/version"),
    ..SELF_HOSTED
};

pub static VLLM: Compatible = Compatible {
    name: "vllm",
    realtime: true,
    endpoints: Some(&[CHAT, TEXT, EMBED, MODELS, TRANSCRIBE, TRANSLATE, COUNT]),
    rules: &[Rule::DeveloperToSystem],
    base64_embeddings: true,
    usual_host: Some("http://localhost:8000/v1"),
    health: Some("/health"),
    ..SELF_HOSTED
};

pub static LLAMA_CPP: Compatible = Compatible {
    name: "llamacpp",
    endpoints: Some(&[CHAT, TEXT, EMBED, MODELS, COUNT]),
    base64_embeddings: true,
    usual_host: Some("http://localhost:8080/v1"),
    health: Some("/health"),
    ..SELF_HOSTED
};

pub static LM_STUDIO: Compatible = Compatible {
    name: "lmstudio",
    usual_host: Some("http://localhost:1234/v1"),
    health: Some("/v1/models"),
    ..SELF_HOSTED
};

pub static SGLANG: Compatible = Compatible {
    name: "sglang",
    usual_host: Some("http://localhost:30000/v1"),
    health: Some("/health"),
    ..SELF_HOSTED
};

/// Text Generation Inference serves one model, and no embeddings.
pub static TGI: Compatible = Compatible {
    name: "tgi",
    endpoints: Some(&[CHAT, TEXT, MODELS]),
    usual_host: Some("http://localhost:8080/v1"),
    health: Some("/health"),
    ..SELF_HOSTED
};

/// Triton's own text API, below `/v2/models/NAME`. Its OpenAI frontend is `openai` at a custom host.
pub static TRITON: Compatible = Compatible {
    name: "triton",
    endpoints: Some(&[TEXT]),
    version: "",
    rules: triton::RULES,
    stream_usage: false,
    dialect: Some(&triton::DIALECT),
    usual_host: Some("http://localhost:8000/v2/models/ensemble"),
    health: Some("/v2/health/ready"),
    ..SELF_HOSTED
};

pub static AI_302: Compatible =
    Compatible { name: "302ai", base_url: Some("https://api.302.ai"), version: "/v1", rules: &[], ..HOSTED };

pub static AI21: Compatible =
    Compatible { name: "ai21", base_url: Some("https://api.ai21.com/studio/v1"), ..HOSTED_OLDER };

pub static AI_BADGR: Compatible =
    Compatible { name: "aibadgr", base_url: Some("https://aibadgr.com/api/v1"), ..HOSTED };

pub static BYTEZ: Compatible = Compatible {
    name: "bytez",
    base_url: Some("https://api.bytez.com"),
    auth: Auth::Scheme("Key"),
    version: "/models/v2/openai/v1",
    endpoints: Some(&[CHAT, TEXT]),
    rules: &[MAX_COMPLETION_TOKENS],
    dialect: Some(&bytez::DIALECT),
    ..HOSTED
};

pub static CEREBRAS: Compatible = Compatible {
    name: "cerebras",
    base_url: Some("https://api.cerebras.ai/v1"),
    endpoints: Some(&[CHAT, TEXT, MODELS]),
    rules: &[
        Rule::DeveloperToSystem,
        Rule::Drop { name: "frequency_penalty", why: "Cerebras answers 400 to it" },
        Rule::Drop { name: "presence_penalty", why: "Cerebras answers 400 to it" },
        Rule::Drop { name: "logit_bias", why: "Cerebras answers 400 to it" },
    ],
    ..HOSTED
};

pub static COMET_API: Compatible = Compatible {
    name: "cometapi",
    base_url: Some("https://api.cometapi.com/v1"),
    endpoints: Some(&[CHAT, EMBED, MODELS]),
    rules: &[],
    ..HOSTED
};

/// Snowflake's OpenAI route, and beside it Anthropic's Messages for Anthropic's models. It takes key pair tokens, OAuth and programmatic access tokens alike, and tells them apart by
/// itself where the setting doesn't.
pub static CORTEX: Compatible = Compatible {
    name: "cortex",
    base_url: Some("https://{snowflake_account}.snowflakecomputing.com/api/v2"),
    version: cortex::VERSION,
    natively: &[Native { models: "claude", ..MESSAGES_OF_ALL }],
    endpoints: Some(&[CHAT, MESSAGE]),
    dialect: Some(&Passing {
        version: cortex::VERSION,
        prepare: Some(|asked, made| {
            cortex::name_token(asked, made);
            Ok(())
        }),
        ..PASSING
    }),
    dialects: &[(MESSAGE, &cortex::Messages)],
    settings: &[
        Setting {
            key: "snowflake_account",
            what: "the account's identifier, as in its URL",
            required: false,
        },
        Setting {
            key: "snowflake_token_type",
            what: "KEYPAIR_JWT, OAUTH or PROGRAMMATIC_ACCESS_TOKEN",
            required: false,
        },
    ],
    ..HOSTED
};

pub static DASHSCOPE: Compatible = Compatible {
    name: "dashscope",
    base_url: Some("https://dashscope-intl.aliyuncs.com/compatible-mode/v1"),
    endpoints: Some(&[CHAT, EMBED, MODELS, FILES, BATCHES]),
    stream_usage: true,
    ..HOSTED
};

pub static DEEPBRICKS: Compatible = Compatible {
    name: "deepbricks",
    base_url: Some("https://api.deepbricks.ai/v1"),
    endpoints: Some(&[CHAT, IMAGES, MODELS]),
    ..HOSTED_OLDER
};

pub static DEEPINFRA: Compatible = Compatible {
    name: "deepinfra",
    base_url: Some("https://api.deepinfra.com/v1/openai"),
    endpoints: Some(&[CHAT, TEXT, EMBED, MODELS, SPEECH, TRANSCRIBE, TRANSLATE]),
    dialect: Some(&passing::PLAIN),
    stream_usage: true,
    ..HOSTED_OLDER
};

pub static DEEPSEEK: Compatible = Compatible {
    name: "deepseek",
    base_url: Some("https://api.deepseek.com"),
    version: "/v1",
    dialect: Some(&Passing {
        version: "/v1",
        // The answer was cut short for want of machines.
        finish_reasons: &[("insufficient_system_resource", "length")],
        ..PASSING
    }),
    stream_usage: true,
    ..HOSTED_OLDER
};

pub static FEATHERLESS: Compatible = Compatible {
    name: "featherless-ai",
    base_url: Some("https://api.featherless.ai/v1"),
    endpoints: Some(&[CHAT, TEXT, MODELS]),
    ..HOSTED
};

pub static FIREWORKS: Compatible = Compatible {
    name: "fireworks-ai",
    base_url: Some("https://api.fireworks.ai/inference/v1"),
    natively: &[RESPONSES_OF_ALL, MESSAGES_OF_ALL],
    endpoints: Some(&[CHAT, TEXT, EMBED, IMAGES, MODELS, RESPOND, KEPT_RESPONSES, MESSAGE]),
    rules: &[
        Rule::DeveloperToSystem,
        MAX_COMPLETION_TOKENS,
        Rule::Clamp { name: "top_k", min: 1.0, max: 128.0 },
    ],
    dialect: Some(&passing::PLAIN),
    dialects: &[(IMAGES, &images::hosted::FIREWORKS), (MESSAGE, &SERVED)],
    ..HOSTED
};

/// GitHub Models, whose model names are `publisher/name`. It takes unknown parameters only to drop them.
pub static GITHUB: Compatible = Compatible {
    name: "github",
    base_url: Some("https://models.github.ai/inference"),
    endpoints: Some(&[CHAT, EMBED]),
    dialect: Some(&Passing { headers: &[("extra-parameters", "drop")], ..PASSING }),
    stream_usage: true,
    ..HOSTED
};

pub static GROQ: Compatible = Compatible {
    name: "groq",
    base_url: Some("https://api.groq.com/openai/v1"),
    natively: &[RESPONSES_OF_ALL],
    endpoints: Some(&[CHAT, RESPOND, MODELS, SPEECH, TRANSCRIBE, TRANSLATE, FILES, BATCHES]),
    rules: &[
        Rule::DeveloperToSystem,
        Rule::Drop { name: "logprobs", why: "Groq answers 400 to it" },
        Rule::Drop { name: "top_logprobs", why: "Groq answers 400 to it" },
        Rule::Drop { name: "logit_bias", why: "Groq answers 400 to it" },
    ],
    dialect: Some(&Passing { mend: Some(usage::OF_GROQ), ..PASSING }),
    ..HOSTED
};

/// The router, which takes the model in the body, or a dedicated endpoint.
pub static HUGGING_FACE: Compatible = Compatible {
    name: "huggingface",
    base_url: Some("https://router.huggingface.co"),
    base_url_setting: Some("huggingface_base_url"),
    version: "/v1",
    natively: &[Native { at_home: true, ..RESPONSES_OF_ALL }],
    endpoints: Some(&[CHAT, TEXT, EMBED, MODELS, RESPOND]),
    dialect: Some(&passing::VERSIONED),
    settings: &[Setting {
        key: "huggingface_base_url",
        what: "a dedicated endpoint's URL, in place of the router's",
        required: false,
    }],
    stream_usage: true,
    ..HOSTED_OLDER
};

pub static HYPERBOLIC: Compatible = Compatible {
    name: "hyperbolic",
    base_url: Some("https://api.hyperbolic.xyz"),
    version: "/v1",
    endpoints: Some(&[CHAT, TEXT, IMAGES, MODELS]),
    dialects: &[(IMAGES, &images::hosted::HYPERBOLIC)],
    ..HOSTED
};

pub static INFERENCE_NET: Compatible =
    Compatible { name: "inference-net", base_url: Some("https://api.inference.net/v1"), ..HOSTED };

pub static IO_INTELLIGENCE: Compatible = Compatible {
    name: "iointelligence",
    base_url: Some("https://api.intelligence.io.solutions/api/v1"),
    endpoints: Some(&[CHAT, EMBED, MODELS]),
    ..HOSTED
};

pub static JINA: Compatible = Compatible {
    name: "jina",
    base_url: Some("https://api.jina.ai/v1"),
    endpoints: Some(&[EMBED]),
    dialect: Some(&passing::PLAIN),
    ..HOSTED
};

pub static KLUSTER: Compatible = Compatible {
    name: "kluster-ai",
    base_url: Some("https://api.kluster.ai/v1"),
    endpoints: Some(&[CHAT, EMBED, MODELS, FILES, BATCHES]),
    ..HOSTED
};

pub static KRUTRIM: Compatible = Compatible {
    name: "krutrim",
    base_url: Some("https://cloud.olakrutrim.com/v1"),
    dialect: Some(&passing::PLAIN),
    ..HOSTED
};

pub static LEMONFOX: Compatible = Compatible {
    name: "lemonfox-ai",
    base_url: Some("https://api.lemonfox.ai/v1"),
    endpoints: Some(&[CHAT, IMAGES, MODELS, SPEECH, TRANSCRIBE]),
    ..HOSTED
};

pub static LINGYI: Compatible = Compatible {
    name: "lingyi",
    base_url: Some("https://api.lingyiwanwu.com"),
    version: "/v1",
    ..HOSTED_OLDER
};

pub static MATTER_AI: Compatible =
    Compatible { name: "matterai", base_url: Some("https://api.matterai.so/v1"), rules: &[], ..HOSTED };

pub static MISTRAL: Compatible = Compatible {
    name: "mistral-ai",
    base_url: Some("https://api.mistral.ai/v1"),
    endpoints: Some(&[CHAT, EMBED, MODERATE, MODELS, TRANSCRIBE, FILES]),
    rules: mistral::RULES,
    embedding_rules: &[
        OUTPUT_DIMENSION,
        Rule::Drop { name: "user", why: "Mistral answers 422 to parameters it doesn't know" },
    ],
    dialect: Some(&mistral::DIALECT),
    settings: mistral::SETTINGS,
    ..HOSTED
};

/// Modal runs an app of the user's own, at a host of its own; its key pair goes as forwarded headers.
pub static MODAL: Compatible = Compatible {
    name: "modal",
    auth: Auth::Optional,
    endpoints: Some(&[CHAT, TEXT, EMBED, MODELS]),
    usual_host: Some("https://workspace--app-serve.modal.run/v1"),
    stream_usage: true,
    ..HOSTED
};

pub static MONSTER_API: Compatible = Compatible {
    name: "monsterapi",
    base_url: Some("https://llm.monsterapi.ai/v1"),
    dialect: Some(&passing::PLAIN),
    ..HOSTED_OLDER
};

pub static MOONSHOT: Compatible = Compatible {
    name: "moonshot",
    base_url: Some("https://api.moonshot.cn"),
    endpoints: Some(&[CHAT, MODELS, FILES]),
    version: "/v1",
    stream_usage: true,
    ..HOSTED_OLDER
};

pub static NCOMPASS: Compatible =
    Compatible { name: "ncompass", base_url: Some("https://api.ncompass.tech/v1"), ..HOSTED_OLDER };

/// Nebius AI Studio became the Token Factory.
pub static NEBIUS: Compatible = Compatible {
    name: "nebius",
    base_url: Some("https://api.tokenfactory.nebius.com/v1"),
    endpoints: Some(&[CHAT, TEXT, EMBED, IMAGES, MODELS, FILES, BATCHES, TUNING]),
    stream_usage: true,
    ..HOSTED
};

pub static NEXTBIT: Compatible = Compatible {
    name: "nextbit",
    base_url: Some("https://api.nextbit256.com/v1"),
    endpoints: Some(&[CHAT, TEXT, MODELS]),
    ..HOSTED
};

pub static NOMIC: Compatible = Compatible {
    name: "nomic",
    base_url: Some("https://api-atlas.nomic.ai/v1"),
    endpoints: Some(&[EMBED]),
    embedding_rules: nomic::RULES,
    dialect: Some(&nomic::DIALECT),
    ..HOSTED
};

pub static NOVITA: Compatible = Compatible {
    name: "novita-ai",
    base_url: Some("https://api.novita.ai/openai"),
    version: "/v1",
    endpoints: Some(&[CHAT, TEXT, EMBED, MODELS]),
    dialect: Some(&passing::VERSIONED),
    stream_usage: true,
    ..HOSTED_OLDER
};

pub static NSCALE: Compatible = Compatible {
    name: "nscale",
    base_url: Some("https://inference.api.nscale.com/v1"),
    endpoints: Some(&[CHAT, IMAGES, MODELS]),
    ..HOSTED
};

pub static OPENROUTER: Compatible = Compatible {
    name: "openrouter",
    base_url: Some("https://openrouter.ai/api"),
    version: "/v1",
    natively: &[RESPONSES_OF_ALL, MESSAGES_OF_ALL],
    endpoints: Some(&[CHAT, TEXT, EMBED, MODELS, RESPOND, MESSAGE]),
    dialect: Some(&openrouter::DIALECT),
    dialects: &[(MESSAGE, &openrouter::MESSAGES)],
    ..HOSTED_OLDER
};

pub static OVH_CLOUD: Compatible = Compatible {
    name: "ovhcloud",
    base_url: Some("https://oai.endpoints.kepler.ai.cloud.ovh.net/v1"),
    endpoints: Some(&[CHAT, TEXT, EMBED, MODELS]),
    rules: &[],
    ..HOSTED
};

pub static PERPLEXITY: Compatible = Compatible {
    name: "perplexity-ai",
    base_url: Some("https://api.perplexity.ai"),
    endpoints: Some(&[CHAT]),
    dialect: Some(&passing::PLAIN),
    ..HOSTED_OLDER
};

pub static PREDIBASE: Compatible = Compatible {
    name: "predibase",
    base_url: Some("https://serving.app.predibase.com"),
    endpoints: Some(&[CHAT]),
    dialect: Some(&predibase::DIALECT),
    ..HOSTED_OLDER
};

pub static RECRAFT: Compatible = Compatible {
    name: "recraft-ai",
    base_url: Some("https://external.api.recraft.ai/v1"),
    endpoints: Some(&[IMAGES]),
    image_rules: &[Rule::Clamp { name: "n", min: 1.0, max: 2.0 }],
    dialect: Some(&passing::PLAIN),
    ..HOSTED
};

/// Reka's OpenAI route; its older API is gone.
pub static REKA: Compatible =
    Compatible { name: "reka-ai", base_url: Some("https://api.reka.ai"), version: "/v1", ..HOSTED_OLDER };

pub static REPLICATE: Compatible = Compatible {
    name: "replicate",
    base_url: Some("https://api.replicate.com/v1"),
    endpoints: Some(&[CHAT, IMAGES]),
    dialect: Some(&replicate::DIALECT),
    dialects: &[(IMAGES, &replicate::IMAGES)],
    ..HOSTED_OLDER
};

pub static SAMBANOVA: Compatible = Compatible {
    name: "sambanova",
    base_url: Some("https://api.sambanova.ai"),
    version: "/v1",
    endpoints: Some(&[CHAT, EMBED, MODELS, TRANSCRIBE, TRANSLATE]),
    stream_usage: true,
    ..HOSTED
};

pub static SEGMIND: Compatible = Compatible {
    name: "segmind",
    base_url: Some("https://api.segmind.com/v1"),
    auth: Auth::Header("x-api-key"),
    endpoints: Some(&[IMAGES]),
    dialect: Some(&images::hosted::SEGMIND),
    ..HOSTED
};

pub static SILICONFLOW: Compatible = Compatible {
    name: "siliconflow",
    base_url: Some("https://api.siliconflow.cn/v1"),
    natively: &[MESSAGES_OF_ALL],
    endpoints: Some(&[CHAT, MESSAGE, EMBED, IMAGES, MODELS, SPEECH, TRANSCRIBE]),
    dialect: Some(&passing::PLAIN),
    dialects: &[(IMAGES, &images::hosted::SILICONFLOW), (MESSAGE, &SERVED)],
    ..HOSTED_OLDER
};

pub static STABILITY: Compatible = Compatible {
    name: "stability-ai",
    base_url: Some("https://api.stability.ai"),
    endpoints: Some(&[IMAGES]),
    dialect: Some(&images::stability::STABILITY),
    ..HOSTED
};

pub static TOGETHER: Compatible = Compatible {
    name: "together-ai",
    base_url: Some("https://api.together.xyz"),
    version: "/v1",
    endpoints: Some(&[CHAT, TEXT, EMBED, IMAGES, MODELS, SPEECH, TRANSCRIBE, TRANSLATE]),
    dialect: Some(&Passing { version: "/v1", finish_reasons: &[("eos", "stop")], ..PASSING }),
    ..HOSTED_OLDER
};

pub static UPSTAGE: Compatible = Compatible {
    name: "upstage",
    base_url: Some("https://api.upstage.ai/v1"),
    endpoints: Some(&[CHAT, EMBED, MODELS]),
    ..HOSTED
};

pub static VOYAGE: Compatible = Compatible {
    name: "voyage",
    base_url: Some("https://api.voyageai.com/v1"),
    endpoints: Some(&[EMBED]),
    embedding_rules: &[
        OUTPUT_DIMENSION,
        Rule::DropValue {
            name: "encoding_format",
            value: "\"float\"",
            why: "Voyage sends floats unless base64 is asked for, and refuses the word",
        },
        Rule::Drop { name: "user", why: "Voyage answers 400 to parameters it doesn't know" },
    ],
    dialect: Some(&Passing { mend: Some(usage::OF_VOYAGE), ..PASSING }),
    ..HOSTED
};

/// Cloudflare's OpenAI route, and its own API where the custom host ends in `/ai/run`.
pub static WORKERS_AI: Compatible = Compatible {
    name: "workers-ai",
    base_url: Some("https://api.cloudflare.com/client/v4/accounts/{workers_ai_account_id}/ai"),
    version: "/v1",
    natively: &[Native { models: "@cf/openai/", at_home: true, ..RESPONSES_OF_ALL }],
    endpoints: Some(&[CHAT, TEXT, EMBED, IMAGES, RESPOND]),
    dialect: Some(&workers_ai::DIALECT),
    settings: &[Setting {
        key: "workers_ai_account_id",
        what: "the Cloudflare account's identifier",
        required: false,
    }],
    ..HOSTED_OLDER
};

pub static X_AI: Compatible = Compatible {
    name: "x-ai",
    base_url: Some("https://api.x.ai/v1"),
    natively: &[RESPONSES_OF_ALL],
    realtime: true,
    endpoints: Some(&[CHAT, TEXT, EMBED, IMAGES, MODELS, RESPOND, KEPT_RESPONSES]),
    dialect: Some(&passing::PLAIN),
    ..HOSTED
};

pub static Z_AI: Compatible =
    Compatible { name: "z-ai", base_url: Some("https://api.z.ai/api/paas/v4"), ..HOSTED };

pub static ZHIPU: Compatible = Compatible {
    name: "zhipu",
    base_url: Some("https://open.bigmodel.cn/api/paas/v4"),
    endpoints: Some(&[CHAT, EMBED, MODELS, FILES, BATCHES]),
    ..HOSTED_OLDER
};
