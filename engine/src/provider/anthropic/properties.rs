//! What holds for every chat: nothing of it is lost in silence, and no reply, however odd, is more than an error.

use ::http::HeaderMap;
use bytes::Bytes;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::Chat;
use super::request::{DIRECT, translate};
use crate::provider::dialect::{Context, Dialect, Settings, WireEvent};

/// A field's name, and a value that can be found again.
pub type Mark = (String, String);

/// Parts and messages, each text being a mark that `marks` keeps.
pub struct Maker<'m> {
    pub marks: &'m mut Vec<Mark>,
}

impl Maker<'_> {
    fn mark(&mut self, field: &str) -> String {
        let mark = format!("mark{}x", self.marks.len());
        self.marks.push((field.to_owned(), mark.clone()));
        mark
    }

    fn part(&mut self, kind: u8) -> Value {
        match kind % 8 {
            0 => json!({"type": "text", "text": self.mark("text")}),
            1 => {
                json!({"type": "image_url", "image_url": {"url": format!("https://h/{}", self.mark("image_url")), "detail": self.mark("image_url")}})
            }
            2 => {
                json!({"type": "image_url", "image_url": {"url": format!("data:image/png;base64,{}", self.mark("image_url"))}})
            }
            3 => {
                json!({"type": "file", "file": {"file_data": format!("data:application/pdf;base64,{}", self.mark("file")), "filename": self.mark("file")}})
            }
            4 => {
                json!({"type": "input_audio", "input_audio": {"data": self.mark("input_audio"), "format": "wav"}})
            }
            5 => json!({"type": "search_result", "title": self.mark("search_result")}),
            6 => json!({"type": "refusal", "refusal": self.mark("refusal")}),
            _ => json!({"type": "text", "text": self.mark("text"), "oddity": self.mark("oddity")}),
        }
    }

    fn content(&mut self, kinds: &[u8]) -> Value {
        match kinds {
            [] => json!(self.mark("content")),
            kinds => kinds.iter().map(|kind| self.part(*kind)).collect(),
        }
    }

    pub fn message(&mut self, role: u8, kinds: &[u8]) -> Value {
        let mut message = match role % 6 {
            0 => json!({"role": "system", "content": self.content(kinds)}),
            1 => json!({"role": "user", "content": self.content(kinds), "name": self.mark("name")}),
            2 => {
                json!({"role": "assistant", "content": self.content(kinds), "reasoning_content": self.mark("reasoning_content")})
            }
            3 => json!({"role": "assistant", "content": null, "tool_calls": [self.call(), self.call()]}),
            4 => {
                json!({"role": "tool", "tool_call_id": self.mark("tool_call_id"), "content": self.content(kinds)})
            }
            _ => json!({"role": "assistant", "content": "", "content_blocks": [
                {"type": "thinking", "thinking": self.mark("thinking"), "signature": self.mark("signature")},
                {"type": "text", "text": self.mark("text")},
            ], "tool_calls": [self.call()]}),
        };
        message["novelty"] = json!(self.mark("novelty"));
        message
    }

    fn call(&mut self) -> Value {
        let arguments = format!(r#"{{"n":1.0,"{}":[]}}"#, self.mark("arguments"));
        json!({"id": self.mark("id"), "type": "function", "function": {"name": self.mark("name"), "arguments": arguments}})
    }
}

/// Parameters, each with a value of its own.
const PARAMETERS: &[&str] = &[
    "seed",
    "user",
    "logit_bias",
    "prediction",
    "verbosity",
    "metadata",
    "service_tier",
    "thinking",
    "novel",
    "store",
];

proptest! {
    #[test]
    fn nothing_of_a_chat_is_lost_in_silence(
        chat in prop::collection::vec((any::<u8>(), prop::collection::vec(any::<u8>(), 0..4)), 0..8),
        parameters in prop::sample::subsequence(PARAMETERS, 0..PARAMETERS.len()),
        custom_host in any::<bool>(),
    ) {
        let mut marks = Vec::new();
        let mut maker = Maker { marks: &mut marks };
        let messages: Vec<Value> = chat.iter().map(|(role, kinds)| maker.message(*role, kinds)).collect();
        let mut body = Map::new();
        body.insert("model".to_owned(), "claude-opus-5".into());
        body.insert("messages".to_owned(), messages.into());
        for name in parameters {
            let value = maker.mark(name);
            body.insert(name.to_owned(), if name == "metadata" { json!({ value: 1 }) } else { value.into() });
        }
        let text = Value::Object(body).to_string();
        let made = translate(text.as_bytes(), custom_host, &DIRECT).expect("a chat");
        let wire = String::from_utf8(made.body.to_vec()).expect("UTF-8");
        prop_assert!(serde_json::from_str::<Value>(&wire).is_ok(), "{}", wire);
        for (field, mark) in marks {
            let told = made.changes.iter().any(|line| line.contains(&field));
            prop_assert!(wire.contains(&mark) || told, "{} {} is lost: {:?}", field, mark, made.changes);
        }
    }

    #[test]
    fn no_reply_is_more_than_an_error(
        pieces in prop::collection::vec(prop::sample::select(PIECES.to_vec()), 0..12),
        strict in any::<bool>(),
        cut in 0usize..400,
    ) {
        let settings = Settings::default();
        let headers = HeaderMap::new();
        let asked = br#"{"model":"m","stream_options":{"include_usage":true}}"#;
        let context = Context { asked, settings: &settings, strict, created: 0, id: "0", headers: &headers };
        let mut reader = Chat.translator(&context);
        let mut chunks: Vec<Bytes> = Vec::new();
        for piece in &pieces {
            let data = &piece.as_bytes()[..piece.len().min(cut)];
            let _ = reader.event(WireEvent { name: None, data, exception: false }, &mut chunks);
            let _ = Chat.answer(&context, data);
            let _ = Chat.error(400, &headers, data);
        }
        reader.end(&mut chunks);
        for chunk in &chunks {
            prop_assert!(serde_json::from_slice::<Value>(chunk).is_ok());
        }
    }
}

const PIECES: &[&str] = &[
    r#"{"type":"message_start","message":{"id":1,"model":null,"usage":{"input_tokens":"x"}}}"#,
    r#"{"type":"message_start","message":{"id":"m","model":"m","usage":{"input_tokens":1}}}"#,
    r#"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":"a"}}"#,
    r#"{"type":"content_block_start","index":0,"content_block":{"type":"tool_use","input":[1]}}"#,
    r#"{"type":"content_block_start","index":9,"content_block":{"type":"novel"}}"#,
    r#"{"type":"content_block_start","content_block":3}"#,
    r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"é"}}"#,
    r#"{"type":"content_block_delta","index":7,"delta":{"type":"input_json_delta","partial_json":"{"}}"#,
    r#"{"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":"{"}}"#,
    r#"{"type":"content_block_delta","delta":{"text":[],"thinking":1,"signature":{}}}"#,
    r#"{"type":"content_block_stop","index":0}"#,
    r#"{"type":"message_delta","delta":{"stop_reason":"novel"},"usage":{}}"#,
    r#"{"type":"message_delta","delta":{"stop_reason":7}}"#,
    r#"{"type":"message_stop"}"#,
    r#"{"type":"error","error":"x"}"#,
    r#"{"content":[{"type":"tool_use","input":"x"},{"type":"text","text":4}],"usage":[]}"#,
    r#"{"content":[{"kind":"text"}]}"#,
    "[]",
    "null",
];
