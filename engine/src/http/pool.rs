//! The process's open connections, by where they lead and how. An idle one is looked at before it is used again, so that
//! one which its host has closed meanwhile costs nothing; none is used for longer than `Ages::most`, so that hosts which
//! come to stand behind a name get their share.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hash, Hasher};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use tokio::sync::watch;

use super::connection::{Many, One, Open};
use super::destination::{AsItIs, Origin};
use super::egress::Egress;
use super::proxy::Proxy;
use super::tls::Tls;
use crate::clock::{Clock, Instant, SystemClock};
use crate::panics::caught;

/// Where a connection leads, and all that two calls must agree on to share one.
#[derive(Clone, PartialEq, Eq)]
pub struct Peer {
    pub origin: Arc<Origin>,
    pub socket: Option<Arc<Path>>,
    /// `None` for plain HTTP. It is kept with its connections, for clients that come to ask for the same.
    pub tls: Option<Arc<Tls>>,
    pub proxy: Option<Arc<Proxy>>,
    /// Its addresses were checked by this list.
    pub egress: Option<Arc<Egress>>,
}

/// By the origin alone: those that differ in the rest are few.
impl Hash for Peer {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.origin.hash(state);
    }
}

/// How long connections are kept.
#[derive(Clone, Copy)]
pub struct Ages {
    /// One that nobody used for this long is closed.
    pub idle: Duration,
    /// One that is older is used by no further call.
    pub most: Duration,
}

pub struct Pool {
    peers: Mutex<Peers>,
    reaping: AtomicBool,
    ages: Ages,
}

type Peers = HashMap<Peer, Kept, BuildHasherDefault<AsItIs>>;

#[derive(Default)]
struct Kept {
    idle: Vec<Idle>,
    shared: Vec<Many>,
    /// Someone connects; it ends when that has come to something.
    opening: Option<watch::Receiver<()>>,
    /// Whether connections are made side by side: the host speaks no HTTP/2, or can't be connected to.
    apart: bool,
}

struct Idle {
    one: Box<One>,
    since: Instant,
    /// The same by the clock on the wall, which goes on while the machine sleeps.
    since_wall: SystemTime,
}

/// How a call gets its connection.
pub enum Turn {
    Reuse(Open),
    /// It makes one. Others may be waiting for the lead to learn whether it can be shared.
    Connect(Option<Lead>),
    /// Another call is about to have one that may be shared.
    Wait(watch::Receiver<()>),
}

impl Pool {
    pub fn new(ages: Ages) -> Arc<Self> {
        Arc::new(Self { peers: Mutex::default(), reaping: AtomicBool::new(false), ages })
    }

    fn peers(&self) -> MutexGuard<'_, Peers> {
        self.peers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The open connection that was used last, or whose turn it is to make one.
    pub fn turn(self: &Arc<Self>, peer: &Peer, secure: bool) -> Turn {
        let mut peers = self.peers();
        if let Some(kept) = peers.get_mut(peer) {
            while let Some(mut last) = kept.idle.pop() {
                if self.is_young(&last) && last.one.is_usable() {
                    return Turn::Reuse(Open::One(last.one));
                }
            }
            let fresh = |many: &&Many| many.born.elapsed() < self.ages.most && many.has_room();
            if let Some(many) = kept.shared.iter().find(fresh) {
                return Turn::Reuse(Open::Many(many.clone(), many.slot()));
            }
            if let Some(opening) = kept.opening.as_ref().filter(|_| !kept.apart) {
                return Turn::Wait(opening.clone());
            }
        }
        if !secure || peers.get(peer).is_some_and(|kept| kept.apart) {
            return Turn::Connect(None);
        }
        let (done, opening) = watch::channel(());
        peers.entry(peer.clone()).or_default().opening = Some(opening);
        Turn::Connect(Some(Lead { pool: self.clone(), peer: peer.clone(), apart: None, _done: done }))
    }

    fn is_young(&self, idle: &Idle) -> bool {
        let slept = SystemClock.wall().duration_since(idle.since_wall).unwrap_or_default();
        idle.since.elapsed().max(slept) < self.ages.idle && idle.one.born.elapsed() < self.ages.most
    }

    /// Keeps a connection that is free.
    pub fn put(self: &Arc<Self>, peer: Peer, one: Box<One>) {
        if one.born.elapsed() >= self.ages.most {
            return;
        }
        let idle = Idle { one, since: SystemClock.now(), since_wall: SystemClock.wall() };
        self.peers().entry(peer).or_default().idle.push(idle);
        self.begin_reaping();
    }

    /// Lets others use a connection too.
    pub fn share(self: &Arc<Self>, peer: Peer, many: Many) {
        let mut peers = self.peers();
        let kept = peers.entry(peer).or_default();
        kept.shared.push(many);
        kept.apart = false;
        drop(peers);
        self.begin_reaping();
    }

    fn begin_reaping(self: &Arc<Self>) {
        if !self.reaping.swap(true, Ordering::Relaxed) {
            tokio::spawn(self.clone().reap());
        }
    }

    /// Closes connections that were idle for too long or that their hosts have closed; ends when there are none.
    async fn reap(self: Arc<Self>) {
        loop {
            SystemClock.sleep(self.ages.idle / 4).await;
            let mut peers = self.peers();
            let look = |kept: &mut Kept| {
                kept.idle.retain_mut(|idle| self.is_young(idle) && idle.one.is_usable());
                kept.shared.retain(|many| {
                    let is_old = many.born.elapsed() >= self.ages.most;
                    let longest = if is_old { Duration::ZERO } else { self.ages.idle };
                    many.idle_for().is_none_or(|idle| idle < longest)
                });
                !kept.idle.is_empty() || !kept.shared.is_empty() || kept.opening.is_some()
            };
            // Without it connections would stay for ever.
            caught(|| peers.retain(|_, kept| look(kept)));
            if peers.is_empty() {
                return self.reaping.store(false, Ordering::Relaxed);
            }
        }
    }
}

/// Who connects first to a host, while others wait to learn what it speaks. Dropping it lets them go on.
pub struct Lead {
    pool: Arc<Pool>,
    peer: Peer,
    apart: Option<bool>,
    _done: watch::Sender<()>,
}

impl Lead {
    /// `apart`: nothing that others can share came of it.
    pub fn ends(mut self, apart: bool) {
        self.apart = Some(apart);
    }
}

impl Drop for Lead {
    fn drop(&mut self) {
        let mut peers = self.pool.peers();
        let kept = peers.entry(self.peer.clone()).or_default();
        kept.opening = None;
        kept.apart = self.apart.unwrap_or(kept.apart);
    }
}
