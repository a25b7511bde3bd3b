//! Attributes of spans and metrics as they are put together: in protobuf at once, each as the field of a message that has
//! them (9 in spans and data points alike). A struct for each, with its name and value, took more time than all else of a span.

use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;
use serde_json::Value;

/// Bytes of messages, which can follow and hold each other.
pub type Encoded = Vec<u8>;

/// Fields by their numbers, with what kind of value follows.
const WHOLE: u8 = 0;
const EIGHT_BYTES: u8 = 1;
const LENGTH: u8 = 2;
const FOUR_BYTES: u8 = 5;

const ATTRIBUTES: u8 = 9;

/// A span's attributes are so long, as a rule.
const ROOM: usize = 1 << 11;

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Attributes(pub Encoded);

/// A value that an attribute can have, by its field in `AnyValue`.
enum Any<'v> {
    Text(&'v str),
    Flag(bool),
    Whole(i64),
    Number(f64),
    Texts(&'v [u8]),
}

fn varint(bytes: &mut Encoded, mut number: u64) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

const fn length_of(number: u64) -> usize {
    (70 - (number | 1).leading_zeros() as usize) / 7
}

/// A field that holds bytes, a text or a message.
pub fn held(bytes: &mut Encoded, field: u8, value: &[u8]) {
    opened(bytes, field, value.len());
    bytes.extend_from_slice(value);
}

/// The same, where nothing is left out.
pub fn held_some(bytes: &mut Encoded, field: u8, value: &[u8]) {
    if !value.is_empty() {
        held(bytes, field, value);
    }
}

/// The head of a field whose value of so many bytes follows.
pub fn opened(bytes: &mut Encoded, field: u8, length: usize) {
    bytes.push(field << 3 | LENGTH);
    varint(bytes, length as u64);
}

pub fn whole(bytes: &mut Encoded, field: u8, number: u64) {
    bytes.push(field << 3 | WHOLE);
    varint(bytes, number);
}

pub fn fixed_64(bytes: &mut Encoded, field: u8, number: u64) {
    bytes.push(field << 3 | EIGHT_BYTES);
    bytes.extend_from_slice(&number.to_le_bytes());
}

/// Of a field whose number is above 15.
pub fn fixed_32(bytes: &mut Encoded, field: u8, number: u32) {
    varint(bytes, u64::from(field) << 3 | u64::from(FOUR_BYTES));
    bytes.extend_from_slice(&number.to_le_bytes());
}

impl Any<'_> {
    fn length(&self) -> usize {
        let held = |length: usize| 1 + length_of(length as u64) + length;
        match self {
            Self::Text(text) => held(text.len()),
            Self::Flag(_) => 2,
            Self::Whole(number) => 1 + length_of(*number as u64),
            Self::Number(_) => 9,
            Self::Texts(list) => held(list.len()),
        }
    }

    fn write(&self, bytes: &mut Encoded) {
        match self {
            Self::Text(text) => held(bytes, 1, text.as_bytes()),
            Self::Flag(flag) => whole(bytes, 2, u64::from(*flag)),
            Self::Whole(number) => whole(bytes, 3, *number as u64),
            Self::Number(number) => fixed_64(bytes, 4, number.to_bits()),
            Self::Texts(list) => held(bytes, 5, list),
        }
    }
}

impl Attributes {
    /// Those that there are, with room for more.
    pub fn beginning(with: &[u8]) -> Self {
        let mut bytes = Vec::with_capacity(ROOM);
        bytes.extend_from_slice(with);
        Self(bytes)
    }

    /// The name is in two parts, of which the first may be empty.
    fn add(&mut self, (scope, name): (&str, &str), value: &Any<'_>) {
        let (name_length, value_length) = (scope.len() + name.len(), value.length());
        let lengths = length_of(name_length as u64) + length_of(value_length as u64);
        opened(&mut self.0, ATTRIBUTES, 2 + lengths + name_length + value_length);
        opened(&mut self.0, 1, name_length);
        self.0.extend_from_slice(scope.as_bytes());
        self.0.extend_from_slice(name.as_bytes());
        opened(&mut self.0, 2, value_length);
        value.write(&mut self.0);
    }

    pub fn text(&mut self, key: &str, text: &str) {
        self.add(("", key), &Any::Text(text));
    }

    /// One of many whose names begin alike.
    pub fn text_of(&mut self, scope: &str, key: &str, text: &str) {
        self.add((scope, key), &Any::Text(text));
    }

    pub fn maybe_text(&mut self, key: &str, text: Option<&(impl AsRef<str> + ?Sized)>) {
        if let Some(text) = text {
            self.text(key, text.as_ref());
        }
    }

    pub fn whole(&mut self, key: &str, number: Option<i64>) {
        if let Some(number) = number {
            self.add(("", key), &Any::Whole(number));
        }
    }

    pub fn number(&mut self, key: &str, number: Option<f64>) {
        if let Some(number) = number {
            self.add(("", key), &Any::Number(number));
        }
    }

    pub fn flag(&mut self, key: &str, flag: bool) {
        self.add(("", key), &Any::Flag(flag));
    }

    /// A list, where there is something in it.
    pub fn texts(&mut self, key: &str, texts: impl IntoIterator<Item = impl AsRef<str>>) {
        let mut list = Vec::new();
        for text in texts {
            let text = Any::Text(text.as_ref());
            opened(&mut list, 1, text.length());
            text.write(&mut list);
        }
        if !list.is_empty() {
            self.add(("", key), &Any::Texts(&list));
        }
    }

    /// A string, a number or a boolean of JSON; anything else says nothing.
    pub fn json(&mut self, key: &str, value: &Value) {
        match value {
            Value::String(text) => self.text(key, text.as_str()),
            Value::Bool(flag) => self.flag(key, *flag),
            Value::Number(number) => match number.as_i64() {
                Some(whole) => self.whole(key, Some(whole)),
                None => self.number(key, number.as_f64()),
            },
            _ => {}
        }
    }

    /// As the official types have them.
    pub fn decoded(&self) -> Vec<KeyValue> {
        // A span with attributes and nothing else is what these bytes are.
        Span::decode(self.0.as_slice()).expect("what is written here is protobuf").attributes
    }
}

#[cfg(test)]
mod tests {
    use opentelemetry_proto::tonic::common::v1::{AnyValue, ArrayValue, any_value::Value as Told};
    use proptest::prelude::*;

    use super::*;

    fn attribute(key: &str, value: Told) -> KeyValue {
        KeyValue { key: key.to_owned(), value: Some(AnyValue { value: Some(value) }), key_strindex: 0 }
    }

    proptest! {
        /// What is written by hand is, byte for byte, what the official types write.
        #[test]
        fn attributes_are_written_as_the_official_types_write_them(
            key in ".{1,200}", text in ".{0,300}", whole: i64, number: f64, flag: bool,
            texts in proptest::collection::vec(".{0,150}", 1..4),
        ) {
            let mut attributes = Attributes::default();
            attributes.text(&key, &text);
            attributes.text_of("scope.", &key, &text);
            attributes.whole(&key, Some(whole));
            attributes.number(&key, Some(number));
            attributes.flag(&key, flag);
            attributes.texts(&key, &texts);
            let values = texts.into_iter().map(|text| AnyValue { value: Some(Told::StringValue(text)) }).collect();
            let official = Span {
                attributes: vec![
                    attribute(&key, Told::StringValue(text.clone())),
                    attribute(&format!("scope.{key}"), Told::StringValue(text)),
                    attribute(&key, Told::IntValue(whole)),
                    attribute(&key, Told::DoubleValue(number)),
                    attribute(&key, Told::BoolValue(flag)),
                    attribute(&key, Told::ArrayValue(ArrayValue { values })),
                ],
                ..Span::default()
            };
            prop_assert_eq!(&attributes.0, &official.encode_to_vec());
        }
    }
}
