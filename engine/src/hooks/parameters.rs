//! A check's parameters, read and checked at construction: what is missing, of another type or unknown is a problem.
//! Each is asked for before any is used, so that all problems are told; one that has a problem is `None`.

use serde_json::{Map, Value};

use crate::config::{Reader, nearest};

pub struct Parameters<'v, 'r> {
    given: &'v Map<String, Value>,
    path: String,
    reader: &'r mut Reader,
    /// What has been asked for, so that the rest is known to be unknown.
    known: Vec<&'static str>,
}

/// How many of several things must be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    Any,
    All,
    None,
}

impl Operator {
    pub fn name(self) -> &'static str {
        match self {
            Self::Any => "any",
            Self::All => "all",
            Self::None => "none",
        }
    }

    pub fn holds(self, found: usize, missing: usize) -> bool {
        match self {
            Self::Any => found > 0,
            Self::All => missing == 0,
            Self::None => found == 0,
        }
    }
}

impl<'v, 'r> Parameters<'v, 'r> {
    /// `apart` are keys among the parameters that say something of the check itself.
    pub fn new(
        given: &'v Map<String, Value>,
        path: String,
        apart: &[&'static str],
        reader: &'r mut Reader,
    ) -> Self {
        Self { given, path, reader, known: apart.to_vec() }
    }

    /// The value of a parameter that was given.
    pub fn optional(&mut self, name: &'static str) -> Option<&'v Value> {
        self.known.push(name);
        self.given.get(name).filter(|value| !value.is_null())
    }

    fn required(&mut self, name: &'static str, expected: &str) -> Option<&'v Value> {
        let value = self.optional(name);
        if value.is_none() {
            self.problem(name, format!("is missing; expected {expected}"));
        }
        value
    }

    pub fn problem(&mut self, name: &str, message: impl Into<String>) {
        self.reader.problem(format!("{}.{name}", self.path), message);
    }

    fn place(&self, name: &str) -> String {
        format!("{}.{name}", self.path)
    }

    pub fn flag(&mut self, name: &'static str, default: bool) -> Option<bool> {
        let place = self.place(name);
        self.optional(name).map_or(Some(default), |value| self.reader.boolean(value, &place))
    }

    /// A required text that isn't empty; it may be blank.
    pub fn text(&mut self, name: &'static str) -> Option<String> {
        let value = self.required(name, "a string")?;
        let text = value.as_str().filter(|text| !text.is_empty());
        if text.is_none() {
            self.problem(name, "expected a string that is not empty");
        }
        text.map(str::to_owned)
    }

    pub fn optional_text(&mut self, name: &'static str, default: &str) -> Option<String> {
        match self.optional(name) {
            None => Some(default.to_owned()),
            Some(Value::String(text)) => Some(text.clone()),
            Some(_) => {
                self.problem(name, "expected a string");
                None
            }
        }
    }

    /// A required list of strings, at least one, none of them empty.
    pub fn texts(&mut self, name: &'static str) -> Option<Vec<String>> {
        let value = self.required(name, "a list of strings")?;
        let texts = strings(value);
        if texts.is_none() {
            self.problem(name, "expected a list of strings, at least one, none of them empty");
        }
        texts
    }

    pub fn operator(&mut self) -> Option<Operator> {
        let value = self.required("operator", "any, all or none")?;
        match value.as_str() {
            Some("any") => Some(Operator::Any),
            Some("all") => Some(Operator::All),
            Some("none") => Some(Operator::None),
            _ => {
                self.problem("operator", "expected any, all or none");
                None
            }
        }
    }

    /// The least and the most of a count; either may be left open, but not both.
    pub fn range(&mut self, least: &'static str, most: &'static str) -> Option<(u64, u64)> {
        let mut bound = |name: &'static str, open: u64| {
            let place = self.place(name);
            let value = self.optional(name);
            let bound =
                value.map_or(Some(open), |value| self.reader.whole(value, &place, 0..=u64::from(u32::MAX)));
            (value.is_some(), bound)
        };
        let ((has_least, low), (has_most, high)) = (bound(least, 0), bound(most, u64::MAX));
        if !has_least && !has_most {
            self.problem(
                least,
                format!("is missing, as is {most}; expected a whole number for either or both"),
            );
            return None;
        }
        let (low, high) = (low?, high?);
        if low > high {
            self.problem(least, format!("is above {most}"));
        }
        Some((low, high))
    }

    /// Tells of every parameter that nobody asked for.
    pub fn finish(mut self) {
        let unknown: Vec<&String> =
            self.given.keys().filter(|key| !self.known.contains(&key.as_str())).collect();
        for key in unknown {
            let near = nearest(key, self.known.iter().copied());
            let message = match near {
                Some(near) => format!("is no parameter of this check; did you mean {near}?"),
                None => format!("is no parameter of this check; expected one of {}", self.known.join(", ")),
            };
            self.problem(key, message);
        }
    }
}

/// A list of strings that has at least one, none of them empty.
pub fn strings(value: &Value) -> Option<Vec<String>> {
    let items = value.as_array().filter(|items| !items.is_empty())?;
    items.iter().map(|item| item.as_str().filter(|text| !text.is_empty()).map(str::to_owned)).collect()
}
