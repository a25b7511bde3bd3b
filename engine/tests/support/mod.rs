//! The engine as tests use it, and the server that they put before it.
#![allow(dead_code, reason = "each test file uses its own part of this")]

mod server;

use bytes::Bytes;
use engine::{
    Answer, Call, CallOptions, Content, ENDPOINTS, Endpoint, Engine, Error, Event, Events, Failed, Listeners,
};
use serde_json::{Map, Value, json};

pub use server::*;

pub const CHAT: &str = "chat.completions.create";
pub const BODY: &str = r#"{"model":"m","messages":[{"role":"user","content":"Say this is a test"}]}"#;
pub const COMPLETION: &str = r#"{"id":"1","choices":[{"index":0,"message":{"content":"This is a test"}}]}"#;

pub fn object(value: Value) -> Map<String, Value> {
    let Value::Object(map) = value else { panic!("{value} is no object") };
    map
}

/// A client of `server` that makes one attempt, with `more` options.
pub fn client(server: &Server, more: Value) -> Engine {
    let mut options = object(json!({ "customHost": server.base_url(), "maxRetries": 0 }));
    options.extend(object(more));
    Engine::new(&options, Listeners::default()).unwrap_or_else(|error| panic!("{error}"))
}

pub fn endpoint(name: &str) -> &'static Endpoint {
    ENDPOINTS.iter().find(|row| row.call == name).expect("a row of the table")
}

pub fn call(name: &str, body: &str) -> Call {
    Call {
        endpoint: endpoint(name),
        arguments: Vec::new(),
        body: Bytes::copy_from_slice(body.as_bytes()),
        form: None,
        stream: false,
        params: None,
        options: CallOptions::default(),
    }
}

pub fn chat() -> Call {
    call(CHAT, BODY)
}

pub fn streamed() -> Call {
    Call { stream: true, ..call(CHAT, r#"{"model":"m","messages":[],"stream":true}"#) }
}

/// Sends a call that must be answered.
pub async fn answer(engine: &Engine, call: Call) -> Answer {
    in_time(engine.send(call)).await.unwrap_or_else(|failed| panic!("{}", failed.error))
}

/// Sends a call that must fail.
pub async fn failure(engine: &Engine, call: Call) -> Failed {
    in_time(engine.send(call)).await.err().expect("a call that fails")
}

pub fn text(answer: Answer) -> String {
    match answer.content {
        Content::Whole(text) => String::from_utf8(text.to_vec()).expect("UTF-8"),
        _ => panic!("the answer is not whole"),
    }
}

pub fn events(answer: Answer) -> Box<Events> {
    match answer.content {
        Content::Events(events) => events,
        _ => panic!("the answer is no stream"),
    }
}

pub fn data(event: &Event) -> String {
    String::from_utf8(event.data.to_vec()).expect("UTF-8")
}

/// All that a stream brings until its end, or its error.
pub async fn drain(events: &mut Events) -> (Vec<String>, Option<Error>) {
    let mut all = Vec::new();
    while let Some(batch) = in_time(events.next()).await {
        match batch {
            Ok(batch) => all.extend(batch.iter().map(data)),
            Err(error) => return (all, Some(error)),
        }
    }
    (all, None)
}

pub fn send(bytes: impl AsRef<[u8]>) -> Step {
    Step::Send(Bytes::copy_from_slice(bytes.as_ref()))
}

/// A whole reply with a body of known length; the connection stays open.
pub fn reply(status: u16, headers: &str, body: impl AsRef<[u8]>) -> Script {
    let body = body.as_ref();
    let length = body.len();
    let head = format!("HTTP/1.1 {status} Text\r\n{headers}content-length: {length}\r\n\r\n");
    vec![send([head.as_bytes(), body].concat())]
}

pub fn completion() -> Script {
    reply(200, "content-type: application/json\r\n", COMPLETION)
}

/// The head of a chunked stream of events.
pub fn stream_head() -> Step {
    send("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n")
}

/// One chunk; an empty one ends the body.
pub fn chunk(bytes: impl AsRef<[u8]>) -> Step {
    let bytes = bytes.as_ref();
    send([format!("{:x}\r\n", bytes.len()).as_bytes(), bytes, b"\r\n"].concat())
}
