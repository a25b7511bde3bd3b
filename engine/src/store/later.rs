//! A clock that tests move forward.

use std::future::{Future, ready};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use crate::clock::{Clock, Instant, SystemClock};

/// The time since it was made stands still until a test moves it.
pub struct Later {
    began: Instant,
    moved: Mutex<Duration>,
}

impl Later {
    pub fn new() -> Arc<Self> {
        Arc::new(Self { began: SystemClock.now(), moved: Mutex::default() })
    }

    pub fn pass(&self, time: Duration) {
        *self.moved.lock().expect("no test panics with it") += time;
    }
}

impl Clock for Later {
    fn now(&self) -> Instant {
        self.began + *self.moved.lock().expect("no test panics with it")
    }

    fn wall(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH
    }

    fn random(&self) -> f64 {
        0.5
    }

    fn sleep(&self, wait: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        self.pass(wait);
        Box::pin(ready(()))
    }
}
