//! Text on its way to V8. V8 makes a string from Latin-1 or UTF-16 an order of magnitude faster than from UTF-8 that is
//! not ASCII, so the conversion is done on the engine's threads and only the copy is left for JavaScript's.

use bytes::Bytes;
use encoding_rs::mem;
use napi::bindgen_prelude::{Result, ToNapiValue};
use napi::{JsString, sys};

pub enum Text {
    Latin1(Bytes),
    Utf16(Vec<u16>),
}

impl Text {
    /// Reads UTF-8; bytes that are none become U+FFFD.
    pub fn from_utf8(bytes: Bytes) -> Self {
        if bytes.is_ascii() {
            return Self::Latin1(bytes);
        }
        let mut builder = TextBuilder::default();
        builder.push(&bytes);
        builder.finish()
    }
}

/// Puts a text together from pieces of UTF-8. Each piece must hold whole characters.
#[derive(Default)]
pub struct TextBuilder {
    latin1: Vec<u8>,
    /// Used from the first character on that Latin-1 lacks.
    utf16: Vec<u16>,
}

impl TextBuilder {
    /// Adds an ASCII character.
    pub fn push_ascii(&mut self, character: u8) {
        if self.utf16.is_empty() {
            self.latin1.push(character);
        } else {
            self.utf16.push(u16::from(character));
        }
    }

    pub fn push(&mut self, piece: &[u8]) {
        if self.utf16.is_empty() {
            if piece.is_ascii() {
                return self.latin1.extend_from_slice(piece);
            }
            if mem::is_utf8_latin1(piece) {
                let from = self.latin1.len();
                self.latin1.resize(from + piece.len(), 0);
                let written = mem::convert_utf8_to_latin1_lossy(piece, &mut self.latin1[from..]);
                return self.latin1.truncate(from + written);
            }
            self.widen();
        }
        let from = self.utf16.len();
        self.utf16.resize(from + piece.len() + 1, 0);
        let written = mem::convert_utf8_to_utf16(piece, &mut self.utf16[from..]);
        self.utf16.truncate(from + written);
    }

    pub fn push_all(&mut self, pieces: &[&[u8]]) {
        for piece in pieces {
            self.push(piece);
        }
    }

    fn widen(&mut self) {
        self.utf16.resize(self.latin1.len(), 0);
        mem::convert_latin1_to_utf16(&self.latin1, &mut self.utf16);
        self.latin1 = Vec::new();
    }

    /// Memory in use, in bytes.
    pub fn size(&self) -> usize {
        self.latin1.len() + self.utf16.len() * 2
    }

    pub fn finish(self) -> Text {
        if self.utf16.is_empty() { Text::Latin1(Bytes::from(self.latin1)) } else { Text::Utf16(self.utf16) }
    }
}

impl ToNapiValue for Text {
    unsafe fn to_napi_value(env: sys::napi_env, text: Self) -> Result<sys::napi_value> {
        let env = napi::Env::from_raw(env);
        let string: JsString<'_> = match &text {
            Text::Latin1(bytes) => env.create_string_latin1(bytes)?,
            Text::Utf16(units) => env.create_string_utf16(units)?,
        };
        // SAFETY: the string was made in this environment.
        unsafe { ToNapiValue::to_napi_value(env.raw(), string) }
    }
}
