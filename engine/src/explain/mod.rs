//! Errors in words: what failed, where, and what to try, in at most three lines.

mod echo;
mod limited;
mod reply;

use std::time::{Duration, SystemTime};

use ::http::HeaderMap;
use bytes::Bytes;
use serde_json::Value;

use crate::config::Target;
use crate::error::{Error, Kind, Resend};
use crate::hooks::{self, Record};
use crate::http::{Failure, FailureKind};
use crate::memory::{Limit, NoSlot};
use crate::observe::{Report, milliseconds};
use crate::retry::retry_after;
use crate::upload::Unreadable;
pub use limited::LIMIT_REACHED;
pub use reply::is_html;
use reply::{code_in, envelope, quote, status_in, words};

/// Where an attempt went. Its URL has no query.
pub struct Place<'t> {
    pub method: &'t str,
    pub url: &'t str,
    /// What the call added to the URL's query, which is never shown.
    pub query: Option<&'t str>,
    pub target: &'t Target,
}

impl Place<'_> {
    fn line(&self) -> String {
        format!(
            "{} {} ({}, provider {})",
            self.method,
            self.url,
            self.target.path,
            self.target.provider.name()
        )
    }

    pub fn message(&self, what: &str, advice: &str) -> String {
        let line = self.line();
        let advice = match self.target.gateway {
            Some(_) => advice.replace("customHost", "baseURL").replace("custom host", "base URL"),
            None => advice.to_owned(),
        };
        if advice.is_empty() { format!("{what}\n{line}") } else { format!("{what}\n{line}\n{advice}") }
    }

    /// The network failed; `answered`: in the middle of the answer.
    pub fn failure(&self, failure: &Failure, answered: bool) -> Error {
        if failure.kind == FailureKind::ConnectTimeout {
            let limit = self.target.clocks.connect.unwrap_or_default();
            return self.timeout("connect", limit, limit).with_resend(Resend::Safe);
        }
        let kind = match failure.kind {
            before if before.is_before_sending() && !answered => Kind::Connect,
            _ => Kind::Broken,
        };
        let (code, what, advice) = self.in_words(failure, answered);
        let error = Error::new(kind, self.message(&what, advice)).with_code(code);
        match failure.kind {
            FailureKind::Unsendable
            | FailureKind::NotTls
            | FailureKind::Tls
            | FailureKind::Untrusted
            | FailureKind::OutOfDate
            | FailureKind::WrongName
            | FailureKind::ClientCertificate
            | FailureKind::ProxyRefusal
            | FailureKind::ProxyCredentials
            | FailureKind::Forbidden
            | FailureKind::NotHttp
            | FailureKind::NotWebSocket
            | FailureKind::HeadTooLong => error.with_resend(Resend::Never),
            _ => error,
        }
    }

    /// A failure's code, what it is, and what to try.
    fn in_words(&self, failure: &Failure, answered: bool) -> (&'static str, String, &'static str) {
        let detail = &failure.detail;
        let plain = self.target.base_url.is_plain();
        match failure.kind {
            FailureKind::Dns => {
                let advice = "Check the spelling of the host, and the name servers of this machine.";
                ("ENOTFOUND", "The host's name could not be resolved.".to_owned(), advice)
            }
            FailureKind::Refused => {
                let advice = "Start the server, or check the host and port of customHost.";
                ("ECONNREFUSED", "Connection refused: nothing listens there.".to_owned(), advice)
            }
            FailureKind::Unreachable | FailureKind::ConnectTimeout => {
                let advice = "Check the host and port of customHost, the proxy settings and the network.";
                ("ECONNECT", format!("The host could not be reached: {detail}."), advice)
            }
            FailureKind::Proxy | FailureKind::ProxyRefusal => {
                let advice = "Check the proxy, or go without it: proxy: false.";
                ("EPROXY", format!("{}.", capital(detail)), advice)
            }
            FailureKind::ProxyCredentials => {
                let advice = "Write them into the proxy's URL: http://user:password@host:port.";
                ("EPROXY", format!("{}.", capital(detail)), advice)
            }
            FailureKind::Forbidden => {
                let advice = "If it may be reached, add it to the client's egress.allow.";
                ("egress_refused", format!("The host may not be reached: {detail}."), advice)
            }
            FailureKind::NotHttp => {
                let advice = "If this port speaks TLS, write the custom host with https://.";
                ("EPROTO", "The host's reply is no HTTP.".to_owned(), advice)
            }
            FailureKind::NotWebSocket => {
                ("EPROTO", format!("The host does not speak WebSocket as it should: {detail}."), "")
            }
            FailureKind::HeadTooLong => {
                ("EPROTO", "The reply's headers are too long to be read.".to_owned(), "")
            }
            FailureKind::Broken if answered => {
                ("ECONNRESET", format!("The connection broke in the middle of the answer: {detail}."), "")
            }
            FailureKind::Broken => {
                let advice = if plain {
                    "A POST is sent again only with idempotent: true. If this port speaks TLS, write https://."
                } else {
                    "The host may have acted on it: a POST is sent again only with idempotent: true."
                };
                ("ECONNRESET", format!("The connection broke before an answer came: {detail}."), advice)
            }
            FailureKind::Unsendable => ("EINVAL", format!("The request could not be made: {detail}."), ""),
            _ => in_words_of_tls(failure),
        }
    }

    /// A clock ran out. `clock` is its name as the contract spells it.
    pub fn timeout(&self, clock: &str, limit: Duration, elapsed: Duration) -> Error {
        let limit = milliseconds(limit);
        let what = match clock {
            "requestTimeout" => format!("Request exceeded the timeout sent in the request: {limit}ms"),
            _ => format!(
                "The {clock} clock ran out: {limit} ms allowed, {} ms elapsed.",
                milliseconds(elapsed).round()
            ),
        };
        let advice = match clock {
            "requestTimeout" => "Raise requestTimeout, or leave it out.".to_owned(),
            "total" => "Raise timeout, or leave it out.".to_owned(),
            "connect" if !self.target.base_url.is_plain() => {
                "Raise timeouts.connect, or write http:// if this port has no TLS.".to_owned()
            }
            _ => format!("Raise timeouts.{clock}, or turn it off with 0."),
        };
        let error = Error::new(Kind::Timeout, self.message(&what, &advice))
            .with_code(timeout_code(clock))
            .with_status(408);
        let body = serde_json::json!({ "error": { "message": what, "type": "timeout_error", "param": null, "code": null } });
        let error = error.with_reply(HeaderMap::new(), Bytes::from(body.to_string()));
        if clock == "total" { error.with_resend(Resend::Never) } else { error }
    }

    /// The target has no slot for the request: too many wait already, or the wait took too long.
    pub fn no_slot(
        &self,
        why: &NoSlot,
        limit: &Limit,
        clock: &str,
        allowed: Duration,
        elapsed: Duration,
    ) -> Error {
        if *why == NoSlot::TooLate {
            // Nothing was sent, but waiting in the same queue again is no better.
            return self.timeout(clock, allowed, elapsed).with_resend(Resend::Never);
        }
        let Limit { most, longest, .. } = limit;
        let what = format!(
            "The target is busy: {most} requests at once (max_concurrent), {longest} waiting (max_queue)."
        );
        Error::new(Kind::Busy, self.message(&what, "Raise max_queue or max_concurrent, or add a target."))
            .with_code("queue_full")
            .with_status(429)
    }

    /// Guardrails deny the call, or (`again`: another try may be better) its answer.
    pub fn denied(&self, before: &[Record], after: &[Record], again: bool) -> Error {
        let denying = before.iter().chain(after).filter(|record| record.deny).map(|record| &*record.id);
        let names: Vec<&str> = denying.collect();
        let what = if again { "answer" } else { "call" };
        let what = format!("The {what} was denied by guardrails of the config: {}.", names.join(", "));
        let error = Error::new(
            Kind::Denied,
            self.message(&what, "error.error.hook_results tells what each check said."),
        )
        .with_code("hooks_failed")
        .with_status(446)
        .with_reply(HeaderMap::new(), hooks::denied_body(before, after));
        if again { error } else { error.with_resend(Resend::Never) }
    }

    /// The host answered with an error status.
    pub fn refused(&self, status: u16, headers: HeaderMap, body: Bytes, now: SystemTime) -> Error {
        let seen = echo::masked(&body, self.target, self.query);
        let said = words(&headers, &seen);
        let what = if said.is_empty() {
            format!("{status} (the answer has no text)")
        } else {
            format!("{status} {said}")
        };
        let advice = self.advice(status, &said);
        let wait = retry_after(&headers, now);
        let code = code_in(&seen);
        let resend = match headers.get("x-should-retry").map(::http::HeaderValue::as_bytes) {
            Some(b"false") => Resend::Never,
            Some(b"true") => Resend::Safe,
            _ => Resend::ByStatus,
        };
        let error = Error::new(Kind::Refused, self.message(&what, &advice));
        let error = match code {
            Some(code) => error.with_code(code),
            None => error,
        };
        error.with_status(status).with_reply(headers, body).with_resend(resend).with_retry_after(wait)
    }

    fn advice(&self, status: u16, said: &str) -> String {
        match status {
            300..=399 => {
                "Redirects are not followed: write the address it points to as customHost.".to_owned()
            }
            401 | 403 if self.target.gateway.is_some() => {
                "The gateway refused, or the provider behind it: check apiKey, and the provider's credential."
                    .to_owned()
            }
            401 | 403 if !self.target.has_credential() => {
                "No credential was sent: pass Authorization.".to_owned()
            }
            401 | 403 => "The host refused the credential that was sent: check Authorization.".to_owned(),
            404 | 405 if said.to_ascii_lowercase().contains("model") => {
                "The host does not know this model: models.list() tells which it has.".to_owned()
            }
            404 | 405 if self.target.base_url.has_version() => {
                "The host has no such path: is the version at the end of customHost right?".to_owned()
            }
            404 | 405 => "The host has no such path: customHost is likely meant to end in /v1.".to_owned(),
            400 if said.contains("HTTPS") => {
                "This port speaks TLS: write the custom host with https://.".to_owned()
            }
            429 => "The host limits the rate of calls: send fewer at once, or raise maxRetries.".to_owned(),
            _ => String::new(),
        }
    }

    /// The call's own body could not be read to its end.
    pub fn unreadable(&self, why: &Unreadable) -> Error {
        let what = format!("The body could not be sent to its end: {why}.");
        Error::new(Kind::Broken, self.message(&what, ""))
            .with_code("unreadable_body")
            .with_resend(Resend::Never)
    }

    /// A file's own source gave nothing for so long.
    pub fn silent_source(&self, name: &str, limit: Duration) -> Error {
        let what = format!("{name} gave nothing to send for {} ms.", milliseconds(limit));
        let advice = "Its stream stalls, or give it longer with timeouts.idle; 0 turns that off.";
        Error::new(Kind::Timeout, self.message(&what, advice)).with_code("stalled_upload").with_status(408)
    }

    /// A reply of a good status that can't be the answer.
    pub fn garbled(&self, status: u16, why: &str, headers: HeaderMap, body: Bytes) -> Error {
        let advice =
            if self.target.base_url.has_version() { "" } else { "customHost is likely meant to end in /v1." };
        let what = format!("The host answered {status} with {why}.");
        Error::new(Kind::Garbled, self.message(&what, advice))
            .with_code("garbled_answer")
            .with_status(status)
            .with_reply(headers, body)
    }

    /// An answer that is longer than may be read; it was left where it stood.
    pub fn too_long(&self, status: Option<u16>, most: usize, headers: HeaderMap) -> Error {
        let what = format!("The answer is longer than {most} bytes; it was not read any further.");
        let error =
            Error::new(Kind::Garbled, self.message(&what, "Raise maxAnswerBytes, if it may be that long."));
        let error = error.with_code("answer_too_large").with_headers(headers);
        match status {
            Some(status) => error.with_status(status),
            None => error,
        }
    }

    /// An error that came inside a stream; `data` is its event's own JSON or text.
    pub fn in_stream(&self, data: Bytes) -> Error {
        let seen = echo::masked(&data, self.target, self.query);
        let parsed: Option<Value> = serde_json::from_slice(&seen).ok();
        let said = parsed.as_ref().map_or_else(|| quote(&String::from_utf8_lossy(&seen)), envelope);
        let status = parsed.as_ref().and_then(status_in);
        let what = format!("The host reported an error inside the stream: {said}");
        let code = code_in(&seen);
        let mut error = Error::new(Kind::Refused, self.message(&what, "")).with_reply(HeaderMap::new(), data);
        if let Some(status) = status {
            error = error.with_status(status);
        }
        if let Some(code) = code {
            error = error.with_code(code);
        }
        error
    }

    /// A stream that ended before it was whole.
    pub fn truncated(&self, why: &str, partial: String) -> Error {
        let what = format!("The stream ended before it was whole: {why}.");
        Error::new(Kind::Truncated, self.message(&what, "What came so far is in error.partial."))
            .with_code("stream_truncated")
            .with_partial(partial)
    }
}

/// The same of a failure of TLS.
fn in_words_of_tls(failure: &Failure) -> (&'static str, String, &'static str) {
    let detail = &failure.detail;
    match failure.kind {
        FailureKind::Untrusted => {
            let advice = "If it is the right host, name its authority's PEM file as tls.caFile (or in NODE_EXTRA_CA_CERTS).";
            ("ETLS", format!("The host is not trusted: {detail}."), advice)
        }
        FailureKind::OutOfDate => {
            let advice = "The host needs a new certificate, unless this machine's clock is wrong.";
            ("ETLS", format!("The host is not trusted: {detail}."), advice)
        }
        FailureKind::WrongName => {
            let advice = "Write the host as its certificate has it, or name that as tls.serverName.";
            ("ETLS", format!("The host is not trusted: {detail}."), advice)
        }
        FailureKind::ClientCertificate => {
            let advice = "Name the PEM files of your certificate and its key as tls.cert and tls.key.";
            ("ETLS", "The host asks for a client certificate.".to_owned(), advice)
        }
        FailureKind::NotTls => {
            let advice = "Write the custom host with http:// instead of https://.";
            ("ETLS", "The host does not speak TLS on this port.".to_owned(), advice)
        }
        _ => ("ETLS", format!("The TLS handshake failed: {detail}."), ""),
    }
}

/// A sentence's first letter, made large.
fn capital(words: &str) -> String {
    let mut letters = words.chars();
    letters
        .next()
        .map(|first| first.to_uppercase().collect::<String>() + letters.as_str())
        .unwrap_or_default()
}

/// The call would have been made again, but for its body.
pub fn sent_once(error: Error) -> Error {
    error.with_advice("It was not sent again: it came from a stream that can be read only once. Bytes, blobs and files on disk can be sent again.")
}

/// The whole call took longer than it may; the report tells how far it came.
pub fn out_of_time(report: &Report, limit: Duration, elapsed: Duration) -> Error {
    let tried = report.attempts.len();
    let place = match report.attempts.last() {
        Some(last) => format!("{} ({}, provider {}), attempt {tried}", last.url, last.target, last.provider),
        None => "before anything was sent".to_owned(),
    };
    let what = format!(
        "The total clock ran out: {} ms allowed, {} ms elapsed.",
        milliseconds(limit),
        milliseconds(elapsed).round()
    );
    let body = serde_json::json!({ "error": { "message": what, "type": "timeout_error", "param": null, "code": null } });
    Error::new(Kind::Timeout, format!("{what}\n{place}\nRaise timeout, or leave it out."))
        .with_code("total_timeout")
        .with_status(408)
        .with_reply(HeaderMap::new(), Bytes::from(body.to_string()))
}

/// The machine's name of a clock that ran out: `first_token_timeout`, `request_timeout`, …
fn timeout_code(clock: &str) -> &'static str {
    match clock {
        "connect" => "connect_timeout",
        "headers" => "headers_timeout",
        "firstToken" => "first_token_timeout",
        "idle" => "idle_timeout",
        "queue" => "queue_timeout",
        "requestTimeout" => "request_timeout",
        _ => "total_timeout",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_message_is_found_in_every_envelope() {
        let cases = [
            (r#"{"error":{"message":"boom","code":401}}"#, "boom"),
            (r#"{"error":"Unauthorized"}"#, "Unauthorized"),
            (r#"{"detail":"Invalid API key"}"#, "Invalid API key"),
            (r#"{"detail":[{"msg":"Unexpected fields","loc":["body"]}]}"#, "Unexpected fields"),
            (r#"{"object":"error","message":"nope"}"#, "nope"),
            (r#"{"odd":1}"#, r#"{"odd":1}"#),
            ("Internal\nServer  Error", "Internal Server Error"),
            ("<!DOCTYPE html><html><title>502 Bad\nGateway</title></html>", "(a web page: 502 Bad Gateway)"),
            ("", ""),
        ];
        for (body, wanted) in cases {
            assert_eq!(words(&HeaderMap::new(), &Bytes::from_static(body.as_bytes())), wanted, "{body}");
        }
    }

    #[test]
    fn an_error_inside_a_stream_has_the_status_its_code_names() {
        let cases = [
            (r#"{"error":{"code":503,"message":"x"}}"#, Some(503)),
            (r#"{"error":{"code":"429"}}"#, Some(429)),
            (r#"{"error":{"type":"rate_limit_error"}}"#, Some(429)),
            (r#"{"error":{"type":"overloaded_error","code":null}}"#, Some(529)),
            (r#"{"message":"bad2","type":"server_error"}"#, Some(500)),
            (r#"{"error":{"type":"t","code":"x"}}"#, None),
            (r#"{"error":"just words"}"#, None),
        ];
        for (data, wanted) in cases {
            assert_eq!(status_in(&serde_json::from_str(data).expect("JSON")), wanted, "{data}");
        }
    }

    #[test]
    fn long_words_are_cut() {
        assert_eq!(quote(&"é".repeat(400)).chars().count(), reply::LONGEST_QUOTE + 1);
    }
}
