//! Chat completions by Cohere's `/v2/chat`: the request, and the dialect as a whole.
//! A parameter that OpenAI doesn't know is Cohere's own and goes on as it is.

use std::borrow::Cow;

use ::http::HeaderMap;
use bytes::Bytes;
use serde_json::value::RawValue;

use super::{answer, errors, messages, stream, tools};
use crate::body::Body;
use crate::error::{Error, Result};
use crate::provider::dialect::{Asked, Context, Dialect, Made, Settings, Translator};
use crate::provider::fields::{Changes, Fields, json, text};

/// `/v2/chat`.
pub struct Chat;

impl Dialect for Chat {
    fn request(&self, asked: &Asked<'_>) -> Result<Made> {
        let body = std::str::from_utf8(asked.body).map_err(|_| Error::problem("body", "expected UTF-8"))?;
        let mut changes = Changes::new(super::NAME);
        let body = read(body, &mut changes)?;
        Ok(Made { path: "/v2/chat".to_owned(), body, changes: changes.into_lines(), ..Made::default() })
    }

    fn answer(&self, context: &Context<'_>, reply: &[u8]) -> std::result::Result<Bytes, String> {
        answer::read(context, reply)
    }

    fn translator(&self, context: &Context<'_>) -> Box<dyn Translator> {
        Box::new(stream::Chat::new(context))
    }

    fn goes_beyond(&self, _settings: &Settings, _body: &[u8]) -> bool {
        true
    }

    fn error(&self, _status: u16, _headers: &HeaderMap, reply: &[u8]) -> Option<Bytes> {
        errors::of_reply(reply)
    }
}

/// OpenAI's parameters that Cohere has under other names.
const RENAMED: &[(&str, &str)] = &[("top_p", "p"), ("top_k", "k")];

/// OpenAI's parameters that Cohere doesn't have.
const UNKNOWN: &[&str] = &[
    "audio",
    "logit_bias",
    "metadata",
    "modalities",
    "n",
    "parallel_tool_calls",
    "prediction",
    "prompt_cache_key",
    "prompt_cache_retention",
    "safety_identifier",
    "service_tier",
    "store",
    "top_logprobs",
    "user",
    "verbosity",
    "web_search_options",
];

/// The wire's body of one in our shape.
fn read(body: &str, changes: &mut Changes) -> Result<Bytes> {
    let mut fields = Fields::read("", body)?;
    for (old, new) in [("functions", "tools"), ("function_call", "tool_choice")] {
        if fields.has(old) {
            return Err(Error::problem(old, format!("cohere takes {new} in its place")));
        }
    }
    let model = fields.take("model").ok_or_else(|| Error::problem("model", "is missing"))?;
    let listed = fields.list("messages")?.ok_or_else(|| Error::problem("messages", "is missing"))?;
    let messages = json(&messages::read(listed, changes)?);
    let tools = tools::read(&mut fields, changes)?;
    let mut wire = Body::parse(b"{}").expect("an empty object");
    wire.set("model", model.get());
    wire.set("messages", messages.get());
    if !tools.tools.is_empty() {
        wire.set("tools", json(&tools.tools).get().to_owned());
    }
    if tools.strict {
        wire.set("strict_tools", "true");
    }
    if let Some(choice) = tools.choice {
        wire.set("tool_choice", format!("\"{choice}\""));
    }
    if let Some(format) = response_format(&mut fields, changes)? {
        wire.set("response_format", format);
    }
    parameters(&mut fields, &mut wire, changes)?;
    for (name, value) in fields.into_rest() {
        if UNKNOWN.contains(&&*name) {
            changes.no_parameter(&name, value);
        } else {
            wire.set(&name, value.get());
        }
    }
    Ok(wire.to_bytes())
}

fn parameters<'a>(fields: &mut Fields<'a>, wire: &mut Body<'a>, changes: &mut Changes) -> Result<()> {
    let (max_tokens, completion) = (fields.take("max_tokens"), fields.take("max_completion_tokens"));
    if let (Some(max), Some(completion)) = (max_tokens, completion)
        && max.get() != completion.get()
    {
        changes.dropped("max_tokens", "max_completion_tokens is given too");
    }
    if let Some(most) = completion.or(max_tokens) {
        wire.set("max_tokens", most.get());
    }
    if let Some(stop) = fields.take("stop") {
        let one = stop.get().starts_with('"');
        let list = if one { Cow::Owned(format!("[{}]", stop.get())) } else { Cow::Borrowed(stop.get()) };
        wire.set("stop_sequences", list);
    }
    for (ours, theirs) in RENAMED {
        match (fields.take(ours), fields.has(theirs)) {
            (Some(_), true) => changes.dropped(ours, &format!("{theirs} is given too")),
            (Some(value), false) => wire.set(theirs, value.get()),
            (None, _) => {}
        }
    }
    if let Some(effort) = fields.take("reasoning_effort") {
        let told = fields.has("thinking");
        if text(effort).is_some_and(|effort| effort == "none") && !told {
            wire.set("thinking", r#"{"type":"disabled"}"#);
        } else {
            changes.dropped("reasoning_effort", "cohere takes thinking, with a token_budget");
        }
    }
    if let Some(mut options) = fields.object("stream_options")? {
        options.take("include_usage");
        changes.rest(options);
    }
    Ok(())
}

/// Cohere has one JSON mode, with a schema or without.
fn response_format(fields: &mut Fields<'_>, changes: &mut Changes) -> Result<Option<String>> {
    let Some(mut format) = fields.object("response_format")? else { return Ok(None) };
    let kind = format.needed_text("type")?;
    match &*kind {
        "text" => {
            changes.rest(format);
            Ok(None)
        }
        "json_object" => {
            // The schema may stand beside it, as Cohere itself has it.
            let schema = format.take("json_schema").or(format.take("schema"));
            changes.rest(format);
            Ok(Some(json_mode(schema)))
        }
        "json_schema" => {
            let path = format.at("json_schema");
            let mut given =
                format.object("json_schema")?.ok_or_else(|| Error::problem(path, "is missing"))?;
            let schema = given.take("schema");
            if given.take("strict").is_some_and(|strict| strict.get() == "false") {
                changes.dropped(&given.at("strict"), "cohere keeps to every schema");
            }
            changes.rest(given);
            changes.rest(format);
            Ok(Some(json_mode(schema)))
        }
        _ => Err(Error::problem(format.at("type"), "expected text, json_object or json_schema")),
    }
}

fn json_mode(schema: Option<&RawValue>) -> String {
    let schema = schema.map(|schema| format!(r#","json_schema":{}"#, schema.get())).unwrap_or_default();
    format!(r#"{{"type":"json_object"{schema}}}"#)
}
