//! The cases of `fixtures/front/responses`, a test each. The README there says what the files hold.

use std::fs;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use serde_json::{Value, json};

use super::assembly::{assembled, values};
use super::{Beyond, Chat, Reader, from_chat_answer, to_chat};
use crate::error::Result;
use crate::events::Event;

/// The identifier and the time of answers without their own.
const ID: &str = "0123";
const CREATED: u64 = 1_700_000_000;

macro_rules! cases {
    ($($case:ident),* $(,)?) => {
        $(
            #[test]
            fn $case() {
                run(stringify!($case));
            }
        )*

        #[test]
        fn every_folder_is_a_case() {
            let listed = [$(stringify!($case)),*];
            let found = fs::read_dir(root()).expect("a folder of cases").flatten();
            for case in found.filter(|entry| entry.path().is_dir()) {
                let name = case.file_name().to_string_lossy().into_owned();
                assert!(listed.contains(&&*name), "{name} is run by no test");
            }
        }
    };
}

cases! {
    a_choice_among_some_tools_leaves_the_others_out,
    a_cut_answer_is_incomplete,
    a_refused_answer_is_a_part_of_its_own,
    a_stream_of_reasoning_and_calls,
    a_stream_of_text_with_its_usage,
    a_stream_that_is_cut_by_the_limit,
    a_text_with_all_parameters,
    annotations_and_log_probabilities,
    custom_tools,
    drawn_pictures,
    images_files_and_sounds,
    signatures_of_calls_go_back,
    structured_output,
    thoughts_go_back_with_what_they_were_sealed_with,
    tool_calls_and_their_results,
    turns_of_a_conversation,
    what_is_left_out_is_told,
    what_no_chat_can_do_is_refused,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/front/responses")
}

struct Folder(PathBuf);

impl Folder {
    fn json(&self, file: &str) -> Option<Value> {
        let text = fs::read_to_string(self.0.join(file)).ok()?;
        Some(serde_json::from_str(&text).unwrap_or_else(|why| panic!("{file}: {why}")))
    }
}

fn run(case: &str) {
    let folder = Folder(root().join(case));
    let asked = folder.json("request.json").expect("request.json").to_string();
    for (beyond, suffix) in [(Beyond::Nothing, ""), (Beyond::OpenAi, "-beyond")] {
        let own = |name: &str| folder.json(&format!("{name}{suffix}.json"));
        let both = |name: &str| folder.json(&format!("{name}.json"));
        let (chat, errors) = match (own("chat"), own("errors")) {
            (None, None) => (both("chat"), both("errors")),
            found => found,
        };
        let changes = own("changes").or_else(|| both("changes"));
        becomes(to_chat(asked.as_bytes(), beyond), chat, errors, changes);
    }
    if let Some(answer) = folder.json("answer.json") {
        let response = from_chat_answer(answer.to_string().as_bytes(), asked.as_bytes(), ID, CREATED);
        let response: Value = serde_json::from_slice(&response.expect("a response")).expect("JSON");
        assert_eq!(response, folder.json("response.json").expect("response.json"), "the response");
    }
    if let Some(chunks) = folder.json("chunks.json") {
        streamed(&asked, chunks.as_array().expect("an array"), &folder);
    }
}

fn becomes(made: Result<Chat>, chat: Option<Value>, errors: Option<Value>, changes: Option<Value>) {
    match made {
        Ok(made) => {
            let body: Value = serde_json::from_slice(&made.body).expect("JSON");
            assert_eq!(body, chat.expect("it is refused"), "the chat");
            assert_eq!(json!(made.changes), changes.unwrap_or_else(|| json!([])), "the changes");
        }
        Err(error) => {
            let problems = error.facts().problems.iter();
            let told: Vec<Value> =
                problems.map(|problem| json!({ "path": problem.path, "message": problem.message })).collect();
            assert_eq!(json!(told), errors.expect("it is not refused"), "the errors");
        }
    }
}

/// A stream that is read whole, and one that is cut after each of its chunks, which ends in an error.
fn streamed(asked: &str, chunks: &[Value], folder: &Folder) {
    let chunks: Vec<Bytes> = chunks.iter().map(|chunk| Bytes::from(chunk.to_string())).collect();
    let events = read(asked, &chunks, Reader::end);
    let wanted = folder.json("events.json").expect("events.json");
    assert_eq!(json!(events), wanted, "the events");
    assembled(&events);
    for count in 0..chunks.len() {
        let body = br#"{"error":{"message":"gone","type":"server_error","param":null,"code":null}}"#;
        let events = read(asked, &chunks[..count], |reader, events| reader.fail(502, body, events));
        let last = events.last().expect("an event");
        let is_whole = matches!(last["type"].as_str(), Some("response.completed" | "response.incomplete"));
        assert!(is_whole || last["type"] == if count == 0 { "error" } else { "response.failed" }, "{last}");
        if count > 0 {
            assembled(&events);
        }
    }
}

fn read(asked: &str, chunks: &[Bytes], end: impl FnOnce(&mut Reader, &mut Vec<Event>)) -> Vec<Value> {
    let mut reader = Reader::new(asked.as_bytes(), ID, CREATED);
    let mut events = Vec::new();
    for chunk in chunks {
        reader.chunk(chunk, &mut events).expect("a chunk");
    }
    end(&mut reader, &mut events);
    values(&events)
}
