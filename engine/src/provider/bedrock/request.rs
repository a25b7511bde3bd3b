//! Chat completions through Converse: the request, and the dialect as a whole.
//! Parameters beyond Converse's own go into `additionalModelRequestFields` as the model's family spells them.

use std::borrow::Cow;

use ::http::HeaderMap;
use bytes::Bytes;
use serde::Serialize;
use serde_json::value::RawValue;

use super::content::Block;
use super::family::{Additional, Family, OF_SOME, effort};
use super::messages::Turn;
use super::tools::ToolConfig;
use super::{answer, messages, path, stream, tools};
use crate::error::{Error, Result};
use crate::provider::aws::errors;
use crate::provider::completion::{Raw, quoted};
use crate::provider::dialect::{Asked, Context, Dialect, Framing, Made, Settings, Translator};
use crate::provider::fields::{Changes, Fields, json, made, text};

/// `/model/{model}/converse` and `converse-stream`.
pub struct Converse;

impl Dialect for Converse {
    fn request(&self, asked: &Asked<'_>) -> Result<Made> {
        let body = std::str::from_utf8(asked.body).map_err(|_| Error::problem("body", "expected UTF-8"))?;
        let mut changes = Changes::new(super::NAME);
        let (model, request) = read(body, asked.settings, &mut changes)?;
        let operation = if asked.stream { "converse-stream" } else { "converse" };
        let accept = ("accept", "application/vnd.amazon.eventstream".to_owned());
        Ok(Made {
            method: None,
            path: path(&model, operation),
            headers: if asked.stream { vec![accept] } else { Vec::new() },
            body: Bytes::from(serde_json::to_vec(&request).expect("a request always has a JSON form")),
            changes: changes.into_lines(),
        })
    }

    fn answer(&self, context: &Context<'_>, reply: &[u8]) -> std::result::Result<Bytes, String> {
        answer::read(context, reply)
    }

    fn translator(&self, context: &Context<'_>) -> Box<dyn Translator> {
        Box::new(stream::Converse::new(context))
    }

    fn framing(&self) -> Framing {
        Framing::EventStream
    }

    fn goes_beyond(&self, _settings: &Settings, _body: &[u8]) -> bool {
        true
    }

    fn error(&self, _status: u16, headers: &HeaderMap, reply: &[u8]) -> Option<Bytes> {
        errors::of_reply(headers, reply)
    }
}

#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Request<'a> {
    messages: Vec<Turn<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    system: Vec<Block<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_config: Option<ToolConfig<'a>>,
    #[serde(skip_serializing_if = "InferenceConfig::is_empty")]
    inference_config: InferenceConfig<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    additional_model_request_fields: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    additional_model_response_field_paths: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    guardrail_config: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    performance_config: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    prompt_variables: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_metadata: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    service_tier: Option<ServiceTier<'a>>,
    #[serde(skip_serializing_if = "OutputConfig::is_empty")]
    output_config: OutputConfig<'a>,
}

#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct InferenceConfig<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    max_tokens: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stop_sequences: Option<Raw<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<&'a RawValue>,
}

#[derive(Serialize)]
struct ServiceTier<'a> {
    r#type: &'a RawValue,
}

#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct OutputConfig<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    text_format: Option<TextFormat<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    effort: Option<String>,
}

#[derive(Serialize)]
struct TextFormat<'a> {
    r#type: &'static str,
    structure: Structure<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Structure<'a> {
    json_schema: JsonSchema<'a>,
}

#[derive(Serialize)]
struct JsonSchema<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a RawValue>,
    /// The schema's JSON text.
    schema: String,
}

impl InferenceConfig<'_> {
    fn is_empty(&self) -> bool {
        self.max_tokens.is_none()
            && self.stop_sequences.is_none()
            && self.temperature.is_none()
            && self.top_p.is_none()
    }
}

impl OutputConfig<'_> {
    fn is_empty(&self) -> bool {
        self.text_format.is_none() && self.effort.is_none()
    }
}

/// The model and the request of a body in our shape.
fn read<'a>(
    body: &'a str,
    settings: &Settings,
    changes: &mut Changes,
) -> Result<(Cow<'a, str>, Request<'a>)> {
    let mut fields = Fields::read("", body)?;
    let model = fields.needed_text("model")?;
    let family = Family::of(&model);
    for (old, new) in [("functions", "tools"), ("function_call", "tool_choice")] {
        if fields.has(old) {
            return Err(Error::problem(old, format!("bedrock takes {new} in its place")));
        }
    }
    let listed = fields.list("messages")?;
    let listed = match listed {
        None if !model.contains(":prompt/") => return Err(Error::problem("messages", "is missing")),
        listed => listed.unwrap_or_default(),
    };
    let conversation = messages::read(listed, changes)?;
    let tools = tools::read(&mut fields, &conversation, family, changes)?;
    let mut request = Request {
        messages: conversation.turns,
        system: conversation.system,
        tool_config: tools.config,
        ..Request::default()
    };
    request.inference_config = inference(&mut fields, changes);
    let given =
        either(&mut fields, ["additional_model_request_fields", "additionalModelRequestFields"], changes);
    let mut additional = Additional::new(given)?;
    if !tools.built_in.is_empty() {
        additional.set("tools", "tools", json(&tools.built_in).get().to_owned(), changes);
    }
    request.output_config.text_format = response_format(&mut fields, changes)?;
    for name in OF_SOME {
        if let Some(value) = fields.take(name) {
            additional.parameter(family, name, value, changes);
        }
    }
    anthropic(&mut fields, settings, family, &mut additional, changes);
    if let Some(level) = fields.text("reasoning_effort")? {
        let max = request.inference_config.max_tokens.and_then(|raw| raw.get().parse().ok());
        request.output_config.effort = effort(family, &model, &level, max, &mut additional, changes);
    }
    request.additional_model_request_fields = additional.into_json();
    own(&mut fields, &mut request, changes);
    rest(fields, changes)?;
    Ok((model, request))
}

fn inference<'a>(fields: &mut Fields<'a>, changes: &mut Changes) -> InferenceConfig<'a> {
    let max_tokens = fields.take("max_tokens");
    let completion = fields.take("max_completion_tokens");
    if let (Some(max), Some(completion)) = (max_tokens, completion)
        && max.get() != completion.get()
    {
        changes.dropped("max_completion_tokens", "max_tokens is given too");
    }
    let stop = fields.take("stop").filter(|stop| !matches!(stop.get(), "[]" | "\"\""));
    let stop_sequences = stop.map(|stop| match stop.get() {
        one if one.starts_with('"') => Cow::Owned(made(format!("[{one}]"))),
        _ => Cow::Borrowed(stop),
    });
    InferenceConfig {
        max_tokens: max_tokens.or(completion),
        stop_sequences,
        temperature: fields.take("temperature"),
        top_p: fields.take("top_p"),
    }
}

/// A field of Converse's own, by either of its spellings.
fn either<'a>(fields: &mut Fields<'a>, names: [&str; 2], changes: &mut Changes) -> Option<&'a RawValue> {
    let (first, second) = (fields.take(names[0]), fields.take(names[1]));
    if first.is_some() && second.is_some() {
        changes.dropped(names[1], &format!("{} is given too", names[0]));
    }
    first.or(second)
}

/// The version and the beta features of Anthropic's API, from the body, else from the settings.
fn anthropic(
    fields: &mut Fields<'_>,
    settings: &Settings,
    family: Family,
    additional: &mut Additional<'_>,
    changes: &mut Changes,
) {
    let beta = fields.take("anthropic_beta");
    if !family.is_anthropic() {
        for name in ["anthropic_beta", "anthropic_version"] {
            if settings.get(name).is_some() || (name == "anthropic_beta" && beta.is_some()) {
                changes.dropped(name, "this model isn't Anthropic's");
            }
        }
        return;
    }
    let apart = |names: &str| -> Vec<String> {
        names.split(',').map(str::trim).filter(|name| !name.is_empty()).map(quoted).collect()
    };
    let beta = match beta {
        Some(raw) => Some(
            text(raw).map_or_else(|| raw.get().to_owned(), |names| format!("[{}]", apart(&names).join(","))),
        ),
        None => settings.get("anthropic_beta").map(|names| format!("[{}]", apart(names).join(","))),
    };
    if let Some(beta) = beta {
        additional.set("anthropic_beta", "anthropic_beta", beta, changes);
    }
    if let Some(version) = settings.get("anthropic_version")
        && !additional.has("anthropic_version")
    {
        additional.set("anthropic_version", "anthropic_version", quoted(version), changes);
    }
}

fn response_format<'a>(fields: &mut Fields<'a>, changes: &mut Changes) -> Result<Option<TextFormat<'a>>> {
    let Some(mut format) = fields.object("response_format")? else { return Ok(None) };
    let kind = format.needed_text("type")?;
    match &*kind {
        "text" => {
            changes.rest(format);
            return Ok(None);
        }
        "json_object" => {
            changes.dropped("response_format", "bedrock has no JSON mode without a schema");
            return Ok(None);
        }
        "json_schema" => {}
        _ => return Err(Error::problem(format.at("type"), "expected text, json_object or json_schema")),
    }
    let path = format.at("json_schema");
    let mut given = format.object("json_schema")?.ok_or_else(|| Error::problem(path, "is missing"))?;
    let schema = given.take("schema").ok_or_else(|| Error::problem(given.at("schema"), "is missing"))?;
    if given.take("strict").is_some_and(|strict| strict.get() == "false") {
        changes.dropped(&given.at("strict"), "bedrock keeps to every schema");
    }
    let json_schema = JsonSchema {
        name: given.spelled("name")?,
        description: given.spelled("description")?,
        schema: schema.get().to_owned(),
    };
    changes.rest(given);
    changes.rest(format);
    Ok(Some(TextFormat { r#type: "json_schema", structure: Structure { json_schema } }))
}

/// What Converse takes as it is.
fn own<'a>(fields: &mut Fields<'a>, request: &mut Request<'a>, changes: &mut Changes) {
    let paths = ["additional_model_response_field_paths", "additionalModelResponseFieldPaths"];
    request.additional_model_response_field_paths = either(fields, paths, changes);
    request.guardrail_config = either(fields, ["guardrail_config", "guardrailConfig"], changes);
    request.performance_config = either(fields, ["performance_config", "performanceConfig"], changes);
    request.prompt_variables = either(fields, ["prompt_variables", "promptVariables"], changes);
    let metadata = either(fields, ["request_metadata", "requestMetadata"], changes);
    let ours = fields.take("metadata").filter(|metadata| metadata.get() != "{}");
    if metadata.is_some() && ours.is_some() {
        changes.dropped("metadata", "request_metadata is given too");
    }
    request.request_metadata = metadata.or(ours);
    let tier = fields.take("service_tier").filter(|tier| tier.get() != "\"auto\"");
    request.service_tier = tier.map(|r#type| ServiceTier { r#type });
}

/// What is left over: how to stream is read where the stream is, and the rest isn't Converse's.
fn rest(mut fields: Fields<'_>, changes: &mut Changes) -> Result<()> {
    fields.take("stream");
    if let Some(mut options) = fields.object("stream_options")? {
        options.take("include_usage");
        changes.rest(options);
    }
    for (name, value) in fields.into_rest() {
        changes.no_parameter(&name, value);
    }
    Ok(())
}
