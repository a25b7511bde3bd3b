//! Cases as folders: `fixtures/<provider>/<endpoint>/<case>/`. A case is what a caller asks, what must then be on the
//! wire, what comes back, and what the caller gets of it. `fixtures/google/README.md` says what each file holds.

use std::path::PathBuf;
use std::{fs, io};

use ::http::HeaderMap;
use bytes::Bytes;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::endpoint::ENDPOINTS;
use crate::provider::dialect::{Asked, Context, Dialect, Fault, Settings, Translator, WireEvent};
use crate::provider::{self, Provider};
use crate::secret::Secret;
use crate::sse::Parser;

pub const CREATED: u64 = 1_700_000_000;
pub const ID: &str = "0123456789abcdef0123456789abcdef";

/// Names a test for each case, and one that finds folders without.
macro_rules! cases {
    ($run:path, $provider:literal, $endpoint:literal, [$($case:ident),* $(,)?]) => {
        $(
            #[test]
            fn $case() {
                $run($provider, $endpoint, &stringify!($case).replace('_', "-"));
            }
        )*

        #[test]
        fn every_folder_is_a_case() {
            let mut named: Vec<String> =
                [$(stringify!($case)),*].iter().map(|case| case.replace('_', "-")).collect();
            named.sort();
            assert_eq!($crate::provider::google::fixtures::folders($provider, $endpoint), named);
        }
    };
}
pub(crate) use cases;

fn folder(provider: &str, endpoint: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../fixtures").join(provider).join(endpoint)
}

/// The cases' folders, in order.
pub fn folders(provider: &str, endpoint: &str) -> Vec<String> {
    let entries = fs::read_dir(folder(provider, endpoint)).expect("a folder of cases");
    let mut names: Vec<String> =
        entries.map(|entry| entry.expect("an entry").file_name().into_string().expect("UTF-8")).collect();
    names.sort();
    names
}

struct Case {
    folder: PathBuf,
    request: String,
    strict: bool,
    settings: Settings,
}

impl Case {
    fn read(folder: PathBuf, keys: &[&'static str]) -> Self {
        let mut case = Self { folder, request: String::new(), strict: true, settings: Settings::default() };
        case.request = case.text("request.json").expect("request.json");
        let context = case.json("context.json").unwrap_or_default();
        case.strict = context["strict"] != false;
        for key in keys {
            if let Some(value) = context["settings"][key].as_str() {
                case.settings.set(key, Secret::new(value));
            }
        }
        case
    }

    fn text(&self, file: &str) -> Option<String> {
        match fs::read_to_string(self.folder.join(file)) {
            Ok(text) => Some(text),
            Err(why) if why.kind() == io::ErrorKind::NotFound => None,
            Err(why) => panic!("{file}: {why}"),
        }
    }

    fn json(&self, file: &str) -> Option<Value> {
        self.text(file).map(|text| serde_json::from_str(&text).unwrap_or_else(|why| panic!("{file}: {why}")))
    }

    fn wanted(&self, file: &str) -> Value {
        self.json(file).unwrap_or_else(|| panic!("{file} is missing"))
    }
}

/// Runs one case.
pub fn run(provider: &str, endpoint: &str, name: &str) {
    let provider: &'static dyn Provider = provider::find(provider).expect("a provider");
    let keys: Vec<&'static str> = provider.settings().iter().map(|setting| setting.key).collect();
    let case = Case::read(folder(provider.name(), endpoint).join(name), &keys);
    let endpoint = ENDPOINTS.iter().find(|row| row.call == endpoint).expect("an endpoint");
    let dialect = provider.dialect(endpoint).expect("a dialect");
    let body: Value = serde_json::from_str(&case.request).expect("JSON");
    let made = dialect.request(&Asked {
        endpoint,
        arguments: &[],
        body: case.request.as_bytes(),
        stream: body["stream"] == true,
        settings: &case.settings,
        custom_host: false,
    });
    let made = match made {
        Ok(made) => made,
        Err(error) => {
            let told: Vec<Value> = error.facts().problems.iter().map(|problem| json!(problem.path)).collect();
            assert_eq!(Value::from(told), case.wanted("problems.json"), "{error}");
            return;
        }
    };
    let wire = case.wanted("wire-request.json");
    assert_eq!(made.method.map(|method| method.to_string()), wire["method"].as_str().map(str::to_owned));
    assert_eq!(made.path, wire["path"], "path");
    let headers: serde_json::Map<String, Value> =
        made.headers.into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect();
    assert_eq!(Value::from(headers), wire.get("headers").cloned().unwrap_or_else(|| json!({})), "headers");
    let sent: Value = serde_json::from_slice(&made.body).expect("JSON on the wire");
    assert_eq!(pretty(&sent), pretty(&wire["body"]), "the body on the wire");
    let changes = case.json("changes.json").unwrap_or_else(|| json!([]));
    assert_eq!(pretty(&json!(made.changes)), pretty(&changes), "changes");
    answered(&case, dialect);
}

fn context<'c>(case: &'c Case, headers: &'c HeaderMap) -> Context<'c> {
    Context {
        asked: case.request.as_bytes(),
        settings: &case.settings,
        strict: case.strict,
        created: CREATED,
        id: ID,
        headers,
    }
}

/// `wire-response.json`, its body as it is spelled there.
#[derive(serde::Deserialize)]
struct Reply {
    status: u16,
    body: Box<RawValue>,
}

fn answered(case: &Case, dialect: &dyn Dialect) {
    let headers = HeaderMap::new();
    if let Some(stream) = case.text("wire-stream.txt") {
        let wanted = case.wanted("chunks.json");
        let wanted = wanted.as_array().expect("a list of chunks");
        for events in [whole(&stream), bytewise(&stream)] {
            let chunks = translated(dialect.translator(&context(case, &headers)), &events);
            assert_eq!(pretty(&json!(chunks)), pretty(&json!(wanted)), "chunks");
        }
        if !stream.contains("error") {
            disciplined(wanted, &case.request);
        }
        return;
    }
    let Some(text) = case.text("wire-response.json") else { return };
    let reply: Reply = serde_json::from_str(&text).expect("wire-response.json");
    let body = reply.body.get().as_bytes();
    let read = if reply.status < 300 {
        dialect.answer(&context(case, &headers), body).expect("an answer")
    } else {
        dialect.error(reply.status, &headers, body).expect("an error of this dialect")
    };
    let read: Value = serde_json::from_slice(&read).expect("JSON");
    assert_eq!(pretty(&read), pretty(&case.wanted("response.json")), "the answer");
}

type Event = (Option<String>, Vec<u8>);

/// The stream's events, read at once: server-sent events, or the elements of an array.
fn whole(stream: &str) -> Vec<Event> {
    if stream.starts_with('[') {
        let elements: Vec<&RawValue> = serde_json::from_str(stream).expect("an array");
        return elements.into_iter().map(|one| (None, one.get().as_bytes().to_vec())).collect();
    }
    parsed(&[stream.as_bytes()])
}

/// The same, read byte by byte; an array as a single event.
fn bytewise(stream: &str) -> Vec<Event> {
    if stream.starts_with('[') {
        return vec![(None, stream.as_bytes().to_vec())];
    }
    parsed(&stream.as_bytes().chunks(1).collect::<Vec<_>>())
}

fn parsed(pieces: &[&[u8]]) -> Vec<Event> {
    let mut parser = Parser::default();
    let mut events = Vec::new();
    for piece in pieces {
        parser.feed(&Bytes::copy_from_slice(piece), &mut events).expect("no event is too long");
    }
    parser.finish(&mut events);
    events.into_iter().map(|event| (event.name.map(String::from), event.data.to_vec())).collect()
}

/// The chunks; an error inside the stream is the last of them, with its status.
pub fn translated(mut translator: Box<dyn Translator>, events: &[Event]) -> Vec<Value> {
    let mut chunks = Vec::new();
    let mut fault = None;
    for (name, data) in events {
        let event = WireEvent { name: name.as_deref(), data, exception: false };
        if let Err(why) = translator.event(event, &mut chunks) {
            fault = Some(why);
            break;
        }
    }
    if fault.is_none() {
        translator.end(&mut chunks);
    }
    let mut read: Vec<Value> =
        chunks.iter().map(|chunk| serde_json::from_slice(chunk).expect("a chunk is JSON")).collect();
    read.extend(fault.map(|fault| match fault {
        Fault::Reported { status, body } => {
            json!({ "status": status, "body": serde_json::from_slice::<Value>(&body).expect("JSON") })
        }
        Fault::Garbled(why) => json!({ "garbled": why }),
    }));
    read
}

/// One id and one time; each choice's role once and first; calls counted through; one finish reason; usage last and only
/// where it was asked for.
fn disciplined(chunks: &[Value], request: &str) {
    let asks = request.contains("include_usage");
    for (at, chunk) in chunks.iter().enumerate() {
        assert_eq!(chunk["id"], chunks[0]["id"]);
        assert_eq!(chunk["created"], chunks[0]["created"]);
        assert_eq!(chunk["object"], "chat.completion.chunk");
        let is_usage = chunk.get("usage").is_some_and(|usage| !usage.is_null());
        assert_eq!(is_usage, asks && at == chunks.len() - 1, "usage in chunk {at}");
        assert!(!is_usage || chunk["choices"] == json!([]));
    }
    let choices: Vec<&Value> = chunks.iter().filter_map(|chunk| chunk["choices"].get(0)).collect();
    let mut indexes: Vec<u64> = choices.iter().filter_map(|choice| choice["index"].as_u64()).collect();
    indexes.sort_unstable();
    indexes.dedup();
    for index in indexes {
        let own: Vec<&&Value> = choices.iter().filter(|choice| choice["index"] == index).collect();
        assert_eq!(
            own.iter().filter(|choice| choice["delta"]["role"].is_string()).count(),
            1,
            "roles of {index}"
        );
        assert!(own[0]["delta"]["role"].is_string());
        assert_eq!(
            own.iter().filter(|choice| choice["finish_reason"].is_string()).count(),
            1,
            "ends of {index}"
        );
        let calls = own.iter().filter_map(|choice| choice["delta"]["tool_calls"].get(0));
        let opened: Vec<u64> =
            calls.filter(|call| call["id"].is_string()).filter_map(|call| call["index"].as_u64()).collect();
        assert_eq!(opened, (0..opened.len() as u64).collect::<Vec<_>>(), "calls of {index}");
    }
}

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(&sorted(value)).expect("a value has a JSON form")
}

/// The order of an object's keys says nothing.
fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let mut keys: Vec<&String> = fields.keys().collect();
            keys.sort();
            Value::Object(keys.into_iter().map(|key| (key.clone(), sorted(&fields[key]))).collect())
        }
        Value::Array(items) => items.iter().map(sorted).collect(),
        other => other.clone(),
    }
}
