//! Endpoints that any provider may have: OpenAI's API.

use super::{EMBEDDINGS, Endpoint, GET, PLAIN, Sends, Streamed};

const CHAT_PARAMETERS: &[&str] = &[
    "frequency_penalty",
    "function_call",
    "logit_bias",
    "max_completion_tokens",
    "max_tokens",
    "parallel_tool_calls",
    "presence_penalty",
    "prompt_cache_key",
    "prompt_cache_retention",
    "reasoning_effort",
    "response_format",
    "safety_identifier",
    "service_tier",
    "stream_options",
    "tool_choice",
    "top_k",
    "top_logprobs",
    "top_p",
    "web_search_options",
];

const COMPLETION_PARAMETERS: &[&str] = &[
    "best_of",
    "frequency_penalty",
    "logit_bias",
    "max_tokens",
    "presence_penalty",
    "stream_options",
    "top_p",
];

pub const ROWS: &[Endpoint] = &[
    Endpoint {
        call: "chat.completions.create",
        path: "/chat/completions",
        streamed: Streamed::Chunks,
        parameters: CHAT_PARAMETERS,
        types: ["ChatCompletionCreateParamsBase", "ChatCompletion", "ChatCompletionChunk"],
        ..PLAIN
    },
    Endpoint {
        call: "completions.create",
        path: "/completions",
        streamed: Streamed::Chunks,
        parameters: COMPLETION_PARAMETERS,
        types: ["CompletionCreateParamsBase", "Completion", "Completion"],
        ..PLAIN
    },
    Endpoint {
        call: EMBEDDINGS,
        path: "/embeddings",
        parameters: &["encoding_format"],
        types: ["EmbeddingCreateParams", "CreateEmbeddingResponse", ""],
        ..PLAIN
    },
    Endpoint {
        call: "models.list",
        method: GET,
        path: "/models",
        sends: Sends::Nothing,
        types: ["", "ModelList", ""],
        ..PLAIN
    },
    Endpoint {
        call: "models.retrieve",
        method: GET,
        path: "/models/{model}",
        sends: Sends::Nothing,
        types: ["", "Model", ""],
        ..PLAIN
    },
    Endpoint {
        call: "moderations.create",
        path: "/moderations",
        types: ["ModerationCreateParams", "ModerationCreateResponse", ""],
        ..PLAIN
    },
];
