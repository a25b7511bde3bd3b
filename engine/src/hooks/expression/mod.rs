//! JavaScript's regular expressions over texts that strangers wrote, in bounded time.
//! Most are run in time linear in the text (`regex`); those that look around or refer back are run in bounded steps over
//! shorter texts (`fancy-regex`). What is too long, or takes too long, is an error and never a verdict.

mod class;
mod escape;
mod follow;
mod replace;
mod translate;

use std::ops::Range;

use regex_automata::nfa::thompson::{NFA, WhichCaptures};

use super::check::Fault;
use translate::translate;

pub use follow::{Followed, Follower};
pub use replace::Template;

/// The longest text for an expression that runs in linear time: about 250 000 tokens, as much as most models read. The
/// time is bounded by the text's length times the expression's size, and other calls wait for it.
pub const LONGEST_TEXT: usize = 1 << 20;

/// The longest text for one that looks around or refers back: each of its steps may read the text to its end.
pub const LONGEST_AROUND: usize = 1 << 15;

/// The steps of one search with an expression that looks around or refers back.
const MOST_STEPS: usize = 500_000;

/// The memory that a compiled expression may take, which bounds its work for each letter.
const LARGEST: usize = 1 << 20;

#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Flags {
    pub ignore_case: bool,
    pub multiline: bool,
    pub dot_all: bool,
    pub unicode: bool,
}

pub struct Expression {
    matcher: Matcher,
    /// Every group's name, or none.
    groups: Vec<Option<String>>,
}

enum Matcher {
    Linear(regex::Regex),
    Stepped(Box<fancy_regex::Regex>),
}

impl std::fmt::Debug for Expression {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match &self.matcher {
            Matcher::Linear(regex) => regex.as_str(),
            Matcher::Stepped(regex) => regex.as_str(),
        })
    }
}

impl Expression {
    /// Compiles `pattern`. The error says what is wrong with it.
    pub fn new(pattern: &str, flags: Flags) -> Result<Self, String> {
        Self::compile(pattern, flags).map(|(expression, _)| expression)
    }

    /// Compiles `pattern` to replace what it matches, which it must match just as JavaScript would.
    pub fn to_replace(pattern: &str, flags: Flags) -> Result<Self, String> {
        match Self::compile(pattern, flags)? {
            (_, true) => {
                Err("it repeats what may match nothing; what it would replace is not certain".to_owned())
            }
            (expression, false) => Ok(expression),
        }
    }

    fn compile(pattern: &str, flags: Flags) -> Result<(Self, bool), String> {
        let translated = translate(pattern, flags)?;
        let text = &translated.text;
        let too_large = || "it is too large, or names no property of Unicode".to_owned();
        let matcher = if translated.looks_around {
            let mut builder = fancy_regex::RegexBuilder::new(text);
            builder.backtrack_limit(MOST_STEPS).delegate_size_limit(LARGEST);
            let regex = builder.build().map_err(|_| too_large())?;
            Matcher::Stepped(Box::new(regex))
        } else {
            let mut builder = regex::RegexBuilder::new(text);
            let regex = builder.size_limit(LARGEST).build().map_err(|_| too_large())?;
            Matcher::Linear(regex)
        };
        Ok((Self { matcher, groups: translated.groups }, translated.repeats_nothing))
    }

    /// The automaton to follow along a text that is still coming; `None` for an expression that looks around.
    pub fn automaton(&self) -> Option<NFA> {
        let Matcher::Linear(regex) = &self.matcher else { return None };
        let config = NFA::config().nfa_size_limit(Some(LARGEST)).which_captures(WhichCaptures::None);
        NFA::compiler().configure(config).build(regex.as_str()).ok()
    }

    fn check_length(&self, text: &str) -> Result<(), Fault> {
        let longest = match self.matcher {
            Matcher::Linear(_) => LONGEST_TEXT,
            Matcher::Stepped(_) => LONGEST_AROUND,
        };
        if text.len() <= longest {
            return Ok(());
        }
        Err(Fault::new(format!(
            "the text is longer than the {} KiB that this expression may be run over",
            longest >> 10
        )))
    }

    /// The first match.
    pub fn find(&self, text: &str) -> Result<Option<Range<usize>>, Fault> {
        self.check_length(text)?;
        match &self.matcher {
            Matcher::Linear(regex) => Ok(regex.find(text).map(|found| found.range())),
            Matcher::Stepped(regex) => {
                let found = regex.find(text).map_err(|_| too_many_steps())?;
                Ok(found.map(|found| found.range()))
            }
        }
    }
}

fn too_many_steps() -> Fault {
    Fault::new("the expression takes too many steps over this text")
}

#[cfg(test)]
mod tests;
