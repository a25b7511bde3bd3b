//! The cases of `fixtures/cohere`, a test each.

use crate::provider::replay::cases;

cases! {
    &crate::provider::cohere::COHERE,
    chat: [
        error,
        file_part,
        named_tool_that_is_none,
        parameters,
        reasoning,
        refused_token,
        stream_error,
        stream_reasoning,
        stream_text,
        stream_tools,
        text,
        tool_choice_named,
        tool_choice_none,
        tool_result_without_id,
        tools,
    ],
    embeddings: [
        error,
        mixed_base64,
        pictures,
        several_types,
        texts,
        tokens,
    ],
}
