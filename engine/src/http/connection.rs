//! An open connection. One of HTTP/1.1 is driven by the call that uses it, not by a task beside it: nothing is handed
//! between threads, and dropping the call closes the connection. One of HTTP/2 is shared by many calls, so it has a task
//! of its own; dropping a call resets its stream.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Waker};
use std::time::Duration;

use ::http::{Request, Response};
use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::client::conn::{TrySendError, http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};

use super::bell::Bell;
use super::failure::{Failure, FailureKind};
use super::pool::{Lead, Peer, Pool};
use super::stream::{Greeting, Heard, Listened, Stream};
use super::{BoxFuture, KEEPALIVE, Payload};
use crate::clock::{Clock, Instant, SystemClock};

/// More streams than this open another connection, also where the host allows more.
const MOST_STREAMS: usize = 100;

/// Headers of an HTTP/2 reply are no longer than this; those of HTTP/1.1 hyper holds to 400 KiB and 100 in number.
const LONGEST_HEADERS: u32 = 256 << 10;

/// A connection that was kept and breaks within this time of a request, before a byte of an answer, was closed by its host
/// already. One that breaks later may have broken over the request.
const STALE: Duration = Duration::from_secs(2);

pub enum Open {
    One(Box<One>),
    Many(Many, Slot),
}

/// A connection whose protocol has changed.
pub struct Changed {
    pub stream: Stream,
    pub heard: Heard,
}

/// A request that got no answer.
pub struct Unanswered {
    pub failure: Failure,
    pub again: Again,
    /// Its body, where nothing of it was taken.
    pub unsent: Option<Payload>,
}

/// Whether a request that got no answer may be sent once more, without having been an attempt.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Again {
    No,
    /// Nothing of an answer came, so soon that a connection that was kept must have been closed before.
    IfKept,
    /// The host has not looked at it, as it says, or as is plain.
    Yes,
}

impl Open {
    /// Greets the host on a stream. A connection of HTTP/2 is there for others from when its host has said how many
    /// streams it takes; `lead` holds them back until then.
    pub async fn greet(
        stream: Stream,
        speaks_2: bool,
        lead: Option<Lead>,
        home: &Arc<Pool>,
        peer: &Peer,
    ) -> Result<Self, Failure> {
        let heard = Heard::default();
        let failed = |error: hyper::Error| Failure::read(FailureKind::Unreachable, &error);
        let born = SystemClock.now();
        if !speaks_2 {
            let io = TokioIo::new(Listened { stream, heard: heard.clone(), greeting: None });
            let (sender, driver) = http1::Builder::new().handshake(io).await.map_err(failed)?;
            if let Some(lead) = lead {
                lead.ends(true);
            }
            return Ok(Self::One(Box::new(One { sender, driver: Driver::new(driver), heard, born })));
        }
        let (greeting, greeted) = Greeting::new();
        let io = TokioIo::new(Listened { stream, heard: heard.clone(), greeting: Some(greeting) });
        let mut builder = http2::Builder::new(TokioExecutor::new());
        builder.timer(TokioTimer::new()).keep_alive_interval(KEEPALIVE).max_header_list_size(LONGEST_HEADERS);
        let (sender, driver) = builder.handshake(io).await.map_err(failed)?;
        // Why it ended is told to the calls that use it.
        tokio::spawn(async move { drop(driver.await) });
        let streams = Arc::new(Load {
            streams: AtomicUsize::new(0),
            most: AtomicUsize::new(1),
            used: Mutex::new(born),
        });
        let many = Many { sender, load: streams, heard, born };
        let slot = many.slot();
        let (shared, home, peer) = (many.clone(), home.clone(), peer.clone());
        tokio::spawn(async move {
            let Ok(most) = greeted.await else { return };
            shared.load.most.store(most.clamp(1, MOST_STREAMS), Ordering::Relaxed);
            home.share(peer, shared);
            if let Some(lead) = lead {
                lead.ends(false);
            }
        });
        Ok(Self::Many(many, slot))
    }

    /// A connection of HTTP/1.1 that can change its protocol.
    pub async fn alone(stream: Stream) -> Result<Self, Failure> {
        let heard = Heard::default();
        let io = TokioIo::new(Listened { stream, heard: heard.clone(), greeting: None });
        let greeted = http1::Builder::new().handshake(io).await;
        let (sender, driver) = greeted.map_err(|error| Failure::read(FailureKind::Unreachable, &error))?;
        let driver = Driver::new(driver.with_upgrades());
        Ok(Self::One(Box::new(One { sender, driver, heard, born: SystemClock.now() })))
    }

    /// The bare connection, once the host has agreed to change its protocol.
    pub async fn changed(self, response: Response<Incoming>) -> Result<Changed, Failure> {
        let Self::One(mut one) = self else {
            let detail = "HTTP/2 has no change of protocol".to_owned();
            return Err(Failure { kind: FailureKind::Unsendable, detail });
        };
        let changed = drive(&mut one.driver, hyper::upgrade::on(response)).await;
        let changed = changed.map_err(|error| Failure::read(FailureKind::Broken, &error))?;
        Ok(Changed { stream: Box::new(TokioIo::new(changed)), heard: one.heard })
    }

    pub async fn send(&mut self, request: Request<Payload>) -> Result<Response<Incoming>, Unanswered> {
        let sent_at = SystemClock.now();
        let is_shared = matches!(self, Self::Many(..));
        let (answered, heard) = match self {
            Self::One(one) => {
                one.heard.forget();
                let answered = one.sender.try_send_request(request);
                (drive(&mut one.driver, answered).await, &one.heard)
            }
            Self::Many(many, _) => {
                many.heard.forget();
                (many.sender.try_send_request(request).await, &many.heard)
            }
        };
        answered.map_err(|mut error: TrySendError<_>| {
            let unsent = error.take_message().map(Request::into_body);
            let error = error.into_error();
            let soon = !heard.any() && SystemClock.now() - sent_at < STALE;
            // A new connection of HTTP/2 may be closed before its first stream too, by a server that is being reloaded.
            let untouched = is_refused_stream(&error) || (is_shared && unsent.is_some());
            let again = match untouched {
                true => Again::Yes,
                false if unsent.is_some() || soon => Again::IfKept,
                false => Again::No,
            };
            Unanswered { failure: Failure::read(FailureKind::Broken, &error), again, unsent }
        })
    }

    /// The answer's body. When it was read to its end, the connection is free for another call.
    pub fn body(self, incoming: Incoming, home: Arc<Pool>, peer: Peer) -> Body {
        match self {
            Self::One(one) => Body { incoming, open: Some((one, home, peer)), slot: None },
            Self::Many(_, slot) => Body { incoming, open: None, slot: Some(slot) },
        }
    }
}

/// Whether an HTTP/2 host says that it has not looked at the request.
fn is_refused_stream(error: &hyper::Error) -> bool {
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        if let Some(error) = cause.downcast_ref::<h2::Error>() {
            let gone = error.is_go_away() && error.reason() == Some(h2::Reason::NO_ERROR);
            let refused = error.is_reset() && error.reason() == Some(h2::Reason::REFUSED_STREAM);
            return error.is_remote() && (gone || refused);
        }
        source = cause.source();
    }
    false
}

/// What moves the bytes of a connection of HTTP/1.1.
struct Driver {
    /// `None` once it has ended.
    moving: Option<BoxFuture<'static, hyper::Result<()>>>,
    bell: Bell,
}

/// A connection of HTTP/1.1.
pub struct One {
    sender: http1::SendRequest<Payload>,
    driver: Driver,
    heard: Heard,
    pub born: Instant,
}

impl One {
    /// Looks whether an idle connection is still open and free.
    pub fn is_usable(&mut self) -> bool {
        poll_driver(&mut self.driver.moving, &mut Context::from_waker(Waker::noop()));
        self.driver.bell.rest();
        self.driver.moving.is_some() && self.sender.is_ready()
    }
}

impl Driver {
    fn new(moving: impl Future<Output = hyper::Result<()>> + Send + 'static) -> Self {
        Self { moving: Some(Box::pin(moving)), bell: Bell::default() }
    }
}

fn poll_driver(moving: &mut Option<BoxFuture<'static, hyper::Result<()>>>, context: &mut Context<'_>) {
    if moving.as_mut().is_some_and(|moving| moving.as_mut().poll(context).is_ready()) {
        *moving = None;
    }
}

/// Does `work`, which waits for the connection, while moving the connection's bytes.
async fn drive<T>(Driver { moving, bell }: &mut Driver, work: impl Future<Output = T>) -> T {
    let mut work = pin!(work);
    poll_fn(|context| {
        bell.poll(context, |context| {
            poll_driver(moving, context);
            work.as_mut().poll(context)
        })
    })
    .await
}

/// A connection of HTTP/2.
#[derive(Clone)]
pub struct Many {
    sender: http2::SendRequest<Payload>,
    load: Arc<Load>,
    heard: Heard,
    pub born: Instant,
}

struct Load {
    streams: AtomicUsize,
    /// So many may be open at once.
    most: AtomicUsize,
    used: Mutex<Instant>,
}

/// One stream of a shared connection.
pub struct Slot(Arc<Load>);

impl Many {
    pub fn slot(&self) -> Slot {
        self.load.streams.fetch_add(1, Ordering::Relaxed);
        Slot(self.load.clone())
    }

    /// Whether it is open and takes one stream more.
    pub fn has_room(&self) -> bool {
        let most = self.load.most.load(Ordering::Relaxed);
        !self.sender.is_closed() && self.load.streams.load(Ordering::Relaxed) < most
    }

    /// Since when nobody uses it; `None` while someone does. A closed one was never used.
    pub fn idle_for(&self) -> Option<Duration> {
        if self.sender.is_closed() {
            return Some(Duration::MAX);
        }
        let used = *self.load.used.lock().unwrap_or_else(PoisonError::into_inner);
        (self.load.streams.load(Ordering::Relaxed) == 0).then(|| used.elapsed())
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        *self.0.used.lock().unwrap_or_else(PoisonError::into_inner) = SystemClock.now();
        self.0.streams.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The unread rest of a reply.
pub struct Body {
    incoming: Incoming,
    open: Option<(Box<One>, Arc<Pool>, Peer)>,
    slot: Option<Slot>,
}

impl Body {
    /// The next bytes; `None` at the end.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, Failure> {
        loop {
            let frame = match (&mut self.open, &self.slot) {
                (Some((one, ..)), _) => drive(&mut one.driver, self.incoming.frame()).await,
                (None, Some(_)) => self.incoming.frame().await,
                (None, None) => return Ok(None),
            };
            match frame {
                Some(Ok(frame)) => {
                    if let Ok(bytes) = frame.into_data() {
                        return Ok(Some(bytes));
                    }
                }
                Some(Err(error)) => return Err(Failure::read(FailureKind::Broken, &error)),
                None => break,
            }
        }
        self.slot = None;
        if let Some((mut one, home, peer)) = self.open.take()
            && one.is_usable()
        {
            home.put(peer, one);
        }
        Ok(None)
    }
}
