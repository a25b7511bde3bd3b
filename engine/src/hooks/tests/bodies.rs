//! What is written into bodies, and what stays as it was.

use super::subject::{Subject, string};
use super::*;
use proptest::prelude::*;

fn prefixed(parameters: &Value, request: RequestType, body: &str) -> Option<String> {
    let config = json!({"input_mutators": [{ "addPrefix": parameters }]});
    let verdicts = before(&hooks(&config), &scene(request, body), &body.to_owned().into());
    assert!(!verdicts.denied && !verdicts.failed, "{:?}", verdicts.results);
    verdicts.body.map(|body| String::from_utf8(body.to_vec()).expect("UTF-8"))
}

#[test]
fn a_prefix_is_put_where_it_belongs() {
    let chat = |messages: &str| format!(r#"{{"model":"m","messages":[{messages}],"n":1.0}}"#);
    let cases = [
        (json!({}), r#"{"role":"user","content":"x"}"#, r#"{"role":"user","content":"P x"}"#),
        (
            json!({}),
            r#"{"role":"system","content":"s"}, {"role":"user","content":"x"},{"role":"user","content":"y"}"#,
            r#"{"role":"system","content":"s"}, {"role":"user","content":"P x"},{"role":"user","content":"y"}"#,
        ),
        (
            json!({"addToExisting": false}),
            r#"{"role":"user","content":"x"}"#,
            r#"{"role":"user","content":"P "},{"role":"user","content":"x"}"#,
        ),
        (
            json!({"applyToRole": "system"}),
            r#"{"role":"user","content":"x"}"#,
            r#"{"role":"system","content":"P "},{"role":"user","content":"x"}"#,
        ),
        (
            json!({"applyToRole": "assistant"}),
            r#"{"role":"user","content":"x"}"#,
            r#"{"role":"user","content":"x"},{"role":"assistant","content":"P "}"#,
        ),
        (json!({}), "", r#"{"role":"user","content":"P "}"#),
        (
            json!({}),
            r#"{"role":"user","content":[{"type":"image_url"},{"type":"text","text":"x"}]}"#,
            r#"{"role":"user","content":[{"type":"image_url"},{"type":"text","text":"P x"}]}"#,
        ),
        (
            json!({}),
            r#"{"role":"user","content":[{"type":"image_url"}]}"#,
            r#"{"role":"user","content":[{"type":"text","text":"P "},{"type":"image_url"}]}"#,
        ),
        (json!({}), r#"{"role":"user","content":null}"#, r#"{"role":"user","content":"P "}"#),
        (json!({}), r#"{"role":"user"}"#, r#"{"content":"P ","role":"user"}"#),
    ];
    for (mut parameters, messages, wanted) in cases {
        parameters["prefix"] = json!("P ");
        let told = prefixed(&parameters, RequestType::Chat, &chat(messages));
        assert_eq!(told, Some(chat(wanted)), "{parameters} {messages}");
    }
    let only = json!({"prefix": "P ", "onlyIfEmpty": true});
    assert_eq!(prefixed(&only, RequestType::Chat, &chat(r#"{"role":"user","content":"x"}"#)), None);
    assert!(prefixed(&only, RequestType::Chat, &chat(r#"{"role":"system","content":"x"}"#)).is_some());
    let plain = json!({"prefix": "P "});
    let completion = |prompt: &str| format!(r#"{{"prompt":{prompt},"n":1.0}}"#);
    let told = |prompt: &str| prefixed(&plain, RequestType::Completion, &completion(prompt));
    assert_eq!(told(r#""x""#), Some(completion(r#""P x""#)));
    assert_eq!(told(r#"["x" , "y"]"#), Some(completion(r#"["P x" , "P y"]"#)));
    assert_eq!(prefixed(&plain, RequestType::Embeddings, r#"{"input":"x"}"#), None);
}

#[test]
fn results_stand_at_the_end_of_an_answer() {
    let told = |answer: &str| {
        let bytes = with_results(&answer.to_owned().into(), &[], &[]);
        String::from_utf8(bytes.to_vec()).expect("UTF-8")
    };
    let results = r#""hook_results":{"before_request_hooks":[],"after_request_hooks":[]}}"#;
    assert_eq!(told(r#"{ "n":1.0, "e":"\u00e9" }"#), format!(r#"{{ "n":1.0, "e":"\u00e9" ,{results}"#));
    assert_eq!(told("{ }\n"), format!("{{ {results}"));
    assert_eq!(told("[1]"), "[1]");
    assert_eq!(told(""), "");
}

#[test]
fn a_denied_call_is_answered_with_the_documented_body() {
    let wanted = r#"{"error":{"message":"The guardrail checks defined in the config failed. You can find more information in the `hook_results` object.","type":"hooks_failed","param":null,"code":null},"hook_results":{"before_request_hooks":[],"after_request_hooks":[]}}"#;
    assert_eq!(denied_body(&[], &[]), wanted.as_bytes());
}

#[test]
fn of_a_key_given_twice_the_last_counts_as_in_javascript() {
    let config = json!({"output_guardrails": [{"regexReplace": {"rule": "bad", "redactText": "good"}}]});
    let body = r#"{"choices":[{"message":{"content":"fine"}}],"choices":[{"message":{"content":"x","content":"bad"}}]}"#;
    let verdicts = after_chat(&config, body);
    assert_eq!(verdicts.body.expect("a new body"), body.replace("bad", "good").as_bytes());
}

#[test]
fn half_a_character_is_one_that_cannot_be_read() {
    assert_eq!(string(r#""a\ud83d\ude00""#).as_deref(), Some("a😀"));
    let half = string(r#""a\ud83dsecret""#).expect("a text");
    assert!(half.starts_with('a') && half.ends_with("secret") && half.contains('\u{FFFD}'), "{half}");
    assert_eq!(string("1"), None);
    let config =
        json!({"input_guardrails": [{"contains": {"words": ["secret"], "operator": "none"}, "deny": true}]});
    assert!(before_chat(&config, r#"{"messages":[{"content":"\ud83d secret"}]}"#).denied);
}

#[test]
fn parts_are_joined_by_line_breaks_and_replaced_each_by_itself() {
    let body = r#"{"messages":[{"content":["a 1",{"type":"text","text":"b 2"},{"type":"image_url"},{"type":"text","text":""}]}]}"#;
    let subject = Subject::request(RequestType::Chat, &body.to_owned().into());
    assert_eq!(subject.text().expect("a text"), "a 1\nb 2\n");
    let config = json!({"input_guardrails": [{"regexReplace": {"rule": "[0-9]", "redactText": "#"}}]});
    let wanted = body.replace("a 1", "a #").replace("b 2", "b #");
    assert_eq!(before_chat(&config, body).body.expect("a new body"), wanted.as_bytes());
}

proptest! {
    #[test]
    fn replacing_a_text_changes_nothing_else(texts in prop::collection::vec("[a-z\"\\\\é😀\n]{0,6}", 1..5), new in "[a-z\"é]{0,9}", which in 0usize..5) {
        let parts: Vec<Value> = texts.iter().map(|text| json!({"text": text, "type": "text"})).collect();
        let body = json!({"a": 1.5, "messages": [{"content": parts}], "z": [1, 2]}).to_string();
        let subject = Subject::request(RequestType::Chat, &body.into());
        let which = which % texts.len();
        let replaced = (0..texts.len()).map(|at| (at == which).then(|| new.clone())).collect();
        let told = subject.with_texts(replaced).expect("a new body");
        let mut wanted = parts.clone();
        wanted[which]["text"] = json!(new);
        let wanted = json!({"a": 1.5, "messages": [{"content": wanted}], "z": [1, 2]}).to_string();
        prop_assert_eq!(&told.body().expect("a body")[..], wanted.as_bytes());
    }
}
