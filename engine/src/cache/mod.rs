//! The response cache: an answer that came whole is given again to the same call for as long as its policy says.
//! In memory, bounded in bytes; with a shared store (`store/`) also for other processes. It never makes a call fail, and
//! with a store that is dead or slow costs it at most that store's deadline.
//! It cannot lie: a key is everything that decides an answer (`key.rs`), only complete answers are kept (`entry.rs`), and
//! a text that means the same is taken for the same only where all else is equal (`semantic.rs`).
//! What to keep, and whether a call wants the cache, is for the attempt to say; nothing here knows of HTTP.

mod canonical;
mod complete;
mod entry;
mod flight;
mod guard;
mod key;
mod memory;
mod policy;
mod semantic;
mod status;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use bytes::Bytes;
use serde::Serialize;
use serde_json::Value;
use tokio::runtime::Handle;
use tokio::sync::Semaphore;

pub use complete::is_complete;
pub use entry::{Content, Entry, Recording};
pub use key::{Identity, Key, Tenant};
pub use policy::{Mode, Policy};
pub use semantic::{Place, Similar, Subject};
pub use status::{Status, cacheable};

use crate::clock::Clock;
use crate::config::Reader;
use crate::headers::fold;
use crate::secret::Secret;
use crate::store::{Found, Health as StoreHealth, Limits, Shared, Store};
use flight::{Baton, Flights, Joined};
use memory::{Held, Memory};
use semantic::Index;

/// The largest entry there is, whatever the bound of all.
const LARGEST: usize = 8 << 20;

/// With a store, how long an entry in memory is used before the store is asked again, which another process may have
/// given a newer one.
const COPY: Duration = Duration::from_secs(60);

/// So many writes to the store may be on their way; further ones are left out.
const WRITES: u32 = 64;

/// A similar question whose answer has gone is forgotten, and the next one tried, so often.
const TRIES: usize = 3;

#[derive(Clone)]
pub struct Settings {
    /// The bytes of all entries in memory.
    pub max_bytes: u64,
    /// The URL of a Redis that processes share.
    pub redis: Option<Secret>,
}

impl Settings {
    /// Reads the option `cacheStore`: `{ maxBytes, redis }`.
    pub fn read(value: &Value, path: &str, reader: &mut Reader) -> Self {
        let mut settings = Self::default();
        for (written, value) in
            reader.object(value, path).into_iter().flatten().filter(|(_, value)| !value.is_null())
        {
            let place = format!("{path}.{written}");
            match fold(written).as_str() {
                "maxbytes" => {
                    let read = reader.whole(value, &place, 0..=1 << 40);
                    settings.max_bytes = read.unwrap_or(settings.max_bytes);
                }
                "redis" => settings.redis = reader.secret(value, &place),
                _ => reader.problem(place, "expected one of maxBytes, redis"),
            }
        }
        settings
    }
}

impl PartialEq for Settings {
    fn eq(&self, other: &Self) -> bool {
        let url = |settings: &Self| settings.redis.as_ref().map(|url| url.expose().to_owned());
        self.max_bytes == other.max_bytes && url(self) == url(other)
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self { max_bytes: 64 << 20, redis: None }
    }
}

/// A client's cache. Clones are the same cache.
#[derive(Clone)]
pub struct Cache(Arc<Inner>);

struct Inner {
    memory: Memory,
    index: Index,
    store: Option<Arc<Store>>,
    clock: Arc<dyn Clock>,
    flights: Arc<Flights>,
    /// The largest entry that is kept.
    limit: usize,
    writes: Arc<Semaphore>,
    unreadable: AtomicU64,
}

/// An answer that was kept.
#[derive(Clone)]
pub struct Hit {
    pub entry: Arc<Entry>,
    /// The question that it was the answer to, where that is another one that means the same.
    pub similar: Option<Similar>,
}

pub enum Look {
    Hit(Hit),
    /// There is nothing: make the call, and tell the lead how it ended.
    Lead(Lead),
}

/// What a call that is being made owes the cache and those who wait for it. Dropped without a word, as an aborted call
/// drops it, it leaves the call to one of those who wait. Who holds one looks for nothing else: it could wait for itself.
pub struct Lead {
    cache: Arc<Inner>,
    key: Key,
    baton: Option<Baton>,
    place: Option<(Place, Option<f32>)>,
}

/// How the cache has been doing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Health {
    pub entries: u64,
    pub bytes: u64,
    /// Values in the store that are no entries of this version, or not whole.
    pub unreadable: u64,
    #[serde(rename = "redis")]
    pub store: Option<StoreHealth>,
}

impl Hit {
    pub fn status(&self) -> Status {
        if self.similar.is_some() { Status::SemanticHit } else { Status::Hit }
    }
}

impl Cache {
    /// A cache in which nothing is yet, and with no connection. An error says what the store's URL should look like.
    pub fn new(settings: &Settings, clock: Arc<dyn Clock>) -> Result<Self, &'static str> {
        let open = |url: &Secret| Store::open(url, Limits::default(), clock.clone());
        let store = settings.redis.as_ref().map(open).transpose()?;
        Ok(Self::over(store, settings.max_bytes, clock))
    }

    fn over(store: Option<Arc<Store>>, max_bytes: u64, clock: Arc<dyn Clock>) -> Self {
        let memory = Memory::new(max_bytes);
        // What is too large for this memory may still be shared.
        let limit = if store.is_some() { LARGEST } else { memory.largest.min(LARGEST) };
        Self(Arc::new(Inner {
            memory,
            index: Index::new(),
            store,
            clock,
            flights: Arc::default(),
            limit,
            writes: Arc::new(Semaphore::new(WRITES as usize)),
            unreadable: AtomicU64::new(0),
        }))
    }

    /// The answer that is kept, or the duty to bring one. Waits while an equal call is being made.
    pub async fn look(&self, key: &Key) -> Look {
        if let Some(held) = self.0.held(key).filter(|held| self.0.is_recent(held)) {
            return Look::Hit(Hit { entry: held.entry, similar: None });
        }
        let baton = match self.0.flights.join(key).await {
            Joined::Landed(Some(hit)) => return Look::Hit(hit),
            // The call that was waited for came to nothing: this one is made on its own, and nobody waits for it.
            Joined::Landed(None) => None,
            Joined::Leads(baton) => Some(baton),
        };
        let lead = self.lead(key, baton);
        if lead.baton.is_some()
            && let Some(entry) = self.0.find(key).await
        {
            let hit = Hit { entry, similar: None };
            lead.share(hit.clone());
            return Look::Hit(hit);
        }
        Look::Lead(lead)
    }

    /// For a call that wants a new answer: asks for nothing and waits for nobody; what it brings is kept.
    pub fn refresh(&self, key: &Key) -> Lead {
        self.lead(key, None)
    }

    /// The answer to a question that means the same, if one is near enough and its answer is still there.
    pub async fn similar(&self, place: &Place, threshold: f32) -> Option<Hit> {
        for _ in 0..TRIES {
            let similar = self.0.index.find(place, threshold)?;
            if let Some(entry) = self.0.find(&similar.key).await {
                return Some(Hit { entry, similar: Some(similar) });
            }
            self.0.index.forget(place, &similar.key);
        }
        None
    }

    /// State that is shared over the same connection; `None` where there is no store.
    pub fn shared(&self) -> Option<Shared> {
        self.0.store.clone().map(Shared::new)
    }

    /// Waits until all that was stored has reached the store, or was given up.
    pub async fn settle(&self) {
        // The semaphore is never closed.
        drop(self.0.writes.acquire_many(WRITES).await);
    }

    pub fn health(&self) -> Health {
        let (entries, bytes) = self.0.memory.size(self.0.clock.now());
        let unreadable = self.0.unreadable.load(Relaxed);
        Health { entries, bytes, unreadable, store: self.0.store.as_ref().map(|store| store.health()) }
    }

    fn lead(&self, key: &Key, baton: Option<Baton>) -> Lead {
        Lead { cache: self.0.clone(), key: *key, baton, place: None }
    }
}

impl Lead {
    /// Where the question lies among those that mean the same: it is found there once its answer is stored. With a
    /// threshold to replace, as a refresh has it, all that are this near give way to it.
    pub fn lies_at(&mut self, place: Place, replacing: Option<f32>) {
        self.place = Some((place, replacing));
    }

    /// The largest answer that is kept, in bytes: a recording need not be longer.
    pub fn limit(&self) -> usize {
        self.cache.limit
    }

    /// The call was answered, completely: keeps the answer for `max_age` and gives it to all who wait. The store is
    /// written to in the background. An answer that is too large is given to those who wait and not kept; one with the
    /// status of a failure is neither.
    pub fn store(mut self, entry: Entry, max_age: Duration) {
        if !entry.is_storable() {
            return self.failed();
        }
        let entry = if entry.size() <= self.cache.limit && !max_age.is_zero() {
            self.cache.keep(self.key, &entry, max_age, self.place.take())
        } else {
            Arc::new(entry)
        };
        self.land(Some(Hit { entry, similar: None }));
    }

    /// An answer was found in another way: gives it to all who wait. Nothing is kept under this key.
    pub fn share(mut self, hit: Hit) {
        self.land(Some(hit));
    }

    /// The call failed, or its answer is none to be kept: all who wait make their own calls, at once.
    pub fn failed(mut self) {
        self.release();
    }

    /// Lets those who wait make their own calls while this one goes on, as when its reader is slow. What it brings is
    /// kept all the same.
    pub fn release(&mut self) {
        self.land(None);
    }

    fn land(&mut self, hit: Option<Hit>) {
        if let Some(baton) = self.baton.take() {
            baton.land(hit);
        }
    }
}

impl Inner {
    fn held(&self, key: &Key) -> Option<Held> {
        self.memory.get(key, self.clock.now())
    }

    /// Whether it may be used without asking the store.
    fn is_recent(&self, held: &Held) -> bool {
        self.store.is_none() || self.clock.now() < held.since + COPY
    }

    /// The entry, in memory or in the store. What the store no longer has is gone from memory too; while it can't be
    /// asked, memory counts.
    async fn find(&self, key: &Key) -> Option<Arc<Entry>> {
        let held = self.held(key);
        if let Some(held) = held.as_ref().filter(|held| self.is_recent(held)) {
            return Some(held.entry.clone());
        }
        match self.store.as_ref()?.get(&key.shared_name()).await {
            Found::Unavailable => held.map(|held| held.entry),
            Found::Value((bytes, life)) => {
                let entry = Entry::decode(key, bytes);
                if entry.is_none() {
                    self.unreadable.fetch_add(1, Relaxed);
                }
                entry.map(|entry| self.remember(*key, entry, life))
            }
            Found::Nothing => {
                if held.is_some() {
                    self.memory.remove(key);
                }
                None
            }
        }
    }

    /// Keeps an answer in memory and, in the background, in the store.
    fn keep(
        &self,
        key: Key,
        entry: &Entry,
        life: Duration,
        place: Option<(Place, Option<f32>)>,
    ) -> Arc<Entry> {
        let bytes = entry.encode(&key);
        let own = Entry::decode(&key, bytes.clone()).expect("what was encoded can be decoded");
        let own = self.remember(key, own, life);
        if let Some((place, replacing)) = place {
            self.index.add(place, key, replacing);
        }
        self.write(key, bytes, life);
        own
    }

    fn remember(&self, key: Key, entry: Entry, life: Duration) -> Arc<Entry> {
        let entry = Arc::new(entry);
        self.memory.put(key, entry.clone(), self.clock.now(), life);
        entry
    }

    fn write(&self, key: Key, bytes: Bytes, life: Duration) {
        let (Some(store), Ok(runtime)) = (self.store.clone(), Handle::try_current()) else { return };
        let Ok(permit) = self.writes.clone().try_acquire_owned() else { return };
        runtime.spawn(async move {
            store.set(&key.shared_name(), &bytes, life).await;
            drop(permit);
        });
    }
}
