//! Equal calls at the same time, made once. Of those that ask for a key one is handed the baton and makes the call; the
//! others wait until it lands, with an answer for all or with none. A baton that is dropped without a word goes to
//! exactly one of those who wait. Every wait may be dropped at any time.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::Hit;
use super::key::Key;

/// The calls that are being made. An entry lives as long as someone makes the call or waits for it.
#[derive(Default)]
pub struct Flights(Mutex<HashMap<Key, Weak<Flight>>>);

struct Flight {
    key: Key,
    flights: Arc<Flights>,
    /// One permit, the baton; closed when the flight has landed.
    baton: Arc<Semaphore>,
    landed: OnceLock<Option<Hit>>,
}

/// The duty to make the call, or to say that it came to nothing.
pub struct Baton {
    flight: Arc<Flight>,
    /// Given back when it is dropped, and with it the baton.
    _permit: OwnedSemaphorePermit,
}

pub enum Joined {
    Leads(Baton),
    /// What the leader brought: an answer for all, or none.
    Landed(Option<Hit>),
}

impl Flights {
    /// Waits until there is a baton to be had or the flight has landed.
    pub async fn join(self: &Arc<Self>, key: &Key) -> Joined {
        let flight = self.flight(key);
        match flight.baton.clone().acquire_owned().await {
            Ok(permit) => Joined::Leads(Baton { flight, _permit: permit }),
            Err(_closed) => Joined::Landed(flight.landed.get().cloned().flatten()),
        }
    }

    fn flight(self: &Arc<Self>, key: &Key) -> Arc<Flight> {
        let mut flights = self.lock();
        if let Some(flight) = flights.get(key).and_then(Weak::upgrade) {
            return flight;
        }
        let flight = Arc::new(Flight {
            key: *key,
            flights: self.clone(),
            baton: Arc::new(Semaphore::new(1)),
            landed: OnceLock::new(),
        });
        flights.insert(*key, Arc::downgrade(&flight));
        flight
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<Key, Weak<Flight>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[cfg(test)]
    pub fn count(&self) -> usize {
        self.lock().len()
    }

    /// How many hold a baton for `key` or wait for it.
    #[cfg(test)]
    pub fn aboard(&self, key: &Key) -> usize {
        self.lock().get(key).map_or(0, Weak::strong_count)
    }
}

impl Baton {
    /// Lets those who wait go: with an answer, or each to its own call. Who comes later begins anew.
    pub fn land(self, hit: Option<Hit>) {
        let flight = &self.flight;
        // The baton has one holder, so that nothing landed before.
        drop(flight.landed.set(hit));
        flight.leave();
        flight.baton.close();
    }
}

impl Flight {
    /// Takes its place in the map away, unless another flight has it by now.
    fn leave(&self) {
        let mut flights = self.flights.lock();
        if flights.get(&self.key).is_some_and(|flight| std::ptr::eq(flight.as_ptr(), self)) {
            flights.remove(&self.key);
        }
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        self.leave();
    }
}
