//! What the documentation shows of each provider at a custom host: the host as its rule wants it written, and the URL that
//! a call goes to there. Made by the same code as every call's, so that no example can be wrong; no call is made by it.

use serde_json::json;

use super::compatible::is_plain;
use super::dialect::{Asked, Settings};
use super::{CUSTOM_HOST, Provider};
use crate::base_url::BaseUrl;
use crate::endpoint::{CHAT, EMBEDDINGS, ENDPOINTS, IMAGES};
use crate::secret::Secret;

/// A custom host, and where a call goes.
#[derive(Debug, PartialEq, Eq)]
pub struct Example {
    pub custom_host: String,
    pub call: &'static str,
    pub url: String,
}

/// The first of these that a provider has is its example.
const CALLS: [&str; 4] = [CHAT, "completions.create", EMBEDDINGS, IMAGES];

const ORIGIN: &str = "https://llm.example.com";

/// What stands in paths, where a service has it there.
const SETTINGS: [(&str, &str); 4] = [
    ("aws_region", "us-east-1"),
    ("oracle_region", "us-chicago-1"),
    ("vertex_project_id", "my-project"),
    ("vertex_region", "us-central1"),
];

/// A provider's example; `None` where its base URL can't be written as one.
pub fn of(provider: &dyn Provider) -> Option<Example> {
    let endpoint =
        CALLS.iter().find_map(|call| ENDPOINTS.iter().find(|row| row.call == *call && provider.has(row)))?;
    let mut settings = Settings::default();
    for (key, value) in SETTINGS {
        settings.set(key, Secret::new(value));
    }
    let custom_host = custom_host(provider, &settings)?;
    settings.set(CUSTOM_HOST, Secret::new(&custom_host));
    let model = if provider.name() == "replicate" { "owner/model" } else { "model" };
    let messages = [json!({ "role": "user", "content": "text" })];
    let body =
        json!({ "model": model, "messages": messages, "input": "text", "prompt": "text", "user": "user" });
    let body = body.to_string();
    let path = match provider.dialect(endpoint) {
        None => provider.path(endpoint),
        Some(dialect) => {
            let body = body.as_bytes();
            let asked = Asked {
                endpoint,
                arguments: &[],
                body,
                stream: false,
                settings: &settings,
                custom_host: true,
            };
            dialect.request(&asked).ok()?.path
        }
    };
    let url = BaseUrl::parse(&custom_host).ok()?.join(&path, None);
    Some(Example { custom_host, call: endpoint.call, url })
}

/// Where a server of this kind usually listens, or the service's own base URL at another origin.
fn custom_host(provider: &dyn Provider, settings: &Settings) -> Option<String> {
    if let Some(usual) = provider.usual_host() {
        return Some(usual.to_owned());
    }
    let own = provider.base_url().map(str::to_owned).or_else(|| provider.base_url_for(settings))?;
    let path =
        own.strip_prefix("https://").and_then(|rest| rest.split_once('/')).map_or("", |(_, path)| path);
    let segments = path.split('/').filter(|segment| !segment.is_empty());
    let named = segments.map(|segment| if is_plain(segment) { segment } else { "mine" });
    Some(named.fold(ORIGIN.to_owned(), |url, segment| format!("{url}/{segment}")))
}

#[cfg(test)]
mod tests {
    use super::super::{PROVIDERS, find};
    use super::*;

    #[test]
    fn every_provider_has_an_example_of_its_custom_host() {
        for provider in PROVIDERS {
            let example = of(*provider).unwrap_or_else(|| panic!("{} has none", provider.name()));
            let base = BaseUrl::parse(&example.custom_host).expect("a custom host");
            assert!(example.url.starts_with(&base.shown()), "{}: {example:?}", provider.name());
        }
    }

    #[test]
    fn an_example_has_the_paths_that_the_service_s_own_base_url_has() {
        for (name, custom_host, url) in [
            (
                "groq",
                "https://llm.example.com/openai/v1",
                "https://llm.example.com/openai/v1/chat/completions",
            ),
            ("together-ai", "https://llm.example.com", "https://llm.example.com/v1/chat/completions"),
            ("vllm", "http://localhost:8000/v1", "http://localhost:8000/v1/chat/completions"),
            ("voyage", "https://llm.example.com/v1", "https://llm.example.com/v1/embeddings"),
            ("bedrock", "https://llm.example.com", "https://llm.example.com/model/model/converse"),
            (
                "workers-ai",
                "https://llm.example.com/client/v4/accounts/mine/ai",
                "https://llm.example.com/client/v4/accounts/mine/ai/v1/chat/completions",
            ),
        ] {
            let example = of(find(name).expect("a provider")).expect("an example");
            assert_eq!((&*example.custom_host, &*example.url), (custom_host, url), "{name}");
        }
    }
}
