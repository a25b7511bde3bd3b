//! The dialect of `sagemaker`: an endpoint of the caller's own, whose container (vLLM, DJL, TGI) speaks OpenAI's dialect. The body's model is
//! the endpoint's name; a stream's frames hold the container's own events.

use ::http::HeaderMap;
use bytes::Bytes;

use super::compatible::is_plain;
use super::dialect::{
    Asked, Context, Dialect, Fault, Framing, Made, Setting, Settings, Translator, WireEvent,
};
use super::passing::PLAIN;
use super::{Provider, path, reported};
use crate::auth::Auth;
use crate::body::Body;
use crate::endpoint::{EMBEDDINGS, Endpoint};
use crate::error::{Error, Result};
use crate::sse::{Parser, SseEvent};

pub struct SageMaker;
pub static SAGEMAKER: SageMaker = SageMaker;

/// Each setting, and the header that carries it.
const HEADERS: &[(&str, &str)] = &[
    ("amzn_sagemaker_custom_attributes", "x-amzn-sagemaker-custom-attributes"),
    ("amzn_sagemaker_target_model", "x-amzn-sagemaker-target-model"),
    ("amzn_sagemaker_target_variant", "x-amzn-sagemaker-target-variant"),
    ("amzn_sagemaker_target_container_hostname", "x-amzn-sagemaker-target-container-hostname"),
    ("amzn_sagemaker_inference_id", "x-amzn-sagemaker-inference-id"),
    ("amzn_sagemaker_enable_explanations", "x-amzn-sagemaker-enable-explanations"),
    ("amzn_sagemaker_inference_component", "x-amzn-sagemaker-inference-component"),
    ("amzn_sagemaker_session_id", "x-amzn-sagemaker-session-id"),
];

const WHAT: &str = "goes as the header of this name";

static SETTINGS: [Setting; 9] = [
    Setting { key: "aws_region", what: "the region, such as us-east-1", required: true },
    Setting { key: HEADERS[0].0, what: WHAT, required: false },
    Setting { key: HEADERS[1].0, what: WHAT, required: false },
    Setting { key: HEADERS[2].0, what: WHAT, required: false },
    Setting { key: HEADERS[3].0, what: WHAT, required: false },
    Setting { key: HEADERS[4].0, what: WHAT, required: false },
    Setting { key: HEADERS[5].0, what: WHAT, required: false },
    Setting { key: HEADERS[6].0, what: WHAT, required: false },
    Setting { key: HEADERS[7].0, what: WHAT, required: false },
];

impl Provider for SageMaker {
    fn name(&self) -> &'static str {
        "sagemaker"
    }

    fn base_url(&self) -> Option<&'static str> {
        Some("https://runtime.sagemaker.{aws_region}.amazonaws.com")
    }

    fn base_url_for(&self, settings: &Settings) -> Option<String> {
        let region = settings.get("aws_region").filter(|region| is_plain(region))?;
        Some(format!("https://runtime.sagemaker.{region}.amazonaws.com"))
    }

    fn auth(&self) -> Auth {
        Auth::Optional
    }

    fn has(&self, endpoint: &Endpoint) -> bool {
        matches!(endpoint.call, "chat.completions.create" | "completions.create" | EMBEDDINGS)
    }

    fn path(&self, _endpoint: &Endpoint) -> String {
        "/endpoints/{name}/invocations".to_owned()
    }

    fn knows_base64_embeddings(&self) -> bool {
        false
    }

    fn dialect(&self, _endpoint: &Endpoint) -> Option<&'static dyn Dialect> {
        Some(&SAGEMAKER)
    }

    fn settings(&self) -> &'static [Setting] {
        &SETTINGS
    }
}

impl Dialect for SageMaker {
    fn request(&self, asked: &Asked<'_>) -> Result<Made> {
        let mut body =
            Body::parse(asked.body).map_err(|_| Error::problem("body", "expected a JSON object"))?;
        let model: Option<String> = body.get("model").and_then(|raw| serde_json::from_str(raw).ok());
        let endpoint = path::segment(model.as_deref().unwrap_or(""), "body.model")?;
        body.remove("model");
        let call = if asked.stream { "invocations-response-stream" } else { "invocations" };
        let header = |(key, name): &(&str, &'static str)| Some((*name, asked.settings.get(key)?.to_owned()));
        Ok(Made {
            path: format!("/endpoints/{endpoint}/{call}"),
            headers: HEADERS.iter().filter_map(header).collect(),
            body: body.to_bytes(),
            changes: vec!["model went into the path, as the endpoint's name".to_owned()],
            ..Made::default()
        })
    }

    fn answer(&self, context: &Context<'_>, reply: &[u8]) -> std::result::Result<Bytes, String> {
        PLAIN.answer(context, reply)
    }

    fn translator(&self, context: &Context<'_>) -> Box<dyn Translator> {
        Box::new(Frames {
            inner: PLAIN.translator(context),
            parser: Parser::default(),
            line: Vec::new(),
            events: None,
        })
    }

    fn framing(&self) -> Framing {
        Framing::EventStream
    }

    fn error(&self, _status: u16, headers: &HeaderMap, reply: &[u8]) -> Option<Bytes> {
        reported::in_our_shape(headers, reply)
    }
}

/// Reads the container's events out of the frames, which may cut them anywhere.
struct Frames {
    inner: Box<dyn Translator>,
    parser: Parser,
    /// The start of a JSON line whose end has not come yet.
    line: Vec<u8>,
    /// Whether the container sends events, or JSON lines; its first letter tells.
    events: Option<bool>,
}

impl Frames {
    fn hand_on(&mut self, data: &[u8], chunks: &mut Vec<Bytes>) -> std::result::Result<(), Fault> {
        if data.trim_ascii().is_empty() {
            return Ok(());
        }
        self.inner.event(WireEvent { name: None, data, exception: false }, chunks)
    }

    fn lines(&mut self, data: &[u8], chunks: &mut Vec<Bytes>) -> std::result::Result<(), Fault> {
        for piece in data.split_inclusive(|byte| *byte == b'\n') {
            self.line.extend_from_slice(piece);
            if piece.ends_with(b"\n") {
                let line = std::mem::take(&mut self.line);
                self.hand_on(&line, chunks)?;
            }
        }
        Ok(())
    }

    fn events(&mut self, parsed: Vec<SseEvent>, chunks: &mut Vec<Bytes>) -> std::result::Result<(), Fault> {
        parsed.into_iter().try_for_each(|event| self.hand_on(&event.data, chunks))
    }
}

impl Translator for Frames {
    fn event(&mut self, event: WireEvent<'_>, chunks: &mut Vec<Bytes>) -> std::result::Result<(), Fault> {
        if event.exception {
            return Err(reported::in_stream(event.data));
        }
        let first = event.data.iter().find(|byte| !byte.is_ascii_whitespace());
        let events = self.events.or_else(|| first.map(|byte| *byte != b'{'));
        self.events = events;
        if events == Some(false) {
            return self.lines(event.data, chunks);
        }
        let mut parsed = Vec::new();
        let fed = self.parser.feed(&Bytes::copy_from_slice(event.data), &mut parsed);
        fed.map_err(|_| Fault::Garbled("an event is too long to be read".to_owned()))?;
        self.events(parsed, chunks)
    }

    fn end(&mut self, chunks: &mut Vec<Bytes>) {
        let mut parsed = Vec::new();
        self.parser.finish(&mut parsed);
        let line = std::mem::take(&mut self.line);
        // What is cut off here is judged by the finish reason that never came.
        _ = self.events(parsed, chunks).and_then(|()| self.hand_on(&line, chunks));
        self.inner.end(chunks);
    }
}
