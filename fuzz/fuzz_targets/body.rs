//! Bodies as raw fields: what is good JSON is read, a field that nobody touches keeps its bytes, and a host reads in the
//! changed text what was set, and nothing of what was taken out.
#![no_main]

use engine::fuzzing::Body;
use libfuzzer_sys::fuzz_target;
use serde_json::{Map, Value};

fuzz_target!(|text: &[u8]| {
    let meant = serde_json::from_slice::<Map<String, Value>>(text);
    let Ok(body) = Body::parse(text) else {
        assert!(meant.is_err(), "an object is a body");
        return;
    };
    let fields = fields(&body);
    for (_, value) in &fields {
        let range = text.as_ptr_range();
        assert!(range.contains(&value.as_ptr()), "a value is a part of the text");
    }
    let again = body.to_bytes();
    assert_eq!(self::fields(&Body::parse(&again).expect("it was a body")), fields);
    let Ok(meant) = meant else { return };
    assert_eq!(read(&again), meant);
    for name in meant.keys().chain([&"model".to_owned()]) {
        assert_eq!(
            body.get(name).map(|raw| serde_json::from_str(raw).expect("JSON")),
            meant.get(name).cloned()
        );
        change(text, name, &meant);
    }
});

/// Sets and removes one field.
fn change(text: &[u8], name: &str, meant: &Map<String, Value>) {
    let others = |body: &Body<'_>| {
        let kept = body.iter().filter(|(other, _)| *other != name);
        kept.map(|(name, value)| (name.to_owned(), value.to_owned())).collect::<Vec<_>>()
    };
    let mut body = Body::parse(text).expect("it was a body");
    let before = others(&body);
    body.set(name, "1.50");
    assert_eq!(body.get(name), Some("1.50"));
    assert_eq!(others(&body), before);
    let mut wanted = meant.clone();
    wanted.insert(name.to_owned(), serde_json::from_str("1.50").expect("a number"));
    assert_eq!(read(&body.to_bytes()), wanted);
    body.remove(name);
    assert_eq!(others(&body), before);
    wanted.shift_remove(name);
    assert_eq!(read(&body.to_bytes()), wanted);
}

fn read(text: &[u8]) -> Map<String, Value> {
    serde_json::from_slice(text).expect("what is written is an object")
}

fn fields<'b>(body: &'b Body<'_>) -> Vec<(&'b str, &'b str)> {
    body.iter().collect()
}
