//! The recorded cases: each folder of `fixtures/anthropic` is a test.

mod chat {
    use crate::provider::fixtures::cases;

    cases!(
        "anthropic",
        "chat.completions.create",
        "anthropic/chat",
        [
            text_system_developer_clamps_and_stops,
            a_string_stop_is_wrapped,
            images_documents_and_files,
            tools_forced_one_at_a_time,
            tool_calls_and_results_in_history,
            thinking_and_cached_usage_strict_off,
            thinking_blocks_are_given_back,
            finish_reason_context_window_exceeded,
            finish_reason_stop_sequence,
            finish_reason_max_tokens,
            finish_reason_max_tokens_strict_off,
            error_rate_limit,
            stream_two_tool_calls,
            stream_thinking,
            stream_error_event,
            beta_and_version_of_the_caller,
            stream_events_without_names,
            json_schema_service_tier_and_metadata,
            invalid_tool_arguments_are_named,
            portkey_default_is_the_provider_s_own,
            llama_cpp_text,
            llama_cpp_tools,
            llama_cpp_stream,
            llama_cpp_tool_stream,
            llama_cpp_unauthorized,
            vllm_thinking_stream_strict_off,
            vllm_unknown_model,
            litellm_stream,
            litellm_unknown_model,
            parameters_without_counterpart_are_told,
            unknown_parameters_go_through,
            temperature_and_top_p_do_not_go_together_at_anthropic,
            effort_of_a_newer_model,
            effort_none_turns_thinking_off,
            effort_minimal_is_sent_as_low,
            effort_becomes_a_thinking_budget,
            a_budget_stays_below_max_tokens,
            no_budget_where_thinking_can_not_go_on,
            the_caller_s_budget_makes_room,
            a_schema_is_a_forced_tool_on_an_older_model,
            stream_of_a_schema_on_an_older_model,
            a_schema_beside_tools_is_told_on_an_older_model,
            messages_of_every_role,
            tool_results_with_parts,
            signed_reasoning_is_given_back,
            an_uploaded_file_needs_its_beta,
            a_role_that_is_none_is_named,
            a_body_without_messages_is_named,
            a_custom_tool_is_refused,
            an_answer_without_content_is_garbled,
            a_refusal_is_a_content_filter,
            usage_of_cache_and_thinking,
            stream_of_every_block_strict_on,
            stream_of_every_block_strict_off,
            stream_of_a_refusal,
            stream_with_the_input_in_its_beginning,
            stream_error_after_content,
            stream_error_in_the_shape_of_openai,
            stream_of_another_dialect_is_garbled,
        ]
    );
}

mod completions {
    use crate::provider::fixtures::cases;

    cases!(
        "anthropic",
        "completions.create",
        "anthropic/completions",
        [
            a_prompt_is_wrapped,
            a_list_of_one_prompt_and_what_has_no_place,
            several_prompts_are_refused,
            stream,
            stream_error,
        ]
    );
}

mod messages {
    use crate::provider::fixtures::cases;

    cases!(
        "anthropic",
        "messages.create",
        "anthropic/messages",
        [the_body_goes_through, headers_are_taken_out_of_the_body, stream_goes_through,]
    );
}

mod models {
    use crate::provider::fixtures::cases;

    cases!("anthropic", "models.list", "anthropic/models", [list, list_in_openai_s_shape, one,]);
}
