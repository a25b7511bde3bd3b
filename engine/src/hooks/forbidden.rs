//! What a text must not hold, watched for while the text comes: as soon as it is there it is found, and what may yet
//! become it is known, so that a stream holds back that much and no more.

use std::collections::VecDeque;
use std::sync::Arc;

use super::check::{Fault, Forbidden};
use super::expression::{Followed, Follower, LONGEST_TEXT};

/// Words to look for all at once (Aho and Corasick's automaton), byte by byte.
pub struct Words(Vec<State>);

/// What has been read is, at its end, the beginning of a word.
#[derive(Default)]
struct State {
    /// By byte, in order.
    next: Vec<(u8, u32)>,
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
                let place = states[at].next.binary_search_by_key(&byte, |(byte, _)| *byte);
                at = match place {
                    Ok(place) => states[at].next[place].1 as usize,
                    Err(place) => {
                        let new = states.len();
                        let length = states[at].length + 1;
                        states[at].next.insert(place, (byte, new as u32));
                        states.push(State { length, ..State::default() });
                        new
                    }
                };
            }
            states[at].found = true;
        }
        let mut words = Self(states);
        words.link();
        words
    }

    /// Links each state to its shorter one, shortest first.
    fn link(&mut self) {
        let mut waiting: VecDeque<u32> = self.0[0].next.iter().map(|(_, next)| *next).collect();
        while let Some(at) = waiting.pop_front() {
            let shorter = self.0[at as usize].shorter;
            self.0[at as usize].found |= self.0[shorter as usize].found;
            for (byte, next) in self.0[at as usize].next.clone() {
                self.0[next as usize].shorter = self.step(shorter, byte);
                waiting.push_back(next);
            }
        }
    }

    fn step(&self, mut at: u32, byte: u8) -> u32 {
        loop {
            let state = &self.0[at as usize];
            match state.next.binary_search_by_key(&byte, |(byte, _)| *byte) {
                Ok(place) => return state.next[place].1,
                Err(_) if at == 0 => return 0,
                Err(_) => at = state.shorter,
            }
        }
    }
}

/// Watches a growing text for one forbidden thing.
pub enum Guard {
    Words { words: Arc<Words>, at: u32 },
    Expression(Follower),
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
            Forbidden::Expression(automaton) => Self::Expression(Follower::new(automaton)),
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
            Self::Expression(follower) => {
                if text.len() > LONGEST_TEXT {
                    return Err(Fault::new("the text is longer than an expression may be run over"));
                }
                Ok(match follower.read(text) {
                    Followed::Match => Seen::Forbidden,
                    Followed::ClearTo(end) => Seen::ClearTo(end),
                })
            }
        }
    }
}
