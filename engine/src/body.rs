//! Request bodies as ordered fields of raw JSON.
//! A body that nobody touches is the caller's own bytes. A field that is set or removed changes that field alone:
//! key order, number spelling and every other field stay as `JSON.stringify` made them. Of a field that is there twice the
//! last value counts, as for `JSON.parse`, so that host and engine cannot read two bodies in one.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;

use bytes::Bytes;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// The top-level fields of a JSON object, each value as raw text.
pub struct Body<'a> {
    fields: Fields<'a>,
}

type Fields<'a> = Vec<(Cow<'a, str>, Cow<'a, str>)>;

/// So many names are compared one with the other.
const FEW: usize = 32;

impl<'a> Body<'a> {
    /// Splits `text`, which must be one JSON object.
    pub fn parse(text: &'a [u8]) -> Result<Self, serde_json::Error> {
        let mut reader = serde_json::Deserializer::from_slice(text);
        let body = reader.deserialize_map(FieldsVisitor)?;
        reader.end()?;
        Ok(body)
    }

    /// The fields in their order, each value as raw JSON.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.fields.iter().map(|(name, value)| (&**name, &**value))
    }

    /// The raw JSON of a field.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(key, _)| key == name).map(|(_, value)| &**value)
    }

    /// Replaces a field where it stands, or adds it at the end. `json` must be valid JSON.
    pub fn set(&mut self, name: &str, json: impl Into<Cow<'a, str>>) {
        let json = json.into();
        match self.fields.iter_mut().find(|(key, _)| key == name) {
            Some((_, value)) => *value = json,
            None => self.fields.push((Cow::Owned(name.to_owned()), json)),
        }
    }

    pub fn remove(&mut self, name: &str) {
        self.fields.retain(|(key, _)| key != name);
    }

    pub fn to_bytes(&self) -> Bytes {
        let size = self.fields.iter().map(|(key, value)| key.len() + value.len() + 4).sum::<usize>() + 2;
        let mut out = Vec::with_capacity(size);
        out.push(b'{');
        for (at, (key, value)) in self.fields.iter().enumerate() {
            if at > 0 {
                out.push(b',');
            }
            serde_json::to_writer(&mut out, key).expect("a string always has a JSON form");
            out.push(b':');
            out.extend_from_slice(value.as_bytes());
        }
        out.push(b'}');
        Bytes::from(out)
    }
}

struct FieldsVisitor;

impl<'de> Visitor<'de> for FieldsVisitor {
    type Value = Body<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
        let mut fields = Vec::with_capacity(map.size_hint().unwrap_or(8));
        while let Some(key) = map.next_key::<String>()? {
            let value: &'de RawValue = map.next_value()?;
            fields.push((Cow::Owned(key), Cow::Borrowed(value.get())));
        }
        Ok(Body { fields: once_each(fields) })
    }
}

/// Each name once, where it came first, with its last value.
fn once_each(mut fields: Fields<'_>) -> Fields<'_> {
    let first = |at: usize| fields[..at].iter().position(|(name, _)| *name == fields[at].0);
    let twice: Vec<(usize, usize)> = if fields.len() <= FEW {
        (1..fields.len()).filter_map(|at| Some((at, first(at)?))).collect()
    } else {
        let mut places = HashMap::with_capacity(fields.len());
        let first = |(at, (name, _)): (usize, &(Cow<'_, str>, _))| {
            let place = *places.entry(name.to_string()).or_insert(at);
            (place != at).then_some((at, place))
        };
        fields.iter().enumerate().filter_map(first).collect()
    };
    for (at, first) in &twice {
        fields[*first].1 = std::mem::take(&mut fields[*at].1);
    }
    for (at, _) in twice.into_iter().rev() {
        fields.remove(at);
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_untouched_body_keeps_its_bytes() {
        let text =
            br#"{"model":"m","n":1.0,"seed":12345678901234567890,"x":{"b":1,"a":[1e2]},"e":"\u00e9\ud83d"}"#;
        assert_eq!(Body::parse(text).expect("an object").to_bytes(), Bytes::from_static(text));
    }

    #[test]
    fn setting_a_field_leaves_the_others_alone() {
        let mut body = Body::parse(br#"{"a":1.50,"b":[ 1 ],"c":"x"}"#).expect("an object");
        body.set("b", "2");
        body.set("d", "true");
        body.remove("c");
        assert_eq!(body.to_bytes(), Bytes::from_static(br#"{"a":1.50,"b":2,"d":true}"#));
        assert_eq!(body.get("a"), Some("1.50"));
        assert_eq!(body.get("c"), None);
    }

    #[test]
    fn a_field_that_is_there_twice_counts_once_with_its_last_value() {
        let mut body =
            Body::parse(br#"{"model":"a","n":1,"model":"b","\u006dodel":"c"}"#).expect("an object");
        assert_eq!(body.get("model"), Some("\"c\""));
        assert_eq!(body.to_bytes(), Bytes::from_static(br#"{"model":"c","n":1}"#));
        body.set("model", "\"ours\"");
        assert_eq!(body.to_bytes(), Bytes::from_static(br#"{"model":"ours","n":1}"#));
        let many: Vec<String> = (0..100).map(|at| format!("\"f{}\":{at}", at % 40)).collect();
        let text = format!("{{{},\"end\":0}}", many.join(","));
        let body = Body::parse(text.as_bytes()).expect("an object");
        assert_eq!((body.iter().count(), body.get("f3"), body.get("f30")), (41, Some("83"), Some("70")));
    }

    #[test]
    fn only_an_object_is_a_body() {
        for text in ["[]", "1", "\"x\"", "", "{", "{}x", "null"] {
            assert!(Body::parse(text.as_bytes()).is_err(), "{text}");
        }
    }
}
