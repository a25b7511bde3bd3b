//! Streams as real servers sent them: whole, cut anywhere, broken off, left alone, and what becomes of their connections.

mod support;

use std::path::Path;
use std::sync::Arc;

use engine::{Call, Engine, Error, Kind};
use serde_json::{Value, json};
use support::{
    CHAT, Script, Server, Step, answer, call, chat, chunk, client, completion, data, drain, events, in_time,
    send, stream_head, streamed, text, turn,
};
use tokio::sync::Notify;

/// What a stream gives, in order, and its error. One that fails before its first event gives nothing.
type Outcome = (Vec<String>, Option<Error>);

const ROLE: &str = "data: {\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\"}}]}\n\n";
const STOP: &str =
    "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"},\"finish_reason\":\"stop\"}]}\n\n";
const DONE: &str = "data: [DONE]\n\n";

/// Every recorded stream, by name.
fn recordings() -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/streams/recorded");
    let mut found = Vec::new();
    for server in std::fs::read_dir(folder).expect("the recordings") {
        for file in std::fs::read_dir(server.expect("a folder").path()).expect("a folder") {
            let path = file.expect("a file").path();
            if path.extension().is_some_and(|extension| extension == "sse") {
                found.push((path.display().to_string(), std::fs::read(&path).expect("a recording")));
            }
        }
    }
    assert!(found.len() >= 19, "recordings are missing");
    found
}

fn recording(name: &str) -> Vec<u8> {
    recordings().into_iter().find(|(path, _)| path.ends_with(name)).expect("a recording").1
}

fn call_of(name: &str) -> Call {
    let endpoint = if name.contains("completion-stream") { "completions.create" } else { CHAT };
    Call { stream: true, ..call(endpoint, r#"{"stream":true}"#) }
}

/// The data of a recording's events, read without any parser of ours.
fn naive(recording: &[u8]) -> Vec<String> {
    let text = String::from_utf8(recording.to_vec()).expect("UTF-8");
    let lines = text.lines().filter_map(|line| line.strip_prefix("data: "));
    lines.filter(|data| *data != "[DONE]" && !data.starts_with("{\"error\"")).map(str::to_owned).collect()
}

async fn outcome(engine: &Engine, call: Call) -> Outcome {
    match in_time(engine.send(call)).await {
        Ok(answer) => {
            let mut events = events(answer);
            let outcome = drain(&mut events).await;
            events.rest().await;
            outcome
        }
        Err(failed) => (Vec::new(), Some(failed.error)),
    }
}

fn pieces<'b>(pieces: impl IntoIterator<Item = &'b [u8]>) -> Script {
    let chunks = pieces.into_iter().filter(|piece| !piece.is_empty()).map(chunk);
    std::iter::once(stream_head()).chain(chunks).chain([chunk("")]).collect()
}

/// Cuts `bytes` at up to `cuts` places.
fn cut_at_random<'b>(bytes: &'b [u8], random: &mut fastrand::Rng, cuts: usize) -> Vec<&'b [u8]> {
    let mut places: Vec<usize> = (0..random.usize(1..=cuts)).map(|_| random.usize(..=bytes.len())).collect();
    places.extend([0, bytes.len()]);
    places.sort_unstable();
    places.windows(2).map(|pair| &bytes[pair[0]..pair[1]]).collect()
}

fn told(error: Option<&Error>) -> Option<(Kind, Option<u16>)> {
    error.map(|error| (error.kind(), error.status()))
}

#[tokio::test]
async fn every_recorded_stream_gives_its_events_whole_and_byte_by_byte() {
    for (name, bytes) in recordings() {
        let mut server = Server::start([pieces([&bytes[..]]), pieces(bytes.chunks(1))]).await;
        let engine = client(&server, json!({}));
        let wanted_error = name.contains("error").then_some((Kind::Refused, Some(500)));
        for _ in 0..2 {
            let (got, error) = outcome(&engine, call_of(&name)).await;
            assert_eq!(got, naive(&bytes), "{name}");
            assert_eq!(told(error.as_ref()), wanted_error, "{name}");
        }
        assert_eq!(server.requests().len(), 2);
    }
}

#[tokio::test]
async fn a_recorded_stream_that_is_cut_at_random_gives_the_same_events() {
    let seed = fastrand::u64(..);
    let mut random = fastrand::Rng::with_seed(seed);
    for (name, bytes) in recordings() {
        let scripts: Vec<Script> = (0..12).map(|_| pieces(cut_at_random(&bytes, &mut random, 40))).collect();
        let server = Server::start(scripts).await;
        let engine = client(&server, json!({}));
        for round in 0..12 {
            let (got, error) = outcome(&engine, call_of(&name)).await;
            assert_eq!(got, naive(&bytes), "{name}, seed {seed}, round {round}");
            assert_eq!(error.is_some(), name.contains("error"), "{name}, seed {seed}, round {round}");
        }
    }
}

#[tokio::test]
async fn a_recorded_reply_gives_the_same_events_wherever_the_wire_is_cut() {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/streams/recorded/llama.cpp/chat-stream.wire");
    let wire = std::fs::read(path).expect("a recording");
    let scripts: Vec<Script> = (1..wire.len())
        .step_by(23)
        .map(|cut| vec![send(&wire[..cut]), Step::Wait(open_gate()), send(&wire[cut..]), Step::Close])
        .collect();
    let count = scripts.len();
    let server = Server::start(scripts).await;
    let engine = client(&server, json!({}));
    let mut first = None;
    for round in 0..count {
        let (got, error) = outcome(&engine, streamed()).await;
        assert!(error.is_none(), "round {round}: {}", error.expect("an error"));
        assert_eq!(*first.get_or_insert_with(|| got.clone()), got, "round {round}");
    }
    assert_eq!(first.expect("a stream").len(), 4);
}

/// A gate that stands open: passing it gives the reader its turn.
fn open_gate() -> Arc<Notify> {
    let gate = Arc::new(Notify::new());
    gate.notify_one();
    gate
}

/// The text of all first choices' contents.
fn content(events: &[String]) -> String {
    let parsed = events.iter().map(|event| serde_json::from_str::<Value>(event).expect("JSON"));
    parsed.filter_map(|chunk| chunk["choices"][0]["delta"]["content"].as_str().map(str::to_owned)).collect()
}

#[tokio::test]
async fn a_stream_that_ends_early_is_whole_or_truncated_wherever_it_was_cut() {
    let bytes = recording("llama.cpp/chat-stream.sse");
    let whole = naive(&bytes);
    let cuts: Vec<usize> = (0..bytes.len()).step_by(7).collect();
    // The body has a good end, or the connection closes within it, or is reset, which may take what came before with it.
    let ends = [(chunk(""), 3), (Step::Close, 2), (Step::Reset, 0)];
    for (end, at_least) in ends {
        let script = |cut: &usize| {
            let body = (*cut > 0).then(|| chunk(&bytes[..*cut]));
            std::iter::once(stream_head()).chain(body).chain([end.clone()]).collect::<Script>()
        };
        let server = Server::start(cuts.iter().map(script)).await;
        let engine = client(&server, json!({}));
        let mut wholes = 0;
        for cut in &cuts {
            let (got, error) = outcome(&engine, streamed()).await;
            assert!(whole.starts_with(&got), "byte {cut}");
            let Some(error) = error else {
                assert_eq!(content(&got), content(&whole), "byte {cut}: text is missing and nothing tells");
                assert_eq!(got.len(), whole.len(), "byte {cut}: the last event tells the finish reason");
                wholes += 1;
                continue;
            };
            assert_eq!(error.kind(), Kind::Truncated, "byte {cut}: {error}");
            let partial: Value = serde_json::from_str(error.facts().partial.as_deref().expect("a partial"))
                .expect("the partial is JSON");
            assert_eq!(partial["text"], content(&got), "byte {cut}");
        }
        assert!(wholes >= at_least, "only {wholes} cuts lie behind the finish reason");
    }
}

#[tokio::test]
async fn tool_calls_of_a_stream_that_is_cut_are_handed_over_as_far_as_they_came() {
    let bytes = recording("vllm/tools-required-stream.sse");
    let scripts: Vec<Script> = (1..bytes.len()).step_by(211).map(|cut| pieces([&bytes[..cut]])).collect();
    let count = scripts.len();
    let server = Server::start(scripts).await;
    let engine = client(&server, json!({}));
    let mut longest = 0;
    for round in 0..count {
        let Some(error) = outcome(&engine, streamed()).await.1 else { continue };
        assert_eq!(error.kind(), Kind::Truncated, "round {round}: {error}");
        let partial: Value =
            serde_json::from_str(error.facts().partial.as_deref().expect("a partial")).expect("JSON");
        let arguments = partial["toolCalls"][0]["function"]["arguments"].as_str().unwrap_or("");
        assert!(arguments.len() >= longest, "round {round}");
        longest = arguments.len();
    }
    assert!(longest > 0);
}

#[tokio::test]
async fn without_retry_in_the_config_the_first_event_is_handed_out_at_once() {
    let gate = Arc::new(Notify::new());
    let script =
        vec![stream_head(), chunk(ROLE), Step::Wait(gate.clone()), chunk(STOP), chunk(DONE), chunk("")];
    let mut server = Server::start([script]).await;
    let mut events = events(answer(&client(&server, json!({})), streamed()).await);
    let first = in_time(events.next()).await.expect("an event").expect("no error");
    assert!(data(&first[0]).contains("assistant"));
    server.waiting().await;
    gate.notify_one();
    let (rest, error) = drain(&mut events).await;
    assert!(error.is_none());
    assert_eq!(rest.len(), 1);
}

#[tokio::test]
async fn each_event_is_handed_out_before_the_next_one_is_sent() {
    let gate = Arc::new(Notify::new());
    let content = "data: {\"choices\":[{\"delta\":{\"content\":\"x\"}}]}\n\n";
    let mut script = vec![stream_head()];
    script.extend((0..20).flat_map(|_| [chunk(content), Step::Wait(gate.clone())]));
    script.extend([chunk(STOP), chunk(DONE), chunk("")]);
    let server = Server::start([script]).await;
    let mut events = events(answer(&client(&server, json!({})), streamed()).await);
    for _ in 0..20 {
        assert_eq!(in_time(events.next()).await.expect("an event").expect("no error").len(), 1);
        gate.notify_one();
    }
    assert_eq!(drain(&mut events).await.0.len(), 1);
}

#[tokio::test]
async fn dropping_the_events_closes_the_socket() {
    let gate = Arc::new(Notify::new());
    let script = vec![stream_head(), chunk(ROLE), Step::Wait(gate.clone()), chunk(STOP)];
    let mut server = Server::start([script]).await;
    let events = events(answer(&client(&server, json!({})), streamed()).await);
    server.waiting().await;
    drop(events);
    assert_eq!(server.ended().await, 0);
}

#[tokio::test]
async fn dropping_a_call_that_waits_for_headers_or_for_its_first_event_closes_the_socket() {
    let gate = Arc::new(Notify::new());
    let silent = vec![Step::Wait(gate.clone())];
    let headers_only = vec![stream_head(), Step::Wait(gate.clone())];
    let body_began = vec![send("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{"), Step::Wait(gate)];
    for (script, call) in [(silent, chat()), (headers_only, streamed()), (body_began, chat())] {
        let mut server = Server::start([script]).await;
        let engine = client(&server, json!({}));
        tokio::select! {
            _ = engine.send(call) => panic!("it can't be answered"),
            () = server.waiting() => {}
        }
        assert_eq!(server.ended().await, 0);
    }
}

#[tokio::test]
async fn two_calls_use_one_connection_whole_and_streamed() {
    let stream = || pieces([ROLE.as_bytes(), STOP.as_bytes(), DONE.as_bytes()]);
    let mut server = Server::start([completion(), stream(), stream(), completion()]).await;
    let engine = client(&server, json!({}));
    answer(&engine, chat()).await;
    for _ in 0..2 {
        let (got, error) = outcome(&engine, streamed()).await;
        assert!(error.is_none());
        assert_eq!(got.len(), 2);
    }
    let report = answer(&engine, chat()).await.report;
    assert!(report.attempts[0].ms.connect.is_none(), "nothing was connected");
    let connections: Vec<_> = server.requests().iter().map(|request| request.connection).collect();
    assert_eq!(connections, [0, 0, 0, 0]);
}

#[tokio::test]
async fn calls_at_the_same_time_have_connections_of_their_own() {
    let gate = Arc::new(Notify::new());
    let held = || [vec![Step::Wait(gate.clone())], completion()].concat();
    let mut server = Server::start([held(), held()]).await;
    let engine = client(&server, json!({}));
    let both = async { tokio::join!(engine.send(chat()), engine.send(chat())) };
    let release = async {
        server.waiting().await;
        server.waiting().await;
        gate.notify_waiters();
    };
    let ((one, other), ()) = Box::pin(in_time(async { tokio::join!(both, release) })).await;
    assert!(one.is_ok() && other.is_ok());
    let mut connections: Vec<_> = server.requests().iter().map(|request| request.connection).collect();
    connections.sort_unstable();
    assert_eq!(connections, [0, 1]);
}

#[tokio::test]
async fn a_connection_that_its_server_closed_while_idle_is_not_used_again() {
    for end in [Step::Close, Step::Reset] {
        let gate = Arc::new(Notify::new());
        let first = [completion(), vec![Step::Wait(gate.clone()), end]].concat();
        let mut server = Server::start([first, completion()]).await;
        let engine = client(&server, json!({}));
        answer(&engine, chat()).await;
        gate.notify_one();
        assert_eq!(server.ended().await, 0);
        turn().await;
        assert_eq!(text(answer(&engine, chat()).await), support::COMPLETION);
        let connections: Vec<_> = server.requests().iter().map(|request| request.connection).collect();
        assert_eq!(connections, [0, 1], "each request came once");
    }
}

#[tokio::test]
async fn a_connection_that_its_server_wants_closed_is_not_used_again() {
    let closing = support::reply(200, "connection: close\r\n", "{}");
    let mut server = Server::start([closing, completion()]).await;
    let engine = client(&server, json!({}));
    for _ in 0..2 {
        answer(&engine, chat()).await;
    }
    let connections: Vec<_> = server.requests().iter().map(|request| request.connection).collect();
    assert_eq!(connections, [0, 1]);
}

#[tokio::test]
async fn a_stream_ends_with_done_although_its_body_stays_open() {
    let gate = Arc::new(Notify::new());
    let script = vec![stream_head(), chunk(STOP), chunk(DONE), Step::Wait(gate), chunk("")];
    let mut server = Server::start([script]).await;
    let mut events = events(answer(&client(&server, json!({})), streamed()).await);
    let (got, error) = drain(&mut events).await;
    assert!(error.is_none());
    assert_eq!(got.len(), 1);
    drop(events);
    assert_eq!(server.ended().await, 0);
}

#[tokio::test]
async fn a_body_that_ends_soon_after_done_leaves_its_connection_for_the_next_call() {
    let gate = Arc::new(Notify::new());
    let script = vec![stream_head(), chunk(STOP), chunk(DONE), Step::Wait(gate.clone()), chunk("")];
    let mut server = Server::start([script, completion()]).await;
    let engine = client(&server, json!({}));
    let mut events = events(answer(&engine, streamed()).await);
    assert!(drain(&mut events).await.1.is_none());
    gate.notify_one();
    in_time(events.rest()).await;
    drop(events);
    answer(&engine, chat()).await;
    assert!(server.requests().iter().all(|request| request.connection == 0));
}

#[tokio::test]
async fn the_report_of_a_stream_tells_its_first_token_its_usage_and_its_end() {
    let bytes = recording("vllm/chat-stream-usage.sse");
    let server = Server::start([pieces([&bytes[..]])]).await;
    let mut answer = answer(&client(&server, json!({})), streamed()).await;
    let engine::Content::Events(events) = &mut answer.content else { panic!("no stream") };
    assert!(drain(events).await.1.is_none());
    events.tell(&mut answer.report);
    let attempt = serde_json::to_value(&answer.report.attempts[0]).expect("JSON");
    assert_eq!(attempt["phase"], "done");
    assert!(attempt["ms"]["firstToken"].as_f64() <= attempt["ms"]["total"].as_f64());
    assert!(answer.report.usage.as_deref().expect("usage").contains("total_tokens"));
}
