//! Runs the recorded cases of the look-alikes and of the small dialects: a folder each under `fixtures/`, of what is
//! asked, what goes on the wire, what comes back and what is made of it. `fixtures/README.md` says what the files hold.
//! Streams are replayed whole, byte by byte, and cut at random; each test is one folder, and none is left out.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use ::http::{HeaderMap, HeaderName, HeaderValue, Method};
use bytes::Bytes;
use serde_json::{Map, Value, json};
use url::{Position, Url};

use super::dialect::{Asked, Context, Dialect, Fault, Framing, Made, Settings, WireEvent};
use super::{CUSTOM_HOST, PROVIDERS, Provider, find, sagemaker};
use crate::base_url::BaseUrl;
use crate::endpoint::{ENDPOINTS, Endpoint};
use crate::secret::Secret;
use crate::sse::Parser;

/// The identifier that answers without one get.
const ID: &str = "0123456789abcdef0123456789abcdef";
const HOST: &str = "http://127.0.0.1:9";

/// Not in the endpoint table yet.
static IMAGES: Endpoint = Endpoint {
    call: "images.generate",
    method: Method::POST,
    path: "/images/generations",
    takes_body: true,
    streams: false,
    parameters: &[],
    types: [""; 3],
};

/// Each folder's short names of endpoints.
const SHORT: &[(&str, &str)] = &[
    ("chat", "chat.completions.create"),
    ("completions", "completions.create"),
    ("embeddings", "embeddings.create"),
    ("moderations", "moderations.create"),
];

pub fn endpoint(short: &str) -> &'static Endpoint {
    let call = SHORT.iter().find(|(name, _)| *name == short).map(|(_, call)| *call);
    ENDPOINTS.iter().find(|row| Some(row.call) == call).unwrap_or(&IMAGES)
}

pub fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures")
}

struct Case {
    folder: PathBuf,
    endpoint: &'static Endpoint,
    provider: &'static dyn Provider,
    dialect: Option<&'static dyn Dialect>,
    settings: Settings,
    credential: Option<Secret>,
    strict: bool,
    /// As `JSON.stringify` writes it.
    body: String,
}

fn run(folder: &str) {
    let case = Case::open(folder);
    if folder == "azure-ai/chat/anthropic" && find("anthropic").is_none() {
        return; // Delegated to a dialect that is not listed yet.
    }
    if let Some(wanted) = case.json("error.json") {
        return case.refuses(&wanted);
    }
    let changes = case.sends();
    assert_eq!(json!(changes), case.json("changes.json").unwrap_or_else(|| json!([])), "the changes");
    if let Some(reply) = case.json("wire-response.json") {
        case.answers(&reply);
    }
    if let Some(wanted) = case.json("chunks.json") {
        case.streams(wanted.as_array().expect("a list of chunks"));
    }
}

impl Case {
    fn open(folder: &str) -> Self {
        let mut parts = folder.split('/');
        let name = parts.next().expect("a provider");
        let endpoint = endpoint(parts.next().expect("an endpoint"));
        let unlisted: Option<&'static dyn Provider> = (name == "sagemaker").then_some(&sagemaker::SAGEMAKER);
        let provider = find(name).or(unlisted).unwrap_or_else(|| panic!("{name} is no provider"));
        let mut case = Self {
            folder: fixtures().join(folder),
            endpoint,
            provider,
            dialect: provider.dialect(endpoint),
            settings: Settings::default(),
            credential: None,
            strict: true,
            body: String::new(),
        };
        case.body = case.json("request.json").expect("request.json").to_string();
        let options = case.json("options.json").unwrap_or_default();
        for (key, value) in options.as_object().into_iter().flatten() {
            match (key.as_str(), value) {
                ("strict", strict) => case.strict = strict != false,
                ("credential", given) => case.credential = given.as_str().map(Secret::new),
                (_, value) => {
                    let pem = include_str!("../../../fixtures/oracle/key.pem");
                    let value = value.as_str().expect("a text").replace("{host}", HOST).replace("{key}", pem);
                    case.settings.set(Box::leak(key.clone().into_boxed_str()), Secret::new(&value));
                }
            }
        }
        assert!(provider.has(endpoint), "{name} has no such endpoint");
        case
    }

    fn json(&self, file: &str) -> Option<Value> {
        let text = fs::read_to_string(self.folder.join(file)).ok()?;
        Some(serde_json::from_str(&text).unwrap_or_else(|why| panic!("{file}: {why}")))
    }

    fn asked<'a>(&'a self, body: &'a [u8]) -> Asked<'a> {
        Asked {
            endpoint: self.endpoint,
            arguments: &[],
            body,
            stream: self.json("request.json").expect("request.json")["stream"] == true,
            settings: &self.settings,
            custom_host: self.settings.get(CUSTOM_HOST).is_some(),
        }
    }

    fn refuses(&self, wanted: &Value) {
        let dialect = self.dialect.expect("only a dialect refuses");
        let error = dialect.request(&self.asked(self.body.as_bytes())).expect_err("it is to be refused");
        let problem = &error.facts().problems[0];
        assert_eq!(json!({ "path": problem.path, "message": problem.message }), *wanted);
    }

    /// Checks the wire request. Returns what it says has changed.
    fn sends(&self) -> Vec<String> {
        let wanted = self.json("wire-request.json").expect("wire-request.json");
        let provider = self.provider;
        assert!(provider.problems(&self.settings).is_empty(), "{:?}", provider.problems(&self.settings));
        let given = Bytes::from(self.body.clone());
        let adapted = provider.adapt(self.endpoint, &given, false).expect("no loss is refused");
        let (body, mut changes) = adapted.unwrap_or((given, Vec::new()));
        let base = self.settings.get(CUSTOM_HOST).map(str::to_owned);
        let base = base.or_else(|| provider.base_url_for(&self.settings)).expect("a host");
        let made = match self.dialect {
            Some(dialect) => dialect.request(&self.asked(&body)).expect("a request"),
            None => Made { path: provider.path(self.endpoint), body, ..Made::default() },
        };
        changes.extend(made.changes.iter().cloned());
        let base = BaseUrl::parse(&base).expect("a base URL");
        let url = Url::parse(&base.join(&made.path, None)).expect("a URL");
        assert_eq!(&url[Position::BeforePath..], wanted["path"], "the path");
        assert_eq!(Value::Object(self.headers(&made)), wanted["headers"], "the headers");
        match wanted["text"].as_str() {
            Some(text) => assert_eq!(made.body, text.as_bytes(), "the body"),
            None => self.compare(&made.body, &wanted["body"]),
        }
        changes
    }

    /// A body that means the same as the caller's must be the caller's own.
    fn compare(&self, body: &Bytes, wanted: &Value) {
        let sent: Value = serde_json::from_slice(body).expect("a body of JSON");
        assert_eq!(sent, *wanted, "the body");
        if Some(sent) == self.json("request.json") {
            assert_eq!(*body, self.body, "an untouched body");
        }
    }

    fn headers(&self, made: &Made) -> Map<String, Value> {
        let mut headers: Map<String, Value> =
            made.headers.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
        let credential = self.provider.credential_for(&self.settings, self.credential.as_ref());
        if let Some((name, value)) = credential {
            headers.insert(name.as_str().to_owned(), json!(value.expose()));
        }
        headers
    }

    fn context<'c>(&'c self, headers: &'c HeaderMap) -> Context<'c> {
        Context {
            asked: self.body.as_bytes(),
            settings: &self.settings,
            strict: self.strict,
            created: 0,
            id: ID,
            headers,
        }
    }

    fn answers(&self, reply: &Value) {
        let body = match reply["text"].as_str() {
            Some(text) => text.to_owned(),
            None => reply["body"].to_string(),
        };
        let mut headers = HeaderMap::new();
        for (name, value) in reply["headers"].as_object().into_iter().flatten() {
            let name = HeaderName::from_bytes(name.as_bytes()).expect("a name");
            headers.insert(name, HeaderValue::from_str(value.as_str().expect("a text")).expect("a value"));
        }
        let status = reply["status"].as_u64().expect("a status") as u16;
        let unchanged = || Bytes::from(body.clone());
        let answer = match self.dialect {
            None => unchanged(),
            Some(dialect) if status >= 400 => {
                dialect.error(status, &headers, body.as_bytes()).unwrap_or_else(unchanged)
            }
            Some(dialect) => dialect.answer(&self.context(&headers), body.as_bytes()).expect("an answer"),
        };
        let Some(wanted) = self.json("response.json") else {
            return assert_eq!(answer, body, "an answer that passes");
        };
        let answer_value: Value = serde_json::from_slice(&answer).expect("an answer of JSON");
        assert_eq!(answer_value, wanted, "the answer");
        if wanted == reply["body"] {
            assert_eq!(answer, body, "an untouched answer");
        }
    }

    fn streams(&self, wanted: &[Value]) {
        let events = match self.dialect.map(|dialect| dialect.framing_for(&self.settings)) {
            Some(Framing::EventStream) => return self.replay(&self.frames(), wanted),
            Some(Framing::Lines) => lines,
            _ => sse,
        };
        let wire = fs::read(self.folder.join("wire-stream.txt")).expect("wire-stream.txt");
        self.replay(&events(&[&wire]), wanted);
        self.replay(&events(&wire.chunks(1).collect::<Vec<_>>()), wanted);
        let mut random = fastrand::Rng::with_seed(7);
        let mut cuts = Vec::new();
        let mut rest = &wire[..];
        while !rest.is_empty() {
            let (piece, after) = rest.split_at(random.usize(1..=rest.len().min(40)));
            cuts.push(piece);
            rest = after;
        }
        self.replay(&events(&cuts), wanted);
    }

    fn frames(&self) -> Vec<Event> {
        let frames = self.json("wire-frames.json").expect("wire-frames.json");
        let payload = |frame: &Value| (None, frame.as_str().expect("a text").as_bytes().to_vec());
        frames.as_array().expect("a list").iter().map(payload).collect()
    }

    fn replay(&self, events: &[Event], wanted: &[Value]) {
        let headers = HeaderMap::new();
        let context = self.context(&headers);
        let mut chunks = Vec::new();
        let mut fault = None;
        if let Some(dialect) = self.dialect {
            let mut translator = dialect.translator(&context);
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
        } else {
            chunks = events
                .iter()
                .map(|(_, data)| Bytes::from(data.clone()))
                .filter(|data| data != "[DONE]")
                .collect();
        }
        let chunks: Vec<Value> =
            chunks.iter().map(|chunk| serde_json::from_slice(chunk).expect("a chunk of JSON")).collect();
        assert_eq!(chunks, wanted, "the chunks");
        let fault = fault.map(|fault| match fault {
            Fault::Reported { status, body } => {
                json!({ "status": status, "body": serde_json::from_slice::<Value>(&body).expect("JSON") })
            }
            Fault::Garbled(why) => panic!("garbled: {why}"),
        });
        assert_eq!(fault, self.json("stream-error.json"), "the error in the stream");
    }
}

/// An event's name and data.
type Event = (Option<String>, Vec<u8>);

fn sse(pieces: &[&[u8]]) -> Vec<Event> {
    let mut parser = Parser::default();
    let mut events = Vec::new();
    for piece in pieces {
        parser.feed(&Bytes::copy_from_slice(piece), &mut events).expect("short events");
    }
    parser.finish(&mut events);
    events.into_iter().map(|event| (event.name.map(String::from), event.data.to_vec())).collect()
}

fn lines(pieces: &[&[u8]]) -> Vec<Event> {
    let whole = pieces.concat();
    let lines = whole.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    lines.map(|line| (None, line.to_vec())).collect()
}

macro_rules! cases {
    ($($name:ident => $folder:literal),* $(,)?) => {
        $(
            #[test]
            fn $name() {
                run($folder);
            }
        )*

        const LISTED: &[&str] = &[$($folder),*];
    };
}

/// Folders under `fixtures/` that hold the cases of other dialects, or none.
pub fn is_ours(name: &str) -> bool {
    name == "sagemaker" || LISTED.iter().any(|folder| folder.split('/').next() == Some(name))
}

fn folders(path: &Path) -> Vec<String> {
    let entries = fs::read_dir(path).expect("a folder").filter_map(Result::ok);
    let mut names: Vec<String> = entries
        .filter(|entry| entry.path().is_dir())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

#[test]
fn every_folder_is_a_case() {
    for provider in folders(&fixtures()).iter().filter(|name| is_ours(name)) {
        for endpoint in folders(&fixtures().join(provider)) {
            for case in folders(&fixtures().join(provider).join(&endpoint)) {
                let folder = format!("{provider}/{endpoint}/{case}");
                assert!(LISTED.contains(&&*folder), "{folder} is run by no test");
            }
        }
    }
}

/// Streams of these are refused.
const WITHOUT_STREAMS: &[&str] = &["replicate"];

#[test]
fn every_chat_has_a_case_of_a_text_a_stream_and_an_error() {
    let mut holes = BTreeSet::new();
    for provider in PROVIDERS.iter().filter(|provider| provider.has(endpoint("chat"))) {
        let folder = fixtures().join(provider.name()).join("chat");
        if !is_ours(provider.name()) {
            continue;
        }
        let cases: Vec<PathBuf> = folders(&folder).iter().map(|case| folder.join(case)).collect();
        let answered = |refused: bool| {
            cases.iter().any(|case| {
                let reply = fs::read_to_string(case.join("wire-response.json")).unwrap_or_default();
                let status = serde_json::from_str::<Value>(&reply).unwrap_or_default()["status"].as_u64();
                status.is_some_and(|status| (status >= 400) == refused)
            })
        };
        let streamed = cases.iter().any(|case| case.join("chunks.json").exists());
        let wanted = [
            ("text", answered(false)),
            ("error", answered(true)),
            ("stream", streamed || WITHOUT_STREAMS.contains(&provider.name())),
        ];
        for (kind, found) in wanted {
            if !found {
                holes.insert(format!("{} {kind}", provider.name()));
            }
        }
    }
    assert!(holes.is_empty(), "{holes:?}");
}

cases! {
    ai302_chat_error => "302ai/chat/error",
    ai302_chat_stream_tool_calls_and_usage => "302ai/chat/stream-tool-calls-and-usage",
    ai302_chat_what_passes_and_what_returns => "302ai/chat/what-passes-and-what-returns",
    ai21_chat_error => "ai21/chat/error",
    ai21_chat_jamba => "ai21/chat/jamba",
    ai21_chat_stream_tool_calls_and_usage => "ai21/chat/stream-tool-calls-and-usage",
    aibadgr_chat_error => "aibadgr/chat/error",
    aibadgr_chat_stream_tool_calls_and_usage => "aibadgr/chat/stream-tool-calls-and-usage",
    aibadgr_chat_what_passes_and_what_returns => "aibadgr/chat/what-passes-and-what-returns",
    azure_ai_chat_anthropic => "azure-ai/chat/anthropic",
    azure_ai_chat_error => "azure-ai/chat/error",
    azure_ai_chat_model_inference => "azure-ai/chat/model-inference",
    azure_ai_chat_stream_tool_calls_and_usage => "azure-ai/chat/stream-tool-calls-and-usage",
    azure_ai_embeddings_model_inference => "azure-ai/embeddings/model-inference",
    azure_openai_chat_deployment_of_the_model => "azure-openai/chat/deployment-of-the-model",
    azure_openai_chat_deployment_route => "azure-openai/chat/deployment-route",
    azure_openai_chat_error_content_filter => "azure-openai/chat/error-content-filter",
    azure_openai_chat_error_without_an_object => "azure-openai/chat/error-without-an-object",
    azure_openai_chat_preview_with_a_token => "azure-openai/chat/preview-with-a-token",
    azure_openai_chat_stream => "azure-openai/chat/stream",
    azure_openai_chat_v1_route => "azure-openai/chat/v1-route",
    azure_openai_embeddings_v1_route => "azure-openai/embeddings/v1-route",
    bytez_chat_error => "bytez/chat/error",
    bytez_chat_stream => "bytez/chat/stream",
    bytez_chat_text => "bytez/chat/text",
    cerebras_chat_error => "cerebras/chat/error",
    cerebras_chat_parameters_that_are_refused => "cerebras/chat/parameters-that-are-refused",
    cerebras_chat_stream_tool_calls_and_usage => "cerebras/chat/stream-tool-calls-and-usage",
    cerebras_chat_what_passes_and_what_returns => "cerebras/chat/what-passes-and-what-returns",
    cometapi_chat_error => "cometapi/chat/error",
    cometapi_chat_stream_tool_calls_and_usage => "cometapi/chat/stream-tool-calls-and-usage",
    cometapi_chat_what_passes_and_what_returns => "cometapi/chat/what-passes-and-what-returns",
    cortex_chat_error => "cortex/chat/error",
    cortex_chat_openai_route => "cortex/chat/openai-route",
    cortex_chat_stream_tool_calls_and_usage => "cortex/chat/stream-tool-calls-and-usage",
    cortex_chat_token_type => "cortex/chat/token-type",
    dashscope_chat_error => "dashscope/chat/error",
    dashscope_chat_stream_tool_calls_and_usage => "dashscope/chat/stream-tool-calls-and-usage",
    dashscope_chat_what_passes_and_what_returns => "dashscope/chat/what-passes-and-what-returns",
    deepbricks_chat_error => "deepbricks/chat/error",
    deepbricks_chat_stream_tool_calls_and_usage => "deepbricks/chat/stream-tool-calls-and-usage",
    deepbricks_chat_what_passes_and_what_returns => "deepbricks/chat/what-passes-and-what-returns",
    deepbricks_images_text => "deepbricks/images/text",
    deepinfra_chat_error => "deepinfra/chat/error",
    deepinfra_chat_stream_tool_calls_and_usage => "deepinfra/chat/stream-tool-calls-and-usage",
    deepinfra_chat_what_passes_and_what_returns => "deepinfra/chat/what-passes-and-what-returns",
    deepseek_chat_cut_short_by_the_host => "deepseek/chat/cut-short-by-the-host",
    deepseek_chat_cut_short_by_the_host_as_it_is => "deepseek/chat/cut-short-by-the-host-as-it-is",
    deepseek_chat_error => "deepseek/chat/error",
    deepseek_chat_reasoning_tools_and_cache_usage => "deepseek/chat/reasoning-tools-and-cache-usage",
    deepseek_chat_stream => "deepseek/chat/stream",
    deepseek_chat_stream_keep_alive_comments => "deepseek/chat/stream-keep-alive-comments",
    deepseek_chat_stream_usage_without_choices => "deepseek/chat/stream-usage-without-choices",
    featherless_ai_chat_error => "featherless-ai/chat/error",
    featherless_ai_chat_stream_tool_calls_and_usage => "featherless-ai/chat/stream-tool-calls-and-usage",
    featherless_ai_chat_what_passes_and_what_returns => "featherless-ai/chat/what-passes-and-what-returns",
    fireworks_ai_chat_error => "fireworks-ai/chat/error",
    fireworks_ai_chat_error_detail => "fireworks-ai/chat/error-detail",
    fireworks_ai_chat_error_fault => "fireworks-ai/chat/error-fault",
    fireworks_ai_chat_stream => "fireworks-ai/chat/stream",
    fireworks_ai_chat_stream_usage_without_choices => "fireworks-ai/chat/stream-usage-without-choices",
    fireworks_ai_chat_text => "fireworks-ai/chat/text",
    fireworks_ai_images_size_that_is_none => "fireworks-ai/images/size-that-is-none",
    fireworks_ai_images_text => "fireworks-ai/images/text",
    github_chat_error => "github/chat/error",
    github_chat_stream_tool_calls_and_usage => "github/chat/stream-tool-calls-and-usage",
    github_chat_text => "github/chat/text",
    groq_chat_error => "groq/chat/error",
    groq_chat_parameters_that_are_refused => "groq/chat/parameters-that-are-refused",
    groq_chat_stream_two_choices => "groq/chat/stream-two-choices",
    groq_chat_stream_usage_in_x_groq => "groq/chat/stream-usage-in-x-groq",
    groq_chat_what_passes_and_what_returns => "groq/chat/what-passes-and-what-returns",
    huggingface_chat_dedicated_endpoint => "huggingface/chat/dedicated-endpoint",
    huggingface_chat_error_as_text => "huggingface/chat/error-as-text",
    huggingface_chat_stream_tool_calls_and_usage => "huggingface/chat/stream-tool-calls-and-usage",
    huggingface_chat_what_passes_and_what_returns => "huggingface/chat/what-passes-and-what-returns",
    hyperbolic_chat_error => "hyperbolic/chat/error",
    hyperbolic_chat_stream_tool_calls_and_usage => "hyperbolic/chat/stream-tool-calls-and-usage",
    hyperbolic_chat_what_passes_and_what_returns => "hyperbolic/chat/what-passes-and-what-returns",
    hyperbolic_images_text => "hyperbolic/images/text",
    inference_net_chat_error => "inference-net/chat/error",
    inference_net_chat_stream_tool_calls_and_usage => "inference-net/chat/stream-tool-calls-and-usage",
    inference_net_chat_what_passes_and_what_returns => "inference-net/chat/what-passes-and-what-returns",
    iointelligence_chat_error => "iointelligence/chat/error",
    iointelligence_chat_stream_tool_calls_and_usage => "iointelligence/chat/stream-tool-calls-and-usage",
    iointelligence_chat_what_passes_and_what_returns => "iointelligence/chat/what-passes-and-what-returns",
    jina_embeddings_error => "jina/embeddings/error",
    jina_embeddings_text => "jina/embeddings/text",
    kluster_ai_chat_error => "kluster-ai/chat/error",
    kluster_ai_chat_stream_tool_calls_and_usage => "kluster-ai/chat/stream-tool-calls-and-usage",
    kluster_ai_chat_what_passes_and_what_returns => "kluster-ai/chat/what-passes-and-what-returns",
    krutrim_chat_error_web_page => "krutrim/chat/error-web-page",
    krutrim_chat_stream_tool_calls_and_usage => "krutrim/chat/stream-tool-calls-and-usage",
    krutrim_chat_what_passes_and_what_returns => "krutrim/chat/what-passes-and-what-returns",
    lemonfox_ai_chat_error => "lemonfox-ai/chat/error",
    lemonfox_ai_chat_stream_tool_calls_and_usage => "lemonfox-ai/chat/stream-tool-calls-and-usage",
    lemonfox_ai_chat_what_passes_and_what_returns => "lemonfox-ai/chat/what-passes-and-what-returns",
    lingyi_chat_error => "lingyi/chat/error",
    lingyi_chat_stream_tool_calls_and_usage => "lingyi/chat/stream-tool-calls-and-usage",
    lingyi_chat_what_passes_and_what_returns => "lingyi/chat/what-passes-and-what-returns",
    llamacpp_chat_error => "llamacpp/chat/error",
    llamacpp_chat_error_context => "llamacpp/chat/error-context",
    llamacpp_chat_stream_tool_calls_and_usage => "llamacpp/chat/stream-tool-calls-and-usage",
    llamacpp_chat_what_passes_and_what_returns => "llamacpp/chat/what-passes-and-what-returns",
    llamacpp_embeddings_text => "llamacpp/embeddings/text",
    lmstudio_chat_error => "lmstudio/chat/error",
    lmstudio_chat_error_as_text => "lmstudio/chat/error-as-text",
    lmstudio_chat_stream_tool_calls_and_usage => "lmstudio/chat/stream-tool-calls-and-usage",
    lmstudio_chat_what_passes_and_what_returns => "lmstudio/chat/what-passes-and-what-returns",
    lmstudio_embeddings_text => "lmstudio/embeddings/text",
    matterai_chat_error => "matterai/chat/error",
    matterai_chat_stream_tool_calls_and_usage => "matterai/chat/stream-tool-calls-and-usage",
    matterai_chat_what_passes_and_what_returns => "matterai/chat/what-passes-and-what-returns",
    mistral_ai_chat_error_422_detail => "mistral-ai/chat/error-422-detail",
    mistral_ai_chat_fill_in_the_middle => "mistral-ai/chat/fill-in-the-middle",
    mistral_ai_chat_history_of_another_provider => "mistral-ai/chat/history-of-another-provider",
    mistral_ai_chat_stream_crlf => "mistral-ai/chat/stream-crlf",
    mistral_ai_chat_stream_reasoning_parts => "mistral-ai/chat/stream-reasoning-parts",
    mistral_ai_chat_stream_tool_call => "mistral-ai/chat/stream-tool-call",
    mistral_ai_chat_stream_usage_without_choices => "mistral-ai/chat/stream-usage-without-choices",
    mistral_ai_chat_tool_choice_required => "mistral-ai/chat/tool-choice-required",
    mistral_ai_embeddings_error => "mistral-ai/embeddings/error",
    mistral_ai_embeddings_size => "mistral-ai/embeddings/size",
    modal_chat_error => "modal/chat/error",
    modal_chat_stream_tool_calls_and_usage => "modal/chat/stream-tool-calls-and-usage",
    modal_chat_what_passes_and_what_returns => "modal/chat/what-passes-and-what-returns",
    monsterapi_chat_error => "monsterapi/chat/error",
    monsterapi_chat_stream_tool_calls_and_usage => "monsterapi/chat/stream-tool-calls-and-usage",
    monsterapi_chat_what_passes_and_what_returns => "monsterapi/chat/what-passes-and-what-returns",
    moonshot_chat_error => "moonshot/chat/error",
    moonshot_chat_stream_tool_calls_and_usage => "moonshot/chat/stream-tool-calls-and-usage",
    moonshot_chat_what_passes_and_what_returns => "moonshot/chat/what-passes-and-what-returns",
    ncompass_chat_error => "ncompass/chat/error",
    ncompass_chat_stream_tool_calls_and_usage => "ncompass/chat/stream-tool-calls-and-usage",
    ncompass_chat_what_passes_and_what_returns => "ncompass/chat/what-passes-and-what-returns",
    nebius_chat_error => "nebius/chat/error",
    nebius_chat_stream_tool_calls_and_usage => "nebius/chat/stream-tool-calls-and-usage",
    nebius_chat_what_passes_and_what_returns => "nebius/chat/what-passes-and-what-returns",
    nebius_completions_text => "nebius/completions/text",
    nextbit_chat_error => "nextbit/chat/error",
    nextbit_chat_stream_tool_calls_and_usage => "nextbit/chat/stream-tool-calls-and-usage",
    nextbit_chat_what_passes_and_what_returns => "nextbit/chat/what-passes-and-what-returns",
    nomic_embeddings_names => "nomic/embeddings/names",
    nomic_embeddings_text => "nomic/embeddings/text",
    nomic_embeddings_tokens => "nomic/embeddings/tokens",
    novita_ai_chat_error => "novita-ai/chat/error",
    novita_ai_chat_stream_tool_calls_and_usage => "novita-ai/chat/stream-tool-calls-and-usage",
    novita_ai_chat_what_passes_and_what_returns => "novita-ai/chat/what-passes-and-what-returns",
    nscale_chat_error => "nscale/chat/error",
    nscale_chat_stream_tool_calls_and_usage => "nscale/chat/stream-tool-calls-and-usage",
    nscale_chat_what_passes_and_what_returns => "nscale/chat/what-passes-and-what-returns",
    nscale_images_text => "nscale/images/text",
    ollama_chat_a_credential_that_is_given_is_sent => "ollama/chat/a-credential-that-is-given-is-sent",
    ollama_chat_error => "ollama/chat/error",
    ollama_chat_native_error => "ollama/chat/native-error",
    ollama_chat_native_everything => "ollama/chat/native-everything",
    ollama_chat_native_stream => "ollama/chat/native-stream",
    ollama_chat_native_stream_tool_calls => "ollama/chat/native-stream-tool-calls",
    ollama_chat_stream_events_cut_anywhere => "ollama/chat/stream-events-cut-anywhere",
    ollama_chat_stream_usage => "ollama/chat/stream-usage",
    ollama_chat_thinking_and_limits => "ollama/chat/thinking-and-limits",
    ollama_chat_tool_calls => "ollama/chat/tool-calls",
    ollama_completions_native => "ollama/completions/native",
    ollama_embeddings_native => "ollama/embeddings/native",
    ollama_embeddings_text => "ollama/embeddings/text",
    openai_chat_error_web_page => "openai/chat/error-web-page",
    openai_chat_status_201 => "openai/chat/status-201",
    openai_chat_stream => "openai/chat/stream",
    openai_chat_stream_crlf => "openai/chat/stream-crlf",
    openai_embeddings_text => "openai/embeddings/text",
    openai_moderations_text => "openai/moderations/text",
    openrouter_chat_error => "openrouter/chat/error",
    openrouter_chat_error_with_metadata => "openrouter/chat/error-with-metadata",
    openrouter_chat_reasoning_blocks => "openrouter/chat/reasoning-blocks",
    openrouter_chat_stream_blocks => "openrouter/chat/stream-blocks",
    openrouter_chat_stream_comments_and_reasoning => "openrouter/chat/stream-comments-and-reasoning",
    openrouter_chat_stream_error => "openrouter/chat/stream-error",
    openrouter_chat_stream_tool_calls_and_usage => "openrouter/chat/stream-tool-calls-and-usage",
    oracle_chat_dedicated_with_every_parameter => "oracle/chat/dedicated-with-every-parameter",
    oracle_chat_error => "oracle/chat/error",
    oracle_chat_model_of_cohere => "oracle/chat/model-of-cohere",
    oracle_chat_parts_and_tools => "oracle/chat/parts-and-tools",
    oracle_chat_stream => "oracle/chat/stream",
    oracle_chat_stream_tool_calls_and_usage => "oracle/chat/stream-tool-calls-and-usage",
    ovhcloud_chat_error => "ovhcloud/chat/error",
    ovhcloud_chat_stream_tool_calls_and_usage => "ovhcloud/chat/stream-tool-calls-and-usage",
    ovhcloud_chat_what_passes_and_what_returns => "ovhcloud/chat/what-passes-and-what-returns",
    perplexity_ai_chat_citations => "perplexity-ai/chat/citations",
    perplexity_ai_chat_error => "perplexity-ai/chat/error",
    perplexity_ai_chat_stream_tool_calls_and_usage => "perplexity-ai/chat/stream-tool-calls-and-usage",
    perplexity_ai_chat_what_passes_and_what_returns => "perplexity-ai/chat/what-passes-and-what-returns",
    predibase_chat_adapter => "predibase/chat/adapter",
    predibase_chat_error => "predibase/chat/error",
    predibase_chat_no_tenant => "predibase/chat/no-tenant",
    predibase_chat_stream_error => "predibase/chat/stream-error",
    predibase_chat_stream_tool_calls_and_usage => "predibase/chat/stream-tool-calls-and-usage",
    predibase_chat_what_passes_and_what_returns => "predibase/chat/what-passes-and-what-returns",
    recraft_ai_images_text => "recraft-ai/images/text",
    reka_ai_chat_error => "reka-ai/chat/error",
    reka_ai_chat_openai_route => "reka-ai/chat/openai-route",
    reka_ai_chat_stream_tool_calls_and_usage => "reka-ai/chat/stream-tool-calls-and-usage",
    replicate_chat_stream => "replicate/chat/stream",
    replicate_chat_text => "replicate/chat/text",
    replicate_chat_turns => "replicate/chat/turns",
    sagemaker_chat_error => "sagemaker/chat/error",
    sagemaker_chat_stream_of_events => "sagemaker/chat/stream-of-events",
    sagemaker_chat_stream_of_lines => "sagemaker/chat/stream-of-lines",
    sagemaker_chat_text => "sagemaker/chat/text",
    sambanova_chat_error => "sambanova/chat/error",
    sambanova_chat_stream_tool_calls_and_usage => "sambanova/chat/stream-tool-calls-and-usage",
    sambanova_chat_what_passes_and_what_returns => "sambanova/chat/what-passes-and-what-returns",
    segmind_images_error => "segmind/images/error",
    segmind_images_text => "segmind/images/text",
    sglang_chat_error => "sglang/chat/error",
    sglang_chat_error_at_the_top => "sglang/chat/error-at-the-top",
    sglang_chat_stream_tool_calls_and_usage => "sglang/chat/stream-tool-calls-and-usage",
    sglang_chat_what_passes_and_what_returns => "sglang/chat/what-passes-and-what-returns",
    sglang_embeddings_text => "sglang/embeddings/text",
    siliconflow_chat_error => "siliconflow/chat/error",
    siliconflow_chat_stream_tool_calls_and_usage => "siliconflow/chat/stream-tool-calls-and-usage",
    siliconflow_chat_what_passes_and_what_returns => "siliconflow/chat/what-passes-and-what-returns",
    siliconflow_images_text => "siliconflow/images/text",
    stability_ai_images_error => "stability-ai/images/error",
    stability_ai_images_form => "stability-ai/images/form",
    stability_ai_images_json => "stability-ai/images/json",
    stability_ai_images_size_as_a_ratio => "stability-ai/images/size-as-a-ratio",
    tgi_chat_error => "tgi/chat/error",
    tgi_chat_error_with_a_type => "tgi/chat/error-with-a-type",
    tgi_chat_stream_tool_calls_and_usage => "tgi/chat/stream-tool-calls-and-usage",
    tgi_chat_what_passes_and_what_returns => "tgi/chat/what-passes-and-what-returns",
    together_ai_chat_error => "together-ai/chat/error",
    together_ai_chat_stream_end_of_text => "together-ai/chat/stream-end-of-text",
    together_ai_chat_stream_tool_calls => "together-ai/chat/stream-tool-calls",
    together_ai_chat_text => "together-ai/chat/text",
    triton_completions_error => "triton/completions/error",
    triton_completions_list_of_prompts => "triton/completions/list-of-prompts",
    triton_completions_stream => "triton/completions/stream",
    triton_completions_text => "triton/completions/text",
    upstage_chat_error => "upstage/chat/error",
    upstage_chat_stream_tool_calls_and_usage => "upstage/chat/stream-tool-calls-and-usage",
    upstage_chat_what_passes_and_what_returns => "upstage/chat/what-passes-and-what-returns",
    vllm_chat_error => "vllm/chat/error",
    vllm_chat_error_as_text => "vllm/chat/error-as-text",
    vllm_chat_error_of_older_versions => "vllm/chat/error-of-older-versions",
    vllm_chat_stream_tool_calls_and_usage => "vllm/chat/stream-tool-calls-and-usage",
    vllm_chat_what_passes_and_what_returns => "vllm/chat/what-passes-and-what-returns",
    vllm_embeddings_text => "vllm/embeddings/text",
    voyage_embeddings_error => "voyage/embeddings/error",
    voyage_embeddings_text => "voyage/embeddings/text",
    workers_ai_chat_native_error => "workers-ai/chat/native-error",
    workers_ai_chat_native_stream => "workers-ai/chat/native-stream",
    workers_ai_chat_native_stream_tool_calls => "workers-ai/chat/native-stream-tool-calls",
    workers_ai_chat_native_text => "workers-ai/chat/native-text",
    workers_ai_chat_native_tool_calls => "workers-ai/chat/native-tool-calls",
    workers_ai_chat_openai_route_at_the_service => "workers-ai/chat/openai-route-at-the-service",
    workers_ai_embeddings_native => "workers-ai/embeddings/native",
    workers_ai_images_at_the_service => "workers-ai/images/at-the-service",
    workers_ai_images_model_that_leads_elsewhere => "workers-ai/images/model-that-leads-elsewhere",
    workers_ai_images_text => "workers-ai/images/text",
    x_ai_chat_error_as_text => "x-ai/chat/error-as-text",
    x_ai_chat_reasoning_and_search => "x-ai/chat/reasoning-and-search",
    x_ai_chat_stream_tool_calls_and_usage => "x-ai/chat/stream-tool-calls-and-usage",
    z_ai_chat_error => "z-ai/chat/error",
    z_ai_chat_stream_tool_calls_and_usage => "z-ai/chat/stream-tool-calls-and-usage",
    z_ai_chat_what_passes_and_what_returns => "z-ai/chat/what-passes-and-what-returns",
    zhipu_chat_error => "zhipu/chat/error",
    zhipu_chat_stream_tool_calls_and_usage => "zhipu/chat/stream-tool-calls-and-usage",
    zhipu_chat_what_passes_and_what_returns => "zhipu/chat/what-passes-and-what-returns",
}
