//! A thread that writes entries, fed by a bounded queue: whoever makes an entry never waits for it to be written.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, channel, sync_channel};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use super::{Entry, Sink};
use crate::panics::caught;

/// Where a worker writes to. Problems are its own to solve: it tries again or drops, and says how many it dropped.
pub trait Writer: Send + 'static {
    /// Writes entries in their order; gives how many were lost.
    fn write(&mut self, entries: Vec<Arc<Entry>>) -> u64;

    /// Nothing came for a while after what was written. True: it is to be called again, however long nothing comes.
    fn rest(&mut self) -> bool {
        false
    }
}

/// After so long without an entry a writer rests.
const PAUSE: Duration = Duration::from_secs(2);

/// So many entries wait; further ones are dropped.
const QUEUE: usize = 10_000;

/// So many are written at once.
const BATCH: usize = 500;

/// So long the first of them waits for others: a batch costs little more than one.
const LINGER: Duration = Duration::from_millis(100);

enum Job {
    Write(Arc<Entry>),
    Flush(SyncSender<()>),
}

/// Ends a writer's wait for more: somebody flushes.
#[derive(Default)]
struct Hurry {
    is_on: Mutex<bool>,
    changed: Condvar,
}

impl Hurry {
    fn set(&self, is_on: bool) {
        *self.is_on.lock().unwrap_or_else(PoisonError::into_inner) = is_on;
        self.changed.notify_all();
    }

    /// Waits for as long as a batch lingers. Whoever makes an entry wakes nobody meanwhile.
    fn linger(&self) {
        let is_on = self.is_on.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.changed.wait_timeout_while(is_on, LINGER, |is_on| !*is_on);
        drop(waited);
    }
}

pub struct Worker {
    queue: SyncSender<Job>,
    hurry: Arc<Hurry>,
    dropped: Arc<AtomicU64>,
}

impl Worker {
    /// `name` says what the thread does, in a debugger. It ends with the worker, when all that waited is written.
    pub fn new(name: &str, mut writer: impl Writer) -> Self {
        let (queue, jobs) = sync_channel(QUEUE);
        let dropped = Arc::<AtomicU64>::default();
        let lost = dropped.clone();
        let hurry = Arc::<Hurry>::default();
        let patience = hurry.clone();
        let run = move || work(&jobs, &mut writer, &lost, &patience);
        let started = thread::Builder::new().name(name.to_owned()).spawn(run);
        // Without a thread the queue's other end is gone, and each entry counts as dropped.
        drop(started);
        Self { queue, hurry, dropped }
    }
}

fn work(jobs: &Receiver<Job>, writer: &mut impl Writer, dropped: &AtomicU64, hurry: &Hurry) {
    let mut entries = Vec::new();
    let mut restless = false;
    loop {
        let first = if restless {
            jobs.recv_timeout(PAUSE)
        } else {
            jobs.recv().map_err(|_| RecvTimeoutError::Disconnected)
        };
        let first = match first {
            Ok(first) => first,
            Err(RecvTimeoutError::Timeout) => {
                restless = caught(|| writer.rest()).unwrap_or(false);
                continue;
            }
            Err(RecvTimeoutError::Disconnected) => return,
        };
        restless = true;
        if matches!(first, Job::Write(_)) {
            hurry.linger();
        }
        let mut flushed = Vec::new();
        for job in std::iter::once(first).chain(jobs.try_iter()).take(BATCH) {
            match job {
                Job::Write(entry) => entries.push(entry),
                Job::Flush(done) => flushed.push(done),
            }
        }
        if !entries.is_empty() {
            let count = entries.len() as u64;
            let lost = caught(|| writer.write(std::mem::take(&mut entries)));
            dropped.fetch_add(lost.unwrap_or(count), Ordering::Relaxed);
        }
        for done in flushed {
            // Whoever waited may have given up.
            let _ = done.send(());
        }
    }
}

impl Sink for Worker {
    fn take(&self, entry: Arc<Entry>) {
        if self.queue.try_send(Job::Write(entry)).is_err() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn flush(&self, limit: Duration) -> bool {
        self.hurry.set(true);
        let flushed = asked(&self.queue, Job::Flush, limit).is_some();
        self.hurry.set(false);
        flushed
    }

    fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }
}

/// Puts a job into a bounded queue and waits, at most `limit`, for what its sender is given; `None`: nothing came in time, or
/// nobody takes jobs any more.
pub fn asked<J, D>(
    queue: &SyncSender<J>,
    job: impl FnOnce(SyncSender<D>) -> J,
    limit: Duration,
) -> Option<D> {
    let (done, told) = sync_channel(1);
    let mut job = job(done);
    // A full queue is waited for in turns, since a sender without a deadline could wait for ever.
    let (turn, turns) = (Duration::from_millis(5), limit.as_millis() / 5);
    let (_never, pause) = channel::<()>();
    for _ in 0..=turns {
        match queue.try_send(job) {
            Ok(()) => return told.recv_timeout(limit).ok(),
            Err(TrySendError::Full(again)) => job = again,
            Err(TrySendError::Disconnected(_)) => return None,
        }
        let _ = pause.recv_timeout(turn);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Panics at the entry `bad`.
    struct Faulty(SyncSender<String>);

    impl Writer for Faulty {
        fn write(&mut self, entries: Vec<Arc<Entry>>) -> u64 {
            for entry in entries {
                assert_ne!(entry.id, "bad");
                self.0.send(entry.id.clone()).expect("the test reads");
            }
            0
        }
    }

    #[test]
    fn a_writer_that_panics_loses_what_it_had_and_goes_on() {
        let (sender, written) = sync_channel(10);
        let worker = Worker::new("a test", Faulty(sender));
        let limit = Duration::from_secs(10);
        for id in ["first", "bad", "last"] {
            worker.take(Arc::new(Entry { id: id.to_owned(), ..Entry::default() }));
            assert!(worker.flush(limit), "{id}");
        }
        assert_eq!(worker.dropped(), 1);
        drop(worker);
        assert_eq!(written.iter().collect::<Vec<_>>(), ["first", "last"]);
    }
}
