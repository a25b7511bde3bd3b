//! Checks by regular expressions, which are JavaScript's.

use std::sync::Arc;

use regex_automata::nfa::thompson::NFA;
use serde_json::json;

use super::Made;
use crate::hooks::Scene;
use crate::hooks::check::{Fault, Forbidden, Judged, Rule, Writes};
use crate::hooks::expression::{Expression, Flags, Template};
use crate::hooks::parameters::Parameters;
use crate::hooks::subject::Subject;

/// `regexMatch`: whether the expression, which has no flags, matches somewhere in the text.
struct Match {
    expression: Expression,
    not: bool,
    /// To watch a stream for what is not to match.
    forbidden: Option<NFA>,
}

pub fn read_match(parameters: &mut Parameters<'_, '_>) -> Made {
    let (not, rule) = (parameters.flag("not", false), parameters.text("rule"));
    let (not, rule) = (not?, rule?);
    match Expression::new(&rule, Flags::default()) {
        Ok(expression) => {
            let forbidden = if not { expression.automaton() } else { None };
            Some(Arc::new(Match { expression, not, forbidden }))
        }
        Err(why) => {
            parameters.problem("rule", unusable(&why));
            None
        }
    }
}

fn unusable(why: &str) -> String {
    format!("is no regular expression that can be run here: {why}")
}

impl Rule for Match {
    fn judge(&self, _: &Scene, subject: &Subject) -> Result<Judged, Fault> {
        let matches = self.expression.find(&subject.text()?)?.is_some();
        let explanation = if matches { "the expression matches" } else { "the expression does not match" };
        Ok(Judged::new(matches != self.not, json!({ "explanation": explanation, "not": self.not })))
    }

    fn forbids(&self) -> Option<Forbidden<'_>> {
        self.forbidden.as_ref().map(Forbidden::Expression)
    }
}

/// `regexReplace`: replaces what matches. It fails only if it is told to where something did.
struct Replace {
    expression: Expression,
    template: Template,
    /// All matches in a text, or its first.
    all: bool,
    fails_on_detection: bool,
}

pub fn read_replace(parameters: &mut Parameters<'_, '_>) -> Made {
    let fails_on_detection = parameters.flag("failOnDetection", false);
    let redact = parameters.optional_text("redactText", "[REDACTED]");
    let rule = parameters.text("rule");
    let (fails_on_detection, redact, rule) = (fails_on_detection?, redact?, rule?);
    let (pattern, flags) = split_flags(&rule);
    let read = Flags::read(flags).and_then(|flags| Expression::to_replace(pattern, flags));
    let expression = match read {
        Ok(expression) => expression,
        Err(why) => {
            parameters.problem("rule", unusable(&why));
            return None;
        }
    };
    match Template::new(&redact, &expression) {
        Ok(template) => {
            Some(Arc::new(Replace { expression, template, all: flags.contains('g'), fails_on_detection }))
        }
        Err(why) => {
            parameters.problem("redactText", why);
            None
        }
    }
}

/// `/pattern/flags`; anything else is a pattern without flags.
fn split_flags(rule: &str) -> (&str, &str) {
    let split = rule.strip_prefix('/').and_then(|rest| rest.rsplit_once('/'));
    match split {
        Some((pattern, flags))
            if !pattern.is_empty() && flags.bytes().all(|flag| flag.is_ascii_lowercase()) =>
        {
            (pattern, flags)
        }
        _ => (rule, ""),
    }
}

impl Flags {
    pub fn read(letters: &str) -> Result<Self, String> {
        let mut flags = Self::default();
        for (at, letter) in letters.char_indices() {
            match letter {
                _ if letters[..at].contains(letter) => return Err(format!("it has the flag {letter} twice")),
                'g' => {}
                'i' => flags.ignore_case = true,
                'm' => flags.multiline = true,
                's' => flags.dot_all = true,
                'u' => flags.unicode = true,
                _ => return Err(format!("it has the flag {letter}; expected flags among g, i, m, s, u")),
            }
        }
        Ok(flags)
    }
}

impl Rule for Replace {
    fn judge(&self, scene: &Scene, subject: &Subject) -> Result<Judged, Fault> {
        let mut count = 0;
        let mut new = Vec::new();
        for text in subject.texts()? {
            if text.is_empty() {
                new.push(None);
                continue;
            }
            let replaced = self.expression.replace(text, &self.template, self.all, &*scene.clock)?;
            new.push(replaced.map(|(text, matches)| {
                count += matches;
                text
            }));
        }
        let rewritten = if count > 0 { Some(subject.with_texts(new)?) } else { None };
        let data = json!({ "explanation": format!("{count} matches were replaced") });
        Ok(Judged { passes: count == 0 || !self.fails_on_detection, data, rewritten })
    }

    fn writes(&self) -> Writes {
        Writes::Redactions
    }
}
