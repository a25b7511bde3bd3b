//! What the reading of an answer needs to know of the request, and of how answers are to look.

use std::borrow::Cow;

use serde::Deserialize;

use super::model::Model;
use super::output::answer_tool;
use crate::provider::completion::quoted;
use crate::provider::dialect::Context;
use crate::provider::head::Head;
use crate::provider::json::{Object, Raw, is_string};

/// How one answer is read.
pub struct Asking {
    /// Leave out what OpenAI's own answers would not have.
    pub strict: bool,
    created: u64,
    /// For an answer without an id of its own.
    id: String,
    /// For an answer that names no model.
    model: String,
    /// Whether a stream ends with a chunk of its usage.
    pub usage: bool,
    /// The tool that was forced in place of a schema: its input is the answer's text.
    pub tool: Option<String>,
}

impl Asking {
    pub fn of(context: &Context<'_>) -> Self {
        let asked: Asked<'_> = serde_json::from_slice(context.asked).unwrap_or_default();
        let model = asked.model.map(Cow::into_owned).unwrap_or_default();
        let tool = asked.response_format.and_then(|_| {
            let fields: Object<'_> = serde_json::from_slice(context.asked).ok()?;
            let (name, _) = answer_tool(Model::of(&model), &fields)?;
            serde_json::from_str(name.get()).ok()
        });
        Self {
            strict: context.strict,
            created: context.created,
            id: format!("chatcmpl-{}", context.id),
            model,
            usage: asked.stream_options.is_some_and(|options| options.include_usage == Some(true)),
            tool,
        }
    }

    /// What stands around the choices; `id` and `model` are the reply's, where it names them.
    pub fn head<'h>(&self, object: &'static str, id: Option<Raw<'h>>, model: Option<Raw<'h>>) -> Head<'h> {
        let given = |raw: Option<Raw<'h>>, else_is: &str| {
            let raw = raw.filter(|raw| is_string(raw));
            raw.map_or_else(|| quoted(else_is).into(), |raw| raw.get().into())
        };
        Head { id: given(id, &self.id), object, created: self.created, model: given(model, &self.model) }
    }

    /// The finish reason, in OpenAI's words or, with strict compliance off, in the API's own.
    /// `by_tool`: the only tool called was the one that stood for a schema.
    pub fn finish_reason<'r>(&self, reason: Option<&'r str>, by_tool: bool) -> &'r str {
        let reason = match reason {
            Some("tool_use") if by_tool => "end_turn",
            Some(reason) => reason,
            None => return "stop",
        };
        if !self.strict {
            return reason;
        }
        match reason {
            "max_tokens" | "model_context_window_exceeded" => "length",
            "tool_use" => "tool_calls",
            "refusal" => "content_filter",
            _ => "stop",
        }
    }
}

/// The caller's body, as far as it matters here; its messages are passed over.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Asked<'a> {
    #[serde(borrow)]
    model: Option<Cow<'a, str>>,
    stream_options: Option<StreamOptions>,
    #[serde(borrow)]
    response_format: Option<Raw<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct StreamOptions {
    include_usage: Option<bool>,
}
