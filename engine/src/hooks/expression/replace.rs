//! Replacing what an expression matches, as JavaScript's `String.prototype.replace` does.

use std::ops::Range;
use std::time::Duration;

use super::{Expression, Matcher, too_many_steps};
use crate::clock::Clock;
use crate::hooks::check::Fault;

/// Replacing every match may search the rest of the text once for each; beyond this it is given up.
const LONGEST_WORK: Duration = Duration::from_secs(2);

/// So many matches are replaced between two looks at the clock.
const MATCHES_BETWEEN_LOOKS: usize = 64;

/// The longest text that replacing may make.
const LONGEST_OUTCOME: usize = 16 << 20;

/// What stands in place of a match.
pub struct Template(Vec<Part>);

enum Part {
    Text(String),
    /// `$&`, or `$1` and so on.
    Group(usize),
}

impl Template {
    /// Reads `$$`, `$&`, `$1` to `$99` and `$<name>`; a `$` that means nothing is itself. `` $` `` and `$'` are refused:
    /// they would repeat the text for each match.
    pub fn new(text: &str, expression: &Expression) -> Result<Self, String> {
        if text.contains("$`") || text.contains("$'") {
            return Err("holds $` or $', which would repeat the text around each match".to_owned());
        }
        let mut parts = Vec::new();
        let mut plain = String::new();
        let mut rest = text;
        while let Some(at) = rest.find('$') {
            plain.push_str(&rest[..at]);
            rest = &rest[at..];
            let (part, length) = Part::read(rest, &expression.groups);
            match part {
                Some(Part::Text(text)) => plain.push_str(&text),
                Some(part) => {
                    parts.push(Part::Text(std::mem::take(&mut plain)));
                    parts.push(part);
                }
                None => plain.push('$'),
            }
            rest = &rest[length..];
        }
        plain.push_str(rest);
        parts.push(Part::Text(plain));
        Ok(Self(parts))
    }

    fn write(&self, text: &str, groups: &[Option<Range<usize>>], out: &mut String) {
        for part in &self.0 {
            match part {
                Part::Text(text) => out.push_str(text),
                Part::Group(number) => {
                    out.push_str(groups.get(*number).cloned().flatten().map_or("", |range| &text[range]));
                }
            }
        }
    }
}

impl Part {
    /// What `rest`, which begins with a `$`, begins with, and how long that is in bytes.
    fn read(rest: &str, groups: &[Option<String>]) -> (Option<Self>, usize) {
        match rest.as_bytes().get(1) {
            Some(b'$') => (Some(Self::Text("$".to_owned())), 2),
            Some(b'&') => (Some(Self::Group(0)), 2),
            Some(b'<') if groups.iter().any(Option::is_some) => match rest.find('>') {
                Some(end) => {
                    let group = groups.iter().position(|name| name.as_deref() == Some(&rest[2..end]));
                    (Some(group.map_or(Self::Text(String::new()), |at| Self::Group(at + 1))), end + 1)
                }
                None => (None, 1),
            },
            Some(b'0'..=b'9') => {
                // Two digits where there are so many groups, else one.
                for length in [3, 2] {
                    let digits = rest.get(1..length).and_then(|digits| digits.parse::<usize>().ok());
                    if let Some(number) = digits.filter(|number| (1..=groups.len()).contains(number)) {
                        return (Some(Self::Group(number)), length);
                    }
                }
                (None, 1)
            }
            _ => (None, 1),
        }
    }
}

impl Expression {
    /// `text` with its first match, or all of them, replaced, and how many there were; `None` when there is no match.
    pub fn replace(
        &self,
        text: &str,
        template: &Template,
        all: bool,
        clock: &dyn Clock,
    ) -> Result<Option<(String, usize)>, Fault> {
        self.check_length(text)?;
        let deadline = clock.now() + LONGEST_WORK;
        let mut out = String::with_capacity(text.len());
        let (mut kept, mut from, mut count) = (0, 0, 0);
        while let Some(groups) = if from <= text.len() { self.captures(text, from)? } else { None } {
            let Range { start, end } = groups[0].clone().expect("a match is its own group 0");
            out.push_str(&text[kept..start]);
            template.write(text, &groups, &mut out);
            kept = end;
            count += 1;
            if out.len() > LONGEST_OUTCOME {
                return Err(Fault::new("replacing makes the text longer than 16 MiB"));
            }
            if !all {
                break;
            }
            // After an empty match the search goes on behind the next character.
            from = if start < end { end } else { end + text[end..].chars().next().map_or(1, char::len_utf8) };
            if count % MATCHES_BETWEEN_LOOKS == 0 && clock.now() > deadline {
                return Err(Fault::new("replacing took longer than 2 s"));
            }
        }
        out.push_str(&text[kept..]);
        Ok((count > 0).then_some((out, count)))
    }

    /// The ranges of the first match's groups.
    fn captures(&self, text: &str, from: usize) -> Result<Option<Vec<Option<Range<usize>>>>, Fault> {
        Ok(match &self.matcher {
            Matcher::Linear(regex) => regex
                .captures_at(text, from)
                .map(|found| found.iter().map(|group| group.map(|group| group.range())).collect()),
            Matcher::Stepped(regex) => {
                let found = regex.captures_from_pos(text, from).map_err(|_| too_many_steps())?;
                found.map(|found| found.iter().map(|group| group.map(|group| group.range())).collect())
            }
        })
    }
}
