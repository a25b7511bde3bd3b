//! What must hold for every chat: nothing that was said is lost on the way there, and nothing on the way back.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::fixtures::{CREATED, ID, translated};
use super::{Generation, Notes, Service, answer, request, stream};
use crate::provider::dialect::{Context, Settings};

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

#[derive(Clone, Debug)]
enum Part {
    Text,
    Image,
    Audio,
    File,
}

#[derive(Clone, Debug)]
enum Message {
    System(Option<usize>),
    User(Option<Vec<Part>>),
    Assistant { text: bool, blocks: Vec<Part>, calls: usize, refusal: bool },
    Unknown,
}

fn parts() -> impl Strategy<Value = Vec<Part>> {
    let part = prop_oneof![Just(Part::Text), Just(Part::Image), Just(Part::Audio), Just(Part::File)];
    prop::collection::vec(part, 1..4)
}

fn message() -> impl Strategy<Value = Message> {
    prop_oneof![
        prop::option::of(1usize..3).prop_map(Message::System),
        prop::option::of(parts()).prop_map(Message::User),
        (any::<bool>(), prop::option::of(parts()), 0usize..3, any::<bool>()).prop_map(
            |(text, blocks, calls, refusal)| Message::Assistant {
                text,
                blocks: blocks.unwrap_or_default(),
                calls,
                refusal
            }
        ),
        Just(Message::Unknown),
    ]
}

fn part(kind: &Part, marks: &mut Marks) -> Value {
    let mark = marks.next();
    match kind {
        Part::Text => json!({ "type": "text", "text": mark }),
        Part::Image => json!({ "type": "image_url", "image_url": { "url": format!("https://h/{mark}png") } }),
        Part::Audio => json!({ "type": "input_audio", "input_audio": { "data": mark, "format": "mp3" } }),
        Part::File => json!({ "type": "file", "file": { "file_data": mark, "filename": "a.pdf" } }),
    }
}

/// Adds a message, and the results of its calls.
fn add(messages: &mut Vec<Value>, message: &Message, marks: &mut Marks) {
    match message {
        Message::System(None) => messages.push(json!({ "role": "system", "content": marks.next() })),
        Message::System(Some(count)) => {
            let parts: Vec<Value> = (0..*count).map(|_| part(&Part::Text, marks)).collect();
            messages.push(json!({ "role": "developer", "content": parts }));
        }
        Message::User(None) => messages.push(json!({ "role": "user", "content": marks.next() })),
        Message::User(Some(parts)) => {
            let parts: Vec<Value> = parts.iter().map(|kind| part(kind, marks)).collect();
            messages.push(json!({ "role": "user", "content": parts }));
        }
        Message::Unknown => {
            let name = marks.next();
            messages.push(json!({ "role": "user", "content": "x", name: 1 }));
        }
        Message::Assistant { text, blocks, calls, refusal } => {
            let mut message = json!({ "role": "assistant", "content": text.then(|| marks.next()) });
            if !text && !blocks.is_empty() {
                message["content_blocks"] = blocks.iter().map(|kind| part(kind, marks)).collect();
            }
            if *refusal {
                message["refusal"] = marks.next().into();
            }
            let mut results = Vec::new();
            let mut made = Vec::new();
            for _ in 0..*calls {
                let id = format!("id-{}", marks.0.len());
                let arguments = json!({ "x": marks.next() }).to_string();
                made.push(json!({ "id": id, "function": { "name": marks.next(), "arguments": arguments } }));
                results.push(json!({ "role": "tool", "tool_call_id": id, "content": marks.next() }));
            }
            if !made.is_empty() {
                message["tool_calls"] = made.into();
            }
            messages.push(message);
            messages.extend(results);
        }
    }
}

fn generations() -> impl Strategy<Value = Generation> {
    prop_oneof![
        Just(Generation::Plain),
        Just(Generation::Budget { always: false }),
        Just(Generation::Levels { large: false }),
    ]
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
    fn nothing_that_is_said_is_lost_on_the_way_there(
        chat in prop::collection::vec(message(), 1..6),
        unknown in 0usize..3,
        vertex: bool,
        generation in generations(),
    ) {
        let mut marks = Marks::default();
        let mut messages = Vec::new();
        for message in &chat {
            add(&mut messages, message, &mut marks);
        }
        let mut body = json!({ "model": "m", "messages": messages });
        for _ in 0..unknown {
            body[marks.next()] = json!({ "x": 1 });
        }
        let service = if vertex { Service::Vertex } else { Service::Developer };
        let mut notes = Notes::new(service);
        let wire = request::body(body.to_string().as_bytes(), generation, &mut notes).expect("a body");
        let wire = String::from_utf8(wire).expect("UTF-8");
        prop_assert!(serde_json::from_str::<Value>(&wire).is_ok(), "{}", wire);
        let changes = notes.finish().join("\n");
        for mark in &marks.0 {
            prop_assert!(wire.contains(mark) || changes.contains(mark), "{mark} of {body}\n{wire}\n{changes}");
        }
    }

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
        let context = Context { asked: b"{}", settings: &settings, strict, created: CREATED, id: ID, headers: &headers };
        let reply = |parts: &[Value], finish: Option<&str>| {
            let candidate = json!({ "content": { "parts": parts }, "finishReason": finish });
            json!({ "candidates": [candidate], "responseId": "r" }).to_string()
        };
        let whole = answer::whole(&context, reply(&events.concat(), Some("STOP")).as_bytes()).expect("an answer");
        let whole: Value = serde_json::from_slice::<Value>(&whole).expect("JSON");
        let last = events.len() - 1;
        let sent: Vec<(Option<String>, Vec<u8>)> = events
            .iter()
            .enumerate()
            .map(|(at, parts)| (None, reply(parts, (at == last).then_some("STOP")).into_bytes()))
            .collect();
        let chunks = translated(Box::new(stream::Stream::new(&context)), &sent);
        let (text, streamed) = (whole.to_string(), json!(chunks).to_string());
        for mark in &marks.0 {
            prop_assert!(text.contains(mark) && streamed.contains(mark), "{mark}\n{text}\n{streamed}");
        }
        prop_assert_eq!(joined(&chunks), told(&whole["choices"][0]["message"]));
        let finish = chunks.last().expect("chunks")["choices"][0]["finish_reason"].clone();
        prop_assert_eq!(finish, whole["choices"][0]["finish_reason"].clone());
    }
}
