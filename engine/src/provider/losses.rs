//! The dialects' promise, tried on bodies of all shapes: no message part, tool call or field is lost without a word.
//! Every text of a generated body is a word of its own. It goes onto the wire, or a change names its field or what holds
//! it, or the call is refused.

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::dialect::{Asked, Dialect, Settings};
use crate::endpoint::ENDPOINTS;

/// One word of a body, and the path of its field.
type Word = (String, String);

/// Fields by their names, each absent or with a value.
fn object(fields: Vec<(&'static str, BoxedStrategy<Option<Value>>)>) -> BoxedStrategy<Value> {
    let (names, values): (Vec<_>, Vec<_>) = fields.into_iter().unzip();
    let pair = |(name, value): (&str, Option<Value>)| Some((name.to_owned(), value?));
    let joined = move |values: Vec<Option<Value>>| {
        Value::Object(names.iter().copied().zip(values).filter_map(pair).collect::<Map<_, _>>())
    };
    values.prop_map(joined).boxed()
}

/// A text; it becomes a word of its own later.
fn word() -> BoxedStrategy<Value> {
    Just(json!("?")).boxed()
}

fn always(value: impl Into<Value>) -> BoxedStrategy<Option<Value>> {
    Just(Some(value.into())).boxed()
}

fn there(value: BoxedStrategy<Value>) -> BoxedStrategy<Option<Value>> {
    value.prop_map(Some).boxed()
}

fn perhaps(value: BoxedStrategy<Value>) -> BoxedStrategy<Option<Value>> {
    prop::option::weighted(0.3, value).boxed()
}

fn some(item: BoxedStrategy<Value>, most: usize) -> BoxedStrategy<Value> {
    prop::collection::vec(item, 0..=most).prop_map(Value::Array).boxed()
}

fn part() -> BoxedStrategy<Value> {
    let kind = |kind: &str| ("type", always(kind));
    let odd = || ("odd", perhaps(word()));
    let url = || ("url", always("data:image/png;base64,?"));
    let image = object(vec![url(), odd()]);
    let text = object(vec![kind("text"), ("text", there(word())), odd()]);
    let picture = object(vec![kind("image_url"), ("image_url", there(image)), odd()]);
    prop_oneof![text, picture].boxed()
}

fn content() -> BoxedStrategy<Value> {
    prop_oneof![word(), some(part(), 3)].boxed()
}

fn message() -> BoxedStrategy<Value> {
    let role = |role: &str| ("role", always(role));
    let odd = || ("odd", perhaps(word()));
    let function = object(vec![
        ("name", there(word())),
        ("arguments", always(r#"{"a":"?","b":1.0}"#)),
        ("odd", perhaps(word())),
    ]);
    let call = object(vec![
        ("id", there(word())),
        ("type", always("function")),
        ("function", there(function)),
        ("odd", perhaps(word())),
    ]);
    let block = |kind: &'static str, field: &'static str| {
        object(vec![("type", always(kind)), (field, there(word())), ("odd", perhaps(word()))])
    };
    let blocks = some(prop_oneof![block("text", "text"), block("thinking", "thinking")].boxed(), 2);
    let system = object(vec![role("system"), ("content", there(word())), odd()]);
    let user = object(vec![role("user"), ("content", there(content())), ("name", perhaps(word())), odd()]);
    let assistant = object(vec![
        role("assistant"),
        ("content", perhaps(word())),
        ("content_blocks", perhaps(blocks)),
        ("refusal", perhaps(word())),
        ("reasoning_content", perhaps(word())),
        ("tool_calls", perhaps(some(call, 2))),
        odd(),
    ]);
    let tool = object(vec![
        role("tool"),
        ("tool_call_id", there(word())),
        ("content", there(prop_oneof![word(), some(part(), 2)].boxed())),
        odd(),
    ]);
    prop_oneof![system, user, assistant, tool].boxed()
}

/// Bodies of chat completions.
pub fn bodies() -> impl Strategy<Value = Value> {
    let schema = json!({ "type": "object", "properties": { "?": { "type": "string" } }, "required": ["?"] });
    let function = object(vec![
        ("name", there(word())),
        ("description", perhaps(word())),
        ("parameters", perhaps(Just(schema.clone()).boxed())),
        ("odd", perhaps(word())),
    ]);
    let tool =
        object(vec![("type", always("function")), ("function", there(function)), ("odd", perhaps(word()))]);
    let json_schema = object(vec![("name", there(word())), ("schema", always(schema))]);
    let format = object(vec![("type", always("json_schema")), ("json_schema", there(json_schema))]);
    let metadata = Just(json!({ "k": "?" })).boxed();
    object(vec![
        ("model", always("anthropic.?")),
        ("messages", there(some(message(), 4))),
        ("tools", perhaps(some(tool, 2))),
        ("response_format", perhaps(format)),
        ("stop", perhaps(prop_oneof![word(), some(word(), 2)].boxed())),
        ("user", perhaps(word())),
        ("safety_identifier", perhaps(word())),
        ("metadata", perhaps(metadata)),
        ("service_tier", perhaps(word())),
        ("prediction", perhaps(object(vec![("content", there(word()))]))),
        ("stream_options", perhaps(object(vec![("odd", there(word()))]))),
        ("reasoning_effort", perhaps(word())),
        ("verbosity", perhaps(word())),
        ("odd", perhaps(word())),
    ])
}

/// Makes each text a word of its own and tells where it stands.
fn tell_apart(value: &mut Value, path: &str, words: &mut Vec<Word>) {
    match value {
        Value::String(text) if text.contains('?') => {
            let word = format!("word{}x", words.len());
            *text = text.replace('?', &word);
            words.push((word, path.to_owned()));
        }
        Value::Array(items) => {
            for (at, item) in items.iter_mut().enumerate() {
                tell_apart(item, &format!("{path}[{at}]"), words);
            }
        }
        Value::Object(fields) => {
            for (name, field) in fields.iter_mut() {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                tell_apart(field, &path, words);
            }
        }
        _ => {}
    }
}

/// Asserts that each word is on the wire or told of.
pub fn assert_nothing_is_lost(dialect: &dyn Dialect, mut body: Value) {
    let mut words = Vec::new();
    tell_apart(&mut body, "", &mut words);
    let text = body.to_string();
    let asked = Asked {
        endpoint: &ENDPOINTS[0],
        arguments: &[],
        body: text.as_bytes(),
        stream: false,
        settings: &Settings::default(),
        custom_host: false,
    };
    let Ok(made) = dialect.request(&asked) else { return };
    let wire = format!("{}{}", made.path, String::from_utf8_lossy(&made.body));
    for (word, path) in words {
        let told = made.changes.iter().any(|line| {
            let named = line.split(' ').next().unwrap_or_default();
            path.strip_prefix(named).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
        });
        assert!(told || wire.contains(&word), "{path} is lost\n{text}\n{wire}\n{:?}", made.changes);
    }
}
