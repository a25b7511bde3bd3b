//! The families of models, as far as they differ: which parameters beyond Converse's own they have, and how they spell
//! them in `additionalModelRequestFields`.

use serde_json::value::RawValue;

use crate::body::Body;
use crate::error::{Error, Result};
use crate::provider::completion::quoted;
use crate::provider::fields::{Changes, made};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    Anthropic,
    Nova,
    Cohere,
    Ai21,
    Mistral,
    OpenAi,
    /// An ARN that doesn't name its model: it may be any.
    Unnamed,
    Other,
}

impl Family {
    /// By the model's id, with or without the prefix of a region's group, or its ARN.
    pub fn of(model: &str) -> Self {
        let name = match model.strip_prefix("arn:") {
            Some(arn) => arn.rsplit_once('/').map_or("", |(_, name)| name),
            None => model,
        };
        let makers = [
            ("anthropic.", Self::Anthropic),
            ("amazon.nova", Self::Nova),
            ("cohere.", Self::Cohere),
            ("ai21.", Self::Ai21),
            ("mistral.", Self::Mistral),
            ("openai.", Self::OpenAi),
        ];
        let found = makers.into_iter().find(|(maker, _)| {
            name.starts_with(maker) || name.split_once('.').is_some_and(|(_, rest)| rest.starts_with(maker))
        });
        match found {
            Some((_, family)) => family,
            None if model.starts_with("arn:") && !name.contains('.') => Self::Unnamed,
            None => Self::Other,
        }
    }

    /// Whether Anthropic's own parameters are understood, as far as can be told.
    pub fn is_anthropic(self) -> bool {
        matches!(self, Self::Anthropic | Self::Unnamed)
    }

    /// The model's own field for one of OpenAI's parameters, and its value.
    fn spelling(self, name: &str, value: &str) -> Option<(&'static str, String)> {
        let same = |field: &'static str| Some((field, value.to_owned()));
        match (self, name) {
            (Self::Anthropic | Self::Unnamed | Self::Mistral, "top_k") => same("top_k"),
            (Self::Nova, "top_k") => Some(("inferenceConfig", format!(r#"{{"topK":{value}}}"#))),
            (Self::Cohere, "top_k") => same("k"),
            (Self::Cohere, "seed") => same("seed"),
            (Self::Cohere | Self::Ai21, "frequency_penalty") => same("frequency_penalty"),
            (Self::Cohere | Self::Ai21, "presence_penalty") => same("presence_penalty"),
            (Self::Ai21, "n") => same("n"),
            (Self::Anthropic | Self::Unnamed, "user" | "safety_identifier") => {
                Some(("metadata", format!(r#"{{"user_id":{value}}}"#)))
            }
            (Self::Anthropic | Self::Unnamed, "thinking") => same("thinking"),
            (Self::Anthropic | Self::Unnamed, "anthropic_version") => same("anthropic_version"),
            _ => None,
        }
    }
}

/// The parameters that only some models have, in the order in which they are looked at.
pub const OF_SOME: &[&str] = &[
    "top_k",
    "seed",
    "frequency_penalty",
    "presence_penalty",
    "n",
    "user",
    "safety_identifier",
    "thinking",
    "anthropic_version",
];

/// The additional fields: the caller's own, and what is added to them.
pub struct Additional<'a> {
    fields: Body<'a>,
    any: bool,
}

impl<'a> Additional<'a> {
    pub fn new(given: Option<&'a RawValue>) -> Result<Self> {
        let text = given.map_or("{}", RawValue::get);
        let fields = Body::parse(text.as_bytes())
            .map_err(|_| Error::problem("additional_model_request_fields", "expected an object"))?;
        Ok(Self { fields, any: given.is_some() })
    }

    pub fn has(&self, field: &str) -> bool {
        self.fields.get(field).is_some()
    }

    /// Adds a field for the parameter `name`, unless the caller wrote that field as well.
    pub fn set(&mut self, name: &str, field: &str, json: String, changes: &mut Changes) {
        if self.has(field) {
            changes.dropped(name, &format!("additional_model_request_fields has {field}"));
        } else {
            self.fields.set(field, json);
            self.any = true;
        }
    }

    /// Adds a parameter as the family spells it; one that it doesn't have is left out.
    pub fn parameter(&mut self, family: Family, name: &str, value: &RawValue, changes: &mut Changes) {
        match family.spelling(name, value.get()) {
            Some((field, json)) => self.set(name, field, json, changes),
            None => changes.no_parameter(name, value),
        }
    }

    pub fn into_json(self) -> Option<Box<RawValue>> {
        let text = || String::from_utf8(self.fields.to_bytes().to_vec()).expect("the fields came from text");
        self.any.then(text).map(made)
    }
}

/// How much a model is to think: the level for `outputConfig.effort`, or `None` where it is told otherwise.
pub fn effort(
    family: Family,
    model: &str,
    effort: &str,
    max_tokens: Option<u64>,
    additional: &mut Additional<'_>,
    changes: &mut Changes,
) -> Option<String> {
    const NAME: &str = "reasoning_effort";
    match family {
        Family::OpenAi => {
            additional.set(NAME, NAME, quoted(effort), changes);
            None
        }
        Family::Nova if model.contains("nova-2") => {
            let level = match effort {
                "none" => r#"{"type":"disabled"}"#.to_owned(),
                "minimal" => reasoning_config("low"),
                "xhigh" | "max" => reasoning_config("high"),
                _ => reasoning_config(effort),
            };
            additional.set(NAME, "reasoningConfig", level, changes);
            None
        }
        Family::Anthropic if effort == "none" => {
            if !never_thinks(model) {
                additional.set(NAME, "thinking", r#"{"type":"disabled"}"#.to_owned(), changes);
            }
            None
        }
        Family::Anthropic if thinks_by_budget(model) => {
            let most = max_tokens.map_or(u64::MAX, |most| most.saturating_sub(1));
            let budget = budget(effort).min(most);
            if budget < LEAST_BUDGET {
                changes.dropped(NAME, "max_tokens leaves this model no room to think");
            } else {
                let thinking = format!(r#"{{"type":"enabled","budget_tokens":{budget}}}"#);
                additional.set(NAME, "thinking", thinking, changes);
                changes.say(format!("{NAME} was sent as thinking with a budget of {budget} tokens"));
            }
            None
        }
        Family::Anthropic if never_thinks(model) => {
            changes.dropped(NAME, "this model doesn't reason");
            None
        }
        Family::Anthropic if effort == "minimal" => {
            changes.say(format!("{NAME} minimal was sent as low, the least that bedrock knows"));
            Some("low".to_owned())
        }
        Family::Anthropic | Family::Unnamed => Some(effort.to_owned()),
        _ => {
            changes.dropped(NAME, "name this model's own parameter in additional_model_request_fields");
            None
        }
    }
}

fn reasoning_config(level: &str) -> String {
    format!(r#"{{"type":"enabled","maxReasoningEffort":{}}}"#, quoted(level))
}

/// Claude models that think within a budget of tokens and know no effort.
const THINK_BY_BUDGET: &[&str] = &[
    "claude-3-7",
    "claude-opus-4-2025",
    "claude-sonnet-4-2025",
    "claude-opus-4-1",
    "claude-sonnet-4-5",
    "claude-haiku-4-5",
];
const NEVER_THINK: &[&str] = &["claude-3", "claude-v2", "claude-instant"];

fn thinks_by_budget(model: &str) -> bool {
    THINK_BY_BUDGET.iter().any(|name| model.contains(name))
}

fn never_thinks(model: &str) -> bool {
    !thinks_by_budget(model) && NEVER_THINK.iter().any(|name| model.contains(name))
}

/// Anthropic's least budget.
const LEAST_BUDGET: u64 = 1024;

fn budget(effort: &str) -> u64 {
    match effort {
        "minimal" | "low" => LEAST_BUDGET,
        "medium" => 4096,
        "high" => 16_384,
        _ => 32_000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_family_is_known_by_every_form_of_a_model_s_name() {
        let cases = [
            ("anthropic.claude-3-haiku-20240307-v1:0", Family::Anthropic),
            ("us.anthropic.claude-sonnet-4-5-20250929-v1:0", Family::Anthropic),
            ("global.anthropic.claude-opus-4-6-v1", Family::Anthropic),
            ("arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-v2", Family::Anthropic),
            ("arn:aws:bedrock:us-east-1:123:inference-profile/eu.amazon.nova-pro-v1:0", Family::Nova),
            ("arn:aws:bedrock:us-east-1:123:application-inference-profile/a1b2c3", Family::Unnamed),
            ("arn:aws:bedrock:us-east-1:123:imported-model/abc", Family::Unnamed),
            ("cohere.command-r-v1:0", Family::Cohere),
            ("openai.gpt-oss-120b-1:0", Family::OpenAi),
            ("us.meta.llama3-3-70b-instruct-v1:0", Family::Other),
            ("qwen.qwen3-32b-v1:0", Family::Other),
        ];
        for (model, family) in cases {
            assert_eq!(Family::of(model), family, "{model}");
        }
    }

    /// What a call with this effort comes to: the level, the additional fields and the changes.
    fn told(model: &str, level: &str, max_tokens: Option<u64>) -> (Option<String>, String, Vec<String>) {
        let mut additional = Additional::new(None).expect("none are right");
        let mut changes = Changes::new("bedrock");
        let level = effort(Family::of(model), model, level, max_tokens, &mut additional, &mut changes);
        let fields = additional.into_json().map_or_else(String::new, |json| json.get().to_owned());
        (level, fields, changes.into_lines())
    }

    #[test]
    fn effort_is_told_as_each_model_takes_it() {
        let newer = "us.anthropic.claude-opus-4-6-v1";
        assert_eq!(told(newer, "high", None), (Some("high".to_owned()), String::new(), vec![]));
        assert_eq!(told(newer, "none", None).1, r#"{"thinking":{"type":"disabled"}}"#);
        assert_eq!(told("anthropic.claude-v2:1", "none", None), (None, String::new(), vec![]));
        assert_eq!(told(newer, "minimal", None).0.as_deref(), Some("low"));
        let budget = |tokens: u32| format!(r#"{{"thinking":{{"type":"enabled","budget_tokens":{tokens}}}}}"#);
        assert_eq!(told("anthropic.claude-sonnet-4-5-v1:0", "medium", None).1, budget(4096));
        assert_eq!(told("anthropic.claude-3-7-sonnet", "high", Some(2000)).1, budget(1999));
        let (_, fields, changes) = told("anthropic.claude-3-7-sonnet", "low", Some(500));
        assert_eq!((fields.as_str(), changes.len()), ("", 1));
        assert_eq!(told("anthropic.claude-3-haiku-20240307-v1:0", "low", None).2.len(), 1);
        assert_eq!(told("openai.gpt-oss-20b-1:0", "low", None).1, r#"{"reasoning_effort":"low"}"#);
        let nova = r#"{"reasoningConfig":{"type":"enabled","maxReasoningEffort":"low"}}"#;
        assert_eq!(told("us.amazon.nova-2-lite-v1:0", "minimal", None).1, nova);
        assert_eq!(told("meta.llama3-8b-instruct-v1:0", "low", None).2.len(), 1);
    }
}
