//! Character classes.

use super::escape::Item;
use super::translate::{Translator, literal};

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
                    inside.extend([literal(from), "-".to_owned(), literal(to)]);
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
}
