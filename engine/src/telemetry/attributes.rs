//! Attributes of spans and metrics as they are put together.

use opentelemetry_proto::tonic::common::v1::{AnyValue, ArrayValue, KeyValue, any_value};
use serde_json::Value;

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Attributes(pub Vec<KeyValue>);

impl Attributes {
    fn add(&mut self, key: impl Into<String>, value: any_value::Value) {
        let value = Some(AnyValue { value: Some(value) });
        self.0.push(KeyValue { key: key.into(), value, key_strindex: 0 });
    }

    pub fn text(&mut self, key: impl Into<String>, text: impl Into<String>) {
        self.add(key, any_value::Value::StringValue(text.into()));
    }

    pub fn maybe_text(&mut self, key: &str, text: Option<&(impl AsRef<str> + ?Sized)>) {
        if let Some(text) = text {
            self.text(key, text.as_ref());
        }
    }

    pub fn whole(&mut self, key: &str, number: Option<i64>) {
        if let Some(number) = number {
            self.add(key, any_value::Value::IntValue(number));
        }
    }

    pub fn number(&mut self, key: &str, number: Option<f64>) {
        if let Some(number) = number {
            self.add(key, any_value::Value::DoubleValue(number));
        }
    }

    pub fn flag(&mut self, key: &str, flag: bool) {
        self.add(key, any_value::Value::BoolValue(flag));
    }

    /// A list, where there is something in it.
    pub fn texts(&mut self, key: &str, texts: impl IntoIterator<Item = String>) {
        let value = |text| AnyValue { value: Some(any_value::Value::StringValue(text)) };
        let values: Vec<_> = texts.into_iter().map(value).collect();
        if !values.is_empty() {
            self.add(key, any_value::Value::ArrayValue(ArrayValue { values }));
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
}
