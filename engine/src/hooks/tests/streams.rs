//! Hooks over streams: nothing of what is denied goes out, and no more is held than must be.

use super::*;
use crate::events::Event;
use proptest::prelude::*;

fn event(data: &Value) -> Event {
    Event { name: None, data: data.to_string().into() }
}

fn delta(text: &str) -> Value {
    json!({"id": "c", "choices": [{"index": 0, "delta": {"content": text}, "finish_reason": null}]})
}

/// An event whose text is raw JSON.
fn raw_delta(json: &str) -> Event {
    let data = format!(r#"{{"choices":[{{"index":0,"delta":{{"content":"{json}"}}}}]}}"#);
    Event { name: None, data: data.into() }
}

fn watch(config: &Value) -> Watch {
    Watch::new(&hooks(config), scene(RequestType::Chat, &ask("x"))).expect("hooks after")
}

fn text_of(events: &[Event]) -> String {
    let text = |event: &Event| {
        let value: Value = serde_json::from_slice(&event.data).expect("JSON");
        value["choices"][0]["delta"]["content"].as_str().unwrap_or("").to_owned()
    };
    events.iter().map(text).collect()
}

/// What goes out after each event, and at the end; and the verdicts.
fn run(config: &Value, events: Vec<Event>) -> (Vec<String>, Verdicts) {
    let mut watch = watch(config);
    let mut told = Vec::new();
    for event in events {
        let mut out = Vec::new();
        if let Err(denied) = watch.push(event, &mut out) {
            assert!(out.is_empty());
            told.push("denied".to_owned());
            return (told, *denied);
        }
        told.push(text_of(&out));
    }
    let mut out = Vec::new();
    let verdicts = watch.finish(&mut out);
    assert!(!verdicts.denied || out.is_empty());
    told.push(text_of(&out));
    (told, verdicts)
}

fn run_texts(config: &Value, texts: &[&str]) -> (Vec<String>, Verdicts) {
    run(config, texts.iter().map(|text| event(&delta(text))).collect())
}

fn forbids(words: &[&str]) -> Value {
    json!({"output_guardrails": [{"contains": {"words": words, "operator": "none"}, "deny": true}]})
}

fn forbids_expression(rule: &str) -> Value {
    json!({"output_guardrails": [{"regexMatch": {"rule": rule, "not": true}, "deny": true}]})
}

#[test]
fn without_hooks_after_there_is_nothing_to_watch() {
    let none = hooks(&json!({"input_guardrails": [{"notNull": {}}]}));
    assert!(Watch::new(&none, scene(RequestType::Chat, "{}")).is_none());
    assert!(Watch::new(&hooks(&forbids(&["x"])), scene(RequestType::Embeddings, "{}")).is_none());
}

#[test]
fn hooks_that_do_not_deny_hold_nothing_and_are_judged_at_the_end() {
    let config = json!({"output_guardrails": [
        {"contains": {"words": ["secret"], "operator": "none"}},
        {"wordCount": {"maxWords": 9}, "id": "count"},
        {"notNull": {"not": true}, "deny": true, "async": true},
    ]});
    let (told, verdicts) = run_texts(&config, &["a se", "cret", " \u{1F600}"]);
    assert_eq!(told, ["a se", "cret", " 😀", ""]);
    assert!(verdicts.failed && !verdicts.denied);
    assert!(!verdicts.results[0].verdict && verdicts.results[1].verdict);
    assert!(!verdicts.asynchronous[0].verdict);
}

#[test]
fn only_what_may_become_forbidden_is_held() {
    let (told, verdicts) =
        run_texts(&forbids(&["secret", "sesame"]), &["a", "b s", "e", "s", " open s", "", "afe", " s"]);
    assert_eq!(told, ["a", "", "", "", "b ses", "", " open safe", "", " s"]);
    assert!(!verdicts.denied);
    let (told, verdicts) = run_texts(&forbids(&["secret"]), &["is s", "sec", "ret", " more"]);
    assert_eq!(told, ["", "is s", "denied"]);
    assert!(verdicts.denied && verdicts.results[0].deny && verdicts.body.is_none());
}

#[test]
fn an_expression_holds_what_may_become_its_match() {
    let config = forbids_expression(r"\d{3}-\d{2}");
    let (told, verdicts) = run_texts(&config, &["number ", "123-4", "x, ", "123-", "45"]);
    assert_eq!(told, ["number ", "", "123-4x, ", "", "denied"]);
    assert!(verdicts.denied);
    let (told, _) = run_texts(
        &forbids_expression(r"[\w.]+@[\w.]+\.com"),
        &["write to ", "me", " at", " me@", "x.", "com"],
    );
    assert_eq!(told, ["write to ", "", "me", " at", "", "denied"]);
    // What looks at the letter beside it is certain only when that is there.
    let config = forbids_expression(r"\bfoo\b");
    let (told, _) = run_texts(&config, &["food ", "foo", "d", " foo", "."]);
    assert_eq!(told, ["food ", "", "food", "", "denied"]);
    assert!(run_texts(&config, &["a foo"]).1.denied);
    assert!(!run_texts(&config, &["a fo", "od"]).1.denied);
}

#[test]
fn any_other_check_that_denies_holds_the_stream_to_its_end() {
    for check in [
        json!({"wordCount": {"maxWords": 3}}),
        json!({"contains": {"words": ["b"], "operator": "any"}}),
        json!({"regexMatch": {"rule": "a"}}),
        json!({"regexMatch": {"rule": "x(?=y)", "not": true}}),
    ] {
        let mut check = check;
        check["deny"] = json!(true);
        let config = json!({"output_guardrails": [check]});
        let mut watch = watch(&config);
        let mut out = Vec::new();
        let role = json!({"choices": [{"index": 0, "delta": {"role": "assistant", "content": ""}}]});
        for data in [role.clone(), delta("a "), delta("b")] {
            watch.push(event(&data), &mut out).unwrap_or_else(|_| panic!("not denied"));
        }
        assert!(out.is_empty() && watch.told().is_empty(), "{config}");
        assert!(!watch.finish(&mut out).denied);
        assert_eq!(out.len(), 3);
        assert_eq!(out[0].data, role.to_string().as_bytes());
    }
    let config = json!({"output_guardrails": [{"wordCount": {"maxWords": 1}, "deny": true}]});
    let (told, verdicts) = run_texts(&config, &["a ", "b"]);
    assert_eq!(told, ["", "", ""]);
    assert!(verdicts.denied);
}

#[test]
fn what_the_request_alone_decides_is_denied_before_the_first_event() {
    let config = json!({"output_guardrails": [{"modelWhitelist": {"models": ["n"]}, "deny": true}]});
    assert_eq!(run_texts(&config, &["a", "b"]).0, ["denied"]);
    let config = json!({"output_guardrails": [{"modelWhitelist": {"models": ["m"]}, "deny": true}]});
    assert_eq!(run_texts(&config, &["a", "b"]).0, ["a", "b", ""]);
    let unnamed = Scene::new(RequestType::Chat, b"{}", BTreeMap::new(), clock(Duration::ZERO));
    let mut watch = Watch::new(&hooks(&config), unnamed).expect("hooks after");
    assert!(watch.push(event(&delta("a")), &mut Vec::new()).is_err());
}

#[test]
fn a_stream_without_text_is_judged_too() {
    let call = json!({"choices": [{"index": 0, "delta": {"tool_calls": [{"index": 0, "function": {"arguments": "secret"}}]}}]});
    let (told, verdicts) = run(&forbids(&["secret"]), vec![event(&call)]);
    assert_eq!((told.len(), verdicts.denied), (2, false));
    let (_, verdicts) =
        run(&json!({"output_guardrails": [{"notNull": {}, "deny": true}]}), vec![event(&call)]);
    assert!(verdicts.denied);
    assert!(run(&json!({"output_guardrails": [{"notNull": {}, "deny": true}]}), vec![]).1.denied);
}

#[test]
fn events_keep_their_order_behind_what_is_held() {
    let mut watch = watch(&forbids(&["secret"]));
    let mut out = Vec::new();
    let call = json!({"choices": [{"index": 0, "delta": {"tool_calls": [{"index": 0}]}}]});
    for data in [delta("s"), call.clone(), json!({"choices": [{"index": 1, "delta": {"content": "secret"}}]})]
    {
        watch.push(event(&data), &mut out).unwrap_or_else(|_| panic!("not denied"));
    }
    assert!(out.is_empty());
    watch.push(event(&delta("afe")), &mut out).unwrap_or_else(|_| panic!("not denied"));
    assert_eq!((out.len(), watch.told()), (4, "safe"));
    assert_eq!(out[1].data, call.to_string().as_bytes());
}

#[test]
fn a_replaced_text_comes_in_one_piece_and_everything_else_stays() {
    let config = json!({"output_guardrails": [{"regexReplace": {"rule": "/[0-9]+/g", "redactText": "#"}}]});
    let events = vec![
        event(&json!({"choices": [{"index": 0, "delta": {"role": "assistant", "content": ""}}]})),
        event(&delta("is 1")),
        event(&delta("23")),
        event(
            &json!({"choices": [{"index": 0, "delta": {"content": "4", "reasoning": "r"}, "logprobs": {"content": [{"token": "4"}]}}]}),
        ),
        event(&json!({"choices": [{"index": 0, "delta": {"content": "4"}}], "citations": ["u"]})),
        event(&json!({"choices": [{"index": 1, "delta": {"content": "5"}}]})),
        event(&json!({"choices": [{"index": 0, "delta": {"tool_calls": [{"index": 0}]}}]})),
        event(&json!({"choices": [{"index": 0, "delta": {"content": "!"}, "finish_reason": "stop"}]})),
        event(&json!({"choices": [], "usage": {"total_tokens": 3}})),
    ];
    let mut watch = watch(&config);
    let mut out = Vec::new();
    for event in events.clone() {
        watch.push(event, &mut out).unwrap_or_else(|_| panic!("not denied"));
    }
    assert!(out.is_empty());
    assert!(!watch.finish(&mut out).denied);
    let data: Vec<Value> =
        out.iter().map(|event| serde_json::from_slice(&event.data).expect("JSON")).collect();
    let whole = |at: usize| serde_json::from_slice::<Value>(&events[at].data).expect("JSON");
    assert_eq!(data.len(), 8, "{data:#?}");
    assert_eq!(data[0], whole(0));
    assert_eq!(data[1], delta("is #!"));
    assert_eq!(
        data[2]["choices"][0],
        json!({"index": 0, "delta": {"content": "", "reasoning": "r"}, "logprobs": null})
    );
    assert_eq!(data[3], json!({"choices": [{"index": 0, "delta": {"content": ""}}], "citations": ["u"]}));
    assert_eq!(data[4], whole(5));
    assert_eq!(data[5], whole(6));
    assert_eq!(data[6]["choices"][0], json!({"index": 0, "delta": {"content": ""}, "finish_reason": "stop"}));
    assert_eq!(data[7], whole(8));
}

#[test]
fn nothing_to_replace_leaves_the_events_as_they_came() {
    let config = json!({"output_guardrails": [{"regexReplace": {"rule": "[0-9]+"}}]});
    let (told, verdicts) = run_texts(&config, &["a", "b"]);
    assert_eq!(told, ["", "", "ab"]);
    assert!(!verdicts.failed);
    let both = json!({"output_guardrails": [{"regexReplace": {"rule": "[0-9]+"}}, {"contains": {"words": ["bad"], "operator": "none"}, "deny": true}]});
    let (told, _) = run_texts(&both, &["1 b", "a", "d", "x"]);
    assert_eq!(told, ["", "", "denied"]);
}

#[test]
fn a_character_cut_between_events_is_put_together() {
    let config = forbids(&["😀"]);
    let (told, _) = run(&config, vec![raw_delta("a"), raw_delta(r"b\ud83d"), raw_delta(r"\ude00")]);
    assert_eq!(told, ["a", "", "denied"]);
    let mut watch = watch(&config);
    let mut out = Vec::new();
    watch.push(raw_delta(r"b\ud83d"), &mut out).unwrap_or_else(|_| panic!("not denied"));
    watch.push(raw_delta(r"\ude01"), &mut out).unwrap_or_else(|_| panic!("not denied"));
    assert_eq!((out.len(), watch.told()), (2, "b😁"));
    watch.push(raw_delta(r"\\ud83d"), &mut out).unwrap_or_else(|_| panic!("not denied"));
    assert_eq!(out.len(), 3);
    watch.push(raw_delta(r"x\ud83d"), &mut out).unwrap_or_else(|_| panic!("not denied"));
    assert_eq!(out.len(), 3);
    assert!(!watch.finish(&mut out).denied);
    assert_eq!(out.len(), 4);
}

#[test]
fn text_that_cannot_be_read_is_denied_unless_told_otherwise() {
    let odd = json!({"choices": [{"index": 0, "delta": {"content": {"a": 1}}}]});
    let (told, verdicts) = run(&forbids(&["x"]), vec![event(&delta("a")), event(&odd)]);
    assert_eq!(told, ["a", "denied"]);
    assert!(verdicts.denied && verdicts.results[0].deny);
    let open = json!({"output_guardrails": [{"contains": {"words": ["ab"], "operator": "none", "failOnError": false}, "deny": true}]});
    let mut watch = watch(&open);
    let mut out = Vec::new();
    for data in [delta("a"), odd.clone(), delta("b")] {
        watch.push(event(&data), &mut out).unwrap_or_else(|_| panic!("not denied"));
    }
    assert_eq!(out.len(), 3);
    let verdicts = watch.finish(&mut out);
    assert!(!verdicts.denied && !verdicts.failed);
    // A guard that only replaces cannot let through what it could not look at.
    let redacts = json!({"output_guardrails": [{"regexReplace": {"rule": "x"}}]});
    assert_eq!(run(&redacts, vec![event(&odd)]).0, ["denied"]);
    for other in [json!([1]), json!({"choices": 1}), json!({"choices": [1]}), json!({"a": 1}), json!("x")] {
        assert!(!run_events(&forbids(&["x"]), &other).denied, "{other}");
    }
}

fn run_events(config: &Value, data: &Value) -> Verdicts {
    let mut watch = watch(config);
    let mut out = Vec::new();
    match watch.push(event(data), &mut out) {
        Ok(()) => watch.finish(&mut out),
        Err(denied) => *denied,
    }
}

#[test]
fn what_is_kept_of_a_stream_is_bounded() {
    let config = json!({"output_guardrails": [{"wordCount": {"maxWords": 9}, "deny": true}]});
    let big = event(&delta(&"x".repeat(4 << 20)));
    let mut watch = watch(&config);
    let mut out = Vec::new();
    let denied = (0..9).find_map(|_| watch.push(big.clone(), &mut out).err()).expect("denied before 36 MiB");
    assert!(denied.denied && out.is_empty());
    assert!(
        told(&denied.results[0])["checks"][0]["error"]["message"].as_str().expect("why").contains("32 MiB")
    );
    let config = json!({"output_guardrails": [{"wordCount": {"maxWords": 9}}]});
    let (told, verdicts) = run(&config, vec![big; 9]);
    assert_eq!(told.iter().map(String::len).sum::<usize>(), 36 << 20);
    assert!(verdicts.failed && !verdicts.denied);
}

#[test]
fn a_text_too_long_for_an_expression_is_denied_unless_told_otherwise() {
    let long = "x".repeat(700 << 10);
    let (told, _) = run_texts(&forbids_expression("secret"), &[&long, &long, "a"]);
    assert_eq!(told[1], "denied");
    let open = json!({"output_guardrails": [
        {"regexMatch": {"rule": "secret", "not": true, "failOnError": false}, "deny": true},
        {"contains": {"words": ["bad"], "operator": "none"}, "deny": true},
    ]});
    let (told, verdicts) = run_texts(&open, &[&long, &long, "a b", "ad"]);
    assert_eq!(told.last().map(String::as_str), Some("denied"));
    assert!(verdicts.denied);
}

#[test]
fn completions_are_watched_by_their_text() {
    let config = forbids(&["secret"]);
    let mut watch = Watch::new(&hooks(&config), scene(RequestType::Completion, "{}")).expect("hooks after");
    let mut out = Vec::new();
    for text in ["is ", "sec"] {
        watch
            .push(event(&json!({"choices": [{"text": text, "index": 0}]})), &mut out)
            .unwrap_or_else(|_| panic!("not denied"));
    }
    assert_eq!((out.len(), watch.told()), (1, "is "));
    assert!(watch.push(event(&json!({"choices": [{"text": "ret"}]})), &mut out).is_err());
    assert_eq!(watch.told(), "is ");
}

/// Sends `text` cut at `cuts`, and gives what went out and whether it was denied.
fn cut(config: &Value, text: &str, cuts: &[usize]) -> (String, bool) {
    let mut at: Vec<usize> =
        cuts.iter().map(|cut| cut % (text.len() + 1)).filter(|at| text.is_char_boundary(*at)).collect();
    at.extend([0, text.len()]);
    at.sort_unstable();
    let mut watch = watch(config);
    let mut out = Vec::new();
    for piece in at.windows(2) {
        if watch.push(event(&delta(&text[piece[0]..piece[1]])), &mut out).is_err() {
            return (text_of(&out), true);
        }
    }
    let denied = watch.finish(&mut out).denied;
    (text_of(&out), denied)
}

#[test]
fn a_forbidden_word_leaks_no_character_wherever_the_events_are_cut() {
    let cases = [
        (forbids(&["secret"]), "the secrseced secret is", "the secrseced "),
        (forbids(&["é😀é"]), "aé😀 é😀é", "aé😀 "),
        (forbids(&["abab", "babb", "zz"]), "ababb", ""),
        (forbids(&["aab"]), "aaaaab!", "aaaa"),
        (forbids_expression(r"\d{3}-\d{2}-\d{4}"), "at 12-345 123-45-6789.", "at 12-345 "),
        (forbids_expression(r"\bpin\b"), "pins and pin.", "pins and "),
        (forbids_expression("(?:é|ab)c$"), "abc éc", "abc "),
    ];
    for (config, text, clean) in cases {
        let places: Vec<usize> = (0..=text.len()).filter(|at| text.is_char_boundary(*at)).collect();
        for one in &places {
            for two in &places {
                let (out, denied) = cut(&config, text, &[*one, *two]);
                assert!(denied, "{text} cut at {one} and {two}");
                assert!(clean.starts_with(&out), "{out:?} of {text} cut at {one} and {two}");
            }
        }
        let (out, denied) = cut(&config, text, &places);
        assert!(denied && clean.starts_with(&out), "{out:?} of {text}");
    }
}

proptest! {
    #[test]
    fn any_cuts_give_the_verdict_of_the_whole_text_and_leak_nothing(
        text in "[abé ]{0,24}", words in prop::collection::vec("[abé]{1,4}", 1..4),
        cuts in prop::collection::vec(0usize..64, 0..12),
    ) {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let rule = format!(r"\b(?:{})\b", words.join("|"));
        for (config, expression) in [(forbids(&words), words.join("|")), (forbids_expression(&rule), rule)] {
            let first = expression::Expression::new(&expression, expression::Flags::default())
                .map_err(TestCaseError::fail)?
                .find(&text)
                .map_err(|why| TestCaseError::fail(why.message().to_owned()))?;
            let (out, denied) = cut(&config, &text, &cuts);
            prop_assert_eq!(denied, first.is_some());
            prop_assert!(text.starts_with(&out));
            prop_assert!(denied || out == text);
            prop_assert!(first.is_none_or(|first| out.len() <= first.start), "{:?} leaks of {:?}", out, text);
        }
    }
}
