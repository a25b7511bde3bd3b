//! Runs recorded cases of a dialect: a folder each, of what is asked, what goes on the wire, what comes back, and what is
//! made of it. `fixtures/anthropic/README.md` says what the files hold. A stream is read whole and event by event, and
//! its chunks must keep the discipline that all streams have.

use std::fs;
use std::path::{Path, PathBuf};

use ::http::HeaderMap;
use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::dialect::{Asked, Context, Dialect, Fault, Settings, WireEvent};
use super::find;
use crate::endpoint::{ENDPOINTS, Endpoint};
use crate::secret::Secret;
use crate::sse::{Parser, SseEvent};

/// One test for each case, and one that no folder is left out.
macro_rules! cases {
    ($provider:literal, $call:literal, $folder:literal, [$($case:ident),* $(,)?]) => {
        $(
            #[test]
            fn $case() {
                crate::provider::fixtures::run($provider, $call, concat!($folder, "/", stringify!($case)));
            }
        )*

        #[test]
        fn every_folder_is_a_case() {
            crate::provider::fixtures::every_folder_is_listed($folder, &[$(stringify!($case)),*]);
        }
    };
}
pub(crate) use cases;

/// The identifier that answers without one get.
pub const ID: &str = "0123456789abcdef0123456789abcdef";

/// Runs the case in `fixtures/<folder>`.
pub fn run(provider: &str, call: &str, folder: &str) {
    let folder = Folder(root().join(folder));
    let provider = find(provider).expect("a provider");
    let endpoint = endpoint(call);
    let dialect = provider.dialect(endpoint).expect("a dialect of the endpoint");
    let case = folder.json("request.json").expect("request.json");
    let mut settings = Settings::default();
    for (key, value) in case["settings"].as_object().into_iter().flatten() {
        let setting = provider.settings().iter().find(|setting| setting.key == key).expect("a setting");
        settings.set(setting.key, Secret::new(value.as_str().expect("a text")));
    }
    let body = case.get("body").map(Value::to_string).unwrap_or_default();
    let arguments: Vec<String> = serde_json::from_value(case["arguments"].clone()).unwrap_or_default();
    let stream = case["body"]["stream"] == true;
    let asked = Asked {
        endpoint,
        arguments: &arguments,
        body: body.as_bytes(),
        stream,
        settings: &settings,
        custom_host: case["custom_host"] == true,
    };
    if let Some(wanted) = folder.json("wire-request.json") {
        assert_eq!(wire_request(dialect, &asked), wanted, "the wire request");
    }
    let replying = Replying { dialect, body: &body, settings: &settings, strict: case["strict"] != false };
    if let Some(wanted) = folder.json("response.json") {
        let reply = folder.json("wire-response.json").expect("wire-response.json");
        assert_eq!(replying.whole(&reply), wanted, "the answer");
    }
    if let Some(wanted) = folder.json("chunks.json") {
        let wire = fs::read(folder.0.join("wire-stream.txt")).expect("wire-stream.txt");
        replying.streamed(&wire, wanted.as_array().expect("an array of chunks"));
    }
}

/// Fails when `fixtures/<folder>` holds a case that no test runs.
pub fn every_folder_is_listed(folder: &str, listed: &[&str]) {
    let found = fs::read_dir(root().join(folder)).expect("a folder of cases");
    for case in found.filter_map(Result::ok).filter(|entry| entry.path().is_dir()) {
        let name = case.file_name().to_string_lossy().into_owned();
        assert!(listed.contains(&&*name), "{folder}/{name} is run by no test");
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures")
}

struct Folder(PathBuf);

impl Folder {
    fn json(&self, file: &str) -> Option<Value> {
        let text = fs::read_to_string(self.0.join(file)).ok()?;
        Some(serde_json::from_str(&text).unwrap_or_else(|why| panic!("{file}: {why}")))
    }
}

/// The endpoint of this name; one that the table does not have yet is made up.
fn endpoint(call: &str) -> &'static Endpoint {
    ENDPOINTS.iter().find(|row| row.call == call).unwrap_or_else(|| {
        Box::leak(Box::new(Endpoint {
            call: Box::leak(call.to_owned().into_boxed_str()),
            method: ::http::Method::POST,
            path: "/",
            takes_body: true,
            streams: true,
            parameters: &[],
            types: [""; 3],
        }))
    })
}

/// The wire request as `wire-request.json` tells it: an error by its path and message, and only what is not empty.
fn wire_request(dialect: &dyn Dialect, asked: &Asked<'_>) -> Value {
    let made = match dialect.request(asked) {
        Ok(made) => made,
        Err(error) => {
            let problem = &error.facts().problems[0];
            return json!({ "error": { "path": problem.path, "message": problem.message } });
        }
    };
    let mut told = Map::new();
    if let Some(method) = made.method {
        told.insert("method".to_owned(), method.as_str().into());
    }
    told.insert("path".to_owned(), made.path.into());
    let headers = made.headers.into_iter().map(|(name, value)| (name.to_owned(), value.into()));
    told.insert("headers".to_owned(), Value::Object(headers.collect()));
    if !made.body.is_empty() {
        told.insert("body".to_owned(), serde_json::from_slice(&made.body).expect("a body of JSON"));
    }
    if !made.changes.is_empty() {
        told.insert("changes".to_owned(), made.changes.into());
    }
    Value::Object(told)
}

struct Replying<'r> {
    dialect: &'r dyn Dialect,
    body: &'r str,
    settings: &'r Settings,
    strict: bool,
}

impl Replying<'_> {
    fn context<'c>(&'c self, headers: &'c HeaderMap) -> Context<'c> {
        Context {
            asked: self.body.as_bytes(),
            settings: self.settings,
            strict: self.strict,
            created: 0,
            id: ID,
            headers,
        }
    }

    fn whole(&self, reply: &Value) -> Value {
        let headers = HeaderMap::new();
        let body = reply["body"].to_string();
        let status = reply["status"].as_u64().expect("a status") as u16;
        let told = if status < 300 {
            match self.dialect.answer(&self.context(&headers), body.as_bytes()) {
                Ok(answer) => answer,
                Err(why) => return json!({ "garbled": why }),
            }
        } else {
            self.dialect.error(status, &headers, body.as_bytes()).unwrap_or(Bytes::from(body))
        };
        serde_json::from_slice(&told).expect("an answer of JSON")
    }

    fn streamed(&self, wire: &[u8], wanted: &[Value]) {
        let mut events = Vec::new();
        let mut parser = Parser::default();
        parser.feed(&Bytes::copy_from_slice(wire), &mut events).expect("no event is too long");
        parser.finish(&mut events);
        let told = self.read(&events);
        assert_eq!(told, wanted, "the chunks");
        keep_discipline(&told);
        for cut in 0..events.len() {
            let part = self.read(&events[..cut]);
            let usage = part.last().is_some_and(|chunk| chunk["choices"] == json!([]));
            let same = part.len() - usize::from(usage && cut < events.len());
            assert_eq!(part[..same], wanted[..same], "the chunks of the first {cut} events");
        }
    }

    fn read(&self, events: &[SseEvent]) -> Vec<Value> {
        let headers = HeaderMap::new();
        let mut translator = self.dialect.translator(&self.context(&headers));
        let mut chunks = Vec::new();
        let mut fault = None;
        for event in events {
            let event = WireEvent { name: event.name.as_deref(), data: &event.data, exception: false };
            if let Err(why) = translator.event(event, &mut chunks) {
                fault = Some(why);
                break;
            }
        }
        if fault.is_none() {
            translator.end(&mut chunks);
        }
        let mut told: Vec<Value> =
            chunks.iter().map(|chunk| serde_json::from_slice(chunk).expect("a chunk of JSON")).collect();
        told.extend(fault.map(|fault| match fault {
            Fault::Reported { status, body } => {
                let body: Value = serde_json::from_slice(&body).expect("an error of JSON");
                json!({ "fault": { "status": status, "body": body } })
            }
            Fault::Garbled(why) => json!({ "garbled": why }),
        }));
        told
    }
}

/// What every stream of completion chunks keeps: one id, time and model; the role first and once; tool calls counted from
/// 0 and begun before they go on; one finish reason for a choice, with nothing but usage after it; no chunk that says
/// nothing.
fn keep_discipline(chunks: &[Value]) {
    let is_chunk = |chunk: &&Value| chunk["object"] == "chat.completion.chunk";
    let chunks: Vec<&Value> = chunks.iter().filter(is_chunk).collect();
    let mut calls = 0;
    let mut finished = false;
    for (at, chunk) in chunks.iter().enumerate() {
        for field in ["id", "created", "model"] {
            assert_eq!(chunk[field], chunks[0][field], "{field} of chunk {at}");
        }
        let choices = chunk["choices"].as_array().expect("choices");
        assert_eq!(choices.is_empty(), chunk.get("usage").is_some(), "usage has a chunk of its own: {chunk}");
        for choice in choices {
            assert!(!finished, "chunk {at} comes after the finish reason");
            let delta = choice["delta"].as_object().expect("a delta");
            assert_eq!(delta.contains_key("role"), at == 0, "the role stands in the first chunk: {chunk}");
            finished |= !choice["finish_reason"].is_null();
            let says = delta.values().any(|value| !matches!(value.as_str(), Some("")));
            assert!(says || !choice["finish_reason"].is_null(), "chunk {at} says nothing");
            for call in delta.get("tool_calls").and_then(Value::as_array).into_iter().flatten() {
                let index = call["index"].as_u64().expect("an index");
                assert!(index <= calls, "tool call {index} of chunk {at} skips a place");
                assert_eq!(
                    call.get("id").is_some(),
                    index == calls,
                    "a tool call's id comes once, at its beginning"
                );
                calls += u64::from(index == calls);
            }
        }
    }
}
