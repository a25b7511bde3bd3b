//! Endpoints that make something of what is sent: chats, completions, embeddings, responses, images, speech, moderations;
//! models; and the generic ones, whose path the caller says.

use super::{
    COUNT_TOKENS, DELETE, EMBEDDINGS, Endpoint, GET, Gives, IMAGES, MESSAGES, PLAIN, PUT, RESPONSES, Sends,
    Streamed,
};

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

const MESSAGE_PARAMETERS: &[&str] = &[
    "cache_control",
    "context_management",
    "inference_geo",
    "max_tokens",
    "mcp_servers",
    "output_config",
    "service_tier",
    "stop_sequences",
    "tool_choice",
    "top_k",
    "top_p",
    "user_profile_id",
    "workspace_id",
];

const RESPONSE_PARAMETERS: &[&str] = &[
    "context_management",
    "max_output_tokens",
    "max_tool_calls",
    "parallel_tool_calls",
    "previous_response_id",
    "prompt_cache_key",
    "prompt_cache_retention",
    "safety_identifier",
    "service_tier",
    "stream_options",
    "tool_choice",
    "top_logprobs",
    "top_p",
];

const GENERIC: Endpoint = Endpoint { optional: true, gives: Gives::Any, ..PLAIN };

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
        call: "chat.completions.retrieve",
        method: GET,
        path: "/chat/completions/{completionID}",
        sends: Sends::Nothing,
        types: ["", "ChatCompletion", ""],
        ..PLAIN
    },
    Endpoint {
        call: "chat.completions.update",
        path: "/chat/completions/{completionID}",
        types: ["ChatCompletionUpdateParams", "ChatCompletion", ""],
        ..PLAIN
    },
    Endpoint {
        call: "chat.completions.list",
        method: GET,
        path: "/chat/completions",
        sends: Sends::Query,
        optional: true,
        gives: Gives::Page,
        types: ["ChatCompletionListParams", "Page<ChatCompletion>", ""],
        ..PLAIN
    },
    Endpoint {
        call: "chat.completions.delete",
        method: DELETE,
        path: "/chat/completions/{completionID}",
        sends: Sends::Nothing,
        types: ["", "Deleted", ""],
        ..PLAIN
    },
    Endpoint {
        call: "chat.completions.messages.list",
        method: GET,
        path: "/chat/completions/{completionID}/messages",
        sends: Sends::Query,
        optional: true,
        gives: Gives::Page,
        types: ["ListParams", "Page<ChatCompletionStoreMessage>", ""],
        ..PLAIN
    },
    Endpoint {
        call: MESSAGES,
        path: "/messages",
        streamed: Streamed::Messages,
        parameters: MESSAGE_PARAMETERS,
        types: ["MessageCreateParamsBase", "Message", "MessageStreamEvent"],
        ..PLAIN
    },
    Endpoint {
        call: COUNT_TOKENS,
        path: "/messages/count_tokens",
        parameters: MESSAGE_PARAMETERS,
        types: ["MessageCountTokensParams", "MessageTokensCount", ""],
        ..PLAIN
    },
    Endpoint {
        call: RESPONSES,
        path: "/responses",
        streamed: Streamed::Responses,
        parameters: RESPONSE_PARAMETERS,
        types: ["ResponseCreateParamsBase", "Response", "ResponseStreamEvent"],
        ..PLAIN
    },
    Endpoint {
        call: "responses.retrieve",
        method: GET,
        path: "/responses/{responseId}",
        sends: Sends::Query,
        optional: true,
        streamed: Streamed::Responses,
        parameters: &["include_obfuscation", "starting_after"],
        types: ["ResponseRetrieveParams", "Response", "ResponseStreamEvent"],
        ..PLAIN
    },
    Endpoint {
        call: "responses.delete",
        method: DELETE,
        path: "/responses/{responseID}",
        sends: Sends::Nothing,
        gives: Gives::Any,
        types: ["", "Deleted", ""],
        ..PLAIN
    },
    Endpoint {
        call: "responses.cancel",
        path: "/responses/{responseId}/cancel",
        sends: Sends::EmptyJson,
        types: ["", "Response", ""],
        ..PLAIN
    },
    Endpoint {
        call: "responses.inputItems.list",
        method: GET,
        path: "/responses/{responseId}/input_items",
        sends: Sends::Query,
        optional: true,
        gives: Gives::Page,
        types: ["ResponseInputItemListParams", "Page<ResponseItem>", ""],
        ..PLAIN
    },
    Endpoint {
        call: "responses.inputTokens.count",
        path: "/responses/input_tokens",
        optional: true,
        parameters: &["parallel_tool_calls", "previous_response_id", "tool_choice"],
        types: ["ResponseInputTokensParams", "ResponseInputTokens", ""],
        ..PLAIN
    },
    Endpoint {
        call: IMAGES,
        path: "/images/generations",
        streamed: Streamed::Events,
        parameters: &["output_compression", "output_format", "partial_images", "response_format"],
        types: ["ImageGenerateParams", "ImagesResponse", "ImageStreamEvent"],
        ..PLAIN
    },
    Endpoint {
        call: "images.edit",
        path: "/images/edits",
        sends: Sends::Form,
        streamed: Streamed::Events,
        parameters: &[
            "input_fidelity",
            "output_compression",
            "output_format",
            "partial_images",
            "response_format",
        ],
        types: ["ImageEditParams", "ImagesResponse", "ImageStreamEvent"],
        ..PLAIN
    },
    Endpoint {
        call: "images.createVariation",
        path: "/images/variations",
        sends: Sends::Form,
        parameters: &["response_format"],
        types: ["ImageCreateVariationParams", "ImagesResponse", ""],
        ..PLAIN
    },
    Endpoint {
        call: "audio.transcriptions.create",
        path: "/audio/transcriptions",
        sends: Sends::Form,
        gives: Gives::Any,
        streamed: Streamed::Events,
        parameters: &[
            "chunking_strategy",
            "known_speaker_names",
            "known_speaker_references",
            "response_format",
            "timestamp_granularities",
        ],
        types: ["TranscriptionCreateParams", "TranscriptionCreateResponse", "TranscriptionStreamEvent"],
        ..PLAIN
    },
    Endpoint {
        call: "audio.translations.create",
        path: "/audio/translations",
        sends: Sends::Form,
        gives: Gives::Any,
        parameters: &["response_format"],
        types: ["TranslationCreateParams", "TranslationCreateResponse", ""],
        ..PLAIN
    },
    Endpoint {
        call: "audio.speech.create",
        path: "/audio/speech",
        gives: Gives::Bytes,
        streamed: Streamed::Events,
        parameters: &["response_format", "stream_format"],
        types: ["SpeechCreateParams", "BinaryResponse", "SpeechStreamEvent"],
        ..PLAIN
    },
    Endpoint {
        call: "moderations.create",
        path: "/moderations",
        types: ["ModerationCreateParams", "ModerationCreateResponse", ""],
        ..PLAIN
    },
    Endpoint {
        call: "models.list",
        method: GET,
        path: "/models",
        sends: Sends::Nothing,
        gives: Gives::Page,
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
        call: "models.delete",
        method: DELETE,
        path: "/models/{model}",
        sends: Sends::Nothing,
        types: ["", "Deleted", ""],
        ..PLAIN
    },
    // What the caller spells out: method, path and body.
    Endpoint {
        call: "post",
        path: "/{*url}",
        streamed: Streamed::Events,
        types: ["any", "any", "any"],
        ..GENERIC
    },
    Endpoint { call: "put", method: PUT, path: "/{*url}", types: ["any", "any", ""], ..GENERIC },
    Endpoint {
        call: "get",
        method: GET,
        path: "/{*url}",
        sends: Sends::Nothing,
        types: ["", "any", ""],
        ..GENERIC
    },
    Endpoint {
        call: "delete",
        method: DELETE,
        path: "/{*url}",
        sends: Sends::Nothing,
        types: ["", "any", ""],
        ..GENERIC
    },
];
