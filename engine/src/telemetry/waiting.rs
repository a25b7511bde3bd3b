//! What an exporter has yet to send: spans as they are sent, and counts. Those who make records put it here, and its thread
//! takes it.
//! The invariant: what waits has a bound; what is beyond it, or does not arrive, is counted as lost.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::SyncSender;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use super::attributes::{Encoded, held};
use super::measure::Histograms;
use crate::clock::Instant;

/// So many spans wait, of so many bytes; further ones are dropped.
const MOST_WAITING: usize = 20_000;
const MOST_BYTES_WAITING: usize = 64 << 20;

/// A batch has at most so many spans and bytes.
const MOST_SPANS: usize = 512;
const MOST_BYTES: usize = 1 << 20;

/// What the thread has in common with those who make records.
#[derive(Default)]
pub struct Desk {
    pub waiting: Mutex<Waiting>,
    /// The thread is to look.
    pub called: Condvar,
    /// Spans that were lost.
    pub dropped: AtomicU64,
    pub trouble: Mutex<Trouble>,
}

/// What is to be sent.
#[derive(Default)]
pub struct Waiting {
    pub spans: Spans,
    /// `None` where no metrics are made.
    pub histograms: Option<Histograms>,
    /// Whether something was counted since metrics were sent.
    pub counted: bool,
    /// When what waits is sent.
    pub spans_due: Option<Instant>,
    pub metrics_due: Option<Instant>,
    /// Who waits for all of it; each gets whether it has arrived.
    pub flushing: Vec<SyncSender<bool>>,
    /// No more will come.
    pub is_over: bool,
}

/// Encoded spans, each as the field of the message that holds them.
#[derive(Default)]
pub struct Spans {
    pub bytes: Encoded,
    pub lengths: Vec<usize>,
}

/// Spans on their way: lost, as long as nothing else is known of them.
pub struct Unsent<'d> {
    pub desk: &'d Desk,
    pub spans: usize,
}

impl Drop for Unsent<'_> {
    fn drop(&mut self) {
        self.desk.lose(self.spans);
    }
}

/// What the user is to know, once.
#[derive(Default)]
pub enum Trouble {
    #[default]
    None,
    New(String),
    Told,
}

impl Spans {
    pub fn push(&mut self, span: &[u8]) {
        let before = self.bytes.len();
        held(&mut self.bytes, 2, span);
        self.lengths.push(self.bytes.len() - before);
    }

    pub fn append(&mut self, others: &Self) {
        self.bytes.extend_from_slice(&others.bytes);
        self.lengths.extend_from_slice(&others.lengths);
    }

    pub fn is_batch(&self) -> bool {
        self.lengths.len() >= MOST_SPANS || self.bytes.len() >= MOST_BYTES
    }

    pub fn is_full(&self) -> bool {
        self.lengths.len() >= MOST_WAITING || self.bytes.len() >= MOST_BYTES_WAITING
    }

    /// Takes the first of them, as many as are sent at once.
    pub fn batch(&mut self) -> Option<(Encoded, usize)> {
        let (mut count, mut bytes) = (0, 0);
        for length in self.lengths.iter().take(MOST_SPANS) {
            if count > 0 && bytes + length > MOST_BYTES {
                break;
            }
            (count, bytes) = (count + 1, bytes + length);
        }
        self.lengths.drain(..count);
        let rest = self.bytes.split_off(bytes);
        let batch = std::mem::replace(&mut self.bytes, rest);
        (count > 0).then_some((batch, count))
    }
}

impl Desk {
    pub fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn lose(&self, spans: usize) {
        self.dropped.fetch_add(spans as u64, Ordering::Relaxed);
    }

    pub fn trouble(&self, words: String) {
        let mut trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        if matches!(*trouble, Trouble::None) {
            *trouble = Trouble::New(words);
        }
    }
}

impl Waiting {
    pub fn due(&self) -> Option<Instant> {
        self.spans_due.into_iter().chain(self.metrics_due).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_sent_in_batches_of_so_many_and_so_long() {
        let mut spans = Spans::default();
        for length in [10, MOST_BYTES, 10] {
            spans.push(&vec![7; length]);
        }
        for _ in 0..=MOST_SPANS {
            spans.push(&[7]);
        }
        let mut batches = Vec::new();
        while let Some((bytes, count)) = spans.batch() {
            batches.push((bytes.len(), count));
        }
        assert_eq!(batches.iter().map(|(_, count)| count).collect::<Vec<_>>(), [&1, &1, &MOST_SPANS, &2]);
        assert_eq!((batches[0].0, batches[3].0), (12, 6));
    }
}
