//! JSON as dialects handle it: objects as ordered raw fields, and a writer that puts raw pieces together.
//! A text, a tool's input or a schema is copied as it is written, never taken apart: what comes out is spelled as it
//! came in, and a long message costs no more than its copy.

use std::borrow::Cow;
use std::fmt;

use bytes::Bytes;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::error::Error;

/// One value as it is written.
pub type Raw<'a> = &'a RawValue;

/// The fields of one JSON object, in order. A field that is `null` counts as not given.
#[derive(Default)]
pub struct Object<'a> {
    fields: Vec<(Cow<'a, str>, Raw<'a>)>,
}

impl<'a> Object<'a> {
    pub fn parse(raw: Raw<'a>) -> Option<Self> {
        serde_json::from_str(raw.get()).ok()
    }

    pub fn get(&self, name: &str) -> Option<Raw<'a>> {
        let found = self.fields.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| *value).filter(|value| value.get() != "null")
    }

    /// Takes a field out.
    pub fn take(&mut self, name: &str) -> Option<Raw<'a>> {
        let at = self.fields.iter().position(|(key, _)| key == name)?;
        Some(self.fields.remove(at).1).filter(|value| value.get() != "null")
    }

    /// Takes out a field that must be an object.
    pub fn take_object(&mut self, name: &str) -> Result<Option<Self>, Error> {
        let Some(raw) = self.take(name) else { return Ok(None) };
        Self::parse(raw).map(Some).ok_or_else(|| Error::problem(name, "expected an object"))
    }

    pub fn push(&mut self, name: Cow<'a, str>, value: Raw<'a>) {
        self.fields.push((name, value));
    }

    /// Keeps the fields whose value `is_kept`.
    pub fn retain(&mut self, is_kept: impl Fn(Raw<'a>) -> bool) {
        self.fields.retain(|(_, value)| is_kept(value));
    }

    /// A field's text.
    pub fn text(&self, name: &str) -> Option<Cow<'a, str>> {
        self.get(name).and_then(text)
    }

    /// All of them, in order, `null` included.
    pub fn into_fields(self) -> Vec<(Cow<'a, str>, Raw<'a>)> {
        self.fields
    }

    /// What is left.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Raw<'a>)> {
        let given = self.fields.iter().filter(|(_, value)| value.get() != "null");
        given.map(|(key, value)| (&**key, *value))
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Object<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ObjectVisitor)
    }
}

struct ObjectVisitor;

impl<'de> Visitor<'de> for ObjectVisitor {
    type Value = Object<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
        let mut fields = Vec::with_capacity(4);
        while let Some(Key(key)) = map.next_key()? {
            fields.push((key, map.next_value()?));
        }
        Ok(Object { fields })
    }
}

/// A key, borrowed where it holds no escape.
#[derive(serde::Deserialize)]
pub struct Key<'a>(#[serde(borrow)] pub Cow<'a, str>);

/// The text of a JSON string; `None` for any other value.
pub fn text(raw: Raw<'_>) -> Option<Cow<'_, str>> {
    is_string(raw).then(|| serde_json::from_str(raw.get()).ok().map(|Key(text)| text))?
}

pub fn is_string(raw: Raw<'_>) -> bool {
    raw.get().starts_with('"')
}

pub fn is_array(raw: Raw<'_>) -> bool {
    raw.get().starts_with('[')
}

pub fn is_object(raw: Raw<'_>) -> bool {
    raw.get().starts_with('{')
}

/// The items of a JSON array; `None` for any other value.
pub fn items(raw: Raw<'_>) -> Option<Vec<Raw<'_>>> {
    serde_json::from_str(raw.get()).ok()
}

/// Writes JSON text, with commas where they belong.
#[derive(Default)]
pub struct Json(Vec<u8>);

impl Json {
    pub fn with_capacity(bytes: usize) -> Self {
        Self(Vec::with_capacity(bytes))
    }

    /// A comma, unless this is the first piece: no finished value ends in one of these bytes.
    fn separate(&mut self) {
        if !matches!(self.0.last(), None | Some(b'{' | b'[' | b':')) {
            self.0.push(b',');
        }
    }

    pub fn open(&mut self, bracket: Bracket) -> &mut Self {
        self.separate();
        self.0.push(if bracket == Bracket::Object { b'{' } else { b'[' });
        self
    }

    pub fn close(&mut self, bracket: Bracket) -> &mut Self {
        self.0.push(if bracket == Bracket::Object { b'}' } else { b']' });
        self
    }

    pub fn key(&mut self, name: &str) -> &mut Self {
        self.string(name);
        self.0.push(b':');
        self
    }

    /// A value that is JSON text already.
    pub fn raw(&mut self, json: &str) -> &mut Self {
        self.separate();
        self.0.extend_from_slice(json.as_bytes());
        self
    }

    pub fn string(&mut self, text: &str) -> &mut Self {
        self.separate();
        serde_json::to_writer(&mut self.0, text).expect("a string always has a JSON form");
        self
    }

    /// A field whose value is JSON text already.
    pub fn field(&mut self, name: &str, json: &str) -> &mut Self {
        self.key(name).raw(json)
    }

    pub fn text(&mut self, name: &str, text: &str) -> &mut Self {
        self.key(name).string(text)
    }

    pub fn number(&mut self, name: &str, number: u64) -> &mut Self {
        self.field(name, &number.to_string())
    }

    /// A list of values that are JSON text already.
    pub fn raws<T: AsRef<str>>(&mut self, values: impl IntoIterator<Item = T>) -> &mut Self {
        self.array(|json| {
            for value in values {
                json.raw(value.as_ref());
            }
        })
    }

    /// Several JSON strings as one.
    pub fn joined<'s>(&mut self, strings: impl Iterator<Item = Raw<'s>>) -> &mut Self {
        self.separate();
        self.0.push(b'"');
        for string in strings {
            self.0.extend_from_slice(inside(string.get()).as_bytes());
        }
        self.0.push(b'"');
        self
    }

    /// An object that `fill` fills.
    pub fn object(&mut self, fill: impl FnOnce(&mut Self)) -> &mut Self {
        self.open(Bracket::Object);
        fill(self);
        self.close(Bracket::Object)
    }

    /// An array that `fill` fills.
    pub fn array(&mut self, fill: impl FnOnce(&mut Self)) -> &mut Self {
        self.open(Bracket::Array);
        fill(self);
        self.close(Bracket::Array)
    }

    /// Fields or items that another writer wrote, at least one.
    pub fn pieces(&mut self, written: &[u8]) -> &mut Self {
        self.separate();
        self.0.extend_from_slice(written);
        self
    }

    /// Ends a chain of writes where no value is wanted.
    #[expect(clippy::unused_self, reason = "it stands at the end of a chain")]
    pub fn done(&self) {}

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Forgets what was written after `length`.
    pub fn truncate(&mut self, length: usize) {
        self.0.truncate(length);
    }

    pub fn into_bytes(self) -> Bytes {
        Bytes::from(self.0)
    }

    pub fn into_text(self) -> String {
        String::from_utf8(self.0).expect("only text is written")
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Bracket {
    Object,
    Array,
}

/// JSON text of `fill`'s object.
pub fn object(fill: impl FnOnce(&mut Json)) -> String {
    let mut json = Json::with_capacity(128);
    json.object(fill);
    json.into_text()
}

/// What is between the quotes of a JSON string, with its escapes.
pub fn inside(string: &str) -> &str {
    string.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or_default()
}

/// `json` without the white space between its tokens; numbers and strings keep their spelling.
pub fn compact(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    let mut quoted = false;
    let mut escaped = false;
    for letter in json.chars() {
        if quoted {
            quoted = escaped || letter != '"';
            escaped = !escaped && letter == '\\';
        } else if letter.is_ascii_whitespace() {
            continue;
        } else {
            quoted = letter == '"';
        }
        out.push(letter);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_keeps_spelling_and_takes_null_for_nothing() {
        let raw: Raw<'_> = serde_json::from_str(r#"{"a":1.0,"b":null,"c\u0061":[ 1 ]}"#).expect("JSON");
        let mut object = Object::parse(raw).expect("an object");
        assert_eq!(object.get("a").map(RawValue::get), Some("1.0"));
        assert!(object.get("b").is_none());
        assert_eq!(object.take("ca").map(RawValue::get), Some("[ 1 ]"));
        assert_eq!(object.iter().map(|(key, _)| key).collect::<Vec<_>>(), ["a"]);
    }

    #[test]
    fn commas_stand_between_values_only() {
        let mut json = Json::default();
        json.object(|json| {
            json.field("a", "[1]").text("b", "x:\"").key("c").array(|json| {
                json.raw("{}").string("[").object(|_| {}).array(|_| {});
            });
            json.number("d", 2);
        });
        assert_eq!(json.into_bytes(), r#"{"a":[1],"b":"x:\"","c":[{},"[",{},[]],"d":2}"#);
    }

    #[test]
    fn white_space_goes_and_spelling_stays() {
        let spaced = "{\n  \"a b\": [ 1.0,\t1e5 ],\n  \"q\\\" \\\\\" : \" x \"\n}";
        assert_eq!(compact(spaced), r#"{"a b":[1.0,1e5],"q\" \\":" x "}"#);
    }

    #[test]
    fn strings_are_joined_as_they_are_escaped() {
        let strings: Vec<Raw<'_>> =
            [r#""a\n""#, r#""""#, r#""\ud83d""#].map(|s| serde_json::from_str(s).expect("JSON")).to_vec();
        let mut json = Json::default();
        json.joined(strings.into_iter());
        assert_eq!(json.into_bytes(), r#""a\n\ud83d""#);
    }
}
