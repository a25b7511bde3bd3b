//! Entries in memory, bounded in bytes; what was used longest ago makes room. An entry past its end is not given out, and
//! its memory is freed by whatever looks at the cache next.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hashlink::LinkedHashMap;

use super::entry::Entry;
use super::key::Key;
use crate::clock::Instant;

/// So often, at most, all entries are looked at for those that have ended.
const BETWEEN_SWEEPS: Duration = Duration::from_secs(1);

pub struct Memory {
    shelf: Mutex<Shelf>,
    most: u64,
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

#[derive(Default)]
struct Shelf {
    /// Those used last stand last.
    held: LinkedHashMap<Key, Held>,
    bytes: u64,
    swept: Option<Instant>,
}

impl Memory {
    pub fn new(max_bytes: u64) -> Self {
        let largest = usize::try_from(max_bytes / 8).unwrap_or(usize::MAX);
        Self { shelf: Mutex::default(), most: max_bytes, largest }
    }

    /// An entry that has not ended by `now`.
    pub fn get(&self, key: &Key, now: Instant) -> Option<Held> {
        self.shelf().held.to_back(key).filter(|held| !held.has_ended(now)).cloned()
    }

    /// Takes the place of what is there under the key.
    pub fn put(&self, key: Key, entry: Arc<Entry>, now: Instant, life: Duration) {
        if entry.size() > self.largest {
            return self.remove(&key);
        }
        let held = Held { entry, since: now, life };
        let mut kept = self.shelf();
        kept.sweep(now);
        kept.bytes += held.weight();
        let former = kept.held.insert(key, held);
        kept.bytes -= former.map_or(0, |former| former.weight());
        while kept.bytes > self.most {
            let Some((_, oldest)) = kept.held.pop_front() else { break };
            kept.bytes -= oldest.weight();
        }
    }

    pub fn remove(&self, key: &Key) {
        let mut kept = self.shelf();
        let former = kept.held.remove(key);
        kept.bytes -= former.map_or(0, |former| former.weight());
    }

    /// How many entries there are, and what they weigh.
    pub fn size(&self, now: Instant) -> (u64, u64) {
        let mut kept = self.shelf();
        kept.swept = None;
        kept.sweep(now);
        (kept.held.len() as u64, kept.bytes)
    }

    fn shelf(&self) -> MutexGuard<'_, Shelf> {
        self.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held {
    fn has_ended(&self, now: Instant) -> bool {
        now >= self.since + self.life
    }

    fn weight(&self) -> u64 {
        (size_of::<Key>() + size_of::<Self>() + self.entry.weight()) as u64
    }
}

impl Shelf {
    /// Takes out what has ended.
    fn sweep(&mut self, now: Instant) {
        if self.swept.is_some_and(|swept| now < swept + BETWEEN_SWEEPS) {
            return;
        }
        self.swept = Some(now);
        let Self { held, bytes, .. } = self;
        held.retain(|_, held| {
            let stays = !held.has_ended(now);
            *bytes -= if stays { 0 } else { held.weight() };
            stays
        });
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
            assert!(memory.shelf().bytes <= 100_000);
            assert!(memory.get(&key(0), now).is_some(), "it is used all the time");
        }
        assert_eq!(memory.size(now).0, 9);
        assert!(memory.get(&key(199), now).is_some() && memory.get(&key(150), now).is_none());
        memory.remove(&key(199));
        assert!(memory.get(&key(199), now).is_none());
    }

    #[test]
    fn what_has_ended_is_freed_and_counts_no_more() {
        let (memory, now) = (Memory::new(1 << 20), SystemClock.now());
        for number in 0..10 {
            memory.put(key(number), entry(1000), now, LIFE * (1 + number as u32 % 2));
        }
        let (ten, bytes) = memory.size(now);
        assert_eq!((ten, memory.size(now + LIFE)), (10, (5, bytes / 2)));
        memory.put(key(10), entry(1000), now + LIFE * 2, LIFE);
        assert_eq!(memory.shelf().held.len(), 1, "a new one makes those go that have ended");
        memory.remove(&key(10));
        assert_eq!(memory.size(now), (0, 0));
    }
}
