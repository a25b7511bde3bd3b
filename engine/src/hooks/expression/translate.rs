//! JavaScript's regular expressions in the syntax of the `regex` and `fancy-regex` crates, with the same meaning.
//! What has no equal there is refused, with the reason: nothing is translated by guess. Two differences remain. Texts are
//! read by characters, not by halves of surrogate pairs; and `i` folds case as it does under JavaScript's `u`.

use std::fmt::Write;

use super::Flags;

/// An expression in the other syntax.
pub struct Translated {
    pub text: String,
    /// Needs `fancy-regex`: it looks around or refers back.
    pub looks_around: bool,
    /// Repeats what may match nothing, or makes it optional. Whether such an expression matches is the same everywhere;
    /// what it matches is not.
    pub repeats_nothing: bool,
    /// Every group's name, or none, in order of the numbers.
    pub groups: Vec<Option<String>>,
}

/// Groups deeper than this are refused.
const DEEPEST: usize = 100;

const LINE_ENDS: &str = r"\n\r\x{2028}\x{2029}";

pub fn translate(pattern: &str, flags: Flags) -> Result<Translated, String> {
    match translate_for(pattern, flags, false)? {
        translated if translated.looks_around => translate_for(pattern, flags, true),
        translated => Ok(translated),
    }
}

/// `around`: for the crate that looks around, which knows no boundaries of ASCII words.
fn translate_for(pattern: &str, flags: Flags, around: bool) -> Result<Translated, String> {
    let letters: Vec<char> = pattern.chars().collect();
    let (total, named) = count_groups(&letters);
    let mut translator = Translator {
        at: 0,
        letters,
        flags,
        around,
        total,
        named,
        behind: 0,
        open: vec![Open { id: 0, alternative: 0 }],
        opened: 0,
        captures: Vec::new(),
        out: Translated {
            text: if flags.ignore_case { "(?i)".to_owned() } else { String::new() },
            looks_around: false,
            repeats_nothing: false,
            groups: Vec::new(),
        },
    };
    translator.alternatives()?;
    match translator.peek() {
        None => Ok(translator.out),
        Some(_) => Err("a ) closes nothing".to_owned()),
    }
}

/// How many capturing groups there are, which decides what `\1` means, and whether one has a name, which decides `\k`.
fn count_groups(letters: &[char]) -> (usize, bool) {
    let (mut count, mut any_named, mut in_class, mut at) = (0, false, false, 0);
    while let Some(letter) = letters.get(at) {
        match letter {
            '\\' => at += 1,
            '[' => in_class = true,
            ']' => in_class = false,
            '(' if !in_class => {
                let named = letters.get(at + 1..at + 3) == Some(&['?', '<'])
                    && !matches!(letters.get(at + 3), Some('=' | '!'));
                any_named |= named;
                count += usize::from(letters.get(at + 1) != Some(&'?') || named);
            }
            _ => {}
        }
        at += 1;
    }
    (count, any_named)
}

/// A group that is open, and which of its alternatives is being read.
#[derive(Clone, Copy, PartialEq)]
struct Open {
    id: usize,
    alternative: usize,
}

/// A capturing group that has been closed: where it stands, and whether it is passed whenever that place is.
struct Capture {
    parent: Open,
    certain: bool,
}

pub(super) struct Translator {
    pub(super) letters: Vec<char>,
    pub(super) at: usize,
    pub(super) flags: Flags,
    pub(super) around: bool,
    pub(super) total: usize,
    pub(super) named: bool,
    /// How many look-behinds are open: in them JavaScript matches backwards.
    pub(super) behind: usize,
    open: Vec<Open>,
    opened: usize,
    /// By number; `None` while the group is open.
    captures: Vec<Option<Capture>>,
    pub(super) out: Translated,
}

/// What has been read and can be repeated, or not.
pub(super) enum Atom {
    /// Reads a character.
    Letter,
    /// May read nothing.
    MayBeEmpty,
    /// Reads nothing, and cannot be repeated.
    Assertion,
}

impl Translator {
    pub(super) fn peek(&self) -> Option<char> {
        self.letters.get(self.at).copied()
    }

    pub(super) fn next(&mut self) -> Option<char> {
        let letter = self.peek()?;
        self.at += 1;
        Some(letter)
    }

    pub(super) fn take(&mut self, text: &str) -> bool {
        let length = text.chars().count();
        let found = self
            .letters
            .get(self.at..self.at + length)
            .is_some_and(|next| next.iter().copied().eq(text.chars()));
        if found {
            self.at += length;
        }
        found
    }

    pub(super) fn write(&mut self, text: impl std::fmt::Display) {
        write!(self.out.text, "{text}").expect("a string takes what is written");
    }

    /// Reads alternatives up to the end or a `)`; true when one of them may match nothing.
    fn alternatives(&mut self) -> Result<bool, String> {
        if self.open.len() > DEEPEST {
            return Err(format!("groups are nested deeper than {DEEPEST}"));
        }
        let mut may_be_empty = false;
        loop {
            let mut empty = true;
            while !matches!(self.peek(), None | Some(')' | '|')) {
                empty &= self.term()?;
            }
            may_be_empty |= empty;
            if !self.take("|") {
                return Ok(may_be_empty);
            }
            self.out.text.push('|');
            let inner = self.open.last_mut().expect("the outermost is never closed");
            inner.alternative += 1;
        }
    }

    /// One atom with its quantifier; true when it may match nothing.
    fn term(&mut self) -> Result<bool, String> {
        let captured = self.captures.len();
        let atom = self.atom()?;
        let empty = !matches!(atom, Atom::Letter);
        let Some((least, most)) = self.quantifier()? else { return Ok(empty) };
        if matches!(atom, Atom::Assertion) {
            return Err("a quantifier follows an assertion, which cannot be repeated".to_owned());
        }
        self.out.repeats_nothing |= empty && most != Some(least);
        if least == 0 {
            // What it captured may not be there.
            for capture in self.captures[captured..].iter_mut().flatten() {
                capture.certain = false;
            }
        }
        Ok(empty || least == 0)
    }

    /// Reads and writes a quantifier: the least and the most repetitions.
    fn quantifier(&mut self) -> Result<Option<(u32, Option<u32>)>, String> {
        let bounds = match self.peek() {
            Some('*') => (0, None),
            Some('+') => (1, None),
            Some('?') => (0, Some(1)),
            Some('{') => match self.braces()? {
                Some(bounds) => bounds,
                None => return Ok(None),
            },
            _ => return Ok(None),
        };
        match (self.peek(), bounds) {
            (Some('}'), (least, Some(most))) => self.write(format_args!("{{{least},{most}}}")),
            (Some('}'), (least, None)) => self.write(format_args!("{{{least},}}")),
            (sign, _) => self.out.text.extend(sign),
        }
        self.at += 1;
        if self.take("?") {
            self.out.text.push('?');
        }
        match self.peek() {
            Some('*' | '+' | '?') => Err("a quantifier follows another".to_owned()),
            _ => Ok(Some(bounds)),
        }
    }

    /// `{2}`, `{2,}` or `{2,3}`, left standing before its `}`; `None` when the brace is a letter.
    fn braces(&mut self) -> Result<Option<(u32, Option<u32>)>, String> {
        let start = self.at;
        self.at += 1;
        let least = self.digits();
        let most = if self.take(",") { self.digits() } else { least.clone() };
        let (Some(least), Some('}')) = (least, self.peek()) else {
            self.at = start;
            return if self.flags.unicode { Err("a { stands alone".to_owned()) } else { Ok(None) };
        };
        let number = |digits: String| digits.parse().map_err(|_| "a repetition is too large".to_owned());
        let bounds = (number(least)?, most.map(number).transpose()?);
        match bounds {
            (least, Some(most)) if least > most => {
                Err("a repetition's bounds are in the wrong order".to_owned())
            }
            _ => Ok(Some(bounds)),
        }
    }

    pub(super) fn digits(&mut self) -> Option<String> {
        let digits: String = self.letters[self.at..].iter().take_while(|c| c.is_ascii_digit()).collect();
        self.at += digits.len();
        (!digits.is_empty()).then_some(digits)
    }

    fn atom(&mut self) -> Result<Atom, String> {
        match self.next().expect("a term begins with a letter") {
            '^' => return Ok(self.anchor(r"\A", "(?<=", r")|\A")),
            '$' => return Ok(self.anchor(r"\z", "(?=", r")|\z")),
            '(' => return self.group(),
            '\\' => return self.escape(),
            '[' => {
                let class = self.class()?;
                self.write(class);
            }
            '.' if self.flags.dot_all => self.write("(?s:.)"),
            '.' => self.write(format_args!("[^{LINE_ENDS}]")),
            '*' | '+' | '?' => return Err("a quantifier follows nothing".to_owned()),
            '{' => {
                self.at -= 1;
                if self.braces()?.is_some() {
                    return Err("a quantifier follows nothing".to_owned());
                }
                self.at += 1;
                self.write(literal('{'));
            }
            letter @ ('}' | ']') if self.flags.unicode => return Err(format!("a {letter} stands alone")),
            letter => self.write(literal(letter)),
        }
        Ok(Atom::Letter)
    }

    /// An end of the text or, under the flag m, of a line: between `start` and `end` go the line ends.
    fn anchor(&mut self, of_text: &str, start: &str, end: &str) -> Atom {
        if self.flags.multiline {
            self.out.looks_around = true;
            self.write(format_args!("(?:{start}[{LINE_ENDS}]{end})"));
        } else {
            self.write(of_text);
        }
        Atom::Assertion
    }

    fn group(&mut self) -> Result<Atom, String> {
        let looks = ["?<=", "?<!", "?=", "?!"].into_iter().find(|start| self.take(start));
        let mut number = None;
        if let Some(start) = looks {
            self.out.looks_around = true;
            self.write(format_args!("({start}"));
        } else if self.take("?:") {
            self.write("(?:");
        } else {
            number = Some(self.captures.len());
            self.capture()?;
        }
        let parent = *self.open.last().expect("the outermost is never closed");
        self.opened += 1;
        self.open.push(Open { id: self.opened, alternative: 0 });
        let behind = usize::from(looks.is_some_and(|start| start.starts_with("?<")));
        self.behind += behind;
        let empty = self.alternatives()?;
        self.behind -= behind;
        self.open.pop();
        if !self.take(")") {
            return Err("a ( is never closed".to_owned());
        }
        self.write(")");
        if let Some(number) = number {
            self.captures[number] = Some(Capture { parent, certain: true });
        }
        Ok(match (looks, empty) {
            (Some(_), _) => Atom::Assertion,
            (None, true) => Atom::MayBeEmpty,
            (None, false) => Atom::Letter,
        })
    }

    /// The start of a capturing group. Names are kept apart: what they may be differs.
    fn capture(&mut self) -> Result<(), String> {
        let name = if self.take("?<") { Some(self.name()?) } else { None };
        if self.peek() == Some('?') {
            return Err("a group begins in a way that is not known here".to_owned());
        }
        if name.is_some() && self.out.groups.contains(&name) {
            return Err("two groups have the same name".to_owned());
        }
        self.captures.push(None);
        self.out.groups.push(name);
        self.write("(");
        Ok(())
    }

    /// Whether the group of this number has certainly matched wherever the next letter is read.
    pub(super) fn has_matched(&self, index: usize) -> bool {
        let capture = self.captures.get(index).and_then(Option::as_ref);
        capture.is_some_and(|capture| capture.certain && self.open.contains(&capture.parent))
    }

    /// A group's name, up to its `>`.
    pub(super) fn name(&mut self) -> Result<String, String> {
        let name: String = self.letters[self.at..].iter().take_while(|c| **c != '>').collect();
        self.at += name.chars().count();
        let letters = name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '$'));
        let begins = name.starts_with(|c: char| c.is_alphabetic() || matches!(c, '_' | '$'));
        if letters && begins && self.take(">") { Ok(name) } else { Err("a group's name is none".to_owned()) }
    }
}

/// A letter that stands for itself, in and out of classes.
pub(super) fn literal(letter: char) -> String {
    if letter.is_alphanumeric() || letter == ' ' {
        letter.to_string()
    } else {
        format!("\\x{{{:X}}}", u32::from(letter))
    }
}
