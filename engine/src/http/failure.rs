//! How far a request came, and why no further, read from the errors of the libraries below.

use std::error::Error as StdError;
use std::io;

use rustls::{AlertDescription, CertificateError, OtherError};

use super::certificate::Untrusted;

/// How far a request came, and why no further. Never holds a URL or a header.
#[derive(Clone, Debug)]
pub struct Failure {
    pub kind: FailureKind,
    /// The innermost reason, as the operating system or the library words it.
    pub detail: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureKind {
    Dns,
    Refused,
    Unreachable,
    ConnectTimeout,
    Tls,
    /// The host answered a TLS greeting with something else.
    NotTls,
    /// Nobody who is trusted vouches for the host's certificate.
    Untrusted,
    /// The host's certificate is not valid now.
    OutOfDate,
    /// The host's certificate is for another name.
    WrongName,
    /// The host wants to see a certificate of the client's.
    ClientCertificate,
    /// The proxy on the way failed; the detail names it.
    Proxy,
    /// The proxy does not let this request through.
    ProxyRefusal,
    /// The proxy wants other credentials.
    ProxyCredentials,
    /// The egress list of the client does not allow it.
    Forbidden,
    /// The host's reply is no HTTP.
    NotHttp,
    /// The host agrees to change the protocol, but not to WebSocket as it was asked for.
    NotWebSocket,
    /// The reply's headers are more than is read.
    HeadTooLong,
    /// The connection ended or was reset after the request was written.
    Broken,
    /// The request could not be made at all.
    Unsendable,
}

impl FailureKind {
    /// Whether nothing of the request can have reached the host.
    pub fn is_before_sending(self) -> bool {
        !matches!(self, Self::NotHttp | Self::NotWebSocket | Self::HeadTooLong | Self::Broken)
    }
}

impl Failure {
    /// Reads an error and its causes; `kind` is what is known already.
    pub fn read(kind: FailureKind, error: &(dyn StdError + 'static)) -> Self {
        let mut detail = String::new();
        let mut kind = kind;
        let mut source = Some(error);
        while let Some(cause) = source {
            if let Some(failure) = cause.downcast_ref::<Self>() {
                return failure.clone();
            }
            if let Some(why) = untrusted(cause) {
                return Self { kind: why.kind, detail: why.words.clone() };
            }
            detail = cause.to_string();
            kind = Self::sharpen(kind, cause, &detail);
            source = inner_source(cause);
        }
        Self { kind, detail }
    }

    /// What a deeper cause tells beyond `kind`.
    fn sharpen(kind: FailureKind, cause: &(dyn StdError + 'static), detail: &str) -> FailureKind {
        if cause.is::<ConnectTooSlow>() {
            return FailureKind::ConnectTimeout;
        }
        if let Some(tls) = cause.downcast_ref::<rustls::Error>() {
            return match tls {
                rustls::Error::InvalidMessage(_) => FailureKind::NotTls,
                rustls::Error::AlertReceived(AlertDescription::CertificateRequired) => {
                    FailureKind::ClientCertificate
                }
                _ => FailureKind::Tls,
            };
        }
        if cause.downcast_ref::<hyper::Error>().is_some_and(hyper::Error::is_parse) {
            // hyper tells this one from other heads that it can't read by its words alone.
            let too_long = detail.contains("too large");
            return if too_long { FailureKind::HeadTooLong } else { FailureKind::NotHttp };
        }
        if kind != FailureKind::Unreachable {
            return kind;
        }
        if detail.starts_with("dns error") || detail.contains("failed to lookup address") {
            return FailureKind::Dns;
        }
        match cause.downcast_ref::<io::Error>().map(io::Error::kind) {
            Some(io::ErrorKind::ConnectionRefused | io::ErrorKind::NotFound) => FailureKind::Refused,
            _ => kind,
        }
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.detail)
    }
}

impl StdError for Failure {}

/// What our own check of a certificate found.
fn untrusted<'e>(cause: &'e (dyn StdError + 'static)) -> Option<&'e Untrusted> {
    match cause.downcast_ref::<rustls::Error>()? {
        rustls::Error::InvalidCertificate(CertificateError::Other(OtherError(inner))) => {
            inner.downcast_ref::<Untrusted>()
        }
        _ => None,
    }
}

/// An `io::Error` that wraps another error gives that one as its source only through `get_ref`.
fn inner_source<'e>(cause: &'e (dyn StdError + 'static)) -> Option<&'e (dyn StdError + 'static)> {
    let wrapped = cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
    wrapped.map(|inner| inner as &(dyn StdError + 'static)).or_else(|| cause.source())
}

/// Connecting took longer than its clock allows.
#[derive(Debug)]
pub struct ConnectTooSlow;

impl std::fmt::Display for ConnectTooSlow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("connecting took too long")
    }
}

impl StdError for ConnectTooSlow {}
