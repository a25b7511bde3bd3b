//! Following an expression along a text that is still coming: whether it has matched, and where the earliest match that
//! may yet become one begins. It keeps every way to match that is still open, each with its beginning, and moves them all
//! one byte on; its work for a byte is bounded by the expression's size, however the text is cut.

use regex_automata::nfa::thompson::{NFA, State};
use regex_automata::util::look::Look;
use regex_automata::util::primitives::StateID;

pub struct Follower {
    nfa: NFA,
    /// Whether a match may depend on the letter after it.
    looks_beside: bool,
    /// The ways that are open before byte `at`, earliest beginning first.
    open: Vec<Way>,
    at: usize,
    /// Room for `spread`, kept from byte to byte.
    reading: Vec<Way>,
    waiting: Vec<StateID>,
    seen: Vec<bool>,
}

#[derive(Clone, Copy)]
struct Way {
    state: StateID,
    begins: usize,
}

/// What has been found in a text so far.
#[derive(Debug, PartialEq, Eq)]
pub enum Followed {
    Match,
    /// No match, and none can begin before this byte any more.
    ClearTo(usize),
}

impl Follower {
    pub fn new(nfa: &NFA) -> Self {
        Self {
            nfa: nfa.clone(),
            looks_beside: !nfa.look_set_any().remove(Look::Start).is_empty(),
            open: Vec::new(),
            at: 0,
            reading: Vec::new(),
            waiting: Vec::new(),
            seen: vec![false; nfa.states().len()],
        }
    }

    /// Reads what has been added to `text`, which is otherwise the text of the last time.
    pub fn read(&mut self, text: &str) -> Followed {
        let bytes = text.as_bytes();
        while let Some(byte) = bytes.get(self.at) {
            if self.spread(text) {
                return Followed::Match;
            }
            self.open.clear();
            for way in &self.reading {
                let next = match self.nfa.state(way.state) {
                    State::ByteRange { trans } => trans.matches_byte(*byte).then_some(trans.next),
                    State::Sparse(sparse) => sparse.matches_byte(*byte),
                    State::Dense(dense) => dense.matches_byte(*byte),
                    _ => None,
                };
                self.open.extend(next.map(|state| Way { state, begins: way.begins }));
            }
            self.at += 1;
        }
        // What a match at the end depends on is known, unless the next letter has a say.
        if !self.looks_beside && self.spread(text) {
            return Followed::Match;
        }
        Followed::ClearTo(self.open.first().map_or(text.len(), |way| way.begins))
    }

    /// Follows the open ways, and a new one that begins here, to where they read a byte. True when one is a match.
    fn spread(&mut self, text: &str) -> bool {
        self.reading.clear();
        self.seen.fill(false);
        let new = Way { state: self.nfa.start_anchored(), begins: self.at };
        let new = text.is_char_boundary(self.at).then_some(new);
        for way in self.open.iter().copied().chain(new) {
            self.waiting.push(way.state);
            while let Some(state) = self.waiting.pop() {
                // Of two ways in one state, the one that began earlier came first.
                if std::mem::replace(&mut self.seen[state.as_usize()], true) {
                    continue;
                }
                match self.nfa.state(state) {
                    State::ByteRange { .. } | State::Sparse(_) | State::Dense(_) => {
                        self.reading.push(Way { state, begins: way.begins });
                    }
                    State::Look { look, next } => {
                        if self.nfa.look_matcher().matches(*look, text.as_bytes(), self.at) {
                            self.waiting.push(*next);
                        }
                    }
                    State::Union { alternates } => self.waiting.extend(alternates),
                    State::BinaryUnion { alt1, alt2 } => self.waiting.extend([*alt1, *alt2]),
                    State::Capture { next, .. } => self.waiting.push(*next),
                    State::Fail => {}
                    State::Match { .. } => return true,
                }
            }
        }
        false
    }
}
