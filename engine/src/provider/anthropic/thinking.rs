//! The model's thinking in a chat's history. The API takes it back only as it gave it, with its signature.

use super::notes::Notes;
use crate::provider::json::{Json, Object, Raw, is_array, items};

/// What an assistant's message has of the model's thinking.
pub enum Thinking<'a> {
    /// `content_blocks`, or LiteLLM's `thinking_blocks`: blocks as the API gave them.
    Blocks(Vec<Raw<'a>>),
    /// `reasoning_content` with its signature.
    Signed {
        text: Raw<'a>,
        signature: Raw<'a>,
    },
    /// `reasoning_content` alone, which can't be given back.
    Unsigned,
    Nothing,
}

impl<'a> Thinking<'a> {
    pub fn of(message: &Object<'a>) -> Self {
        let given = |names: [&str; 2]| {
            let found = names.into_iter().find_map(|name| message.get(name));
            found.filter(|raw| !matches!(raw.get(), "\"\"" | "[]"))
        };
        if let Some(blocks) = given(["content_blocks", "thinking_blocks"]).and_then(items) {
            return Self::Blocks(blocks);
        }
        match (given(["reasoning_content", "reasoning"]), given(["reasoning_signature", "signature"])) {
            (Some(text), Some(signature)) => Self::Signed { text, signature },
            (Some(_), None) => Self::Unsigned,
            (None, _) => Self::Nothing,
        }
    }

    /// Whether there is anything to be given back.
    pub fn is_any(&self) -> bool {
        matches!(self, Self::Blocks(_) | Self::Signed { .. })
    }

    fn holds_thoughts(&self) -> bool {
        let Self::Blocks(blocks) = self else { return self.is_any() };
        let kinds = blocks.iter().filter_map(|raw| Object::parse(raw)?.text("type"));
        kinds.into_iter().any(|kind| matches!(&*kind, "thinking" | "redacted_thinking"))
    }

    /// Tells of thinking that can't be given back.
    pub fn tell_lost(&self, notes: &mut Notes) {
        if matches!(self, Self::Unsigned) {
            let why = "anthropic takes thinking back only with its signature";
            notes.dropped("messages[].reasoning_content", why);
        }
    }

    /// Writes the blocks; true when the message's text is among them. Tool calls are written from `tool_calls`.
    pub fn write(&self, out: &mut Json, notes: &mut Notes) -> bool {
        self.tell_lost(notes);
        match self {
            Self::Blocks(blocks) => {
                let mut has_text = false;
                for raw in blocks {
                    let block = Object::parse(raw);
                    let kind = block.as_ref().and_then(|block| block.text("type"));
                    let text = block.as_ref().and_then(|block| block.get("text"));
                    match kind.as_deref() {
                        Some("tool_use") => {}
                        None => notes.dropped("messages[].content_blocks[]", "a block needs a type"),
                        Some("text") if text.is_none_or(|text| text.get() == "\"\"") => has_text = true,
                        Some(kind) => {
                            has_text |= kind == "text";
                            out.raw(raw.get());
                        }
                    }
                }
                has_text
            }
            Self::Signed { text, signature } => {
                out.object(|out| {
                    out.text("type", "thinking").field("thinking", text.get());
                    out.field("signature", signature.get());
                });
                false
            }
            Self::Unsigned | Self::Nothing => false,
        }
    }
}

/// Whether the turn that the model is to go on with, a tool call of its own, has no thinking to begin with. A model
/// with a thinking budget refuses that.
pub fn goes_on_without_thinking(messages: &[Object<'_>]) -> bool {
    let turn = messages.iter().rev().find(|message| message.text("role").as_deref() != Some("tool"));
    let Some(turn) = turn.filter(|turn| turn.text("role").as_deref() == Some("assistant")) else {
        return false;
    };
    turn.get("tool_calls").is_some_and(is_array) && !Thinking::of(turn).holds_thoughts()
}
