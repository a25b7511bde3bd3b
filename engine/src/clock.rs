//! The door to time and chance: the only file that reads a clock, sleeps or draws a random number.
//! Everything that decides by time or chance takes a `Clock`, so that tests decide both.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

pub use tokio::time::Instant;

pub trait Clock: Send + Sync {
    fn now(&self) -> Instant;
    /// Wall time, for dates that a server sends.
    fn wall(&self) -> SystemTime;
    /// A number in `[0, 1)`.
    fn random(&self) -> f64;
    fn sleep(&self, wait: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>>;
}

/// The machine's own time and a fast, non-cryptographic generator.
pub struct SystemClock;

#[expect(clippy::disallowed_methods, reason = "this is the door that the others go through")]
impl Clock for SystemClock {
    fn now(&self) -> Instant {
        Instant::now()
    }

    fn wall(&self) -> SystemTime {
        SystemTime::now()
    }

    fn random(&self) -> f64 {
        fastrand::f64()
    }

    fn sleep(&self, wait: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(tokio::time::sleep(wait))
    }
}

/// A random identifier of 32 hexadecimal digits, the form of a W3C trace id.
pub fn new_id() -> String {
    hex(new_number())
}

/// The same, behind all that were made before: where rows lie in the order of their ids, a new one is among the last.
pub fn new_ordered_id() -> String {
    hex(new_ordered_number())
}

/// A number that begins with the time and goes on at random, in its last 80 bits.
pub fn new_ordered_number() -> u128 {
    let wall = SystemClock.wall().duration_since(UNIX_EPOCH).unwrap_or_default();
    ordered_number(wall.as_millis() as u64)
}

/// That of a moment: milliseconds since 1970.
pub fn ordered_number(wall: u64) -> u128 {
    (u128::from(wall) << 80) | (new_number() >> 48).max(1)
}

/// 32 hexadecimal digits.
pub fn hex(number: u128) -> String {
    digits(&number.to_be_bytes())
}

/// Two hexadecimal digits for each byte.
pub fn digits(bytes: &[u8]) -> String {
    let mut text = Vec::with_capacity(2 * bytes.len());
    for four in bytes.chunks(4) {
        let mut number = [0; 4];
        number[..four.len()].copy_from_slice(four);
        text.extend_from_slice(&eight_digits(u32::from_be_bytes(number))[..2 * four.len()]);
    }
    String::from_utf8(text).expect("hexadecimal digits are ASCII")
}

/// All eight at once: every call has an id or more.
fn eight_digits(number: u32) -> [u8; 8] {
    const ONES: u64 = 0x0101_0101_0101_0101;
    // A nibble for each byte.
    let mut nibbles = u64::from(number);
    nibbles = (nibbles << 16 | nibbles) & 0x0000_ffff_0000_ffff;
    nibbles = (nibbles << 8 | nibbles) & 0x00ff_00ff_00ff_00ff;
    nibbles = (nibbles << 4 | nibbles) & (ONES * 0x0f);
    let is_letter = ((nibbles + ONES * 6) >> 4) & ONES;
    (nibbles + ONES * u64::from(b'0') + is_letter * u64::from(b'a' - b'9' - 1)).to_be_bytes()
}

/// A random number other than 0.
pub fn new_number() -> u128 {
    fastrand::u128(1..)
}

/// What `work` gives if it needs not wait. It may be asked again: nothing is lost by asking.
pub fn at_once<T>(work: impl Future<Output = T>) -> Option<T> {
    match std::pin::pin!(work).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(done) => Some(done),
        Poll::Pending => None,
    }
}

/// A deadline that keeps moving away, watched with one timer that is set anew only when it has run out.
#[derive(Default)]
pub struct Alarm {
    timer: Option<Pin<Box<tokio::time::Sleep>>>,
    has_waited: bool,
}

impl Alarm {
    /// Waits for `work` until `deadline`; `None` when the deadline came first.
    pub async fn before<T>(&mut self, deadline: Option<Instant>, work: impl Future<Output = T>) -> Option<T> {
        let mut work = std::pin::pin!(work);
        self.has_waited = false;
        poll_fn(|context| match work.as_mut().poll(context) {
            Poll::Ready(done) => Poll::Ready(Some(done)),
            Poll::Pending if self.has_rung(deadline, context) => Poll::Ready(None),
            Poll::Pending => {
                self.has_waited = true;
                Poll::Pending
            }
        })
        .await
    }

    /// Whether the last work was not done at once.
    pub fn has_waited(&self) -> bool {
        self.has_waited
    }

    fn has_rung(&mut self, deadline: Option<Instant>, context: &mut Context<'_>) -> bool {
        let Some(deadline) = deadline else { return false };
        let sleep = self.timer.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(deadline)));
        if sleep.deadline() > deadline {
            sleep.as_mut().reset(deadline);
        }
        while sleep.as_mut().poll(context).is_ready() {
            if SystemClock.now() >= deadline {
                return true;
            }
            sleep.as_mut().reset(deadline);
        }
        false
    }
}

/// Waits for `work` until `deadline`; `None` when the deadline came first. Without a deadline, waits for ever.
pub async fn before<T>(deadline: Option<Instant>, work: impl Future<Output = T>) -> Option<T> {
    // Pinned here, since each branch would otherwise hold a copy of its own.
    let mut work = std::pin::pin!(work);
    // What is there already needs no timer.
    if let Poll::Ready(done) = poll_fn(|context| Poll::Ready(work.as_mut().poll(context))).await {
        return Some(done);
    }
    match deadline {
        Some(at) => tokio::time::timeout_at(at, work.as_mut()).await.ok(),
        None => Some(work.await),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn digits_are_those_of_the_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..20), number: u128) {
            let each: Vec<_> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            prop_assert_eq!(digits(&bytes), each.concat());
            prop_assert_eq!(hex(number), format!("{number:032x}"));
        }
    }
}
