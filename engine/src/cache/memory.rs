//! Entries in memory, bounded in bytes; what was used longest ago makes room.
//! Time is the caller's: an entry past its end is not given out, whatever moka's own clock says. That one only sees to it
//! that the memory of what has ended is freed.

use std::sync::Arc;
use std::time::Duration;

use moka::Expiry;
use moka::policy::EvictionPolicy;
use moka::sync::Cache;

use super::entry::Entry;
use super::key::Key;
use crate::clock::Instant;

pub struct Memory {
    cache: Cache<Key, Held>,
    /// A larger entry would take the place of too many others.
    pub largest: usize,
}

#[derive(Clone)]
pub struct Held {
    pub entry: Arc<Entry>,
    /// When it was put here.
    pub since: Instant,
    life: Duration,
}

struct ByLife;

impl Expiry<Key, Held> for ByLife {
    fn expire_after_create(&self, _: &Key, held: &Held, _: std::time::Instant) -> Option<Duration> {
        Some(held.life)
    }

    fn expire_after_update(
        &self,
        _: &Key,
        held: &Held,
        _: std::time::Instant,
        _: Option<Duration>,
    ) -> Option<Duration> {
        Some(held.life)
    }
}

impl Memory {
    pub fn new(max_bytes: u64) -> Self {
        let weigh = |_: &Key, held: &Held| {
            let weight = size_of::<Key>() + size_of::<Held>() + held.entry.weight();
            u32::try_from(weight).unwrap_or(u32::MAX)
        };
        let cache = Cache::builder().max_capacity(max_bytes).weigher(weigh).expire_after(ByLife);
        let largest = usize::try_from(max_bytes / 8).unwrap_or(usize::MAX);
        Self { cache: cache.eviction_policy(EvictionPolicy::lru()).build(), largest }
    }

    /// An entry that has not ended by `now`.
    pub fn get(&self, key: &Key, now: Instant) -> Option<Held> {
        self.cache.get(key).filter(|held| now < held.since + held.life)
    }

    /// Takes the place of what is there under the key.
    pub fn put(&self, key: Key, entry: Arc<Entry>, now: Instant, life: Duration) {
        if entry.size() > self.largest {
            return self.remove(&key);
        }
        self.cache.insert(key, Held { entry, since: now, life });
        // moka puts its housekeeping off; with entries of megabytes the bound is to be kept now.
        self.cache.run_pending_tasks();
    }

    pub fn remove(&self, key: &Key) {
        self.cache.invalidate(key);
    }

    /// How many entries there are, and what they weigh.
    pub fn size(&self) -> (u64, u64) {
        self.cache.run_pending_tasks();
        (self.cache.entry_count(), self.cache.weighted_size())
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::super::entry::Content;
    use super::super::key::{Identity, Tenant};
    use super::*;
    use crate::clock::{Clock, SystemClock};

    const LIFE: Duration = Duration::from_secs(60);

    fn key(number: usize) -> Key {
        let tenant = Tenant::of([]);
        let identity = Identity { call: "c", provider: "p", url: "u", socket: None, tenant, manner: "" };
        Key::of(&identity, number.to_string().as_bytes()).expect("a body")
    }

    fn entry(size: usize) -> Arc<Entry> {
        let content = Content::Whole(Bytes::from(vec![b'x'; size]));
        Arc::new(Entry { status: 200, content_type: None, content })
    }

    #[test]
    fn an_entry_is_given_out_until_its_very_end() {
        let (memory, now) = (Memory::new(1 << 20), SystemClock.now());
        memory.put(key(1), entry(10), now, LIFE);
        assert!(
            memory.get(&key(1), now + LIFE.checked_sub(Duration::from_nanos(1)).expect("long")).is_some()
        );
        assert!(memory.get(&key(1), now + LIFE).is_none());
        memory.put(key(1), entry(10), now, LIFE * 2);
        assert!(memory.get(&key(1), now + LIFE).is_some(), "the later life counts");
    }

    #[test]
    fn the_bound_is_in_bytes_and_the_least_recently_used_makes_room() {
        let (memory, now) = (Memory::new(100_000), SystemClock.now());
        for number in 0..200 {
            memory.put(key(number), entry(10_000), now, LIFE);
            assert!(memory.cache.weighted_size() <= 100_000);
            assert!(memory.get(&key(0), now).is_some(), "it is used all the time");
        }
        assert_eq!(memory.size().0, 9);
        assert!(memory.get(&key(199), now).is_some() && memory.get(&key(150), now).is_none());
        memory.remove(&key(199));
        assert!(memory.get(&key(199), now).is_none());
    }
}
