//! One check: a rule with its parameters, and what its failing means.

use std::borrow::Cow;
use std::sync::Arc;

use regex_automata::nfa::thompson::NFA;
use serde_json::Value;

use super::Scene;
use super::forbidden::Words;
use super::subject::Subject;

/// A check of a hook.
#[derive(Clone)]
pub struct Check {
    /// `default.contains`, …
    pub id: &'static str,
    pub rule: Arc<dyn Rule>,
    /// Whether it has failed when it cannot run.
    pub fails_on_error: bool,
}

impl Check {
    /// Whether nothing may go on when it cannot run: what it was to take out would still be there.
    pub fn must_run(&self) -> bool {
        self.fails_on_error && self.rule.writes() == Writes::Redactions
    }
}

/// One built-in check: a pure function of what it sees, with its parameters read.
pub trait Rule: Send + Sync {
    fn judge(&self, scene: &Scene, subject: &Subject) -> Result<Judged, Fault>;

    fn sees(&self) -> Sees {
        Sees::Text
    }

    fn writes(&self) -> Writes {
        Writes::Nothing
    }

    /// What no text may hold if the check is to pass, where that is all it asks.
    fn forbids(&self) -> Option<Forbidden<'_>> {
        None
    }
}

/// What a rule looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sees {
    Text,
    /// The request's model, type and metadata, which are known before any text.
    Request,
}

/// What a rule writes into what it sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Writes {
    Nothing,
    Additions,
    /// Something in place of what must not be there.
    Redactions,
}

/// What is forbidden wherever it stands, so that a stream needs to hold back only what may become it.
pub enum Forbidden<'r> {
    Words(&'r Arc<Words>),
    /// What the automaton of an expression matches.
    Expression(&'r NFA),
}

/// What a rule says.
pub struct Judged {
    pub passes: bool,
    /// For the record: counts, and words of the config. Never what was checked.
    pub data: Value,
    /// What the rule has made of its subject.
    pub rewritten: Option<Subject>,
}

impl Judged {
    pub fn new(passes: bool, data: Value) -> Self {
        Self { passes, data, rewritten: None }
    }
}

/// Why a check could not run. It never holds what was checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault(Cow<'static, str>);

impl Fault {
    pub fn new(why: impl Into<Cow<'static, str>>) -> Self {
        Self(why.into())
    }

    pub fn message(&self) -> &str {
        &self.0
    }
}
