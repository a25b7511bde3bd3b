//! One item of a response's output, as far as it has been told. Texts are the insides of JSON strings, as they came.

use std::borrow::Cow;

use super::tools::CUSTOM_INPUT;
use crate::provider::json::{Json, Object, Raw, is_string};

pub struct Item {
    pub id: String,
    pub state: State,
    pub body: Body,
    /// Fields of a provider's own, with their JSON, which it may want back.
    pub rest: Vec<(String, String)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Open,
    Whole,
    Cut,
}

pub enum Body {
    Message(Vec<Part>),
    Reasoning {
        /// `None` for thoughts that are hidden.
        text: Option<String>,
        /// What the block held beside its text; its type first.
        seal: Vec<(String, String)>,
    },
    Call {
        tool: Tool,
        /// JSON strings.
        id: String,
        name: String,
        said: String,
    },
    Image {
        /// JSON of its data in base64, or of its address.
        result: (&'static str, String),
        format: Option<String>,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tool {
    Function,
    Custom,
    /// A custom tool that the chat knows as a function of one text.
    Wrapped,
}

impl Tool {
    /// A call's type, and the field that holds what it is called with.
    pub fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Function => ("function_call", "arguments"),
            Self::Custom | Self::Wrapped => ("custom_tool_call", "input"),
        }
    }
}

/// A part of a message.
#[derive(Default)]
pub struct Part {
    pub is_refusal: bool,
    pub text: String,
    /// JSON of the items, with commas.
    pub logprobs: String,
    pub annotations: Vec<String>,
}

impl Part {
    pub fn json(&self) -> String {
        let Self { text, logprobs, .. } = self;
        if self.is_refusal {
            return format!(r#"{{"type":"refusal","refusal":"{text}"}}"#);
        }
        let annotations = self.annotations.join(",");
        format!(
            r#"{{"type":"output_text","annotations":[{annotations}],"logprobs":[{logprobs}],"text":"{text}"}}"#
        )
    }
}

impl Body {
    /// What an item's identifier begins with.
    pub fn prefix(&self) -> &'static str {
        match self {
            Self::Message(_) => "msg",
            Self::Reasoning { .. } => "rs",
            Self::Call { tool: Tool::Function, .. } => "fc",
            Self::Call { .. } => "ctc",
            Self::Image { .. } => "ig",
        }
    }
}

impl Item {
    pub fn json(&self) -> String {
        object(|out| {
            out.text("id", &self.id);
            self.write_body(out);
            let status = match self.state {
                State::Open => "in_progress",
                State::Whole => "completed",
                State::Cut => "incomplete",
            };
            out.text("status", status);
            for (name, json) in &self.rest {
                out.field(name, json);
            }
        })
    }

    fn write_body(&self, out: &mut Json) {
        match &self.body {
            Body::Message(parts) => {
                out.text("type", "message").text("role", "assistant").key("content").array(|out| {
                    for part in parts {
                        out.raw(&part.json());
                    }
                });
            }
            Body::Reasoning { text, seal } => {
                out.text("type", "reasoning").field("summary", "[]").key("content").array(|out| {
                    if let Some(text) = text {
                        out.raw(&thought(text));
                    }
                });
                if !seal.is_empty() {
                    out.text("encrypted_content", &sealed(seal));
                }
            }
            Body::Call { tool, id, name, said } => {
                let (kind, field) = tool.words();
                out.text("type", kind).field("call_id", id).field("name", name);
                out.field(field, &format!("\"{said}\""));
            }
            Body::Image { result: (field, json), format } => {
                out.text("type", "image_generation_call");
                if self.state == State::Open {
                    out.field("result", "null");
                    return;
                }
                out.field(field, json);
                if let Some(format) = format {
                    out.text("output_format", format);
                }
            }
        }
    }

    /// Whether a call's arguments are a whole object, which nothing can follow.
    pub fn is_whole_call(&self) -> bool {
        let Body::Call { tool: Tool::Function | Tool::Wrapped, said, .. } = &self.body else { return false };
        spoken(said).is_some_and(|text| serde_json::from_str::<Object<'_>>(&text).is_ok())
    }

    /// Makes a custom tool's input of what a function was called with. Arguments that were cut off stay as they are.
    pub fn unwrap_input(&mut self) {
        let Body::Call { said, .. } = &mut self.body else { return };
        let text = spoken(said).unwrap_or_default();
        let input = serde_json::from_str::<Object<'_>>(&text).ok();
        if let Some(raw) = input.and_then(|input| input.get(CUSTOM_INPUT)) {
            *said = inside(raw).into_owned();
        }
    }
}

/// A reasoning item's part.
pub fn thought(text: &str) -> String {
    format!(r#"{{"type":"reasoning_text","text":"{text}"}}"#)
}

/// What `encrypted_content` says: the block's JSON without its text. It is nobody's to read but ours, and a provider's
/// signature goes back with the very words that it was given for.
fn sealed(fields: &[(String, String)]) -> String {
    object(|out| {
        for (name, json) in fields {
            out.field(name, json);
        }
    })
}

/// The inside of a JSON string; other JSON becomes the text that it is.
pub fn inside(raw: Raw<'_>) -> Cow<'_, str> {
    if is_string(raw) {
        return Cow::Borrowed(&raw.get()[1..raw.get().len() - 1]);
    }
    let written = string(raw.get());
    Cow::Owned(written[1..written.len() - 1].to_owned())
}

/// A text as a JSON string.
pub fn string(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// What the inside of a JSON string says.
fn spoken(inside: &str) -> Option<String> {
    serde_json::from_str(&format!("\"{inside}\"")).ok()
}

/// The text of a JSON object that `fill` fills.
pub fn object(fill: impl FnOnce(&mut Json)) -> String {
    let mut out = Json::default();
    out.object(fill);
    String::from_utf8(out.into_bytes().into()).expect("JSON is UTF-8")
}
