//! Escapes: characters, sets of them, boundaries and references to groups.

use super::translate::{Atom, Translator, literal};

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
    /// An escape, its backslash already read.
    pub(super) fn escape(&mut self) -> Result<Atom, String> {
        match self.peek() {
            Some(letter @ ('b' | 'B')) => {
                self.at += 1;
                self.boundary(letter);
                Ok(Atom::Assertion)
            }
            Some('k') if self.flags.unicode || self.named => {
                self.at += 1;
                let name = if self.take("<") { Some(self.name()?) } else { None };
                let number = self.out.groups.iter().position(|group| name.is_some() && *group == name);
                self.back_reference(number.ok_or("a reference names no group before it")?)
            }
            Some('1'..='9') => {
                let digits = self.digits().expect("a digit was seen");
                match digits.parse::<usize>() {
                    Ok(number) if number <= self.total => self.back_reference(number - 1),
                    _ => Err(format!("\\{digits} refers to no group")),
                }
            }
            _ => {
                match self.class_escape()? {
                    Item::Letter(letter) => self.write(literal(letter)),
                    Item::Set(set) => self.write(format_args!("(?-i:[{set}])")),
                }
                Ok(Atom::Letter)
            }
        }
    }

    /// A boundary of words in ASCII, which only one of the two crates has a sign for.
    fn boundary(&mut self, letter: char) {
        if !self.around {
            return self.write(format_args!("(?-u:\\{letter})"));
        }
        let (ends, begins) = if letter == 'b' { ("!", "=") } else { ("=", "!") };
        let w = CLASS_WORD;
        self.write(format_args!("(?:(?<=[{w}])(?{ends}[{w}])|(?<![{w}])(?{begins}[{w}]))"));
    }

    /// A reference to a group that has certainly matched: of any other, JavaScript says that it matches nothing.
    fn back_reference(&mut self, index: usize) -> Result<Atom, String> {
        if self.flags.ignore_case || self.behind > 0 {
            return Err("a back-reference in a look-behind or under the flag i is not known here".to_owned());
        }
        if !self.has_matched(index) {
            return Err("a back-reference is to a group that may not have matched".to_owned());
        }
        self.out.looks_around = true;
        self.write(format_args!("(?:\\{})", index + 1));
        Ok(Atom::MayBeEmpty)
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
            self.at -= 1;
            let digits = self.braced().filter(|digits| digits.chars().all(|c| c.is_ascii_hexdigit()));
            let code =
                digits.and_then(|digits| u32::from_str_radix(&digits, 16).ok()).and_then(char::from_u32);
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
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '=');
        let name = self.braced().filter(|name| !name.is_empty() && name.chars().all(plain));
        let Some(name) = name else { return Err(format!("\\{letter} is followed by no property")) };
        Ok(Item::Set(format!("\\{letter}{{{name}}}")))
    }

    /// What stands between braces.
    fn braced(&mut self) -> Option<String> {
        let rest = self.letters.get(self.at..)?.strip_prefix(&['{'])?;
        let inside: String = rest[..rest.iter().position(|letter| *letter == '}')?].iter().collect();
        self.at += inside.chars().count() + 2;
        Some(inside)
    }
}

/// The set that a class escape stands for, to be put between brackets.
fn set_of(letter: char) -> Option<String> {
    Some(match letter {
        'd' => CLASS_DIGIT.to_owned(),
        'w' => CLASS_WORD.to_owned(),
        's' => CLASS_SPACE.to_owned(),
        'D' => format!("[^{CLASS_DIGIT}]"),
        'W' => format!("[^{CLASS_WORD}]"),
        'S' => format!("[^{CLASS_SPACE}]"),
        _ => return None,
    })
}
