//! Data that stands in a URL, as OpenAI's parts carry it: taken apart, and as text or as base64.

use std::borrow::Cow;

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    Base64,
    Percent,
    Plain,
}

/// RFC 2397, or data that came without its frame.
pub struct DataUrl<'a> {
    pub media_type: Cow<'a, str>,
    pub encoding: Encoding,
    pub data: &'a str,
}

impl<'a> DataUrl<'a> {
    pub fn parse(url: &'a str) -> Option<Self> {
        let (head, data) = url.strip_prefix("data:")?.split_once(',')?;
        let mut words = head.split(';');
        let media_type = words.next().filter(|word| !word.is_empty()).unwrap_or("text/plain");
        let base64 = words.any(|word| word.trim().eq_ignore_ascii_case("base64"));
        let encoding = if base64 { Encoding::Base64 } else { Encoding::Percent };
        Some(Self { media_type: Cow::Owned(media_type.trim().to_ascii_lowercase()), encoding, data })
    }

    /// `None` when it is no UTF-8, or no base64.
    pub fn to_text(&self) -> Option<Cow<'a, str>> {
        let bytes = match self.encoding {
            Encoding::Plain => return Some(Cow::Borrowed(self.data)),
            Encoding::Percent => unescaped(self.data),
            Encoding::Base64 => base64_simd::forgiving_decode_to_vec(self.data.as_bytes()).ok()?,
        };
        String::from_utf8(bytes).ok().map(Cow::Owned)
    }

    pub fn to_base64(&self) -> Cow<'a, str> {
        match self.encoding {
            Encoding::Percent => Cow::Owned(base64_simd::STANDARD.encode_to_string(unescaped(self.data))),
            _ => Cow::Borrowed(self.data),
        }
    }
}

/// Percent-encoded text as bytes; a `%` that begins no escape stands for itself.
fn unescaped(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let digit = |at: usize| after.get(at).and_then(|byte| char::from(*byte).to_digit(16));
        if let (b'%', Some(high), Some(low)) = (*first, digit(0), digit(1)) {
            bytes.push((high * 16 + low) as u8);
            rest = &after[2..];
        } else {
            bytes.push(*first);
            rest = after;
        }
    }
    bytes
}
