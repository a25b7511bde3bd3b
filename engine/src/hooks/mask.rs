//! An expression whose matches are not to be read, outside of any hook: texts with them covered.

use super::expression::{Expression, Flags, Template};
use crate::clock::SystemClock;

/// What stands in place of a match.
pub const COVER: &str = "[REDACTED]";

pub struct Mask {
    expression: Expression,
    cover: Template,
}

impl Mask {
    /// From a regular expression of JavaScript's and its flags. The error says what is wrong with it.
    pub fn new(pattern: &str, flags: &str) -> Result<Self, String> {
        let expression = Expression::to_replace(pattern, Flags::read(flags)?)?;
        let cover = Template::new(COVER, &expression)?;
        Ok(Self { expression, cover })
    }

    /// The text with every match covered; `None` where there is none. A text that can't be searched to its end is covered
    /// as a whole.
    pub fn covered(&self, text: &str) -> Option<String> {
        match self.expression.replace(text, &self.cover, true, &SystemClock) {
            Ok(replaced) => replaced.map(|(text, _)| text),
            Err(_) => Some(COVER.to_owned()),
        }
    }
}
