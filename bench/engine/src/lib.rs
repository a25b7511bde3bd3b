//! Fixed work for the engine, whole calls through its own door: `benches/calls.rs` times it, `counted` runs it under
//! valgrind. The host is a thread of this process that answers from memory, each time in the same pieces, so that two
//! runs take the same way. What the host does is in the counts too; it is little, and the same for every change.

mod host;
mod texts;

use bytes::Bytes;
use std::sync::Arc;
use std::time::Duration;

use engine::{Answer, Call, CallOptions, Content, ENDPOINTS, Engine, Listeners, Record, Sink, Streaming};
use serde_json::{Map, Value, json};
use tokio::runtime::{Builder, Runtime};

const CHAT: &str = "chat.completions.create";
const EMBEDDINGS: &str = "embeddings.create";

/// The names of all work that is held to a baseline, in the order in which they are shown. By name there are also `call-1kb-listened`,
/// `-file`, `-database` and `-otel`: a call that is recorded, of which threads that write do as much as time has them do.
pub const NAMES: &[&str] = &[
    "plan-one-target",
    "plan-100-targets",
    "call-1kb",
    "call-1kb-own-params",
    "answer-100kb",
    "prompt-100kb",
    "body-50kb",
    "chat-50kb",
    "anthropic-50kb",
    "google-50kb",
    "embeddings",
    "route-100-targets",
    "cache-hit",
    "stream-200",
    "anthropic-stream-200",
];

/// One piece of work that can be done again and again.
pub struct Work {
    runtime: Runtime,
    options: Map<String, Value>,
    engine: Option<Engine>,
    endpoint: &'static str,
    body: Bytes,
    stream: bool,
    params: Option<Map<String, Value>>,
}

impl Work {
    /// Work by its name, which must be one of `NAMES`.
    pub fn new(name: &str) -> Self {
        let host = |reply: &str| host::url(reply);
        let openai = |reply: &str| json!({ "provider": "openai", "customHost": host(reply), "apiKey": "k" });
        let leaf = |provider: &str, reply: &str| json!({ "provider": provider, "custom_host": host(reply), "api_key": "k" });
        let logged = |more: Value| {
            let mut options = openai("short");
            options.as_object_mut().expect("options").extend(more.as_object().expect("options").clone());
            options
        };
        let scratch = || std::env::temp_dir().join(format!("counted-{}", std::process::id()));
        let many = || {
            let targets: Vec<Value> = (0..100).map(|_| leaf("openai", "short")).collect();
            json!({ "config": { "strategy": { "mode": "loadbalance" }, "targets": targets } })
        };
        let short = || texts::prompt(700);
        let (options, endpoint, body) = match name {
            "plan-one-target" => (openai("short"), CHAT, String::new()),
            "plan-100-targets" => (many(), CHAT, String::new()),
            "call-1kb" | "call-1kb-own-params" | "call-1kb-listened" => (openai("short"), CHAT, short()),
            "call-1kb-file" => (logged(json!({ "logs": { "file": scratch() } })), CHAT, short()),
            "call-1kb-database" => (logged(json!({ "logs": { "database": scratch() } })), CHAT, short()),
            "call-1kb-otel" => (logged(json!({ "otel": { "endpoint": host("short") } })), CHAT, short()),
            "answer-100kb" => (openai("long"), CHAT, short()),
            "prompt-100kb" => (openai("short"), CHAT, texts::prompt(102_400)),
            "body-50kb" => {
                let mut target = leaf("openai", "short");
                target["override_params"] = json!({ "temperature": 0.5, "user": "someone" });
                (json!({ "config": target }), CHAT, texts::chat())
            }
            "chat-50kb" => (openai("short"), CHAT, texts::chat()),
            "anthropic-50kb" => (json!({ "config": leaf("anthropic", "anthropic") }), CHAT, texts::chat()),
            "google-50kb" => (json!({ "config": leaf("google", "google") }), CHAT, texts::chat()),
            "embeddings" => (openai("embeddings"), EMBEDDINGS, texts::embedding()),
            "route-100-targets" => (many(), CHAT, short()),
            "cache-hit" => {
                let mut target = leaf("openai", "short");
                target["cache"] = json!("simple");
                (json!({ "config": target }), CHAT, short())
            }
            "stream-200" => (openai("stream"), CHAT, texts::streamed()),
            "anthropic-stream-200" => {
                (json!({ "config": leaf("anthropic", "anthropic-stream") }), CHAT, texts::streamed())
            }
            other => panic!("there is no work {other}, only {}", NAMES.join(", ")),
        };
        let Value::Object(options) = options else { unreachable!("options are an object") };
        let is_plan = name.starts_with("plan");
        let listens = name.ends_with("listened");
        let engine = (!is_plan).then(|| open(&options, listens));
        let params = name.ends_with("own-params").then(|| {
            let Value::Object(params) = json!({ "metadata": { "user": "u" } }) else { unreachable!() };
            params
        });
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime of one thread");
        let stream = name.contains("stream");
        Self { runtime, options, engine, endpoint, body: body.into(), stream, params }
    }

    /// Has what it recorded written.
    pub fn end(&self) {
        if let Some(engine) = &self.engine {
            engine.flush(Duration::from_secs(60));
        }
    }

    /// Does it once; gives the bytes that came of it.
    pub fn once(&self) -> usize {
        let Some(engine) = &self.engine else {
            return usize::from(open(&self.options, false).insecure().is_empty());
        };
        let endpoint = ENDPOINTS.iter().find(|endpoint| endpoint.call == self.endpoint);
        let call = Call {
            endpoint: endpoint.expect("an endpoint of the table"),
            arguments: Vec::new(),
            body: self.body.clone(),
            form: None,
            stream: self.stream,
            params: self.params.clone(),
            options: CallOptions::default(),
        };
        self.runtime.block_on(async {
            match engine.send(call).await {
                Ok(answer) => read(answer).await,
                Err(failed) => panic!("{}", failed.error.facts().message),
            }
        })
    }
}

async fn read(Answer { status, report, content, .. }: Answer) -> usize {
    match content {
        Content::Whole(text) | Content::Text(text) => text.len(),
        Content::Vectors(vectors) => vectors.json.len(),
        Content::Events(events) => {
            let mut events = Streaming::new(events, report, status);
            let mut size = 0;
            while let Some(batch) = events.next().await {
                match batch {
                    Ok(batch) => size += batch.iter().map(|event| event.data.len()).sum::<usize>(),
                    Err(error) => panic!("{}", error.facts().message),
                }
            }
            events.rest().await;
            size
        }
        Content::Bytes(_) | Content::Session(_) => unreachable!("no work asks for bytes or a session"),
    }
}

/// A listener that asks for each record's JSON.
struct Listener;

impl Sink for Listener {
    fn take(&self, record: &Record<'_>) {
        std::hint::black_box(record.json());
    }

    fn flush(&self, _: Duration) -> bool {
        true
    }

    fn dropped(&self) -> u64 {
        0
    }
}

fn open(options: &Map<String, Value>, listens: bool) -> Engine {
    let listener = listens.then(|| Arc::new(Listener) as Arc<dyn Sink>);
    match Engine::new(options, Listeners { records: listener, ..Listeners::default() }) {
        Ok(engine) => engine,
        Err(error) => panic!("{}", error.facts().message),
    }
}
