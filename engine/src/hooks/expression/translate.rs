//! JavaScript's regular expressions in the syntax of the `regex` and `fancy-regex` crates, with the same meaning.
//! What has no equal there is refused, with the reason: nothing is translated by guess. Two differences remain. Texts are
//! read by characters, not by halves of surrogate pairs; and `i` folds case as it does under JavaScript's `u`.

use super::Flags;
use super::class::{CLASS_DIGIT, CLASS_SPACE, CLASS_WORD, Item};

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
    around: bool,
    total: usize,
    named: bool,
    /// How many look-behinds are open: in them JavaScript matches backwards.
    behind: usize,
    open: Vec<Open>,
    opened: usize,
    /// By number; `None` while the group is open.
    captures: Vec<Option<Capture>>,
    out: Translated,
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
        let (empty, repeatable) = self.atom()?;
        let Some((least, most)) = self.quantifier()? else { return Ok(empty) };
        if !repeatable {
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
        if self.peek() != Some('}') {
            self.out.text.extend(self.peek());
        } else if let (least, Some(most)) = bounds {
            self.out.text.push_str(&format!("{{{least},{most}}}"));
        } else {
            self.out.text.push_str(&format!("{{{},}}", bounds.0));
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

    /// One atom: whether it may match nothing, and whether it can be repeated.
    fn atom(&mut self) -> Result<(bool, bool), String> {
        let consumes = (false, true);
        let asserts = (true, false);
        match self.next().expect("a term begins with a letter") {
            '^' => self.assertion(r"\A", &format!("(?<=[{LINE_ENDS}])|\\A")),
            '$' => self.assertion(r"\z", &format!("(?=[{LINE_ENDS}])|\\z")),
            '(' => return self.group(),
            '[' => {
                let class = self.class()?;
                self.out.text.push_str(&class);
                return Ok(consumes);
            }
            '\\' => return self.escape(),
            '.' if self.flags.dot_all => {
                self.out.text.push_str("(?s:.)");
                return Ok(consumes);
            }
            '.' => {
                self.out.text.push_str(&format!("[^{LINE_ENDS}]"));
                return Ok(consumes);
            }
            '*' | '+' | '?' => return Err("a quantifier follows nothing".to_owned()),
            '{' => {
                self.at -= 1;
                if self.braces()?.is_some() {
                    return Err("a quantifier follows nothing".to_owned());
                }
                self.at += 1;
                self.letter('{');
                return Ok(consumes);
            }
            letter @ ('}' | ']') if self.flags.unicode => return Err(format!("a {letter} stands alone")),
            letter => {
                self.letter(letter);
                return Ok(consumes);
            }
        }
        Ok(asserts)
    }

    fn assertion(&mut self, text: &str, of_line: &str) {
        if self.flags.multiline {
            self.out.looks_around = true;
            self.out.text.push_str(&format!("(?:{of_line})"));
        } else {
            self.out.text.push_str(text);
        }
    }

    fn letter(&mut self, letter: char) {
        self.out.text.push_str(&literal(letter));
    }

    fn group(&mut self) -> Result<(bool, bool), String> {
        let looks = ["?<=", "?<!", "?=", "?!"].into_iter().find(|start| self.take(start));
        let mut number = None;
        if let Some(start) = looks {
            self.out.looks_around = true;
            self.out.text.push('(');
            self.out.text.push_str(start);
        } else if self.take("?:") {
            self.out.text.push_str("(?:");
        } else {
            let name = if self.take("?<") { Some(self.name()?) } else { None };
            if self.peek() == Some('?') {
                return Err("a group begins in a way that is not known here".to_owned());
            }
            if name.is_some() && self.out.groups.contains(&name) {
                return Err("two groups have the same name".to_owned());
            }
            number = Some(self.captures.len());
            self.captures.push(None);
            self.out.groups.push(name);
            self.out.text.push('(');
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
        self.out.text.push(')');
        if let Some(number) = number {
            self.captures[number] = Some(Capture { parent, certain: true });
        }
        Ok(if looks.is_some() { (true, false) } else { (empty, true) })
    }

    /// A group's name, up to its `>`.
    fn name(&mut self) -> Result<String, String> {
        let name: String = self.letters[self.at..].iter().take_while(|c| **c != '>').collect();
        self.at += name.chars().count();
        let letters = name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '$'));
        let begins = name.starts_with(|c: char| c.is_alphabetic() || matches!(c, '_' | '$'));
        if letters && begins && self.take(">") { Ok(name) } else { Err("a group's name is none".to_owned()) }
    }

    fn escape(&mut self) -> Result<(bool, bool), String> {
        match self.peek() {
            Some(letter @ ('b' | 'B')) => self.boundary(letter),
            Some('k') if self.flags.unicode || self.named => {
                self.at += 1;
                let name = if self.take("<") { Some(self.name()?) } else { None };
                let number = self.out.groups.iter().position(|group| name.is_some() && *group == name);
                return self.back_reference(number.ok_or("a reference names no group before it")?);
            }
            Some('1'..='9') => {
                let digits = self.digits().expect("a digit was seen");
                return match digits.parse::<usize>() {
                    Ok(number) if number <= self.total => self.back_reference(number - 1),
                    _ => Err(format!("\\{digits} refers to no group")),
                };
            }
            _ => {
                match self.class_escape()? {
                    Item::Letter(letter) => self.letter(letter),
                    Item::Set(set) => self.out.text.push_str(&format!("(?-i:[{set}])")),
                }
                return Ok((false, true));
            }
        }
        self.at += 1;
        Ok((true, false))
    }

    fn boundary(&mut self, letter: char) {
        let (ends, begins) = if letter == 'b' { ("!", "=") } else { ("=", "!") };
        self.out.text.push_str(&if self.around {
            let w = CLASS_WORD;
            format!("(?:(?<=[{w}])(?{ends}[{w}])|(?<![{w}])(?{begins}[{w}]))")
        } else {
            format!("(?-u:\\{letter})")
        });
    }

    /// A reference to a group that has certainly matched: of any other, JavaScript says that it matches nothing.
    fn back_reference(&mut self, index: usize) -> Result<(bool, bool), String> {
        if self.flags.ignore_case || self.behind > 0 {
            return Err("a back-reference in a look-behind or under the flag i is not known here".to_owned());
        }
        let capture = self.captures.get(index).and_then(Option::as_ref);
        if !capture.is_some_and(|capture| capture.certain && self.open.contains(&capture.parent)) {
            return Err("a back-reference is to a group that may not have matched".to_owned());
        }
        self.out.looks_around = true;
        self.out.text.push_str(&format!("(?:\\{})", index + 1));
        Ok((true, true))
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

/// The set that a class escape stands for, to be put between brackets.
pub(super) fn set_of(letter: char) -> Option<String> {
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
