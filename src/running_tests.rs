//! A panic at every stage of a call: it is told once, as JavaScript waits to be told by then, and nothing is left open.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use engine::{Event, Line};

use super::*;
use crate::queue::Queue;
use crate::stream::Taken;

/// What JavaScript would have.
struct Face {
    shared: Arc<Shared>,
    queue: Arc<Mutex<Queue>>,
    woken: Arc<AtomicUsize>,
}

impl Face {
    fn new() -> Self {
        let (queue, woken) = (Arc::<Mutex<Queue>>::default(), Arc::<AtomicUsize>::default());
        let counted = woken.clone();
        let shared = Shared::new(queue.clone(), move || {
            counted.fetch_add(1, Ordering::Relaxed);
        });
        Self { shared: Arc::new(shared), queue, woken }
    }

    /// Runs a call to its panic, on a runtime's thread as any; gives the outcomes that were told.
    fn outcomes(&self, prepare: impl FnOnce(&mut Running) + Send + 'static) -> Vec<Outcome> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build();
        let runtime = runtime.expect("a thread");
        let mut running = Running::new(7, self.shared.clone());
        let call = async move {
            prepare(&mut running);
            tokio::task::yield_now().await;
            let told = running.told;
            assert!(told, "a secret, or a prompt");
        };
        let ended = runtime.block_on(runtime.spawn(call));
        assert!(ended.is_err_and(|ended| ended.is_panic()));
        assert_eq!(runtime.block_on(runtime.spawn(async { 1 })).ok(), Some(1), "the thread goes on");
        std::mem::take(&mut lock(&self.queue).outcomes)
    }

    fn is_empty(&self) -> bool {
        let Shared { calls, streams, downloads, talks, feeds, .. } = &*self.shared;
        lock(calls).is_empty()
            && lock(streams).is_empty()
            && lock(downloads).is_empty()
            && lock(talks).is_empty()
            && lock(feeds).is_empty()
    }
}

fn is_fault(json: Option<&str>) -> bool {
    json.is_some_and(|json| json.contains(engine::FAULT) && !json.contains("a secret"))
}

#[test]
fn a_call_that_panics_is_answered_with_an_error() {
    let face = Face::new();
    let told = face.outcomes(|_| {});
    assert!(matches!(&told[..], [Outcome::Error { id: 7, .. }]));
    assert_eq!(face.woken.load(Ordering::Relaxed), 1);
    assert!(face.is_empty());
}

#[test]
fn a_stream_that_panics_before_its_first_event_is_an_error_of_its_call() {
    let face = Face::new();
    let told = face.outcomes(|running| {
        lock(&running.shared.streams).insert(7, Arc::new(StreamBuffer::new(7)));
    });
    assert!(matches!(&told[..], [Outcome::Error { id: 7, .. }]));
    assert!(face.is_empty());
}

fn open_stream(wanted: bool) -> Arc<StreamBuffer> {
    let buffer = Arc::new(StreamBuffer::new(7));
    buffer.push(&[Event { name: None, data: "1".into() }], None);
    if wanted {
        assert!(matches!(buffer.take(), Taken::Chunks(_)));
        assert!(matches!(buffer.take(), Taken::Nothing));
    }
    buffer
}

#[test]
fn an_open_stream_that_panics_ends_in_an_error() {
    let (face, buffer) = (Face::new(), open_stream(true));
    let open = buffer.clone();
    let told = face.outcomes(move |running| running.open = Open::Stream(open));
    assert!(matches!(&told[..], [Outcome::Ready(_)]));
    assert!(matches!(buffer.take(), Taken::Ended(end) if is_fault(end.error.as_deref())));
}

#[test]
fn the_events_before_a_panic_are_read_first() {
    let (face, buffer) = (Face::new(), open_stream(false));
    let open = buffer.clone();
    assert!(face.outcomes(move |running| running.open = Open::Stream(open)).is_empty());
    assert!(matches!(buffer.take(), Taken::Chunks(_)));
    assert!(matches!(buffer.take(), Taken::Ended(end) if is_fault(end.error.as_deref())));
}

#[test]
fn a_download_that_panics_ends_in_an_error() {
    let (face, buffer) = (Face::new(), Arc::new(ByteBuffer::new(7)));
    assert!(buffer.take().is_none());
    let open = buffer.clone();
    let told = face.outcomes(move |running| running.open = Open::Bytes(open));
    assert!(matches!(&told[..], [Outcome::More(_)]));
    assert!(buffer.ended().is_some_and(|end| is_fault(end.error.as_deref())));
}

#[test]
fn a_session_that_panics_ends_in_an_error() {
    let (face, talk) = (Face::new(), Arc::new(Talk { id: 7, line: Line::default() }));
    assert!(matches!(talk.line.take(), engine::Taken::Nothing));
    let open = talk.clone();
    let told = face.outcomes(move |running| running.open = Open::Session(open));
    assert!(matches!(&told[..], [Outcome::Heard(_)]));
    assert!(talk.line.ended().is_some_and(|end| end.failed && is_fault(Some(&end.told))));
}

#[test]
fn a_panic_after_the_outcome_tells_nothing_more() {
    let face = Face::new();
    let told = face.outcomes(|running| {
        let outcome = running.error(fault_json());
        running.tell(outcome);
        panic!("beside it");
    });
    assert_eq!(told.len(), 1);
}

#[test]
fn on_the_caller_s_own_thread_a_panic_is_an_exception_that_quotes_nothing() {
    let thrown = crate::fault::sound(|| assert_eq!("a secret", "another")).expect_err("a panic");
    assert_eq!(thrown.reason, engine::FAULT);
}
