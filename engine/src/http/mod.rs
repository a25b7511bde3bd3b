//! The door to the network. It sends what it is given, follows no redirect, retries nothing that was written (but for a
//! kept connection that turns out closed), and says how far it came. All clients of a process share its connections,
//! where they agree on how a host is reached (`Route`).

mod authorities;
mod bell;
mod certificate;
mod connection;
mod destination;
mod dial;
mod egress;
mod exempt;
mod failure;
mod key;
mod payload;
mod pool;
mod proxy;
mod stream;
#[cfg(test)]
mod tests;
mod tls;
mod upgrade;

use std::future::Future;
use std::io::Write;
use std::path::Path;
use std::pin::Pin;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use ::http::header::{CONTENT_ENCODING, HOST, HeaderMap, HeaderValue, PROXY_AUTHORIZATION};
use ::http::{Method, Request, StatusCode, Version};
use bytes::{Buf, Bytes};
use flate2::write::MultiGzDecoder;

use crate::clock::{Clock, Instant, SystemClock, before};
pub use connection::Changed;
use connection::{Again, Open};
pub use destination::Destination;
use dial::{Dialler, System, Way};
pub use egress::Egress;
use failure::ConnectTooSlow;
pub use failure::{Failure, FailureKind};
pub use payload::Payload;
use pool::{Ages, Lead, Peer, Pool, Turn};
use proxy::Environment;
pub use proxy::{Proxy, Through};
pub use stream::{Heard, Stream};
pub use tls::{Tls, TlsSettings, install_crypto};

type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Longer than many servers keep an idle connection: it is looked at before it is used again.
const AGES: Ages = Ages { idle: Duration::from_secs(60), most: Duration::from_secs(300) };

/// A host that says so often that it has not looked at a request won't do so.
const MOST_REFUSALS: u32 = 3;

/// The operating system asks a silent peer this often whether it is still there.
const KEEPALIVE: Duration = Duration::from_secs(30);

/// A request as it goes onto the network.
pub struct Wire {
    pub method: Method,
    pub url: Arc<Destination>,
    /// Those that are the same for many requests are shared by them.
    pub headers: Arc<HeaderMap>,
    pub body: Payload,
    pub socket: Option<Arc<Path>>,
    pub route: Arc<Route>,
    /// How long connecting may take.
    pub connect: Option<Duration>,
    /// Whether the host is asked to speak WebSocket from here on, over a connection of its own.
    pub upgrade: bool,
}

/// How a target is reached.
pub struct Route {
    pub tls: Arc<Tls>,
    pub proxy: Through,
    /// What the client may reach at all.
    pub egress: Option<Arc<Egress>>,
}

impl Default for Route {
    fn default() -> Self {
        Self { tls: Tls::usual(), proxy: Through::default(), egress: None }
    }
}

/// A reply whose body is still to be read.
pub struct Reply {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: ReplyBody,
}

/// How long connecting took, where a connection had to be made, and how often the request was sent once more.
#[derive(Default)]
pub struct ConnectWatch(Mutex<WatchState>);

#[derive(Default)]
struct WatchState {
    began: Option<Instant>,
    took: Option<Duration>,
    resent: u32,
}

impl ConnectWatch {
    fn lock(&self) -> std::sync::MutexGuard<'_, WatchState> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// `None` when an open connection was used.
    pub fn took(&self) -> Option<Duration> {
        self.lock().took
    }

    /// How often the request was sent once more, since its host had not looked at it.
    pub fn resent(&self) -> u32 {
        self.lock().resent
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
    pool: Arc<Pool>,
    dialler: Dialler,
    environment: OnceLock<Environment>,
}

/// One with connections of its own.
impl Default for Network {
    fn default() -> Self {
        Self {
            pool: Pool::new(AGES),
            dialler: Dialler { resolver: Arc::new(System) },
            environment: OnceLock::new(),
        }
    }
}

impl Network {
    /// The process's one network.
    pub fn shared() -> Arc<Self> {
        static NETWORK: OnceLock<Arc<Network>> = OnceLock::new();
        NETWORK.get_or_init(Arc::default).clone()
    }

    async fn request(&self, mut wire: Wire, watch: &ConnectWatch) -> Result<Reply, Failure> {
        let proxy = match wire.socket {
            Some(_) => None,
            None => wire.route.proxy.proxy_for(&wire.url, self.environment.get_or_init(Environment::read))?,
        };
        if wire.upgrade {
            return Box::pin(self.upgraded(wire, proxy, watch)).await;
        }
        let mut body = std::mem::replace(&mut wire.body, Payload::Whole(Bytes::new()));
        let way =
            Way { url: &wire.url, socket: wire.socket.as_deref(), route: &wire.route, proxy, upgrade: false };
        let peer = peer(&wire, &way);
        let mut may_reuse = true;
        let mut refusals = 0;
        loop {
            let turn = if may_reuse { self.pool.turn(&peer, way.is_secure()) } else { Turn::Connect(None) };
            let (mut open, reused) = match turn {
                Turn::Reuse(open) => (open, true),
                // Boxed, so that a call that finds a connection does not carry what making one needs.
                turn => Box::pin(self.connection(&way, &peer, turn, wire.connect, watch)).await?,
            };
            let (sent, kept) = body.part();
            match open.send(request(&wire, &way, &open, sent)?).await {
                Ok(response) => {
                    let (parts, incoming) = response.into_parts();
                    if let Some(proxy) = way.asks_proxy().filter(|_| parts.status.as_u16() == 407) {
                        return Err(proxy.refusal(407));
                    }
                    let body = open.body(incoming, self.pool.clone(), peer);
                    let body = ReplyBody::new(Source::Open(Box::new(body)), &parts.headers);
                    return Ok(Reply { status: parts.status.as_u16(), headers: parts.headers, body });
                }
                Err(unanswered) => {
                    let Some(again) = unanswered.unsent.or(kept) else { return Err(unanswered.failure) };
                    body = again;
                    match unanswered.again {
                        // The host had closed it before: once more, over one that is new.
                        Again::IfKept if reused => may_reuse = false,
                        Again::Yes if refusals < MOST_REFUSALS => refusals += 1,
                        _ => return Err(unanswered.failure),
                    }
                    watch.lock().resent += 1;
                }
            }
        }
    }

    /// A connection, and whether it was there already.
    async fn connection(
        &self,
        way: &Way<'_>,
        peer: &Peer,
        mut turn: Turn,
        limit: Option<Duration>,
        watch: &ConnectWatch,
    ) -> Result<(Open, bool), Failure> {
        let finding = async {
            loop {
                match turn {
                    Turn::Reuse(open) => return Ok((open, true)),
                    Turn::Wait(mut opening) => {
                        // It never changes: it ends, by whatever came of it.
                        drop(opening.changed().await);
                        turn = self.pool.turn(peer, way.is_secure());
                    }
                    Turn::Connect(lead) => return self.open(way, peer, lead).await.map(|open| (open, false)),
                }
            }
        };
        watched(limit, watch, finding).await
    }

    /// Asks over a connection that nobody else has used or will use. A host that does not change the protocol answers as to
    /// any request.
    async fn upgraded(
        &self,
        mut wire: Wire,
        proxy: Option<Arc<Proxy>>,
        watch: &ConnectWatch,
    ) -> Result<Reply, Failure> {
        let key = upgrade::ask(Arc::make_mut(&mut wire.headers));
        let body = std::mem::replace(&mut wire.body, Payload::Whole(Bytes::new()));
        let way =
            Way { url: &wire.url, socket: wire.socket.as_deref(), route: &wire.route, proxy, upgrade: true };
        let opening = async {
            let (stream, _) = self.dialler.open(&way).await?;
            Open::alone(stream).await
        };
        let mut open = watched(wire.connect, watch, opening).await?;
        let sent = open.send(request(&wire, &way, &open, body)?).await;
        let response = sent.map_err(|unanswered| unanswered.failure)?;
        let status = response.status().as_u16();
        if response.status() == StatusCode::SWITCHING_PROTOCOLS {
            upgrade::check(&key, &wire.headers, response.headers())?;
            let headers = response.headers().clone();
            let source = Source::Changed(open.changed(response).await?);
            return Ok(Reply { status, headers, body: ReplyBody::new(source, &HeaderMap::new()) });
        }
        let (parts, incoming) = response.into_parts();
        let body = open.body(incoming, self.pool.clone(), peer(&wire, &way));
        let body = ReplyBody::new(Source::Open(Box::new(body)), &parts.headers);
        Ok(Reply { status, headers: parts.headers, body })
    }

    async fn open(&self, way: &Way<'_>, peer: &Peer, lead: Option<Lead>) -> Result<Open, Failure> {
        match self.dialler.open(way).await {
            Ok((stream, speaks_2)) => Open::greet(stream, speaks_2, lead, &self.pool, peer).await,
            Err(failure) => {
                // Those who wait need not do so in turn.
                if let Some(lead) = lead {
                    lead.ends(true);
                }
                Err(failure)
            }
        }
    }
}

/// Waits for a connection, by its clock.
async fn watched<T>(
    limit: Option<Duration>,
    watch: &ConnectWatch,
    connecting: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    let began = SystemClock.now();
    watch.lock().began = Some(began);
    let found = before(limit.map(|limit| began + limit), connecting).await;
    let found = found.unwrap_or_else(|| Err(Failure::read(FailureKind::ConnectTimeout, &ConnectTooSlow)))?;
    watch.lock().took = Some(SystemClock.now() - began);
    Ok(found)
}

fn peer(wire: &Wire, way: &Way<'_>) -> Peer {
    Peer {
        origin: wire.url.origin.clone(),
        socket: wire.socket.clone(),
        tls: way.is_secure().then(|| wire.route.tls.clone()),
        proxy: way.proxy.clone(),
        egress: wire.route.egress.clone(),
    }
}

/// The request in the form that its connection takes.
fn request(wire: &Wire, way: &Way<'_>, open: &Open, body: Payload) -> Result<Request<Payload>, Failure> {
    let told = wire.url.told()?;
    let mut request = Request::new(body);
    *request.method_mut() = wire.method.clone();
    *request.headers_mut() = (*wire.headers).clone();
    let headers = request.headers_mut();
    let proxy = way.asks_proxy();
    if let Some(authorization) = proxy.and_then(|proxy| proxy.authorization.clone()) {
        headers.insert(PROXY_AUTHORIZATION, authorization);
    }
    let is_2 = matches!(open, Open::Many(..));
    if !is_2 {
        headers.insert(HOST, told.host.clone());
    }
    *request.uri_mut() = if is_2 || proxy.is_some() { wire.url.whole()? } else { told.path.clone() };
    if is_2 {
        *request.version_mut() = Version::HTTP_2;
    }
    Ok(request)
}

impl Transport for Network {
    fn send<'a>(&'a self, wire: Wire, watch: &'a ConnectWatch) -> BoxFuture<'a, Result<Reply, Failure>> {
        Box::pin(self.request(wire, watch))
    }
}

/// The unread rest of a reply. Dropping it closes the connection unless it was read to its end.
pub struct ReplyBody {
    source: Source,
    gunzip: Option<Box<MultiGzDecoder<Vec<u8>>>>,
    /// What is still to be unzipped.
    zipped: Bytes,
}

enum Source {
    Open(Box<connection::Body>),
    /// The host speaks another protocol now.
    Changed(Changed),
    Closed,
}

/// Zipped bytes are unzipped in pieces of this size, so that what has a thousand times the size comes in bearable pieces.
const ZIPPED_PIECE: usize = 4 << 10;

impl ReplyBody {
    fn new(source: Source, headers: &HeaderMap) -> Self {
        let encoding = headers.get(CONTENT_ENCODING).map(HeaderValue::as_bytes);
        let zipped = matches!(encoding, Some(b"gzip" | b"x-gzip"));
        let gunzip = zipped.then(|| Box::new(MultiGzDecoder::new(Vec::new())));
        Self { source, gunzip, zipped: Bytes::new() }
    }

    /// A body that has nothing to read.
    pub fn empty() -> Self {
        Self { source: Source::Closed, gunzip: None, zipped: Bytes::new() }
    }

    /// The next bytes, unzipped; `None` at the end.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, Failure> {
        loop {
            let mut is_end = false;
            if self.zipped.is_empty() {
                let bytes = match &mut self.source {
                    Source::Open(body) => body.chunk().await?,
                    Source::Changed(_) | Source::Closed => None,
                };
                if self.gunzip.is_none() {
                    return Ok(bytes);
                }
                is_end = bytes.is_none();
                self.zipped = bytes.unwrap_or_default();
            }
            let Some(gunzip) = &mut self.gunzip else { return Ok(None) };
            let piece = &self.zipped[..self.zipped.len().min(ZIPPED_PIECE)];
            let unzipped = if is_end { gunzip.try_finish() } else { gunzip.write_all(piece) };
            self.zipped.advance(piece.len());
            unzipped.map_err(|error| Failure::read(FailureKind::Broken, &error))?;
            let text = std::mem::take(gunzip.get_mut());
            if !text.is_empty() {
                return Ok(Some(Bytes::from(text)));
            }
            if is_end {
                return Ok(None);
            }
        }
    }

    /// The connection, where the host has changed its protocol.
    pub fn changed(self) -> Option<Changed> {
        match self.source {
            Source::Changed(changed) => Some(changed),
            Source::Open(_) | Source::Closed => None,
        }
    }

    /// Closes the connection now.
    pub fn close(&mut self) {
        self.source = Source::Closed;
        self.gunzip = None;
        self.zipped = Bytes::new();
    }
}
