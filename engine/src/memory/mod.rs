//! What a client remembers between calls: how its targets fare, whose turn it is, and how many retries it may still make.
//! A call never sees another call's content here. Clients made by `withOptions` share it; it ends with them.

mod limit;
mod live;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::cache::{self, Cache};
use crate::clock::Clock;
use crate::config::Options;
use crate::error::Problem;
use crate::health::budget::{self, Budget};
use crate::route::key::Hash;
use crate::route::round_robin::RoundRobin;
use crate::route::sticky::Table;
pub use limit::{Limit, NoSlot};
pub use live::{Fault, Live, Seen, Settings, Standing, Visit};

pub struct Memory {
    /// How many retries it may still make, where that is limited.
    budget: Option<Budget>,
    pub cache: Cache,
    settings: (Option<budget::Settings>, cache::Settings),
    targets: Mutex<HashMap<String, Arc<Live>>>,
    turns: Mutex<HashMap<String, Arc<RoundRobin>>>,
    tables: Mutex<HashMap<(String, Duration), Arc<Table<usize>>>>,
}

/// Calls that bring a config of their own may name ever new targets: those that nobody uses are forgotten above this.
const MOST: usize = 1_000;

impl Memory {
    /// That of a client with `options`; one derived from another keeps what they agree on.
    pub fn of(
        options: &Options,
        known: Option<Arc<Self>>,
        clock: &Arc<dyn Clock>,
    ) -> Result<Arc<Self>, Vec<Problem>> {
        let settings = (options.retry_budget, options.cache_store.clone());
        let cache = match known {
            Some(known) if known.settings == settings => return Ok(known),
            Some(known) if known.settings.1 == settings.1 => known.cache.clone(),
            _ => Cache::new(&settings.1, clock.clone()).map_err(|why| {
                vec![Problem { path: "cacheStore.redis".to_owned(), message: why.to_owned() }]
            })?,
        };
        Ok(Arc::new(Self {
            budget: settings.0.map(Budget::new),
            cache,
            settings,
            targets: Mutex::default(),
            turns: Mutex::default(),
            tables: Mutex::default(),
        }))
    }

    /// A call begins, and pays for part of a retry.
    pub fn began_call(&self) {
        if let Some(budget) = &self.budget {
            budget.deposit();
        }
    }

    /// Takes out one retry; false when there is none left.
    pub fn may_retry(&self) -> bool {
        self.budget.as_ref().is_none_or(Budget::withdraw)
    }

    /// What is known of the target that `identity` names: the same for every plan that names it with the same settings.
    pub fn target(&self, identity: &str, settings: Settings) -> Arc<Live> {
        let identity = format!("{identity} {settings:?}");
        known(&self.targets, identity.clone(), || Live::new(&identity, settings))
    }

    /// Whose turn it is in a group of targets with these weights.
    pub fn turn(&self, identity: String, weights: Vec<f64>) -> Arc<RoundRobin> {
        known(&self.turns, identity, || RoundRobin::new(weights))
    }

    /// Which of a group's targets each key stays with, and what that is called where processes share it.
    pub fn table(&self, identity: String, ttl: Duration) -> (Arc<Table<usize>>, String) {
        let name = shared_name("sticky", &identity);
        (known(&self.tables, (identity, ttl), || Table::new(ttl)), name)
    }
}

/// A name for what processes share of something: it tells nothing of what it names.
fn shared_name(kind: &str, identity: &str) -> String {
    let mut hash = Hash::default();
    hash.write(identity.as_bytes());
    format!("{kind}:{:016x}", hash.finish())
}

fn known<K: std::hash::Hash + Eq, V>(
    all: &Mutex<HashMap<K, Arc<V>>>,
    key: K,
    new: impl FnOnce() -> V,
) -> Arc<V> {
    let mut all = lock(all);
    if all.len() >= MOST && !all.contains_key(&key) {
        all.retain(|_, value| Arc::strong_count(value) > 1);
    }
    if let Some(found) = all.get(&key) {
        return found.clone();
    }
    let made = Arc::new(new());
    all.insert(key, made.clone());
    made
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
