//! What gateways are told, and which targets are gateways.

use std::collections::BTreeMap;

use serde_json::json;

use super::super::tests::{HOST, headers, pair, plan, problems};
use super::*;
use crate::route::Strategy;

const GATEWAY: &str = "http://127.0.0.1:9/v1";

/// What the gateway at `baseURL` gets of these options, but for strict compliance where it is the default.
fn told(options: Value) -> Vec<(String, String)> {
    let Value::Object(mut options) = options else { panic!("options are an object") };
    options.insert("baseURL".to_owned(), GATEWAY.into());
    let strict = pair("x-portkey-strict-open-ai-compliance", "false");
    headers(options.into()).into_iter().filter(|told| *told != strict).collect()
}

fn refused(options: Value) -> Vec<String> {
    let Value::Object(mut options) = options else { panic!("options are an object") };
    options.insert("baseURL".to_owned(), GATEWAY.into());
    problems(options.into())
}

/// The headers of each target of a config, by its name or path.
fn targets(options: Value) -> BTreeMap<String, BTreeMap<String, String>> {
    let root = plan(options).unwrap_or_else(|why| panic!("{why:?}")).root;
    let text = |(name, value): (&HeaderName, &HeaderValue)| {
        (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned())
    };
    let of = |target: &crate::config::Target| target.headers.iter().map(text).collect();
    root.targets().into_iter().map(|target| (target.name.to_string(), of(target))).collect()
}

#[test]
fn a_header_s_name_is_the_option_s_with_a_hyphen_before_each_capital() {
    for (option, wanted) in [
        ("traceID", "trace-id"),
        ("awsS3ObjectKey", "aws-s3-object-key"),
        ("userIDAndID", "user-id-and-i-d"),
        ("IDToken", "-id-token"),
        ("snake_key", "snake_key"),
    ] {
        assert_eq!(header_name(option), wanted);
    }
}

#[test]
fn values_are_told_as_text_and_what_says_nothing_is_left_out() {
    let given = json!({
        "apiKey": "pk", "config": {"b": 1, "a": [true, null]}, "metadata": {"n": 1, "deep": {"x": 1.5}}, "cacheForceRefresh": true,
        "debug": false, "requestTimeout": 0, "sensitiveHeaders": ["a", "B"], "provider": "  ", "virtualKey": "", "traceID": null,
        "forwardHeaders": [], "spanId": "s", "myOpt": ["a", "b"], "num": 12.5, "x-portkey-foo": "1",
    });
    assert_eq!(
        told(given),
        [
            pair("x-portkey-api-key", "pk"),
            pair("x-portkey-config", r#"{"b":1,"a":[true,null]}"#),
            pair("x-portkey-metadata", r#"{"n":1,"deep":{"x":1.5}}"#),
            pair("x-portkey-cache-force-refresh", "true"),
            pair("x-portkey-debug", "false"),
            pair("x-portkey-request-timeout", "0"),
            pair("x-portkey-sensitive-headers", "a,B"),
            pair("x-portkey-span-id", "s"),
            pair("x-portkey-my-opt", r#"["a","b"]"#),
            pair("x-portkey-num", "12.5"),
            pair("x-portkey-foo", "1"),
        ]
    );
}

#[test]
fn json_is_escaped_beyond_ascii_and_any_other_text_is_latin_1_or_a_problem() {
    let escaped = r#"{"a":"\u00e9\u65e5\ud83d\ude00\u007f"}"#;
    for metadata in [json!({"a": "é日😀\u{7f}"}), json!("{\"a\":\"é日😀\u{7f}\"}")] {
        assert_eq!(told(json!({ "metadata": metadata })), [pair("x-portkey-metadata", escaped)]);
    }
    assert_eq!(refused(json!({"traceID": "日"})), ["traceID: its value holds a character outside Latin-1"]);
    for (option, value) in [("provider", "a\nb"), ("spanName", "a\rb"), ("customHost", "a\0b")] {
        assert_eq!(
            refused(json!({ option: value })),
            [format!("{option}: its value holds a line break or a control character")]
        );
    }
    assert_eq!(refused(json!({"my option": "v"})), ["my option: is a name that no header can have"]);
}

#[test]
fn strict_compliance_is_off_unless_told_and_null_says_nothing_of_it() {
    let strict = |given: Value| {
        let told = headers(given);
        told.into_iter().find(|(name, _)| name.ends_with("compliance")).map(|(_, value)| value)
    };
    assert_eq!(strict(json!({"baseURL": GATEWAY})).as_deref(), Some("false"));
    assert_eq!(strict(json!({"baseURL": GATEWAY, "strictOpenAICompliance": true})).as_deref(), Some("true"));
    assert_eq!(strict(json!({"baseURL": GATEWAY, "strictOpenAiCompliance": null})), None);
}

#[test]
fn a_credential_goes_as_it_was_written_and_none_is_made() {
    for written in ["sk-raw", "Bearer sk", "bearer sk", "Token x", "Basic dXNlcjpwYXNz"] {
        assert_eq!(told(json!({ "Authorization": written })), [pair("authorization", written)]);
    }
    assert_eq!(told(json!({"apiKey": "pk"})), [pair("x-portkey-api-key", "pk")]);
}

#[test]
fn a_forwarded_header_is_listed_under_the_name_that_it_is_sent_under() {
    for (name, listed, wire) in [
        ("xApiKey", "xApiKey", "x-api-key"),
        ("CustomHeader", "CustomHeader", "custom-header"),
        ("X-Custom-ID", "X-Custom-ID", "x-custom-id"),
        ("xCustomId", "X-Custom-ID", "x-custom-id"),
        ("x_custom_id", "x_custom_id", "x-custom-id"),
        ("Authorization", "Authorization", "authorization"),
        ("customHost", "customHost", "custom-host"),
    ] {
        assert_eq!(
            told(json!({ name: "v", "forwardHeaders": [listed] })),
            [pair("x-portkey-forward-headers", wire), pair(wire, "v")]
        );
    }
    let near = refused(json!({"xApiKey": "v", "forwardHeaders": ["xApiKeys"]}));
    assert_eq!(near, ["xApiKey: is sent to no one: add xApiKey to forwardHeaders"]);
    let nothing = refused(json!({"forwardHeaders": ["xOrg"]}));
    assert!(nothing[0].starts_with("forwardHeaders[0]: xOrg has no value anywhere"), "{nothing:?}");
    let key = refused(json!({"apiKey": "pk", "forwardHeaders": ["apiKey"]}));
    assert!(key[0].starts_with("forwardHeaders[0]: apiKey has no value anywhere"), "{key:?}");
}

#[test]
fn a_misspelt_option_and_one_that_acts_beside_a_gateway_alone_are_problems() {
    for (given, wanted) in [
        (
            json!({"azureDeploymendId": "d"}),
            "azureDeploymendId: is no option; did you mean azureDeploymentId?",
        ),
        (json!({"custom_host": "h"}), "custom_host: is no option; did you mean customHost?"),
        (json!({"xOrg": "o"}), "xOrg: is sent to no one: add xOrg to forwardHeaders"),
        (json!({"config": 7}), "config: expected an object, its JSON, or the id of a saved config"),
        (
            json!({"strictParams": true}),
            "strictParams: is about what is changed in this process; a gateway does not tell",
        ),
        (
            json!({"cacheStore": {"maxBytes": 1}}),
            "cacheStore: keeps answers in this process; a gateway has a cache of its own",
        ),
        (
            json!({"timeouts": {"idel": 1}}),
            "timeouts.idel: expected one of connect, headers, firstToken, idle, queue, total",
        ),
    ] {
        assert_eq!(refused(given), [wanted]);
    }
    assert_eq!(
        problems(json!({"baseURL": "localhost:8787"}))[0].split(';').next(),
        Some("baseURL: does not start with http://, https:// or unix:")
    );
}

#[test]
fn what_acts_on_the_connection_acts_here_and_is_told_to_no_gateway() {
    let given = json!({"timeout": 9, "timeouts": {"connect": 7}, "maxRetries": 4, "maxConcurrent": 3, "idempotent": true,
        "retryBudget": false, "baseURL": GATEWAY, "strictOpenAiCompliance": null, "customHost": "bedrock.example", "config": {"retry": 1}});
    let made = plan(given).unwrap_or_else(|why| panic!("{why:?}"));
    let Strategy::Single(target) = made.root else { panic!("expected one target") };
    assert_eq!((&*target.name, target.gateway), ("remote", Some(Gateway::Only)));
    assert_eq!(target.clocks.connect.map(|limit| limit.as_millis()), Some(7));
    assert_eq!(made.total.map(|limit| limit.as_millis()), Some(9));
    assert_eq!((target.retry.retries, target.idempotent), (4, true));
    let names: Vec<&str> = target.headers.keys().map(HeaderName::as_str).collect();
    assert_eq!(
        names,
        ["user-agent", "x-portkey-package-version", "x-portkey-custom-host", "x-portkey-config"]
    );
}

#[test]
fn the_hosted_platform_is_asked_for_by_name_and_needs_a_key() {
    let asked = [
        (json!({"virtualKey": "vk"}), "virtualKey"),
        (json!({"config": "pc-prod-1"}), "config"),
        (json!({"provider": "@openai-prod"}), "provider"),
        (json!({"config": {"provider": "@openai-prod"}}), "config.provider"),
        (json!({"config": {"virtual_key": "vk"}}), "config.virtual_key"),
        (
            json!({"config": {"strategy": {"mode": "fallback"}, "targets": [{"custom_host": HOST}, {"virtual_key": "vk"}]}}),
            "config.targets[1].virtual_key",
        ),
        (json!({"baseURL": "https://api.portkey.ai/v1/"}), "baseURL"),
    ];
    for (options, asker) in asked {
        let why = problems(options.clone());
        assert!(why[0].starts_with(&format!("{asker}: asks for Portkey's hosted platform")), "{why:?}");
        let Value::Object(mut options) = options else { panic!("options are an object") };
        options.insert("apiKey".to_owned(), "pk".into());
        let keyed = targets(options.into());
        let told: Vec<_> =
            keyed.values().filter(|headers| headers.contains_key("x-portkey-api-key")).collect();
        assert_eq!(told.len(), 1, "{asker}");
    }
}

#[test]
fn a_hosted_target_beside_local_ones_is_told_of_itself_and_of_the_call_and_local_ones_of_nothing() {
    let all = targets(json!({
        "apiKey": "pk", "traceID": "t", "metadata": {"a": "1"}, "Authorization": "sk", "cacheNamespace": "ns",
        "config": {"strategy": {"mode": "fallback"}, "metadata": {"b": "2"}, "targets": [
            {"name": "local", "custom_host": HOST, "api_key": "local-key"},
            {"name": "slug", "provider": "@prod", "strict_open_ai_compliance": true},
            {"name": "key", "virtual_key": "vk", "custom_host": "https://h/v1", "x_tenant": "acme", "forward_headers": ["x_tenant"],
                "aws_region": "eu-west-1", "api_key": "sk-own"},
        ]},
    }));
    let local: Vec<&str> = all["local"].keys().map(String::as_str).collect();
    assert_eq!(local, ["authorization", "user-agent"]);
    let of_call = [
        ("api-key", "pk"),
        ("trace-id", "t"),
        ("metadata", r#"{"b":"2","a":"1"}"#),
        ("cache-namespace", "ns"),
    ];
    let own: [&[(&str, &str)]; 2] = [
        &[("provider", "@prod"), ("strict-open-ai-compliance", "true")],
        &[
            ("virtual-key", "vk"),
            ("custom-host", "https://h/v1"),
            ("forward-headers", "x-tenant"),
            ("aws-region", "eu-west-1"),
            ("strict-open-ai-compliance", "false"),
        ],
    ];
    for (name, own) in ["slug", "key"].iter().zip(own) {
        let mut wanted: BTreeMap<String, &str> = BTreeMap::new();
        for (name, value) in of_call.iter().chain(own) {
            let value = if *name == "metadata" { r#"{"a":"1","b":"2"}"# } else { value };
            wanted.insert(format!("x-portkey-{name}"), value);
        }
        let mut got = all[*name].clone();
        got.remove("user-agent");
        got.remove("x-portkey-package-version");
        assert_eq!(got.remove("authorization").as_deref(), (*name == "key").then_some("sk-own"));
        assert_eq!(got.remove("x-tenant").as_deref(), (*name == "key").then_some("acme"));
        assert_eq!(got, wanted.into_iter().map(|(name, value)| (name, value.to_owned())).collect());
    }
}

#[test]
fn what_only_a_gateway_knows_is_a_problem_where_none_answers() {
    let gateway_only =
        "acts at a Portkey gateway alone: with baseURL, virtualKey, a saved config or an @ provider";
    assert_eq!(
        problems(json!({"customHost": HOST, "awsS3Bucket": "b"})),
        [format!("awsS3Bucket: {gateway_only}")]
    );
    let group = json!({"apiKey": "pk", "virtualKey": "vk", "config": {"strategy": {"mode": "fallback"}, "targets": [{"custom_host": HOST}]}});
    assert_eq!(
        problems(group),
        ["virtualKey: says who answers for one target: put it into that target's config, as virtual_key"]
    );
    assert!(
        plan(json!({"apiKey": "pk", "virtualKey": "vk", "awsS3Bucket": "b", "someNewThing": "v"})).is_ok()
    );
}

#[test]
fn the_platform_s_own_endpoints_are_told_of_the_call_and_not_of_other_calls_hosts_and_credentials() {
    let client = json!({
        "apiKey": "pk", "traceID": "t", "customHost": HOST, "Authorization": "sk", "xKey": "k", "forwardHeaders": ["xKey"],
        "config": {"api_key": "sk-config"}, "provider": "openai", "maxRetries": 1, "cacheStore": {"maxBytes": 1},
    });
    let params = json!({"metadata": {"a": "1"}, "provider": "mistral-ai"});
    let (Value::Object(client), Value::Object(params)) = (client, params) else { panic!("objects") };
    let options =
        Options::for_platform(&client, &params, "feedback.create").expect("options that can be used");
    let told: Vec<&str> = options.told.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(told, ["apiKey", "traceID", "metadata", "provider"]);
    assert!(options.authorization.is_none() && options.values.is_empty());
    assert_eq!(options.max_retries, Some(1));
}
