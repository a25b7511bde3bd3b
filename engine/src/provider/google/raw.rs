//! JSON text that is known to be valid, and how it is taken apart without reading it as JSON again: a body is checked
//! once, when it comes in, so that its lists and objects can be split by their brackets and quotes alone.

use std::borrow::Cow;

use memchr::memchr2;
use serde::Deserialize;
use serde::de::Deserializer;
use serde_json::value::RawValue;

use super::fields::Fields;

/// A JSON value as it is spelled, without white space around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Raw<'a>(&'a str);

impl<'a> Raw<'a> {
    /// `None` when `text` is no JSON value.
    pub fn parse(text: &'a str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    pub fn of(value: &'a RawValue) -> Self {
        Self(value.get())
    }

    pub fn get(self) -> &'a str {
        self.0
    }

    pub fn is_string(self) -> bool {
        self.0.starts_with('"')
    }

    pub fn is_object(self) -> bool {
        self.0.starts_with('{')
    }

    /// Whether it is `null`, or a string, a list or an object with nothing in it.
    pub fn is_empty(self) -> bool {
        matches!(self.0, "null" | "[]" | "{}" | "\"\"")
    }

    /// The text of a string.
    pub fn text(self) -> Option<Cow<'a, str>> {
        let inner = self.0.strip_prefix('"')?.strip_suffix('"')?;
        match memchr::memchr(b'\\', inner.as_bytes()) {
            None => Some(Cow::Borrowed(inner)),
            Some(_) => serde_json::from_str(self.0).ok().map(Cow::Owned),
        }
    }

    /// The elements of a list.
    pub fn elements(self) -> Option<Vec<Raw<'a>>> {
        let mut splitter = Splitter { text: self.0, at: 1 };
        self.0.starts_with('[').then(|| std::iter::from_fn(|| splitter.value()).collect())
    }

    /// The elements of a list that is mostly one of objects, each taken apart in the same pass.
    pub fn objects(self) -> Option<Vec<Element<'a>>> {
        let mut splitter = Splitter { text: self.0, at: 1 };
        self.0.starts_with('[').then(|| std::iter::from_fn(|| splitter.element()).collect())
    }

    /// The fields of an object.
    pub fn fields(self) -> Option<Fields<'a>> {
        let mut splitter = Splitter { text: self.0, at: 1 };
        self.is_object().then(|| splitter.fields())
    }
}

/// An element of a list.
pub enum Element<'a> {
    Object(Fields<'a>),
    Other(Raw<'a>),
}

impl<'de: 'a, 'a> Deserialize<'de> for Raw<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        <&'de RawValue>::deserialize(deserializer).map(Self::of)
    }
}

/// Walks over the values within a list or an object.
struct Splitter<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Splitter<'a> {
    fn element(&mut self) -> Option<Element<'a>> {
        self.skip_between();
        if self.text.as_bytes().get(self.at) != Some(&b'{') {
            return self.value().map(Element::Other);
        }
        self.at += 1;
        let fields = self.fields();
        self.at += 1;
        Some(Element::Object(fields))
    }

    /// The fields up to the closing bracket.
    fn fields(&mut self) -> Fields<'a> {
        Fields::new(std::iter::from_fn(|| Some((self.value()?.text()?, self.value()?))).collect())
    }

    /// Goes over what stands between values.
    fn skip_between(&mut self) {
        let rest = &self.text.as_bytes()[self.at.min(self.text.len())..];
        self.at += rest.iter().take_while(|byte| b" \n\r\t,:".contains(byte)).count();
    }

    /// The next value; `None` at the closing bracket.
    fn value(&mut self) -> Option<Raw<'a>> {
        self.skip_between();
        let bytes = self.text.as_bytes();
        let from = self.at;
        match bytes.get(from)? {
            b']' | b'}' => return None,
            b'"' => self.string(),
            b'[' | b'{' => self.nested(),
            _ => {
                let end = bytes[from..].iter().position(|byte| b" \n\r\t,:]}".contains(byte));
                self.at = end.map_or(bytes.len(), |length| from + length);
            }
        }
        self.text.get(from..self.at).map(Raw)
    }

    /// Goes behind the string that begins here.
    fn string(&mut self) {
        let bytes = self.text.as_bytes();
        self.at += 1;
        while let Some(length) = bytes.get(self.at..).and_then(|rest| memchr2(b'"', b'\\', rest)) {
            self.at += length;
            if bytes[self.at] == b'"' {
                self.at += 1;
                return;
            }
            self.at += 2;
        }
        self.at = bytes.len();
    }

    /// Goes behind the list or the object that begins here.
    fn nested(&mut self) {
        let bytes = self.text.as_bytes();
        let mut depth = 0;
        while let Some(byte) = bytes.get(self.at) {
            match byte {
                b'"' => {
                    self.string();
                    continue;
                }
                b'[' | b'{' => depth += 1,
                b']' | b'}' => depth -= 1,
                _ => {}
            }
            self.at += 1;
            if depth == 0 {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::Value;

    fn raw(text: &str) -> Raw<'_> {
        Raw::parse(text).expect("JSON")
    }

    #[test]
    fn a_list_is_split_between_its_elements() {
        let list = raw(r#"[ 1.0 ,"a\"],[\\",[ [] ,{"x":"}"}],{ "b" : "]" } , null,-2e5]"#);
        let elements: Vec<&str> = list.elements().expect("a list").into_iter().map(Raw::get).collect();
        assert_eq!(
            elements,
            ["1.0", r#""a\"],[\\""#, r#"[ [] ,{"x":"}"}]"#, r#"{ "b" : "]" }"#, "null", "-2e5"]
        );
        assert_eq!(raw("[]").elements(), Some(Vec::new()));
        assert_eq!(raw("{}").elements(), None);
    }

    #[test]
    fn a_list_of_objects_is_taken_apart_at_once() {
        let list = raw(r#"[ {"a":[{"x":1}],"b":"]}"} , "s",{}, {"c":null}]"#).objects().expect("a list");
        let told = |element: &Element<'_>| match element {
            Element::Object(fields) => {
                fields.iter().map(|(_, value)| value.get()).collect::<Vec<_>>().join(" ")
            }
            Element::Other(value) => value.get().to_owned(),
        };
        let told: Vec<String> = list.iter().map(told).collect();
        assert_eq!(told, [r#"[{"x":1}] "]}""#, r#""s""#, "", "null"]);
        assert!(raw("{}").objects().is_none());
    }

    #[test]
    fn an_object_is_split_between_its_fields() {
        let mut fields = raw(r#"{"a":1,"b\u0063" : [2,3],"d":{"e":"\\"}}"#).fields().expect("an object");
        assert_eq!(fields.take("bc").map(Raw::get), Some("[2,3]"));
        assert_eq!(fields.take("d").map(Raw::get), Some(r#"{"e":"\\"}"#));
        assert!(raw("[]").fields().is_none());
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            "[a\"\\\\\\[\\]{}:, é\n]{0,6}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 32, 5, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                prop::collection::vec(("[a\"\\\\\\]}]{0,3}", inner), 0..5)
                    .prop_map(|fields| fields.into_iter().collect::<serde_json::Map<_, _>>().into()),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_split_is_what_was_there(value in any_json(), pretty: bool) {
            let text = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) };
            let text = text.expect("a value has a JSON form");
            let value: Value = serde_json::from_str(&text).expect("JSON");
            let whole = raw(&text);
            let read = |raw: Raw<'_>| serde_json::from_str::<Value>(raw.get()).expect("JSON");
            let split = match (whole.elements(), whole.fields()) {
                (Some(elements), _) => elements.into_iter().map(read).collect(),
                (_, Some(fields)) => {
                    let fields = fields.iter().map(|(name, value)| (name.to_owned(), read(value)));
                    Value::Object(fields.collect())
                }
                _ => read(whole),
            };
            prop_assert_eq!(split, value);
        }
    }
}
