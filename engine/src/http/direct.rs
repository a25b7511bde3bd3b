//! Plain HTTP/1.1 to a host or a unix socket, over connections of our own.
//! A connection is driven by the call that uses it, not by a task beside it: nothing is handed between threads, and
//! dropping the call closes the connection. An idle one is looked at before it is used again, so that one which its
//! server has closed meanwhile costs nothing.

use std::collections::HashMap;
use std::future::{Future, poll_fn};
use std::path::Path;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use ::http::header::HOST;
use ::http::{HeaderValue, Request, Uri};
use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::proxy::matcher::Matcher;
use hyper_util::rt::TokioIo;
use tower_service::Service;
use url::{Position, Url};

use super::failure::{ConnectTooSlow, Failure, FailureKind};
use super::{BoxFuture, ConnectWatch, IDLE, KEEPALIVE, Payload, Reply, ReplyBody, Source, Wire};
use crate::clock::{Clock, Instant, SystemClock, before};

/// The process's plain connections.
pub struct Direct {
    connector: HttpConnector,
    /// The environment's proxies, if it names any for plain HTTP.
    proxies: Option<Matcher>,
    idle: Mutex<HashMap<Peer, Vec<Idle>>>,
    reaping: AtomicBool,
}

#[derive(Clone, PartialEq, Eq, Hash)]
enum Peer {
    /// `host:port`
    Host(String),
    Socket(Arc<Path>),
}

struct Idle {
    open: Open,
    since: Instant,
}

/// A connection and what moves its bytes; `None` once it has ended.
struct Open {
    sender: SendRequest<Payload>,
    driver: Option<BoxFuture<'static, hyper::Result<()>>>,
}

/// Variables that name a proxy for plain HTTP.
const PROXY_VARIABLES: [&str; 4] = ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"];

impl Default for Direct {
    fn default() -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        connector.set_keepalive(Some(KEEPALIVE));
        let named =
            PROXY_VARIABLES.iter().any(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()));
        Self {
            connector,
            proxies: named.then(Matcher::from_env),
            idle: Mutex::default(),
            reaping: AtomicBool::new(false),
        }
    }
}

impl Direct {
    /// Whether a request needs neither TLS nor a proxy.
    pub fn reaches(&self, wire: &Wire) -> bool {
        if wire.socket.is_some() {
            return true;
        }
        let proxied = |proxies: &Matcher| {
            wire.url.as_str().parse::<Uri>().is_ok_and(|uri| proxies.intercept(&uri).is_some())
        };
        wire.url.scheme() == "http" && !self.proxies.as_ref().is_some_and(proxied)
    }

    pub async fn send(self: &Arc<Self>, wire: Wire, watch: &ConnectWatch) -> Result<Reply, Failure> {
        let Wire { method, url, mut headers, body, socket, connect } = wire;
        let peer = match &socket {
            Some(path) => Peer::Socket(path.clone()),
            None => Peer::Host(format!(
                "{}:{}",
                url.host_str().unwrap_or(""),
                url.port_or_known_default().unwrap_or(80)
            )),
        };
        headers.insert(HOST, host_header(&url)?);
        let mut request = Request::new(body);
        *request.method_mut() = method;
        *request.uri_mut() = url[Position::BeforePath..].parse().map_err(unsendable)?;
        *request.headers_mut() = headers;
        loop {
            let reused = self.take(&peer);
            let is_reused = reused.is_some();
            let mut open = match reused {
                Some(open) => open,
                None => self.connect(&url, socket.as_deref(), connect, watch).await?,
            };
            let answered = open.sender.try_send_request(request);
            match drive(&mut open.driver, answered).await {
                Ok(response) => {
                    let (parts, incoming) = response.into_parts();
                    let body = Body { open: Some(open), incoming, home: self.clone(), peer };
                    let body = ReplyBody::new(Source::Direct(Box::new(body)), &parts.headers);
                    return Ok(Reply { status: parts.status.as_u16(), headers: parts.headers, body });
                }
                // The connection ended before it took the request: nothing was written.
                Err(mut error) => match error.take_message().filter(|_| is_reused) {
                    Some(unsent) => request = unsent,
                    None => return Err(Failure::read(FailureKind::Broken, &error.into_error())),
                },
            }
        }
    }

    async fn connect(
        &self,
        url: &Url,
        socket: Option<&Path>,
        limit: Option<std::time::Duration>,
        watch: &ConnectWatch,
    ) -> Result<Open, Failure> {
        let began = SystemClock.now();
        watch.lock().began = Some(began);
        let opening = async {
            match socket {
                Some(path) => connect_socket(path).await,
                None => self.connect_host(url).await,
            }
        };
        let open = before(limit.map(|limit| began + limit), opening).await;
        let open =
            open.unwrap_or_else(|| Err(Failure::read(FailureKind::ConnectTimeout, &ConnectTooSlow)))?;
        watch.lock().took = Some(SystemClock.now() - began);
        Ok(open)
    }

    async fn connect_host(&self, url: &Url) -> Result<Open, Failure> {
        let uri: Uri = url[..Position::BeforePath].parse().map_err(unsendable)?;
        let stream = self.connector.clone().call(uri).await;
        handshake(stream.map_err(|error| Failure::read(FailureKind::Unreachable, &error))?).await
    }

    fn idle(&self) -> MutexGuard<'_, HashMap<Peer, Vec<Idle>>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The open connection that was used last.
    fn take(&self, peer: &Peer) -> Option<Open> {
        let mut idle = self.idle();
        let connections = idle.get_mut(peer)?;
        while let Some(mut last) = connections.pop() {
            if last.since.elapsed() < IDLE && last.open.is_usable() {
                return Some(last.open);
            }
        }
        None
    }

    fn put(self: &Arc<Self>, peer: Peer, open: Open) {
        self.idle().entry(peer).or_default().push(Idle { open, since: SystemClock.now() });
        if !self.reaping.swap(true, Ordering::Relaxed) {
            tokio::spawn(self.clone().reap());
        }
    }

    /// Closes connections that were idle for too long or that their servers have closed; ends when there are none.
    async fn reap(self: Arc<Self>) {
        loop {
            SystemClock.sleep(IDLE / 4).await;
            let mut idle = self.idle();
            idle.retain(|_, connections| {
                connections.retain_mut(|one| one.since.elapsed() < IDLE && one.open.is_usable());
                !connections.is_empty()
            });
            if idle.is_empty() {
                return self.reaping.store(false, Ordering::Relaxed);
            }
        }
    }
}

impl Open {
    /// Looks whether an idle connection is still open and free.
    fn is_usable(&mut self) -> bool {
        poll_driver(&mut self.driver, &mut Context::from_waker(Waker::noop()));
        self.driver.is_some() && self.sender.is_ready()
    }
}

fn poll_driver(driver: &mut Option<BoxFuture<'static, hyper::Result<()>>>, context: &mut Context<'_>) {
    if driver.as_mut().is_some_and(|driver| driver.as_mut().poll(context).is_ready()) {
        *driver = None;
    }
}

/// Does `work`, which waits for the connection, while moving the connection's bytes.
async fn drive<T>(
    driver: &mut Option<BoxFuture<'static, hyper::Result<()>>>,
    work: impl Future<Output = T>,
) -> T {
    let mut work = pin!(work);
    poll_fn(|context| {
        if let Poll::Ready(done) = work.as_mut().poll(context) {
            return Poll::Ready(done);
        }
        poll_driver(driver, context);
        work.as_mut().poll(context)
    })
    .await
}

/// The unread rest of a reply.
pub struct Body {
    open: Option<Open>,
    incoming: Incoming,
    home: Arc<Direct>,
    peer: Peer,
}

impl Body {
    /// The next bytes; `None` at the end, when the connection is free for another call.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, Failure> {
        let Some(open) = &mut self.open else { return Ok(None) };
        loop {
            match drive(&mut open.driver, self.incoming.frame()).await {
                Some(Ok(frame)) => {
                    if let Ok(bytes) = frame.into_data() {
                        return Ok(Some(bytes));
                    }
                }
                Some(Err(error)) => return Err(Failure::read(FailureKind::Broken, &error)),
                None => break,
            }
        }
        if let Some(mut open) = self.open.take()
            && open.is_usable()
        {
            self.home.put(self.peer.clone(), open);
        }
        Ok(None)
    }
}

#[cfg(unix)]
async fn connect_socket(path: &Path) -> Result<Open, Failure> {
    let stream = tokio::net::UnixStream::connect(path).await;
    handshake(TokioIo::new(stream.map_err(|error| Failure::read(FailureKind::Unreachable, &error))?)).await
}

#[cfg(not(unix))]
async fn connect_socket(path: &Path) -> Result<Open, Failure> {
    Err(unsendable(format!("this platform has no unix sockets: {}", path.display())))
}

async fn handshake<Io>(io: Io) -> Result<Open, Failure>
where
    Io: hyper::rt::Read + hyper::rt::Write + Unpin + Send + 'static,
{
    let made = http1::Builder::new().handshake(io).await;
    let (sender, driver) = made.map_err(|error| Failure::read(FailureKind::Unreachable, &error))?;
    let driver: Pin<Box<dyn Future<Output = hyper::Result<()>> + Send>> = Box::pin(driver);
    Ok(Open { sender, driver: Some(driver) })
}

fn host_header(url: &Url) -> Result<HeaderValue, Failure> {
    let host = &url[Position::BeforeHost..Position::AfterPort];
    HeaderValue::from_str(host).map_err(unsendable)
}

fn unsendable(why: impl std::fmt::Display) -> Failure {
    Failure { kind: FailureKind::Unsendable, detail: why.to_string() }
}
