//! JSON objects as fields of raw text, each taken once. What is left at the end is what nobody understood, so that it
//! can be told instead of lost. `null` counts as absent.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// The fields of one object, in their order.
#[derive(Default)]
pub struct Fields<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'a> Fields<'a> {
    /// `json` as an object.
    pub fn read(json: &'a str) -> Option<Self> {
        serde_json::from_str(json).ok()
    }

    /// A field's value, which is then no longer among the fields.
    pub fn take(&mut self, name: &str) -> Option<&'a RawValue> {
        let at = self.0.iter().position(|(key, _)| key == name)?;
        Some(self.0.remove(at).1).filter(|value| value.get() != "null")
    }

    /// The first of several spellings of one field.
    pub fn take_any(&mut self, names: &[&str]) -> Option<&'a RawValue> {
        names.iter().map(|name| self.take(name)).fold(None, Option::or)
    }

    /// A field that should be a string; another value counts as absent.
    pub fn text(&mut self, name: &str) -> Option<Cow<'a, str>> {
        unquoted(self.take(name)?)
    }

    /// A field that should be an object; another value counts as absent.
    pub fn object(&mut self, name: &str) -> Option<Fields<'a>> {
        Self::read(self.take(name)?.get())
    }

    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(key, value)| key == name && value.get() != "null")
    }

    pub fn iter(&self) -> impl Iterator<Item = (&str, &'a RawValue)> {
        self.0.iter().map(|(name, value)| (&**name, *value))
    }

    /// The names of the fields that say something.
    pub fn left(&self) -> impl Iterator<Item = &str> {
        let empty = |value: &RawValue| matches!(value.get(), "null" | "[]" | "{}" | "\"\"");
        self.0.iter().filter(move |(_, value)| !empty(value)).map(|(name, _)| &**name)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Fields<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct FieldsVisitor;
        impl<'de> Visitor<'de> for FieldsVisitor {
            type Value = Fields<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Fields<'de>, M::Error> {
                let mut fields = Vec::with_capacity(4);
                while let Some(Name(name)) = map.next_key()? {
                    fields.push((name, map.next_value()?));
                }
                Ok(Fields(fields))
            }
        }
        deserializer.deserialize_map(FieldsVisitor)
    }
}

/// A chat's body. Its messages are taken apart in the same pass as its fields.
pub struct Chat<'a> {
    pub messages: Vec<Fields<'a>>,
    pub fields: Fields<'a>,
}

impl<'de> Deserialize<'de> for Chat<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ChatVisitor;
        impl<'de> Visitor<'de> for ChatVisitor {
            type Value = Chat<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Chat<'de>, M::Error> {
                let mut chat = Chat { messages: Vec::new(), fields: Fields(Vec::with_capacity(8)) };
                while let Some(Name(name)) = map.next_key()? {
                    if name == "messages" {
                        chat.messages = map.next_value()?;
                    } else {
                        chat.fields.0.push((name, map.next_value()?));
                    }
                }
                Ok(chat)
            }
        }
        deserializer.deserialize_map(ChatVisitor)
    }
}

/// The text of a JSON string.
pub fn unquoted(value: &RawValue) -> Option<Cow<'_, str>> {
    let inner = value.get().strip_prefix('"')?.strip_suffix('"')?;
    match memchr::memchr(b'\\', inner.as_bytes()) {
        None => Some(Cow::Borrowed(inner)),
        Some(_) => serde_json::from_str(value.get()).ok().map(Cow::Owned),
    }
}

/// The elements of a JSON array.
pub fn elements(value: &RawValue) -> Option<Vec<&RawValue>> {
    serde_json::from_str(value.get()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_taken_once_and_null_is_absent() {
        let mut fields =
            Fields::read(r#"{"a":1.0,"b":null,"c":"x\n","d":[],"e":{"f":2}}"#).expect("an object");
        assert_eq!(fields.take("a").map(RawValue::get), Some("1.0"));
        assert!(fields.take("a").is_none() && fields.take("b").is_none());
        assert_eq!(fields.text("c").as_deref(), Some("x\n"));
        assert_eq!(fields.left().collect::<Vec<_>>(), ["e"]);
        assert!(fields.object("e").is_some_and(|inner| inner.has("f")));
    }

    #[test]
    fn a_later_spelling_is_taken_too_but_the_first_counts() {
        let mut fields = Fields::read(r#"{"b":2,"a":1}"#).expect("an object");
        assert_eq!(fields.take_any(&["a", "b"]).map(RawValue::get), Some("1"));
        assert_eq!(fields.left().count(), 0);
    }
}
