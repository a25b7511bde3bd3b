//! Fallback: the targets in order, until one answers or a failure isn't one to move on from. Pure.

use crate::attempt::UNSUPPORTED;
use crate::error::{Error, Kind};
use crate::explain::LIMIT_REACHED;

/// Whether to try the next target after a failure. With a list, by its statuses: a host that did not answer counts as
/// 500, a clock as 408. Without one, every failure but those of the call itself.
pub fn moves_on(on_status_codes: Option<&[u16]>, error: &Error) -> bool {
    if error.kind() == Kind::Limited {
        return false;
    }
    if error.facts().code.as_deref() == Some(UNSUPPORTED) || finds_no_room(error) {
        // Another target may have the endpoint, the words for what is asked, or room.
        return true;
    }
    match (error.kind(), on_status_codes) {
        (Kind::Config | Kind::Internal, _) => false,
        (_, Some(codes)) => codes.contains(&error.status().filter(|status| *status >= 300).unwrap_or(500)),
        (_, None) => true,
    }
}

/// Whether a limit of the target has no room for the call, which another target may take.
pub fn finds_no_room(error: &Error) -> bool {
    error.kind() == Kind::Busy && error.facts().code.as_deref() == Some(LIMIT_REACHED)
}

/// Whether even an answer is passed over: its status is listed.
pub fn passes_over(on_status_codes: Option<&[u16]>, status: u16) -> bool {
    on_status_codes.is_some_and(|codes| codes.contains(&status))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_list_every_failure_moves_on() {
        for status in [400, 401, 404, 408, 429, 446, 500, 529] {
            assert!(moves_on(None, &Error::new(Kind::Refused, "").with_status(status)), "{status}");
        }
        for kind in [Kind::Connect, Kind::Broken, Kind::Timeout, Kind::Garbled, Kind::Truncated] {
            assert!(moves_on(None, &Error::new(kind, "")), "{kind:?}");
        }
        assert!(!moves_on(None, &Error::new(Kind::Config, "")));
    }

    #[test]
    fn with_a_list_its_statuses_decide() {
        let refused = |status| Error::new(Kind::Refused, "").with_status(status);
        assert!(moves_on(Some(&[429]), &refused(429)));
        assert!(!moves_on(Some(&[429]), &refused(500)));
        assert!(!moves_on(Some(&[]), &refused(500)));
        assert!(!moves_on(Some(&[429]), &Error::new(Kind::Connect, "")));
        assert!(moves_on(Some(&[500]), &Error::new(Kind::Connect, "")));
        assert!(moves_on(Some(&[500]), &Error::new(Kind::Garbled, "").with_status(200)));
        assert!(moves_on(Some(&[408]), &Error::new(Kind::Timeout, "").with_status(408)));
        assert!(passes_over(Some(&[200]), 200) && !passes_over(None, 200));
    }
}
