//! The engine's one error: a kind named after what the caller can do, the facts, and a message of at most
//! three lines (what failed, where, what to try). It never holds a request header, a prompt or a secret.
//! Whether the same request may be sent again is decided here, where the error is made.

use std::time::Duration;

use ::http::HeaderMap;
use bytes::Bytes;

/// What a caller can do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Mend the options, the config or the arguments. Nothing was sent.
    Config,
    /// The host could not be reached. Nothing was sent.
    Connect,
    /// The connection broke after the request was written, before an answer was complete.
    Broken,
    /// One of the call's clocks ran out; `code` names it.
    Timeout,
    /// The target takes no more requests now: its queue is full. Nothing was sent.
    Busy,
    /// A limit of the caller's own ends the call, whatever other targets there are. Nothing was sent.
    Limited,
    /// A guardrail of the config refused the call, or its answer.
    Denied,
    /// The host refused: an error status, or an error inside a stream.
    Refused,
    /// A reply that can't be read as what was asked for.
    Garbled,
    /// A stream that ended before it was whole.
    Truncated,
    /// A fault of this engine.
    Internal,
}

/// When a request that failed this way may be sent again to the same target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resend {
    Never,
    /// Nothing reached the host: always safe.
    Safe,
    /// The host may have acted on it: only where the caller called the request idempotent.
    IfIdempotent,
    /// The retry policy's list of statuses decides.
    ByStatus,
}

/// One field of the options or the config that can't be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where: `customHost`, `config.retry.attempts`, …
    pub path: String,
    /// What would be right.
    pub message: String,
}

#[derive(Debug)]
pub struct Error {
    facts: Box<Facts>,
}

/// The error's facts, for a face to show.
#[derive(Debug)]
pub struct Facts {
    pub kind: Kind,
    pub message: String,
    pub code: Option<String>,
    pub status: Option<u16>,
    pub headers: HeaderMap,
    /// The reply's body, as the host sent it.
    pub body: Option<Bytes>,
    pub problems: Vec<Problem>,
    /// JSON of what a cut stream had brought: `{"text", "toolCalls", "usage"}`.
    pub partial: Option<String>,
    pub resend: Resend,
    pub retry_after: Option<Duration>,
}

impl Error {
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        let resend = match kind {
            Kind::Connect => Resend::Safe,
            Kind::Broken | Kind::Timeout | Kind::Truncated => Resend::IfIdempotent,
            Kind::Refused | Kind::Denied => Resend::ByStatus,
            Kind::Config | Kind::Busy | Kind::Limited | Kind::Garbled | Kind::Internal => Resend::Never,
        };
        let facts = Facts {
            kind,
            message: message.into(),
            code: None,
            status: None,
            headers: HeaderMap::new(),
            body: None,
            problems: Vec::new(),
            partial: None,
            resend,
            retry_after: None,
        };
        Self { facts: Box::new(facts) }
    }

    /// The options or arguments can't be used. The message names every problem.
    pub fn config(problems: Vec<Problem>) -> Self {
        let told: Vec<String> = problems
            .iter()
            .map(|p| if p.path.is_empty() { p.message.clone() } else { format!("{}: {}", p.path, p.message) })
            .collect();
        let mut error = Self::new(Kind::Config, told.join("; "));
        error.facts.problems = problems;
        error
    }

    /// A single problem with the options or arguments.
    pub fn problem(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self::config(vec![Problem { path: path.into(), message: message.into() }])
    }

    pub fn with_code(mut self, code: impl Into<String>) -> Self {
        self.facts.code = Some(code.into());
        self
    }

    pub fn with_status(mut self, status: u16) -> Self {
        self.facts.status = Some(status);
        self
    }

    pub fn with_reply(mut self, headers: HeaderMap, body: Bytes) -> Self {
        self.facts.headers = headers;
        self.facts.body = Some(body);
        self
    }

    pub fn with_headers(mut self, headers: HeaderMap) -> Self {
        self.facts.headers = headers;
        self
    }

    pub fn with_resend(mut self, resend: Resend) -> Self {
        self.facts.resend = resend;
        self
    }

    pub fn with_retry_after(mut self, wait: Option<Duration>) -> Self {
        self.facts.retry_after = wait;
        self
    }

    pub fn with_partial(mut self, partial: String) -> Self {
        self.facts.partial = Some(partial);
        self
    }

    /// Adds a line to the message, in place of what it advises.
    pub fn with_advice(mut self, advice: &str) -> Self {
        let lines: Vec<&str> = self.facts.message.lines().take(2).chain([advice]).collect();
        self.facts.message = lines.join("\n");
        self
    }

    pub fn kind(&self) -> Kind {
        self.facts.kind
    }

    pub fn status(&self) -> Option<u16> {
        self.facts.status
    }

    pub fn facts(&self) -> &Facts {
        &self.facts
    }

    pub fn into_facts(self) -> Facts {
        *self.facts
    }
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.facts.message)
    }
}

impl std::error::Error for Error {}

pub type Result<T> = std::result::Result<T, Error>;
