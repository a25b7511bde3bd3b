//! What the calls so far tell of their targets, and what follows for the next: which target is passed over (`breaker`,
//! `bench`), which is only still loading its model (`loading`), and whether a retry is affordable at all (`budget`).
//! Each is a policy over a given now, and reads no clock; only `check` sends anything.
//! Invariant: a caller's own mistake, a rate limit and a model that is being loaded are no failures of a target.

pub mod bench;
pub mod breaker;
pub mod budget;
pub mod cb_config;
pub mod check;
pub mod loading;

use crate::error::{Error, Kind};

/// How an attempt failed, as far as that tells of its target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Symptom {
    /// No answer that could be read: unreachable, broken off, garbled, cut.
    NoAnswer,
    /// A clock of ours ran out.
    Clock,
    /// The host refused, with this status; an error inside a stream that names none is a 500.
    Status(u16),
}

/// `None`: the error tells nothing of its target.
pub fn symptom(error: &Error) -> Option<Symptom> {
    match error.kind() {
        Kind::Config | Kind::Busy | Kind::Limited | Kind::Denied | Kind::Internal => None,
        Kind::Timeout => Some(Symptom::Clock),
        // A request that could not even be made is the caller's.
        Kind::Connect | Kind::Broken if error.facts().code.as_deref() == Some("EINVAL") => None,
        Kind::Connect | Kind::Broken | Kind::Garbled | Kind::Truncated => Some(Symptom::NoAnswer),
        Kind::Refused => {
            let status = error.status().unwrap_or(500);
            let body = error.facts().body.as_deref().unwrap_or_default();
            (!loading::is_loading(status, body)).then_some(Symptom::Status(status))
        }
    }
}

/// How a target failed a call, to be compared with how another did.
#[derive(Clone, Debug, PartialEq)]
pub struct Likeness {
    symptom: Option<Symptom>,
    kind: Kind,
    code: Option<String>,
}

impl Likeness {
    pub fn of(error: &Error) -> Self {
        Self { symptom: symptom(error), kind: error.kind(), code: error.facts().code.clone() }
    }

    /// Whether two targets failed a call in the same way, so that it is the call that is to blame: both failures are
    /// then forgiven. To be asked of a call that nobody answered; one that a third target answers was no bad call. That
    /// a host can't be reached says nothing of the call, of which nothing was sent.
    pub fn is_the_calls_fault(&self, other: &Self) -> bool {
        let was_sent =
            |one: &Self| one.kind != Kind::Connect && one.code.as_deref() != Some("connect_timeout");
        let same = match (self.symptom, other.symptom) {
            (Some(Symptom::Status(one)), Some(Symptom::Status(other))) => one == other && one != 429,
            (Some(_), Some(_)) => self.kind == other.kind && self.code == other.code,
            _ => false,
        };
        same && was_sent(self) && was_sent(other)
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::HeaderMap;

    use super::*;

    fn refused(status: u16) -> Error {
        Error::new(Kind::Refused, "").with_status(status)
    }

    #[test]
    fn a_callers_mistake_and_a_loading_model_are_no_symptoms() {
        let loading = Bytes::from_static(br#"{"error":{"code":503,"message":"Loading model"}}"#);
        for error in [
            Error::new(Kind::Config, ""),
            Error::new(Kind::Internal, ""),
            Error::new(Kind::Connect, "").with_code("EINVAL"),
            refused(503).with_reply(HeaderMap::new(), loading),
        ] {
            assert_eq!(symptom(&error), None);
        }
    }

    #[test]
    fn every_other_failure_is_one() {
        for kind in [Kind::Connect, Kind::Broken, Kind::Truncated] {
            assert_eq!(symptom(&Error::new(kind, "")), Some(Symptom::NoAnswer), "{kind:?}");
        }
        let garbled = Error::new(Kind::Garbled, "").with_status(200);
        assert_eq!(symptom(&garbled), Some(Symptom::NoAnswer));
        let clock = Error::new(Kind::Timeout, "").with_status(408);
        assert_eq!(symptom(&clock), Some(Symptom::Clock));
        assert_eq!(symptom(&refused(429)), Some(Symptom::Status(429)));
        assert_eq!(symptom(&Error::new(Kind::Refused, "")), Some(Symptom::Status(500)));
    }

    #[test]
    fn a_call_that_fails_alike_everywhere_is_to_blame() {
        let clock = |code: &str| Error::new(Kind::Timeout, "").with_code(code);
        let alike = |one: &Error, other: &Error| Likeness::of(one).is_the_calls_fault(&Likeness::of(other));
        let broken = || Error::new(Kind::Broken, "").with_code("ECONNRESET");
        assert!(alike(&refused(500), &refused(500)));
        assert!(alike(&broken(), &broken()));
        assert!(alike(&clock("headers_timeout"), &clock("headers_timeout")));
        for (one, other) in [
            (refused(500), refused(503)),
            (refused(429), refused(429)),
            (refused(500), broken()),
            (Error::new(Kind::Connect, ""), Error::new(Kind::Connect, "")),
            (clock("connect_timeout"), clock("connect_timeout")),
            (clock("headers_timeout"), clock("idle_timeout")),
            (Error::new(Kind::Config, ""), Error::new(Kind::Config, "")),
        ] {
            assert!(!alike(&one, &other), "{one:?} {other:?}");
        }
    }
}
