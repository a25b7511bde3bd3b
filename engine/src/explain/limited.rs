//! What is said of a call that a limit stops.

use std::time::Duration;

use ::http::{HeaderMap, HeaderValue};
use bytes::Bytes;
use serde_json::json;

use super::Place;
use crate::error::{Error, Kind};
use crate::limit::{Stopped, Why};

/// The code of a call that finds no room now.
pub const LIMIT_REACHED: &str = "limit_reached";

impl Place<'_> {
    /// A limit has no room for the call. Nothing was sent.
    pub fn limited(&self, stopped: &Stopped) -> Error {
        let rule = &stopped.rule;
        let (label, limit) = (rule.label(), rule.in_words());
        let (code, what, advice) = match &stopped.why {
            Why::Unpriced => {
                let why = format!(
                    "counts what a call costs, and nobody knows the price of this one at {}",
                    self.target.path
                );
                return Error::problem(
                    &rule.path,
                    why + ": give the target its pricing, or count tokens instead",
                );
            }
            Why::Full(after) => (
                LIMIT_REACHED,
                format!("A limit is reached: {limit} ({label})."),
                format!("There is room again in {}.", rounded(*after)),
            ),
            Why::TooLarge(amount) => (
                "limit_too_small",
                format!(
                    "The call alone is larger than a limit: {limit} ({label}); it may need {}.",
                    rule.shown(*amount)
                ),
                "Ask for fewer tokens (max_tokens), or raise the limit.".to_owned(),
            ),
        };
        let message = self.message(&what, &advice);
        let body = json!({ "error": { "message": message, "type": "rate_limit_error", "code": code, "param": label } });
        let kind = if stopped.is_final() { Kind::Limited } else { Kind::Busy };
        let headers = stopped.after().map(headers).unwrap_or_default();
        Error::new(kind, message)
            .with_code(code)
            .with_status(429)
            .with_reply(headers, Bytes::from(body.to_string()))
            .with_retry_after(stopped.after())
    }
}

/// As hosts say it: in whole seconds and in milliseconds, never too early.
fn headers(after: Duration) -> HeaderMap {
    let milliseconds = after.as_nanos().div_ceil(1_000_000);
    let value =
        |number: u128| HeaderValue::try_from(number.to_string()).expect("digits are a header's value");
    let seconds = ("retry-after", milliseconds.div_ceil(1_000));
    let pairs = [seconds, ("retry-after-ms", milliseconds)];
    pairs.into_iter().map(|(name, number)| (::http::HeaderName::from_static(name), value(number))).collect()
}

/// A time in words, rounded up.
fn rounded(time: Duration) -> String {
    let seconds = time.as_millis().div_ceil(1_000);
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds.div_ceil(60)),
        _ => format!("{} h", seconds.div_ceil(3_600)),
    }
}
