//! The cases of `fixtures/bedrock`, a test each.

use proptest::prelude::*;

use super::request::Converse;
use crate::provider::losses::{assert_nothing_is_lost, bodies};
use crate::provider::replay::cases;

cases! {
    &crate::provider::bedrock::BEDROCK,
    chat: [
        arguments_that_are_no_json,
        beta_alone,
        built_in_tool,
        cited_and_traced,
        error,
        functions,
        history_with_tools,
        image_on_the_web,
        json_schema,
        media_and_reasoning,
        no_tools_at_all,
        stop_and_top_k_of_nova,
        stream_cut_in_a_length,
        stream_cut_in_a_payload,
        stream_exception,
        stream_reasoning,
        stream_reasoning_strict,
        stream_text,
        stream_tools,
        text,
        tools,
        uploaded_file,
    ],
    completions: [
        error,
        several_prompts,
        stream,
        text,
    ],
    embeddings: [
        another_model,
        cohere,
        error,
        several_inputs_for_titan,
        titan,
        titan_base64,
        titan_binary,
        titan_picture,
    ],
}

proptest! {
    #[test]
    fn nothing_of_a_body_is_lost_without_a_word(body in bodies()) {
        assert_nothing_is_lost(&Converse, body);
    }
}
