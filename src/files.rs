//! In: the files of a call whose body is a form, as the engine's `Form`.

use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use engine::{Feed, File, Form, Source};
use napi::bindgen_prelude::Uint8Array;
use serde_json::{Map, Value};

/// `files` is the JSON of `[{ field, name, type, … }]` with one of `bytes` (a place among `bytes`), `path` (with `start` and
/// `end`), or `feed` (with `size` and `repeatable`). `ask` is called with a feed's place and the reading that it is asked for.
/// Gives the form, and its feeds by their places.
pub fn form(
    files: &str,
    bytes: &[Uint8Array],
    ask: impl Fn(u32, u32) + Clone + Send + Sync + 'static,
) -> (Form, Vec<Option<Arc<Feed>>>) {
    let files: Vec<Map<String, Value>> = serde_json::from_str(files).unwrap_or_default();
    let made: Vec<File> =
        files.iter().zip(0u32..).map(|(file, place)| made(file, bytes, place, ask.clone())).collect();
    let feeds = made.iter().map(|file| match &file.source {
        Source::Feed(feed) => Some(feed.clone()),
        _ => None,
    });
    let feeds = feeds.collect();
    (Form { files: made }, feeds)
}

fn made(
    file: &Map<String, Value>,
    bytes: &[Uint8Array],
    place: u32,
    ask: impl Fn(u32, u32) + Send + Sync + 'static,
) -> File {
    let text = |key: &str| file.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let number = |key: &str| file.get(key).and_then(Value::as_u64);
    let source = if let Some(bytes) = number("bytes").and_then(|at| bytes.get(at as usize)) {
        Source::Bytes(Bytes::copy_from_slice(bytes))
    } else if file.contains_key("path") {
        let (start, end) = (number("start").unwrap_or_default(), number("end"));
        Source::Path { path: PathBuf::from(text("path")), start, end }
    } else {
        let repeatable = file.get("repeatable").and_then(Value::as_bool).unwrap_or_default();
        Source::Feed(Arc::new(Feed::new(number("size"), repeatable, move |round| ask(place, round))))
    };
    File { field: text("field"), name: text("name"), content_type: text("type"), source }
}
