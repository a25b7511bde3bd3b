//! Endpoints below `beta` and `realtime`: assistants, threads and runs, `ChatKit`, and what a realtime session begins with.

use super::stored::ASSISTANTS;
use super::{DELETE, Endpoint, GET, Gives, PLAIN, Sends, Streamed};

const CHATKIT: &[(&str, &str)] = &[("openai-beta", "chatkit_beta=v1")];

pub const ROWS: &[Endpoint] = &[
    Endpoint {
        call: "realtime.clientSecrets.create",
        path: "/realtime/client_secrets",
        parameters: &["expires_after"],
        types: ["ClientSecretCreateParams", "ClientSecret", ""],
        ..PLAIN
    },
    Endpoint {
        call: "realtime.calls.accept",
        path: "/realtime/calls/{callID}/accept",
        gives: Gives::Any,
        parameters: &["max_output_tokens", "output_modalities", "parallel_tool_calls", "tool_choice"],
        types: ["RealtimeCallAcceptParams", "void", ""],
        ..PLAIN
    },
    Endpoint {
        call: "realtime.calls.hangup",
        path: "/realtime/calls/{callID}/hangup",
        sends: Sends::Nothing,
        gives: Gives::Any,
        types: ["", "void", ""],
        ..PLAIN
    },
    Endpoint {
        call: "realtime.calls.refer",
        path: "/realtime/calls/{callID}/refer",
        gives: Gives::Any,
        parameters: &["target_uri"],
        types: ["RealtimeCallReferParams", "void", ""],
        ..PLAIN
    },
    Endpoint {
        call: "realtime.calls.reject",
        path: "/realtime/calls/{callID}/reject",
        optional: true,
        gives: Gives::Any,
        parameters: &["status_code"],
        types: ["RealtimeCallRejectParams", "void", ""],
        ..PLAIN
    },
    Endpoint {
        call: "beta.assistants.create",
        path: "/assistants",
        headers: ASSISTANTS,
        parameters: &["reasoning_effort", "response_format", "tool_resources", "top_p"],
        types: ["AssistantCreateParams", "Assistant", ""],
        ..PLAIN
    },
    Endpoint {
        call: "beta.assistants.list",
        method: GET,
        path: "/assistants",
        sends: Sends::Query,
        optional: true,
        gives: Gives::Page,
        headers: ASSISTANTS,
        types: ["ListParams", "Page<Assistant>", ""],
        ..PLAIN
    },
    Endpoint {
        call: "beta.assistants.retrieve",
        method: GET,
        path: "/assistants/{assistantID}",
        sends: Sends::Nothing,
        headers: ASSISTANTS,
        types: ["", "Assistant", ""],
        ..PLAIN
    },
    Endpoint {
        call: "beta.assistants.update",
        path: "/assistants/{assistantID}",
        headers: ASSISTANTS,
        parameters: &["reasoning_effort", "response_format", "tool_resources", "top_p"],
        types: ["AssistantUpdateParams", "Assistant", ""],
        ..PLAIN
    },
    Endpoint {
        call: "beta.assistants.delete",
        method: DELETE,
        path: "/assistants/{assistantID}",
        sends: Sends::Nothing,
        headers: ASSISTANTS,
        types: ["", "Deleted", ""],
        ..PLAIN
    },
    Endpoint {
        call: "beta.threads.create",
        path: "/threads",
        optional: true,
        headers: ASSISTANTS,
        parameters: &["tool_resources"],
        types: ["ThreadCreateParams", "Thread", ""],
        ..PLAIN
    },
    Endpoint {
        call: "beta.threads.retrieve",
        method: GET,
        path: "/threads/{threadID}",
        sends: Sends::Nothing,
        headers: ASSISTANTS,
        types: ["", "Thread", ""],
        ..PLAIN
    },
    Endpoint {
        call: "beta.threads.update",
        path: "/threads/{threadID}",
        headers: ASSISTANTS,
        parameters: &["tool_resources"],
        types: ["ThreadUpdateParams", "Thread", ""],
        ..PLAIN
    },
    Endpoint {
        call: "beta.threads.delete",
        method: DELETE,
        path: "/threads/{threadID}",
        sends: Sends::Nothing,
        headers: ASSISTANTS,
        types: ["", "Deleted", ""],
        ..PLAIN
    },
    Endpoint {
        call: "beta.threads.createAndRun",
        path: "/threads/runs",
        streamed: Streamed::Events,
        headers: ASSISTANTS,
        parameters: &[
            "assistant_id",
            "max_completion_tokens",
            "max_prompt_tokens",
            "parallel_tool_calls",
            "response_format",
            "tool_choice",
            "tool_resources",
            "top_p",
            "truncation_strategy",
        ],
        types: ["ThreadCreateAndRunParams", "Run", "AssistantStreamEvent"],
        ..PLAIN
    },
    Endpoint {
        call: "beta.threads.messages.create",
        path: "/threads/{threadID}/messages",
        headers: ASSISTANTS,
        types: ["ThreadMessageCreateParams", "ThreadMessage", ""],
        ..PLAIN
    },
    Endpoint {
        call: "beta.threads.messages.list",
        method: GET,
        path: "/threads/{threadID}/messages",
        sends: Sends::Query,
        optional: true,
        gives: Gives::Page,
        headers: ASSISTANTS,
        parameters: &["run_id"],
        types: ["ThreadMessageListParams", "Page<ThreadMessage>", ""],
        ..PLAIN
    },
    Endpoint {
        call: "beta.threads.messages.retrieve",
        method: GET,
        path: "/threads/{.thread_id}/messages/{messageID}",
        sends: Sends::Nothing,
        headers: ASSISTANTS,
        types: ["", "ThreadMessage", ""],
        ..PLAIN
    },
    Endpoint {
        call: "beta.threads.messages.update",
        path: "/threads/{.thread_id}/messages/{messageID}",
        headers: ASSISTANTS,
        types: ["MetadataParams", "ThreadMessage", ""],
        ..PLAIN
    },
    Endpoint {
        call: "beta.threads.messages.delete",
        method: DELETE,
        path: "/threads/{.thread_id}/messages/{messageID}",
        sends: Sends::Nothing,
        headers: ASSISTANTS,
        types: ["", "Deleted", ""],
        ..PLAIN
    },
    Endpoint {
        call: "beta.threads.runs.create",
        path: "/threads/{threadID}/runs",
        streamed: Streamed::Events,
        headers: ASSISTANTS,
        parameters: &[
            "additional_instructions",
            "additional_messages",
            "assistant_id",
            "max_completion_tokens",
            "max_prompt_tokens",
            "parallel_tool_calls",
            "reasoning_effort",
            "response_format",
            "tool_choice",
            "top_p",
            "truncation_strategy",
        ],
        queried: &["include"],
        types: ["RunCreateParams", "Run", "AssistantStreamEvent"],
        ..PLAIN
    },
    Endpoint {
        call: "beta.threads.runs.list",
        method: GET,
        path: "/threads/{threadID}/runs",
        sends: Sends::Query,
        optional: true,
        gives: Gives::Page,
        headers: ASSISTANTS,
        types: ["ListParams", "Page<Run>", ""],
        ..PLAIN
    },
    Endpoint {
        call: "beta.threads.runs.retrieve",
        method: GET,
        path: "/threads/{.thread_id}/runs/{runID}",
        sends: Sends::Nothing,
        headers: ASSISTANTS,
        types: ["", "Run", ""],
        ..PLAIN
    },
    Endpoint {
        call: "beta.threads.runs.update",
        path: "/threads/{.thread_id}/runs/{runID}",
        headers: ASSISTANTS,
        types: ["MetadataParams", "Run", ""],
        ..PLAIN
    },
    Endpoint {
        call: "beta.threads.runs.submitToolOutputs",
        path: "/threads/{.thread_id}/runs/{runID}/submit_tool_outputs",
        streamed: Streamed::Events,
        headers: ASSISTANTS,
        parameters: &["tool_outputs"],
        types: ["RunSubmitToolOutputsParams", "Run", "AssistantStreamEvent"],
        ..PLAIN
    },
    Endpoint {
        call: "beta.threads.runs.cancel",
        path: "/threads/{.thread_id}/runs/{runID}/cancel",
        sends: Sends::EmptyJson,
        headers: ASSISTANTS,
        types: ["", "Run", ""],
        ..PLAIN
    },
    Endpoint {
        call: "beta.threads.runs.steps.list",
        method: GET,
        path: "/threads/{.thread_id}/runs/{runID}/steps",
        sends: Sends::Query,
        gives: Gives::Page,
        headers: ASSISTANTS,
        types: ["RunStepListParams", "Page<RunStep>", ""],
        ..PLAIN
    },
    Endpoint {
        call: "beta.threads.runs.steps.retrieve",
        method: GET,
        path: "/threads/{.thread_id}/runs/{.run_id}/steps/{stepID}",
        sends: Sends::Query,
        headers: ASSISTANTS,
        types: ["RunStepRetrieveParams", "RunStep", ""],
        ..PLAIN
    },
    Endpoint {
        call: "beta.realtime.sessions.create",
        path: "/realtime/sessions",
        headers: ASSISTANTS,
        parameters: &[
            "client_secret",
            "input_audio_format",
            "input_audio_noise_reduction",
            "input_audio_transcription",
            "max_response_output_tokens",
            "output_audio_format",
            "tool_choice",
            "turn_detection",
        ],
        types: ["RealtimeSessionCreateParams", "RealtimeSession", ""],
        ..PLAIN
    },
    Endpoint {
        call: "beta.realtime.transcriptionSessions.create",
        path: "/realtime/transcription_sessions",
        headers: ASSISTANTS,
        parameters: &[
            "client_secret",
            "input_audio_format",
            "input_audio_noise_reduction",
            "input_audio_transcription",
            "turn_detection",
        ],
        types: ["TranscriptionSessionCreateParams", "TranscriptionSession", ""],
        ..PLAIN
    },
    Endpoint {
        call: "beta.chatkit.sessions.create",
        path: "/chatkit/sessions",
        headers: CHATKIT,
        parameters: &["chatkit_configuration", "expires_after", "rate_limits"],
        types: ["ChatSessionCreateParams", "ChatSession", ""],
        ..PLAIN
    },
    Endpoint {
        call: "beta.chatkit.sessions.cancel",
        path: "/chatkit/sessions/{sessionID}/cancel",
        sends: Sends::Nothing,
        headers: CHATKIT,
        types: ["", "ChatSession", ""],
        ..PLAIN
    },
    Endpoint {
        call: "beta.chatkit.threads.retrieve",
        method: GET,
        path: "/chatkit/threads/{threadID}",
        sends: Sends::Nothing,
        headers: CHATKIT,
        types: ["", "ChatKitThread", ""],
        ..PLAIN
    },
    Endpoint {
        call: "beta.chatkit.threads.list",
        method: GET,
        path: "/chatkit/threads",
        sends: Sends::Query,
        optional: true,
        gives: Gives::Page,
        headers: CHATKIT,
        types: ["ChatKitThreadListParams", "Page<ChatKitThread>", ""],
        ..PLAIN
    },
    Endpoint {
        call: "beta.chatkit.threads.delete",
        method: DELETE,
        path: "/chatkit/threads/{threadID}",
        sends: Sends::Nothing,
        headers: CHATKIT,
        types: ["", "Deleted", ""],
        ..PLAIN
    },
    Endpoint {
        call: "beta.chatkit.threads.listItems",
        method: GET,
        path: "/chatkit/threads/{threadID}/items",
        sends: Sends::Query,
        optional: true,
        gives: Gives::Page,
        headers: CHATKIT,
        types: ["ListParams", "Page<ChatKitItem>", ""],
        ..PLAIN
    },
];
