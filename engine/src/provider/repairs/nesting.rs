//! How far JSON that comes in pieces has come: enough to tell a whole object from the beginning of one. It does not check
//! what is inside.

#[derive(Default)]
pub struct Nesting {
    depth: usize,
    quoted: bool,
    escaped: bool,
    began: bool,
}

impl Nesting {
    pub fn read(&mut self, text: &str) {
        for byte in text.bytes() {
            if self.quoted {
                self.quoted = self.escaped || byte != b'"';
                self.escaped = !self.escaped && byte == b'\\';
                continue;
            }
            match byte {
                b'"' => self.quoted = true,
                b'{' | b'[' => {
                    self.depth += 1;
                    self.began = true;
                }
                b'}' | b']' => self.depth = self.depth.saturating_sub(1),
                _ => {}
            }
        }
    }

    /// Whether an object or a list began and has come to its end.
    pub fn is_whole(&self) -> bool {
        self.began && self.depth == 0 && !self.quoted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_whole_at_its_last_bracket_and_not_before() {
        let text = r#" {"a":"}\"]","b":[{}]}"#;
        let mut nesting = Nesting::default();
        for (at, letter) in text.char_indices() {
            assert!(!nesting.is_whole(), "{}", &text[..at]);
            nesting.read(letter.encode_utf8(&mut [0; 4]));
        }
        assert!(nesting.is_whole());
    }
}
