//! The endpoint table: one row for each operation of the API. Routing, the JavaScript resource tree, the types and the
//! README's table grow from it.

use ::http::Method;

/// One operation of the API.
#[derive(Debug)]
pub struct Endpoint {
    /// The call's path in the resource tree: `chat.completions.create`.
    pub call: &'static str,
    pub method: Method,
    /// The path below the base URL; `{name}` is a path argument, in order.
    pub path: &'static str,
    pub sends: Sends,
    pub gives: Gives,
    /// What a body that says `stream: true` is answered with.
    pub streamed: Streamed,
    pub plane: Plane,
    /// Body parameters that hold an underscore. Their camelCase spelling is accepted; no other key is renamed.
    pub parameters: &'static [&'static str],
    /// The TypeScript names of body, answer and chunk (empty: none).
    pub types: [&'static str; 3],
}

/// What the caller hands in besides the path's arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sends {
    Nothing,
    /// A JSON object.
    Json,
}

/// What a whole answer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gives {
    Json,
}

/// What the events of a streamed answer are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Streamed {
    Never,
    /// Completion chunks, whole when every choice has had its `finish_reason`.
    Chunks,
}

/// Who can answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plane {
    /// Any provider that has the endpoint.
    Data,
}

impl Endpoint {
    /// Whether the call takes a JSON body.
    pub fn takes_body(&self) -> bool {
        self.sends == Sends::Json
    }

    /// Whether it can be answered with server-sent events.
    pub fn streams(&self) -> bool {
        self.streamed != Streamed::Never
    }

    /// The row's place in the table.
    pub fn index(&self) -> usize {
        ENDPOINTS
            .iter()
            .position(|row| std::ptr::eq(row, self))
            .expect("every endpoint is a row of the table")
    }
}

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

/// A row of which only the particulars are written down.
const PLAIN: Endpoint = Endpoint {
    call: "",
    method: Method::POST,
    path: "",
    sends: Sends::Json,
    gives: Gives::Json,
    streamed: Streamed::Never,
    plane: Plane::Data,
    parameters: &[],
    types: [""; 3],
};

pub static ENDPOINTS: &[Endpoint] = &[
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
        method: Method::GET,
        path: "/models",
        sends: Sends::Nothing,
        types: ["", "ModelList", ""],
        ..PLAIN
    },
    Endpoint {
        call: "models.retrieve",
        method: Method::GET,
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

/// The endpoint whose numbers are decoded here rather than in JavaScript.
pub const EMBEDDINGS: &str = "embeddings.create";

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_row_is_named_once_and_its_path_can_be_joined() {
        let names: HashSet<_> = ENDPOINTS.iter().map(|row| row.call).collect();
        assert_eq!(names.len(), ENDPOINTS.len());
        for (at, row) in ENDPOINTS.iter().enumerate() {
            assert!(row.path.starts_with('/'), "{}", row.call);
            assert_eq!(row.streams(), !row.types[2].is_empty(), "{}", row.call);
            assert_eq!(row.index(), at);
        }
    }

    #[test]
    fn only_names_with_an_underscore_need_a_row_of_parameters() {
        for row in ENDPOINTS {
            assert!(row.parameters.iter().all(|name| name.contains('_')), "{}", row.call);
        }
    }
}
