//! Typed reading of JSON values that collects problems instead of stopping at the first.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use serde_json::{Map, Value};

use crate::call::Headers;
use crate::error::Problem;
use crate::secret::Secret;

#[derive(Default)]
pub struct Reader {
    problems: Vec<Problem>,
}

/// Portkey's documented limit of a metadata value.
const LONGEST_METADATA_VALUE: usize = 128;

impl Reader {
    pub fn done<T>(self, value: T) -> Result<T, Vec<Problem>> {
        if self.problems.is_empty() { Ok(value) } else { Err(self.problems) }
    }

    pub fn problem(&mut self, path: impl Into<String>, message: impl Into<String>) {
        self.problems.push(Problem { path: path.into(), message: message.into() });
    }

    fn wrong<T>(&mut self, path: &str, expected: &str, value: &Value) -> Option<T> {
        self.problem(path, format!("expected {expected}, got {}", kind_of(value)));
        None
    }

    pub fn object<'v>(&mut self, value: &'v Value, path: &str) -> Option<&'v Map<String, Value>> {
        match value {
            Value::Object(object) => Some(object),
            _ => self.wrong(path, "an object", value),
        }
    }

    pub fn string(&mut self, value: &Value, path: &str) -> Option<String> {
        match value {
            Value::String(text) if !text.trim().is_empty() => Some(text.clone()),
            Value::String(_) => {
                self.problem(path, "is an empty string; leave it out or pass null instead");
                None
            }
            _ => self.wrong(path, "a string", value),
        }
    }

    /// A string that may be a secret: of what is none, not even a number is shown.
    pub fn secret(&mut self, value: &Value, path: &str) -> Option<Secret> {
        if value.is_number() {
            self.problem(path, "expected a string, got a number");
            return None;
        }
        self.string(value, path).map(|text| Secret::new(&text))
    }

    pub fn strings(&mut self, value: &Value, path: &str) -> Option<Vec<String>> {
        let Value::Array(items) = value else { return self.wrong(path, "an array of header names", value) };
        let read = items.iter().enumerate().map(|(at, item)| self.string(item, &format!("{path}[{at}]")));
        Some(read.collect::<Vec<_>>().into_iter().flatten().collect())
    }

    pub fn boolean(&mut self, value: &Value, path: &str) -> Option<bool> {
        match value {
            Value::Bool(flag) => Some(*flag),
            _ => self.wrong(path, "true or false", value),
        }
    }

    pub fn whole(&mut self, value: &Value, path: &str, range: RangeInclusive<u64>) -> Option<u64> {
        let number = value
            .as_u64()
            .or_else(|| value.as_f64().filter(|n| n.fract() == 0.0 && *n >= 0.0).map(|n| n as u64));
        match number {
            Some(number) if range.contains(&number) => Some(number),
            _ => {
                let expected = format!("a whole number from {} to {}", range.start(), range.end());
                self.wrong(path, &expected, value)
            }
        }
    }

    /// A number of things, from `least` on.
    pub fn count(&mut self, value: &Value, path: &str, least: u64) -> Option<usize> {
        self.whole(value, path, least..=1_000_000).map(|number| number as usize)
    }

    pub fn milliseconds(&mut self, value: &Value, path: &str) -> Option<u64> {
        match value.as_f64() {
            Some(number) if number >= 0.0 && number <= f64::from(u32::MAX) => Some(number.ceil() as u64),
            _ => self.wrong(path, "milliseconds, a number ≥ 0 (0 = off)", value),
        }
    }

    pub fn weight(&mut self, value: &Value, path: &str) -> Option<f64> {
        match value.as_f64() {
            Some(weight) if weight >= 0.0 => Some(weight),
            _ => self.wrong(path, "a number ≥ 0", value),
        }
    }

    pub fn statuses(&mut self, value: &Value, path: &str) -> Option<Vec<u16>> {
        let Value::Array(items) = value else {
            return self.wrong(path, "an array of HTTP status codes", value);
        };
        let mut statuses = Vec::with_capacity(items.len());
        for (at, item) in items.iter().enumerate() {
            statuses
                .extend(self.whole(item, &format!("{path}[{at}]"), 100..=599).map(|status| status as u16));
        }
        Some(statuses)
    }

    /// Metadata: an object, or its JSON text, of strings of at most 128 characters.
    pub fn metadata(&mut self, value: &Value, path: &str) -> BTreeMap<String, String> {
        let parsed = value.as_str().map(serde_json::from_str::<Value>);
        let object = match &parsed {
            Some(Ok(parsed)) => self.object(parsed, path),
            Some(Err(_)) => self.wrong(path, "an object of strings, or its JSON", value),
            None => self.object(value, path),
        };
        let mut metadata = BTreeMap::new();
        for (key, value) in object.into_iter().flatten() {
            let place = format!("{path}.{key}");
            match value {
                Value::String(text) if text.chars().count() <= LONGEST_METADATA_VALUE => {
                    metadata.insert(key.clone(), text.clone());
                }
                Value::String(text) => {
                    let length = text.chars().count();
                    self.problem(
                        place,
                        format!("expected at most {LONGEST_METADATA_VALUE} characters, got {length}"),
                    );
                }
                _ => drop(self.wrong::<()>(&place, "a string", value)),
            }
        }
        metadata
    }

    /// Headers by their names; `null` takes one away that would be sent.
    pub fn headers(&mut self, value: &Value, path: &str) -> Headers {
        let read = self.object(value, path).into_iter().flatten().map(|(name, value)| {
            let text = (!value.is_null()).then(|| self.header_value(value, &format!("{path}.{name}")));
            (name.clone(), text.flatten().map(|text| Secret::new(&text)))
        });
        read.collect()
    }

    /// The text of a value that is to be sent as a header.
    pub fn header_value(&mut self, value: &Value, path: &str) -> Option<String> {
        match value {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            Value::Bool(flag) => Some(flag.to_string()),
            _ => self.wrong(path, "a header's value, a string", value),
        }
    }
}

/// What a value is, without what it holds; plain numbers and booleans are shown.
fn kind_of(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(flag) => flag.to_string(),
        Value::Number(number) => number.to_string(),
        Value::String(_) => "a string".to_owned(),
        Value::Array(_) => "an array".to_owned(),
        Value::Object(_) => "an object".to_owned(),
    }
}
