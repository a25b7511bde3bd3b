//! The door to a store that many processes share: Redis, or what speaks its protocol (Valkey).
//! It is an aid and never a condition: every question has a deadline of its own, a store that fails is left alone for
//! some seconds, and no failure leaves this module but as "not available". What went wrong is counted, and told in fixed
//! words: neither URL nor password, key or value can reach a message.
//! One server or a proxy in front of several; a cluster's redirections are not followed.

mod breaker;
#[cfg(test)]
pub mod later;
#[cfg(test)]
pub mod server;
#[cfg(test)]
mod tests;

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, ErrorKind, FromRedisValue, Pipeline, RedisError, pipe};
use serde::Serialize;
use tokio::sync::watch;

use crate::clock::{Clock, SystemClock, before};
use crate::secret::Secret;
use breaker::Breaker;
#[cfg(test)]
pub use breaker::REST;

/// How long things may take.
#[derive(Clone, Copy)]
pub struct Limits {
    /// A question, the wait for a connection included.
    pub operation: Duration,
    /// Connecting, which goes on in the background when the question that began it has run out of time.
    pub connect: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { operation: Duration::from_millis(250), connect: Duration::from_secs(1) }
    }
}

/// What is said of a URL that can't be one.
const EXPECTED: &str = "expected redis://[user:password@]host[:port][/database], the same with rediss:// for TLS, or \
    unix:///path/of/socket; a password's special characters are percent-encoded";

/// One connection to the store, made when it is first needed and made anew when it is lost.
pub struct Store {
    client: redis::Client,
    limits: Limits,
    clock: Arc<dyn Clock>,
    link: Mutex<Option<Link>>,
    breaker: Mutex<Breaker>,
    counts: Counts,
}

/// What a question found.
#[derive(Debug, PartialEq, Eq)]
pub enum Found<T> {
    Value(T),
    /// The store answered that it holds nothing.
    Nothing,
    /// The store did not answer, answered nonsense, or was not asked.
    Unavailable,
}

/// How the store has been doing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Health {
    /// `unused`, `connecting`, `connected` or `resting`.
    pub state: &'static str,
    /// Questions that failed.
    pub failures: u64,
    /// Questions that were not asked, since the store was being left alone.
    pub skipped: u64,
    /// Why the last question that failed did, in fixed words.
    pub last_failure: Option<&'static str>,
}

/// State that processes share beside the cache, such as who sticks to which target. Keys are the caller's own.
#[derive(Clone)]
pub struct Shared(Arc<Store>);

#[derive(Default)]
struct Counts {
    failures: AtomicU64,
    skipped: AtomicU64,
    last: Mutex<Option<Trouble>>,
}

/// A connection that is there, or is being made.
type Link = watch::Receiver<Option<Result<MultiplexedConnection, Trouble>>>;

#[derive(Clone, Copy)]
enum Trouble {
    Late,
    Unreachable,
    /// A connection that was there has ended.
    Lost,
    Credentials,
    Error,
    Foreign,
}

impl Trouble {
    fn of(error: RedisError, connecting: bool) -> Self {
        match error.kind() {
            ErrorKind::AuthenticationFailed => return Self::Credentials,
            ErrorKind::Io if connecting => return Self::Unreachable,
            _ if error.is_unrecoverable_error() && !connecting => return Self::Lost,
            ErrorKind::Parse | ErrorKind::UnexpectedReturnType => return Self::Foreign,
            _ => {}
        }
        let told = error.into_server_errors();
        let code = told.as_deref().and_then(|told| told.first()).map(|(_, error)| error.code());
        match code {
            Some("NOAUTH" | "WRONGPASS" | "NOPERM") => Self::Credentials,
            _ => Self::Error,
        }
    }

    fn text(self) -> &'static str {
        match self {
            Self::Late => "no answer in time",
            Self::Unreachable => "no connection could be made",
            Self::Lost => "the connection ended",
            Self::Credentials => "the user or password was refused",
            Self::Error => "the answer was an error",
            Self::Foreign => "the answer is none that Redis gives",
        }
    }
}

impl Store {
    /// A door to the store at `url`; nothing is connected yet. An error says what a URL should look like.
    pub fn open(url: &Secret, limits: Limits, clock: Arc<dyn Clock>) -> Result<Arc<Self>, &'static str> {
        let written = url::Url::parse(url.expose()).map_err(|_| EXPECTED)?;
        if written.fragment().is_some() {
            return Err(
                "takes nothing after #: a certificate is always checked (SSL_CERT_FILE names an authority of your own)",
            );
        }
        if matches!(written.scheme(), "rediss" | "valkeys") {
            crate::http::install_crypto();
        }
        let client = redis::Client::open(written).map_err(|_| EXPECTED)?;
        let (link, breaker, counts) = <(Mutex<Option<Link>>, Mutex<Breaker>, Counts)>::default();
        Ok(Arc::new(Self { client, limits, clock, link, breaker, counts }))
    }

    /// A value, and how long it still lives. A value without an end counts as none of ours.
    pub async fn get(&self, key: &str) -> Found<(Bytes, Duration)> {
        let question = pipe().cmd("GET").arg(key).cmd("PTTL").arg(key).clone();
        match self.ask::<(Option<Vec<u8>>, i64)>(&question).await {
            Some((Some(value), left)) if left > 0 => {
                Found::Value((Bytes::from(value), Duration::from_millis(left.unsigned_abs())))
            }
            Some(_) => Found::Nothing,
            None => Found::Unavailable,
        }
    }

    /// Keeps `value` for `life`; false when it could not be kept.
    pub async fn set(&self, key: &str, value: &[u8], life: Duration) -> bool {
        let life = u64::try_from(life.as_millis()).unwrap_or(u64::MAX).max(1);
        let question = pipe().cmd("SET").arg(key).arg(value).arg("PX").arg(life).ignore().clone();
        self.ask::<()>(&question).await.is_some()
    }

    /// What a script answers that the store runs as a whole, on these keys.
    async fn run<T: FromRedisValue>(&self, script: &str, keys: &[String], arguments: &[String]) -> Option<T> {
        let question = pipe().cmd("EVAL").arg(script).arg(keys.len()).arg(keys).arg(arguments).clone();
        self.ask::<(T,)>(&question).await.map(|(answer,)| answer)
    }

    pub fn health(&self) -> Health {
        let resting = lock(&self.breaker).is_resting(self.clock.now());
        let state = match &*lock(&self.link) {
            _ if resting => "resting",
            None => "unused",
            Some(link) => match &*link.borrow() {
                None => "connecting",
                Some(Ok(_)) => "connected",
                Some(Err(_)) => "unused",
            },
        };
        Health {
            state,
            failures: self.counts.failures.load(Relaxed),
            skipped: self.counts.skipped.load(Relaxed),
            last_failure: lock(&self.counts.last).map(Trouble::text),
        }
    }

    /// Asks, if the store is being asked at all, and notes how that went. It may be dropped at any time.
    async fn ask<T: FromRedisValue>(&self, question: &Pipeline) -> Option<T> {
        if !lock(&self.breaker).lets_through(self.clock.now()) {
            self.counts.skipped.fetch_add(1, Relaxed);
            return None;
        }
        // Real time: a deadline is for sockets, whatever time the policies are told.
        let deadline = Some(SystemClock.now() + self.limits.operation);
        match before(deadline, self.answer(question)).await.unwrap_or(Err(Trouble::Late)) {
            Ok(answer) => {
                lock(&self.breaker).succeeded();
                Some(answer)
            }
            Err(trouble) => {
                self.note(trouble);
                None
            }
        }
    }

    /// A connection that ended while nobody used it is no failure: the question is asked again over a new one.
    async fn answer<T: FromRedisValue>(&self, question: &Pipeline) -> Result<T, Trouble> {
        let link = self.link();
        match over(link.clone(), question).await {
            Err(Trouble::Lost) => {
                self.unlink(&link);
                over(self.link(), question).await
            }
            answer => answer,
        }
    }

    /// The connection; one that failed, or that nobody makes any more, is tried again.
    fn link(&self) -> Link {
        let mut link = lock(&self.link);
        if let Some(link) = &*link
            && matches!(*link.borrow(), Some(Ok(_)) | None)
            && (link.borrow().is_some() || link.has_changed().is_ok())
        {
            return link.clone();
        }
        link.insert(self.connect()).clone()
    }

    fn unlink(&self, lost: &Link) {
        lock(&self.link).take_if(|link| link.same_channel(lost));
    }

    /// Begins to connect, in a task: it takes its own time, and a question that gives up does not end it.
    fn connect(&self) -> Link {
        let (sender, link) = watch::channel(None);
        let client = self.client.clone();
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(self.limits.connect))
            .set_response_timeout(None);
        tokio::spawn(async move {
            let connected = client.get_multiplexed_async_connection_with_config(&config).await;
            sender.send_replace(Some(connected.map_err(|error| Trouble::of(error, true))));
        });
        link
    }

    fn note(&self, trouble: Trouble) {
        self.counts.failures.fetch_add(1, Relaxed);
        *lock(&self.counts.last) = Some(trouble);
        if lock(&self.breaker).failed(self.clock.now()) {
            // A connection whose other end vanished without a word looks as good as any. One that is still being made
            // is left to it: it may only be slow.
            lock(&self.link).take_if(|link| link.borrow().is_some());
        }
    }
}

impl Shared {
    pub fn new(store: Arc<Store>) -> Self {
        Self(store)
    }

    /// `None` when there is nothing, or nothing can be learned.
    pub async fn get(&self, key: &str) -> Option<Bytes> {
        match self.0.get(&state_key(key)).await {
            Found::Value((value, _)) => Some(value),
            Found::Nothing | Found::Unavailable => None,
        }
    }

    /// Keeps `value` for `life`; false when it could not be kept.
    pub async fn set(&self, key: &str, value: &[u8], life: Duration) -> bool {
        self.0.set(&state_key(key), value, life).await
    }

    /// What a script answers, in whole numbers, that the store runs as a whole; `None` when nothing can be learned.
    pub async fn run(&self, script: &str, keys: &[String], arguments: &[String]) -> Option<Vec<i64>> {
        let keys: Vec<String> = keys.iter().map(|key| state_key(key)).collect();
        self.0.run(script, &keys, arguments).await
    }
}

fn state_key(key: &str) -> String {
    format!("portkey:state:{key}")
}

async fn over<T: FromRedisValue>(mut link: Link, question: &Pipeline) -> Result<T, Trouble> {
    let connected = match link.wait_for(Option::is_some).await {
        Ok(connected) => connected.clone(),
        Err(_) => None,
    };
    let mut connection = connected.unwrap_or(Err(Trouble::Unreachable))?;
    question.query_async(&mut connection).await.map_err(|error| Trouble::of(error, false))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
