//! What a stream has brought so far: whether it is whole, whether an event is semantic (content, reasoning, a tool call, a
//! finish reason, usage), an error inside it, and what to hand over when it is cut. Completion chunks are read here, the
//! events of a message and of a response beside it.
//! Events are read without building values; texts stay as the raw JSON they came in.

mod ending;
mod messages;
mod mould;
mod plain;
mod responses;

use std::borrow::Cow;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use self::ending::Ending;
use crate::endpoint::Streamed;
use crate::events::Event;
use crate::front::Front;
pub use mould::Mould;

type Raw<'a> = Option<&'a RawValue>;

#[derive(Deserialize)]
struct Chunk<'a> {
    #[serde(borrow, default)]
    choices: Option<Vec<Choice<'a>>>,
    #[serde(borrow, default)]
    usage: Raw<'a>,
    #[serde(borrow, default)]
    error: Raw<'a>,
    /// What OpenAI pads its chunks with, so that their length tells nothing.
    #[serde(borrow, default)]
    obfuscation: Raw<'a>,
}

#[derive(Deserialize)]
struct Choice<'a> {
    #[serde(default)]
    index: Option<u32>,
    #[serde(borrow, default)]
    delta: Option<Delta<'a>>,
    #[serde(borrow, default)]
    text: Raw<'a>,
    #[serde(borrow, default)]
    finish_reason: Raw<'a>,
}

#[derive(Deserialize)]
struct Delta<'a> {
    #[serde(borrow, default)]
    content: Raw<'a>,
    #[serde(borrow, default)]
    reasoning_content: Raw<'a>,
    #[serde(borrow, default)]
    reasoning: Raw<'a>,
    #[serde(borrow, default)]
    refusal: Raw<'a>,
    #[serde(borrow, default)]
    tool_calls: Raw<'a>,
    #[serde(borrow, default)]
    function_call: Raw<'a>,
    #[serde(borrow, default)]
    audio: Raw<'a>,
}

#[derive(Deserialize)]
struct ToolCall<'a> {
    #[serde(default)]
    index: Option<u32>,
    #[serde(default)]
    id: Option<String>,
    #[serde(borrow, default)]
    function: Option<Function<'a>>,
}

#[derive(Deserialize)]
struct Function<'a> {
    #[serde(borrow, default)]
    name: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    arguments: Option<Cow<'a, str>>,
}

/// What one event means.
#[derive(Debug, PartialEq)]
pub enum Meaning {
    /// Content, reasoning, a tool call, a finish reason or usage.
    Semantic,
    /// A role, an empty delta, an unknown object.
    Neutral,
    /// An error, with the event's own JSON.
    Error,
    /// The answer itself says that it has failed: JSON of the error. It is an answer to who gets it, and a failure where
    /// another attempt may be made.
    Failed(String),
    /// No JSON.
    Garbled,
}

pub struct Progress {
    streamed: Streamed,
    /// Raw JSON string contents of the first choice's text.
    text: String,
    /// Raw JSON arrays of the first choice's tool call pieces, each with how many events had been read with it.
    tool_calls: Vec<(usize, String)>,
    events: usize,
    pub usage: Option<String>,
    /// Why choices ended, in the order in which they did.
    pub finish_reasons: Vec<String>,
    /// For each choice seen: whether it has had its finish reason.
    choices: Vec<(u32, bool)>,
    ending: Ending,
    /// The stream's own last event has come.
    over: bool,
    /// The answer says that it has failed.
    failed: bool,
    /// The chunk of text that was parsed last.
    mould: Option<Arc<Mould>>,
}

impl Progress {
    pub fn new(streamed: Streamed) -> Self {
        Self {
            streamed,
            text: String::new(),
            tool_calls: Vec::new(),
            events: 0,
            usage: None,
            finish_reasons: Vec::new(),
            choices: Vec::new(),
            ending: Ending::default(),
            over: false,
            failed: false,
            mould: None,
        }
    }

    /// Reads one event's data.
    pub fn read(&mut self, data: &str) -> Meaning {
        self.events += 1;
        if let Some(cast) = self.mould.as_ref().and_then(|mould| mould.cast(data.as_bytes())) {
            self.text.push_str(&data[cast.text.clone()]);
            return if cast.text.is_empty() { Meaning::Neutral } else { Meaning::Semantic };
        }
        let read = match self.streamed {
            Streamed::Messages => serde_json::from_str(data).map(|event| self.read_message(&event)),
            Streamed::Responses => serde_json::from_str(data).map(|event| self.read_response(&event)),
            Streamed::Events => serde_json::from_str(data).map(|event| self.read_plain(&event)),
            _ => serde_json::from_str(data).map(|chunk| {
                self.mould = mould(data, &chunk).map(Arc::new).or(self.mould.take());
                self.read_chunk(chunk)
            }),
        };
        match read {
            Ok(meaning) => meaning,
            // Valid JSON of another shape is for the caller to judge.
            Err(why) if why.is_data() && serde_json::from_str::<&RawValue>(data).is_ok() => Meaning::Neutral,
            Err(_) => Meaning::Garbled,
        }
    }

    fn read_chunk(&mut self, chunk: Chunk<'_>) -> Meaning {
        if chunk.error.is_some_and(|error| error.get() != "false") {
            return Meaning::Error;
        }
        let mut semantic = false;
        if let Some(usage) = chunk.usage {
            self.usage = Some(usage.get().to_owned());
            semantic = true;
        }
        for choice in chunk.choices.into_iter().flatten() {
            semantic |= self.read_choice(&choice);
        }
        if semantic { Meaning::Semantic } else { Meaning::Neutral }
    }

    /// What chunks of text are made in; the chunks that are handed out may be.
    pub fn mould(&self) -> Option<&Arc<Mould>> {
        self.mould.as_ref()
    }

    fn read_choice(&mut self, choice: &Choice<'_>) -> bool {
        let index = choice.index.unwrap_or(0);
        let finished = choice.finish_reason.is_some();
        match self.choices.iter_mut().find(|(seen, _)| *seen == index) {
            Some((_, whole)) => *whole |= finished,
            None => self.choices.push((index, finished)),
        }
        self.keep_reason(choice.finish_reason);
        let mut semantic = finished | says_something(choice.text);
        if index == 0 {
            self.keep_text(choice.text);
        }
        if let Some(delta) = &choice.delta {
            let parts =
                [delta.content, delta.reasoning_content, delta.reasoning, delta.refusal, delta.tool_calls];
            semantic |= parts.into_iter().chain([delta.function_call, delta.audio]).any(says_something);
            if index == 0 {
                self.keep_text(delta.content);
                self.tool_calls.extend(delta.tool_calls.map(|raw| (self.events, raw.get().to_owned())));
            }
        }
        semantic
    }

    fn keep_reason(&mut self, raw: Raw<'_>) {
        let reason = inner(raw);
        self.finish_reasons.extend(reason.map(str::to_owned));
    }

    fn keep_text(&mut self, raw: Raw<'_>) {
        self.text.push_str(inner(raw).unwrap_or_default());
    }

    /// That of a stream that is there already, as far as its usage: the last that it tells.
    pub fn of_last_usage(streamed: Streamed, events: &[Event]) -> Self {
        let mut progress = Self::new(streamed);
        for event in events.iter().rev() {
            progress.read(&String::from_utf8_lossy(&event.data));
            if progress.usage.is_some() {
                break;
            }
        }
        progress
    }

    /// Whether every choice has had its finish reason, or the stream its last event.
    pub fn is_whole(&self) -> bool {
        self.over || (!self.choices.is_empty() && self.choices.iter().all(|(_, whole)| *whole))
    }

    /// Whether the stream's own last event has come, after which there is nothing to wait for.
    pub fn is_over(&self) -> bool {
        self.over
    }

    /// The front format that the events are of.
    pub fn front(&self) -> Option<Front> {
        match self.streamed {
            Streamed::Messages => Some(Front::Messages),
            Streamed::Responses => Some(Front::Responses),
            _ => None,
        }
    }

    /// Whether the answer says that it has failed.
    pub fn has_failed(&self) -> bool {
        self.failed
    }

    /// Notes a piece of the call at `index`, as a chat has it.
    fn keep_call(&mut self, index: u32, id: Raw<'_>, name: Raw<'_>, arguments: Raw<'_>) {
        let json = |raw: Raw<'_>| raw.map_or("null", RawValue::get).to_owned();
        let function = format!(r#"{{"name":{},"arguments":{}}}"#, json(name), json(arguments));
        let piece = format!(r#"[{{"index":{index},"id":{},"function":{function}}}]"#, json(id));
        self.tool_calls.push((self.events, piece));
    }

    /// Whether the stream may end here: it is whole, or its endpoint's streams end with their bodies. `clean`: the host
    /// ended it.
    pub fn may_end(&self, clean: bool) -> bool {
        self.is_whole() || (self.streamed == Streamed::Events && self.ending.is_near(clean))
    }

    /// JSON of what has come: `{"text", "toolCalls", "usage"}`.
    /// `shown`: the text as far as it may be seen, and the events that it is in, where that is less than all.
    pub fn partial(&self, shown: Option<(&str, usize)>) -> String {
        let usage = self.usage.as_deref().unwrap_or("null");
        let calls = self.merged_tool_calls(shown.map_or(usize::MAX, |(_, events)| events));
        let calls = serde_json::to_string(&calls).expect("a value always has a JSON form");
        let text = match shown {
            Some((shown, _)) => serde_json::to_string(shown).expect("a string always has a JSON form"),
            None => format!("\"{}\"", self.text),
        };
        format!(r#"{{"text":{text},"toolCalls":{calls},"usage":{usage}}}"#)
    }

    /// The tool calls of the first `events`, put together: ids and names are set, arguments are appended.
    fn merged_tool_calls(&self, events: usize) -> Vec<Value> {
        let mut merged: Vec<(u32, Option<String>, String, String)> = Vec::new();
        for (_, raw) in self.tool_calls.iter().take_while(|(read, _)| *read <= events) {
            for piece in serde_json::from_str::<Vec<ToolCall<'_>>>(raw).unwrap_or_default() {
                let index = piece.index.unwrap_or(0);
                let at = merged.iter().position(|(seen, ..)| *seen == index).unwrap_or_else(|| {
                    merged.push((index, None, String::new(), String::new()));
                    merged.len() - 1
                });
                let (_, id, name, arguments) = &mut merged[at];
                *id = piece.id.or(id.take());
                let Some(function) = piece.function else { continue };
                if let Some(given) = function.name {
                    *name = given.into_owned();
                }
                arguments.push_str(&function.arguments.unwrap_or_default());
            }
        }
        let told = |(_, id, name, arguments): (u32, Option<String>, String, String)| {
            let mut call = Map::new();
            call.insert("id".to_owned(), id.into());
            call.insert("type".to_owned(), "function".into());
            call.insert("function".to_owned(), json!({ "name": name, "arguments": arguments }));
            Value::Object(call)
        };
        merged.into_iter().map(told).collect()
    }
}

/// The inside of a string.
fn inner(raw: Raw<'_>) -> Option<&str> {
    raw.and_then(|raw| raw.get().strip_prefix('"')?.strip_suffix('"'))
}

/// The mould of a chunk that brings the first choice's text and nothing else that is kept.
fn mould(data: &str, chunk: &Chunk<'_>) -> Option<Mould> {
    let [choice] = chunk.choices.as_deref()? else { return None };
    let delta = choice.delta.as_ref()?;
    let others = [choice.text, choice.finish_reason, chunk.usage, chunk.error, delta.tool_calls];
    let silent = [delta.reasoning_content, delta.reasoning, delta.refusal, delta.function_call, delta.audio];
    let is_text = choice.index.is_none_or(|index| index == 0)
        && others.iter().all(Option::is_none)
        && !silent.into_iter().any(says_something);
    let padding = chunk.obfuscation.map(|padding| inner(Some(padding)));
    match padding {
        _ if !is_text => None,
        Some(None) => None,
        padding => Mould::new(data, inner(delta.content)?, padding.flatten()),
    }
}

/// Whether a part is there and not empty.
fn says_something(raw: Raw<'_>) -> bool {
    raw.is_some_and(|raw| !matches!(raw.get(), "\"\"" | "[]" | "{}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_and_empty_deltas_are_not_semantic() {
        let mut progress = Progress::new(Streamed::Chunks);
        for neutral in [
            r#"{"choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}"#,
            r#"{"choices":[{"delta":{"role":"assistant","content":null,"tool_calls":[]}}]}"#,
            r#"{"choices":[]}"#,
            r#"{"choices":null,"usage":null,"error":null}"#,
            r#"{"a":1}"#,
            "[1]",
            r#""text""#,
        ] {
            assert_eq!(progress.read(neutral), Meaning::Neutral, "{neutral}");
        }
        for semantic in [
            r#"{"choices":[{"delta":{"content":"\ud83d"}}]}"#,
            r#"{"choices":[{"delta":{"reasoning":"x"}}]}"#,
            r#"{"choices":[{"delta":{"reasoning_content":"x"}}]}"#,
            r#"{"choices":[{"delta":{"tool_calls":[{"index":0}]}}]}"#,
            r#"{"choices":[{"text":"x"}]}"#,
            r#"{"choices":[],"usage":{"total_tokens":1}}"#,
            r#"{"choices":[{"delta":{},"finish_reason":"stop"}]}"#,
        ] {
            assert_eq!(progress.read(semantic), Meaning::Semantic, "{semantic}");
        }
    }

    #[test]
    fn a_stream_is_whole_when_every_choice_has_its_finish_reason() {
        let mut progress = Progress::new(Streamed::Chunks);
        assert!(!progress.is_whole());
        progress
            .read(r#"{"choices":[{"index":1,"delta":{"content":"a"}},{"index":0,"delta":{"content":"b"}}]}"#);
        progress.read(r#"{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#);
        assert!(!progress.is_whole());
        progress.read(r#"{"choices":[{"index":1,"delta":{},"finish_reason":"length"}]}"#);
        assert!(progress.is_whole());
    }

    #[test]
    fn errors_and_garbage_are_told_apart() {
        let mut progress = Progress::new(Streamed::Chunks);
        assert_eq!(progress.read(r#"{"error":{"message":"x"}}"#), Meaning::Error);
        assert_eq!(progress.read(r#"{"error":"x"}"#), Meaning::Error);
        assert_eq!(progress.read("{bad"), Meaning::Garbled);
        assert_eq!(progress.read(r#"{"choices":[{"index":"zero"}]}"#), Meaning::Neutral);
    }

    #[test]
    fn what_has_come_is_put_together() {
        let mut progress = Progress::new(Streamed::Chunks);
        for chunk in [
            r#"{"choices":[{"delta":{"content":"a\n\"b\""}}]}"#,
            r#"{"choices":[{"delta":{"content":"é\u00e9"}}]}"#,
            r#"{"choices":[{"index":1,"delta":{"content":"other"}}]}"#,
            r#"{"choices":[{"delta":{"tool_calls":[{"index":0,"id":"c1","function":{"name":"f"}}]}}]}"#,
            r#"{"choices":[{"delta":{"tool_calls":[{"index":0,"id":"c1","function":{"name":"f","arguments":"{\"a\""}}]}}]}"#,
            r#"{"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"arguments":":1"}}]}}],"usage":{"n":1.0}}"#,
        ] {
            progress.read(chunk);
        }
        let wanted = r#"{"text":"a\n\"b\"é\u00e9","toolCalls":[{"id":"c1","type":"function","function":{"name":"f","arguments":"{\"a\":1"}}],"usage":{"n":1.0}}"#;
        assert_eq!(progress.partial(None), wanted);
        let shown = r#"{"text":"a","toolCalls":[{"id":"c1","type":"function","function":{"name":"f","arguments":""}}],"usage":{"n":1.0}}"#;
        assert_eq!(progress.partial(Some(("a", 4))), shown);
    }
}
