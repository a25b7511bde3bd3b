//! JSON as a value rather than as text: what two spellings of one body have in common, and nothing more.
//! The order of an object's keys, white space and escapes in strings make no difference. Numbers are compared as they are
//! spelled, since `1` and `1.0` may be answered differently. Text that two readers could understand differently, such as
//! an object with a key twice, has no canonical form.

use std::borrow::Cow;

use ring::digest::{Context, SHA256};
use serde_json::value::RawValue;

pub type Digest = [u8; 32];

/// No body is nested as deeply; more could overflow the stack.
const DEEPEST: u32 = 128;

pub enum Node<'t> {
    /// A number, `true`, `false`, `null`, or a string that is no Unicode text, as it is spelled.
    Raw(&'t str),
    Text(Cow<'t, str>),
    List(Vec<Node<'t>>),
    /// Sorted by key.
    Map(Vec<(Cow<'t, str>, Node<'t>)>),
    /// Something that was taken out.
    Hole,
}

impl<'t> Node<'t> {
    pub fn read(text: &'t [u8]) -> Option<Self> {
        let valid: &RawValue = serde_json::from_str(std::str::from_utf8(text).ok()?).ok()?;
        Scanner { text: valid.get(), at: 0 }.value(DEEPEST)
    }

    pub fn digest(&self) -> Digest {
        let mut hash = hash();
        self.feed(&mut hash);
        sum(hash)
    }

    pub fn get(&self, name: &str) -> Option<&Self> {
        let Self::Map(fields) = self else { return None };
        fields.iter().find(|(key, _)| key == name).map(|(_, value)| value)
    }

    pub fn get_mut(&mut self, name: &str) -> Option<&mut Self> {
        let Self::Map(fields) = self else { return None };
        fields.iter_mut().find(|(key, _)| key == name).map(|(_, value)| value)
    }

    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Every part is preceded by what it is and how long, so that no two values feed the same bytes.
    fn feed(&self, hash: &mut Context) {
        match self {
            Self::Raw(raw) => part(hash, b'r', raw.as_bytes()),
            Self::Text(text) => part(hash, b't', text.as_bytes()),
            Self::Hole => part(hash, b'h', &[]),
            Self::List(items) => {
                count(hash, b'l', items.len());
                for item in items {
                    item.feed(hash);
                }
            }
            Self::Map(fields) => {
                count(hash, b'm', fields.len());
                for (key, value) in fields {
                    part(hash, b'k', key.as_bytes());
                    value.feed(hash);
                }
            }
        }
    }
}

/// A SHA-256: ring's, since it's fast on processors without instructions for it too.
pub fn hash() -> Context {
    Context::new(&SHA256)
}

/// What has been fed to `hash`.
pub fn sum(hash: Context) -> Digest {
    hash.finish().as_ref().try_into().expect("a SHA-256 has 32 bytes")
}

/// Feeds `bytes`, which no other bytes can be mistaken for.
pub fn part(hash: &mut Context, tag: u8, bytes: &[u8]) {
    count(hash, tag, bytes.len());
    hash.update(bytes);
}

fn count(hash: &mut Context, tag: u8, count: usize) {
    let mut head = [tag; 9];
    head[1..].copy_from_slice(&(count as u64).to_be_bytes());
    hash.update(&head);
}

/// Reads text that is known to be valid JSON.
struct Scanner<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Scanner<'t> {
    fn value(&mut self, depth: u32) -> Option<Node<'t>> {
        let depth = depth.checked_sub(1)?;
        match self.peek()? {
            b'{' => self.map(depth),
            b'[' => self.list(depth),
            b'"' => self.string(),
            _ => self.scalar(),
        }
    }

    fn map(&mut self, depth: u32) -> Option<Node<'t>> {
        let mut fields = Vec::new();
        self.at += 1;
        while self.peek()? != b'}' {
            let Node::Text(key) = self.string()? else { return None };
            self.skip(b':')?;
            fields.push((key, self.value(depth)?));
            if self.peek()? == b',' {
                self.at += 1;
            }
        }
        self.at += 1;
        fields.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
        let is_plain = fields.windows(2).all(|pair| pair[0].0 != pair[1].0);
        is_plain.then_some(Node::Map(fields))
    }

    fn list(&mut self, depth: u32) -> Option<Node<'t>> {
        let mut items = Vec::new();
        self.at += 1;
        while self.peek()? != b']' {
            items.push(self.value(depth)?);
            if self.peek()? == b',' {
                self.at += 1;
            }
        }
        self.at += 1;
        Some(Node::List(items))
    }

    fn string(&mut self) -> Option<Node<'t>> {
        self.peek()?;
        let begins = self.at;
        let mut escaped = false;
        self.at += 1;
        loop {
            let rest = self.text.as_bytes().get(self.at..)?;
            self.at += memchr::memchr2(b'"', b'\\', rest)?;
            if self.text.as_bytes()[self.at] == b'"' {
                break;
            }
            escaped = true;
            self.at += 2;
        }
        self.at += 1;
        let raw = self.text.get(begins..self.at)?;
        if !escaped {
            return Some(Node::Text(Cow::Borrowed(&raw[1..raw.len() - 1])));
        }
        // Half of a surrogate pair is valid JSON and no text.
        Some(serde_json::from_str(raw).map_or(Node::Raw(raw), |text| Node::Text(Cow::Owned(text))))
    }

    fn scalar(&mut self) -> Option<Node<'t>> {
        let rest = self.text.get(self.at..)?;
        let ends = |c: char| matches!(c, ',' | ']' | '}') || c.is_ascii_whitespace();
        let raw = &rest[..rest.find(ends).unwrap_or(rest.len())];
        self.at += raw.len();
        (!raw.is_empty()).then_some(Node::Raw(raw))
    }

    fn skip(&mut self, expected: u8) -> Option<()> {
        (self.peek()? == expected).then(|| self.at += 1)
    }

    /// The next byte that is no white space.
    fn peek(&mut self) -> Option<u8> {
        let rest = self.text.as_bytes().get(self.at..)?;
        let skipped = rest.iter().position(|byte| !byte.is_ascii_whitespace())?;
        self.at += skipped;
        Some(rest[skipped])
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Map, Value, json};

    use super::*;

    fn digest(text: &str) -> Digest {
        Node::read(text.as_bytes()).unwrap_or_else(|| panic!("{text} has a form")).digest()
    }

    #[test]
    fn spelling_makes_no_difference_where_json_says_so() {
        let plain = digest(r#"{"a":"é/","b":[1,{"c":null,"d":true}],"":{}}"#);
        for same in [
            r#"{"b":[1,{"d":true,"c":null}],"":{},"a":"é/"}"#,
            " { \"a\" : \"\\u00e9\\/\" ,\n\t\"b\":[ 1 , {\"c\":null,\"d\":true } ] , \"\": { } } ",
            r#"{"\u0061":"é/","b":[1,{"c":null,"d":true}],"":{}}"#,
        ] {
            assert_eq!(digest(same), plain, "{same}");
        }
    }

    #[test]
    fn what_could_be_answered_differently_differs() {
        let all = r#"
            1  1.0  1e0  -1  "1"  true  "true"  null  "null"  []  {}  ""  [1]  [[1]]  [1,2]  [2,1]  [12]
            [[1],2]  [[1,2]]  {"a":1}  {"a":1.0}  {"b":1}  {"a":{"b":1}}  {"a":1,"b":1}  ["a",1]  ["a","b"]
            ["ab",""]  ["a,b"]  "\ud800"  "\ud801"  "\\ud800"  "a"  "A"  "a_"  12345678901234567890123
            12345678901234567890124
        "#;
        let all: Vec<_> = all.split_whitespace().collect();
        let digests: std::collections::HashSet<_> = all.iter().map(|text| digest(text)).collect();
        assert_eq!(digests.len(), all.len());
        assert_ne!(digest(r#""a b""#), digest(r#""ab""#));
    }

    #[test]
    fn what_has_no_single_meaning_has_no_form() {
        let nested = |depth| "[".repeat(depth) + &"]".repeat(depth);
        let texts = r#"{ [1,] {"a":} 01 nul {}1 {"a":1,"a":1} {"a":1,"\u0061":2} [{"x":{"a":1,"b":2,"a":3}}] {"\ud800":1}"#;
        for text in texts.split(' ').chain(["", "1 2", &nested(200), &nested(100_000)]) {
            assert!(Node::read(text.as_bytes()).is_none(), "{text:.40}");
        }
        assert!(Node::read(b"\"\xff\"").is_none(), "no UTF-8");
        assert!(Node::read(nested(100).as_bytes()).is_some());
    }

    fn values() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            any::<String>().prop_map(Value::from),
            "[\"\\\\{}\\[\\]:, /\u{1F600}\n]{0,6}".prop_map(Value::from),
        ];
        leaf.prop_recursive(5, 60, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                prop::collection::vec((any::<String>(), inner), 0..6)
                    .prop_map(|fields| Value::Object(fields.into_iter().collect())),
            ]
        })
    }

    /// The same value with the keys of every object in the opposite order.
    fn reversed(value: &Value) -> Value {
        match value {
            Value::Array(items) => items.iter().map(reversed).collect(),
            Value::Object(fields) => {
                let turned: Map<String, Value> =
                    fields.iter().rev().map(|(key, value)| (key.clone(), reversed(value))).collect();
                Value::Object(turned)
            }
            other => other.clone(),
        }
    }

    /// How many values there are in a value, itself included.
    fn size(value: &Value) -> usize {
        1 + match value {
            Value::Array(items) => items.iter().map(size).sum(),
            Value::Object(fields) => fields.values().map(size).sum(),
            _ => 0,
        }
    }

    /// Changes the value that is `at`-th in order.
    fn change(value: &mut Value, at: &mut usize) {
        if *at == 0 {
            *value = json!({ "changed": value.clone() });
        }
        *at = at.wrapping_sub(1);
        match value {
            Value::Array(items) => items.iter_mut().for_each(|item| change(item, at)),
            Value::Object(fields) => fields.values_mut().for_each(|item| change(item, at)),
            _ => {}
        }
    }

    proptest! {
        #[test]
        fn the_order_of_keys_and_white_space_make_no_difference(value in values()) {
            let plain = digest(&value.to_string());
            prop_assert_eq!(digest(&reversed(&value).to_string()), plain);
            let spaced = serde_json::to_string_pretty(&value).expect("a value has a text");
            prop_assert_eq!(digest(&spaced), plain);
        }

        #[test]
        fn any_change_makes_a_difference(value in values(), at in any::<prop::sample::Index>()) {
            let mut changed = value.clone();
            change(&mut changed, &mut at.index(size(&value)));
            prop_assert_ne!(digest(&changed.to_string()), digest(&value.to_string()));
        }

        #[test]
        fn no_text_is_read_that_is_no_json(text in "[\\[\\]{}\",:0-9a\\\\ .u-]{0,24}") {
            let known = serde_json::from_str::<serde::de::IgnoredAny>(&text).is_ok();
            prop_assert!(Node::read(text.as_bytes()).is_none() || known);
        }
    }
}
