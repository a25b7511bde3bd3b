//! Options and configs: every problem has its place and says what is right, none repeats a secret, and a config says the same
//! as an object and as its text.
#![no_main]

use engine::fuzzing::{Problem, read_options};
use libfuzzer_sys::fuzz_target;
use serde_json::{Map, Value};

/// What stands for a credential in the corpus and the dictionary.
const SECRET: &str = "s3cret";

fuzz_target!(|text: &[u8]| {
    let Ok(mut options) = serde_json::from_slice::<Map<String, Value>>(text) else { return };
    if names_files(text) {
        return;
    }
    let problems = told(&options);
    for (path, message) in &problems {
        assert!(!message.is_empty(), "{path}");
        assert!(!message.contains(SECRET), "{path}: {message}");
    }
    assert_eq!(told(&options), problems, "the same each time");
    if let Some(config @ Value::Object(_)) = options.get("config") {
        let text = Value::String(config.to_string());
        options.insert("config".to_owned(), text);
        assert_eq!(told(&options), problems, "an object and its text are one config");
    }
});

fn told(options: &Map<String, Value>) -> Vec<(String, String)> {
    read_options(options).into_iter().map(|Problem { path, message }| (path, message)).collect()
}

/// Reading options reads the files that `tls` names, and what the fuzzer names could be a device.
fn names_files(text: &[u8]) -> bool {
    String::from_utf8_lossy(text).to_ascii_lowercase().contains("tls")
}
