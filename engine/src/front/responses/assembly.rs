//! Puts a stream's events together, as OpenAI's clients do, and fails where they are not in the API's order.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::events::Event;

/// The events' data, each named as its type says.
pub fn values(events: &[Event]) -> Vec<Value> {
    let value = |event: &Event| {
        let data: Value = serde_json::from_slice(&event.data).expect("JSON");
        assert_eq!(event.name.as_deref(), data["type"].as_str());
        data
    };
    events.iter().map(value).collect()
}

/// An item while it is told: its added form, and what of it is open.
struct Told {
    item: Value,
    /// The open part, and what its deltas have brought.
    part: Option<(u64, String)>,
    /// What a call's deltas have brought; `None` after it was told as done.
    said: Option<String>,
    is_done: bool,
}

/// The response that a stream ends in. Fails where the events are not in the API's order, where anything that was added is
/// not done once, or where the pieces are not what is told at the end.
pub fn assembled(events: &[Value]) -> Value {
    let mut items: BTreeMap<u64, Told> = BTreeMap::new();
    let mut last = Value::Null;
    for (at, event) in events.iter().enumerate() {
        assert!(last.is_null(), "{event} follows the end");
        assert_eq!(event["sequence_number"], at, "events are counted");
        let kind = event["type"].as_str().expect("a type");
        match (at, kind) {
            (0, _) => assert_eq!(kind, "response.created"),
            (1, _) => assert_eq!(kind, "response.in_progress"),
            (_, "response.completed" | "response.incomplete" | "response.failed") => {
                last = event["response"].clone();
                assert_eq!(kind, format!("response.{}", last["status"].as_str().expect("a status")));
            }
            (_, "response.output_item.added") => add(&mut items, event),
            _ => tell(&mut items, kind, event),
        }
    }
    assert!(!last.is_null(), "a stream ends");
    let output = last["output"].as_array().expect("the output");
    assert_eq!(output.len(), items.len(), "all items are in the response");
    for (told, item) in items.values().zip(output) {
        assert!(told.is_done, "{} is done", told.item);
        assert_eq!(&told.item, item);
    }
    last
}

fn add(items: &mut BTreeMap<u64, Told>, event: &Value) {
    let item = event["item"].clone();
    assert_eq!(event["output_index"], items.len(), "items are counted");
    assert_eq!(item["status"], "in_progress");
    let is_call = matches!(item["type"].as_str(), Some("function_call" | "custom_tool_call"));
    let told = Told { item, part: None, said: is_call.then(String::new), is_done: false };
    items.insert(items.len() as u64, told);
}

fn tell(items: &mut BTreeMap<u64, Told>, kind: &str, event: &Value) {
    let index = event["output_index"].as_u64().expect("an index");
    let told = items.get_mut(&index).expect("the item was added");
    assert!(!told.is_done, "{event} follows the item's end");
    if kind == "response.output_item.done" {
        assert!(told.part.is_none() && told.said.is_none(), "{kind}: parts are done before their item");
        assert_eq!(event["item"]["id"], told.item["id"]);
        told.item = event["item"].clone();
        told.is_done = true;
        return;
    }
    assert_eq!(event["item_id"], told.item["id"]);
    let content = event["content_index"].as_u64();
    match kind.strip_prefix("response.").expect("an event of the response") {
        "content_part.added" => {
            assert!(told.part.is_none(), "a part is added in another");
            told.part = Some((content.expect("an index"), String::new()));
        }
        "output_text.delta" | "refusal.delta" | "reasoning_text.delta" => {
            let (at, text) = told.part.as_mut().expect("a part is open");
            assert_eq!(content, Some(*at));
            text.push_str(event["delta"].as_str().expect("a text"));
        }
        "output_text.done" | "refusal.done" | "reasoning_text.done" => {
            let (at, text) = told.part.as_ref().expect("a part is open");
            let whole = if kind == "response.refusal.done" { &event["refusal"] } else { &event["text"] };
            assert_eq!((content, whole), (Some(*at), &json!(text)));
        }
        "content_part.done" => {
            let (at, text) = told.part.take().expect("a part is open");
            let part = &event["part"];
            let whole = if part["type"] == "refusal" { &part["refusal"] } else { &part["text"] };
            assert_eq!((content, whole), (Some(at), &json!(text)));
        }
        "function_call_arguments.delta" | "custom_tool_call_input.delta" => {
            let said = told.said.as_mut().expect("the call is open");
            said.push_str(event["delta"].as_str().expect("a text"));
        }
        "function_call_arguments.done" => {
            assert_eq!(event["arguments"], told.said.take().expect("the call is open"));
        }
        "custom_tool_call_input.done" => {
            assert_eq!(event["input"], told.said.take().expect("the call is open"));
        }
        "output_text.annotation.added" => assert!(told.part.is_some(), "a part is open"),
        "image_generation_call.completed" => {}
        other => panic!("{other}"),
    }
}
