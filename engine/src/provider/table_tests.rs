//! What holds for every row of the table: where it is, and what it needs.

use std::collections::BTreeSet;
use std::fs;

use serde_json::{Value, json};
use url::Url;

use super::dialect::{Asked, Settings};
use super::fixtures::{endpoint, every_setting, root, settings};
use super::{CUSTOM_HOST, LEFT_OUT, PROVIDERS, find};
use crate::base_url::BaseUrl;
use crate::endpoint::ENDPOINTS;
use crate::secret::Secret;

#[test]
fn every_provider_s_urls_are_those_that_it_documents() {
    let rows = fs::read_to_string(root().join("provider-urls.json")).expect("provider-urls.json");
    let rows: Vec<Value> = serde_json::from_str(&rows).expect("JSON");
    let settings = every_setting(None);
    for row in &rows {
        let name = row["provider"].as_str().expect("a name");
        let provider = find(name).unwrap_or_else(|| panic!("{name} is no provider"));
        let endpoint = endpoint(row["endpoint"].as_str().expect("an endpoint"));
        assert!(provider.has(endpoint), "{name} has no {}", endpoint.call);
        let messages = [json!({ "role": "user", "content": "c" })];
        let model = row["model"].as_str().unwrap_or("m");
        let body = json!({ "model": model, "messages": messages, "input": "a", "prompt": "p", "user": "u" });
        let body = body.to_string();
        let asked = Asked {
            endpoint,
            arguments: &[],
            body: body.as_bytes(),
            stream: false,
            settings: &settings,
            custom_host: false,
        };
        let path = match provider.dialect(endpoint) {
            Some(dialect) => dialect.request(&asked).unwrap_or_else(|why| panic!("{name}: {why}")).path,
            None => provider.path(endpoint),
        };
        let base = provider.base_url_for(&settings).expect("a base URL");
        let url = BaseUrl::parse(&base).expect("a base URL").join(&path, None);
        assert_eq!(url, row["url"].as_str().expect("a URL"), "{name}");
        Url::parse(&url).expect("a URL");
    }
    let hosted = PROVIDERS.iter().filter(|one| one.base_url_for(&settings).is_some());
    for provider in hosted {
        let documented = rows.iter().any(|row| row["provider"] == provider.name());
        assert!(documented, "{} stands in no row of provider-urls.json", provider.name());
    }
}

#[test]
fn a_row_s_dialect_has_the_row_s_version() {
    let settings = Settings::default();
    let listed = ENDPOINTS.iter().find(|row| row.call == "models.list").expect("a row");
    for provider in PROVIDERS.iter().filter(|provider| provider.has(listed)) {
        let Some(dialect) = provider.dialect(listed) else { continue };
        let asked = Asked {
            endpoint: listed,
            arguments: &[],
            body: b"",
            stream: false,
            settings: &settings,
            custom_host: true,
        };
        let made = dialect.request(&asked).unwrap_or_else(|why| panic!("{}: {why}", provider.name()));
        let path = made.path.split('?').next();
        assert_eq!(path, Some(&*provider.path(listed)), "{}", provider.name());
        assert!(made.body.is_empty(), "{}", provider.name());
    }
}

/// The names that Portkey's gateway takes.
const PORTKEY: &str = "ai21 aibadgr anthropic anyscale azure-ai azure-openai bedrock bytez cerebras cohere cometapi cortex \
    dashscope deepbricks deepinfra deepseek featherless-ai fireworks-ai github google groq huggingface hyperbolic \
    inference-net iointelligence jina kluster-ai krutrim lambda lemonfox-ai lepton lingyi matterai meshy milvus mistral-ai \
    modal monsterapi moonshot ncompass nebius nextbit nomic novita-ai nscale ollama openai openrouter oracle ovhcloud palm \
    perplexity-ai predibase qdrant recraft-ai reka-ai replicate sagemaker sambanova segmind siliconflow stability-ai \
    together-ai tripo3d triton upstage vertex-ai voyage workers-ai x-ai z-ai zhipu 302ai";

#[test]
fn every_provider_of_the_gateway_is_one_of_ours_or_left_out_for_a_reason() {
    for name in PORTKEY.split_whitespace() {
        let left_out = LEFT_OUT.iter().any(|(other, _)| *other == name);
        assert!(find(name).is_some() != left_out, "{name}");
    }
    let names: BTreeSet<&str> = PROVIDERS.iter().map(|provider| provider.name()).collect();
    assert_eq!(names.len(), PROVIDERS.len(), "a name stands twice");
}

#[test]
fn an_option_that_a_base_url_needs_is_asked_for_by_name() {
    let none = Settings::default();
    let mut hosted = Settings::default();
    hosted.set(CUSTOM_HOST, Secret::new("http://h"));
    for (name, key) in [
        ("azure-openai", "azure_resource_name"),
        ("azure-ai", "azure_foundry_url"),
        ("workers-ai", "workers_ai_account_id"),
        ("cortex", "snowflake_account"),
        ("oracle", "oracle_region"),
    ] {
        let provider = find(name).expect("a provider");
        let problems = provider.problems(&none);
        assert_eq!(problems[0].path, key);
        assert!(problems[0].message.starts_with("is missing: "), "{}", problems[0].message);
        assert!(problems[0].message.ends_with("; or name a custom host"), "{}", problems[0].message);
        assert!(provider.problems(&hosted).is_empty(), "{name}");
        assert_eq!(provider.base_url_for(&none), None);
        if key != "azure_foundry_url" {
            let mut hostile = Settings::default();
            hostile.set(key, Secret::new("evil.example/#"));
            assert_eq!(provider.base_url_for(&hostile), None, "{name}");
            assert!(provider.problems(&hostile)[0].message.starts_with("expected a "), "{name}");
        }
    }
}

#[test]
fn without_what_a_provider_needs_there_is_nowhere_to_go_and_it_says_why() {
    let none = Settings::default();
    for provider in PROVIDERS {
        let required = provider.settings().iter().filter(|setting| setting.required).count();
        let told = provider.problems(&none);
        let missing = told.iter().filter(|problem| problem.message.starts_with("is missing: ")).count();
        assert_eq!(missing, told.len(), "{}: {told:?}", provider.name());
        for problem in &told {
            let known = provider.settings().iter().any(|setting| setting.key == problem.path);
            assert!(known, "{} has no option {}", provider.name(), problem.path);
        }
        let has_host = provider.base_url_for(&none).is_some();
        let needs_host = provider.usual_host().is_some();
        assert!(
            has_host || needs_host || required + missing > 0,
            "{} does not say what it needs",
            provider.name()
        );
    }
}

#[test]
fn azure_knows_its_versions() {
    for (version, is_right) in [
        ("v1", true),
        ("preview", true),
        ("latest", true),
        ("2024-10-21", true),
        ("2025-04-01-preview", true),
        ("2024-10", false),
        ("2024-1-021", false),
        ("24-10-21", false),
        ("2024-10-21-beta", false),
        ("v2", false),
        ("", false),
    ] {
        for name in ["azure-openai", "azure-ai"] {
            let mut settings = every_setting(None);
            settings.set("azure_api_version", Secret::new(version));
            let problems = find(name).expect("a provider").problems(&settings);
            assert_eq!(problems.is_empty(), is_right, "{name} {version}: {problems:?}");
        }
    }
}

#[test]
fn azure_has_responses_from_the_version_on_that_has_them() {
    let azure = find("azure-openai").expect("a provider");
    let responses = endpoint("responses");
    for (version, has) in [
        ("v1", true),
        ("preview", true),
        ("2025-03-01-preview", true),
        ("2025-04-01-preview", true),
        ("2025-02-01-preview", false),
        ("2024-10-21", false),
    ] {
        let mut settings = every_setting(None);
        settings.set("azure_api_version", Secret::new(version));
        assert_eq!(azure.has_natively(responses, &settings, b"{}"), has, "{version}");
    }
}

#[test]
fn a_row_takes_a_format_as_it_is_for_the_models_that_speak_it() {
    let none = Settings::default();
    let has = |provider: &str, short: &str, body: &[u8]| {
        find(provider).expect("a provider").has_natively(endpoint(short), &none, body)
    };
    assert!(has("cortex", "messages", br#"{"model":"claude-sonnet-4-5"}"#));
    assert!(!has("cortex", "messages", br#"{"model":"llama3.1-70b"}"#));
    assert!(!has("cortex", "messages", b"{}"));
    assert!(!has("cortex", "responses", br#"{"model":"claude-sonnet-4-5"}"#));
    assert!(has("openai", "responses", b"{}"));
    assert!(!has("openai", "messages", br#"{"model":"claude"}"#));
    assert!(has("groq", "responses", b"{}"));
    assert!(!has("groq", "messages", b"{}"));
    assert!(!has("deepseek", "responses", b"{}"));
    assert!(has("workers-ai", "responses", br#"{"model":"@cf/openai/gpt-oss-120b"}"#));
    assert!(!has("workers-ai", "responses", br#"{"model":"@cf/meta/llama-3.1-8b-instruct"}"#));
}

#[test]
fn a_format_of_the_service_s_own_servers_is_not_asked_of_another_host() {
    let hosted = settings(&[(CUSTOM_HOST, "https://llm.example.com/v1")]);
    let endpoints = settings(&[("huggingface_base_url", "https://me.endpoints.huggingface.cloud")]);
    let body = br#"{"model":"@cf/openai/gpt-oss-120b"}"#;
    for (provider, settings, has) in [
        ("huggingface", Settings::default(), true),
        ("huggingface", hosted.clone(), false),
        ("huggingface", endpoints, false),
        ("workers-ai", hosted.clone(), false),
        ("x-ai", hosted, true),
    ] {
        let provider = find(provider).expect("a provider");
        assert_eq!(provider.has_natively(endpoint("responses"), &settings, body), has, "{}", provider.name());
    }
}

#[test]
fn every_row_that_takes_a_format_as_it_is_has_its_endpoint() {
    let body = br#"{"model":"claude"}"#;
    for provider in PROVIDERS {
        for short in ["messages", "responses"] {
            let endpoint = endpoint(short);
            let native = provider.has_natively(endpoint, &every_setting(None), body);
            assert!(!native || provider.has(endpoint), "{} has no {short}", provider.name());
        }
    }
}

#[test]
fn azure_takes_a_key_or_a_token_and_tells_them_apart() {
    let azure = find("azure-openai").expect("a provider");
    let header = |settings: &Settings, given: &str| {
        let (name, value) = azure.credential_for(settings, Some(&Secret::new(given))).expect("a header");
        format!("{name}: {}", value.expose())
    };
    let mut settings = Settings::default();
    assert_eq!(header(&settings, "Bearer 0123abc"), "api-key: 0123abc");
    assert_eq!(header(&settings, "eyJh.eyJi.sig"), "authorization: Bearer eyJh.eyJi.sig");
    settings.set("azure_auth_mode", Secret::new("entra"));
    assert_eq!(header(&settings, "t"), "authorization: Bearer t");
    settings.set("azure_ad_token", Secret::new("token"));
    assert_eq!(header(&settings, "0123abc"), "authorization: Bearer token");
    settings.set("azure_auth_mode", Secret::new("workload"));
    assert!(azure.problems(&settings).iter().any(|problem| problem.path == "azure_auth_mode"));
}

#[test]
fn anthropic_s_models_in_foundry_take_the_key_in_anthropic_s_header() {
    let azure = find("azure-ai").expect("a provider");
    let mut settings = Settings::default();
    settings.set("azure_foundry_url", Secret::new("https://x.services.ai.azure.com/anthropic"));
    let key = Secret::new("k");
    assert_eq!(azure.credential_for(&settings, Some(&key)).expect("a header").0, "x-api-key");
    settings.set("azure_ad_token", Secret::new("t"));
    assert_eq!(azure.credential_for(&settings, Some(&key)).expect("a header").0, "authorization");
}
