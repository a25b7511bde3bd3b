//! The events of a message, as Anthropic's Messages API and the servers that speak it send them.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::{Meaning, Progress, Raw, says_something};

#[derive(Deserialize)]
pub struct Event<'a> {
    #[serde(borrow, default, rename = "type")]
    kind: Option<Cow<'a, str>>,
    #[serde(default)]
    index: Option<u32>,
    #[serde(borrow, default)]
    message: Option<Message<'a>>,
    #[serde(borrow, default)]
    content_block: Option<Block<'a>>,
    #[serde(borrow, default)]
    delta: Option<Delta<'a>>,
    #[serde(borrow, default)]
    usage: Raw<'a>,
    #[serde(borrow, default)]
    error: Raw<'a>,
}

#[derive(Deserialize)]
struct Message<'a> {
    #[serde(borrow, default)]
    usage: Raw<'a>,
}

#[derive(Deserialize)]
struct Block<'a> {
    #[serde(borrow, default, rename = "type")]
    kind: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    id: Raw<'a>,
    #[serde(borrow, default)]
    name: Raw<'a>,
    #[serde(borrow, default)]
    text: Raw<'a>,
    #[serde(borrow, default)]
    thinking: Raw<'a>,
}

#[derive(Deserialize)]
struct Delta<'a> {
    #[serde(borrow, default)]
    text: Raw<'a>,
    #[serde(borrow, default)]
    partial_json: Raw<'a>,
    #[serde(borrow, default)]
    thinking: Raw<'a>,
    #[serde(borrow, default)]
    signature: Raw<'a>,
    #[serde(borrow, default)]
    citation: Raw<'a>,
    #[serde(borrow, default)]
    stop_reason: Raw<'a>,
}

impl Progress {
    pub(super) fn read_message(&mut self, event: &Event<'_>) -> Meaning {
        let kind = event.kind.as_deref().unwrap_or_default();
        if kind == "error" || event.error.is_some_and(|error| error.get() != "false") {
            return Meaning::Error;
        }
        let semantic = match kind {
            // It comes at once, as a chat's role does, whatever follows.
            "message_start" => {
                self.add_usage(event.message.as_ref().and_then(|message| message.usage));
                false
            }
            "content_block_start" => {
                event.content_block.as_ref().is_some_and(|block| self.begin(event.index, block))
            }
            "content_block_delta" => event.delta.as_ref().is_some_and(|delta| self.go_on(event.index, delta)),
            "message_delta" => {
                self.add_usage(event.usage);
                self.keep_reason(event.delta.as_ref().and_then(|delta| delta.stop_reason));
                event.usage.is_some() || event.delta.as_ref().is_some_and(|delta| delta.stop_reason.is_some())
            }
            "message_stop" => {
                self.over = true;
                true
            }
            _ => false,
        };
        if semantic { Meaning::Semantic } else { Meaning::Neutral }
    }

    fn begin(&mut self, index: Option<u32>, block: &Block<'_>) -> bool {
        match block.kind.as_deref() {
            Some("text") => {
                self.keep_text(block.text);
                says_something(block.text)
            }
            Some("thinking") => says_something(block.thinking),
            Some("tool_use") => {
                self.keep_call(index.unwrap_or(0), block.id, block.name, None);
                true
            }
            _ => true,
        }
    }

    fn go_on(&mut self, index: Option<u32>, delta: &Delta<'_>) -> bool {
        self.keep_text(delta.text);
        if delta.partial_json.is_some() {
            self.keep_call(index.unwrap_or(0), None, None, delta.partial_json);
        }
        [delta.text, delta.partial_json, delta.thinking, delta.signature, delta.citation]
            .into_iter()
            .any(says_something)
    }

    /// What is counted at the end replaces what was told at the beginning, field by field.
    fn add_usage(&mut self, raw: Raw<'_>) {
        let fields = |json: &str| serde_json::from_str::<Map<String, Value>>(json).ok();
        let Some(new) = raw.and_then(|raw| fields(raw.get())) else { return };
        let mut all = self.usage.as_deref().and_then(fields).unwrap_or_default();
        for (name, value) in new {
            if !value.is_null() || !all.contains_key(&name) {
                all.insert(name, value);
            }
        }
        self.usage = Some(Value::Object(all).to_string());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::endpoint::Streamed;

    const START: &str = r#"{"type":"message_start","message":{"id":"m","usage":{"input_tokens":9,"cache_read_input_tokens":2,"output_tokens":1}}}"#;

    #[test]
    fn a_message_is_whole_at_its_stop_and_says_something_from_its_first_text_on() {
        let mut progress = Progress::new(Streamed::Messages);
        let events = [
            (START, Meaning::Neutral),
            (
                r#"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#,
                Meaning::Neutral,
            ),
            (r#"{"type":"ping"}"#, Meaning::Neutral),
            (
                r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"a\nb"}}"#,
                Meaning::Semantic,
            ),
            (r#"{"type":"content_block_stop","index":0}"#, Meaning::Neutral),
            (
                r#"{"type":"content_block_start","index":1,"content_block":{"type":"tool_use","id":"t1","name":"f","input":{}}}"#,
                Meaning::Semantic,
            ),
            (
                r#"{"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"{\"a\":1}"}}"#,
                Meaning::Semantic,
            ),
            (
                r#"{"type":"message_delta","delta":{"stop_reason":"tool_use"},"usage":{"output_tokens":5,"input_tokens":null}}"#,
                Meaning::Semantic,
            ),
        ];
        for (event, meaning) in events {
            assert_eq!(progress.read(event), meaning, "{event}");
        }
        assert!(!progress.is_whole());
        let wanted = r#"{"text":"a\nb","toolCalls":[{"id":"t1","type":"function","function":{"name":"f","arguments":"{\"a\":1}"}}],"usage":{"input_tokens":9,"cache_read_input_tokens":2,"output_tokens":5}}"#;
        assert_eq!(progress.partial(None), wanted);
        assert_eq!(progress.read(r#"{"type":"message_stop"}"#), Meaning::Semantic);
        assert!(progress.is_whole() && progress.is_over());
    }

    #[test]
    fn an_error_has_its_own_event_or_a_server_s_envelope() {
        let mut progress = Progress::new(Streamed::Messages);
        for error in [
            r#"{"type":"error","error":{"type":"overloaded_error","message":"o"}}"#,
            r#"{"error":{"code":500,"message":"m","type":"server_error"}}"#,
        ] {
            assert_eq!(progress.read(error), Meaning::Error);
        }
        assert_eq!(progress.read("{"), Meaning::Garbled);
        assert_eq!(progress.read(r#"{"type":"of_tomorrow"}"#), Meaning::Neutral);
    }
}
