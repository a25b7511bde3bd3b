//! What a text must not hold, watched for while the text comes: as soon as it is there it is found, and what may yet
//! become it is known, so that a stream holds back that much and no more.

use std::collections::HashMap;
use std::sync::Arc;

use super::check::{Fault, Forbidden};
use super::expression::{Expression, LONGEST_TEXT, Reach};

/// Words to look for all at once (Aho and Corasick's automaton), byte by byte.
pub struct Words(Vec<State>);

/// What has been read is, at its end, the beginning of a word.
#[derive(Default)]
struct State {
    next: HashMap<u8, u32>,
    /// The state for the longest shorter beginning that is at the end too.
    shorter: u32,
    /// How long the beginning is, in bytes.
    length: usize,
    /// Whether a word has ended here.
    found: bool,
}

impl Words {
    pub fn new(words: &[String]) -> Self {
        let mut states = vec![State::default()];
        for word in words {
            let mut at = 0;
            for byte in word.bytes() {
                let (new, length) = (states.len() as u32, states[at].length + 1);
                let next = *states[at].next.entry(byte).or_insert(new);
                if next == new {
                    states.push(State { length, ..State::default() });
                }
                at = next as usize;
            }
            states[at].found = true;
        }
        let mut words = Self(states);
        words.link();
        words
    }

    /// Links each state to its shorter one, shortest first.
    fn link(&mut self) {
        let mut waiting: std::collections::VecDeque<u32> = self.0[0].next.values().copied().collect();
        while let Some(at) = waiting.pop_front() {
            let shorter = self.0[at as usize].shorter;
            let found = self.0[at as usize].found || self.0[shorter as usize].found;
            self.0[at as usize].found = found;
            let nexts: Vec<(u8, u32)> =
                self.0[at as usize].next.iter().map(|(byte, next)| (*byte, *next)).collect();
            for (byte, next) in nexts {
                self.0[next as usize].shorter = self.step(shorter, byte);
                waiting.push_back(next);
            }
        }
    }

    fn step(&self, mut at: u32, byte: u8) -> u32 {
        loop {
            let state = &self.0[at as usize];
            match state.next.get(&byte) {
                Some(next) => return *next,
                None if at == 0 => return 0,
                None => at = state.shorter,
            }
        }
    }
}

/// Watches a growing text for one forbidden thing.
pub enum Guard {
    Words { words: Arc<Words>, at: u32 },
    Expression { expression: Arc<Expression>, reach: Reach, from: usize },
}

/// What a guard says of the text so far.
#[derive(Debug, PartialEq, Eq)]
pub enum Seen {
    /// It holds what is forbidden.
    Forbidden,
    /// Up to this byte nothing can become forbidden any more.
    ClearTo(usize),
}

impl Guard {
    pub fn new(forbidden: &Forbidden<'_>) -> Self {
        match forbidden {
            Forbidden::Words(words) => Self::Words { words: Arc::clone(words), at: 0 },
            Forbidden::Expression(expression, reach) => {
                Self::Expression { expression: Arc::clone(expression), reach: *reach, from: 0 }
            }
        }
    }

    /// Reads what has been added to `text` since byte `new`.
    pub fn read(&mut self, text: &str, new: usize) -> Result<Seen, Fault> {
        match self {
            Self::Words { words, at } => {
                for byte in text[new..].bytes() {
                    *at = words.step(*at, byte);
                    if words.0[*at as usize].found {
                        return Ok(Seen::Forbidden);
                    }
                }
                Ok(Seen::ClearTo(text.len() - words.0[*at as usize].length))
            }
            Self::Expression { expression, reach, from } => {
                if text.len() > LONGEST_TEXT {
                    return Err(Fault::new("the text is longer than an expression may be run over"));
                }
                // A match at the very end may be none once its next letter is there.
                let certain = |end: usize| !reach.looks_beside || end < text.len();
                if expression.find_from(text, *from)?.is_some_and(|found| certain(found.end)) {
                    return Ok(Seen::Forbidden);
                }
                let mut clear = text.len().saturating_sub(reach.longest);
                while !text.is_char_boundary(clear) {
                    clear -= 1;
                }
                *from = clear.max(*from);
                Ok(Seen::ClearTo(*from))
            }
        }
    }
}
