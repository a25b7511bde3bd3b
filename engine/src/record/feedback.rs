//! What people thought of an answer, kept beside the records of calls and joined to them by trace: `feedback.create` and
//! `feedback.update` of a client that keeps its records in a database.
//! The invariant: what is answered as saved is in the database.

use std::path::Path;
use std::time::UNIX_EPOCH;

use rusqlite::{Connection, params};
use serde_json::{Map, Value, json};

use super::database;
use crate::call::Call;
use crate::clock::{Clock, SystemClock, new_id};
use crate::config::Reader;
use crate::error::{Error, Result};
use crate::headers::fold;
use crate::observe::milliseconds;

/// The calls that this answers.
const CREATE: &str = "feedback.create";
const UPDATE: &str = "feedback.update";

/// What is wrong with a call that would be answered here, were there a database.
pub const NOWHERE: &str = "is missing: feedback on calls of this process is kept beside their records, in a database (logs: true); \
                           with an apiKey it goes to Portkey's hosted platform";

/// One judgement. Of an update, what is not given stays.
#[derive(Debug, Default, PartialEq)]
struct Given {
    trace: Option<String>,
    value: Option<f64>,
    weight: Option<f64>,
    metadata: Option<String>,
}

/// Whether a call gives feedback.
pub fn is_feedback(call: &Call) -> bool {
    matches!(call.endpoint.call, CREATE | UPDATE)
}

/// Does what the call asks for in the database at `path`; gives the answer's JSON. Waits for the disk.
pub fn answer(path: &Path, call: &Call) -> Result<Vec<u8>> {
    let is_update = call.endpoint.call == UPDATE;
    let given = read(&call.body, is_update)?;
    let broken = |why: String| Error::problem("logs.database", why);
    let mut connection = database::open(path).map_err(broken)?;
    let (told, ids) = if is_update {
        let id = call.arguments.first().cloned().unwrap_or_default();
        let changed = given.first().map_or(Ok(0), |given| update(&connection, &id, given));
        if changed.map_err(|why| broken(format!("can't be written to ({why})")))? == 0 {
            return Err(Error::problem("feedbackID", "is of no feedback in the database of records"));
        }
        ("updated", vec![id])
    } else {
        let ids =
            insert(&mut connection, &given).map_err(|why| broken(format!("can't be written to ({why})")));
        ("saved", ids?)
    };
    let message = format!("Feedback successfully {told}");
    Ok(json!({ "status": "success", "message": message, "feedback_ids": ids }).to_string().into_bytes())
}

fn insert(connection: &mut Connection, given: &[Given]) -> rusqlite::Result<Vec<String>> {
    let now = milliseconds(SystemClock.wall().duration_since(UNIX_EPOCH).unwrap_or_default());
    let transaction = connection.transaction()?;
    let ids: Vec<String> = given.iter().map(|_| new_id()).collect();
    for (Given { trace, value, weight, metadata }, id) in given.iter().zip(&ids) {
        transaction.execute(
            "INSERT INTO feedback (trace, at, value, weight, metadata, id) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            params![trace, now, value, weight, metadata, id],
        )?;
    }
    transaction.commit()?;
    Ok(ids)
}

fn update(connection: &Connection, id: &str, given: &Given) -> rusqlite::Result<usize> {
    connection.execute(
        "UPDATE feedback SET value = coalesce(?2, value), weight = coalesce(?3, weight), metadata = coalesce(?4, metadata) \
         WHERE id = ?1",
        params![id, given.value, given.weight, given.metadata],
    )
}

/// One judgement, or a list of them, each with its trace; of an update one, which belongs to a trace already.
fn read(body: &[u8], is_update: bool) -> Result<Vec<Given>> {
    const EXPECTED: &str =
        "expected { traceID, value, weight, metadata }, or for feedback.create a list of those";
    let mut reader = Reader::default();
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let given = match &body {
        Value::Object(object) => vec![Given::read(object, "", is_update, &mut reader)],
        Value::Array(list) if !list.is_empty() && !is_update => {
            let objects = list.iter().enumerate().filter_map(|(at, one)| {
                let object = reader.object(one, &format!("[{at}]"))?;
                Some(Given::read(object, &format!("[{at}]."), is_update, &mut reader))
            });
            objects.collect()
        }
        _ => return Err(Error::problem("feedback", EXPECTED)),
    };
    reader.done(given).map_err(Error::config)
}

impl Given {
    fn read(object: &Map<String, Value>, place: &str, is_update: bool, reader: &mut Reader) -> Self {
        let mut given = Self::default();
        for (name, value) in object.iter().filter(|(_, value)| !value.is_null()) {
            let path = format!("{place}{name}");
            match fold(name).as_str() {
                "traceid" => given.trace = reader.string(value, &path),
                "feedbackid" if is_update => {}
                "value" if value.is_number() => given.value = value.as_f64(),
                "value" => reader.problem(path, "expected a number"),
                "weight" => match value.as_f64().filter(|weight| (0.0..=1.0).contains(weight)) {
                    Some(weight) => given.weight = Some(weight),
                    None => reader.problem(path, "expected a number from 0 to 1"),
                },
                "metadata" => {
                    given.metadata = reader.object(value, &path).map(|_| value.to_string());
                }
                _ => reader.problem(path, "expected one of traceID, value, weight, metadata"),
            }
        }
        let needed = [
            ("traceID", "is missing: the trace of the calls that are judged"),
            ("value", "is missing: a number that says how good they were"),
        ];
        for (name, why) in needed.into_iter().filter(|_| !is_update) {
            if !object.iter().any(|(key, value)| fold(key) == fold(name) && !value.is_null()) {
                reader.problem(format!("{place}{name}"), why);
            }
        }
        given
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(body: &str, is_update: bool) -> String {
        read(body.as_bytes(), is_update).expect_err("a problem").facts().message.clone()
    }

    #[test]
    fn judgements_are_read_alone_and_in_lists_in_any_spelling() {
        let one = Given {
            trace: Some("t".to_owned()),
            value: Some(1.0),
            weight: Some(0.5),
            metadata: Some(r#"{"a":1}"#.to_owned()),
        };
        let body = r#"{"trace_id":"t","value":1,"weight":0.5,"metadata":{"a":1}}"#;
        assert_eq!(read(body.as_bytes(), false).expect("feedback"), [one]);
        let list = r#"[{"traceID":"a","value":-1},{"traceId":"b","value":5}]"#;
        assert_eq!(read(list.as_bytes(), false).expect("feedback").len(), 2);
        let update = r#"{"feedback_id":"f","value":2}"#;
        let changed = Given { value: Some(2.0), ..Given::default() };
        assert_eq!(read(update.as_bytes(), true).expect("feedback"), [changed]);
    }

    #[test]
    fn what_is_no_judgement_is_told_by_name() {
        assert!(problems("[]", false).starts_with("feedback: expected {"));
        assert!(problems(r#"[{"value":1}]"#, true).starts_with("feedback: expected {"));
        let told = problems(r#"[{"trace_id":"","value":"good","weight":2,"mood":1}, 7]"#, false);
        for wanted in [
            "[0].trace_id: is an empty string",
            "[0].value: expected a number",
            "[0].weight: expected a number from 0 to 1",
            "[0].mood: expected one of",
            "[1]: expected an object",
        ] {
            assert!(told.contains(wanted), "{told}");
        }
    }
}
