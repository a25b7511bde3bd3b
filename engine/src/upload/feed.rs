//! A file that the face hands over piece by piece, no faster than it is sent.
//! Each reading of the source is a round; what comes late from an earlier round is thrown away.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;

/// So many bytes are held before the source is asked to wait.
const FULL: usize = 256 * 1024;

/// Asks the face for pieces: of this round, from the source's beginning where the round is a new one.
type Ask = Box<dyn Fn(u32) + Send + Sync>;

pub struct Feed {
    size: Option<u64>,
    repeatable: bool,
    ask: Ask,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Zero until the first reading.
    round: u32,
    pieces: VecDeque<Bytes>,
    held: usize,
    ended: bool,
    /// The face hands pieces over without being asked again.
    flowing: bool,
    reader: Option<Waker>,
}

impl Feed {
    /// `size`: in bytes, where it is known. `repeatable`: the source can be read from its beginning again.
    pub fn new(size: Option<u64>, repeatable: bool, ask: impl Fn(u32) + Send + Sync + 'static) -> Self {
        Self { size, repeatable, ask: Box::new(ask), state: Mutex::default() }
    }

    pub fn size(&self) -> Option<u64> {
        self.size
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether it was read, and can't be read again.
    pub fn is_spent(&self) -> bool {
        !self.repeatable && self.state().round > 0
    }

    /// Takes a piece of `round`; false when the source is to wait until it is asked again.
    pub fn push(&self, round: u32, piece: Bytes) -> bool {
        let mut state = self.state();
        if state.round != round || state.ended {
            return false;
        }
        if !piece.is_empty() {
            state.held += piece.len();
            state.pieces.push_back(piece);
        }
        state.flowing = state.held < FULL;
        let flowing = state.flowing;
        wake(state);
        flowing
    }

    /// The source of `round` has ended.
    pub fn end(&self, round: u32) {
        let mut state = self.state();
        if state.round == round {
            state.ended = true;
            wake(state);
        }
    }

    /// Begins a reading, which makes those before it stale.
    pub fn begin(&self) -> u32 {
        let mut state = self.state();
        let round = state.round + 1;
        *state = State { round, flowing: true, ..State::default() };
        drop(state);
        (self.ask)(round);
        round
    }

    /// The next piece; `None` at the end, or when another reading has begun.
    pub fn poll_next(&self, round: u32, context: &Context<'_>) -> Poll<Option<Bytes>> {
        let mut state = self.state();
        if state.round != round {
            return Poll::Ready(None);
        }
        let piece = state.pieces.pop_front();
        state.held -= piece.as_ref().map_or(0, Bytes::len);
        let wants = !state.ended && !state.flowing && state.held < FULL / 2;
        state.flowing |= wants;
        let ended = state.ended;
        if piece.is_none() && !ended {
            state.reader = Some(context.waker().clone());
        }
        drop(state);
        if wants {
            (self.ask)(round);
        }
        match piece {
            Some(piece) => Poll::Ready(Some(piece)),
            None if ended => Poll::Ready(None),
            None => Poll::Pending,
        }
    }
}

fn wake(mut state: MutexGuard<'_, State>) {
    let reader = state.reader.take();
    drop(state);
    if let Some(reader) = reader {
        reader.wake();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    fn feed(repeatable: bool) -> (Feed, Arc<AtomicU32>) {
        let asked = Arc::new(AtomicU32::new(0));
        let count = asked.clone();
        let feed = Feed::new(None, repeatable, move |_| {
            count.fetch_add(1, Ordering::Relaxed);
        });
        (feed, asked)
    }

    fn next(feed: &Feed, round: u32) -> Poll<Option<Bytes>> {
        feed.poll_next(round, &Context::from_waker(Waker::noop()))
    }

    #[test]
    fn a_source_is_asked_again_when_half_of_what_it_gave_has_gone() {
        let (feed, asked) = feed(false);
        let round = feed.begin();
        let piece = Bytes::from(vec![0; FULL / 4]);
        for more in [true, true, true, false] {
            assert_eq!(feed.push(round, piece.clone()), more);
        }
        assert_eq!(asked.load(Ordering::Relaxed), 1);
        for total in [1, 1, 2, 2] {
            assert!(matches!(next(&feed, round), Poll::Ready(Some(_))));
            assert_eq!(asked.load(Ordering::Relaxed), total);
        }
        assert!(next(&feed, round).is_pending());
        feed.end(round);
        assert_eq!(next(&feed, round), Poll::Ready(None));
    }

    #[test]
    fn what_comes_late_from_an_earlier_round_is_thrown_away() {
        let (feed, _) = feed(true);
        let first = feed.begin();
        let second = feed.begin();
        assert!(!feed.push(first, Bytes::from_static(b"old")));
        feed.end(first);
        assert!(feed.push(second, Bytes::from_static(b"new")));
        assert_eq!(next(&feed, second), Poll::Ready(Some(Bytes::from_static(b"new"))));
        assert!(next(&feed, second).is_pending());
        assert_eq!(next(&feed, first), Poll::Ready(None));
    }

    #[test]
    fn only_a_source_that_was_begun_and_has_one_reading_is_spent() {
        for (repeatable, spent) in [(false, true), (true, false)] {
            let (feed, _) = feed(repeatable);
            assert!(!feed.is_spent());
            feed.begin();
            assert_eq!(feed.is_spent(), spent);
        }
    }
}
