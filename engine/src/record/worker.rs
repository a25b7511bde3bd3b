//! A thread that writes records in batches. Whoever makes one puts it to those that wait and goes on: it wakes the thread for
//! the first of a batch alone, and never waits for what is written.
//! The invariant: what waits has a bound, in number and in bytes; what is beyond it is counted as dropped.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use super::{Record, Sink};
use crate::panics::caught;

/// Records that wait to be written together.
pub trait Batch: Default + Send + 'static {
    fn count(&self) -> usize;

    fn bytes(&self) -> usize;

    /// Empties it, for the next ones.
    fn clear(&mut self);
}

/// Where a worker writes to. Problems are its own to solve: it tries again or drops, and says how many it dropped.
pub trait Writer: Send + 'static {
    type Batch: Batch;

    /// Writes records in their order; gives how many were lost.
    fn write(&mut self, batch: &mut Self::Batch) -> u64;

    /// Nothing came for a while after what was written. True: it is to be called again, however long nothing comes.
    fn rest(&mut self) -> bool {
        false
    }
}

/// After so long without a record a writer rests.
const PAUSE: Duration = Duration::from_secs(2);

/// So many records wait, of so many bytes; further ones are dropped.
const MOST: usize = 10_000;
const MOST_BYTES: usize = 64 << 20;

/// So long the first of them waits for others: a batch costs little more than one.
const LINGER: Duration = Duration::from_millis(100);

/// Memory that a batch leaves for the next.
const KEPT: usize = 4 << 20;

/// Empties what a batch has written to.
pub fn empty(bytes: &mut Vec<u8>) {
    if bytes.capacity() > KEPT {
        *bytes = Vec::new();
    }
    bytes.clear();
}

/// A batch in the form in which its sink writes records.
pub trait Records: Batch {
    /// Does what can be done before others are kept waiting.
    fn prepare(_: &Record<'_>) {}

    fn push(&mut self, record: &Record<'_>);
}

/// Records as lines of JSON.
#[derive(Default)]
pub struct Lines {
    /// Each ends with a line feed, and has no other.
    pub text: Vec<u8>,
    pub count: usize,
}

impl Batch for Lines {
    fn count(&self) -> usize {
        self.count
    }

    fn bytes(&self) -> usize {
        self.text.len()
    }

    fn clear(&mut self) {
        empty(&mut self.text);
        self.count = 0;
    }
}

impl Records for Lines {
    fn prepare(record: &Record<'_>) {
        record.json();
    }

    fn push(&mut self, record: &Record<'_>) {
        self.text.extend_from_slice(record.json().as_bytes());
        self.text.push(b'\n');
        self.count += 1;
    }
}

impl Lines {
    /// All of them, in pieces of whole lines that are no longer than `most`, but for a line that is.
    pub fn pieces(&self, most: usize) -> impl Iterator<Item = &[u8]> {
        let mut rest = self.text.as_slice();
        std::iter::from_fn(move || {
            let last = memchr::memrchr(b'\n', &rest[..rest.len().min(most)]);
            let end = last.or_else(|| memchr::memchr(b'\n', rest))? + 1;
            let (piece, others) = rest.split_at(end);
            rest = others;
            Some(piece)
        })
    }
}

pub struct Worker<B>(Arc<Desk<B>>);

/// What the thread has in common with those who make records.
struct Desk<B> {
    waiting: Mutex<Waiting<B>>,
    /// The thread is to look.
    called: Condvar,
    /// A batch is written.
    written: Condvar,
    dropped: AtomicU64,
}

#[derive(Default)]
struct Waiting<B> {
    batch: B,
    /// How many batches the thread has begun with, and done.
    begun: u64,
    done: u64,
    /// The thread waits for a first record, and then for others to come with it.
    is_idle: bool,
    lingers: bool,
    /// Somebody waits for what is here.
    hurry: bool,
    /// No more will come.
    is_over: bool,
}

impl<B: Batch> Waiting<B> {
    fn is_full(&self, part: usize) -> bool {
        self.batch.count() >= MOST / part || self.batch.bytes() >= MOST_BYTES / part
    }
}

impl<B: Batch> Desk<B> {
    fn lock(&self) -> MutexGuard<'_, Waiting<B>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for a batch, and takes it; false when nothing will come any more. `rest` is called after each pause, until it
    /// gives false.
    fn next(&self, batch: &mut B, mut rest: Option<impl FnMut() -> bool>) -> bool {
        let mut waiting = self.lock();
        while waiting.batch.count() == 0 {
            if waiting.is_over {
                return false;
            }
            waiting.is_idle = true;
            let Some(resting) = &mut rest else {
                waiting = self.called.wait(waiting).unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            let waited = self.called.wait_timeout(waiting, PAUSE).unwrap_or_else(PoisonError::into_inner);
            waiting = waited.0;
            if waited.1.timed_out() && waiting.batch.count() == 0 {
                drop(waiting);
                if !resting() {
                    rest = None;
                }
                waiting = self.lock();
            }
        }
        (waiting.is_idle, waiting.lingers) = (false, true);
        let more = |waiting: &mut Waiting<B>| !(waiting.hurry || waiting.is_over || waiting.is_full(2));
        let waited = self.called.wait_timeout_while(waiting, LINGER, more);
        let mut waiting = waited.unwrap_or_else(PoisonError::into_inner).0;
        std::mem::swap(&mut waiting.batch, batch);
        waiting.begun += 1;
        (waiting.lingers, waiting.hurry) = (false, false);
        true
    }

    fn work(&self, writer: &mut impl Writer<Batch = B>) {
        let mut batch = B::default();
        let mut has_written = false;
        loop {
            let rest = has_written.then_some(|| caught(|| writer.rest()).unwrap_or(false));
            if !self.next(&mut batch, rest) {
                return;
            }
            has_written = true;
            let count = batch.count() as u64;
            let lost = caught(|| writer.write(&mut batch)).unwrap_or(count);
            self.dropped.fetch_add(lost, Ordering::Relaxed);
            batch.clear();
            self.lock().done += 1;
            self.written.notify_all();
        }
    }
}

impl<B: Batch> Worker<B> {
    /// `name` says what the thread does, in a debugger. It ends with the worker, when all that waited is written.
    pub fn new(name: &str, mut writer: impl Writer<Batch = B>) -> Self {
        let desk = Arc::new(Desk {
            waiting: Mutex::new(Waiting::default()),
            called: Condvar::new(),
            written: Condvar::new(),
            dropped: AtomicU64::new(0),
        });
        let own = desk.clone();
        let started = thread::Builder::new().name(name.to_owned()).spawn(move || own.work(&mut writer));
        // Without a thread each record counts as dropped.
        desk.lock().is_over = started.is_err();
        Self(desk)
    }

    /// Has `add` put a record to those that wait, where there is room.
    pub fn put(&self, add: impl FnOnce(&mut B)) {
        let mut waiting = self.0.lock();
        if waiting.is_over || waiting.is_full(1) {
            self.0.dropped.fetch_add(1, Ordering::Relaxed);
            return;
        }
        add(&mut waiting.batch);
        let is_wanted = waiting.is_idle || (waiting.lingers && waiting.is_full(2));
        if is_wanted {
            (waiting.is_idle, waiting.lingers) = (false, false);
            drop(waiting);
            self.0.called.notify_one();
        }
    }

    /// Waits until all that was put is written; false when `limit` runs out first.
    pub fn flush(&self, limit: Duration) -> bool {
        let mut waiting = self.0.lock();
        let is_waiting = waiting.batch.count() > 0;
        let last = waiting.begun + u64::from(is_waiting);
        if is_waiting {
            waiting.hurry = true;
            self.0.called.notify_one();
        }
        let is_late = |waiting: &mut Waiting<B>| waiting.done < last;
        let end = self.0.written.wait_timeout_while(waiting, limit, is_late);
        !end.unwrap_or_else(PoisonError::into_inner).1.timed_out()
    }

    pub fn dropped(&self) -> u64 {
        self.0.dropped.load(Ordering::Relaxed)
    }
}

impl<B> Drop for Worker<B> {
    fn drop(&mut self) {
        self.0.waiting.lock().unwrap_or_else(PoisonError::into_inner).is_over = true;
        self.0.called.notify_one();
    }
}

impl<B: Records> Sink for Worker<B> {
    fn take(&self, record: &Record<'_>) {
        B::prepare(record);
        self.put(|batch| batch.push(record));
    }

    fn flush(&self, limit: Duration) -> bool {
        self.flush(limit)
    }

    fn dropped(&self) -> u64 {
        self.dropped()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{SyncSender, sync_channel};

    use super::*;
    use crate::record::Entry;

    /// Panics at the entry `bad`.
    struct Faulty(SyncSender<String>);

    impl Writer for Faulty {
        type Batch = Lines;

        fn write(&mut self, batch: &mut Lines) -> u64 {
            let text = String::from_utf8(batch.text.clone()).expect("JSON");
            assert!(!text.contains("bad"));
            self.0.send(text).expect("the test reads");
            0
        }
    }

    #[test]
    fn a_writer_that_panics_loses_what_it_had_and_goes_on() {
        let (sender, written) = sync_channel(10);
        let worker = Worker::new("a test", Faulty(sender));
        let limit = Duration::from_secs(10);
        for id in ["first", "bad", "last"] {
            worker.take(&Record::of(&Entry { id: id.into(), ..Entry::default() }));
            assert!(Sink::flush(&worker, limit), "{id}");
        }
        assert_eq!(worker.dropped(), 1);
        drop(worker);
        let ids = written.iter().map(|line| line.split('"').nth(3).map(str::to_owned));
        assert_eq!(ids.collect::<Vec<_>>(), [Some("first".to_owned()), Some("last".to_owned())]);
    }

    #[test]
    fn lines_are_cut_into_pieces_between_them() {
        let lines = Lines { text: b"aa\nb\ncccccc\nd\n".to_vec(), ..Lines::default() };
        let pieces = |most: usize| lines.pieces(most).map(<[u8]>::to_vec).collect::<Vec<_>>();
        assert_eq!(pieces(5), [&b"aa\nb\n"[..], b"cccccc\n", b"d\n"]);
        assert_eq!(pieces(100), std::slice::from_ref(&lines.text));
        assert!(Lines::default().pieces(5).next().is_none());
    }

    /// Writes when it is told to.
    struct Slow(SyncSender<usize>, std::sync::mpsc::Receiver<()>);

    impl Writer for Slow {
        type Batch = Lines;

        fn write(&mut self, batch: &mut Lines) -> u64 {
            self.0.send(batch.count).expect("the test reads");
            self.1.recv().expect("the test goes on");
            0
        }
    }

    #[test]
    fn a_writer_that_is_late_holds_up_nobody_and_what_it_has_no_room_for_is_counted() {
        let (sender, begun) = sync_channel(10);
        let (go, told) = sync_channel(10);
        let worker = Worker::new("a test", Slow(sender, told));
        let entry = Entry::default();
        let record = Record::of(&entry);
        worker.take(&record);
        assert!(!Sink::flush(&worker, Duration::from_millis(1)), "the writer waits for the test");
        assert_eq!(begun.recv(), Ok(1));
        for _ in 0..MOST + 3 {
            worker.take(&record);
        }
        assert_eq!(worker.dropped(), 3);
        go.send(()).expect("the writer waits");
        assert_eq!(begun.recv(), Ok(MOST));
        go.send(()).expect("the writer waits");
        assert!(Sink::flush(&worker, Duration::from_secs(10)));
    }
}
