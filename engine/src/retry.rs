//! Whether a failed attempt is made again, and how long to wait first. Pure: time and chance come in as values.
//! Sources: the contract's retry rules; Portkey's documented `retry` config; RFC 9110 §10.2.3 (`Retry-After`).

use std::time::{Duration, SystemTime};

use ::http::HeaderMap;

use crate::date;
use crate::error::{Error, Kind, Resend};

/// A server that asks for this much at once is not waited for, nor longer in all of one call.
pub const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// However a config nests retries and targets, one call makes no more attempts than this.
pub const MOST_ATTEMPTS: usize = 32;

/// How often, on what, and how patiently.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    /// Attempts after the first, 0 to 5 in a config.
    pub retries: u32,
    /// `None`: 408, 409, 429 and every 5xx.
    pub statuses: Option<Vec<u16>>,
    /// The ceiling below which the first wait is drawn; it doubles with each further one.
    pub first_ceiling: Duration,
    /// Whether a server's `Retry-After` sets the wait.
    pub heed_retry_after: bool,
    /// Whether what a Portkey gateway has answered is asked again: it has made its own attempts by then.
    pub after_gateway: bool,
}

/// What a reply has that is a gateway's own, and not of something before it.
const OF_GATEWAY: [&str; 3] = ["x-portkey-trace-id", "x-portkey-request-id", "x-portkey-gateway-exception"];

/// The documented statuses of a config's `retry` without a list of its own.
pub const CONFIG_STATUSES: [u16; 6] = [429, 500, 502, 503, 504, 529];

impl Default for Policy {
    fn default() -> Self {
        Self {
            retries: 2,
            statuses: None,
            first_ceiling: Duration::from_millis(500),
            heed_retry_after: true,
            after_gateway: true,
        }
    }
}

impl Policy {
    /// How long to wait before attempt `made + 1`; `None` when `error` ends the call.
    /// `made` counts the attempts so far (at least 1), `random` is in `[0, 1)`.
    pub fn wait(&self, error: &Error, made: u32, idempotent: bool, random: f64) -> Option<Duration> {
        if made > self.retries || !self.may_resend(error, idempotent) {
            return None;
        }
        if error.kind() == Kind::Denied {
            // Nobody is overloaded: another answer may be asked for at once.
            return Some(Duration::ZERO);
        }
        match error.facts().retry_after.filter(|_| self.heed_retry_after) {
            Some(asked) => (asked < LONGEST_WAIT).then_some(asked),
            None => Some(self.ceiling(made).mul_f64(random)),
        }
    }

    /// Whether the failure is one that the policy retries.
    pub fn may_resend(&self, error: &Error, idempotent: bool) -> bool {
        match error.facts().resend {
            Resend::Never => false,
            Resend::Safe => true,
            // A config that lists the status allows it in so many words.
            Resend::IfIdempotent => idempotent || self.names(error.status()),
            Resend::ByStatus => {
                let headers = &error.facts().headers;
                let is_final =
                    !self.after_gateway && OF_GATEWAY.iter().any(|name| headers.contains_key(*name));
                !is_final && error.status().is_some_and(|status| self.lists(status))
            }
        }
    }

    /// Whether the policy's own list holds the status.
    fn names(&self, status: Option<u16>) -> bool {
        status.is_some_and(|status| self.statuses.as_ref().is_some_and(|listed| listed.contains(&status)))
    }

    fn lists(&self, status: u16) -> bool {
        match &self.statuses {
            Some(listed) => listed.contains(&status),
            None => matches!(status, 408 | 409 | 429 | 500..=599),
        }
    }

    fn ceiling(&self, made: u32) -> Duration {
        self.first_ceiling.saturating_mul(1 << (made - 1).min(5))
    }
}

/// The wait that a reply's headers ask for: `retry-after-ms`, `x-ms-retry-after-ms`, or `Retry-After` as seconds
/// or as an HTTP date. A date in the past is no wait.
pub fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let millis = text("retry-after-ms").or_else(|| text("x-ms-retry-after-ms"));
    if let Some(wait) = millis.and_then(|value| seconds(value, 1e-3)) {
        return Some(wait);
    }
    parse_retry_after(text("retry-after")?, now)
}

/// `Retry-After` as seconds (fractions allowed) or as an HTTP date.
pub fn parse_retry_after(value: &str, now: SystemTime) -> Option<Duration> {
    let until = || Some(date::http(value, now)?.duration_since(now).unwrap_or_default());
    seconds(value, 1.0).or_else(until)
}

fn seconds(value: &str, unit: f64) -> Option<Duration> {
    let number: f64 = value.trim().parse().ok()?;
    (number.is_finite() && number >= 0.0).then(|| Duration::try_from_secs_f64(number * unit).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::error::Kind;

    fn refused(status: u16) -> Error {
        Error::new(Kind::Refused, "refused").with_status(status)
    }

    #[test]
    fn the_default_policy_retries_408_409_429_and_5xx_twice() {
        let policy = Policy::default();
        for status in [408, 409, 429, 500, 503, 529, 599] {
            assert_eq!(
                policy.wait(&refused(status), 1, false, 0.5),
                Some(Duration::from_millis(250)),
                "{status}"
            );
            assert_eq!(
                policy.wait(&refused(status), 2, false, 0.5),
                Some(Duration::from_millis(500)),
                "{status}"
            );
            assert_eq!(policy.wait(&refused(status), 3, false, 0.5), None, "{status}");
        }
        for status in [400, 401, 403, 404, 413, 422, 446] {
            assert_eq!(policy.wait(&refused(status), 1, false, 0.5), None, "{status}");
        }
    }

    #[test]
    fn each_wait_is_drawn_below_a_ceiling_that_doubles() {
        let policy = Policy { retries: 9, first_ceiling: Duration::from_secs(1), ..Policy::default() };
        let ceilings: Vec<u64> = (1..=7).map(|made| policy.ceiling(made).as_secs()).collect();
        assert_eq!(ceilings, [1, 2, 4, 8, 16, 32, 32]);
        assert_eq!(policy.wait(&refused(500), 3, false, 0.0), Some(Duration::ZERO));
        assert_eq!(policy.wait(&refused(500), 3, false, 0.25), Some(Duration::from_secs(1)));
    }

    #[test]
    fn what_a_gateway_answered_is_final_unless_the_policy_says_otherwise() {
        let told = |name: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(name, "x".parse().expect("a header value"));
            refused(503).with_headers(headers)
        };
        let once = Policy { after_gateway: false, ..Policy::default() };
        for name in OF_GATEWAY {
            assert_eq!(once.wait(&told(name), 1, false, 0.5), None, "{name}");
            assert!(Policy::default().wait(&told(name), 1, false, 0.5).is_some(), "{name}");
        }
        assert!(once.wait(&told("x-portkey-provider"), 1, false, 0.5).is_some());
        assert!(once.wait(&Error::new(Kind::Connect, ""), 1, false, 0.5).is_some());
    }

    #[test]
    fn a_list_of_statuses_replaces_the_default() {
        let policy = Policy { statuses: Some(vec![400]), ..Policy::default() };
        assert!(policy.wait(&refused(400), 1, false, 0.5).is_some());
        assert!(policy.wait(&refused(500), 1, false, 0.5).is_none());
    }

    #[test]
    fn what_was_written_is_resent_only_when_idempotent() {
        let policy = Policy::default();
        for kind in [Kind::Broken, Kind::Timeout, Kind::Truncated] {
            assert!(policy.wait(&Error::new(kind, ""), 1, false, 0.5).is_none(), "{kind:?}");
            assert!(policy.wait(&Error::new(kind, ""), 1, true, 0.5).is_some(), "{kind:?}");
        }
        assert!(policy.wait(&Error::new(Kind::Connect, ""), 1, false, 0.5).is_some());
        assert!(policy.wait(&Error::new(Kind::Config, ""), 1, true, 0.5).is_none());
    }

    #[test]
    fn a_server_s_wait_is_heeded_below_a_minute() {
        let policy = Policy::default();
        let asked = |secs| refused(429).with_retry_after(Some(Duration::from_secs(secs)));
        assert_eq!(policy.wait(&asked(3), 1, false, 0.5), Some(Duration::from_secs(3)));
        assert_eq!(policy.wait(&asked(59), 1, false, 0.5), Some(Duration::from_secs(59)));
        assert_eq!(policy.wait(&asked(60), 1, false, 0.5), None);
        let deaf = Policy { heed_retry_after: false, ..policy };
        assert_eq!(deaf.wait(&asked(3), 1, false, 0.5), Some(Duration::from_millis(250)));
    }

    #[test]
    fn retry_after_is_read_as_seconds_milliseconds_or_date() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_770);
        let read = |name: &'static str, value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(name, value.parse().expect("a header value"));
            retry_after(&headers, now)
        };
        assert_eq!(read("retry-after", "2"), Some(Duration::from_secs(2)));
        assert_eq!(read("retry-after", "0.5"), Some(Duration::from_millis(500)));
        assert_eq!(read("retry-after-ms", "250"), Some(Duration::from_millis(250)));
        assert_eq!(read("x-ms-retry-after-ms", "40"), Some(Duration::from_millis(40)));
        assert_eq!(read("retry-after", "Sun, 06 Nov 1994 08:49:37 GMT"), Some(Duration::from_secs(7)));
        assert_eq!(read("retry-after", "Sun, 06 Nov 1994 08:00:00 GMT"), Some(Duration::ZERO));
        for obsolete in
            ["Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994", "Sun, 06-nov-94 08:49:37 GMT"]
        {
            assert_eq!(read("retry-after", obsolete), Some(Duration::from_secs(7)), "{obsolete}");
        }
        let bad = ["-1", "soon", "", "NaN", "inf", "1e400"];
        let worse =
            ["Sunday, 31-Feb-94 08:49:37 GMT", "Sun Nov 31 08:49:37 1994", "Sun Nov 6 08:49:37", "Nov 6,"];
        for bad in bad.into_iter().chain(worse) {
            assert_eq!(read("retry-after", bad), None, "{bad}");
        }
    }

    #[test]
    fn a_year_of_two_digits_is_the_last_that_is_at_most_fifty_years_ahead() {
        let at = |date: &str| SystemTime::from(date.parse::<Timestamp>().expect("a date"));
        let wait = |value: &str, now: &str| parse_retry_after(value, at(now));
        let minute = Some(Duration::from_secs(60));
        assert_eq!(wait("Saturday, 01-Jan-00 00:00:30 GMT", "1999-12-31T23:59:30Z"), minute);
        assert_eq!(wait("Monday, 23-Nov-26 12:01:00 GMT", "2026-11-23T12:00:00Z"), minute);
        assert_eq!(wait("Tuesday, 23-Nov-77 12:00:00 GMT", "2026-11-23T12:00:00Z"), Some(Duration::ZERO));
        assert!(wait("Monday, 23-Nov-76 12:00:00 GMT", "2026-11-23T12:00:00Z") > minute);
    }
}
