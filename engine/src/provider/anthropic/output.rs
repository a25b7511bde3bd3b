//! How the answer is to be made: reasoning, its format, its length. OpenAI's words for these are older than the API's, so
//! the model decides what they become: `output_config` on newer models, a thinking budget or a forced tool on older ones.

use super::model::{Effort, Model, Reasoning, Thinks};
use super::notes::Notes;
use super::thinking::goes_on_without_thinking;
use crate::error::{Error, Result};
use crate::provider::json::{Json, Object, Raw, text};

/// The least budget that the API takes.
const LEAST_BUDGET: u64 = 1024;

/// What of `reasoning_effort`, `response_format` and the token limits goes on the wire.
#[derive(Default)]
pub struct Output<'a> {
    /// JSON.
    max_tokens: String,
    /// JSON, where the caller gave no `thinking`.
    thinking: Option<String>,
    effort: Option<String>,
    schema: Option<Raw<'a>>,
    /// The caller's own `output_config`.
    config: Option<Object<'a>>,
    /// The tool that stands for a schema: JSON of its name, and the schema.
    pub tool: Option<(Raw<'a>, Raw<'a>)>,
}

impl<'a> Output<'a> {
    pub fn plan(
        model: Model,
        fields: &mut Object<'a>,
        messages: &[Object<'a>],
        notes: &mut Notes,
    ) -> Result<Self> {
        let mut output = Self { tool: answer_tool(model, fields), ..Self::default() };
        output.config = fields.take_object("output_config")?;
        output.format(model, fields, notes)?;
        let given = limit(fields, notes);
        let effort = match fields.take("reasoning_effort") {
            Some(raw) => {
                Some(text(raw).ok_or_else(|| Error::problem("reasoning_effort", "expected a text"))?)
            }
            None => None,
        };
        let budget =
            effort.and_then(|effort| output.reasoning(model, &effort, given, fields, messages, notes));
        let budget = budget.or_else(|| budget_in(fields.get("thinking")));
        output.max_tokens = given.map_or_else(
            || {
                let tokens = model.default_tokens() + budget.unwrap_or(0);
                notes.tell(format!("max_tokens was set to {tokens}: anthropic needs a limit"));
                tokens.to_string()
            },
            |raw| raw.get().to_owned(),
        );
        Ok(output)
    }

    fn format(&mut self, model: Model, fields: &mut Object<'a>, notes: &mut Notes) -> Result<()> {
        let thinks = fields.get("thinking").is_some();
        let Some(format) = fields.take_object("response_format")? else { return Ok(()) };
        match format.text("type").as_deref() {
            Some("text") | None => Ok(()),
            Some("json_schema") => {
                let path = "response_format.json_schema.schema";
                let schema =
                    schema_in(&format).ok_or_else(|| Error::problem(path, "expected a JSON schema"))?;
                if self.config.as_ref().is_some_and(|config| config.get("format").is_some()) {
                    notes.dropped("response_format", "output_config.format was given");
                } else if model.takes_schemas() {
                    self.schema = Some(schema);
                    tell_labels(&format, notes);
                } else if self.tool.is_none() {
                    let beside = if thinks { "thinking" } else { "other tools" };
                    let why = format!(
                        "this model answers by a schema only through a tool, and not beside {beside}"
                    );
                    notes.dropped("response_format", &why);
                }
                Ok(())
            }
            Some(other) => {
                let why = "anthropic knows json_schema only";
                notes.dropped(&format!("response_format {other}"), why);
                Ok(())
            }
        }
    }

    /// Plans what `reasoning_effort` becomes; the thinking budget, where it is one.
    fn reasoning(
        &mut self,
        model: Model,
        effort: &str,
        given: Option<Raw<'a>>,
        fields: &Object<'a>,
        messages: &[Object<'a>],
        notes: &mut Notes,
    ) -> Option<u64> {
        match model.reasoning() {
            Reasoning::Effort(levels) => {
                self.effort(effort, levels, fields, notes);
                None
            }
            _ if matches!(effort, "none" | "minimal") => None,
            Reasoning::None => {
                notes.dropped("reasoning_effort", "this model does not reason");
                None
            }
            Reasoning::Budget => {
                let limit: u64 = given.map_or(u64::MAX, |raw| raw.get().parse().unwrap_or(0));
                let budget = budget_of(effort).min(limit / 2);
                if let Some(why) = self.hindrance(budget, fields, messages) {
                    notes.dropped("reasoning_effort", why);
                    return None;
                }
                notes.tell(format!(
                    "reasoning_effort {effort} was sent as a budget of {budget} tokens to think"
                ));
                self.thinking = Some(format!(r#"{{"type":"enabled","budget_tokens":{budget}}}"#));
                Some(budget)
            }
        }
    }

    /// Why a model with a budget can't think in this call.
    fn hindrance(&self, budget: u64, fields: &Object<'_>, messages: &[Object<'_>]) -> Option<&'static str> {
        if fields.get("thinking").is_some() {
            Some("thinking was given")
        } else if budget < LEAST_BUDGET {
            Some("thinking needs a max_tokens of 2048 or more")
        } else if is_sampled(fields) {
            Some("this model does not think beside temperature, top_p or top_k")
        } else if is_forced(fields) || self.tool.is_some() {
            Some("this model does not think where a tool must be called")
        } else if goes_on_without_thinking(messages) {
            Some("after a tool call this model thinks on only with the content_blocks of that turn")
        } else {
            None
        }
    }

    fn effort(&mut self, asked: &str, levels: Effort, fields: &Object<'_>, notes: &mut Notes) {
        let thinks = fields.get("thinking").is_some();
        let sent = match asked {
            "none" if levels.thinks == Thinks::Asked => return,
            "none" if levels.thinks != Thinks::Always => {
                if !thinks {
                    self.thinking = Some(r#"{"type":"disabled"}"#.to_owned());
                }
                return;
            }
            "none" | "minimal" => "low",
            "xhigh" if !levels.xhigh => "high",
            "max" if !levels.max => "high",
            known => known,
        };
        if self.config.as_ref().is_some_and(|config| config.get("effort").is_some()) {
            return notes.dropped("reasoning_effort", "output_config.effort was given");
        }
        if sent != asked {
            notes.tell(format!("reasoning_effort {asked} was sent as {sent}: this model knows no {asked}"));
        }
        self.effort = Some(sent.to_owned());
        if levels.thinks == Thinks::Asked && !thinks && !is_sampled(fields) {
            self.thinking = Some(r#"{"type":"adaptive"}"#.to_owned());
        }
    }

    /// Writes the length, which stands at the front for those who read the wire.
    pub fn write_limit(&self, out: &mut Json) {
        out.field("max_tokens", &self.max_tokens);
    }

    pub fn write(self, out: &mut Json) {
        if let Some(thinking) = &self.thinking {
            out.field("thinking", thinking);
        }
        if self.config.is_none() && self.effort.is_none() && self.schema.is_none() {
            return;
        }
        out.key("output_config").object(|out| {
            for (key, raw) in self.config.iter().flat_map(Object::iter) {
                out.field(key, raw.get());
            }
            if let Some(effort) = &self.effort {
                out.text("effort", effort);
            }
            if let Some(schema) = self.schema {
                out.key("format")
                    .object(|out| out.text("type", "json_schema").field("schema", schema.get()).done());
            }
        });
    }
}

/// The tool that a model without structured output is made to call, so that its input is the answer: JSON of its name,
/// and its schema. The request and the reading of its answer must agree on it.
pub fn answer_tool<'a>(model: Model, fields: &Object<'a>) -> Option<(Raw<'a>, Raw<'a>)> {
    let is_free = |name: &str| fields.get(name).is_none_or(|raw| raw.get() == "[]");
    if model.takes_schemas() || !is_free("tools") || !is_free("functions") || !is_free("thinking") {
        return None;
    }
    let format = fields.get("response_format").and_then(Object::parse)?;
    let schema = schema_in(&format).filter(|_| format.text("type").as_deref() == Some("json_schema"))?;
    let name = format.get("json_schema").and_then(Object::parse).and_then(|inner| inner.get("name"));
    let name = name.or_else(|| serde_json::from_str("\"answer\"").ok())?;
    Some((name, schema))
}

/// The length, under its newer or its older name.
fn limit<'a>(fields: &mut Object<'a>, notes: &mut Notes) -> Option<Raw<'a>> {
    let [newer, older] = ["max_completion_tokens", "max_tokens"].map(|name| fields.take(name));
    if newer.is_some() {
        let instead = if older.is_some() { ", in place of the one given" } else { "" };
        notes.tell(format!("max_completion_tokens was sent as max_tokens{instead}"));
    }
    newer.or(older)
}

/// What a schema is called, for which only OpenAI's shape has a place.
fn tell_labels(format: &Object<'_>, notes: &mut Notes) {
    let Some(named) = format.get("json_schema").and_then(Object::parse) else { return };
    for (name, _) in named.iter().filter(|(name, raw)| *name != "schema" && raw.get() != "true") {
        notes.tell(format!("response_format.json_schema.{name} was left out: anthropic has no place for it"));
    }
}

fn schema_in<'a>(format: &Object<'a>) -> Option<Raw<'a>> {
    let inner = format.get("json_schema").and_then(Object::parse);
    inner.and_then(|inner| inner.get("schema")).or_else(|| format.get("schema"))
}

/// Tokens to think with, for an effort.
fn budget_of(effort: &str) -> u64 {
    match effort {
        "low" => LEAST_BUDGET,
        "medium" => 4096,
        _ => 12_288,
    }
}

fn budget_in(thinking: Option<Raw<'_>>) -> Option<u64> {
    Object::parse(thinking?)?.get("budget_tokens")?.get().parse().ok()
}

/// Whether the caller chose how to sample; a model that thinks allows no choice.
fn is_sampled(fields: &Object<'_>) -> bool {
    let differs = |name: &str| {
        fields.get(name).is_some_and(|raw| raw.get().parse::<f64>().is_ok_and(|number| number < 1.0))
    };
    differs("temperature") || differs("top_p") || fields.get("top_k").is_some()
}

/// Whether a tool must be called.
fn is_forced(fields: &Object<'_>) -> bool {
    let choice = fields.get("tool_choice").or_else(|| fields.get("function_call"));
    choice.is_some_and(|raw| !matches!(raw.get(), "\"auto\"" | "\"none\""))
}
