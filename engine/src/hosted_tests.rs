//! Hosted targets beside local ones, with a network on which Portkey's platform is a server of the test's.

use std::sync::Arc;

use serde_json::json;
use url::Url;

use super::*;
use crate::http::{ConnectWatch, Destination, Failure, Reply, Transport, Wire};
use crate::provider::portkey::PLATFORM;

/// The real network, on which the platform is elsewhere.
struct Rerouted {
    network: Network,
    platform: String,
}

impl Transport for Rerouted {
    fn send<'a>(
        &'a self,
        mut wire: Wire,
        watch: &'a ConnectWatch,
    ) -> Pin<Box<dyn Future<Output = std::result::Result<Reply, Failure>> + Send + 'a>> {
        if let Some(path) = wire.url.as_str().strip_prefix(PLATFORM) {
            let url = Url::parse(&format!("{}{path}", self.platform));
            wire.url = Destination::of(url.expect("a URL"));
        }
        self.network.send(wire, watch)
    }
}

/// A client of these options; `LOCAL` in them is the local server's base URL.
struct World {
    local: Server,
    platform: Server,
    engine: Engine,
}

impl World {
    async fn new(local: Vec<Script>, platform: Vec<Script>, options: Value) -> Self {
        let (local, platform) = (Server::start(local).await, Server::start(platform).await);
        let options = options.to_string().replace("LOCAL", &local.base_url());
        let options = serde_json::from_str(&options).expect("options are an object");
        let network = Rerouted { network: Network::default(), platform: platform.base_url() };
        let engine = Engine::with_doors(&options, Arc::new(network), Arc::new(SystemClock), None)
            .unwrap_or_else(|error| panic!("{error}"));
        Self { local, platform, engine }
    }

    async fn send(&self, call: Call) -> Answer {
        in_time(self.engine.send(call)).await.unwrap_or_else(|failed| panic!("{}", failed.error))
    }
}

/// The requests that came, each as the lines of its head.
fn asked(server: &mut Server) -> Vec<String> {
    let text = |request: server::Request| {
        let headers = request.headers.iter().map(|(name, value)| format!("{name}: {value}\r\n"));
        format!("{} {}\r\n{}", request.method, request.path, headers.collect::<String>()).to_ascii_lowercase()
    };
    server.requests().into_iter().map(text).collect()
}

const FACTS: &str = "x-portkey-trace-id: platform-trace\r\nx-portkey-provider: openai\r\nx-portkey-last-used-option-index: config\r\n\
                     x-portkey-cache-status: MISS\r\n";

fn facts(report: &Report) -> Vec<(String, String)> {
    report.facts().map(|(name, value)| (name.to_owned(), value.into_owned())).collect()
}

fn fallback() -> Value {
    json!({
        "apiKey": "portkey-key", "Authorization": "own-credential", "metadata": { "a": "1" },
        "config": { "strategy": { "mode": "fallback" }, "targets": [
            { "name": "local", "custom_host": "LOCAL", "api_key": "local-key" },
            { "name": "cloud", "provider": "@prod", "override_params": { "model": "big" } },
        ] },
    })
}

#[tokio::test]
async fn a_hosted_target_takes_over_from_a_local_one_and_only_it_gets_the_key() {
    let mut world = World::new(vec![reply(500, "", "{}")], vec![reply(200, FACTS, "{}")], fallback()).await;
    let answer = world.send(chat(false)).await;
    let local = asked(&mut world.local).remove(0);
    assert!(local.contains("authorization: bearer local-key") && !local.contains("portkey-key"), "{local}");
    assert!(!local.contains("x-portkey-"), "{local}");
    let hosted = asked(&mut world.platform).remove(0);
    for wanted in ["post /v1/chat/completions", "x-portkey-api-key: portkey-key", "x-portkey-provider: @prod"]
    {
        assert!(hosted.contains(wanted), "{wanted} in {hosted}");
    }
    for never in ["local-key", "own-credential", "x-portkey-config", "x-portkey-custom-host"] {
        assert!(!hosted.contains(never), "{never} in {hosted}");
    }
    let report = &answer.report;
    let urls: Vec<&str> = report.attempts.iter().map(|attempt| &*attempt.url).collect();
    assert_eq!(urls[1], "https://api.portkey.ai/v1/chat/completions");
    let told = facts(report);
    for (name, value) in [
        ("trace-id", "platform-trace"),
        ("provider", "openai"),
        ("last-used-option-index", "config.targets[1]"),
        ("retry-attempt-count", "0"),
        ("cache-status", "MISS"),
    ] {
        let of_name: Vec<_> = told.iter().filter(|(fact, _)| fact == name).collect();
        assert_eq!(of_name, [&(name.to_owned(), value.to_owned())]);
    }
}

#[tokio::test]
async fn a_local_target_takes_over_from_a_hosted_one_in_mid_stream_and_nothing_of_that_is_told() {
    let mut options = fallback();
    options["config"]["targets"].as_array_mut().expect("targets").reverse();
    let hosted =
        format!("HTTP/1.1 200 OK\r\n{FACTS}content-type: text/event-stream\r\n\r\n{ROLE}{OVERLOADED}");
    let script = vec![send(&hosted), Step::Close];
    let world = World::new(vec![stream(WHOLE)], vec![script], options).await;
    let answer = world.send(chat(true)).await;
    let told = facts(&answer.report);
    assert!(told.contains(&("provider".to_owned(), "openai".to_owned())), "{told:?}");
    assert!(
        told.contains(&("last-used-option-index".to_owned(), "config.targets[1]".to_owned())),
        "{told:?}"
    );
    assert!(!told.iter().any(|(_, value)| value == "MISS"), "{told:?}");
}

#[tokio::test]
async fn the_platform_s_own_endpoints_go_there_whatever_the_client_s_host_is() {
    let options = json!({ "apiKey": "portkey-key", "customHost": "LOCAL", "Authorization": "own-credential", "traceID": "t" });
    let mut world = World::new(Vec::new(), vec![reply(200, FACTS, "{}")], options).await;
    let endpoint = ENDPOINTS.iter().find(|row| row.call == "feedback.create").expect("a row of the table");
    let body = Bytes::from_static(br#"{"trace_id":"t","value":1}"#);
    let answer = world.send(Call { endpoint, body, ..chat(false) }).await;
    assert_eq!(facts(&answer.report)[0], ("trace-id".to_owned(), "platform-trace".to_owned()));
    let hosted = asked(&mut world.platform).remove(0);
    assert!(hosted.contains("post /v1/feedback") && hosted.contains("x-portkey-trace-id: t\r\n"), "{hosted}");
    assert!(!hosted.contains("own-credential") && !hosted.contains("custom-host"), "{hosted}");
    assert!(asked(&mut world.local).is_empty());
}

#[tokio::test]
async fn a_model_that_names_a_hosted_provider_is_asked_of_the_platform_where_nothing_else_is_named() {
    let world = World::new(Vec::new(), vec![reply(200, "", "{}")], json!({ "apiKey": "portkey-key" })).await;
    let body = Bytes::from_static(br#"{"model":"@prod/gpt-4o","messages":[]}"#);
    let answer = world.send(Call { body, ..chat(false) }).await;
    assert_eq!(answer.report.attempts[0].provider, "portkey");
    let nowhere = in_time(world.engine.send(chat(false))).await.err().expect("nowhere to go").error;
    assert!(nowhere.to_string().contains("nowhere to send"), "{nowhere}");
}

#[tokio::test]
async fn a_saved_config_gets_each_call_whole_and_a_virtual_key_s_own_retry_acts_here() {
    let saved =
        json!({ "apiKey": "portkey-key", "config": "pc-prod-1", "customHost": "LOCAL", "requestTimeout": 7 });
    let mut world = World::new(Vec::new(), vec![reply(200, FACTS, "{}")], saved).await;
    let answer = world.send(chat(false)).await;
    assert_eq!(&*answer.report.target, "hosted");
    let hosted = asked(&mut world.platform).remove(0);
    for wanted in
        ["x-portkey-config: pc-prod-1", "x-portkey-custom-host: http:", "x-portkey-request-timeout: 7"]
    {
        assert!(hosted.contains(wanted), "{wanted} in {hosted}");
    }
    let options = json!({ "apiKey": "portkey-key", "virtualKey": "vk", "requestTimeout": 9_000, "config":
        { "retry": { "attempts": 1, "use_retry_after_header": true } } });
    let refused = format!("{FACTS}retry-after-ms: 1\r\n");
    let mut world =
        World::new(Vec::new(), vec![reply(429, &refused, "{}"), reply(200, FACTS, "{}")], options).await;
    world.send(chat(false)).await;
    let hosted = asked(&mut world.platform);
    assert_eq!(hosted.len(), 2, "a retry that a config asks for is made");
    assert!(hosted[1].contains("x-portkey-virtual-key: vk") && !hosted[1].contains("x-portkey-config"));
    assert!(!hosted[1].contains("request-timeout"), "the clock runs here");
}

#[tokio::test]
async fn a_slug_that_comes_with_the_call_takes_a_passthrough_target_to_the_platform() {
    let options = json!({ "apiKey": "portkey-key", "provider": "ollama",
        "config": { "passthrough": true, "custom_host": "LOCAL" } });
    let mut world = World::new(vec![reply(200, "", "{}")], vec![reply(200, "", "{}"); 2], options).await;
    let body = Bytes::from_static(br#"{"model":"@ollama/org/m","messages":[]}"#);
    let answer = world.send(Call { body: body.clone(), ..chat(false) }).await;
    assert_eq!(answer.report.attempts[0].provider, "portkey");
    let request = world.platform.requests().remove(0);
    let header =
        |name: &str| request.headers.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str());
    assert_eq!(header("x-portkey-provider"), Some("@ollama"));
    assert!(header("x-portkey-custom-host").is_some_and(|host| host.starts_with("http:")));
    assert_eq!(request.body, br#"{"model":"org/m","messages":[]}"#.as_slice());
    let params = json!({ "provider": "@prod" }).as_object().cloned();
    let answer = world.send(Call { params, ..chat(false) }).await;
    assert_eq!(answer.report.attempts[0].provider, "portkey");
    let answer = world.send(chat(false)).await;
    assert_eq!(answer.report.attempts[0].provider, "ollama");
}

#[tokio::test]
async fn a_slug_in_the_model_is_a_passthrough_target_s_alone_in_a_group_and_needs_the_platform_s_key() {
    let options = |key: Value| {
        json!({ "apiKey": key, "config": { "strategy": { "mode": "fallback" },
        "targets": [{ "custom_host": "LOCAL" }, { "passthrough": true }] } })
    };
    let body = Bytes::from_static(br#"{"model":"@prod/m","messages":[]}"#);
    let mut world =
        World::new(vec![reply(500, "", "{}")], vec![reply(200, "", "{}")], options("portkey-key".into()))
            .await;
    let answer = world.send(Call { body: body.clone(), ..chat(false) }).await;
    assert_eq!(answer.report.attempts.last().expect("an attempt").provider, "portkey");
    assert_eq!(world.local.requests()[0].body, body);
    assert_eq!(world.platform.requests()[0].body, br#"{"model":"m","messages":[]}"#.as_slice());
    let world = World::new(Vec::new(), Vec::new(), options(Value::Null)).await;
    let failed = in_time(world.engine.send(Call { body, ..chat(false) })).await.err().expect("no key");
    assert!(
        failed.error.to_string().starts_with("model: asks for Portkey's hosted platform"),
        "{}",
        failed.error
    );
}
