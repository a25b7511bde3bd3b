//! The cases of `fixtures/cohere`, a test each.

use proptest::prelude::*;

use super::request::Chat;
use crate::provider::losses::{assert_nothing_is_lost, bodies};
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
    completions: [
        error,
        stream,
        text,
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

proptest! {
    #[test]
    fn nothing_of_a_body_is_lost_without_a_word(body in bodies()) {
        assert_nothing_is_lost(&Chat, body);
    }
}
