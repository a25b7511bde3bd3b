//! Options and configs: every problem has its place and says what is right, none repeats a secret, and a config says the same
//! as an object and as its text.
#![no_main]

use engine::fuzzing::{Problem, read_options};
use libfuzzer_sys::fuzz_target;
use serde_json::{Map, Value};

/// What is put into every credential, and is in no other text.
const SECRET: &str = "s3cret";
/// Parts of the names of options that hold credentials.
const CREDENTIALS: [&str; 6] = ["key", "secret", "token", "authorization", "password", "account"];

fuzz_target!(|text: &[u8]| {
    let Ok(mut options) = serde_json::from_slice::<Map<String, Value>>(text) else { return };
    if mentions(text, "tls") || mentions(text, SECRET) {
        return;
    }
    plant(&mut options);
    let problems = told(&options);
    for (path, message) in &problems {
        assert!(!message.is_empty(), "{path}");
        assert!(!message.contains(SECRET) && !path.contains(SECRET), "{path}: {message}");
    }
    assert_eq!(told(&options), problems, "the same each time");
    if let Some(config @ Value::Object(_)) = options.get("config") {
        let text = Value::String(config.to_string());
        options.insert("config".to_owned(), text);
        assert_eq!(told(&options), problems, "an object and its text are one config");
    }
});

/// Puts the secret into the credentials, wherever they are.
fn plant(options: &mut Map<String, Value>) {
    for (name, value) in options.iter_mut() {
        let name = name.to_ascii_lowercase();
        match value {
            Value::String(text) if CREDENTIALS.iter().any(|part| name.contains(part)) => {
                text.push_str(SECRET)
            }
            Value::Object(object) => plant(object),
            Value::Array(items) => items.iter_mut().filter_map(Value::as_object_mut).for_each(plant),
            _ => {}
        }
    }
}

fn told(options: &Map<String, Value>) -> Vec<(String, String)> {
    read_options(options).into_iter().map(|Problem { path, message }| (path, message)).collect()
}

/// Of `tls` the files would be read that the fuzzer names, devices among them.
fn mentions(text: &[u8], word: &str) -> bool {
    String::from_utf8_lossy(text).to_ascii_lowercase().contains(word)
}
