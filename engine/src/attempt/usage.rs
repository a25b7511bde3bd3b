//! What a streamed completion used: a host that tells it only where it is asked is asked for somebody who needs to know (a
//! record, a price) though the caller did not ask. The chunk that this brings is not the caller's, and is not handed on.
//! The invariant: no call fails for it. A host that refuses the parameter is asked again without it, and no more after that.

use std::sync::atomic::{AtomicU8, Ordering};

use bytes::Bytes;
use memchr::memmem;

use crate::body::Body;
use crate::call::Call;
use crate::config::Target;
use crate::endpoint::Streamed;
use crate::error::Error;
use crate::limit::Limits;
use crate::observe::Report;

/// How the report tells of it.
const ASKED: &str =
    "stream_options.include_usage was asked for, to count what the call uses; its chunk is not handed on";
const REFUSED: &str =
    "stream_options was left out again, since the host answered with an error: the usage is an estimate";

/// The reason of the attempt that leaves it out.
pub const WITHOUT: &str = "without stream_options";

const OPTIONS: &str = "stream_options";
const FIELD: &[u8] = br#","stream_options":{"include_usage":true}}"#;

/// What is known of a host: whether it takes the parameter.
#[derive(Default)]
pub struct Reception(AtomicU8);

const TAKES: u8 = 1;
const REFUSES: u8 = 2;

impl Reception {
    /// The host has answered a stream that asked for its usage.
    pub fn takes(&self) {
        self.0.store(TAKES, Ordering::Relaxed);
    }

    /// The host has answered without the parameter what it refused with it.
    pub fn refuses(&self) {
        self.0.store(REFUSES, Ordering::Relaxed);
    }

    fn is(&self, known: u8) -> bool {
        self.0.load(Ordering::Relaxed) == known
    }
}

/// The body that asks for the usage, where somebody needs it and the caller's own does not ask.
pub fn asking(target: &Target, call: &Call, body: &Bytes, report: &mut Report) -> Option<Bytes> {
    let is_needed = || {
        let is_limited = target.limits.as_ref().is_some_and(Limits::counts_usage);
        report.recording.is_some() || target.pricing.is_some() || is_limited
    };
    let is_wanted = target.stream_usage.unwrap_or_else(|| target.provider.has_stream_usage() && is_needed());
    let streams = call.stream && call.endpoint.streamed == Streamed::Chunks;
    if !streams || !is_wanted || target.live.reception.is(REFUSES) {
        return None;
    }
    let asking = with_usage(body)?;
    report.changes.push(ASKED.to_owned());
    Some(asking)
}

/// Whether a reply may be an error for the parameter alone: nothing is known of the host, and it did not say that something
/// else was wrong.
pub fn may_be_refused(target: &Target, error: &Error) -> bool {
    matches!(error.status(), Some(400 | 422)) && !target.live.reception.is(TAKES)
}

/// The call goes out again without it.
pub fn left_out(report: &mut Report) {
    report.changes.retain(|change| change != ASKED);
    report.changes.push(REFUSED.to_owned());
}

/// `None` where the body says already whether it wants the usage, or is none that a field can be added to.
fn with_usage(body: &Bytes) -> Option<Bytes> {
    if memmem::find(body, OPTIONS.as_bytes()).is_some() {
        return in_options(body);
    }
    // The body is an object; nothing else of it is read or written.
    let end = body.trim_ascii_end();
    let open = end.strip_suffix(b"}")?.trim_ascii_end();
    let field = if open.ends_with(b"{") { &FIELD[1..] } else { FIELD };
    Some([open, field].concat().into())
}

/// The same where the word is in the body somewhere, perhaps with other options.
fn in_options(body: &Bytes) -> Option<Bytes> {
    let mut fields = Body::parse(body).ok()?;
    let given = fields.get(OPTIONS).filter(|options| *options != "null").unwrap_or("{}").to_owned();
    let mut options = Body::parse(given.as_bytes()).ok()?;
    if options.get("include_usage").is_some_and(|said| said != "null") {
        return None;
    }
    options.set("include_usage", "true");
    let options = String::from_utf8(options.to_bytes().to_vec()).ok()?;
    fields.set(OPTIONS, options);
    Some(fields.to_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(body: &str) -> Option<String> {
        let asking = with_usage(&Bytes::copy_from_slice(body.as_bytes()))?;
        Some(String::from_utf8(asking.to_vec()).expect("UTF-8"))
    }

    #[test]
    fn a_body_that_says_nothing_asks_for_its_usage_and_keeps_all_else() {
        let cases = [
            (r#"{"model":"m","n":1.0}"#, r#"{"model":"m","n":1.0,"stream_options":{"include_usage":true}}"#),
            ("{ \"a\": [1] }\n", r#"{ "a": [1],"stream_options":{"include_usage":true}}"#),
            ("{}", r#"{"stream_options":{"include_usage":true}}"#),
            (
                r#"{"stream_options":{"include_obfuscation":false},"a":1}"#,
                r#"{"stream_options":{"include_obfuscation":false,"include_usage":true},"a":1}"#,
            ),
            (r#"{"stream_options":null}"#, r#"{"stream_options":{"include_usage":true}}"#),
            (
                r#"{"messages":["stream_options"]}"#,
                r#"{"messages":["stream_options"],"stream_options":{"include_usage":true}}"#,
            ),
        ];
        for (body, wanted) in cases {
            assert_eq!(asked(body).as_deref(), Some(wanted), "{body}");
        }
    }

    #[test]
    fn what_the_caller_says_is_left_as_it_is() {
        for said in [
            r#"{"stream_options":{"include_usage":true}}"#,
            r#"{"stream_options":{"include_usage":false}}"#,
            r#"{"stream_options":"odd"}"#,
        ] {
            assert_eq!(asked(said), None, "{said}");
        }
    }
}
