//! Reading a body in our shape: an object's fields are taken one by one, and what nobody took is told.
//! Values stay raw JSON, so that numbers and texts go on as they were spelled. A `null` counts as absent.

use std::borrow::Cow;

use serde_json::Value;
use serde_json::value::RawValue;

use super::json::Object;
use crate::error::{Error, Result};

/// The fields of one JSON object that were not taken yet.
pub struct Fields<'a> {
    path: String,
    fields: Vec<(Cow<'a, str>, &'a RawValue)>,
}

impl<'a> Fields<'a> {
    /// Splits `json`, which stands at `path` of the body (empty: the body itself).
    pub fn read(path: impl Into<String>, json: &'a str) -> Result<Self> {
        let path = path.into();
        match serde_json::from_str::<Object<'a>>(json) {
            Ok(object) => {
                let mut fields = object.into_fields();
                fields.retain(|(_, value)| value.get() != "null");
                Ok(Self { path, fields })
            }
            Err(_) if path.is_empty() => Err(Error::problem("body", "expected a JSON object")),
            Err(_) => Err(Error::problem(path, "expected an object")),
        }
    }

    /// Where the object stands: `messages[0]`.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Where a field of it stands: `messages[0].content`.
    pub fn at(&self, name: &str) -> String {
        joined(&self.path, name)
    }

    pub fn has(&self, name: &str) -> bool {
        self.fields.iter().any(|(key, _)| key == name)
    }

    /// Takes a field; of one that is there twice, the last counts.
    pub fn take(&mut self, name: &str) -> Option<&'a RawValue> {
        let mut found = None;
        self.fields.retain(|(key, value)| {
            let it = key == name;
            if it {
                found = Some(*value);
            }
            !it
        });
        found
    }

    /// Takes a field that says what holds without it.
    pub fn take_if(&mut self, name: &str, is: impl Fn(&RawValue) -> bool) {
        self.fields.retain(|(key, value)| key != name || !is(value));
    }

    /// Takes a text as it is spelled, quotes and escapes included.
    pub fn spelled(&mut self, name: &str) -> Result<Option<&'a RawValue>> {
        let value = self.take(name);
        match value {
            Some(raw) if !raw.get().starts_with('"') => {
                Err(Error::problem(self.at(name), "expected a string"))
            }
            _ => Ok(value),
        }
    }

    /// Takes a text.
    pub fn text(&mut self, name: &str) -> Result<Option<Cow<'a, str>>> {
        let Some(raw) = self.take(name) else { return Ok(None) };
        text(raw).map(Some).ok_or_else(|| Error::problem(self.at(name), "expected a string"))
    }

    pub fn needed_text(&mut self, name: &str) -> Result<Cow<'a, str>> {
        self.text(name)?.ok_or_else(|| Error::problem(self.at(name), "is missing"))
    }

    pub fn object(&mut self, name: &str) -> Result<Option<Fields<'a>>> {
        let Some(raw) = self.take(name) else { return Ok(None) };
        Fields::read(self.at(name), raw.get()).map(Some)
    }

    /// Takes a list, each element with its path.
    pub fn list(&mut self, name: &str) -> Result<Option<Vec<(String, &'a RawValue)>>> {
        let Some(raw) = self.take(name) else { return Ok(None) };
        list(&self.at(name), raw).map(Some)
    }

    /// The fields that are left, with their names.
    pub fn into_rest(self) -> Vec<(Cow<'a, str>, &'a RawValue)> {
        self.fields
    }
}

fn joined(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

/// A string's value; `None` for what is no string.
pub fn text(raw: &RawValue) -> Option<Cow<'_, str>> {
    // A string without escapes is borrowed: a picture is megabytes of them.
    match serde_json::from_str::<&str>(raw.get()) {
        Ok(text) => Some(Cow::Borrowed(text)),
        Err(_) => serde_json::from_str::<String>(raw.get()).ok().map(Cow::Owned),
    }
}

/// The values of strings, one after the other.
pub fn texts<'r>(raws: impl Iterator<Item = &'r RawValue>) -> String {
    raws.filter_map(text).collect()
}

/// A list's elements, each with its path.
pub fn list<'a>(path: &str, raw: &'a RawValue) -> Result<Vec<(String, &'a RawValue)>> {
    let items: Vec<&RawValue> =
        serde_json::from_str(raw.get()).map_err(|_| Error::problem(path, "expected a list"))?;
    Ok(items.into_iter().enumerate().map(|(at, item)| (format!("{path}[{at}]"), item)).collect())
}

/// JSON text that was put together here.
pub fn made(json: String) -> Box<RawValue> {
    RawValue::from_string(json).expect("what is put together here is JSON")
}

/// `value` as JSON text.
pub fn json(value: &(impl serde::Serialize + ?Sized)) -> Box<RawValue> {
    serde_json::value::to_raw_value(value).expect("the types of a dialect always have a JSON form")
}

/// Tells of the fields of an object at `path` that are not among those that are `read`.
pub fn tell_unread(object: &Value, path: &str, read: &[&str], why: &str, changes: &mut Vec<String>) {
    let fields = object.as_object().into_iter().flatten();
    for (name, _) in fields.filter(|(name, value)| !value.is_null() && !read.contains(&name.as_str())) {
        changes.push(format!("{} was dropped: {why}", joined(path, name)));
    }
}

/// What was changed on the way to the wire, sentence by sentence.
pub struct Changes {
    provider: &'static str,
    lines: Vec<String>,
}

impl Changes {
    pub fn new(provider: &'static str) -> Self {
        Self { provider, lines: Vec::new() }
    }

    pub fn provider(&self) -> &'static str {
        self.provider
    }

    pub fn say(&mut self, line: String) {
        self.lines.push(line);
    }

    /// Something was left out, and why.
    pub fn dropped(&mut self, path: &str, why: &str) {
        self.lines.push(format!("{path} was dropped: {why}"));
    }

    /// A parameter that the provider doesn't have was left out, unless it said what holds without it.
    pub fn no_parameter(&mut self, name: &str, value: &RawValue) {
        if !is_default(name, value.get()) {
            self.dropped(name, &format!("{} has no such parameter", self.provider));
        }
    }

    /// The fields that nobody took are left out.
    pub fn rest(&mut self, fields: Fields<'_>) {
        let why = format!("{} has no such field", self.provider);
        let path = fields.path.clone();
        for (name, _) in fields.into_rest() {
            self.dropped(&joined(&path, &name), &why);
        }
    }

    pub fn into_lines(self) -> Vec<String> {
        self.lines
    }
}

/// Whether a parameter of OpenAI's says what holds without it.
fn is_default(name: &str, value: &str) -> bool {
    match name {
        "n" | "best_of" => value == "1",
        "logprobs" | "store" | "echo" => value == "false",
        "parallel_tool_calls" => value == "true",
        "frequency_penalty" | "presence_penalty" => matches!(value, "0" | "0.0"),
        "logit_bias" | "metadata" => value == "{}",
        "modalities" => value == r#"["text"]"#,
        "service_tier" => value == "\"auto\"",
        "verbosity" => value == "\"medium\"",
        "suffix" => value == "\"\"",
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_took_is_told_with_its_path() {
        let body = r#"{"a":1,"b":{"c":[{"d":1.0,"e":"x","f":null}]}}"#;
        let mut changes = Changes::new("here");
        let mut fields = Fields::read("", body).expect("an object");
        let mut inner = fields.object("b").expect("right").expect("there");
        for (path, item) in inner.list("c").expect("right").expect("there") {
            let mut item = Fields::read(path, item.get()).expect("an object");
            assert_eq!(item.take("d").expect("there").get(), "1.0");
            changes.rest(item);
        }
        changes.rest(inner);
        changes.rest(fields);
        let lines = ["b.c[0].e was dropped: here has no such field", "a was dropped: here has no such field"];
        assert_eq!(changes.into_lines(), lines);
    }

    #[test]
    fn what_is_of_another_kind_is_an_error_with_its_path() {
        let fields = || Fields::read("messages[1]", r#"{"s":1,"o":[],"l":{}}"#).expect("an object");
        let told = |error: Error| error.to_string();
        assert_eq!(told(fields().text("s").expect_err("no string")), "messages[1].s: expected a string");
        assert_eq!(told(fields().spelled("s").expect_err("no string")), "messages[1].s: expected a string");
        assert_eq!(told(fields().object("o").err().expect("no object")), "messages[1].o: expected an object");
        assert_eq!(told(fields().list("l").expect_err("no list")), "messages[1].l: expected a list");
        assert_eq!(told(fields().needed_text("t").expect_err("nothing")), "messages[1].t: is missing");
        assert_eq!(told(Fields::read("", "[]").err().expect("no object")), "body: expected a JSON object");
    }

    #[test]
    fn a_field_that_is_there_twice_is_taken_once() {
        let mut fields = Fields::read("", r#"{"a":"1","b":2,"a":"\u00e9"}"#).expect("an object");
        assert_eq!(fields.text("a").expect("right").as_deref(), Some("é"));
        assert_eq!(fields.into_rest().len(), 1);
    }

    #[test]
    fn a_parameter_that_says_what_holds_without_it_is_no_change() {
        let mut changes = Changes::new("here");
        let mut say = |name: &str, json: &str| changes.no_parameter(name, &made(json.to_owned()));
        for (name, json) in [("n", "1"), ("logprobs", "false"), ("modalities", r#"["text"]"#)] {
            say(name, json);
        }
        say("n", "2");
        assert_eq!(changes.into_lines(), ["n was dropped: here has no such parameter"]);
    }
}
