//! What a client records, as its options say it: `onRecord`, `logs`, `captureContent`.

use std::path::PathBuf;

use serde_json::Value;

use super::Rotation;
use crate::config::Reader;
use crate::headers::fold;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// The caller listens (`onRecord`): the number that it has given its listener.
    pub listener: Option<u32>,
    pub captures: bool,
    pub file: Option<Rotation>,
}

/// A log file is begun anew at this size, and so many old ones are kept, unless the options say otherwise.
const MOST_BYTES: u64 = 64 << 20;
const OLD_FILES: usize = 5;

impl Settings {
    /// Reads the option `logs`.
    pub fn read_logs(&mut self, value: &Value, path: &str, reader: &mut Reader) {
        if value == &Value::Bool(false) {
            return;
        }
        let Some(object) = reader.object(value, path) else { return };
        let mut rotation = Rotation { path: PathBuf::new(), most_bytes: MOST_BYTES, old_files: OLD_FILES };
        for (key, value) in object {
            let place = format!("{path}.{key}");
            match fold(key).as_str() {
                "file" => rotation.path = reader.string(value, &place).map(PathBuf::from).unwrap_or_default(),
                "maxbytes" => {
                    rotation.most_bytes = reader.whole(value, &place, 4_096..=1 << 40).unwrap_or(MOST_BYTES);
                }
                "maxfiles" => {
                    let most = reader.whole(value, &place, 0..=1_000);
                    rotation.old_files = most.map_or(OLD_FILES, |files| files as usize);
                }
                _ => reader.problem(place, "expected one of file, maxBytes, maxFiles"),
            }
        }
        if rotation.path.as_os_str().is_empty() {
            reader.problem(format!("{path}.file"), "expected the path of a file to write records to");
        } else {
            self.file = Some(rotation);
        }
    }
}
