//! What the engine does over time, against a real server, with a clock that notes each wait and ends it at once.
//! Everything else is told by `engine/tests/`.

use std::future::{Future, ready};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use serde_json::{Value, json};

use super::*;
use crate::answer::Content;
use crate::call::CallOptions;
use crate::endpoint::ENDPOINTS;

#[path = "../tests/support/server.rs"]
#[expect(dead_code, reason = "other tests use the rest of it")]
mod server;
use server::{Script, Server, Step, in_time, turn};

#[path = "engine_panic_tests.rs"]
mod panics;

/// Tells real time, the wall time of RFC 9110's example, and always the same chance.
struct Noting {
    random: f64,
    waits: Mutex<Vec<u128>>,
}

impl Clock for Noting {
    fn now(&self) -> Instant {
        SystemClock.now()
    }

    fn wall(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_770)
    }

    fn random(&self) -> f64 {
        self.random
    }

    fn sleep(&self, wait: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        self.waits.lock().expect("no test panics with it").push(wait.as_millis());
        Box::pin(ready(()))
    }
}

/// A clock that begins the first wait and never ends it.
struct Stuck(tokio::sync::Notify);

impl Clock for Stuck {
    fn now(&self) -> Instant {
        SystemClock.now()
    }

    fn wall(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH
    }

    fn random(&self) -> f64 {
        0.5
    }

    fn sleep(&self, _: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        self.0.notify_one();
        Box::pin(std::future::pending())
    }
}

fn engine(clock: Arc<dyn Clock>, base_url: &str, more: Value) -> Engine {
    let (Value::Object(mut options), Value::Object(more)) = (json!({ "customHost": base_url }), more) else {
        panic!("options are an object")
    };
    options.extend(more);
    Engine::with_doors(&options, Arc::new(Network::default()), clock, None)
        .unwrap_or_else(|error| panic!("{error}"))
}

fn chat(stream: bool) -> Call {
    Call {
        endpoint: &ENDPOINTS[0],
        arguments: Vec::new(),
        body: Bytes::from_static(br#"{"messages":[]}"#),
        form: None,
        stream,
        params: None,
        options: CallOptions::default(),
    }
}

/// How a call ended, what it was told, and the waits it asked for.
struct Told {
    answered: std::result::Result<Answer, Failed>,
    waits: Vec<u128>,
    requests: usize,
}

impl Told {
    fn report(&self) -> &Report {
        match &self.answered {
            Ok(answer) => &answer.report,
            Err(failed) => &failed.report,
        }
    }

    /// Status, or else code, of each attempt, and its reason.
    fn attempts(&self) -> Vec<(String, Option<&str>)> {
        let told = self.report().attempts.iter().map(|attempt| {
            let outcome = attempt.status.map(|status| status.to_string()).or_else(|| attempt.code.clone());
            (outcome.unwrap_or_default(), attempt.retry_reason.as_deref())
        });
        told.collect()
    }
}

async fn tell(scripts: Vec<Script>, options: Value, call: Call) -> Told {
    let mut server = Server::start(scripts).await;
    let clock = Arc::new(Noting { random: 0.5, waits: Mutex::default() });
    let engine = engine(clock.clone(), &server.base_url(), options);
    let answered = in_time(engine.send(call)).await;
    let waits = clock.waits.lock().expect("no test panics with it").clone();
    Told { answered, waits, requests: server.requests().len() }
}

fn send(text: &str) -> Step {
    Step::Send(Bytes::copy_from_slice(text.as_bytes()))
}

fn reply(status: u16, headers: &str, body: &str) -> Script {
    vec![send(&format!("HTTP/1.1 {status} Text\r\n{headers}content-length: {}\r\n\r\n{body}", body.len()))]
}

/// A stream whose body ends with its connection.
fn stream(text: &str) -> Script {
    vec![send("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n"), send(text), Step::Close]
}

const ROLE: &str = "data: {\"id\":\"first\",\"choices\":[{\"delta\":{\"role\":\"assistant\"}}]}\n\n";
const CONTENT: &str = "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n";
const OVERLOADED: &str = "data: {\"error\":{\"code\":503,\"message\":\"overloaded\"}}\n\n";
const WHOLE: &str =
    "data: {\"choices\":[{\"delta\":{\"content\":\"b\"},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n";

async fn events(told: Told) -> (String, Option<Error>) {
    let Ok(Answer { content: Content::Events(mut events), .. }) = told.answered else { panic!("no stream") };
    let mut all = Vec::new();
    while let Some(batch) = in_time(events.next()).await {
        match batch {
            Ok(batch) => batch.iter().for_each(|event| all.extend_from_slice(&event.data)),
            Err(error) => return (String::from_utf8_lossy(&all).into_owned(), Some(error)),
        }
    }
    (String::from_utf8_lossy(&all).into_owned(), None)
}

#[tokio::test]
async fn the_default_back_off_draws_below_half_a_second_and_then_below_one() {
    let told =
        tell(vec![reply(500, "", "{}"), reply(500, "", "{}"), reply(200, "", "{}")], json!({}), chat(false));
    let told = told.await;
    assert!(told.answered.is_ok());
    assert_eq!(told.waits, [250, 500]);
    assert_eq!(told.requests, 3);
}

#[tokio::test]
async fn a_config_s_back_off_draws_below_1_2_4_8_and_16_seconds() {
    let options = json!({ "config": { "retry": { "attempts": 5 } } });
    let refusals = vec![reply(503, "retry-after: 9\r\n", "{}"); 6];
    let told = tell(refusals, options, chat(false)).await;
    assert!(told.answered.is_err());
    assert_eq!(told.waits, [500, 1_000, 2_000, 4_000, 8_000]);
    assert_eq!(told.requests, 6);
}

#[tokio::test]
async fn a_host_s_wait_is_asked_of_the_clock_exactly() {
    for (headers, wait) in [
        ("retry-after: 3\r\n", 3_000),
        ("retry-after: 0.25\r\n", 250),
        ("retry-after: Sun, 06 Nov 1994 08:49:37 GMT\r\n", 7_000),
        ("retry-after: Sun, 06 Nov 1994 08:00:00 GMT\r\n", 0),
        ("retry-after-ms: 40\r\nretry-after: 3\r\n", 40),
        ("retry-after: 59\r\n", 59_000),
        ("retry-after: soon\r\n", 250),
    ] {
        let told = tell(vec![reply(429, headers, "{}"), reply(200, "", "{}")], json!({}), chat(false)).await;
        assert!(told.answered.is_ok(), "{headers}");
        assert_eq!(told.waits, [wait], "{headers}");
    }
}

#[tokio::test]
async fn a_host_that_asks_for_a_minute_or_more_is_given_up() {
    for headers in ["retry-after: 60\r\n", "retry-after: Sun, 06 Nov 1994 08:50:31 GMT\r\n"] {
        let told = tell(vec![reply(429, headers, "{}"), reply(200, "", "{}")], json!({}), chat(false)).await;
        assert!(told.answered.is_err(), "{headers}");
        assert_eq!((told.waits.len(), told.requests), (0, 1), "{headers}");
    }
}

#[tokio::test]
async fn a_refused_connection_is_tried_again_although_the_call_is_a_post() {
    // Bound, so that nobody else gets it, and not listening.
    let socket = tokio::net::TcpSocket::new_v4().expect("a socket");
    socket.bind(([127, 0, 0, 1], 0).into()).expect("a free port");
    let address = socket.local_addr().expect("an address");
    let clock = Arc::new(Noting { random: 0.5, waits: Mutex::default() });
    let engine = engine(clock.clone(), &format!("http://{address}/v1"), json!({}));
    let answered = in_time(engine.send(chat(false))).await;
    let told = Told { answered, waits: clock.waits.lock().expect("no panic").clone(), requests: 0 };
    let refused = || "ECONNREFUSED".to_owned();
    let again = Some("ECONNREFUSED");
    assert_eq!(told.attempts(), [(refused(), None), (refused(), again), (refused(), again)]);
    assert_eq!(told.waits, [250, 500]);
    assert_eq!(told.answered.err().expect("a failure").error.kind(), Kind::Connect);
}

#[tokio::test]
async fn what_may_have_reached_the_host_is_sent_again_only_when_called_idempotent() {
    let cut = || vec![send("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{"), Step::Close];
    for broken in [vec![Step::Reset], vec![Step::Close], vec![Step::ResetUnread], cut()] {
        let scripts = || vec![broken.clone(), reply(200, "", "{}")];
        let once = tell(scripts(), json!({}), chat(false)).await;
        assert_eq!(once.answered.as_ref().err().expect("a failure").error.kind(), Kind::Broken);
        assert_eq!((once.report().attempts.len(), once.waits.len()), (1, 0));
        let twice = tell(scripts(), json!({ "idempotent": true }), chat(false)).await;
        assert!(twice.answered.is_ok());
        assert_eq!(twice.report().attempts[0].code.as_deref(), Some("ECONNRESET"));
        assert_eq!(twice.attempts()[1], ("200".to_owned(), Some("ECONNRESET")));
        assert_eq!(twice.waits, [250]);
        let get = Call { endpoint: &ENDPOINTS[3], body: Bytes::new(), ..chat(false) };
        assert!(tell(scripts(), json!({}), get).await.answered.is_ok(), "a GET is idempotent");
    }
}

#[tokio::test]
async fn an_error_in_a_stream_before_any_content_is_retried_and_leaves_no_trace_in_the_answer() {
    let options = json!({ "config": { "retry": { "attempts": 2 } } });
    let scripts = vec![stream(&format!("{ROLE}{OVERLOADED}")), stream(OVERLOADED), stream(WHOLE)];
    let told = tell(scripts, options, chat(true)).await;
    let reason = Some("status 503");
    let ok = || "200".to_owned();
    assert_eq!(told.attempts(), [(ok(), None), (ok(), reason), (ok(), reason)]);
    assert_eq!((told.waits.as_slice(), told.requests), ([500, 1_000].as_slice(), 3));
    let (text, error) = events(told).await;
    assert!(error.is_none() && text.contains("\"b\"") && !text.contains("first"), "{text}");
}

#[tokio::test]
async fn an_error_in_a_stream_after_content_is_not_retried() {
    let options = json!({ "idempotent": true, "config": { "retry": { "attempts": 2 } } });
    let scripts = vec![stream(&format!("{ROLE}{CONTENT}{OVERLOADED}")), stream(WHOLE)];
    let told = tell(scripts, options, chat(true)).await;
    assert_eq!((told.waits.len(), told.requests), (0, 1));
    let (text, error) = events(told).await;
    assert!(text.contains("first") && text.contains("\"a\""), "{text}");
    assert_eq!(error.expect("an error").status(), Some(503));
}

#[tokio::test]
async fn without_retry_in_the_config_an_error_is_retried_only_as_the_first_event() {
    let first = tell(vec![stream(OVERLOADED), stream(WHOLE)], json!({}), chat(true)).await;
    assert!(first.answered.is_ok());
    assert_eq!((first.waits.as_slice(), first.requests), ([250].as_slice(), 2));
    let second =
        tell(vec![stream(&format!("{ROLE}{OVERLOADED}")), stream(WHOLE)], json!({}), chat(true)).await;
    assert_eq!(second.requests, 1);
    assert_eq!(events(second).await.1.expect("an error").status(), Some(503));
}

#[tokio::test]
async fn a_stream_that_is_cut_before_any_content_is_retried_only_when_called_idempotent() {
    for (idempotent, requests) in [(false, 1), (true, 2)] {
        let options = json!({ "idempotent": idempotent, "config": { "retry": { "attempts": 1 } } });
        let told = tell(vec![stream(ROLE), stream(WHOLE)], options, chat(true)).await;
        assert_eq!((told.answered.is_ok(), told.requests), (idempotent, requests));
    }
}

#[tokio::test]
async fn with_retry_in_the_config_a_role_chunk_is_held_back_until_content_comes() {
    let gate = Arc::new(tokio::sync::Notify::new());
    let mut script = stream(ROLE);
    script.splice(2..2, [Step::Wait(gate.clone()), send(WHOLE)]);
    let mut server = Server::start([script]).await;
    let clock = Arc::new(Noting { random: 0.5, waits: Mutex::default() });
    let options = json!({ "config": { "retry": { "attempts": 1 } } });
    let engine = engine(clock, &server.base_url(), options);
    let mut sent = std::pin::pin!(engine.send(chat(true)));
    tokio::select! {
        biased;
        _ = &mut sent => panic!("the role chunk was handed out alone"),
        () = async { server.waiting().await; turn().await; turn().await; } => {}
    }
    gate.notify_one();
    let told = Told { answered: in_time(sent).await, waits: Vec::new(), requests: 1 };
    let (text, error) = events(told).await;
    assert!(error.is_none() && text.contains("first") && text.contains("\"b\""), "{text}");
}

#[tokio::test]
async fn the_total_clock_runs_through_waits_and_a_call_that_is_dropped_in_one_makes_no_more_requests() {
    let mut server = Server::start(vec![reply(500, "", "{}"); 3]).await;
    let clock = Arc::new(Stuck(tokio::sync::Notify::new()));
    let limited = engine(clock.clone(), &server.base_url(), json!({ "timeout": 30 }));
    let failed = in_time(limited.send(chat(false))).await.err().expect("no time is left");
    assert_eq!(failed.error.facts().code.as_deref(), Some("total_timeout"));
    assert_eq!(server.requests().len(), 1);
    let patient = engine(clock.clone(), &server.base_url(), json!({}));
    clock.0.notified().await;
    tokio::select! {
        _ = patient.send(chat(false)) => panic!("the wait never ends"),
        () = in_time(clock.0.notified()) => {}
    }
    assert_eq!(server.requests().len(), 1);
}

#[path = "hosted_tests.rs"]
mod hosted;

/// The network with one host in every other's place.
struct Elsewhere {
    network: Network,
    host: url::Url,
}

impl Transport for Elsewhere {
    fn send<'a>(
        &'a self,
        mut wire: crate::http::Wire,
        watch: &'a crate::http::ConnectWatch,
    ) -> Pin<
        Box<dyn Future<Output = std::result::Result<crate::http::Reply, crate::http::Failure>> + Send + 'a>,
    > {
        wire.url = crate::http::Destination::of(self.host.clone());
        self.network.send(wire, watch)
    }
}

/// What a call costs that goes to a public service, and is answered with `answer`.
async fn cost(options: Value, call: Call, answer: Script) -> Option<f64> {
    let server = Server::start(vec![answer]).await;
    let Value::Object(options) = options else { panic!("options are an object") };
    let host = url::Url::parse(&server.base_url()).expect("a URL");
    let transport = Elsewhere { network: Network::default(), host };
    let engine = Engine::with_doors(&options, Arc::new(transport), Arc::new(SystemClock), None);
    let engine = engine.unwrap_or_else(|error| panic!("{error}"));
    let answered = in_time(engine.send(call)).await.unwrap_or_else(|failed| panic!("{}", failed.error));
    let Answer { status, report, content, .. } = answered;
    let Content::Events(events) = content else { return report.cost };
    let mut stream = crate::events::Streaming::new(events, report, status);
    while let Some(Ok(_)) = in_time(stream.next()).await {}
    stream.report().cost
}

#[tokio::test]
async fn a_public_service_s_answer_costs_what_the_service_lists_unless_the_options_say_otherwise() {
    let openai = json!({ "provider": "openai", "Authorization": "Bearer k" });
    let mut priced = openai.clone();
    priced["pricing"] = json!({ "input": 1, "output": 1 });
    let usage = r#""usage":{"prompt_tokens":1000000,"completion_tokens":100000}"#;
    let of = |model: &str| reply(200, "", &format!(r#"{{"model":"{model}","choices":[],{usage}}}"#));
    assert_eq!(cost(openai.clone(), chat(false), of("gpt-4o-2024-08-06")).await, Some(3.5));
    assert_eq!(cost(openai.clone(), chat(false), of("gpt-5.4")).await, Some(5.0 + 2.25));
    assert_eq!(cost(openai.clone(), chat(false), of("gpt-of-tomorrow")).await, None);
    assert_eq!(cost(priced, chat(false), of("gpt-4o")).await, Some(1.1));
    let chunk = format!(r#"data: {{"model":"gpt-4o","choices":[],{usage}}}"#);
    let streamed = stream(&format!("data: {{\"model\":\"gpt-4o\"}}\n\n{chunk}\n\n{WHOLE}"));
    assert_eq!(cost(openai, chat(true), streamed).await, Some(3.5));
    let openrouter = json!({ "provider": "openrouter", "Authorization": "Bearer k" });
    let told = reply(200, "", r#"{"model":"x/y","choices":[],"usage":{"prompt_tokens":1,"cost":0.125}}"#);
    assert_eq!(cost(openrouter, chat(false), told).await, Some(0.125));
    let x_ai = json!({ "provider": "x-ai", "Authorization": "Bearer k" });
    let ticks = r#"{"model":"grok","choices":[],"usage":{"prompt_tokens":1,"cost_in_usd_ticks":1250000000}}"#;
    assert_eq!(cost(x_ai, chat(false), reply(200, "", ticks)).await, Some(0.125));
}

#[tokio::test]
async fn a_custom_host_s_answer_costs_nobody_knows_what() {
    let answer = r#"{"model":"gpt-4o","choices":[],"usage":{"prompt_tokens":9,"completion_tokens":9}}"#;
    let told = tell(vec![reply(200, "", answer)], json!({}), chat(false)).await;
    assert_eq!(told.report().cost, None);
}
