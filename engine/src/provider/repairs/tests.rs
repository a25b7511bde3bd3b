use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

const ID: &str = "0123456789abcdef0123456789abcdef";
/// Identifiers that are made of it.
const FIRST: &str = "call_0123456789abcdef01234567_0";
const SECOND: &str = "call_0123456789abcdef01234567_1";

fn whole(message: &Value, finish_reason: &str) -> (Value, Vec<Repair>) {
    let answer = json!({ "choices": [{ "index": 0, "message": message, "finish_reason": finish_reason }] });
    let mut repairs = Repairs::new(ID);
    let answer = repairs.whole(Bytes::from(answer.to_string()));
    let answer: Value = serde_json::from_slice(&answer).expect("JSON");
    (answer["choices"][0].clone(), repairs.made)
}

/// The tool calls that a message is read with.
fn called(calls: &Value) -> (Value, Vec<Repair>) {
    let (choice, made) = whole(&json!({ "content": null, "tool_calls": calls }), "tool_calls");
    (choice["message"]["tool_calls"].clone(), made)
}

fn call(id: &str, name: &str, arguments: &str) -> Value {
    json!({ "id": id, "type": "function", "function": { "name": name, "arguments": arguments } })
}

/// Deltas' lists of tool calls as they are handed on, the last chunk being a finish reason of `stop`.
fn streamed(lists: &[Value]) -> (Vec<Value>, Vec<Repair>) {
    let mut repairs = Repairs::new(ID);
    let mut read = |choice: Value| {
        let chunk = json!({ "choices": [choice] }).to_string();
        let chunk: Value = serde_json::from_slice(&repairs.chunk(Bytes::from(chunk))).expect("JSON");
        chunk["choices"][0].clone()
    };
    let mut out: Vec<Value> = lists
        .iter()
        .map(|list| {
            read(json!({ "index": 0, "delta": { "tool_calls": list } }))["delta"]["tool_calls"].clone()
        })
        .collect();
    out.push(read(json!({ "index": 0, "delta": {}, "finish_reason": "stop" }))["finish_reason"].clone());
    (out, repairs.made)
}

/// The calls that a reader puts together from deltas: an id and a name are set, arguments are appended.
fn merged(lists: &[Value]) -> Vec<Value> {
    let mut calls: Vec<Value> = Vec::new();
    for piece in lists.iter().flat_map(|list| list.as_array().into_iter().flatten()) {
        let at = usize::try_from(piece["index"].as_u64().expect("an index")).expect("small");
        assert!(at <= calls.len(), "{at} skips a place");
        if at == calls.len() {
            assert_eq!(piece["type"], "function");
            calls.push(call(piece["id"].as_str().expect("an id"), "", ""));
        }
        let own = &mut calls[at];
        assert!(piece["id"].is_null() || piece["id"] == own["id"], "the id of a call stays the same");
        let function = &piece["function"];
        if function["name"].is_string() {
            own["function"]["name"] = function["name"].clone();
        }
        let arguments = function["arguments"].as_str().unwrap_or_default();
        let all = own["function"]["arguments"].as_str().expect("a text").to_owned() + arguments;
        own["function"]["arguments"] = all.into();
    }
    calls
}

#[test]
fn a_call_without_an_id_gets_one_and_so_does_the_second_of_the_same_id() {
    let nameless = json!({ "type": "function", "function": { "name": "f", "arguments": "{}" } });
    assert_eq!(called(&json!([nameless])), (json!([call(FIRST, "f", "{}")]), vec![Repair::Ids]));
    for id in [json!(""), json!(null), json!(7)] {
        let mut odd = nameless.clone();
        odd["id"] = id;
        assert_eq!(called(&json!([odd])).0, json!([call(FIRST, "f", "{}")]));
    }
    let twice = json!([call("a", "f", "{}"), call("a", "g", "{}"), call("b", "f", "{}")]);
    let wanted = json!([call("a", "f", "{}"), call(FIRST, "g", "{}"), call("b", "f", "{}")]);
    assert_eq!(called(&twice), (wanted, vec![Repair::Ids]));
}

#[test]
fn arguments_become_a_text_spelled_as_they_were() {
    let answer = r#"{"choices":[{"message":{"tool_calls":[{"id":"a","type":"function","function":{"name":"f","arguments":{"n":1.0,"big":12345678901234567890}}}]},"finish_reason":"tool_calls"}]}"#;
    let mut repairs = Repairs::new(ID);
    let answer: Value = serde_json::from_slice(&repairs.whole(answer.into())).expect("JSON");
    let arguments = &answer["choices"][0]["message"]["tool_calls"][0]["function"]["arguments"];
    assert_eq!(arguments, r#"{"n":1.0,"big":12345678901234567890}"#);
    assert_eq!(repairs.made, [Repair::Arguments]);
    for none in [json!({ "name": "f" }), json!({ "name": "f", "arguments": null })] {
        let (calls, made) = called(&json!([{ "id": "a", "type": "function", "function": none }]));
        assert_eq!((calls, made), (json!([call("a", "f", "{}")]), vec![Repair::Arguments]));
    }
}

#[test]
fn a_call_without_a_type_is_a_function_and_one_of_another_type_stays() {
    let (calls, made) = called(&json!([{ "id": "a", "function": { "name": "f", "arguments": "{}" } }]));
    assert_eq!((calls, made), (json!([call("a", "f", "{}")]), vec![Repair::Types]));
    let custom = json!([{ "id": "a", "type": "custom", "custom": { "name": "f", "input": "x" } }]);
    assert_eq!(called(&custom), (custom, vec![]));
}

#[test]
fn only_stop_becomes_tool_calls() {
    let message = json!({ "tool_calls": [call("a", "f", "{}")] });
    assert_eq!(whole(&message, "stop").0["finish_reason"], "tool_calls");
    assert_eq!(whole(&message, "stop").1, [Repair::FinishReason]);
    for reason in ["length", "content_filter", "tool_calls", "function_call"] {
        assert_eq!(whole(&message, reason).0["finish_reason"], reason);
    }
    for none in [json!({ "tool_calls": [] }), json!({ "tool_calls": null, "content": "stop" })] {
        assert_eq!(whole(&none, "stop").0["finish_reason"], "stop");
    }
}

#[test]
fn reasoning_is_read_under_both_names() {
    let message = |fields: Value| whole(&fields, "stop").0["message"].clone();
    let both = json!({ "reasoning": "r\n", "reasoning_content": "r\n" });
    assert_eq!(message(json!({ "reasoning": "r\n" })), both);
    assert_eq!(message(json!({ "reasoning_content": "r\n", "reasoning": null })), both);
    for as_it_is in [
        json!({ "reasoning": "a", "reasoning_content": "b" }),
        json!({ "reasoning": null }),
        json!({ "reasoning": "" }),
        json!({ "reasoning": ["r"] }),
        json!({ "reasoning_details": [] }),
    ] {
        assert_eq!(message(as_it_is.clone()), as_it_is);
    }
    let mut repairs = Repairs::new(ID);
    let chunk = repairs.chunk(Bytes::from_static(br#"{"choices":[{"delta":{"reasoning":"\ud83d"}}]}"#));
    assert_eq!(chunk, r#"{"choices":[{"delta":{"reasoning":"\ud83d","reasoning_content":"\ud83d"}}]}"#);
    assert_eq!(repairs.made, [Repair::ReasoningContent]);
}

#[test]
fn what_needs_no_repair_keeps_its_bytes() {
    for text in [
        r#"{ "choices" : [ {"message":{"content":"stop"},"finish_reason":"stop"} ] }"#,
        r#"{"choices":[ {"message":{"tool_calls":[],"reasoning":null},"finish_reason":"stop"}]}"#,
        r#"{"choices":[ {"message":{"tool_calls":[{"id":"a","type":"function","function":{"name":"f","arguments":"{}"}}]},"finish_reason":"tool_calls"}]}"#,
        r#"{"tool_calls":"no chat","choices":null}"#,
        r#"["tool_calls", "reasoning"]"#,
        r#"{"broken "tool_calls""#,
        "",
    ] {
        let mut repairs = Repairs::new(ID);
        assert_eq!(repairs.whole(Bytes::from(text)), text);
        assert!(repairs.made.is_empty(), "{text}");
    }
}

#[test]
fn other_fields_stay_as_they_were_spelled() {
    let text = r#"{"z":1.0,"choices":[{"index":0,"logprobs":[1e2],"message":{"x":12345678901234567890,"reasoning":"r"}}],"usage":{"n":0.10}}"#;
    let wanted = r#"{"z":1.0,"choices":[{"index":0,"logprobs":[1e2],"message":{"x":12345678901234567890,"reasoning":"r","reasoning_content":"r"}}],"usage":{"n":0.10}}"#;
    assert_eq!(Repairs::new(ID).whole(Bytes::from(text)), wanted);
}

#[test]
fn whole_calls_that_all_come_at_place_0_are_counted() {
    for with_ids in [true, false] {
        let piece = |id: &str, city: &str| {
            let mut piece =
                json!({ "index": 0, "function": { "name": "weather", "arguments": { "city": city } } });
            if with_ids {
                piece["id"] = id.into();
            }
            piece
        };
        let in_one = vec![json!([piece("a", "Paris"), piece("b", "Rome")])];
        let in_two = vec![json!([piece("a", "Paris")]), json!([piece("b", "Rome")])];
        for lists in [in_one, in_two] {
            let (mut out, made) = streamed(&lists);
            assert_eq!(out.pop(), Some(json!("tool_calls")));
            let (first, second) = if with_ids { ("a", "b") } else { (FIRST, SECOND) };
            let wanted = [
                call(first, "weather", r#"{"city":"Paris"}"#),
                call(second, "weather", r#"{"city":"Rome"}"#),
            ];
            assert_eq!(merged(&out), wanted);
            for repair in [Repair::Arguments, Repair::Types, Repair::Places, Repair::FinishReason] {
                assert!(made.contains(&repair), "{repair:?}");
            }
            assert_eq!(made.contains(&Repair::Ids), !with_ids);
        }
    }
}

#[test]
fn pieces_without_index_and_id_go_on_with_the_call_before_them() {
    let lists = [
        json!([{ "function": { "name": "f", "arguments": "{\"a\":" } }]),
        json!([{ "function": { "arguments": "\"}\"" } }]),
        json!([{ "function": { "arguments": "}" } }]),
        json!([{ "function": { "name": "f", "arguments": "" } }]),
        json!([{ "function": { "arguments": "{}" } }]),
        json!([{ "function": { "name": "g", "arguments": "{" } }]),
        json!([{ "function": { "arguments": "}" } }]),
    ];
    let (mut out, _) = streamed(&lists);
    out.pop();
    let third = "call_0123456789abcdef01234567_2";
    let wanted = [call(FIRST, "f", r#"{"a":"}"}"#), call(SECOND, "f", "{}"), call(third, "g", "{}")];
    assert_eq!(merged(&out), wanted);
}

#[test]
fn a_server_that_gives_id_and_name_with_every_piece_makes_one_call() {
    let piece = |arguments: &str| json!([{ "index": 0, "id": "a", "type": "function", "function": { "name": "f", "arguments": arguments } }]);
    let (mut out, made) = streamed(&[piece("{"), piece("}"), piece("")]);
    out.pop();
    assert_eq!(merged(&out), [call("a", "f", "{}")]);
    assert_eq!(made, [Repair::FinishReason]);
}

#[test]
fn an_id_that_changes_from_piece_to_piece_stays_that_of_the_first() {
    let piece = |id: &str, arguments: &str| json!([{ "index": 0, "id": id, "type": "function", "function": { "arguments": arguments } }]);
    let mut first = piece("a", "{");
    first[0]["function"]["name"] = "f".into();
    let (mut out, made) = streamed(&[first, piece("b", "\"x\":1"), piece("", "}")]);
    out.pop();
    assert_eq!(merged(&out), [call("a", "f", "{\"x\":1}")]);
    assert_eq!(made, [Repair::Ids, Repair::FinishReason]);
}

#[test]
fn places_that_begin_at_1_are_counted_from_0() {
    let piece =
        |index: u32, arguments: &str| json!([{ "index": index, "function": { "arguments": arguments } }]);
    let begin = |index: u32, id: &str| json!([{ "index": index, "id": id, "type": "function", "function": { "name": "f", "arguments": "" } }]);
    let lists = [begin(1, "a"), piece(1, "{\"a"), begin(2, "b"), piece(1, "\":1}"), piece(2, "{}")];
    let (mut out, made) = streamed(&lists);
    out.pop();
    assert_eq!(merged(&out), [call("a", "f", "{\"a\":1}"), call("b", "f", "{}")]);
    assert_eq!(made, [Repair::Places, Repair::FinishReason]);
}

#[test]
fn choices_are_counted_apart() {
    let mut repairs = Repairs::new(ID);
    let mut read = |index: u64, rest: Value| {
        let mut choice = rest;
        choice["index"] = index.into();
        let chunk = json!({ "choices": [choice] }).to_string();
        serde_json::from_slice::<Value>(&repairs.chunk(Bytes::from(chunk))).expect("JSON")["choices"][0]
            .clone()
    };
    let piece = json!({ "delta": { "tool_calls": [{ "function": { "name": "f", "arguments": "{}" } }] } });
    assert_eq!(read(1, piece.clone())["delta"]["tool_calls"][0]["index"], 0);
    assert_eq!(read(0, json!({ "delta": {}, "finish_reason": "stop" }))["finish_reason"], "stop");
    assert_eq!(read(1, json!({ "delta": {}, "finish_reason": "stop" }))["finish_reason"], "tool_calls");
    assert_eq!(read(2, piece)["delta"]["tool_calls"][0]["id"], SECOND);
}

#[test]
fn each_kind_is_told_once() {
    let mut repairs = Repairs::new(ID);
    let mut changes = vec!["before".to_owned()];
    for _ in 0..2 {
        repairs.chunk(Bytes::from_static(br#"{"choices":[{"delta":{"reasoning_content":"r"}}]}"#));
        repairs.tell(&mut changes);
    }
    assert_eq!(changes, ["before", "reasoning_content is given as reasoning too"]);
}

proptest! {
    #[test]
    fn right_streams_keep_their_bytes_and_wrong_ones_are_read_the_same(
        calls in prop::collection::vec(("[a-c]", "[a-z\"{} ]{0,12}", 1..5usize), 1..4),
        spoilt in prop::array::uniform3(any::<bool>()),
    ) {
        let [no_index, no_ids, no_types] = spoilt;
        let mut wanted = Vec::new();
        let mut lists = Vec::new();
        for (at, (name, value, pieces)) in calls.iter().enumerate() {
            let arguments = json!({ "v": value }).to_string();
            wanted.push((name.clone(), arguments.clone()));
            let letters: Vec<char> = arguments.chars().collect();
            let size = letters.len().div_ceil(*pieces);
            for (part, letters) in letters.chunks(size).enumerate() {
                let mut piece = json!({ "index": at, "function": { "arguments": letters.iter().collect::<String>() } });
                if part == 0 {
                    piece["id"] = format!("id{at}").into();
                    piece["type"] = "function".into();
                    piece["function"]["name"] = name.clone().into();
                }
                for (spoil, field) in [(no_index, "index"), (no_ids, "id"), (no_types, "type")] {
                    if spoil {
                        piece.as_object_mut().expect("an object").remove(field);
                    }
                }
                lists.push(json!([piece]));
            }
        }
        let (mut out, made) = streamed(&lists);
        prop_assert_eq!(out.pop(), Some(json!("tool_calls")));
        let read: Vec<(String, String)> = merged(&out)
            .iter()
            .map(|call| {
                let text = |name: &str| call["function"][name].as_str().expect("a text").to_owned();
                (text("name"), text("arguments"))
            })
            .collect();
        prop_assert_eq!(read, wanted);
        if spoilt == [false; 3] {
            prop_assert_eq!(out, lists);
            prop_assert_eq!(made, vec![Repair::FinishReason]);
        }
    }
}
