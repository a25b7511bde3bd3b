//! What holds for every reply: however odd it is, it is no more than an error.

use ::http::HeaderMap;
use bytes::Bytes;
use proptest::prelude::*;
use serde_json::Value;

use super::Chat;
use crate::provider::dialect::{Dialect, Settings, WireEvent};
use crate::provider::fixtures::context;

proptest! {
    #[test]
    fn no_reply_is_more_than_an_error(
        pieces in prop::collection::vec(prop::sample::select(PIECES.to_vec()), 0..12),
        strict in any::<bool>(),
        cut in 0usize..400,
    ) {
        let settings = Settings::default();
        let headers = HeaderMap::new();
        let asked = br#"{"model":"m","stream_options":{"include_usage":true}}"#;
        let context = context(asked, &settings, strict, &headers);
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
