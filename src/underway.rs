//! A call under way. One that the cache may answer, and that is made while no other is, begins on JavaScript's own thread: where
//! the answer is there, no thread is woken at all. Any other, and whatever has to wait, runs on the engine's threads.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};

use engine::caught;
use tokio::task::AbortHandle;

use crate::border::lock;
use crate::runtime::runtime;

type Run = Pin<Box<dyn Future<Output = ()> + Send>>;

pub struct Underway(Mutex<State>);

enum State {
    /// On the thread that made it, and maybe woken meanwhile.
    Beginning {
        woken: bool,
    },
    /// Waits to be woken for the first time.
    Resting(Run),
    /// On the engine's threads.
    HandedOver(AbortHandle),
    Over,
}

impl Underway {
    pub fn new() -> Arc<Self> {
        Arc::new(Self(Mutex::new(State::Beginning { woken: false })))
    }

    /// Goes as far as it comes without waiting.
    pub fn begin(self: &Arc<Self>, mut run: Run) {
        let waker = Waker::from(self.clone());
        let context = runtime().enter();
        let polled = caught(|| run.as_mut().poll(&mut Context::from_waker(&waker)));
        drop(context);
        let mut state = lock(&self.0);
        *state = match (polled, &*state) {
            (Some(Poll::Pending), State::Beginning { woken: false }) => State::Resting(run),
            (Some(Poll::Pending), State::Beginning { woken: true }) => handed_over(run),
            _ => State::Over,
        };
    }

    pub fn hand_over(&self, run: Run) {
        *lock(&self.0) = handed_over(run);
    }

    /// Drops the call: its connection closes.
    pub fn abort(&self) {
        // Dropped after the lock, since what it drops may wake it.
        let state = std::mem::replace(&mut *lock(&self.0), State::Over);
        match state {
            State::HandedOver(task) => task.abort(),
            State::Resting(run) => {
                let _context = runtime().enter();
                caught(|| drop(run));
            }
            State::Beginning { .. } | State::Over => {}
        }
    }
}

fn handed_over(run: Run) -> State {
    State::HandedOver(runtime().spawn(run).abort_handle())
}

impl Wake for Underway {
    fn wake(self: Arc<Self>) {
        let mut state = lock(&self.0);
        match std::mem::replace(&mut *state, State::Over) {
            State::Beginning { .. } => *state = State::Beginning { woken: true },
            State::Resting(run) => *state = handed_over(run),
            other => *state = other,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::thread::{self, ThreadId};
    use std::time::Duration;

    use tokio::sync::oneshot;

    use super::*;

    const SOON: Duration = Duration::from_secs(10);

    /// A call that tells its thread when it begins and when it has been answered, and that it is dropped.
    fn call() -> (Run, oneshot::Sender<()>, mpsc::Receiver<Option<ThreadId>>) {
        struct Dropped(mpsc::Sender<Option<ThreadId>>);
        impl Drop for Dropped {
            fn drop(&mut self) {
                let _sent = self.0.send(None);
            }
        }
        let (answer, answered) = oneshot::channel();
        let (told, telling) = mpsc::channel();
        let run = async move {
            let told = Dropped(told);
            let _sent = told.0.send(Some(thread::current().id()));
            let _answer = answered.await;
            let _sent = told.0.send(Some(thread::current().id()));
        };
        (Box::pin(run), answer, telling)
    }

    #[test]
    fn a_call_begins_here_and_goes_on_elsewhere_once_it_is_answered() {
        let (run, answer, telling) = call();
        Underway::new().begin(run);
        assert_eq!(telling.try_recv(), Ok(Some(thread::current().id())));
        answer.send(()).expect("the call waits");
        let second = telling.recv_timeout(SOON).expect("the call goes on").expect("a thread");
        assert_ne!(second, thread::current().id());
        assert_eq!(telling.recv_timeout(SOON), Ok(None));
    }

    #[test]
    fn a_call_that_is_answered_while_it_begins_goes_on_too() {
        let (run, answer, telling) = call();
        let mut answer = Some(answer);
        let mut run = run;
        let woken = std::future::poll_fn(move |context| {
            let polled = run.as_mut().poll(context);
            // From another thread, before this one has said that it waits.
            if let Some(answer) = answer.take() {
                thread::spawn(move || answer.send(())).join().expect("a thread").expect("the call waits");
            }
            polled
        });
        Underway::new().begin(Box::pin(woken));
        assert_eq!(telling.recv_timeout(SOON), Ok(Some(thread::current().id())));
        assert!(telling.recv_timeout(SOON).is_ok_and(|thread| thread.is_some()));
        assert_eq!(telling.recv_timeout(SOON), Ok(None));
    }

    #[test]
    fn an_aborted_call_is_dropped_at_once_and_stays_so() {
        let (run, answer, telling) = call();
        let underway = Underway::new();
        underway.begin(run);
        assert!(telling.try_recv().is_ok_and(|thread| thread.is_some()));
        underway.abort();
        assert_eq!(telling.try_recv(), Ok(None));
        assert!(answer.send(()).is_err());
        assert!(telling.try_recv().is_err());
    }

    #[test]
    fn a_panic_ends_the_call_and_not_its_caller() {
        let underway = Underway::new();
        underway.begin(Box::pin(async { panic!("a secret") }));
        assert!(matches!(*lock(&underway.0), State::Over));
    }
}
