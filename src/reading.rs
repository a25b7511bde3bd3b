//! What the console asks of a database of records.

use std::path::Path;

use engine::{Filter, Reading};
use napi::bindgen_prelude::{Error, Result};
use napi_derive::napi;
use serde::Deserialize;
use serde_json::Value;

use crate::call::milliseconds;
use crate::fault::sound;
use crate::runtime::settle;

/// Waits, at most `limit` milliseconds and on this thread, until what was recorded is written. `ends`: the process does, rather than
/// one of its threads, so that nobody will answer any more who redacts.
#[napi]
pub fn flush_all(limit: f64, ends: bool) -> Result<()> {
    sound(|| engine::flush_all(settle(milliseconds(limit)), ends))
}

/// The kept price list, as JSON.
#[napi]
pub fn prices() -> String {
    engine::PRICES.to_owned()
}

/// One question; JavaScript writes it as `{ list: filter }`, `{ one: id }`, `{ figures: { filter, step } }`, `"targets"`, `"choices"`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
enum Question {
    List(Filter),
    One(String),
    Figures { filter: Filter, step: f64 },
    Targets,
    Choices,
}

/// Answers a question, both as JSON. The error says what is wrong with the file or the question.
#[napi]
pub fn read_records(path: String, question: String) -> Result<String> {
    let answer = || -> std::result::Result<Value, String> {
        let question: Question = serde_json::from_str(&question)
            .map_err(|why| format!("the question is not understood ({why})"))?;
        let reading = Reading::open(Path::new(&path)).map_err(|why| format!("{path} {why}"))?;
        match question {
            Question::List(filter) => reading.list(&filter),
            Question::One(id) => reading.one(&id),
            Question::Figures { filter, step } => reading.figures(&filter, step),
            Question::Targets => reading.targets(),
            Question::Choices => reading.choices(),
        }
    };
    sound(answer)?.map(|answer| answer.to_string()).map_err(Error::from_reason)
}
