//! Every check: what passes, what fails, what cannot run.

use super::RequestType::{Chat, Completion, Embeddings};
use super::*;

/// What a check with `parameters` says of `text`: whether it passes, or why it could not run.
fn judged(check: &str, parameters: &Value, text: &str) -> Result<bool, String> {
    let config = json!({ "before_request_hooks": [
        { "type": "guardrail", "checks": [{ "id": check, "parameters": parameters }] },
    ] });
    verdict_of(&before_chat(&config, &ask(text)))
}

fn verdict_of(verdicts: &Verdicts) -> Result<bool, String> {
    let record = told(&verdicts.results[0]);
    let check = &record["checks"][0];
    match check["error"]["message"].as_str() {
        Some(why) => {
            assert_eq!(check["verdict"], json!(false));
            Err(why.to_owned())
        }
        None => Ok(check["verdict"].as_bool().expect("a verdict")),
    }
}

fn each(check: &str, cases: &[(Value, &str, bool)]) {
    for (parameters, text, wanted) in cases {
        assert_eq!(judged(check, parameters, text), Ok(*wanted), "{check} {parameters} of {text:?}");
    }
}

fn each_turned(check: &str, cases: &[(Value, &str, bool)]) {
    each(check, cases);
    for (parameters, text, wanted) in cases {
        let mut parameters = parameters.clone();
        parameters["not"] = json!(true);
        assert_eq!(judged(check, &parameters, text), Ok(!wanted), "{check} {parameters} of {text:?}");
    }
}

#[test]
fn regex_match_finds_a_javascript_expression() {
    each_turned(
        "default.regexMatch",
        &[
            (json!({"rule": "quick.*fox"}), "The quick brown fox", true),
            (json!({"rule": "zebra"}), "The quick brown fox", false),
            (json!({"rule": "^b"}), "a\nb", false),
            (json!({"rule": "(?=.*\\d)(?=.*[a-z])"}), "a1", true),
            (json!({"rule": "^$"}), "", true),
        ],
    );
    let why =
        judged("default.regexMatch", &json!({"rule": "x(?!y)"}), &"x".repeat(40_000)).expect_err("too long");
    assert!(why.contains("32 KiB"), "{why}");
}

#[test]
fn contains_looks_for_any_all_or_none_of_its_words() {
    let words = |operator: &str| json!({"words": ["cat", "Dog"], "operator": operator});
    each(
        "default.contains",
        &[
            (words("any"), "a cat", true),
            (words("any"), "a dog", false),
            (words("all"), "cats and Dogs", true),
            (words("all"), "cats", false),
            (words("none"), "a dog", true),
            (words("none"), "concatenate", false),
            (words("none"), "", true),
            (words("any"), "", false),
        ],
    );
}

#[test]
fn the_ends_and_the_letters_of_a_text_are_looked_at() {
    each_turned(
        "default.endsWith",
        &[
            (json!({"suffix": "end"}), "the end", true),
            (json!({"suffix": "end"}), "the end.", true),
            (json!({"suffix": "end."}), "the end.", true),
            (json!({"suffix": "end"}), "the end..", false),
            (json!({"suffix": "end"}), "", false),
        ],
    );
    each_turned(
        "default.notNull",
        &[(json!({}), "x", true), (json!({}), "", false), (json!({}), " \n", false)],
    );
    each_turned(
        "default.alluppercase",
        &[(json!({}), "ABC 1é", true), (json!({}), "ABc", false), (json!({}), "12", true)],
    );
    each_turned(
        "default.alllowercase",
        &[(json!({}), "abc 1É", true), (json!({}), "aBc", false), (json!({}), "", true)],
    );
}

#[test]
fn characters_words_and_sentences_are_counted() {
    each_turned(
        "default.characterCount",
        &[
            (json!({"minCharacters": 1, "maxCharacters": 3}), "a😀", true),
            (json!({"minCharacters": 1, "maxCharacters": 2}), "a😀", false),
            (json!({"minCharacters": 1}), "", false),
            (json!({"maxCharacters": 0}), "", true),
        ],
    );
    each_turned(
        "default.wordCount",
        &[
            (json!({"minWords": 2, "maxWords": 3}), " one  two\nthree ", true),
            (json!({"minWords": 4, "maxWords": 9}), "one two three", false),
            (json!({"maxWords": 2}), "one two three", false),
        ],
    );
    for empty in ["", " \n "] {
        let why = judged("default.wordCount", &json!({"maxWords": 2}), empty).expect_err("no words");
        assert!(why.contains("no text"), "{why}");
    }
    each_turned(
        "default.sentenceCount",
        &[
            (json!({"minSentences": 2, "maxSentences": 2}), "One. Two!", true),
            (json!({"minSentences": 1, "maxSentences": 9}), "None", false),
            (json!({"minSentences": 0, "maxSentences": 0}), "", true),
            (json!({"minSentences": 3, "maxSentences": 3}), "Really?! Yes.", true),
        ],
    );
}

#[test]
fn json_is_found_in_fences_else_anywhere_however_deep() {
    let schema = json!({"schema": {
        "type": "object",
        "properties": {"user": {"type": "object", "required": ["name"]}, "mail": {"type": "string", "format": "email"}},
        "required": ["user"],
    }});
    each(
        "default.jsonSchema",
        &[
            (schema.clone(), r#"{"user": {"name": "x", "deep": {"a": [{}]}}}"#, true),
            (schema.clone(), r#"It is {"user": {"name": "x", "deep": {"a": "}"}}} as I said."#, true),
            (schema.clone(), r#"{no} {"a": 1} {"user": {"name": 1}}"#, true),
            (schema.clone(), r#"{"user": {}}"#, false),
            (schema.clone(), "```json\n{\"user\": {\"name\": \"x\"}}\n```", true),
            (schema.clone(), "```json {\"user\": {\"name\": \"x\"}} ```", true),
            (schema.clone(), "```\n{\"user\": {}}\n``` {\"user\": {\"name\": 1}}", false),
            (schema.clone(), "```rust\nfn {}\n``` {\"user\": {\"name\": 1}}", true),
            (schema.clone(), r#"{"user": {"name": 1}, "mail": "nobody"}"#, false),
            (schema.clone(), "no JSON", false),
            (schema.clone(), r#"{"user": {"name": "cut of"#, false),
            (json!({"schema": {"type": "array", "items": {"type": "number"}}}), "[1, 2]", true),
            (json!({"schema": {"$ref": "#"}}), "{}", false),
            (json!({"schema": {"type": "object"}, "not": true}), "no JSON", false),
            (json!({"schema": {"required": ["a"]}, "not": true}), "{}", true),
            (json!({"schema": {"required": ["a"]}, "not": true}), r#"{"a":1}"#, false),
        ],
    );
}

#[test]
fn a_schema_s_broken_rules_are_named_without_what_broke_them() {
    let config = json!({"output_guardrails": [{"default.jsonSchema": {"schema": {
        "properties": {"age": {"type": "number"}}, "additionalProperties": false,
    }}}]});
    let record = told(&after_chat(&config, &answered(r#"{"age": "canary", "canary-key": 1}"#)).results[0]);
    let mut broken: Vec<&str> = record["checks"][0]["data"]["brokenRules"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(Value::as_str)
        .collect();
    broken.sort_unstable();
    assert_eq!(broken, ["#", "#/properties/age"]);
    assert!(!record.to_string().contains("canary"), "{record}");
}

#[test]
fn hostile_json_is_searched_in_bounded_time() {
    let keys = json!({"keys": ["a"], "operator": "any"});
    for text in
        ["{".repeat(50_000), r#"{"a":["#.repeat(3_000), r#"{"x":1 "#.repeat(7_000), "[{".repeat(20_000)]
    {
        assert_eq!(judged("default.jsonKeys", &keys, &text), Ok(false));
    }
    let why = judged("default.jsonKeys", &keys, &"x".repeat((1 << 20) + 1)).expect_err("too long");
    assert!(why.contains("1 MiB"), "{why}");
}

#[test]
fn json_keys_are_those_at_the_top_of_any_object() {
    let keys = |operator: &str| json!({"keys": ["a", "b"], "operator": operator});
    each(
        "default.jsonKeys",
        &[
            (keys("any"), r#"{"a": 1}"#, true),
            (keys("any"), r#"{"x": {"a": 1}}"#, false),
            (keys("any"), r#"first {"x": {}} then {"b": {"y": {}}}"#, true),
            (keys("all"), r#"{"a": 1} {"a": 1, "b": {"c": {}}}"#, true),
            (keys("all"), r#"{"a": 1} {"b": 1}"#, false),
            (keys("none"), r#"{"x": {"a": 1}}"#, true),
            (keys("none"), r#"{"x": 1} {"a": 1}"#, false),
            (keys("none"), "no JSON", false),
            (keys("any"), "```json\n{\"b\": {}}\n```", true),
        ],
    );
}

#[test]
fn code_is_told_by_the_tags_of_fences() {
    let python = json!({"format": "Python"});
    each_turned(
        "default.containsCode",
        &[
            (python.clone(), "```py\nx\n```", true),
            (python.clone(), "text\n````Python title=x\nx\n````\n", true),
            (python.clone(), "```js\nx\n``` then ```python\ny\n```", true),
            (python.clone(), "```python\ncut off", true),
            (python.clone(), "```js\npython\n```", false),
            (python.clone(), "```python inline```", false),
            (python.clone(), "python", false),
            (python, "", false),
            (json!({"format": "C++"}), "```c++\nx\n```", true),
            (json!({"format": "C"}), "```c++\nx\n```", false),
            (json!({"format": "Shell"}), "```bash\nls\n```", true),
        ],
    );
}

/// What a check of a request says.
fn of_request(
    request: RequestType,
    check: &str,
    parameters: &Value,
    body: &str,
    metadata: &Value,
) -> Result<bool, String> {
    let config = json!({ "before_request_hooks": [
        { "type": "guardrail", "checks": [{ "id": check, "parameters": parameters }] },
    ] });
    let metadata = serde_json::from_value(metadata.clone()).expect("strings");
    let scene = Scene::new(request, body.as_bytes(), metadata, clock(Duration::ZERO));
    verdict_of(&before(&hooks(&config), &scene, &body.to_owned().into()))
}

#[test]
fn the_model_is_in_a_list() {
    let body = ask("x");
    for (name, list, not, wanted) in [
        ("default.modelWhitelist", json!(["m", "n"]), false, true),
        ("default.modelwhitelist", json!(["n"]), false, false),
        ("modelWhitelist", json!(["n"]), true, true),
    ] {
        let parameters = json!({"models": list, "not": not});
        assert_eq!(of_request(Chat, name, &parameters, &body, &json!({})), Ok(wanted), "{parameters}");
    }
    let why = of_request(Chat, "modelWhitelist", &json!({"models": ["m"]}), "{}", &json!({}));
    assert_eq!(why, Err("the request names no model".to_owned()));
}

#[test]
fn metadata_choose_the_models_that_are_allowed() {
    let rules = json!({"rules": {"defaults": ["small"], "metadata": {"plan": {"paid": ["m", "large"]}, "team": {"x": ["m"]}}}});
    let judged = |parameters: &Value, metadata: Value| {
        of_request(Chat, "modelRules", parameters, &ask("x"), &metadata)
    };
    assert_eq!(judged(&rules, json!({"plan": "paid"})), Ok(true));
    assert_eq!(judged(&rules, json!({"plan": "free"})), Ok(false));
    assert_eq!(judged(&rules, json!({"plan": "free", "team": "x"})), Ok(true));
    let mut turned = rules.clone();
    turned["not"] = json!(true);
    assert_eq!(judged(&turned, json!({"plan": "paid"})), Ok(false));
    let only = json!({"rules": {"metadata": {"plan": {"paid": ["m"]}}}});
    assert!(judged(&only, json!({})).expect_err("no rule").contains("no model"));
}

#[test]
fn request_types_are_allowed_or_blocked() {
    let judged = |request, parameters: Value, metadata: Value| {
        of_request(request, "allowedRequestTypes", &parameters, &ask("x"), &metadata)
    };
    assert_eq!(judged(Chat, json!({}), json!({})), Ok(true));
    assert_eq!(judged(Chat, json!({"allowedTypes": ["chatComplete", "messages"]}), json!({})), Ok(true));
    assert_eq!(judged(Completion, json!({"allowedTypes": "chatComplete, embed"}), json!({})), Ok(false));
    assert_eq!(judged(Embeddings, json!({"allowedTypes": "chatComplete, embed"}), json!({})), Ok(true));
    assert_eq!(judged(Embeddings, json!({"blockedTypes": ["embed"]}), json!({})), Ok(false));
    assert_eq!(judged(Chat, json!({}), json!({"supported_endpoints": "embed"})), Ok(false));
    assert_eq!(
        judged(Chat, json!({"allowedTypes": ["chatComplete"]}), json!({"supported_endpoints": "embed"})),
        Ok(true)
    );
    assert_eq!(judged(Chat, json!({}), json!({"blocked_endpoints": "chatComplete"})), Ok(false));
    let both = judged(Chat, json!({"allowedTypes": ["embed"]}), json!({"blocked_endpoints": "embed"}));
    assert!(both.expect_err("an overlap").contains("both"));
}

#[test]
fn metadata_have_any_all_or_none_of_some_keys() {
    for (operator, keys, wanted) in [
        ("any", json!(["plan", "x"]), true),
        ("all", json!(["plan", "x"]), false),
        ("all", json!(["plan"]), true),
        ("none", json!(["x"]), true),
        ("none", json!(["plan"]), false),
    ] {
        let parameters = json!({"metadataKeys": keys, "operator": operator});
        let judged = of_request(Chat, "requiredMetadataKeys", &parameters, "{}", &json!({"plan": "p"}));
        assert_eq!(judged, Ok(wanted), "{parameters}");
    }
}

#[test]
fn text_that_cannot_be_read_is_an_error_and_missing_text_is_empty() {
    let parameters = json!({"words": ["x"], "operator": "none"});
    let judged = |request, body: &str| of_request(request, "contains", &parameters, body, &json!({}));
    for body in [
        r#"{"messages":[{"role":"assistant","content":null,"tool_calls":[]}]}"#,
        r#"{"messages":[{"role":"user"}]}"#,
        r#"{"messages":[]}"#,
        r#"{"messages":[{"content":[{"type":"image_url","image_url":{"url":"x"}}]}]}"#,
        "{}",
    ] {
        assert_eq!(judged(Chat, body), Ok(true), "{body}");
    }
    for body in
        ["not JSON", r#"{"messages":{}}"#, r#"{"messages":["x"]}"#, r#"{"messages":[{"content":5}]}"#, "[]"]
    {
        assert!(judged(Chat, body).is_err(), "{body}");
    }
    assert_eq!(judged(Completion, r#"{"prompt":["a","bx"]}"#), Ok(false));
    assert!(judged(Completion, r#"{"prompt":[1,2]}"#).expect_err("tokens").contains("tokens"));
    assert!(judged(Embeddings, r#"{"input":[[1],[2]]}"#).expect_err("tokens").contains("tokens"));
    assert_eq!(judged(Embeddings, r#"{"input":"a"}"#), Ok(true));
}
