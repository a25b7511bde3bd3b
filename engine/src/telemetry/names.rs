//! The names of attributes and metrics: those of OpenTelemetry's semantic conventions at one pinned release, the last that
//! has the conventions for generative AI in it, and our own under `portkey.`. A test holds the first to the release.

/// The release's schema.
pub const SCHEMA: &str = "https://opentelemetry.io/schemas/1.41.0";

/// The scope of all that is made here.
pub const SCOPE: &str = "portkey-native";

pub const OPERATION: &str = "gen_ai.operation.name";
pub const PROVIDER: &str = "gen_ai.provider.name";
pub const REQUEST_MODEL: &str = "gen_ai.request.model";
pub const RESPONSE_MODEL: &str = "gen_ai.response.model";
pub const RESPONSE_ID: &str = "gen_ai.response.id";
pub const FINISH_REASONS: &str = "gen_ai.response.finish_reasons";
pub const FIRST_CHUNK: &str = "gen_ai.response.time_to_first_chunk";
pub const STREAM: &str = "gen_ai.request.stream";
pub const CHOICES: &str = "gen_ai.request.choice.count";
pub const MOST_TOKENS: &str = "gen_ai.request.max_tokens";
pub const TEMPERATURE: &str = "gen_ai.request.temperature";
pub const TOP_P: &str = "gen_ai.request.top_p";
pub const TOP_K: &str = "gen_ai.request.top_k";
pub const FREQUENCY_PENALTY: &str = "gen_ai.request.frequency_penalty";
pub const PRESENCE_PENALTY: &str = "gen_ai.request.presence_penalty";
pub const SEED: &str = "gen_ai.request.seed";
pub const STOP: &str = "gen_ai.request.stop_sequences";
pub const ENCODINGS: &str = "gen_ai.request.encoding_formats";
pub const DIMENSIONS: &str = "gen_ai.embeddings.dimension.count";
pub const OUTPUT_TYPE: &str = "gen_ai.output.type";
pub const INPUT_TOKENS: &str = "gen_ai.usage.input_tokens";
pub const OUTPUT_TOKENS: &str = "gen_ai.usage.output_tokens";
pub const CACHED_TOKENS: &str = "gen_ai.usage.cache_read.input_tokens";
pub const WRITTEN_TOKENS: &str = "gen_ai.usage.cache_creation.input_tokens";
pub const REASONING_TOKENS: &str = "gen_ai.usage.reasoning.output_tokens";
pub const INPUT_MESSAGES: &str = "gen_ai.input.messages";
pub const OUTPUT_MESSAGES: &str = "gen_ai.output.messages";
pub const INSTRUCTIONS: &str = "gen_ai.system_instructions";
pub const TOOLS: &str = "gen_ai.tool.definitions";
pub const TOKEN_TYPE: &str = "gen_ai.token.type";

pub const ERROR_TYPE: &str = "error.type";
pub const SERVER_ADDRESS: &str = "server.address";
pub const SERVER_PORT: &str = "server.port";
pub const METHOD: &str = "http.request.method";
pub const RESENDS: &str = "http.request.resend_count";
pub const STATUS: &str = "http.response.status_code";
pub const URL: &str = "url.full";
pub const INSTANCE: &str = "service.instance.id";
pub const OVERFLOW: &str = "otel.metric.overflow";
pub const SDK_NAME: &str = "telemetry.sdk.name";
pub const SDK_LANGUAGE: &str = "telemetry.sdk.language";
pub const SDK_VERSION: &str = "telemetry.sdk.version";

/// A histogram: its name, its unit, what it counts, and the bounds that the conventions ask for.
pub struct Instrument {
    pub name: &'static str,
    pub unit: &'static str,
    pub description: &'static str,
    pub bounds: &'static [f64],
}

const SECONDS: &[f64] =
    &[0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92];
const TOKENS: &[f64] = &[
    1.0,
    4.0,
    16.0,
    64.0,
    256.0,
    1024.0,
    4096.0,
    16384.0,
    65536.0,
    262_144.0,
    1_048_576.0,
    4_194_304.0,
    16_777_216.0,
    67_108_864.0,
];

pub static DURATION: Instrument = Instrument {
    name: "gen_ai.client.operation.duration",
    unit: "s",
    description: "How long calls took, retries and streams included.",
    bounds: SECONDS,
};
pub static TO_FIRST_CHUNK: Instrument = Instrument {
    name: "gen_ai.client.operation.time_to_first_chunk",
    unit: "s",
    description: "How long streams took until their first content.",
    bounds: SECONDS,
};
pub static PER_CHUNK: Instrument = Instrument {
    name: "gen_ai.client.operation.time_per_output_chunk",
    unit: "s",
    description: "How long streams took from one piece of content to the next.",
    bounds: SECONDS,
};
pub static TOKEN_USAGE: Instrument = Instrument {
    name: "gen_ai.client.token.usage",
    unit: "{token}",
    description: "Tokens that calls used, as hosts told.",
    bounds: TOKENS,
};

/// All of them.
pub static INSTRUMENTS: [&Instrument; 4] = [&DURATION, &TO_FIRST_CHUNK, &PER_CHUNK, &TOKEN_USAGE];

/// How many spans were lost, since the exporter began.
pub const DROPPED: &str = "portkey.otel.spans.dropped";

/// Providers that the conventions know under names of their own.
const PROVIDERS: &[(&str, &str)] = &[
    ("azure-ai", "azure.ai.inference"),
    ("azure-openai", "azure.ai.openai"),
    ("bedrock", "aws.bedrock"),
    ("google", "gcp.gemini"),
    ("mistral-ai", "mistral_ai"),
    ("perplexity-ai", "perplexity"),
    ("sagemaker", "aws.sagemaker"),
    ("vertex-ai", "gcp.vertex_ai"),
    ("x-ai", "x_ai"),
];

pub fn provider(name: &str) -> &str {
    PROVIDERS.iter().find(|(ours, _)| *ours == name).map_or(name, |(_, theirs)| theirs)
}

/// The operation that a method is; one that the conventions don't know has its own name.
pub fn operation(endpoint: &str) -> &str {
    match endpoint {
        "chat.completions.create" | "messages.create" | "responses.create" => "chat",
        "completions.create" => "text_completion",
        "embeddings.create" => "embeddings",
        other => other,
    }
}
