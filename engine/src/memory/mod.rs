//! What a client remembers between calls: how its targets fare, whose turn it is, and how many retries it may still make.
//! A call never sees another call's content here. Clients made by `withOptions` share it; it ends with them.

mod limit;
mod live;
mod tokens;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::cache::{self, Cache};
use crate::clock::Clock;
use crate::config::Options;
use crate::error::Problem;
use crate::health::budget::{self, Budget};
use crate::limit::Book;
use crate::route::key::Hash;
use crate::route::round_robin::RoundRobin;
use crate::route::sticky::Table;
pub use limit::{Limit, NoSlot};
pub use live::{Fault, Live, Seen, Settings, Standing, Visit};

/// Which of a group's targets each key stays with.
type Stays = Arc<Table<usize>>;

pub struct Memory {
    /// How many retries it may still make, where that is limited.
    budget: Option<Budget>,
    pub cache: Cache,
    settings: (Option<budget::Settings>, cache::Settings),
    known: Arc<Known>,
}

/// What is known of targets and of groups, by what tells them from others.
#[derive(Default)]
struct Known {
    targets: Mutex<HashMap<String, Arc<Live>>>,
    turns: Mutex<HashMap<String, Arc<RoundRobin>>>,
    tables: Mutex<HashMap<(String, Duration), Stays>>,
    /// What was counted against limits.
    counted: Arc<Book>,
}

/// Calls that bring a config of their own may name ever new targets: those that nobody uses are forgotten above this.
const MOST: usize = 1_000;

impl Memory {
    /// That of a client with `options`; one derived from another knows the same targets, and keeps what else they agree on.
    pub fn of(
        options: &Options,
        derived_from: Option<&Arc<Self>>,
        clock: &Arc<dyn Clock>,
    ) -> Result<Arc<Self>, Vec<Problem>> {
        let settings = (options.retry_budget, options.cache_store.clone());
        let cache = match derived_from {
            Some(memory) if memory.settings == settings => return Ok(memory.clone()),
            Some(memory) if memory.settings.1 == settings.1 => memory.cache.clone(),
            _ => Cache::new(&settings.1, clock.clone()).map_err(|why| {
                vec![Problem { path: "cacheStore.redis".to_owned(), message: why.to_owned() }]
            })?,
        };
        Ok(Arc::new(Self {
            budget: settings.0.map(Budget::new),
            cache,
            settings,
            known: derived_from.map(|memory| memory.known.clone()).unwrap_or_default(),
        }))
    }

    /// That of one call, which may bring a budget of its own.
    pub fn of_call(self: &Arc<Self>, options: &Options) -> Arc<Self> {
        let budget = options.retry_budget;
        if budget == self.settings.0 {
            return self.clone();
        }
        Arc::new(Self {
            budget: budget.map(Budget::new),
            cache: self.cache.clone(),
            settings: (budget, self.settings.1.clone()),
            known: self.known.clone(),
        })
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
        known(&self.known.targets, identity.clone(), || Live::new(&identity, settings))
    }

    /// What was counted against limits, by their own numbers.
    pub fn counted(&self) -> Arc<Book> {
        self.known.counted.clone()
    }

    /// Whose turn it is in a group of targets with these weights.
    pub fn turn(&self, identity: String, weights: Vec<f64>) -> Arc<RoundRobin> {
        known(&self.known.turns, identity, || RoundRobin::new(weights))
    }

    /// Which of a group's targets each key stays with, and what that is called where processes share it.
    pub fn table(&self, identity: String, ttl: Duration) -> (Arc<Table<usize>>, String) {
        let name = shared_name("sticky", &identity);
        (known(&self.known.tables, (identity, ttl), || Table::new(ttl)), name)
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
