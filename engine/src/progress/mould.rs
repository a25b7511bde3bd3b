//! The events of a stream that differ only in their text. A model writes hundreds of chunks that repeat all but a word, so the
//! chunk that was read last is kept as a mould: one that fits it is known whole, by comparison, without being parsed again.
//! A mould is made only of a valid chunk that brings the first choice's text and nothing else that is kept, so whatever fits
//! is as valid and brings no more.

use std::ops::Range;

/// A chunk with a hole where its text is, and maybe one where a host pads it.
#[derive(Debug)]
pub struct Mould {
    data: Box<[u8]>,
    text: Range<usize>,
    /// Behind the text.
    padding: Option<Range<usize>>,
    flat: bool,
}

/// Where a chunk has what is in the holes of its mould: the insides of JSON strings.
#[derive(Debug, PartialEq, Eq)]
pub struct Cast {
    pub text: Range<usize>,
    pub padding: Option<Range<usize>>,
}

impl Mould {
    /// `text` and `padding` are the insides of strings of `data`; nothing where they are not, in this order.
    pub fn new(data: &str, text: &str, padding: Option<&str>) -> Option<Self> {
        let place = |part: &str| {
            let start = part.as_ptr().addr().checked_sub(data.as_ptr().addr())?;
            (data.get(start..start + part.len()) == Some(part)).then_some(start..start + part.len())
        };
        let text = place(text)?;
        let padding = match padding {
            Some(padding) => Some(place(padding).filter(|padding| text.end < padding.start)?),
            None => None,
        };
        let filled = &data[text.clone()];
        let opened = |bracket: char| data.matches(bracket).count() - filled.matches(bracket).count();
        let flat = opened('{') == 3 && opened('[') == 1;
        Some(Self { data: data.as_bytes().into(), text, padding, flat })
    }

    /// Whether it has no object or array beside the chunk itself, its choices, the first of them and that one's delta.
    pub fn is_flat(&self) -> bool {
        self.flat
    }

    /// Where a chunk has what is in the holes; `None` when it is another in anything else.
    pub fn cast(&self, data: &[u8]) -> Option<Cast> {
        let hole = |rest: &[u8], before: &[u8]| {
            let start = data.len() - rest.strip_prefix(before)?.len();
            Some(start..start + inside(&data[start..])?)
        };
        let text = hole(data, &self.data[..self.text.start])?;
        let rest = &data[text.end..];
        let Some(padding) = &self.padding else {
            return (rest == &self.data[self.text.end..]).then_some(Cast { text, padding: None });
        };
        let last = &self.data[padding.end..];
        let padding = hole(rest, &self.data[self.text.end..padding.start])?;
        (&data[padding.end..] == last).then_some(Cast { text, padding: Some(padding) })
    }
}

/// The length of a JSON string's inside, of which these bytes are the beginning; `None` when it has no end or is not valid.
fn inside(bytes: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        at += match bytes.get(at)? {
            b'"' => return Some(at),
            b'\\' => match bytes.get(at + 1)? {
                b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => 2,
                b'u' if bytes.get(at + 2..at + 6)?.iter().all(u8::is_ascii_hexdigit) => 6,
                _ => return None,
            },
            ..b' ' => return None,
            _ => 1,
        };
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const CHUNK: &str =
        r#"{"id":"c","choices":[{"index":0,"delta":{"content":"one"},"finish_reason":null}],"usage":null}"#;

    fn of(data: &str, text: &str) -> Mould {
        let at = data.find(text).expect("the text is in the data");
        Mould::new(data, &data[at..at + text.len()], None).expect("a mould")
    }

    #[test]
    fn a_chunk_fits_when_only_its_text_is_another() {
        let mould = of(CHUNK, "one");
        assert!(mould.is_flat());
        for text in ["", "one", "two words", r#"a\"b\\"#, r"\ud83d\n", "é😀{["] {
            let chunk = CHUNK.replace("one", text);
            let cast = mould.cast(chunk.as_bytes()).expect("it fits");
            assert_eq!((&chunk[cast.text], cast.padding), (text, None));
        }
        for text in ["a\"b", "a\nb", r"\x", r"\u12g4", r"\", "a\",\"tool_calls\":[1],\"x\":\""] {
            assert_eq!(mould.cast(CHUNK.replace("one", text).as_bytes()), None, "{text}");
        }
        assert_eq!(mould.cast(CHUNK.replace("null}]", "\"stop\"}]").as_bytes()), None);
        assert_eq!(mould.cast(&CHUNK.as_bytes()[..CHUNK.len() - 1]), None);
        assert_eq!(mould.cast(b""), None);
    }

    #[test]
    fn padding_is_a_hole_behind_the_text() {
        let chunk = r#"{"choices":[{"delta":{"content":"one"}}],"obfuscation":"xyz"}"#;
        let part = |text: &str| &chunk[chunk.find(text).expect("it is there")..][..text.len()];
        let mould = Mould::new(chunk, part("one"), Some(part("xyz"))).expect("a mould");
        let other = r#"{"choices":[{"delta":{"content":" word"}}],"obfuscation":"q"}"#;
        let cast = mould.cast(other.as_bytes()).expect("it fits");
        let padding = cast.padding.map(|padding| &other[padding]);
        assert_eq!((&other[cast.text], padding), (" word", Some("q")));
        assert!(Mould::new(chunk, part("xyz"), Some(part("one"))).is_none());
        assert!(Mould::new(chunk, "not of it", None).is_none());
    }

    #[test]
    fn a_chunk_with_more_objects_is_not_flat() {
        assert!(!of(&CHUNK.replace("null", "{}"), "one").is_flat());
        assert!(of(&CHUNK.replace("one", "{[{["), "{[{[").is_flat());
    }

    proptest! {
        #[test]
        fn what_fits_is_json_and_what_is_no_json_does_not_fit(text in r#"([a-z"{}\[\]\\é\n]|\\[nu"]|\\u00[0-9]{2}){0,8}"#) {
            let chunk = CHUNK.replace("one", &text);
            let cast = of(CHUNK, "one").cast(chunk.as_bytes()).is_some();
            let whole = format!("\"{text}\"");
            prop_assert_eq!(cast, serde_json::from_str::<&serde_json::value::RawValue>(&whole).is_ok());
        }
    }
}
