//! Tests of the hooks, at the level of functions: no network, and time that the test decides.

mod bodies;
mod checks;
mod reading;
mod running;
mod streams;

use std::future::Future;
use std::pin::Pin;
use std::sync::Mutex;
use std::time::{Duration, SystemTime};

use serde_json::json;

use super::*;
use crate::clock::{Instant, SystemClock};
use crate::config::Reader;
use crate::error::Problem;

/// A clock on which each look takes a millisecond, or as long as the test says.
struct Ticking {
    now: Mutex<Instant>,
    tick: Duration,
}

impl Clock for Ticking {
    fn now(&self) -> Instant {
        let mut now = self.now.lock().expect("no test panics here");
        *now += self.tick;
        *now
    }

    fn wall(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_millis(1_700_000_000_123)
    }

    fn random(&self) -> f64 {
        0.0
    }

    fn sleep(&self, _: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(std::future::ready(()))
    }
}

fn clock(tick: Duration) -> Arc<dyn Clock> {
    Arc::new(Ticking { now: Mutex::new(SystemClock.now()), tick })
}

fn scene(request: RequestType, body: &str) -> Scene {
    let metadata = BTreeMap::from([("plan".to_owned(), "free".to_owned())]);
    Scene::new(request, body.as_bytes(), metadata, clock(Duration::from_millis(1)))
}

/// Reads lists of hooks, by the names that a config has for them.
fn read(config: &Value) -> Result<Hooks, Vec<Problem>> {
    let mut reader = Reader::default();
    let (mut before, mut after) = (Vec::new(), Vec::new());
    for (key, value) in config.as_object().expect("lists by name") {
        let path = format!("config.{key}");
        match key.as_str() {
            "before_request_hooks" => before.extend(read_hooks(value, &path, Phase::Before, &mut reader)),
            "after_request_hooks" => after.extend(read_hooks(value, &path, Phase::After, &mut reader)),
            "input_guardrails" => before.extend(read_guardrails(value, &path, Phase::Before, &mut reader)),
            "output_guardrails" => after.extend(read_guardrails(value, &path, Phase::After, &mut reader)),
            "input_mutators" => before.extend(read_mutators(value, &path, Phase::Before, &mut reader)),
            "output_mutators" => after.extend(read_mutators(value, &path, Phase::After, &mut reader)),
            _ => panic!("{key} is no list of hooks"),
        }
    }
    reader.done(Hooks::new(before, after))
}

fn hooks(config: &Value) -> Hooks {
    read(config).unwrap_or_else(|problems| panic!("{problems:#?}"))
}

fn problems(config: &Value) -> Vec<String> {
    let problems = read(config).err().unwrap_or_else(|| panic!("no problem with {config}"));
    problems.into_iter().map(|problem| format!("{}: {}", problem.path, problem.message)).collect()
}

fn ask(text: &str) -> String {
    json!({ "model": "m", "messages": [{ "role": "user", "content": text }] }).to_string()
}

fn answered(text: &str) -> String {
    let message = json!({ "role": "assistant", "content": text });
    json!({ "id": "c", "choices": [{ "index": 0, "message": message, "finish_reason": "stop" }] }).to_string()
}

fn before_chat(config: &Value, body: &str) -> Verdicts {
    before(&hooks(config), &scene(RequestType::Chat, body), &body.to_owned().into())
}

fn after_chat(config: &Value, body: &str) -> Verdicts {
    after(&hooks(config), &scene(RequestType::Chat, "{}"), &body.to_owned().into())
}

fn told(record: &Record) -> Value {
    serde_json::to_value(record).expect("a record has a JSON form")
}
