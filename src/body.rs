//! In: a long body, in the pieces that JavaScript hands it over in, put together on the engine's threads. V8 takes ten times
//! longer to make JSON of a long text, and longer for its UTF-8 than for a copy of its UTF-16.

use bytes::Bytes;
use encoding_rs::mem;
use engine::first_escaped;
use napi::bindgen_prelude::Utf16String;

/// The pieces of a body, by turns JSON and a text that has yet to become JSON.
#[derive(Default)]
pub struct Long(pub Vec<Utf16String>);

impl Long {
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// In UTF-16 code units.
    pub fn length(&self) -> usize {
        self.0.iter().map(|piece| piece.len()).sum()
    }

    /// The body as `JSON.stringify` would have made it of the whole.
    pub fn join(self) -> Bytes {
        let mut body = Vec::with_capacity(self.length() / 8 * 9);
        for (at, piece) in self.0.iter().enumerate() {
            if at % 2 == 0 {
                push(piece, &mut body, |utf8, body| body.extend_from_slice(utf8));
            } else {
                body.push(b'"');
                push(piece, &mut body, push_escaped);
                body.push(b'"');
            }
        }
        body.into()
    }
}

/// So many UTF-16 code units are converted at a time, so that they stay in the processor's cache.
const PART: usize = 4096;

/// Adds what `write` makes of UTF-8. Half a surrogate pair, which stands in texts only, is escaped, since UTF-8 cannot have it.
fn push(mut units: &[u16], body: &mut Vec<u8>, write: fn(&[u8], &mut Vec<u8>)) {
    let mut utf8 = [0; PART * 3];
    while !units.is_empty() {
        let part = &units[..units.len().min(PART)];
        let (sound, rest) = part.split_at(mem::utf16_valid_up_to(part));
        let written = mem::convert_utf16_to_utf8(sound, &mut utf8);
        write(&utf8[..written], body);
        units = &units[sound.len()..];
        // A pair whose halves stand in two parts is whole in the next one.
        let is_cut = rest.len() == 1 && units.len() > 1;
        if let Some(half) = rest.first().filter(|_| !is_cut) {
            body.extend_from_slice(format!("\\u{half:04x}").as_bytes());
            units = &units[1..];
        }
    }
}

fn push_escaped(mut text: &[u8], to: &mut Vec<u8>) {
    while let Some(at) = first_escaped(text) {
        to.extend_from_slice(&text[..at]);
        match text[at] {
            b'"' => to.extend_from_slice(b"\\\""),
            b'\\' => to.extend_from_slice(b"\\\\"),
            b'\n' => to.extend_from_slice(b"\\n"),
            b'\r' => to.extend_from_slice(b"\\r"),
            b'\t' => to.extend_from_slice(b"\\t"),
            0x08 => to.extend_from_slice(b"\\b"),
            0x0c => to.extend_from_slice(b"\\f"),
            control => to.extend_from_slice(format!("\\u{control:04x}").as_bytes()),
        }
        text = &text[at + 1..];
    }
    to.extend_from_slice(text);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joined(pieces: &[&str]) -> String {
        let pieces = pieces.iter().map(|piece| Utf16String::from((*piece).to_owned())).collect();
        String::from_utf8(Long(pieces).join().to_vec()).expect("UTF-8")
    }

    #[test]
    fn texts_become_json_among_json() {
        assert_eq!(joined(&[r#"{"a":"é","b":"#, "say \"hé\"\n", "}"]), r#"{"a":"é","b":"say \"hé\"\n"}"#);
        assert_eq!(joined(&[r#"{"whole":1}"#]), r#"{"whole":1}"#);
    }

    #[test]
    fn every_character_is_escaped_as_serde_and_v8_do_wherever_it_stands() {
        let odd = (0..0x80u8).map(char::from).chain(['\u{7f}', '\u{80}', 'é', '€', '\u{2028}', '😀']);
        for character in odd {
            for before in 0..10 {
                let text = format!("{}{character}{}", "x".repeat(before), "é".repeat(9));
                let json = serde_json::to_string(&text).expect("a text");
                assert_eq!(joined(&["", &text, ""]), json);
            }
        }
    }

    #[test]
    fn parts_cut_no_character() {
        for before in PART - 3..PART + 3 {
            let text = format!("{}😀\n{}", "x".repeat(before), "€".repeat(PART));
            assert_eq!(joined(&["", &text, ""]), serde_json::to_string(&text).expect("a text"));
        }
        let halves = vec![0xd83d; PART * 2 + 1];
        let pieces = vec![Utf16String::from(String::new()), Utf16String::from(halves)];
        assert_eq!(Long(pieces).join(), format!("\"{}\"", r"\ud83d".repeat(PART * 2 + 1)).as_bytes());
    }

    #[test]
    fn halves_of_pairs_are_escaped() {
        let units = vec![0x61, 0xd83d, 0x22, 0xde00, 0xd83d, 0xde00, 0xd83d];
        let pieces = vec![Utf16String::from(String::new()), Utf16String::from(units)];
        assert_eq!(Long(pieces).join(), r#""a\ud83d\"\ude00😀\ud83d""#.as_bytes());
    }
}
