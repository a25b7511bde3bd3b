//! The response object around its output: what the request asked for is told again in it, as OpenAI's clients expect.

use super::chat::{Chat, Usage, says_something};
use super::item::object;
use crate::provider::json::{Json, Object, Raw, items, text};

/// Fields of the request that the response repeats, and what is told where they were not given. What a provider does by
/// default is not known, hence no temperature.
const REPEATED: &[(&str, &str)] = &[
    ("instructions", "null"),
    ("max_output_tokens", "null"),
    ("max_tool_calls", "null"),
    ("metadata", "{}"),
    ("parallel_tool_calls", "true"),
    ("prompt_cache_key", "null"),
    ("reasoning", r#"{"effort":null,"summary":null}"#),
    ("safety_identifier", "null"),
    ("temperature", "null"),
    ("text", r#"{"format":{"type":"text"}}"#),
    ("tool_choice", "\"auto\""),
    ("tools", "[]"),
    ("top_logprobs", "0"),
    ("top_p", "null"),
    ("user", "null"),
];

/// What holds for every response here: it is made at once, of all of its input, and kept nowhere.
const FIXED: &[(&str, &str)] = &[
    ("background", "false"),
    ("previous_response_id", "null"),
    ("store", "false"),
    ("truncation", "\"disabled\""),
];

/// All of a response but its output. Values are JSON text.
pub struct Frame {
    id: String,
    created: String,
    model: String,
    service_tier: Option<String>,
    repeated: Vec<u8>,
    /// The names of the request's custom tools.
    custom_tools: Vec<String>,
}

/// Why a response is not whole.
#[derive(Clone, Copy)]
pub enum Fault<'a> {
    Cut(&'static str),
    /// The error's code, and its message as a JSON string.
    Failed {
        code: &'a str,
        message: &'a str,
    },
}

impl Frame {
    /// `asked`: the Responses request. `id` and `created`: for an answer without its own.
    pub fn new(asked: &[u8], id: &str, created: u64) -> Self {
        let asked: Object<'_> = serde_json::from_slice(asked).unwrap_or_default();
        let mut repeated = Json::default();
        for (name, default) in REPEATED {
            repeated.field(name, asked.get(name).map_or(default, |raw| raw.get()));
        }
        for (name, value) in FIXED {
            repeated.field(name, value);
        }
        Self {
            id: format!("\"resp_{id}\""),
            created: created.to_string(),
            model: asked.get("model").map_or("\"\"", |raw| raw.get()).to_owned(),
            service_tier: asked.get("service_tier").map(|raw| raw.get().to_owned()),
            repeated: repeated.into_bytes().to_vec(),
            custom_tools: asked
                .get("tools")
                .and_then(items)
                .unwrap_or_default()
                .into_iter()
                .filter_map(custom)
                .collect(),
        }
    }

    /// Whether a call of this name, a JSON string, is one of a custom tool.
    pub fn has_custom_tool(&self, name: Option<Raw<'_>>) -> bool {
        name.and_then(text).is_some_and(|name| self.custom_tools.iter().any(|known| *known == *name))
    }

    /// Takes the answer's own name, time and model. `first`: whether nothing was told of it before.
    pub fn learn(&mut self, chat: &Chat<'_>, first: bool) {
        if first {
            if let Some(id) = chat.id.filter(says_something) {
                id.get().clone_into(&mut self.id);
            }
            let has_time = |created: &u64| *created > 0;
            let created = chat.created.and_then(|raw| raw.get().parse::<u64>().ok()).filter(has_time);
            if let Some(created) = created {
                self.created = created.to_string();
            }
        }
        if let Some(model) = chat.model.filter(says_something) {
            model.get().clone_into(&mut self.model);
        }
        if let Some(tier) = chat.service_tier.filter(says_something) {
            self.service_tier = Some(tier.get().to_owned());
        }
    }

    /// The response object. `output`: its items' JSON.
    pub fn write(
        &self,
        status: &str,
        output: &[String],
        usage: Option<&Usage>,
        fault: Option<Fault<'_>>,
    ) -> String {
        object(|out| {
            out.field("id", &self.id).text("object", "response").field("created_at", &self.created);
            out.text("status", status);
            match fault {
                Some(Fault::Failed { code, message }) => {
                    out.key("error").object(|out| out.text("code", code).field("message", message).done())
                }
                _ => out.field("error", "null"),
            };
            match fault {
                Some(Fault::Cut(reason)) => {
                    out.key("incomplete_details").object(|out| out.text("reason", reason).done())
                }
                _ => out.field("incomplete_details", "null"),
            };
            out.field("model", &self.model).key("output").array(|out| {
                for item in output {
                    out.raw(item);
                }
            });
            out.pieces(&self.repeated);
            if let Some(tier) = &self.service_tier {
                out.field("service_tier", tier);
            }
            match usage {
                Some(usage) => usage.write(out),
                None => out.field("usage", "null").done(),
            }
        })
    }
}

/// The name of a custom tool.
fn custom(tool: Raw<'_>) -> Option<String> {
    let tool = Object::parse(tool).filter(|tool| tool.text("type").as_deref() == Some("custom"))?;
    tool.text("name").map(String::from)
}
