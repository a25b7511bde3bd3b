//! Character classes and the escapes that stand for one character or a set of them.

use super::translate::{Translator, literal, set_of};

pub(super) const CLASS_DIGIT: &str = "0-9";
pub(super) const CLASS_WORD: &str = "0-9A-Za-z_";
pub(super) const CLASS_SPACE: &str =
    r"\t\n\x0B\x0C\r\x20\xA0\x{1680}\x{2000}-\x{200A}\x{2028}\x{2029}\x{202F}\x{205F}\x{3000}\x{FEFF}";

/// What an escape, or a place in a class, stands for.
pub(super) enum Item {
    Letter(char),
    /// The inside of a class.
    Set(String),
}

const HALVES: &str =
    "it matches half of a surrogate pair; texts are read by whole characters, so write the character itself";

impl Translator {
    /// A class, its `[` already read.
    pub(super) fn class(&mut self) -> Result<String, String> {
        let negated = self.take("^");
        let mut inside = String::new();
        let mut sets = String::new();
        while !self.take("]") {
            let from = self.class_item()?;
            let dashed =
                self.peek() == Some('-') && !matches!(self.letters.get(self.at + 1), None | Some(']'));
            let to = if dashed {
                self.at += 1;
                Some(self.class_item()?)
            } else {
                None
            };
            match (from, to) {
                (Item::Letter(from), Some(Item::Letter(to))) if from > to => {
                    return Err("a range in a class is in the wrong order".to_owned());
                }
                (Item::Letter(from), Some(Item::Letter(to))) => {
                    inside.push_str(&format!("{}-{}", literal(from), literal(to)));
                }
                (Item::Letter(letter), None) => inside.push_str(&literal(letter)),
                (Item::Set(set), None) => sets.push_str(&set),
                _ if self.flags.unicode => return Err("a range in a class ends in a set".to_owned()),
                (from, to) => {
                    for item in [Some(from), Some(Item::Letter('-')), to].into_iter().flatten() {
                        match item {
                            Item::Letter(letter) => inside.push_str(&literal(letter)),
                            Item::Set(set) => sets.push_str(&set),
                        }
                    }
                }
            }
        }
        inside.push_str(&sets);
        Ok(match (negated, inside.is_empty()) {
            (true, true) => "(?s:.)".to_owned(),
            (false, true) => r"[^\x{0}-\x{10FFFF}]".to_owned(),
            (true, false) => format!("[^{inside}]"),
            (false, false) => format!("[{inside}]"),
        })
    }

    fn class_item(&mut self) -> Result<Item, String> {
        match self.next() {
            None => Err("a [ is never closed".to_owned()),
            Some('\\') => match self.peek() {
                Some('b') => {
                    self.at += 1;
                    Ok(Item::Letter('\u{8}'))
                }
                Some('-') => {
                    self.at += 1;
                    Ok(Item::Letter('-'))
                }
                Some('1'..='9' | 'B' | 'k') => Err("an escape has no meaning in a class".to_owned()),
                _ => self.class_escape(),
            },
            Some(letter) => Ok(Item::Letter(letter)),
        }
    }

    /// An escape that means the same in and out of a class, its backslash already read.
    pub(super) fn class_escape(&mut self) -> Result<Item, String> {
        let Some(letter) = self.next() else { return Err("it ends in a backslash".to_owned()) };
        if let Some(set) = set_of(letter) {
            return Ok(Item::Set(set));
        }
        Ok(Item::Letter(match letter {
            't' => '\t',
            'n' => '\n',
            'v' => '\u{B}',
            'f' => '\u{C}',
            'r' => '\r',
            '0' if !self.peek().is_some_and(|c| c.is_ascii_digit()) => '\0',
            '0' => return Err("an octal escape is not known here".to_owned()),
            'c' => match self.next() {
                Some(control) if control.is_ascii_alphabetic() => char::from(control as u8 % 32),
                _ => return Err("\\c is followed by no letter".to_owned()),
            },
            'x' => self.hex(2)?,
            'u' => self.unicode_escape()?,
            'p' | 'P' => return self.property(letter),
            _ if !self.flags.unicode || "^$\\.*+?()[]{}|/".contains(letter) => letter,
            _ => return Err(format!("\\{letter} is no escape under the flag u")),
        }))
    }

    fn unicode_escape(&mut self) -> Result<char, String> {
        if self.flags.unicode && self.take("{") {
            let digits: String = self.letters[self.at..].iter().take_while(|c| **c != '}').collect();
            self.at += digits.chars().count() + 1;
            let code = u32::from_str_radix(&digits, 16).ok().and_then(char::from_u32);
            return code.ok_or_else(|| "\\u{…} holds no character".to_owned());
        }
        if self.peek() == Some('{') {
            return Err("\\u{…} means a character only under the flag u".to_owned());
        }
        let first = self.hex_number(4)?;
        if (0xD800..0xDC00).contains(&first) && self.take("\\u") {
            let second = self.hex_number(4)?;
            let pair = char::decode_utf16([first as u16, second as u16]).next();
            return pair.and_then(Result::ok).ok_or_else(|| HALVES.to_owned());
        }
        char::from_u32(first).ok_or_else(|| HALVES.to_owned())
    }

    fn hex(&mut self, digits: usize) -> Result<char, String> {
        self.hex_number(digits).and_then(|code| char::from_u32(code).ok_or_else(|| HALVES.to_owned()))
    }

    fn hex_number(&mut self, digits: usize) -> Result<u32, String> {
        let text: String = self.letters[self.at..].iter().take(digits).collect();
        let whole = text.len() == digits && text.chars().all(|c| c.is_ascii_hexdigit());
        self.at += digits;
        match u32::from_str_radix(&text, 16) {
            Ok(code) if whole => Ok(code),
            _ => Err("an escape lacks its hexadecimal digits".to_owned()),
        }
    }

    /// `\p{…}`: a property of Unicode, which the other syntax spells alike.
    fn property(&mut self, letter: char) -> Result<Item, String> {
        if !self.flags.unicode || self.flags.ignore_case {
            return Err(format!(
                "\\{letter}{{…}} means a property only under the flag u, and is not known under i"
            ));
        }
        let name: String = self.letters[self.at..].iter().skip(1).take_while(|c| **c != '}').collect();
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '=');
        if self.peek() != Some('{') || name.is_empty() || !name.chars().all(plain) {
            return Err(format!("\\{letter} is followed by no property"));
        }
        self.at += name.len() + 2;
        Ok(Item::Set(format!("\\{letter}{{{name}}}")))
    }
}
