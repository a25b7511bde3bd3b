//! The door to the network, and the only file that names reqwest.
//! One process-wide client per unix socket, and one for everything else, so that all clients share their connections.
//! It sends what it is given, follows no redirect, retries nothing that was written, and says how far it came.

use std::collections::HashMap;
use std::error::Error as StdError;
use std::future::Future;
use std::io;
use std::path::Path;
use std::pin::Pin;
use std::sync::{Arc, Mutex, Once, OnceLock};
use std::task::{Context, Poll};
use std::time::Duration;

use ::http::{HeaderMap, Method};
use bytes::Bytes;
use tower_layer::Layer;
use tower_service::Service;
use url::Url;

use crate::clock::{Clock, Instant, SystemClock};

type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A request as it goes onto the network.
pub struct Wire {
    pub method: Method,
    pub url: Url,
    pub headers: HeaderMap,
    pub body: Bytes,
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

/// How far a request came, and why no further. Never holds a URL or a header.
#[derive(Debug)]
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
    /// The host's reply is no HTTP.
    NotHttp,
    /// The connection ended or was reset after the request was written.
    Broken,
    /// The request could not be made at all.
    Unsendable,
}

impl FailureKind {
    /// Whether nothing of the request can have reached the host.
    pub fn is_before_sending(self) -> bool {
        !matches!(self, Self::NotHttp | Self::Broken)
    }
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
pub struct Network {
    shared: OnceLock<reqwest::Client>,
    sockets: Mutex<HashMap<Arc<Path>, reqwest::Client>>,
}

impl Network {
    /// The process's one network: every engine shares its connections.
    pub fn shared() -> Arc<Self> {
        static NETWORK: OnceLock<Arc<Network>> = OnceLock::new();
        let make = || Arc::new(Self { shared: OnceLock::new(), sockets: Mutex::new(HashMap::new()) });
        NETWORK.get_or_init(make).clone()
    }

    fn client(&self, socket: Option<&Arc<Path>>) -> Result<reqwest::Client, Failure> {
        let Some(socket) = socket else {
            if let Some(client) = self.shared.get() {
                return Ok(client.clone());
            }
            let client = build(None)?;
            return Ok(self.shared.get_or_init(|| client).clone());
        };
        let mut sockets = self.sockets.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(client) = sockets.get(socket) {
            return Ok(client.clone());
        }
        let client = build(Some(socket))?;
        sockets.insert(socket.clone(), client.clone());
        Ok(client)
    }
}

fn build(socket: Option<&Path>) -> Result<reqwest::Client, Failure> {
    install_crypto();
    let mut builder = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .tcp_nodelay(true)
        .tcp_keepalive(Duration::from_secs(30))
        .pool_idle_timeout(Duration::from_secs(90))
        .connector_layer(WatchLayer);
    if let Some(path) = socket {
        #[cfg(unix)]
        {
            builder = builder.unix_socket(path);
        }
        #[cfg(not(unix))]
        return Err(Failure {
            kind: FailureKind::Unsendable,
            detail: format!("no unix sockets here: {}", path.display()),
        });
    }
    builder.build().map_err(|error| Failure::from_reqwest(error, false))
}

/// One TLS provider for the whole process; a second would make rustls refuse to choose.
fn install_crypto() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        // An error means that one is installed already, which is as good.
        drop(rustls::crypto::ring::default_provider().install_default());
    });
}

tokio::task_local! {
    static WATCH: ConnectWatch;
}

impl Transport for Network {
    fn send<'a>(&'a self, wire: Wire, watch: &'a ConnectWatch) -> BoxFuture<'a, Result<Reply, Failure>> {
        Box::pin(async move {
            let client = self.client(wire.socket.as_ref())?;
            watch.lock().limit = wire.connect;
            let mut request = reqwest::Request::new(wire.method, wire.url);
            *request.headers_mut() = wire.headers;
            if !wire.body.is_empty() {
                *request.body_mut() = Some(wire.body.into());
            }
            let sent = WATCH.scope(watch.clone(), client.execute(request)).await;
            let mut response = sent.map_err(|error| Failure::from_reqwest(error, watch.is_connecting()))?;
            Ok(Reply {
                status: response.status().as_u16(),
                headers: std::mem::take(response.headers_mut()),
                body: ReplyBody(Some(response)),
            })
        })
    }
}

/// The unread rest of a reply. Dropping it closes the connection unless it was read to its end.
pub struct ReplyBody(Option<reqwest::Response>);

impl ReplyBody {
    /// The next bytes; `None` at the end.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, Failure> {
        match &mut self.0 {
            Some(response) => response.chunk().await.map_err(|error| Failure::from_reqwest(error, false)),
            None => Ok(None),
        }
    }

    /// Closes the connection now.
    pub fn close(&mut self) {
        self.0 = None;
    }
}

impl Failure {
    fn from_reqwest(error: reqwest::Error, connecting: bool) -> Self {
        let error = error.without_url();
        let mut detail = error.to_string();
        let mut kind = if error.is_builder() {
            FailureKind::Unsendable
        } else if error.is_connect() || connecting {
            FailureKind::Unreachable
        } else {
            FailureKind::Broken
        };
        let mut source = error.source();
        while let Some(cause) = source {
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
                _ => FailureKind::Tls,
            };
        }
        if cause.downcast_ref::<hyper::Error>().is_some_and(hyper::Error::is_parse) {
            return FailureKind::NotHttp;
        }
        if kind != FailureKind::Unreachable {
            return kind;
        }
        if detail.starts_with("dns error") || detail.contains("failed to lookup address") {
            return FailureKind::Dns;
        }
        match cause.downcast_ref::<io::Error>().map(io::Error::kind) {
            Some(io::ErrorKind::ConnectionRefused | io::ErrorKind::NotFound) => FailureKind::Refused,
            Some(io::ErrorKind::TimedOut) => FailureKind::ConnectTimeout,
            _ => kind,
        }
    }
}

/// An `io::Error` that wraps another error gives that one as its source only through `get_ref`.
fn inner_source<'e>(cause: &'e (dyn StdError + 'static)) -> Option<&'e (dyn StdError + 'static)> {
    let wrapped = cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
    wrapped.map(|inner| inner as &(dyn StdError + 'static)).or_else(|| cause.source())
}

/// Connecting took longer than its clock allows.
#[derive(Debug)]
struct ConnectTooSlow;

impl std::fmt::Display for ConnectTooSlow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("connecting took too long")
    }
}

impl StdError for ConnectTooSlow {}

/// Times connecting (name lookup, TCP, proxy and TLS) for the call that asked for it, and holds it to its clock.
#[derive(Clone)]
struct WatchLayer;

impl<S> Layer<S> for WatchLayer {
    type Service = Watched<S>;

    fn layer(&self, inner: S) -> Watched<S> {
        Watched(inner)
    }
}

#[derive(Clone)]
struct Watched<S>(S);

impl<S, Request> Service<Request> for Watched<S>
where
    S: Service<Request, Error = Box<dyn StdError + Send + Sync>>,
    S::Future: Send + 'static,
    S::Response: 'static,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = BoxFuture<'static, Result<S::Response, S::Error>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let connecting = self.0.call(request);
        Box::pin(async move {
            // Without a watch, the call that asked has found another connection meanwhile.
            let Ok(watch) = WATCH.try_with(Clone::clone) else { return connecting.await };
            let began = SystemClock.now();
            let limit = {
                let mut state = watch.lock();
                state.began = Some(began);
                state.limit
            };
            let connected = crate::clock::before(limit.map(|limit| began + limit), connecting).await;
            let connected = connected.unwrap_or_else(|| Err(Box::new(ConnectTooSlow)))?;
            watch.lock().took = Some(SystemClock.now() - began);
            Ok(connected)
        })
    }
}
