//! Models that Vertex AI speaks to in OpenAI's shape: Llama, Mistral, and endpoints of the caller's own.
//! Bodies, answers and chunks go through as they are, but for the model's name and what Mistral calls otherwise.

use bytes::Bytes;

use super::place::Place;
use super::router::Publisher;
use crate::body::Body;
use crate::error::{Error, Result};
use crate::provider::dialect::{Asked, Context, Fault, Made, Translator, WireEvent};
use crate::provider::google::errors;
use crate::provider::google::fields::Fields;
use crate::provider::google::raw::Raw;
use crate::provider::json::Json;
use crate::provider::params::{self, MAX_COMPLETION_TOKENS, Rule};
use crate::provider::path;

pub fn request(asked: &Asked<'_>, publisher: &Publisher<'_>, place: &Place<'_>) -> Result<Made> {
    let wanted = |_| Error::problem("body", "expected a JSON object");
    let mut body = Body::parse(asked.body).map_err(wanted)?;
    let (name, path) = match publisher {
        Publisher::Meta(name) => {
            (format!("meta/{name}"), place.path("v1beta1", "endpoints/openapi/chat/completions"))
        }
        Publisher::Mistral(name) => {
            let method = if asked.stream { "streamRawPredict" } else { "rawPredict" };
            ((*name).to_owned(), place.model("mistralai", name, method))
        }
        Publisher::Endpoint(name) | Publisher::Google(name) | Publisher::Anthropic(name) => (
            (*name).to_owned(),
            place.path("v1", &format!("endpoints/{}/chat/completions", path::encoded(name, "@"))),
        ),
    };
    body.set("model", serde_json::Value::from(name).to_string());
    let rules = if matches!(publisher, Publisher::Mistral(_)) { OF_MISTRAL } else { RULES };
    let changes = params::apply(rules, &mut body, false).map_err(|problem| Error::config(vec![problem]))?;
    Ok(Made { path, body: body.to_bytes(), changes, ..Made::default() })
}

/// These models don't know the role developer.
const RULES: &[Rule] = &[Rule::DeveloperToSystem];

const OF_MISTRAL: &[Rule] = &[
    Rule::DeveloperToSystem,
    MAX_COMPLETION_TOKENS,
    Rule::Rename { from: "seed", to: "random_seed" },
    Rule::Value { name: "tool_choice", from: "\"required\"", to: "\"any\"" },
];

/// An answer as it came, with Mistral's own finish reason translated where compliance is strict.
pub fn answer(context: &Context<'_>, reply: &[u8]) -> std::result::Result<Bytes, String> {
    let text = std::str::from_utf8(reply).map_err(|_| "text that is no UTF-8")?;
    let mended = context.strict.then(|| without_model_length(text)).flatten();
    Ok(mended.unwrap_or_else(|| Bytes::copy_from_slice(reply)))
}

/// `None` when there is nothing to change.
fn without_model_length(text: &str) -> Option<Bytes> {
    if !text.contains("\"model_length\"") {
        return None;
    }
    let mut body = Body::parse(text.as_bytes()).ok()?;
    let choices = Raw::parse(body.get("choices")?)?.elements()?;
    let choices: Option<Vec<Fields<'_>>> = choices.into_iter().map(Raw::fields).collect();
    let mut w = Json::with_capacity(text.len());
    w.array(|w| {
        for choice in choices.iter().flatten() {
            w.object(|w| {
                for (name, value) in choice.iter() {
                    let is_length = name == "finish_reason" && value.get() == "\"model_length\"";
                    w.key(name).raw(if is_length { "\"length\"" } else { value.get() });
                }
            });
        }
    });
    body.set("choices", w.into_text());
    Some(body.to_bytes())
}

/// Chunks as they come.
pub struct Stream {
    strict: bool,
}

impl Stream {
    pub fn new(context: &Context<'_>) -> Self {
        Self { strict: context.strict }
    }
}

impl Translator for Stream {
    fn event(&mut self, event: WireEvent<'_>, chunks: &mut Vec<Bytes>) -> std::result::Result<(), Fault> {
        let text = std::str::from_utf8(event.data)
            .map_err(|_| Fault::Garbled("text that is no UTF-8".to_owned()))?;
        let text = text.trim();
        if text.is_empty() || text == "[DONE]" {
            return Ok(());
        }
        if let Some((status, body)) = errors::read(text.as_bytes()) {
            return Err(Fault::Reported { status: status.unwrap_or(500), body });
        }
        let fields = Fields::parse(text)
            .ok_or_else(|| Fault::Garbled("an event that is no JSON object".to_owned()))?;
        let body = Bytes::copy_from_slice(text.as_bytes());
        if fields.has("error") {
            return Err(Fault::Reported { status: 500, body });
        }
        let mended = self.strict.then(|| without_model_length(text)).flatten();
        chunks.push(mended.unwrap_or(body));
        Ok(())
    }

    fn end(&mut self, _chunks: &mut Vec<Bytes>) {}
}
