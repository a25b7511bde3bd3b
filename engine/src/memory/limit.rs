//! How many requests a target takes at once: slots, and a bounded queue before them, first come, first served.
//! A slot is given back when its guard is dropped, whatever became of the request.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::clock::{Instant, before};

pub struct Limit {
    slots: Arc<Semaphore>,
    /// `max_concurrent`.
    pub most: usize,
    /// `max_queue`.
    pub longest: usize,
    waiting: AtomicUsize,
}

/// Why no slot was had.
#[derive(Debug, PartialEq, Eq)]
pub enum NoSlot {
    /// As many are waiting as may.
    Full,
    /// The deadline came first.
    TooLate,
}

impl Limit {
    pub fn new(most: usize, longest: usize) -> Self {
        Self { slots: Arc::new(Semaphore::new(most)), most, longest, waiting: AtomicUsize::new(0) }
    }

    /// A slot, at once or when those who came before have had theirs. Dropping the future leaves the queue.
    pub async fn slot(&self, deadline: Option<Instant>) -> Result<OwnedSemaphorePermit, NoSlot> {
        if let Ok(slot) = self.slots.clone().try_acquire_owned() {
            return Ok(slot);
        }
        let Some(_place) = Place::take(self) else { return Err(NoSlot::Full) };
        let waited = before(deadline, self.slots.clone().acquire_owned()).await;
        Ok(waited.ok_or(NoSlot::TooLate)?.expect("the semaphore is never closed"))
    }

    pub fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }
}

/// A place in the queue.
struct Place<'l>(&'l Limit);

impl<'l> Place<'l> {
    fn take(limit: &'l Limit) -> Option<Self> {
        let place = Self(limit);
        (limit.waiting.fetch_add(1, Ordering::Relaxed) < limit.longest).then_some(place)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::{Clock, SystemClock, at_once};

    #[tokio::test]
    async fn the_queue_is_first_come_first_served_and_bounded() {
        let limit = Limit::new(1, 2);
        let held = limit.slot(None).await.expect("free");
        let mut first = Box::pin(limit.slot(None));
        let mut second = Box::pin(limit.slot(None));
        assert!(at_once(first.as_mut()).is_none() && at_once(second.as_mut()).is_none());
        assert_eq!(limit.waiting(), 2);
        assert_eq!(limit.slot(None).await.expect_err("full"), NoSlot::Full);
        drop(held);
        assert!(at_once(second.as_mut()).is_none(), "the second waits for the first");
        let held = at_once(first.as_mut()).expect("its turn").expect("a slot");
        drop(second);
        assert_eq!(limit.waiting(), 0);
        drop(held);
        assert!(limit.slot(None).await.is_ok(), "who left the queue holds no slot");
    }

    #[tokio::test]
    async fn a_deadline_ends_the_wait() {
        let limit = Limit::new(1, 1);
        let _held = limit.slot(None).await.expect("free");
        assert_eq!(limit.slot(Some(SystemClock.now())).await.expect_err("late"), NoSlot::TooLate);
        assert_eq!(limit.waiting(), 0);
    }
}
