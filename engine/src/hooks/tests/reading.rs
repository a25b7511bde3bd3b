//! What a config says of hooks, and what is said of it.

use super::*;

fn guardrail(check: &Value) -> Value {
    json!({ "input_guardrails": [check] })
}

#[test]
fn all_problems_are_told_at_once_each_with_its_path() {
    let told = problems(&json!({
        "input_guardrails": [
            "saved-guardrail",
            {"default.contains": {"words": ["x"], "operator": "some"}, "deny": "yes"},
            {"contanis": {}},
            {"default.webhook": {"webhookURL": "https://h"}},
            {"portkey.pii": {}, "wordCount": {"minWords": 3, "maxWords": 2}},
            {"guardrail_version_id": "v1", "notNull": {}},
            {"deny": true},
            7,
        ],
        "before_request_hooks": [
            {"id": "h", "type": null, "checks": [{"id": "default.notNull", "parameters": {}}]},
            {"type": "guardrail", "checks": [{"parameters": {}}, {"id": "default.regexMatch", "paramters": {}}]},
            {"type": "gaurdrail", "checks": {}},
            {"type": "guardrail", "chekcs": []},
        ],
        "output_guardrails": [{"requiredMetadataKeys": {"metadataKeys": ["a"], "operator": "all"}}],
        "input_mutators": [{"addPrefix": {"prefix": "x"}, "async": true, "sequential": false}],
        "output_mutators": {},
    }));
    let wanted = [
        "config.input_guardrails[0]: names what is saved on the hosted platform, which this version does not reach; write its checks here",
        "config.input_guardrails[1].default.contains.operator: expected any, all or none",
        "config.input_guardrails[1].deny: expected true or false, got a string",
        "config.input_guardrails[2].contanis: is no built-in check; did you mean default.contains?",
        "config.input_guardrails[3].default.webhook: asks the network, which no built-in check does; this version has no such check",
        "config.input_guardrails[4].portkey.pii: belongs to a plugin that asks a service; only default.… checks are built in",
        "config.input_guardrails[4].wordCount.minWords: is above maxWords",
        "config.input_guardrails[5].guardrail_version_id: names a version saved on the hosted platform; it acts on nothing here",
        "config.input_guardrails[6]: has no check",
        "config.input_guardrails[7]: expected an object, got 7",
        "config.before_request_hooks[0].type: is missing; expected guardrail or mutator",
        "config.before_request_hooks[1].checks[0].id: is missing; expected a check's name, such as default.contains",
        "config.before_request_hooks[1].checks[1].paramters: expected one of id, parameters, is_enabled",
        "config.before_request_hooks[1].checks[1].parameters.rule: is missing; expected a string",
        "config.before_request_hooks[2].type: expected guardrail or mutator",
        "config.before_request_hooks[2].checks: expected a list of { id, parameters }",
        "config.before_request_hooks[3].chekcs: is no key of a hook; did you mean checks?",
        "config.before_request_hooks[3]: has no check",
        "config.output_guardrails[0].requiredMetadataKeys: looks at requests only; put it under input_guardrails or before_request_hooks",
        "config.input_mutators[0].async: a mutator changes what is sent, so nothing can go on beside it",
        "config.input_mutators[0].sequential: a mutator's checks always run one after another",
        "config.input_mutators[0].async: an async hook changes nothing, and default.addPrefix does",
        "config.output_mutators: expected a list of objects",
    ];
    assert_eq!(told.len(), wanted.len(), "{told:#?}");
    for wanted in wanted {
        assert!(told.iter().any(|problem| problem == wanted), "{wanted}\nin {told:#?}");
    }
}

/// A check, parameters of it, and the problem with them.
const WRONG: &[(&str, &str, &str)] = &[
    (
        "regexMatch",
        r#"{"rule": "("}"#,
        "rule: is no regular expression that can be run here: a ( is never closed",
    ),
    ("regexMatch", r#"{"rule": ""}"#, "rule: expected a string that is not empty"),
    ("regexMatch", r#"{"rule": "x", "not": 1}"#, "not: expected true or false, got 1"),
    (
        "regexReplace",
        r#"{"rule": "/a/gx"}"#,
        "rule: is no regular expression that can be run here: it has the flag x; expected flags among g, i, m, s, u",
    ),
    (
        "regexReplace",
        r#"{"rule": "a", "redactText": "$'"}"#,
        "redactText: holds $` or $', which would repeat the text around each match",
    ),
    ("regexReplace", r#"{"rule": "a", "redactText": 1}"#, "redactText: expected a string"),
    ("contains", r#"{"operator": "any"}"#, "words: is missing; expected a list of strings"),
    (
        "contains",
        r#"{"words": ["a", ""], "operator": "any"}"#,
        "words: expected a list of strings, at least one, none of them empty",
    ),
    ("contains", r#"{"words": ["a"]}"#, "operator: is missing; expected any, all or none"),
    (
        "contains",
        r#"{"words": ["a"], "operatr": "any", "operator": "any"}"#,
        "operatr: is no parameter of this check; did you mean operator?",
    ),
    (
        "contains",
        r#"{"words": ["a"], "operator": "any", "failOnError": "no"}"#,
        "failOnError: expected true or false, got a string",
    ),
    ("endsWith", "{}", "suffix: is missing; expected a string"),
    ("wordCount", "{}", "minWords: is missing, as is maxWords; expected a whole number for either or both"),
    (
        "wordCount",
        r#"{"min_words": 1, "maxWords": 2}"#,
        "min_words: is no parameter of this check; did you mean minWords?",
    ),
    (
        "characterCount",
        r#"{"minCharacters": -1}"#,
        "minCharacters: expected a whole number from 0 to 4294967295, got -1",
    ),
    (
        "sentenceCount",
        r#"{"maxSentences": 1.5}"#,
        "maxSentences: expected a whole number from 0 to 4294967295, got 1.5",
    ),
    ("jsonSchema", r#"{"schema": "x"}"#, "schema: expected a JSON schema, an object"),
    (
        "jsonKeys",
        r#"{"keys": "a", "operator": "all"}"#,
        "keys: expected a list of strings, at least one, none of them empty",
    ),
    ("containsCode", r#"{"format": "python"}"#, "format: is no format known here; did you mean Python?"),
    (
        "notNull",
        r#"{"strict": true}"#,
        "strict: is no parameter of this check; expected one of not, failOnError",
    ),
    (
        "modelWhitelist",
        r#"{"models": []}"#,
        "models: expected a list of strings, at least one, none of them empty",
    ),
    (
        "modelRules",
        r#"{"rules": {"default": ["m"]}}"#,
        "rules: expected { defaults: [models], metadata: { key: { value: [models] } } }",
    ),
    ("modelRules", "{}", "rules: expected { defaults: [models], metadata: { key: { value: [models] } } }"),
    (
        "allowedRequestTypes",
        r#"{"allowedTypes": ["chatcomplet"]}"#,
        "allowedTypes: holds chatcomplet, which is no request type; did you mean chatComplete?",
    ),
    (
        "allowedRequestTypes",
        r#"{"allowedTypes": "embed", "blockedTypes": ["embed"]}"#,
        "blockedTypes: holds embed, which allowedTypes holds too",
    ),
    (
        "requiredMetadataKeys",
        r#"{"metadataKeys": ["a"], "operator": 1}"#,
        "operator: expected any, all or none",
    ),
    (
        "addPrefix",
        r#"{"prefix": "x", "applyToRole": ""}"#,
        "applyToRole: expected a role, such as user or system",
    ),
];

#[test]
fn each_check_s_parameters_are_checked() {
    for (check, parameters, wanted) in WRONG {
        let parameters: Value = serde_json::from_str(parameters).expect("JSON");
        let explicit = json!({"before_request_hooks": [{"type": "guardrail", "checks": [{"id": format!("default.{check}"), "parameters": parameters}]}]});
        let known = |told: &str| told.replace("expected one of not, failOnError", "expected one of");
        let told = problems(&explicit).join("\n");
        let wanted_full = format!("config.before_request_hooks[0].checks[0].parameters.{wanted}");
        assert_eq!(told, wanted_full, "{check} {parameters}");
        let told = problems(&guardrail(&json!({ (*check): parameters }))).join("\n");
        let wanted = format!("config.input_guardrails[0].{check}.{wanted}");
        assert_eq!(
            known(&told.replace("id, is_enabled, isEnabled, ", "")),
            known(&wanted),
            "{check} {parameters}"
        );
    }
}

#[test]
fn a_schema_that_cannot_be_used_is_a_problem() {
    for (schema, reason) in [
        (json!({"type": "objekt"}), "metaschema"),
        (json!({"$ref": "https://example.com/other.json"}), "other documents"),
        (json!({"$ref": "file:///etc/passwd"}), "other documents"),
        (json!({"$ref": "#/$defs/none"}), "not found"),
        (json!({"pattern": "(?=x)"}), "metaschema"),
    ] {
        let told = problems(&guardrail(&json!({"jsonSchema": {"schema": schema}})));
        assert!(
            told[0].starts_with("config.input_guardrails[0].jsonSchema.schema: is no JSON schema"),
            "{told:?}"
        );
        assert!(told[0].contains(reason) && !told[0].contains('\n'), "{told:?}");
    }
}

#[test]
fn hooks_may_be_written_either_way() {
    let feedback =
        |value: i32| json!({"feedback": {"value": value, "weight": 1, "metadata": {"my_key": "v"}}});
    let snake = json!({"type": "guardrail", "id": "h", "deny": true, "sequential": true, "on_fail": feedback(-5), "on_success": feedback(5),
        "checks": [{"id": "default.contains", "is_enabled": true, "parameters": {"words": ["zzz"], "operator": "any"}}]});
    let camel = json!({"type": "guardrail", "id": "h", "deny": true, "sequential": true, "onFail": feedback(-5), "onSuccess": feedback(5),
        "checks": [{"id": "contains", "isEnabled": true, "parameters": {"words": ["zzz"], "operator": "any"}}]});
    let short = json!({"id": "h", "deny": true, "sequential": true, "on_fail": feedback(-5), "onSuccess": feedback(5), "type": "guardrail",
        "my check": {"id": "default.contains", "is_enabled": true, "words": ["zzz"], "operator": "any"}});
    let records: Vec<Value> = [
        json!({"before_request_hooks": [snake]}),
        json!({"before_request_hooks": [camel]}),
        json!({"input_guardrails": [short]}),
    ]
    .iter()
    .map(|config| told(&before_chat(config, &ask("hi")).results[0]))
    .collect();
    assert_eq!(records[0], records[1]);
    assert_eq!(records[0], records[2]);
    assert_eq!(records[0]["feedback"]["metadata"]["my_key"], "v");
    let both = problems(&guardrail(&json!({"on_fail": feedback(1), "onFail": feedback(1), "notNull": {}})));
    assert_eq!(both, ["config.input_guardrails[0].onFail: is given twice, as on_fail too"]);
}

#[test]
fn feedback_has_its_shape() {
    let told = problems(&guardrail(&json!({
        "notNull": {},
        "on_fail": {"feedback": {"value": "1", "metadata": [], "wieght": 1}},
        "on_success": {"value": 1},
    })));
    assert_eq!(
        told,
        [
            "config.input_guardrails[0].on_fail.feedback.value: expected a number",
            "config.input_guardrails[0].on_fail.feedback.metadata: expected an object",
            "config.input_guardrails[0].on_fail.feedback.wieght: expected one of value, weight, metadata",
            "config.input_guardrails[0].on_success.value: expected { feedback: { value, weight, metadata } }",
            "config.input_guardrails[0].on_success.feedback: is missing; expected { value, weight, metadata }",
        ]
    );
}

#[test]
fn a_hook_without_an_id_has_one_by_its_place() {
    let check = json!({"notNull": {}});
    let full = json!({"type": "guardrail", "checks": [{"id": "default.notNull", "parameters": {}}]});
    let hooks = hooks(&json!({
        "before_request_hooks": [full],
        "input_guardrails": [check, check],
        "input_mutators": [{"addPrefix": {"prefix": "x"}}],
        "after_request_hooks": [full],
        "output_guardrails": [check],
        "output_mutators": [{"regexReplace": {"rule": "x"}}],
    }));
    let ids = |hooks: &[Hook]| hooks.iter().map(|hook| hook.id.to_string()).collect::<Vec<_>>();
    assert_eq!(
        ids(&hooks.before),
        ["before_request_hook_1", "input_guardrail_1", "input_guardrail_2", "input_mutator_1"]
    );
    assert_eq!(ids(&hooks.after), ["after_request_hook_1", "output_guardrail_1", "output_mutator_1"]);
}

#[test]
fn a_check_that_is_turned_off_is_not_looked_at() {
    let config = json!({
        "input_guardrails": [{"webhook": {"is_enabled": false}, "contains": {"isEnabled": false}}],
        "before_request_hooks": [{"type": "guardrail", "checks": [{"id": "default.nope", "is_enabled": false}]}],
    });
    let verdicts = before_chat(&config, &ask("hi"));
    assert_eq!(verdicts.results.len(), 2);
    assert!(verdicts.results.iter().all(|record| record.verdict));
}

#[test]
fn a_list_of_one_kind_holds_no_other() {
    let told = problems(&json!({"input_guardrails": [{"type": "mutator", "notNull": {}}]}));
    assert_eq!(told, ["config.input_guardrails[0].type: expected guardrail, as this list holds"]);
}
