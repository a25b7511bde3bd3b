//! A chat as a request of the Messages API, for Anthropic itself and for the hosts that serve the same API in a frame of
//! their own (Vertex, Bedrock, Foundry): see `Host`. Flat parameters are a table; messages, tools and output have files.
//! What the API has no place for is told, never dropped in silence; what we don't know goes through as it is.

use std::fmt;

use bytes::Bytes;
use serde::de::{Deserializer, MapAccess, Visitor};

use super::messages;
use super::model::Model;
use super::notes::Notes;
use super::output::Output;
use super::tools::Tools;
use crate::error::{Error, Result};
use crate::provider::json::{Bracket, Json, Key, Object, Raw, is_array, is_string, items, text};

/// How a host frames the body.
pub struct Host {
    /// Whether `model` stands in the body; elsewhere the path says it.
    pub names_model: bool,
    /// Whether `stream` stands in the body.
    pub says_stream: bool,
    /// Fields that the host wants beside ours, as JSON: Vertex's `anthropic_version`.
    pub fields: &'static [(&'static str, &'static str)],
    /// Whether beta features are named in the body, as `anthropic_beta`, and not in a header.
    pub betas_in_body: bool,
}

/// Anthropic's own, and that of custom hosts.
pub const DIRECT: Host = Host { names_model: true, says_stream: true, fields: &[], betas_in_body: false };

/// A translated request.
pub struct Message {
    pub body: Bytes,
    /// The caller's `anthropic_version`, which is a header on most hosts.
    pub version: Option<String>,
    /// The caller's `anthropic_beta`, and the betas that the body needs.
    pub betas: Vec<String>,
    pub changes: Vec<String>,
}

/// Parameters of OpenAI's that the API has no counterpart of, each with the values that ask for nothing.
const WITHOUT_COUNTERPART: &[(&str, &[&str])] = &[
    ("audio", &[]),
    ("best_of", &["1"]),
    ("echo", &["false"]),
    ("frequency_penalty", &["0", "0.0"]),
    ("logit_bias", &["{}"]),
    ("logprobs", &["false"]),
    ("modalities", &[r#"["text"]"#]),
    ("n", &["1"]),
    ("prediction", &[]),
    ("presence_penalty", &["0", "0.0"]),
    ("prompt_cache_key", &[]),
    ("prompt_cache_retention", &[]),
    ("seed", &[]),
    ("store", &["false"]),
    ("suffix", &["\"\""]),
    ("top_logprobs", &["0"]),
    ("verbosity", &["\"medium\""]),
    ("web_search_options", &[]),
];

/// Portkey's word for a parameter's default, which is the provider's own here.
const DEFAULT: &str = "\"portkey-default\"";

const NO_MESSAGES: &str = "expected an array of messages";

/// Makes the request's body. `custom_host`: what a model is known to refuse is left to the host to judge.
pub fn translate(body: &[u8], custom_host: bool, host: &Host) -> Result<Message> {
    let (mut fields, messages) = read(body)?;
    let name = fields.text("model").unwrap_or_default();
    let model = Model::of(&name);
    let mut notes = Notes::default();
    let version = fields.take("anthropic_version").and_then(text).map(String::from);
    let mut betas = fields.take("anthropic_beta").map(words).unwrap_or_default();
    let mut out = Json::with_capacity(body.len() + 1024);
    out.open(Bracket::Object);
    let [model_field, stream] = [fields.take("model"), fields.take("stream")];
    if let (Some(raw), true) = (model_field, host.names_model) {
        out.field("model", raw.get());
    }
    for (name, json) in host.fields {
        out.field(name, json);
    }
    let output = Output::plan(model, &mut fields, &messages, &mut notes)?;
    output.write_limit(&mut out);
    messages::write(messages, fields.take("system"), &mut out, &mut notes)?;
    let tools = Tools {
        tools: fields.take("tools"),
        choice: fields.take("tool_choice"),
        parallel: fields.take("parallel_tool_calls"),
        functions: fields.take("functions"),
        function_call: fields.take("function_call"),
    };
    let answer = output.tool.map(|(name, schema)| (name.get(), schema.get()));
    tools.write(model, answer, &mut out, &mut notes)?;
    sampling(&mut fields, (!custom_host).then_some(model), &mut out, &mut notes);
    stop(&mut fields, &mut out, &mut notes)?;
    metadata(&mut fields, &mut out, &mut notes)?;
    output.write(&mut out);
    rest(&fields, &mut out, &mut notes);
    if let (Some(raw), true) = (stream, host.says_stream) {
        out.field("stream", raw.get());
    }
    betas.extend(notes.betas.iter().map(|beta| (*beta).to_owned()));
    if host.betas_in_body && !betas.is_empty() {
        out.key("anthropic_beta").array(|out| {
            for beta in &betas {
                out.string(beta);
            }
        });
    }
    out.close(Bracket::Object);
    Ok(Message { body: out.into_bytes(), version, betas, changes: notes.changes })
}

/// `refusing`: the model whose known refusals are heeded.
pub fn sampling(fields: &mut Object<'_>, refusing: Option<Model>, out: &mut Json, notes: &mut Notes) {
    let [temperature, top_p, top_k] = ["temperature", "top_p", "top_k"].map(|name| fields.take(name));
    let number = |raw: Raw<'_>| raw.get().parse::<f64>().ok();
    let refuses = refusing.is_some_and(|model| !model.takes_sampling());
    let mut warm = false;
    if let Some(raw) = temperature {
        match number(raw) {
            Some(degree) if refuses && degree < 1.0 => {
                notes.dropped("temperature", "this model takes none");
            }
            Some(degree) if !(0.0..=1.0).contains(&degree) => {
                let nearest = if degree > 1.0 { "1" } else { "0" };
                notes.tell(format!("temperature was set to {nearest}: anthropic takes 0 to 1"));
                out.field("temperature", nearest);
                warm = true;
            }
            _ => {
                out.field("temperature", raw.get());
                warm = true;
            }
        }
    }
    if let Some(raw) = top_p {
        if refuses && number(raw).is_some_and(|share| share < 0.99) {
            notes.dropped("top_p", "this model takes none");
        } else if warm && refusing.is_some_and(|model| !model.takes_two_samplings()) {
            notes.dropped("top_p", "this model takes none beside a temperature");
        } else {
            out.field("top_p", raw.get());
        }
    }
    if let Some(raw) = top_k {
        if refuses {
            notes.dropped("top_k", "this model takes none");
        } else {
            out.field("top_k", raw.get());
        }
    }
}

pub fn stop(fields: &mut Object<'_>, out: &mut Json, notes: &mut Notes) -> Result<()> {
    let Some(raw) = fields.take("stop") else { return Ok(()) };
    let sequences = match raw {
        one if is_string(one) => vec![one],
        several => items(several)
            .filter(|sequences| sequences.iter().all(|one| is_string(one)))
            .ok_or_else(|| Error::problem("stop", "expected a text or an array of texts"))?,
    };
    let given = sequences.len();
    let visible: Vec<_> =
        sequences.into_iter().filter(|raw| text(raw).is_some_and(|text| !text.trim().is_empty())).collect();
    if visible.len() < given {
        notes.dropped("a stop sequence", "anthropic takes none of white space only");
    }
    if fields.take("stop_sequences").is_some() {
        notes.dropped("stop_sequences", "stop was given");
    }
    if !visible.is_empty() {
        out.key("stop_sequences").array(|out| {
            for raw in &visible {
                out.raw(raw.get());
            }
        });
    }
    Ok(())
}

/// Who asks, and how urgently.
pub fn metadata(fields: &mut Object<'_>, out: &mut Json, notes: &mut Notes) -> Result<()> {
    let metadata = fields.take_object("metadata")?;
    let given = metadata.as_ref().and_then(|metadata| metadata.get("user_id"));
    let others = [("user", fields.take("user")), ("safety_identifier", fields.take("safety_identifier"))];
    let mut user = given;
    for (name, other) in others {
        let Some(other) = other else { continue };
        if user.is_some_and(|user| user.get() != other.get()) {
            notes.dropped(name, "anthropic takes one metadata.user_id, which was given");
        }
        user = user.or(Some(other));
    }
    if let Some(user) = user {
        out.key("metadata").object(|out| out.field("user_id", user.get()).done());
    }
    for (key, _) in metadata.iter().flat_map(Object::iter).filter(|(key, _)| *key != "user_id") {
        notes.unknown(&format!("metadata.{key}"));
    }
    if let Some(raw) = fields.take("service_tier") {
        match raw.get() {
            "\"auto\"" | "\"standard_only\"" => out.field("service_tier", raw.get()).done(),
            "\"default\"" => out.text("service_tier", "standard_only").done(),
            other => {
                let what = format!("service_tier {}", other.trim_matches('"'));
                notes.dropped(&what, "anthropic has no such tier");
            }
        }
    }
    Ok(())
}

/// What nothing else has taken.
pub fn rest(fields: &Object<'_>, out: &mut Json, notes: &mut Notes) {
    for (name, raw) in fields.iter() {
        if name == "stream_options" {
            stream_options(raw, notes);
            continue;
        }
        match WITHOUT_COUNTERPART.iter().find(|(known, _)| *known == name) {
            Some((_, idle)) if idle.contains(&raw.get()) => {}
            Some(_) => notes.dropped(name, "anthropic has no such parameter"),
            None => {
                out.field(name, raw.get());
            }
        }
    }
}

/// Whether usage is wanted is for the reading of the answer; there is nothing else.
fn stream_options(raw: Raw<'_>, notes: &mut Notes) {
    let options = Object::parse(raw).unwrap_or_default();
    for (name, _) in options.iter().filter(|(name, _)| *name != "include_usage") {
        notes.unknown(&format!("stream_options.{name}"));
    }
}

/// A comma-separated text or an array of texts.
pub fn words(raw: Raw<'_>) -> Vec<String> {
    let listed = items(raw).unwrap_or_default();
    let texts = if is_array(raw) { listed } else { vec![raw] };
    let texts = texts.into_iter().filter_map(text);
    texts.flat_map(|text| split(&text)).collect()
}

/// The items of a header's list.
pub fn split(list: &str) -> Vec<String> {
    list.split(',').map(str::trim).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// The body's fields, and its messages.
pub fn read(body: &[u8]) -> Result<(Object<'_>, Vec<Object<'_>>)> {
    let text = std::str::from_utf8(body).map_err(|_| Error::problem("body", "expected JSON in UTF-8"))?;
    let mut reader = serde_json::Deserializer::from_str(text);
    let read = reader.deserialize_map(BodyVisitor).and_then(|read| reader.end().map(|()| read));
    let is_object = text.trim_start().starts_with('{');
    let (mut fields, messages) = read.map_err(|why| {
        if why.is_data() && is_object {
            Error::problem("messages", NO_MESSAGES)
        } else {
            Error::problem("body", "expected a JSON object")
        }
    })?;
    fields.retain(|raw| raw.get() != DEFAULT);
    let messages = messages.ok_or_else(|| Error::problem("messages", NO_MESSAGES))?;
    Ok((fields, messages))
}

/// Reads the messages in the same pass as the fields around them, so that a long chat is looked at once.
struct BodyVisitor;

impl<'de> Visitor<'de> for BodyVisitor {
    type Value = (Object<'de>, Option<Vec<Object<'de>>>);

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> std::result::Result<Self::Value, M::Error> {
        let (mut fields, mut messages) = (Object::default(), None);
        while let Some(Key(key)) = map.next_key()? {
            if key == "messages" {
                messages = Some(map.next_value()?);
            } else {
                fields.push(key, map.next_value()?);
            }
        }
        Ok((fields, messages))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// As Vertex and Bedrock frame the body.
    const VERTEX: Host = Host {
        names_model: false,
        says_stream: true,
        fields: &[("anthropic_version", "\"vertex-2023-10-16\"")],
        betas_in_body: false,
    };
    const BEDROCK: Host = Host {
        names_model: false,
        says_stream: false,
        fields: &[("anthropic_version", "\"bedrock-2023-05-31\"")],
        betas_in_body: true,
    };

    #[test]
    fn a_host_gets_the_body_in_a_frame_of_its_own() {
        let body = br#"{"model":"anthropic.claude-sonnet-4-5@20250929","max_tokens":9,"stream":true,"messages":[{"role":"user","content":[{"type":"file","file":{"file_id":"f"}}]}],"anthropic_beta":"a"}"#;
        let made = |host: &Host| {
            let message = translate(body, false, host).expect("a chat");
            (serde_json::from_slice::<Value>(&message.body).expect("JSON"), message.betas)
        };
        let messages = json!([{"role": "user", "content": [{"type": "document", "source": {"type": "file", "file_id": "f"}}]}]);
        let betas = ["a".to_owned(), "files-api-2025-04-14".to_owned()];
        let wanted = json!({"anthropic_version": "vertex-2023-10-16", "max_tokens": 9, "messages": messages, "stream": true});
        assert_eq!(made(&VERTEX), (wanted, betas.to_vec()));
        let wanted = json!({"anthropic_version": "bedrock-2023-05-31", "max_tokens": 9, "messages": messages, "anthropic_beta": betas});
        assert_eq!(made(&BEDROCK).0, wanted);
    }

    #[test]
    fn a_parameter_that_can_not_be_read_is_named() {
        for name in ["response_format", "metadata", "output_config", "stop", "reasoning_effort"] {
            let body = json!({"model": "m", "messages": [], name: 7}).to_string();
            let error = translate(body.as_bytes(), true, &DIRECT).err().expect("an error");
            assert_eq!(error.facts().problems[0].path, name);
        }
    }
}
