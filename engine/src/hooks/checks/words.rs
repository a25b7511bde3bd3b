//! Checks of the text's words, letters and length.

use std::sync::Arc;

use serde_json::json;

use super::Made;
use crate::hooks::Scene;
use crate::hooks::check::{Fault, Forbidden, Judged, Rule};
use crate::hooks::forbidden::Words;
use crate::hooks::parameters::{Operator, Parameters};
use crate::hooks::subject::Subject;

/// `contains`: any, all or none of some words, as they are written, anywhere in the text.
struct Contains {
    words: Vec<String>,
    operator: Operator,
    /// Where none may be there.
    forbidden: Option<Arc<Words>>,
}

pub fn read_contains(parameters: &mut Parameters<'_, '_>) -> Made {
    let (words, operator) = (parameters.texts("words"), parameters.operator());
    let (words, operator) = (words?, operator?);
    let forbidden = (operator == Operator::None).then(|| Arc::new(Words::new(&words)));
    Some(Arc::new(Contains { words, operator, forbidden }))
}

impl Rule for Contains {
    fn judge(&self, _: &Scene, subject: &Subject) -> Result<Judged, Fault> {
        let text = subject.text()?;
        let (found, missing): (Vec<&String>, Vec<&String>) =
            self.words.iter().partition(|word| text.contains(word.as_str()));
        let passes = self.operator.holds(found.len(), missing.len());
        let explanation = format!("{} of {} words were found", found.len(), self.words.len());
        let data = json!({ "explanation": explanation, "operator": self.operator.name(), "foundWords": found, "missingWords": missing });
        Ok(Judged::new(passes, data))
    }

    fn forbids(&self) -> Option<Forbidden<'_>> {
        self.forbidden.as_ref().map(Forbidden::Words)
    }
}

/// A question to the text, whose answer may be turned round.
struct Asks {
    not: bool,
    question: Question,
}

enum Question {
    /// Ends with the suffix, or with it and a full stop.
    EndsWith(String),
    NotNull,
    UpperCase,
    LowerCase,
}

fn asks(parameters: &mut Parameters<'_, '_>, question: Question) -> Made {
    Some(Arc::new(Asks { not: parameters.flag("not", false)?, question }))
}

pub fn read_ends_with(parameters: &mut Parameters<'_, '_>) -> Made {
    let (suffix, not) = (parameters.text("suffix"), parameters.flag("not", false));
    Some(Arc::new(Asks { not: not?, question: Question::EndsWith(suffix?) }))
}

pub fn read_not_null(parameters: &mut Parameters<'_, '_>) -> Made {
    asks(parameters, Question::NotNull)
}

pub fn read_upper_case(parameters: &mut Parameters<'_, '_>) -> Made {
    asks(parameters, Question::UpperCase)
}

pub fn read_lower_case(parameters: &mut Parameters<'_, '_>) -> Made {
    asks(parameters, Question::LowerCase)
}

impl Rule for Asks {
    fn judge(&self, _: &Scene, subject: &Subject) -> Result<Judged, Fault> {
        let text = subject.text()?;
        let (holds, what) = match &self.question {
            Question::EndsWith(suffix) => {
                let whole = text.strip_suffix('.').unwrap_or(&text);
                (text.ends_with(suffix) || whole.ends_with(suffix), "ends with the suffix")
            }
            Question::NotNull => (!text.trim().is_empty(), "is there and not blank"),
            Question::UpperCase => {
                (!text.bytes().any(|byte| byte.is_ascii_lowercase()), "has letters of upper case only")
            }
            Question::LowerCase => {
                (!text.bytes().any(|byte| byte.is_ascii_uppercase()), "has letters of lower case only")
            }
        };
        let explanation = format!("whether the text {what}: {holds}");
        Ok(Judged::new(holds != self.not, json!({ "explanation": explanation, "not": self.not })))
    }
}

/// A count that must be within bounds, or outside them.
struct Counts {
    unit: Unit,
    least: u64,
    most: u64,
    not: bool,
}

#[derive(Clone, Copy)]
enum Unit {
    /// In UTF-16, as JavaScript counts.
    Characters,
    Words,
    /// Full stops, exclamation marks and question marks.
    Sentences,
}

fn counts(parameters: &mut Parameters<'_, '_>, unit: Unit, names: [&'static str; 2]) -> Made {
    let (range, not) = (parameters.range(names[0], names[1]), parameters.flag("not", false));
    let (least, most) = range?;
    Some(Arc::new(Counts { unit, least, most, not: not? }))
}

pub fn read_characters(parameters: &mut Parameters<'_, '_>) -> Made {
    counts(parameters, Unit::Characters, ["minCharacters", "maxCharacters"])
}

pub fn read_words(parameters: &mut Parameters<'_, '_>) -> Made {
    counts(parameters, Unit::Words, ["minWords", "maxWords"])
}

pub fn read_sentences(parameters: &mut Parameters<'_, '_>) -> Made {
    counts(parameters, Unit::Sentences, ["minSentences", "maxSentences"])
}

impl Rule for Counts {
    fn judge(&self, _: &Scene, subject: &Subject) -> Result<Judged, Fault> {
        let text = subject.text()?;
        let (count, key) = match self.unit {
            Unit::Characters => (text.encode_utf16().count(), "characterCount"),
            Unit::Words if text.trim().is_empty() => {
                return Err(Fault::new("there is no text whose words could be counted"));
            }
            Unit::Words => (text.split_whitespace().count(), "wordCount"),
            Unit::Sentences => (text.matches(['.', '!', '?']).count(), "sentenceCount"),
        };
        let within = (self.least..=self.most).contains(&(count as u64));
        let bounds = match self.most {
            u64::MAX => format!("{} or more", self.least),
            most => format!("{} to {most}", self.least),
        };
        let explanation = format!("{count}, where the range is {bounds}");
        Ok(Judged::new(
            within != self.not,
            json!({ "explanation": explanation, key: count, "not": self.not }),
        ))
    }
}
