//! JSON objects as fields of raw text, each taken once. What is left at the end is what nobody understood, so that it
//! can be told instead of lost. `null` counts as absent.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};

use super::raw::Raw;
use crate::provider::json::{Key, Object};

/// The fields of one object, in their order.
#[derive(Default)]
pub struct Fields<'a>(Vec<(Cow<'a, str>, Raw<'a>)>);

impl<'a> Fields<'a> {
    pub fn new(fields: Vec<(Cow<'a, str>, Raw<'a>)>) -> Self {
        Self(fields)
    }

    /// `None` when `text` is no JSON object.
    pub fn parse(text: &'a str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    /// A field's value, which is then no longer among the fields.
    pub fn take(&mut self, name: &str) -> Option<Raw<'a>> {
        let at = self.0.iter().position(|(key, _)| key == name)?;
        Some(self.0.remove(at).1).filter(|value| value.get() != "null")
    }

    /// The first of several spellings of one field.
    pub fn take_any(&mut self, names: &[&str]) -> Option<Raw<'a>> {
        names.iter().map(|name| self.take(name)).fold(None, Option::or)
    }

    /// The text of a field that should be a string; another value stays among the fields.
    pub fn text(&mut self, name: &str) -> Option<Cow<'a, str>> {
        self.take_as(name, Raw::text)
    }

    /// A field that should be an object; another value stays among the fields.
    pub fn object(&mut self, name: &str) -> Option<Fields<'a>> {
        self.take_as(name, Raw::fields)
    }

    fn take_as<T>(&mut self, name: &str, read: impl FnOnce(Raw<'a>) -> Option<T>) -> Option<T> {
        let at = self.0.iter().position(|(key, _)| key == name)?;
        let value = read(self.0[at].1)?;
        self.0.remove(at);
        Some(value)
    }

    pub fn add(&mut self, name: &'a str, value: Raw<'a>) {
        self.0.push((Cow::Borrowed(name), value));
    }

    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(key, value)| key == name && value.get() != "null")
    }

    /// Whether a field is spelled like this.
    pub fn is(&self, name: &str, json: &str) -> bool {
        self.0.iter().any(|(key, value)| key == name && value.get() == json)
    }

    pub fn iter(&self) -> impl Iterator<Item = (&str, Raw<'a>)> {
        self.0.iter().map(|(name, value)| (&**name, *value))
    }

    /// The names of the fields that say something.
    pub fn left(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter(|(_, value)| !value.is_empty()).map(|(name, _)| &**name)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Fields<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let fields = Object::deserialize(deserializer)?.into_fields().into_iter();
        Ok(Self(fields.map(|(name, value)| (name, Raw::of(value))).collect()))
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
                while let Some(Key(name)) = map.next_key()? {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_taken_once_and_null_is_absent() {
        let mut fields =
            Fields::parse(r#"{"a":1.0,"b":null,"c":"x\n","d":[],"e":{"f":2}}"#).expect("an object");
        assert_eq!(fields.take("a").map(Raw::get), Some("1.0"));
        assert!(fields.take("a").is_none() && fields.take("b").is_none());
        assert_eq!(fields.text("c").as_deref(), Some("x\n"));
        assert_eq!(fields.left().collect::<Vec<_>>(), ["e"]);
        assert!(fields.object("e").is_some_and(|inner| inner.has("f")));
    }

    #[test]
    fn a_field_of_another_kind_is_left_to_be_told() {
        let mut fields = Fields::parse(r#"{"a":1,"b":"x"}"#).expect("an object");
        assert!(fields.text("a").is_none() && fields.object("b").is_none());
        assert_eq!(fields.left().collect::<Vec<_>>(), ["a", "b"]);
    }

    #[test]
    fn a_later_spelling_is_taken_too_but_the_first_counts() {
        let mut fields = Fields::parse(r#"{"b":2,"a":1}"#).expect("an object");
        assert_eq!(fields.take_any(&["a", "b"]).map(Raw::get), Some("1"));
        assert_eq!(fields.left().count(), 0);
    }
}
