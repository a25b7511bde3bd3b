//! One assistant's message of a chat, gathered item by item.

use crate::provider::json::{Json, Raw};

/// One thing that the assistant said, in the order of its saying.
pub enum Said<'a> {
    Text(Raw<'a>),
    Refusal(Raw<'a>),
    Thought {
        texts: Vec<Raw<'a>>,
        /// JSON of the content block that it was, where that holds more than the text.
        block: Option<String>,
    },
    /// JSON of a content block, for what no other field has a place for.
    Block(String),
}

#[derive(Default)]
pub struct Turn<'a> {
    pub said: Vec<Said<'a>>,
    /// The tool calls' JSON, with commas.
    pub calls: Json,
    /// Fields of a provider's own.
    kept: Vec<(String, Raw<'a>)>,
}

impl<'a> Turn<'a> {
    /// Keeps fields for the message; the first of a name counts.
    pub fn keep(&mut self, fields: Vec<(String, Raw<'a>)>) {
        for (key, raw) in fields {
            if !self.kept.iter().any(|(known, _)| *known == key) {
                self.kept.push((key, raw));
            }
        }
    }

    /// Whether it holds more than thoughts and calls.
    pub fn has_spoken(&self) -> bool {
        self.said.iter().any(|said| !matches!(said, Said::Thought { .. }))
    }

    /// Writes the message; none where nothing was gathered.
    pub fn write(self, out: &mut Json) {
        if self.said.is_empty() && self.calls.is_empty() {
            return;
        }
        out.object(|out| {
            out.text("role", "assistant");
            self.content(out);
            let thoughts = self.said.iter().filter_map(|said| match said {
                Said::Thought { texts, .. } if !texts.is_empty() => Some(texts),
                _ => None,
            });
            let thoughts: Vec<Raw<'_>> = thoughts.flatten().copied().collect();
            if !thoughts.is_empty() {
                out.key("reasoning_content").joined(thoughts.into_iter());
            }
            self.blocks(out);
            for (key, raw) in &self.kept {
                out.field(key, raw.get());
            }
            if !self.calls.is_empty() {
                out.key("tool_calls").array(|out| {
                    out.pieces(&self.calls.into_bytes());
                });
            }
        });
    }

    /// Texts are one text. A refusal stands in a field of its own, or as a part where there is text beside it: some hosts
    /// read only one of the two fields. Beside blocks, which hold it all, the content is no more than their text.
    fn content(&self, out: &mut Json) {
        let all = || self.said.iter().filter_map(Said::words);
        let texts = || all().filter(|(kind, _)| *kind == "text").map(|(_, raw)| raw);
        let refusals = || all().filter(|(kind, _)| *kind == "refusal").map(|(_, raw)| raw);
        out.key("content");
        match (texts().next().is_some(), refusals().next().is_some()) {
            (false, false) if self.calls.is_empty() => out.string(""),
            (false, false) => out.raw("null"),
            _ if self.has_blocks() => out.joined(all().map(|(_, raw)| raw)),
            (true, false) => out.joined(texts()),
            (false, true) => out.raw("null").key("refusal").joined(refusals()),
            (true, true) => out.array(|out| {
                for (kind, raw) in all() {
                    out.object(|out| out.text("type", kind).field(kind, raw.get()).done());
                }
            }),
        }
        .done();
    }

    fn has_blocks(&self) -> bool {
        let is_own = |said: &Said<'_>| matches!(said, Said::Block(_) | Said::Thought { block: Some(_), .. });
        self.said.iter().any(is_own)
    }

    /// All that was said, where some of it can stand nowhere else. Dialects read these instead of the content.
    fn blocks(&self, out: &mut Json) {
        if !self.has_blocks() {
            return;
        }
        out.key("content_blocks").array(|out| {
            for said in &self.said {
                match said {
                    Said::Text(raw) | Said::Refusal(raw) => {
                        out.object(|out| out.text("type", "text").field("text", raw.get()).done());
                    }
                    Said::Block(block) | Said::Thought { block: Some(block), .. } => out.raw(block).done(),
                    Said::Thought { block: None, .. } => {}
                }
            }
        });
    }
}

impl<'a> Said<'a> {
    /// What of it is for the reader, and whether it is a `text` or a `refusal`.
    fn words(&self) -> Option<(&'static str, Raw<'a>)> {
        match self {
            Self::Text(raw) => Some(("text", *raw)),
            Self::Refusal(raw) => Some(("refusal", *raw)),
            Self::Thought { .. } | Self::Block(_) => None,
        }
    }
}
