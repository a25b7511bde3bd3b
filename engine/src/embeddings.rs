//! Embeddings: their numbers are most of such an answer, and decoding them here keeps them off the caller's thread.
//! A call that names no `encoding_format` asks for base64, a third of the size; hosts that send decimal numbers all
//! the same are understood. Floats the caller asked for are parsed to the last bit. Anything unexpected is handed on
//! as it came.

use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::body::Body;

/// The numbers of all embeddings, one after the other.
pub enum Floats {
    /// From base64: the 32-bit floats that the host has.
    Single(Vec<f32>),
    /// From decimal text.
    Double(Vec<f64>),
}

/// An embeddings answer in two parts: JSON in which each `embedding` is the count of its numbers, and the numbers.
pub struct Vectors {
    pub json: Vec<u8>,
    pub floats: Floats,
}

/// Which encoding the caller is to see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// The caller asked for nothing: base64 is put on the wire, numbers are handed back.
    Unsaid,
    Floats,
    /// The caller asked for base64 or for something else: nothing is decoded.
    Other,
}

/// Reads what the caller asked for, and puts `encoding_format` on the wire where it said nothing.
/// Returns the bytes to send when they differ from `text`.
pub fn prepare(text: &Bytes) -> (Encoding, Option<Bytes>) {
    let Ok(mut body) = Body::parse(text) else { return (Encoding::Other, None) };
    match body.get("encoding_format") {
        None | Some("null") => {
            body.set("encoding_format", "\"base64\"");
            (Encoding::Unsaid, Some(body.to_bytes()))
        }
        Some("\"float\"") => (Encoding::Floats, None),
        Some(_) => (Encoding::Other, None),
    }
}

/// Which encoding the caller asked for.
pub fn asked(text: &[u8]) -> Encoding {
    match Body::parse(text).ok().as_ref().map(|body| body.get("encoding_format")) {
        Some(None | Some("null")) => Encoding::Unsaid,
        Some(Some("\"float\"")) => Encoding::Floats,
        _ => Encoding::Other,
    }
}

#[derive(Deserialize)]
struct Item<'a> {
    #[serde(borrow)]
    embedding: &'a RawValue,
}

#[derive(Deserialize)]
struct Reply<'a> {
    #[serde(borrow)]
    data: Vec<Item<'a>>,
}

/// Takes the numbers out of an answer's text; `None` when it isn't of the usual shape.
pub fn decode(text: &[u8], encoding: Encoding) -> Option<Vectors> {
    if encoding == Encoding::Other {
        return None;
    }
    let text = std::str::from_utf8(text).ok()?;
    let items = serde_json::from_str::<Reply<'_>>(text).ok()?.data;
    let raws: Vec<&str> = items.iter().map(|item| item.embedding.get()).collect();
    let base64 = encoding == Encoding::Unsaid && raws.first()?.starts_with('"');
    let (counts, floats) = if base64 { single(&raws)? } else { double(&raws)? };
    Some(Vectors { json: with_counts(text, &raws, &counts), floats })
}

fn single(raws: &[&str]) -> Option<(Vec<usize>, Floats)> {
    let mut floats = Vec::with_capacity(raws.iter().map(|raw| raw.len() * 3 / 16).sum());
    let mut counts = Vec::with_capacity(raws.len());
    for raw in raws {
        let text = raw.strip_prefix('"')?.strip_suffix('"')?;
        let bytes = base64_simd::STANDARD.decode_to_vec(text).ok()?;
        let words = bytes.chunks_exact(4);
        if !words.remainder().is_empty() {
            return None;
        }
        counts.push(words.len());
        floats.extend(words.map(|word| f32::from_le_bytes([word[0], word[1], word[2], word[3]])));
    }
    Some((counts, Floats::Single(floats)))
}

fn double(raws: &[&str]) -> Option<(Vec<usize>, Floats)> {
    // A decimal number takes about ten bytes.
    let mut floats = Vec::with_capacity(raws.iter().map(|raw| raw.len() / 10).sum());
    let mut counts = Vec::with_capacity(raws.len());
    for raw in raws {
        let inside = raw.strip_prefix('[')?.strip_suffix(']')?.trim();
        let before = floats.len();
        if !inside.is_empty() {
            for number in inside.split(',') {
                floats.push(number.trim().parse::<f64>().ok()?);
            }
        }
        counts.push(floats.len() - before);
    }
    Some((counts, Floats::Double(floats)))
}

/// `text` with each raw embedding, all of them slices of it, replaced by its count.
fn with_counts(text: &str, raws: &[&str], counts: &[usize]) -> Vec<u8> {
    let start = text.as_ptr() as usize;
    let mut json = Vec::with_capacity(512);
    let mut from = 0;
    for (raw, count) in raws.iter().zip(counts) {
        let at = raw.as_ptr() as usize - start;
        json.extend_from_slice(&text.as_bytes()[from..at]);
        json.extend_from_slice(count.to_string().as_bytes());
        from = at + raw.len();
    }
    json.extend_from_slice(&text.as_bytes()[from..]);
    json
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(vectors: &Vectors) -> &str {
        std::str::from_utf8(&vectors.json).expect("UTF-8")
    }

    #[test]
    fn a_call_that_names_no_encoding_asks_for_base64() {
        let (encoding, wire) = prepare(&Bytes::from_static(br#"{"model":"m","input":["a"]}"#));
        assert_eq!(encoding, Encoding::Unsaid);
        assert_eq!(
            wire.expect("changed"),
            Bytes::from_static(br#"{"model":"m","input":["a"],"encoding_format":"base64"}"#)
        );
        let (encoding, wire) = prepare(&Bytes::from_static(br#"{"input":"a","encoding_format":"float"}"#));
        assert_eq!((encoding, wire), (Encoding::Floats, None));
        let (encoding, wire) = prepare(&Bytes::from_static(br#"{"input":"a","encoding_format":"base64"}"#));
        assert_eq!((encoding, wire), (Encoding::Other, None));
    }

    #[test]
    fn base64_becomes_single_floats() {
        let reply = br#"{"object":"list","data":[{"index":0,"embedding":"AACAPwAAAMA="},{"embedding":"AAAAPw==","index":1}],"model":"m"}"#;
        let vectors = decode(reply, Encoding::Unsaid).expect("decoded");
        assert_eq!(
            text(&vectors),
            r#"{"object":"list","data":[{"index":0,"embedding":2},{"embedding":1,"index":1}],"model":"m"}"#
        );
        assert!(matches!(vectors.floats, Floats::Single(floats) if floats == [1.0, -2.0, 0.5]));
    }

    #[test]
    fn decimal_numbers_keep_every_bit() {
        let reply = br#"{"data":[{"embedding":[0.1, -2.5e-7,3]},{"embedding":[]}]}"#;
        for encoding in [Encoding::Unsaid, Encoding::Floats] {
            let vectors = decode(reply, encoding).expect("decoded");
            assert_eq!(text(&vectors), r#"{"data":[{"embedding":3},{"embedding":0}]}"#);
            assert!(matches!(vectors.floats, Floats::Double(floats) if floats == [0.1, -2.5e-7, 3.0]));
        }
    }

    #[test]
    fn what_is_not_of_the_usual_shape_is_left_alone() {
        let odd: [&[u8]; 7] = [
            b"{}",
            br#"{"data":[]}"#,
            br#"{"data":[{"embedding":"!!"}]}"#,
            br#"{"data":[{"embedding":"AAA="}]}"#,
            br#"{"data":[{"embedding":[[1]]}]}"#,
            br#"{"data":[{"embedding":{"int8":[1]}}]}"#,
            br#"{"data":[{"embedding":[1]},{"embedding":"AACAPw=="}]}"#,
        ];
        for reply in odd {
            assert!(decode(reply, Encoding::Unsaid).is_none(), "{}", String::from_utf8_lossy(reply));
        }
        assert!(decode(br#"{"data":[{"embedding":[1]}]}"#, Encoding::Other).is_none());
    }
}
