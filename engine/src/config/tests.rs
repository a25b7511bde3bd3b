use serde_json::{Map, Value, json};

use std::sync::Arc;

use super::*;
use crate::clock::{Clock, SystemClock};
use crate::error::Problem;
use crate::memory::Memory;
use crate::route::Strategy;

pub fn map(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => overlay(&Map::new(), &map),
        _ => panic!("options are an object"),
    }
}

pub fn plan(options: Value) -> Result<Plan, Vec<Problem>> {
    let options = Options::read(&map(options))?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let memory = Memory::of(&options, None, &clock)?;
    let plan = Plan::new(&options, &[], &memory)?;
    if plan.missing.is_empty() { Ok(plan) } else { Err(plan.missing) }
}

pub fn headers(options: Value) -> Vec<(String, String)> {
    let root = plan(options).unwrap_or_else(|why| panic!("{why:?}")).root;
    let Strategy::Single(target) = root else { panic!("expected one target") };
    let told = |(name, value): (&::http::HeaderName, &::http::HeaderValue)| {
        (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned())
    };
    let known = ["user-agent", "x-portkey-package-version"];
    target.headers.iter().map(told).filter(|(name, _)| !known.contains(&name.as_str())).collect()
}

pub fn problems(options: Value) -> Vec<String> {
    let Err(problems) = plan(options) else { panic!("expected problems") };
    problems.into_iter().map(|problem| format!("{}: {}", problem.path, problem.message)).collect()
}

pub fn pair(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

pub const HOST: &str = "http://127.0.0.1:9/v1";

#[test]
fn authorization_is_the_credential_and_is_made_anew() {
    for written in ["sk", "Bearer sk", "bearer sk"] {
        assert_eq!(
            headers(json!({"customHost": HOST, "Authorization": written})),
            [pair("authorization", "Bearer sk")]
        );
    }
    assert_eq!(headers(json!({"customHost": HOST, "apiKey": "portkey-key"})), []);
}

#[test]
fn a_forwarded_authorization_goes_out_as_it_was_given() {
    let options =
        json!({"customHost": HOST, "Authorization": "AUTH_KEY", "forwardHeaders": ["Authorization"]});
    assert_eq!(headers(options), [pair("authorization", "AUTH_KEY")]);
    let options = json!({"Authorization": "Token raw", "config":
        {"provider": "openai", "api_key": "key-A", "custom_host": HOST, "forward_headers": ["Authorization"]}});
    assert_eq!(headers(options), [pair("authorization", "Token raw")]);
}

#[test]
fn every_spelling_of_a_forwarded_header_arrives_once() {
    let spellings = ["X-Custom-ID", "x-custom-id", "xCustomId", "xCustomID", "x_custom_id", "X_Custom_Id"];
    for value in spellings {
        for listed in spellings {
            let options = json!({"customHost": HOST, value: "v", "forwardHeaders": [listed]});
            assert_eq!(headers(options), [pair("x-custom-id", "v")], "{value} listed as {listed}");
        }
    }
}

#[test]
fn a_config_s_values_are_sent_under_the_listed_names() {
    let listed = json!(["key_id", "pod_id", "access_token"]);
    let wanted = [pair("key_id", "KID"), pair("pod_id", "PID"), pair("access_token", "AT")];
    let snake = json!({"provider": "mistral-ai", "custom_host": HOST, "access_token": "AT", "key_id": "KID",
        "pod_id": "PID", "forward_headers": listed});
    let camel = json!({"provider": "mistral-ai", "customHost": HOST, "accessToken": "AT", "keyId": "KID",
        "podId": "PID", "forwardHeaders": listed});
    for config in [snake, camel] {
        assert_eq!(headers(json!({"config": config})), wanted);
        assert_eq!(headers(json!({"config": config.to_string()})), wanted);
    }
}

#[test]
fn a_name_without_a_value_is_a_problem_that_names_the_near_miss() {
    let told =
        problems(json!({"customHost": HOST, "xApiKeyy": "v", "forwardHeaders": ["xApiKey", "xApiKeyy"]}));
    assert_eq!(told, ["forwardHeaders[0]: xApiKey has no value anywhere; did you mean xApiKeyy?"]);
    let told = problems(json!({"customHost": HOST, "xApiKey": "v"}));
    assert_eq!(told, ["xApiKey: is sent to no one: add xApiKey to forwardHeaders"]);
}

#[test]
fn the_option_s_list_is_for_own_hosts_whatever_else_stands_beside_them() {
    let public = json!({"provider": "openai", "api_key": "k"});
    let given = |config: Value| json!({"xUser": "u", "forwardHeaders": ["xUser"], "config": config});
    let group = |targets: &[Value]| given(json!({"strategy": {"mode": "fallback"}, "targets": targets}));
    let told = plan(group(&[json!({"custom_host": HOST}), public.clone()])).map(|plan| {
        let targets = plan.root.targets();
        targets.iter().map(|target| target.headers.contains_key("x-user")).collect::<Vec<_>>()
    });
    assert_eq!(told, Ok(vec![true, false]));
    assert!(problems(group(&[public]))[0].contains("is sent to no one"));
    let embeddings = json!({"custom_host": HOST, "override_params": {"model": "e"}});
    let cache = json!({"mode": "semantic", "embeddings": embeddings});
    assert!(plan(given(json!({"custom_host": HOST, "cache": cache}))).is_ok());
}

#[test]
fn what_a_connection_owns_is_never_forwarded() {
    for name in
        ["Host", "content-length", "Connection", "Transfer-Encoding", "x-portkey-config", "Metadata-Flavor"]
    {
        let told = problems(json!({"customHost": HOST, name: "v", "forwardHeaders": [name]}));
        assert!(told[0].contains("never forwarded"), "{told:?}");
    }
    assert_eq!(
        headers(json!({"customHost": HOST, "Cookie": "a=b", "forwardHeaders": ["Cookie"]})),
        [pair("cookie", "a=b")]
    );
}

#[test]
fn all_problems_are_told_at_once_each_with_its_path() {
    let told = problems(
        json!({"provider": "opnai", "custmHost": "x", "requestTimeout": "100", "metadata": {"n": 1},
        "config": {"retry": {"attempts": 9, "on_status_codes": [42]}, "prompt_id": "v", "provder": "x"}}),
    );
    for wanted in [
        "custmHost: is no option; did you mean customHost?",
        "requestTimeout: expected milliseconds, a number ≥ 0 (0 = off), got a string",
        "metadata.n: expected a string, got 1",
        "config.retry.attempts: expected a whole number from 0 to 5, got 9",
        "config.retry.on_status_codes[0]: expected a whole number from 100 to 599, got 42",
        "config.prompt_id: is a key that this version cannot act on yet",
        "config.provder: is no key of a config; did you mean provider?",
    ] {
        assert!(told.iter().any(|problem| problem == wanted), "{wanted} in {told:#?}");
    }
    let told = problems(json!({"provider": "opnai"}));
    assert!(told[0].ends_with("; did you mean openai?"), "{told:?}");
    assert!(told[0].ends_with("; did you mean openai?"), "{told:?}");
}

#[test]
fn no_problem_shows_a_value_that_may_be_a_secret() {
    let secret = "canary-7f3a";
    let told = problems(
        json!({"customHost": format!("http://u:{secret}@h/v1"), "Authorization": {"k": secret},
        "apiKey": [secret], "xToken": format!("{secret}\n"), "forwardHeaders": ["xToken"], "virtualKey": secret,
        "config": format!("{{\"api_key\": \"{secret}\"")}),
    );
    assert!(!told.is_empty());
    assert!(!told.join(" ").contains(secret), "{told:#?}");
}

#[test]
fn metadata_holds_strings_of_at_most_128_characters() {
    let plan = plan(json!({"customHost": HOST, "metadata": {"_user": "é".repeat(128)}}))
        .unwrap_or_else(|why| panic!("{why:?}"));
    assert_eq!(plan.trace.metadata["_user"].chars().count(), 128);
    let told = problems(json!({"customHost": HOST, "metadata": {"_user": "é".repeat(129)}}));
    assert_eq!(told, ["metadata._user: expected at most 128 characters, got 129"]);
}

#[test]
fn a_call_s_options_lie_over_the_client_s_in_any_spelling() {
    let base = map(
        json!({"customHost": HOST, "xApiKey": "old", "traceId": "a", "timeouts": {"idle": 1, "connect": 2}}),
    );
    let over = json!({"X-Api-Key": "new", "traceID": "b", "timeouts": {"idle": 9}, "customHost": null});
    let merged = overlay(&base, over.as_object().expect("an object"));
    assert_eq!(
        Value::Object(merged),
        json!({"timeouts": {"idle": 9, "connect": 2}, "X-Api-Key": "new", "traceID": "b"})
    );
}

#[test]
fn a_server_of_one_s_own_needs_a_host_and_a_call_needs_a_place_to_go() {
    assert!(problems(json!({"provider": "ollama"}))[0].starts_with("customHost: is missing"));
    assert!(problems(json!({}))[0].contains("nowhere to send"));
    assert!(plan(json!({"provider": "openai"})).is_ok());
}

#[test]
fn a_config_key_in_two_spellings_is_a_problem() {
    let told = problems(json!({"config": {"custom_host": HOST, "customHost": HOST}}));
    assert_eq!(told, ["config.customHost: is given twice, as custom_host too"]);
}
