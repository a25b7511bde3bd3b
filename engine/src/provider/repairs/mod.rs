//! Repairs of what servers for local models get wrong in chats: tool calls without identifiers, types or places of their
//! own, arguments as objects, `stop` where tools were called, and reasoning under one of its two names. It works on answers
//! and chunks in OpenAI's shape, whoever sent them, and does not look for tool calls in texts.
//! The invariant: what is repaired is told, each kind once, and an answer or a chunk in which nothing is keeps its bytes.

mod calls;
mod nesting;
#[cfg(test)]
mod tests;

use bytes::Bytes;
use memchr::memmem;
use serde_json::value::RawValue;

use self::calls::Calls;
use crate::body::Body;

/// One kind of repair.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Repair {
    Ids,
    Types,
    Arguments,
    Places,
    FinishReason,
    ReasoningContent,
    Reasoning,
}

impl Repair {
    /// The line of `changes` that tells of it.
    pub fn told(self) -> &'static str {
        match self {
            Self::Ids => "tool calls were given ids of their own: the server left them out or gave one twice",
            Self::Types => "tool calls were given the type function: the server left it out",
            Self::Arguments => {
                "arguments of tool calls were made texts: the server gave JSON values, or none"
            }
            Self::Places => {
                "tool calls of the stream were numbered anew: the server's index left them mixed up"
            }
            Self::FinishReason => "finish_reason stop was read as tool_calls: tools were called",
            Self::ReasoningContent => "reasoning is given as reasoning_content too",
            Self::Reasoning => "reasoning_content is given as reasoning too",
        }
    }
}

/// The repairs of one answer, whole or streamed.
pub struct Repairs {
    /// What identifiers are made of.
    key: String,
    /// Identifiers made so far.
    made_ids: usize,
    /// The tool calls of each choice, by its index.
    choices: Vec<(u64, Calls)>,
    /// The kinds that were made, in the order of their first.
    made: Vec<Repair>,
}

impl Repairs {
    /// `id`: a fresh identifier; at most 24 of its characters go into each that is made.
    pub fn new(id: &str) -> Self {
        let key = id.chars().take(24).collect();
        Self { key, made_ids: 0, choices: Vec::new(), made: Vec::new() }
    }

    /// A whole answer.
    pub fn whole(&mut self, answer: Bytes) -> Bytes {
        self.repaired(answer, Holder::Message)
    }

    /// The next chunk of a stream.
    pub fn chunk(&mut self, chunk: Bytes) -> Bytes {
        self.repaired(chunk, Holder::Delta)
    }

    /// Adds a line for each kind of repair that was made, unless it is there already.
    pub fn tell(&self, changes: &mut Vec<String>) {
        for line in self.made.iter().map(|repair| repair.told()) {
            if !changes.iter().any(|change| change == line) {
                changes.push(line.to_owned());
            }
        }
    }

    fn repaired(&mut self, text: Bytes, holder: Holder) -> Bytes {
        self.edited(&text, holder).unwrap_or(text)
    }

    fn edited(&mut self, text: &[u8], holder: Holder) -> Option<Bytes> {
        let holds = |needle: &[u8]| memmem::find(text, needle).is_some();
        let has_called = self.choices.iter().any(|(_, calls)| !calls.is_empty());
        let may_be_wrong =
            holds(b"\"tool_calls\"") || holds(b"\"reasoning") || (has_called && holds(b"\"stop\""));
        if !may_be_wrong {
            return None;
        }
        let mut answer = Body::parse(text).ok()?;
        let choices = each(answer.get("choices")?, |choice| self.choice(choice, holder))?;
        answer.set("choices", choices);
        Some(answer.to_bytes())
    }

    fn choice(&mut self, text: &str, holder: Holder) -> Option<String> {
        let mut choice = Body::parse(text.as_bytes()).ok()?;
        let index = choice.get("index").and_then(|raw| raw.parse().ok()).unwrap_or(0);
        let message = choice.get(holder.name()).and_then(|raw| self.message(raw, index, holder));
        let is_changed = message.is_some();
        if let Some(message) = message {
            choice.set(holder.name(), message);
        }
        let stops = choice.get("finish_reason") == Some("\"stop\"");
        let reason_is_wrong = stops && !self.calls(index).is_empty();
        if reason_is_wrong {
            choice.set("finish_reason", "\"tool_calls\"");
            self.make(Repair::FinishReason);
        }
        (is_changed || reason_is_wrong).then(|| text_of(&choice))
    }

    fn message(&mut self, text: &str, index: u64, holder: Holder) -> Option<String> {
        let mut message = Body::parse(text.as_bytes()).ok()?;
        let is_read_twice = self.name_reasoning_twice(&mut message);
        let list = message.get("tool_calls").and_then(|raw| self.list(raw, index, holder));
        let is_changed = list.is_some();
        if let Some(list) = list {
            message.set("tool_calls", list);
        }
        (is_read_twice || is_changed).then(|| text_of(&message))
    }

    fn list(&mut self, raw: &str, index: u64, holder: Holder) -> Option<String> {
        let mut calls = std::mem::take(self.calls(index));
        calls.next_list();
        let list = each(raw, |call| calls.piece(call, holder, self));
        *self.calls(index) = calls;
        list
    }

    /// Both names of the reasoning: what has one gets the other.
    fn name_reasoning_twice(&mut self, message: &mut Body<'_>) -> bool {
        let said = |name: &str| {
            let text = message.get(name).filter(|raw| raw.starts_with('"') && raw.len() > 2);
            text.map(str::to_owned)
        };
        let (name, text, repair) = match (said("reasoning"), said("reasoning_content")) {
            (Some(text), None) => ("reasoning_content", text, Repair::ReasoningContent),
            (None, Some(text)) => ("reasoning", text, Repair::Reasoning),
            _ => return false,
        };
        message.set(name, text);
        self.make(repair);
        true
    }

    fn calls(&mut self, index: u64) -> &mut Calls {
        let known = self.choices.iter().position(|(seen, _)| *seen == index);
        let at = known.unwrap_or_else(|| {
            self.choices.push((index, Calls::default()));
            self.choices.len() - 1
        });
        &mut self.choices[at].1
    }

    /// An identifier that no other call of the answer has.
    fn new_id(&mut self) -> String {
        self.made_ids += 1;
        format!("call_{}_{}", self.key, self.made_ids - 1)
    }

    fn make(&mut self, repair: Repair) {
        if !self.made.contains(&repair) {
            self.made.push(repair);
        }
    }
}

/// What of a choice holds what was said.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Holder {
    Message,
    Delta,
}

impl Holder {
    fn name(self) -> &'static str {
        match self {
            Self::Message => "message",
            Self::Delta => "delta",
        }
    }
}

/// A list in which `change` has put other elements in the place of some; `None` when there are none, or no list.
fn each(raw: &str, mut change: impl FnMut(&str) -> Option<String>) -> Option<String> {
    let items: Vec<&RawValue> = serde_json::from_str(raw).ok()?;
    let changed: Vec<Option<String>> = items.iter().map(|item| change(item.get())).collect();
    if changed.iter().all(Option::is_none) {
        return None;
    }
    let texts: Vec<&str> =
        changed.iter().zip(&items).map(|(new, old)| new.as_deref().unwrap_or(old.get())).collect();
    Some(format!("[{}]", texts.join(",")))
}

fn text_of(body: &Body<'_>) -> String {
    String::from_utf8_lossy(&body.to_bytes()).into_owned()
}
