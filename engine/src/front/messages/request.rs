//! A Messages request as a chat: its parameters, and what of the chat's own depends on them.

use bytes::Bytes;

use super::{Beyond, tools, turns};
use crate::error::Result;
use crate::provider::anthropic::notes::Notes;
use crate::provider::anthropic::request::read;
use crate::provider::json::{Bracket, Json, Object, Raw, text};

/// The body of a chat.
pub struct Chat {
    pub body: Bytes,
    pub changes: Vec<String>,
}

/// Parameters that ask for something of Anthropic's own.
const OWN: &[&str] = &[
    "anthropic_beta",
    "anthropic_version",
    "cache_control",
    "container",
    "context_management",
    "diagnostics",
    "inference_geo",
    "mcp_servers",
    "speed",
    "user_profile_id",
    "workspace_id",
];

/// Translates `body`, a Messages request. What can't be read is a `Kind::Config` error that names the field.
pub fn to_chat(body: &[u8], beyond: Beyond) -> Result<Chat> {
    let (mut fields, messages) = read(body)?;
    let mut notes = Notes::default();
    let mut out = Json::with_capacity(body.len() + 512);
    out.open(Bracket::Object);
    if let Some(raw) = fields.take("model") {
        out.field("model", raw.get());
    }
    turns::write(messages, fields.take("system"), beyond, &mut out, &mut notes)?;
    // The older of OpenAI's two names: hosts that don't know the newer one would answer without any limit.
    for (name, renamed) in [("max_tokens", "max_tokens"), ("stop_sequences", "stop")] {
        if let Some(raw) = fields.take(name) {
            out.field(renamed, raw.get());
        }
    }
    tools::write(&mut fields, beyond, &mut out, &mut notes)?;
    output(&mut fields, beyond, &mut out, &mut notes)?;
    metadata(&mut fields, &mut out, &mut notes)?;
    if let Some(raw) = fields.take("stream") {
        out.field("stream", raw.get());
        if raw.get() == "true" {
            out.field("stream_options", r#"{"include_usage":true}"#);
        }
    }
    for (name, raw) in fields.iter() {
        if OWN.contains(&name) && beyond == Beyond::Nothing {
            notes.dropped(name, NO_PARAMETER);
        } else {
            out.field(name, raw.get());
        }
    }
    out.close(Bracket::Object);
    Ok(Chat { body: out.into_bytes(), changes: notes.changes })
}

const NO_PARAMETER: &str = "chat completions have no such parameter";

/// Reasoning and the answer's format.
fn output(fields: &mut Object<'_>, beyond: Beyond, out: &mut Json, notes: &mut Notes) -> Result<()> {
    let mut config = fields.take_object("output_config")?.unwrap_or_default();
    let effort = config.take("effort").and_then(text).map(|effort| match &*effort {
        "max" => "xhigh".to_owned(),
        effort => effort.to_owned(),
    });
    let thinking = if beyond == Beyond::Nothing { fields.take("thinking") } else { None };
    let effort = effort.or_else(|| thinking.and_then(|raw| effort_of(raw, notes)));
    if let Some(effort) = effort {
        out.text("reasoning_effort", &effort);
    }
    let format = config.take("format").or_else(|| fields.take("output_format")).and_then(Object::parse);
    if let Some(schema) = format.and_then(|format| format.get("schema")) {
        out.key("response_format").object(|out| {
            out.text("type", "json_schema").key("json_schema").object(|out| {
                out.text("name", "answer").field("strict", "true").field("schema", schema.get());
            });
        });
    }
    for (key, _) in config.iter() {
        notes.dropped(&format!("output_config.{key}"), NO_PARAMETER);
    }
    Ok(())
}

/// The effort that a thinking budget comes nearest to; other ways of thinking have none.
fn effort_of(thinking: Raw<'_>, notes: &mut Notes) -> Option<String> {
    let budget = Object::parse(thinking).and_then(|thinking| thinking.get("budget_tokens"));
    let Some(budget) = budget.and_then(|raw| raw.get().parse::<u64>().ok()) else {
        notes.dropped("thinking", NO_PARAMETER);
        return None;
    };
    let effort = match budget {
        0..4096 => "low",
        4096..12_288 => "medium",
        _ => "high",
    };
    notes.tell(format!("thinking.budget_tokens was sent as reasoning_effort {effort}"));
    Some(effort.to_owned())
}

fn metadata(fields: &mut Object<'_>, out: &mut Json, notes: &mut Notes) -> Result<()> {
    let mut metadata = fields.take_object("metadata")?.unwrap_or_default();
    if let Some(user) = metadata.take("user_id") {
        out.field("user", user.get());
    }
    for (key, _) in metadata.iter() {
        notes.dropped(&format!("metadata.{key}"), NO_PARAMETER);
    }
    if let Some(tier) = fields.take("service_tier") {
        let tier = if tier.get() == "\"standard_only\"" { "\"default\"" } else { tier.get() };
        out.field("service_tier", tier);
    }
    Ok(())
}
