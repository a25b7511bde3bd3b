//! The request that a target gets: the caller's body with the config's parameters in it, the URL and the headers.

use ::http::{HeaderMap, HeaderValue, header};
use bytes::Bytes;
use url::{Position, Url};

use crate::body::Body;
use crate::call::Call;
use crate::config::Target;
use crate::embeddings::{self, Encoding};
use crate::endpoint::EMBEDDINGS;
use crate::error::{Error, Result};
use crate::http::Wire;
use crate::observe::Report;

pub struct Request<'c> {
    target: &'c Target,
    call: &'c Call,
    pub body: Bytes,
    pub encoding: Encoding,
    pub url: Url,
    /// The URL as it may be seen: without query, and with the unix socket's path.
    pub shown: String,
}

impl<'c> Request<'c> {
    /// `body` is the caller's, with parameters and checks applied.
    pub fn new(target: &'c Target, call: &'c Call, body: Bytes, report: &mut Report) -> Result<Self> {
        let mut request = Self {
            target,
            call,
            body,
            encoding: Encoding::Other,
            url: target.url(call.endpoint, &call.arguments, call.options.query.as_deref())?,
            shown: String::new(),
        };
        request.shown = shown(target, &request.url);
        if call.endpoint.call == EMBEDDINGS {
            let (asked, wire) = embeddings::prepare(&request.body);
            request.encoding = asked;
            if let Some(wire) = wire.filter(|_| target.provider.knows_base64_embeddings()) {
                request.body = wire;
                report.changes.push("encoding_format: base64 was asked for, to be decoded here".to_owned());
            }
        }
        Ok(request)
    }

    pub fn wire(&self) -> Wire {
        let mut headers = self.target.headers.clone();
        let stream = self.call.stream;
        add(&mut headers, &header::ACCEPT, if stream { "text/event-stream" } else { "application/json" });
        if self.call.endpoint.takes_body {
            add(&mut headers, &header::CONTENT_TYPE, "application/json");
        }
        // A compressed stream comes in lumps, each after many events.
        add(&mut headers, &header::ACCEPT_ENCODING, if stream { "identity" } else { "gzip" });
        Wire {
            method: self.call.endpoint.method.clone(),
            url: self.url.clone(),
            headers,
            body: self.body.clone(),
            socket: self.target.base_url.socket().cloned(),
            connect: self.target.clocks.connect,
        }
    }
}

/// The caller's body with the config's parameters in it.
pub fn with_params(target: &Target, call: &Call, report: &mut Report) -> Result<Bytes> {
    if target.params.is_empty() || !call.endpoint.takes_body {
        return Ok(call.body.clone());
    }
    let mut body = Body::parse(&call.body).map_err(|_| Error::problem("body", "expected a JSON object"))?;
    target.params.apply(&mut body, &mut report.changes);
    Ok(body.to_bytes())
}

/// Adds a header that nothing has set.
fn add(headers: &mut HeaderMap, name: &header::HeaderName, value: &'static str) {
    if !headers.contains_key(name) {
        headers.insert(name.clone(), HeaderValue::from_static(value));
    }
}

/// A URL as it may be seen.
fn shown(target: &Target, url: &Url) -> String {
    match target.base_url.socket() {
        Some(socket) => format!("unix:{}:{}", socket.display(), url.path()),
        None => url[..Position::AfterPath].to_owned(),
    }
}
