//! Hooks over whole requests and answers.

use super::*;

fn contains(words: &[&str], operator: &str) -> Value {
    json!({ "words": words, "operator": operator })
}

#[test]
fn hk_01_a_passing_guardrail_leaves_a_record() {
    let config = json!({"input_guardrails": [{"default.contains": contains(&["hi"], "any"), "deny": true, "id": "g1"}]});
    let verdicts = before_chat(&config, &ask("hi"));
    assert!(!verdicts.denied && !verdicts.failed && verdicts.body.is_none());
    let record = json!({
        "verdict": true, "id": "g1", "transformed": false,
        "checks": [{
            "data": {"explanation": "1 of 1 words were found", "operator": "any", "foundWords": ["hi"], "missingWords": []},
            "verdict": true, "id": "default.contains", "execution_time": 1.0, "transformed": false,
            "created_at": "2023-11-14T22:13:20.123Z", "log": null, "fail_on_error": true,
        }],
        "feedback": null, "execution_time": 3.0, "async": false, "type": "guardrail",
        "created_at": "2023-11-14T22:13:20.123Z", "deny": false,
    });
    let told = serde_json::to_string(&verdicts.results[0]).expect("a record");
    assert_eq!(told, record.to_string());
}

#[test]
fn hk_02_a_failing_one_that_denies_ends_the_call() {
    let config = json!({"input_guardrails": [{"default.contains": contains(&["zzz"], "any"), "deny": true, "id": "g1"}]});
    let verdicts = before_chat(&config, &ask("hi"));
    assert!(verdicts.denied && !verdicts.failed);
    let body: Value = serde_json::from_slice(&denied_body(&verdicts.results, &[])).expect("JSON");
    assert_eq!(body["error"]["type"], "hooks_failed");
    assert_eq!(body["error"]["param"], Value::Null);
    assert_eq!(body["hook_results"]["before_request_hooks"][0]["deny"], true);
    assert_eq!(body["hook_results"]["after_request_hooks"], json!([]));
}

#[test]
fn hk_04_and_rt_21_an_answer_is_denied_and_a_clean_one_is_not() {
    let config =
        json!({"output_guardrails": [{"default.contains": contains(&["secret"], "none"), "deny": true}]});
    assert!(after_chat(&config, &answered("a secret")).denied);
    let clean = after_chat(&config, &answered("clean"));
    assert!(!clean.denied && !clean.failed);
}

#[test]
fn hk_06_an_async_hook_is_reported_and_never_counts() {
    let config = json!({"input_guardrails": [{"default.contains": contains(&["zzz"], "any"), "deny": true, "async": true}]});
    let verdicts = before_chat(&config, &ask("hi"));
    assert!(!verdicts.denied && !verdicts.failed && verdicts.results.is_empty());
    let record = told(&verdicts.asynchronous[0]);
    assert_eq!(
        (&record["verdict"], &record["async"], &record["deny"]),
        (&json!(false), &json!(true), &json!(false))
    );
}

#[test]
fn hk_08_and_ca_12_a_failing_one_that_does_not_deny_marks_the_call() {
    let config = json!({"output_guardrails": [{"default.contains": contains(&["secret"], "none")}],
        "input_guardrails": [{"default.contains": contains(&["zzz"], "any")}]});
    let verdicts = after_chat(&config, &answered("a secret"));
    assert!(verdicts.failed && !verdicts.denied);
    assert_eq!(told(&verdicts.results[0])["deny"], json!(false));
    assert!(before_chat(&config, &ask("hi")).failed);
}

#[test]
fn hk_10_an_unknown_check_never_passes() {
    let told = problems(&json!({"input_guardrails": [{"default.nope": {}, "deny": true}]}));
    assert!(told[0].starts_with("config.input_guardrails[0].default.nope: is no built-in check"), "{told:?}");
}

#[test]
fn hk_11_a_check_that_is_turned_off_is_skipped() {
    let config = json!({"before_request_hooks": [{"id": "h", "type": "guardrail", "deny": true,
        "checks": [{"id": "default.contains", "is_enabled": false, "parameters": contains(&["zzz"], "any")}]}]});
    assert!(!before_chat(&config, &ask("hi")).denied);
}

#[test]
fn hk_13_a_request_is_redacted_and_every_other_byte_stays() {
    let config =
        json!({"input_guardrails": [{"default.regexReplace": {"rule": "[0-9]+", "redactText": "[N]"}}]});
    let body = r#"{ "model":"m", "n":1.0,"messages":[{"role":"system","content":"1 \u00e9"}, {"role":"user", "content" : "call 12345 or 6","x":1e2}],"seed":12345678901234567890 }"#;
    let verdicts = before_chat(&config, body);
    assert!(!verdicts.denied && !verdicts.failed);
    assert!(told(&verdicts.results[0])["transformed"] == json!(true));
    let wanted = body.replace("\"call 12345 or 6\"", "\"call [N] or 6\"");
    assert_eq!(verdicts.body.expect("a new body"), wanted.as_bytes());
    let all = json!({"input_guardrails": [{"default.regexReplace": {"rule": "/[0-9]+/g", "failOnDetection": true}}]});
    let verdicts = before_chat(&all, &ask("call 12345 or 6"));
    assert!(verdicts.failed);
    let wanted = ask("call [REDACTED] or [REDACTED]");
    assert_eq!(verdicts.body.expect("a new body"), wanted.as_bytes());
    assert!(before_chat(&all, &ask("no digits")).body.is_none());
}

#[test]
fn hk_15_a_stream_s_first_event_tells_of_the_hooks_before_it() {
    let config = json!({"input_guardrails": [{"default.contains": contains(&["zzz"], "any")}]});
    let verdicts = before_chat(&config, &ask("hi"));
    let event: Value = serde_json::from_slice(&results_event(&verdicts.results)).expect("JSON");
    assert_eq!(event["hook_results"]["before_request_hooks"][0]["verdict"], json!(false));
    assert!(event["hook_results"].get("after_request_hooks").is_none());
}

#[test]
fn a_check_that_cannot_run_has_failed_unless_it_is_told_otherwise() {
    let config = |check: Value| json!({"input_guardrails": [{"wordCount": check, "deny": true}]});
    let closed = before_chat(&config(json!({"minWords": 0})), &ask(""));
    assert!(closed.denied);
    let check = &told(&closed.results[0])["checks"][0];
    assert_eq!(check["verdict"], json!(false));
    assert_eq!(check["error"]["name"], json!("CheckError"));
    assert_eq!(check["data"], Value::Null);
    let open = before_chat(&config(json!({"minWords": 0, "failOnError": false})), &ask(""));
    assert!(!open.denied && !open.failed);
    let check = &told(&open.results[0])["checks"][0];
    assert_eq!((&check["verdict"], &check["fail_on_error"]), (&json!(false), &json!(false)));
}

#[test]
fn what_could_not_be_redacted_does_not_go_on() {
    let rule =
        |fail: bool| json!({"input_guardrails": [{"regexReplace": {"rule": "[0-9]+", "failOnError": fail}}]});
    let tokens = r#"{"prompt":[1,2,3]}"#;
    let run = |config: &Value| {
        before(&hooks(config), &scene(RequestType::Completion, tokens), &tokens.to_owned().into())
    };
    let closed = run(&rule(true));
    assert!(closed.denied);
    assert!(closed.results[0].deny);
    let open = run(&rule(false));
    assert!(!open.denied && !open.failed && open.body.is_none());
}

#[test]
fn replacing_gives_up_when_it_takes_too_long() {
    let config = json!({"input_guardrails": [{"regexReplace": {"rule": "/a/g"}}]});
    let body = ask(&"a".repeat(1000));
    let slow = Scene::new(RequestType::Chat, body.as_bytes(), BTreeMap::new(), clock(Duration::from_secs(1)));
    let verdicts = before(&hooks(&config), &slow, &body.into());
    assert!(verdicts.denied);
    assert_eq!(
        told(&verdicts.results[0])["checks"][0]["error"]["message"],
        json!("replacing took longer than 2 s")
    );
}

#[test]
fn checks_beside_one_another_see_the_original_and_what_they_write_adds_up() {
    let config = json!({"input_guardrails": [
        {"a": {"id": "regexReplace", "rule": "cat", "redactText": "C"}, "b": {"id": "regexReplace", "rule": "dog", "redactText": "D"},
            "contains": contains(&["cat", "dog"], "all")},
        {"contains": contains(&["cat"], "any")},
        {"regexReplace": {"rule": "bird", "redactText": "B"}},
    ]});
    let verdicts = before_chat(&config, &ask("cat dog bird"));
    assert!(!verdicts.failed, "{:?}", verdicts.results);
    assert_eq!(verdicts.body.expect("a new body"), ask("C D B").as_bytes());
}

#[test]
fn a_sequential_hook_s_checks_see_what_was_written_before_them() {
    let config = json!({"input_guardrails": [{"sequential": true,
        "regexReplace": {"rule": "cat", "redactText": "dog"}, "contains": contains(&["cat"], "none")}]});
    let verdicts = before_chat(&config, &ask("cat"));
    assert!(!verdicts.failed);
    let config = json!({"input_mutators": [{"first": {"id": "addPrefix", "prefix": "1 "}, "second": {"id": "addPrefix", "prefix": "2 "}}]});
    let verdicts = before_chat(&config, &ask("x"));
    assert_eq!(told(&verdicts.results[0])["type"], json!("mutator"));
    assert_eq!(verdicts.body.expect("a new body"), ask("2 1 x").as_bytes());
}

#[test]
fn feedback_names_the_checks_by_their_fate() {
    let config = json!({"before_request_hooks": [{"type": "guardrail", "id": "h",
    "on_fail": {"feedback": {"value": -5, "weight": 1.50, "metadata": {"user": "u"}}},
    "on_success": {"feedback": {"value": 5}},
    "checks": [
        {"id": "default.contains", "parameters": contains(&["zzz"], "any")},
        {"id": "default.notNull", "parameters": {}},
        {"id": "default.endsWith", "parameters": {"suffix": "x"}},
        {"id": "default.jsonKeys", "parameters": {"keys": ["x"], "operator": "any"}},
    ]}]});
    let record = told(&before_chat(&config, &ask("hi")).results[0]);
    let wanted = json!({"value": -5, "weight": 1.5, "metadata": {"user": "u", "successfulChecks": "default.notNull",
        "failedChecks": "default.contains, default.endsWith, default.jsonKeys", "erroredChecks": ""}});
    assert_eq!(record["feedback"], wanted);
    let errored = json!({"input_guardrails": [{"wordCount": {"maxWords": 1, "failOnError": false}, "on_success": {"feedback": {"value": 5}}}]});
    let record = told(&before_chat(&errored, &ask("")).results[0]);
    assert_eq!(record["feedback"]["value"], json!(5));
    assert_eq!(record["feedback"]["metadata"]["erroredChecks"], json!("default.wordCount"));
}

#[test]
fn hooks_run_for_what_they_can_read() {
    let of = |call: &str| {
        RequestType::of(crate::ENDPOINTS.iter().find(|row| row.call == call).expect("an endpoint"))
    };
    assert_eq!(of("chat.completions.create"), Some(RequestType::Chat));
    assert_eq!(of("completions.create"), Some(RequestType::Completion));
    assert_eq!(of("embeddings.create"), Some(RequestType::Embeddings));
    assert_eq!(of("models.list"), None);
    assert!(Hooks::default().is_empty());
    assert!(!hooks(&json!({"output_guardrails": [{"notNull": {}}]})).is_empty());
}

#[test]
fn embeddings_have_hooks_before_them_only() {
    let config = json!({"input_guardrails": [{"contains": contains(&["secret"], "none"), "deny": true}, {"regexReplace": {"rule": "/[0-9]/g", "redactText": "#"}}],
        "output_guardrails": [{"notNull": {}, "deny": true}]});
    let hooks = hooks(&config);
    let scene = scene(RequestType::Embeddings, "{}");
    let body = r#"{"model":"m","input":["a 1","b 22"]}"#;
    let verdicts = before(&hooks, &scene, &body.to_owned().into());
    assert_eq!(verdicts.body.expect("a new body"), r#"{"model":"m","input":["a #","b ##"]}"#.as_bytes());
    assert!(before(&hooks, &scene, &r#"{"input":"a secret"}"#.to_owned().into()).denied);
    let after = after(&hooks, &scene, &r#"{"data":[]}"#.to_owned().into());
    assert!(!after.denied && after.results.is_empty());
}

#[test]
fn an_answer_is_redacted_with_its_tokens() {
    let config = json!({"output_guardrails": [{"regexReplace": {"rule": "/[0-9]+/g"}}]});
    let body = r#"{"id":"c","choices":[{"index":0,"logprobs":{"content":[{"token":"12"}]},"message":{"role":"assistant","content":"is 12"}},{"index":1,"message":{"content":"12"}}],"usage":{"total_tokens":3}}"#;
    let verdicts = after_chat(&config, body);
    let wanted = body.replace(r#"{"content":[{"token":"12"}]}"#, "null").replace("is 12", "is [REDACTED]");
    assert_eq!(verdicts.body.expect("a new body"), wanted.as_bytes());
    let completion = r#"{"choices":[{"text":"is 12","index":0}]}"#;
    let scene = scene(RequestType::Completion, "{}");
    let verdicts = after(&hooks(&config), &scene, &completion.to_owned().into());
    assert_eq!(
        verdicts.body.expect("a new body"),
        r#"{"choices":[{"text":"is [REDACTED]","index":0}]}"#.as_bytes()
    );
}

#[test]
fn records_never_hold_what_was_checked() {
    let text = "canary-7f3a {\"canary-7f3a\": \"canary-7f3a\"}\n```canary-7f3a\nx\n```";
    let config = json!({"before_request_hooks": [{"type": "guardrail", "checks": [
        {"id": "default.regexMatch", "parameters": {"rule": "can.*"}},
        {"id": "default.contains", "parameters": contains(&["can"], "any")},
        {"id": "default.endsWith", "parameters": {"suffix": "x"}},
        {"id": "default.notNull", "parameters": {}},
        {"id": "default.alluppercase", "parameters": {}},
        {"id": "default.alllowercase", "parameters": {}},
        {"id": "default.characterCount", "parameters": {"maxCharacters": 1}},
        {"id": "default.wordCount", "parameters": {"maxWords": 1}},
        {"id": "default.sentenceCount", "parameters": {"maxSentences": 0}},
        {"id": "default.jsonSchema", "parameters": {"schema": {"additionalProperties": {"type": "number"}, "propertyNames": {"maxLength": 1}}}},
        {"id": "default.jsonKeys", "parameters": {"keys": ["a"], "operator": "any"}},
        {"id": "default.containsCode", "parameters": {"format": "Rust"}},
        {"id": "default.regexReplace", "parameters": {"rule": "can"}},
        {"id": "default.addPrefix", "parameters": {"prefix": "x"}},
        {"id": "default.requiredMetadataKeys", "parameters": {"metadataKeys": ["plan"], "operator": "none"}},
        {"id": "default.modelRules", "parameters": {"rules": {"metadata": {"plan": {"free": ["m"]}}}}},
    ]}]});
    let record = told(&before_chat(&config, &ask(text)).results[0]).to_string();
    assert!(!record.contains("canary") && !record.contains("free"), "{record}");
}
