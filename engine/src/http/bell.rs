//! The waker of a connection that is driven by the call that uses it. What its two halves tell each other while both are being
//! polled wakes nobody, since whoever would be woken is at it; without this each piece of a body had its call polled once more
//! in vain. What comes at any other time wakes the call. Nothing is lost: a call that waits is woken by what came meanwhile, and
//! one that got something polls both halves before it waits.

use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

const IDLE: u8 = 0;
const POLLING: u8 = 1;
/// Woken while it was polled.
const RUNG: u8 = 2;

pub struct Bell {
    rung: Arc<Rung>,
    waker: Waker,
}

struct Rung {
    state: AtomicU8,
    /// Who polled last.
    call: Mutex<Waker>,
}

impl Default for Bell {
    fn default() -> Self {
        let rung = Arc::new(Rung { state: AtomicU8::new(IDLE), call: Mutex::new(Waker::noop().clone()) });
        Self { waker: rung.clone().into(), rung }
    }
}

impl Bell {
    /// Nobody uses the connection, nor is kept by it.
    pub fn rest(&self) {
        self.rung.answer_to(Waker::noop());
    }

    pub fn poll<T>(&self, context: &Context<'_>, poll: impl FnOnce(&mut Context<'_>) -> Poll<T>) -> Poll<T> {
        self.rung.answer_to(context.waker());
        self.rung.state.store(POLLING, Ordering::SeqCst);
        let polled = poll(&mut Context::from_waker(&self.waker));
        if self.rung.state.swap(IDLE, Ordering::SeqCst) == RUNG && polled.is_pending() {
            context.waker().wake_by_ref();
        }
        polled
    }
}

impl Rung {
    fn answer_to(&self, waker: &Waker) {
        let mut call = self.call.lock().unwrap_or_else(PoisonError::into_inner);
        if !call.will_wake(waker) {
            let last = std::mem::replace(&mut *call, waker.clone());
            // Dropped after the lock, since what it drops may wake.
            drop(call);
            drop(last);
        }
    }
}

impl Wake for Rung {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let noted = self.state.compare_exchange(POLLING, RUNG, Ordering::SeqCst, Ordering::SeqCst);
        if noted == Err(IDLE) {
            let call = self.call.lock().unwrap_or_else(PoisonError::into_inner).clone();
            call.wake();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use super::*;

    #[derive(Default)]
    struct Counted(AtomicUsize);

    impl Wake for Counted {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    #[test]
    fn only_what_nobody_is_polling_for_wakes() {
        let counted = Arc::<Counted>::default();
        let waker = Waker::from(counted.clone());
        let context = Context::from_waker(&waker);
        let woken = || counted.0.swap(0, Ordering::SeqCst);
        let bell = Bell::default();
        let mut kept = None;
        let got = bell.poll(&context, |context| {
            kept = Some(context.waker().clone());
            context.waker().wake_by_ref();
            Poll::Ready(())
        });
        assert_eq!((got, woken()), (Poll::Ready(()), 0));
        kept.expect("it was polled").wake();
        assert_eq!(woken(), 1);
        let waiting = bell.poll(&context, |context| {
            context.waker().wake_by_ref();
            Poll::<()>::Pending
        });
        assert_eq!((waiting, woken()), (Poll::Pending, 1));
        assert_eq!((bell.poll(&context, |_| Poll::<()>::Pending), woken()), (Poll::Pending, 0));
    }
}
