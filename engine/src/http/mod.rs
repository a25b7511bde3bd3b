//! The door to the network. It sends what it is given, follows no redirect, retries nothing that was written, and says
//! how far it came. Plain HTTP to a host or a unix socket goes over connections of our own (`direct.rs`); TLS, HTTP/2
//! and proxies go through reqwest (`secure.rs`). All clients of a process share its connections.

mod direct;
mod failure;
mod payload;
mod secure;

use std::future::Future;
use std::io::Write;
use std::path::Path;
use std::pin::Pin;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use ::http::Method;
use ::http::header::{CONTENT_ENCODING, HeaderMap, HeaderValue};
use bytes::Bytes;
use flate2::write::MultiGzDecoder;
use url::Url;

use crate::clock::Instant;
pub use failure::{Failure, FailureKind};
pub use payload::Payload;
pub use secure::install_crypto;

type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// An open connection that nobody used for this long is closed.
const IDLE: Duration = Duration::from_secs(60);

/// The operating system asks a silent peer this often whether it is still there.
const KEEPALIVE: Duration = Duration::from_secs(30);

/// A request as it goes onto the network.
pub struct Wire {
    pub method: Method,
    pub url: Url,
    pub headers: HeaderMap,
    pub body: Payload,
    pub socket: Option<Arc<Path>>,
    /// How long connecting may take.
    pub connect: Option<Duration>,
}

/// A reply whose body is still to be read.
pub struct Reply {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: ReplyBody,
}

/// How long connecting took, where a connection had to be made.
#[derive(Clone, Default)]
pub struct ConnectWatch(Arc<Mutex<WatchState>>);

#[derive(Default)]
struct WatchState {
    limit: Option<Duration>,
    began: Option<Instant>,
    took: Option<Duration>,
}

impl ConnectWatch {
    fn lock(&self) -> std::sync::MutexGuard<'_, WatchState> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// `None` when an open connection was used.
    pub fn took(&self) -> Option<Duration> {
        self.lock().took
    }

    /// Whether connecting began and has not ended.
    pub fn is_connecting(&self) -> bool {
        let state = self.lock();
        state.began.is_some() && state.took.is_none()
    }
}

/// What carries a request to its host; replaced in tests.
pub trait Transport: Send + Sync {
    fn send<'a>(&'a self, wire: Wire, watch: &'a ConnectWatch) -> BoxFuture<'a, Result<Reply, Failure>>;
}

/// The real network.
#[derive(Default)]
pub struct Network {
    direct: Arc<direct::Direct>,
    secure: secure::Secure,
}

impl Network {
    /// The process's one network.
    pub fn shared() -> Arc<Self> {
        static NETWORK: OnceLock<Arc<Network>> = OnceLock::new();
        NETWORK.get_or_init(Arc::default).clone()
    }
}

impl Transport for Network {
    fn send<'a>(&'a self, wire: Wire, watch: &'a ConnectWatch) -> BoxFuture<'a, Result<Reply, Failure>> {
        if self.direct.reaches(&wire) {
            Box::pin(self.direct.send(wire, watch))
        } else {
            Box::pin(self.secure.send(wire, watch))
        }
    }
}

/// The unread rest of a reply. Dropping it closes the connection unless it was read to its end.
pub struct ReplyBody {
    source: Source,
    gunzip: Option<MultiGzDecoder<Vec<u8>>>,
}

enum Source {
    Direct(Box<direct::Body>),
    Secure(Box<reqwest::Response>),
    Closed,
}

impl ReplyBody {
    fn new(source: Source, headers: &HeaderMap) -> Self {
        let encoding = headers.get(CONTENT_ENCODING).map(HeaderValue::as_bytes);
        let zipped = matches!(encoding, Some(b"gzip" | b"x-gzip"));
        Self { source, gunzip: zipped.then(|| MultiGzDecoder::new(Vec::new())) }
    }

    /// A body that has nothing to read.
    pub fn empty() -> Self {
        Self { source: Source::Closed, gunzip: None }
    }

    /// The next bytes, unzipped; `None` at the end.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, Failure> {
        loop {
            let bytes = match &mut self.source {
                Source::Direct(body) => body.chunk().await,
                Source::Secure(response) => secure::chunk(response).await,
                Source::Closed => Ok(None),
            }?;
            let Some(gunzip) = &mut self.gunzip else { return Ok(bytes) };
            let unzipped = match &bytes {
                Some(bytes) => gunzip.write_all(bytes),
                None => gunzip.try_finish(),
            };
            unzipped.map_err(|error| Failure::read(FailureKind::Broken, &error))?;
            let text = std::mem::take(gunzip.get_mut());
            if !text.is_empty() {
                return Ok(Some(Bytes::from(text)));
            }
            if bytes.is_none() {
                return Ok(None);
            }
        }
    }

    /// Closes the connection now.
    pub fn close(&mut self) {
        self.source = Source::Closed;
        self.gunzip = None;
    }
}
