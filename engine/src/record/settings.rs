//! What a client records, as its options say it: `onRecord`, `logs`, `captureContent`.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::{Redaction, Retention, Rotation};
use crate::config::Reader;
use crate::headers::fold;
use crate::http::Route;
use crate::telemetry;

#[derive(Clone, Default, PartialEq)]
pub struct Settings {
    /// The caller listens (`onRecord`): the number that it has given its listener.
    pub listener: Option<u32>,
    pub captures: bool,
    /// What content is freed of before anyone gets it.
    pub redaction: Option<Redaction>,
    pub file: Option<Rotation>,
    pub database: Option<Retention>,
    pub telemetry: Option<Arc<telemetry::Settings>>,
}

/// Where records are kept with `logs: true`, below the working directory.
const DATABASE: &str = ".portkey/calls.sqlite";

/// A log file is begun anew at this size, and so many old ones are kept, unless the options say otherwise.
const MOST_BYTES_OF_A_FILE: u64 = 64 << 20;
const OLD_FILES: usize = 5;

/// A database keeps so much, for so long.
const MOST_BYTES_OF_A_DATABASE: u64 = 1 << 30;
const LONGEST_AGE: Duration = Duration::from_secs(30 * 24 * 60 * 60);

impl Settings {
    /// How what is exported reaches its receiver: as the client's calls reach their hosts. A receiver that the client may not
    /// reach is a problem.
    pub fn reach(&mut self, route: Route, reader: &mut Reader) {
        let Some(telemetry) = self.telemetry.as_mut().and_then(Arc::get_mut) else { return };
        let signals = telemetry.spans.iter().chain(&telemetry.metrics);
        for signal in signals.filter(|_| telemetry.tracer.is_none()) {
            let allowed =
                route.egress.as_ref().map(|egress| egress.allows(&signal.url, signal.socket.as_deref()));
            if let Some(Err(why)) = allowed {
                reader.problem("otel.endpoint", format!("{why}: egress.allow names what may be reached"));
                break;
            }
        }
        telemetry.route = Arc::new(route);
    }

    /// Reads the option `captureContent`: true, false, or `{ redact }`.
    pub fn read_captures(&mut self, value: &Value, path: &str, reader: &mut Reader) {
        let Value::Object(object) = value else {
            self.captures = reader.boolean(value, path).unwrap_or(false);
            return;
        };
        let written = object.iter().filter(|(_, value)| !value.is_null());
        for (key, value) in written {
            let place = format!("{path}.{key}");
            match key.as_str() {
                "redact" => self.redaction = Redaction::read(value, &place, reader),
                _ => reader.problem(place, "expected redact"),
            }
        }
        self.captures = true;
    }

    /// Reads the option `logs`.
    pub fn read_logs(&mut self, value: &Value, path: &str, reader: &mut Reader) {
        let mut database = match value {
            Value::Bool(false) => return,
            Value::Bool(true) => Some(PathBuf::from(DATABASE)),
            _ => None,
        };
        let mut file = None;
        let (mut most_bytes, mut old_files, mut longest_age) = (None, None, None);
        let object = if database.is_some() { None } else { reader.object(value, path) };
        for (key, value) in object.into_iter().flatten().filter(|(_, value)| !value.is_null()) {
            let place = format!("{path}.{key}");
            match fold(key).as_str() {
                "file" => file = reader.string(value, &place).map(PathBuf::from),
                "database" => database = reader.string(value, &place).map(PathBuf::from),
                "maxbytes" => most_bytes = reader.whole(value, &place, 4_096..=1 << 40),
                "maxfiles" => old_files = reader.whole(value, &place, 0..=1_000),
                "maxage" => longest_age = reader.milliseconds(value, &place).filter(|ms| *ms > 0),
                _ => reader.problem(place, "expected one of database, file, maxAge, maxBytes, maxFiles"),
            }
        }
        if object.is_some() && file.is_none() && database.is_none() {
            reader.problem(path, "expected true, or an object that names a database or a file for records");
        }
        self.file = file.map(|path| Rotation {
            path,
            most_bytes: most_bytes.unwrap_or(MOST_BYTES_OF_A_FILE),
            old_files: old_files.map_or(OLD_FILES, |files| files as usize),
        });
        self.database = database.map(|path| Retention {
            path,
            most_bytes: most_bytes.unwrap_or(MOST_BYTES_OF_A_DATABASE),
            longest_age: longest_age.map_or(LONGEST_AGE, Duration::from_millis),
        });
    }
}
