//! Amazon SageMaker: endpoints whose container speaks OpenAI's shapes (vLLM, TGI, DJL), invoked by their name.
//! `model` is the endpoint's name. What such a container takes and answers is left as it is; a stream of it comes in
//! pieces inside an event stream.

use std::time::SystemTime;

use ::http::{HeaderMap, HeaderName, HeaderValue};
use bytes::Bytes;
use serde::de::IgnoredAny;

use super::dialect::{
    Asked, Context, Dialect, Fault, Framing, Made, Setting, Settings, Translator, WireEvent,
};
use super::{Provider, Token, TokenRequest, Unsigned, aws};
use crate::auth::Auth;
use crate::body::Body;
use crate::endpoint::{EMBEDDINGS, Endpoint};
use crate::error::{Error, Problem, Result};
use crate::sse::{Parser, SseEvent};

const NAME: &str = "sagemaker";

pub static SAGEMAKER: SageMaker = SageMaker;

pub struct SageMaker;

/// The options that go along as headers, beside their headers.
const HEADERS: [(Setting, &str); 8] = [
    (
        optional("amzn_sagemaker_custom_attributes", "what the container is told beside the body"),
        "x-amzn-sagemaker-custom-attributes",
    ),
    (
        optional("amzn_sagemaker_target_model", "the model of a multi-model endpoint"),
        "x-amzn-sagemaker-target-model",
    ),
    (
        optional("amzn_sagemaker_target_variant", "the production variant that is to answer"),
        "x-amzn-sagemaker-target-variant",
    ),
    (
        optional("amzn_sagemaker_target_container_hostname", "the container of a multi-container endpoint"),
        "x-amzn-sagemaker-target-container-hostname",
    ),
    (
        optional("amzn_sagemaker_inference_id", "the id of the call in captured data"),
        "x-amzn-sagemaker-inference-id",
    ),
    (
        optional("amzn_sagemaker_enable_explanations", "the condition under which Clarify explains"),
        "x-amzn-sagemaker-enable-explanations",
    ),
    (
        optional("amzn_sagemaker_inference_component", "the inference component to invoke"),
        "x-amzn-sagemaker-inference-component",
    ),
    (optional("amzn_sagemaker_session_id", "the stateful session to use"), "x-amzn-sagemaker-session-id"),
];

const fn optional(key: &'static str, what: &'static str) -> Setting {
    Setting { key, what, required: false }
}

static SETTINGS: [Setting; 16] = {
    let [id, secret, token, region, kind, role, external, sts] = aws::SETTINGS;
    let [(a, _), (b, _), (c, _), (d, _), (e, _), (f, _), (g, _), (h, _)] = HEADERS;
    [id, secret, token, region, kind, role, external, sts, a, b, c, d, e, f, g, h]
};

impl Provider for SageMaker {
    fn name(&self) -> &'static str {
        NAME
    }

    fn base_url_for(&self, settings: &Settings) -> Option<String> {
        aws::base_url("runtime.sagemaker", settings)
    }

    fn auth(&self) -> Auth {
        Auth::Bearer
    }

    fn has(&self, endpoint: &Endpoint) -> bool {
        self.dialect(endpoint).is_some()
    }

    fn dialect(&self, endpoint: &Endpoint) -> Option<&'static dyn Dialect> {
        match endpoint.call {
            "chat.completions.create" | "completions.create" | EMBEDDINGS => Some(&Invocations),
            _ => None,
        }
    }

    fn settings(&self) -> &'static [Setting] {
        &SETTINGS
    }

    fn token_request(&self, settings: &Settings, now: SystemTime) -> Option<Result<TokenRequest>> {
        aws::role::request(settings, now)
    }

    fn token(&self, status: u16, body: &[u8], now: u64) -> std::result::Result<Token, String> {
        aws::role::answer(status, body, now)
    }

    fn sign(
        &self,
        request: &Unsigned<'_>,
        settings: &Settings,
        now: SystemTime,
    ) -> Result<Vec<(HeaderName, HeaderValue)>> {
        aws::sign("sagemaker", request, settings, now)
    }

    fn problems(&self, settings: &Settings) -> Vec<Problem> {
        let mut found = aws::problems(settings);
        if !aws::signs(settings) {
            let message = "SageMaker has no API keys: expected accessKey".to_owned();
            found.push(Problem { path: aws::AUTH_TYPE.to_owned(), message });
        }
        found
    }
}

/// `/endpoints/{name}/invocations` and `invocations-response-stream`.
struct Invocations;

impl Dialect for Invocations {
    fn request(&self, asked: &Asked<'_>) -> Result<Made> {
        let mut body =
            Body::parse(asked.body).map_err(|_| Error::problem("body", "expected a JSON object"))?;
        let name: Option<String> = body.get("model").and_then(|model| serde_json::from_str(model).ok());
        let name =
            name.ok_or_else(|| Error::problem("model", "expected the name of a SageMaker endpoint"))?;
        // The container knows its model by a name of its own.
        body.remove("model");
        let operation = if asked.stream { "invocations-response-stream" } else { "invocations" };
        let told = HEADERS
            .iter()
            .filter_map(|(setting, header)| Some((*header, asked.settings.get(setting.key)?.to_owned())));
        let accept = ("accept", "application/vnd.amazon.eventstream".to_owned());
        Ok(Made {
            path: format!("/endpoints/{}/{operation}", aws::segment(&name)),
            headers: told.chain(asked.stream.then_some(accept)).collect(),
            body: body.to_bytes(),
            ..Made::default()
        })
    }

    fn answer(&self, _context: &Context<'_>, reply: &[u8]) -> std::result::Result<Bytes, String> {
        Ok(Bytes::copy_from_slice(reply))
    }

    fn translator(&self, _context: &Context<'_>) -> Box<dyn Translator> {
        Box::new(Inside::default())
    }

    fn framing(&self) -> Framing {
        Framing::EventStream
    }

    fn error(&self, _status: u16, headers: &HeaderMap, reply: &[u8]) -> Option<Bytes> {
        aws::errors::of_reply(headers, reply)
    }
}

/// The container's own stream of server-sent events, whose pieces are the payloads.
#[derive(Default)]
struct Inside {
    parser: Parser,
    events: Vec<SseEvent>,
}

impl Inside {
    fn tell(&mut self, chunks: &mut Vec<Bytes>) {
        let chunk = |event: SseEvent| (event.data != "[DONE]").then_some(event.data);
        chunks.extend(self.events.drain(..).filter_map(chunk));
    }
}

impl Translator for Inside {
    fn event(&mut self, event: WireEvent<'_>, chunks: &mut Vec<Bytes>) -> std::result::Result<(), Fault> {
        if event.exception {
            return Err(aws::errors::of_event(&event));
        }
        let fed = self.parser.feed(&Bytes::copy_from_slice(event.data), &mut self.events);
        self.tell(chunks);
        fed.map_err(|_| Fault::Garbled("an event that is too long".to_owned()))
    }

    fn end(&mut self, chunks: &mut Vec<Bytes>) {
        self.parser.finish(&mut self.events);
        // An event that was cut off with the stream is no chunk.
        self.events.retain(|event| {
            event.data == "[DONE]" || serde_json::from_slice::<IgnoredAny>(&event.data).is_ok()
        });
        self.tell(chunks);
    }
}
