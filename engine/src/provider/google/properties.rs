//! What must hold for every answer: nothing of it is lost on the way back, whole or streamed.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{answer, stream};
use crate::provider::aws::event_stream::Frame;
use crate::provider::dialect::Settings;
use crate::provider::fixtures::{chunks, context};

/// Every text is one of its own, so that it can be found again.
#[derive(Default)]
struct Marks(Vec<String>);

impl Marks {
    fn next(&mut self) -> String {
        let mark = format!("mark{}.", self.0.len());
        self.0.push(mark.clone());
        mark
    }
}

/// A part of an answer, and the fields of a candidate's next event.
#[derive(Clone, Debug)]
enum Said {
    Text,
    Thought,
    Call { named: bool },
    Image,
    New,
}

fn said() -> impl Strategy<Value = Said> {
    prop_oneof![
        Just(Said::Text),
        Just(Said::Thought),
        any::<bool>().prop_map(|named| Said::Call { named }),
        Just(Said::Image),
        Just(Said::New),
    ]
}

fn wire_part(said: &Said, marks: &mut Marks) -> Value {
    let mark = marks.next();
    match said {
        Said::Text => json!({ "text": mark }),
        Said::Thought => json!({ "text": mark, "thought": true, "thoughtSignature": "s" }),
        Said::Call { named: false } => json!({ "functionCall": { "name": "f", "args": { "x": mark } } }),
        Said::Call { named: true } => {
            json!({ "functionCall": { "id": mark, "name": marks.next() }, "thoughtSignature": marks.next() })
        }
        Said::Image => json!({ "inlineData": { "mimeType": "image/png", "data": mark } }),
        Said::New => json!({ "somethingNew": { "x": mark } }),
    }
}

/// A stream's chunks put together: content, reasoning, and calls as pairs of id and arguments.
fn joined(chunks: &[Value]) -> (String, String, Vec<(Value, String)>) {
    let mut all = (String::new(), String::new(), Vec::new());
    for delta in chunks.iter().map(|chunk| &chunk["choices"][0]["delta"]) {
        all.0.push_str(delta["content"].as_str().unwrap_or_default());
        all.1.push_str(delta["reasoning_content"].as_str().unwrap_or_default());
        for call in delta["tool_calls"].as_array().into_iter().flatten() {
            let at = call["index"].as_u64().expect("an index") as usize;
            if call["id"].is_string() {
                assert_eq!(at, all.2.len());
                all.2.push((call["id"].clone(), String::new()));
            }
            all.2[at].1.push_str(call["function"]["arguments"].as_str().unwrap_or_default());
        }
    }
    all
}

fn told(message: &Value) -> (String, String, Vec<(Value, String)>) {
    let calls = message["tool_calls"].as_array().into_iter().flatten();
    let calls = calls
        .map(|call| (call["id"].clone(), call["function"]["arguments"].as_str().expect("text").to_owned()));
    let text = |name: &str| message[name].as_str().unwrap_or_default().to_owned();
    (text("content"), text("reasoning_content"), calls.collect())
}

proptest! {
    #[test]
    fn nothing_that_is_answered_is_lost_on_the_way_back(
        events in prop::collection::vec(prop::collection::vec(said(), 0..4), 1..5),
        strict: bool,
    ) {
        let mut marks = Marks::default();
        let events: Vec<Vec<Value>> =
            events.iter().map(|parts| parts.iter().map(|said| wire_part(said, &mut marks)).collect()).collect();
        let settings = Settings::default();
        let headers = ::http::HeaderMap::new();
        let context = context(b"{}", &settings, strict, &headers);
        let reply = |parts: &[Value], finish: Option<&str>| {
            let candidate = json!({ "content": { "parts": parts }, "finishReason": finish });
            json!({ "candidates": [candidate], "responseId": "r" }).to_string()
        };
        let whole = answer::whole(&context, reply(&events.concat(), Some("STOP")).as_bytes()).expect("an answer");
        let whole: Value = serde_json::from_slice::<Value>(&whole).expect("JSON");
        let last = events.len() - 1;
        let sent: Vec<Frame> = events
            .iter()
            .enumerate()
            .map(|(at, parts)| reply(parts, (at == last).then_some("STOP")))
            .map(|reply| Frame { name: None, data: reply.into(), exception: false })
            .collect();
        let chunks = chunks(Box::new(stream::Stream::new(&context)), &sent);
        let (text, streamed) = (whole.to_string(), json!(chunks).to_string());
        for mark in &marks.0 {
            prop_assert!(text.contains(mark) && streamed.contains(mark), "{mark}\n{text}\n{streamed}");
        }
        prop_assert_eq!(joined(&chunks), told(&whole["choices"][0]["message"]));
        let finish = chunks.last().expect("chunks")["choices"][0]["finish_reason"].clone();
        prop_assert_eq!(finish, whole["choices"][0]["finish_reason"].clone());
    }
}
