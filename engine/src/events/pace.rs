//! How often a stream is read. Each piece that is read by itself wakes two threads, which costs more than what is in it; so a host
//! that writes faster than any model, as one that replays an answer, is read a few pieces at a time. What comes at a model's
//! pace is never held back.

use std::time::Duration;

use crate::clock::{Clock, Instant, SystemClock};

/// So many pieces within `SPAN` come from no model: the fastest make three tokens in a millisecond.
const MANY: u32 = 16;
/// As many once the stream is known to be fast.
const FEW: u32 = 4;

/// How long a fast stream is let alone; the timers count whole milliseconds.
const SPAN: Duration = Duration::from_millis(1);

pub struct Pace {
    since: Option<Instant>,
    pieces: u32,
    most: u32,
    /// The stream is to be let alone before it is read again.
    rests: bool,
}

impl Default for Pace {
    fn default() -> Self {
        Self { since: None, pieces: 0, most: MANY, rests: false }
    }
}

impl Pace {
    /// Lets the stream alone, if that is due.
    pub async fn rest(&mut self) {
        if std::mem::take(&mut self.rests) {
            SystemClock.sleep(SPAN).await;
        }
    }

    /// A piece was read.
    pub fn read(&mut self, now: Instant) {
        let since = *self.since.get_or_insert(now);
        if now - since >= SPAN {
            *self = Self { since: Some(now), pieces: 1, ..Self::default() };
            return;
        }
        self.pieces += 1;
        if self.pieces >= self.most {
            *self = Self { since: None, pieces: 0, most: FEW, rests: true };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether the stream is to be let alone after this piece.
    fn read(pace: &mut Pace, now: Instant) -> bool {
        pace.read(now);
        std::mem::take(&mut pace.rests)
    }

    /// After how many of its pieces a stream is let alone that brings one every `gap`.
    fn rests(gap: Duration, pieces: u32) -> Vec<u32> {
        let (mut pace, mut now) = (Pace::default(), SystemClock.now());
        let mut rests = Vec::new();
        for piece in 1..=pieces {
            if read(&mut pace, now) {
                rests.push(piece);
                now += SPAN;
            }
            now += gap;
        }
        rests
    }

    #[test]
    fn a_stream_is_let_alone_only_while_it_comes_faster_than_a_model_writes() {
        assert_eq!(rests(Duration::from_micros(5), 26), [16, 20, 24]);
        assert_eq!(rests(Duration::from_micros(60), 20), [16, 20]);
        assert!(rests(Duration::from_micros(300), 10_000).is_empty());
        assert!(rests(Duration::from_millis(20), 1000).is_empty());
    }

    #[test]
    fn one_that_slows_down_is_trusted_again() {
        let (mut pace, now) = (Pace::default(), SystemClock.now());
        assert_eq!((0..MANY).filter(|_| read(&mut pace, now)).count(), 1);
        let later = now + 3 * SPAN;
        assert!((0..2).all(|_| !read(&mut pace, later)));
        let again = later + SPAN;
        assert!((1..MANY).all(|_| !read(&mut pace, again)));
        assert!(read(&mut pace, again));
    }
}
