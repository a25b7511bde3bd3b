//! Replays the cases of `fixtures/<provider>/<endpoint>/<case>/`: what is asked, what goes onto the wire, what comes back
//! from it and what the caller gets. A stream is replayed whole, byte by byte, and cut in two at every byte.

use std::path::{Path, PathBuf};

use ::http::{HeaderMap, HeaderName};
use serde_json::{Value, json};

use super::Provider;
use super::aws::event_stream::Decoder;
use super::dialect::{Asked, Context, Dialect, Fault, Framing, Made, Settings, Translator, WireEvent};
use crate::endpoint::{ENDPOINTS, Endpoint};
use crate::progress::Progress;
use crate::secret::Secret;
use crate::sse;

/// The time and the id that every case is answered with.
const CREATED: u64 = 0;
const ID: &str = "0123456789abcdef0123456789abcdef";

fn fixtures(provider: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures").join(provider)
}

/// The cases that there are: `chat/text`.
pub fn present(provider: &str) -> Vec<String> {
    let folders = |path: &Path| -> Vec<String> {
        let entries = std::fs::read_dir(path).expect("a folder").map(|entry| entry.expect("an entry"));
        let folders = entries.filter(|entry| entry.path().is_dir());
        folders.map(|entry| entry.file_name().into_string().expect("a name")).collect()
    };
    let root = fixtures(provider);
    let mut found: Vec<String> = folders(&root)
        .into_iter()
        .flat_map(|endpoint| {
            let cases = folders(&root.join(&endpoint));
            cases.into_iter().map(move |case| format!("{endpoint}/{case}"))
        })
        .collect();
    found.sort();
    found
}

struct Case {
    folder: PathBuf,
    endpoint: &'static Endpoint,
    dialect: &'static dyn Dialect,
    body: Vec<u8>,
    strict: bool,
    settings: Settings,
}

pub fn replay(provider: &'static dyn Provider, case: &str) {
    let case = Case::read(provider, case);
    let stream = serde_json::from_slice::<Value>(&case.body).expect("JSON")["stream"] == json!(true);
    let asked = Asked {
        endpoint: case.endpoint,
        arguments: &[],
        body: &case.body,
        stream,
        settings: &case.settings,
        custom_host: false,
    };
    match (case.dialect.request(&asked), case.file("error")) {
        (Err(error), Some(wanted)) => {
            let problem = &error.facts().problems[0];
            assert_eq!(json!({ "path": problem.path, "message": problem.message }), wanted);
        }
        (Ok(made), None) => {
            case.check_request(&made);
            if let Some(stream) = case.file("wire-stream") {
                case.check_stream(&stream);
            } else {
                case.check_reply(&case.file("wire-response").expect("a reply"));
            }
        }
        (Ok(_), Some(_)) => panic!("it is not refused"),
        (Err(error), None) => panic!("it is refused: {error}"),
    }
}

impl Case {
    fn read(provider: &'static dyn Provider, case: &str) -> Self {
        let folder = fixtures(provider.name()).join(case);
        let call = match case.split('/').next() {
            Some("chat") => "chat.completions.create",
            Some("completions") => "completions.create",
            _ => "embeddings.create",
        };
        let endpoint = ENDPOINTS.iter().find(|row| row.call == call).expect("a row");
        let dialect = provider.dialect(endpoint).expect("a dialect");
        let options = file(&folder, "options").unwrap_or_default();
        let mut settings = Settings::default();
        for setting in provider.settings() {
            if let Some(value) = options["settings"][setting.key].as_str() {
                settings.set(setting.key, Secret::new(value));
            }
        }
        let body = file(&folder, "request").expect("a request").to_string().into_bytes();
        let strict = options["strict"] != json!(false);
        Self { folder, endpoint, dialect, body, strict, settings }
    }

    fn file(&self, name: &str) -> Option<Value> {
        file(&self.folder, name)
    }

    fn context<'c>(&'c self, headers: &'c HeaderMap) -> Context<'c> {
        let (asked, settings, strict) = (&self.body, &self.settings, self.strict);
        Context { asked, settings, strict, created: CREATED, id: ID, headers }
    }

    fn check_request(&self, made: &Made) {
        let method = made.method.as_ref().map(ToString::to_string);
        let headers: serde_json::Map<_, _> =
            made.headers.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
        let mut told = json!({ "path": made.path, "headers": headers, "body": parsed(&made.body) });
        if let Some(method) = method {
            told["method"] = json!(method);
        }
        assert_eq!(told, self.file("wire-request").expect("a wire request"));
        assert_eq!(json!(made.changes), self.file("changes").unwrap_or(json!([])));
    }

    fn check_reply(&self, reply: &Value) {
        let headers = headers(&reply["headers"]);
        let status = reply["status"].as_u64().expect("a status") as u16;
        let body = reply["body"].to_string();
        let answer = if status < 300 {
            self.dialect.answer(&self.context(&headers), body.as_bytes()).expect("an answer")
        } else {
            self.dialect.error(status, &headers, body.as_bytes()).expect("an error in our shape")
        };
        assert_eq!(parsed(&answer), self.file("response").expect("a response"));
    }

    fn check_stream(&self, stream: &Value) {
        let wanted = self.file("chunks").expect("chunks");
        let headers = headers(&stream["headers"]);
        let texts =
            stream["chunks"].as_array().expect("chunks").iter().map(|chunk| chunk.as_str().expect("text"));
        let bytes: Vec<u8> = if stream["encoding"] == "base64" {
            texts.flat_map(|text| base64_simd::STANDARD.decode_to_vec(text).expect("base64")).collect()
        } else {
            texts.flat_map(str::bytes).collect()
        };
        let read = |pieces: &[&[u8]]| self.chunks(&self.context(&headers), pieces);
        assert_eq!(Value::Array(read(&[&bytes])), wanted);
        let single: Vec<&[u8]> = bytes.chunks(1).collect();
        assert_eq!(Value::Array(read(&single)), wanted);
        for cut in 0..bytes.len() {
            assert_eq!(Value::Array(read(&[&bytes[..cut], &bytes[cut..]])), wanted, "cut at {cut}");
        }
        check_discipline(wanted.as_array().expect("a list"));
    }

    /// The chunks that pieces of a stream give, and the fault that ends them, if one does.
    fn chunks(&self, context: &Context<'_>, pieces: &[&[u8]]) -> Vec<Value> {
        let mut translator = self.dialect.translator(context);
        let mut chunks = Vec::new();
        let read = match self.dialect.framing() {
            Framing::EventStream => of_frames(pieces, translator.as_mut(), &mut chunks),
            _ => of_events(pieces, translator.as_mut(), &mut chunks),
        };
        if read.is_ok() {
            translator.end(&mut chunks);
        }
        let mut told: Vec<Value> = chunks.iter().map(|chunk| parsed(chunk)).collect();
        match read {
            Ok(()) => {}
            Err(Fault::Reported { status, body }) => {
                told.push(json!({ "fault": { "status": status, "body": parsed(&body) } }));
            }
            Err(Fault::Garbled(why)) => told.push(json!({ "fault": { "garbled": why } })),
        }
        told
    }
}

fn of_frames(
    pieces: &[&[u8]],
    translator: &mut dyn Translator,
    chunks: &mut Vec<bytes::Bytes>,
) -> Result<(), Fault> {
    let (mut decoder, mut frames) = (Decoder::default(), Vec::new());
    for piece in pieces {
        decoder.feed(piece, &mut frames).expect("frames");
        for frame in frames.drain(..) {
            translator.event(frame.event(), chunks)?;
        }
    }
    assert!(decoder.is_between_frames());
    Ok(())
}

fn of_events(
    pieces: &[&[u8]],
    translator: &mut dyn Translator,
    chunks: &mut Vec<bytes::Bytes>,
) -> Result<(), Fault> {
    let (mut parser, mut events) = (sse::Parser::default(), Vec::new());
    for piece in pieces {
        parser.feed(&bytes::Bytes::copy_from_slice(piece), &mut events).expect("events");
    }
    parser.finish(&mut events);
    for event in &events {
        let event = WireEvent { name: event.name.as_deref(), data: &event.data, exception: false };
        translator.event(event, chunks)?;
    }
    Ok(())
}

/// One id and one time, the role once and first, and a stream without a fault is whole.
fn check_discipline(chunks: &[Value]) {
    let mut progress = Progress::default();
    let (told, fault): (Vec<_>, Vec<_>) = chunks.iter().partition(|chunk| chunk.get("fault").is_none());
    for chunk in &told {
        progress.read(&chunk.to_string());
        assert_eq!((&chunk["id"], &chunk["created"]), (&told[0]["id"], &told[0]["created"]));
    }
    assert_eq!(progress.is_whole(), fault.is_empty());
    if told[0]["object"] == "text_completion" {
        return;
    }
    let has_role = |chunk: &&&Value| chunk["choices"][0]["delta"].get("role").is_some();
    assert_eq!(told.iter().filter(has_role).count(), 1);
    assert!(has_role(&&told[0]));
}

fn file(folder: &Path, name: &str) -> Option<Value> {
    let text = std::fs::read(folder.join(format!("{name}.json"))).ok()?;
    Some(serde_json::from_slice(&text).expect("JSON"))
}

fn parsed(json: &[u8]) -> Value {
    serde_json::from_slice(json).expect("JSON")
}

fn headers(told: &Value) -> HeaderMap {
    let pairs = told.as_object().expect("headers").iter();
    let header = |(name, value): (&String, &Value)| {
        let name = HeaderName::from_bytes(name.as_bytes()).expect("a name");
        (name, value.as_str().expect("text").parse().expect("a value"))
    };
    pairs.map(header).collect()
}

/// A test for each case of a provider, and one that no case is left out.
macro_rules! cases {
    ($provider:expr, $($endpoint:ident: [$($name:ident),* $(,)?]),* $(,)?) => {
        $(mod $endpoint {
            $(#[test]
            fn $name() {
                let case = concat!(stringify!($endpoint), "/", stringify!($name)).replace('_', "-");
                $crate::provider::replay::replay($provider, &case);
            })*
        })*

        #[test]
        fn no_case_is_left_out() {
            let listed = [$($(concat!(stringify!($endpoint), "/", stringify!($name))),*),*];
            let mut listed: Vec<String> = listed.iter().map(|case| case.replace('_', "-")).collect();
            listed.sort();
            let provider: &'static dyn $crate::provider::Provider = $provider;
            assert_eq!($crate::provider::replay::present(provider.name()), listed);
        }
    };
}

pub(crate) use cases;
