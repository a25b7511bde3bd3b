//! The provider against its cases. Those of Anthropic's models wait for the router to be handed its dialect.

use serde_json::{Value, json};

use super::router::{CHAT, Router};
use crate::endpoint::ENDPOINTS;
use crate::provider::dialect::{Asked, Context, Dialect, Fault, Made, Settings, Translator, WireEvent};
use crate::provider::google::fixtures::{CREATED, ID, translated};
use crate::provider::{Provider, google};
use crate::secret::Secret;
use bytes::Bytes;

mod chat {
    use super::run;
    use crate::provider::google::fixtures::cases;

    cases!(
        run,
        "vertex-ai",
        "chat.completions.create",
        [
            anthropic_blocks,
            anthropic_stream,
            anthropic_text,
            endpoint_of_ones_own,
            error_in_a_list,
            llama,
            llama_stream_error,
            mistral,
            mistral_stream,
            problem_no_project,
            problem_no_region,
            project_of_the_service_account,
            stream,
            text_with_safety_settings,
            tool_loop_without_ids,
        ]
    );
}

mod embeddings {
    use crate::provider::google::fixtures::{cases, run};

    cases!(run, "vertex-ai", "embeddings.create", [error, multimodal, text]);
}

fn run(provider: &str, endpoint: &str, case: &str) {
    if case.starts_with("anthropic-") && CHAT.messages.is_none() {
        let error =
            asked(&CHAT, r#"{"model":"anthropic.claude-sonnet-4-5"}"#, false).expect_err("no such dialect");
        assert_eq!(error.facts().problems[0].path, "model");
        return;
    }
    google::fixtures::run(provider, endpoint, case);
}

fn settings() -> Settings {
    let mut settings = Settings::default();
    settings.set(super::PROJECT, Secret::new("proj-1"));
    settings.set(super::REGION, Secret::new("us-east5"));
    settings
}

fn asked(dialect: &dyn Dialect, body: &str, stream: bool) -> crate::error::Result<Made> {
    dialect.request(&Asked {
        endpoint: &ENDPOINTS[0],
        arguments: &[],
        body: body.as_bytes(),
        stream,
        settings: &settings(),
        custom_host: false,
    })
}

/// Stands for the dialect of Messages: what it is handed goes through.
struct Handed;

struct HandedStream;

impl Dialect for Handed {
    fn request(&self, asked: &Asked<'_>) -> crate::error::Result<Made> {
        Ok(Made {
            path: "/v1/messages".to_owned(),
            headers: vec![("anthropic-version", "2023-06-01".to_owned()), ("anthropic-beta", "b".to_owned())],
            body: Bytes::copy_from_slice(asked.body),
            changes: vec!["noted".to_owned()],
            ..Made::default()
        })
    }

    fn answer(&self, _context: &Context<'_>, reply: &[u8]) -> Result<Bytes, String> {
        Ok(Bytes::copy_from_slice(reply))
    }

    fn translator(&self, _context: &Context<'_>) -> Box<dyn Translator> {
        Box::new(HandedStream)
    }

    fn error(&self, _status: u16, _headers: &::http::HeaderMap, _reply: &[u8]) -> Option<Bytes> {
        Some(Bytes::from_static(b"handed"))
    }
}

impl Translator for HandedStream {
    fn event(&mut self, event: WireEvent<'_>, chunks: &mut Vec<Bytes>) -> Result<(), Fault> {
        chunks.push(Bytes::copy_from_slice(event.data));
        Ok(())
    }

    fn end(&mut self, chunks: &mut Vec<Bytes>) {
        chunks.push(Bytes::from_static(b"\"end\""));
    }
}

static HANDED: Router = Router { messages: Some(&Handed) };

#[test]
fn an_anthropic_model_stands_in_the_path_and_its_version_in_the_body() {
    let body = r#"{"model":"anthropic.claude-sonnet-4-5@20250929","max_tokens":1.0}"#;
    let made = asked(&HANDED, body, true).expect("a request");
    let place = "/v1/projects/proj-1/locations/us-east5/publishers/anthropic/models";
    assert_eq!(made.path, format!("{place}/claude-sonnet-4-5@20250929:streamRawPredict"));
    assert_eq!(
        made.body,
        Bytes::from_static(br#"{"max_tokens":1.0,"anthropic_version":"vertex-2023-10-16"}"#)
    );
    assert_eq!(made.headers, [("anthropic-beta", "b".to_owned())]);
    assert_eq!(made.changes, ["noted"]);
}

#[test]
fn replies_of_anthropic_models_go_to_the_dialect_that_was_handed_in() {
    let settings = settings();
    let headers = ::http::HeaderMap::new();
    let context = Context {
        asked: br#"{"model":"anthropic.claude-sonnet-4-5"}"#,
        settings: &settings,
        strict: true,
        created: CREATED,
        id: ID,
        headers: &headers,
    };
    assert_eq!(HANDED.answer(&context, b"{}"), Ok(Bytes::from_static(b"{}")));
    let event = |name: &str, data: &str| (Some(name.to_owned()), data.as_bytes().to_vec());
    let events = [event("vertex_event", "{}"), event("message_start", "1")];
    assert_eq!(translated(HANDED.translator(&context), &events), [json!(1), json!("end")]);
    assert_eq!(HANDED.error(400, &headers, br#"{"type":"error"}"#), Some(Bytes::from_static(b"handed")));
    let google = HANDED.error(404, &headers, br#"{"error":{"code":404,"message":"m","status":"NOT_FOUND"}}"#);
    let google: Value = serde_json::from_slice(&google.expect("an error of Google")).expect("JSON");
    assert_eq!(google["error"]["type"], "NOT_FOUND");
}

#[test]
fn the_region_says_where_the_service_is() {
    assert_eq!(super::VERTEX.base_url(), None);
    let told = super::VERTEX.base_url_for(&settings());
    assert_eq!(told.as_deref(), Some("https://us-east5-aiplatform.googleapis.com"));
    assert_eq!(super::VERTEX.base_url_for(&Settings::default()), None);
    assert_eq!(google::GOOGLE.base_url_for(&Settings::default()).as_deref(), google::GOOGLE.base_url());
}
