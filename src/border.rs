//! The border of one JavaScript environment: calls go in, outcomes come out in batches.
//!
//! Outcomes wait in a queue; one long-lived threadsafe function wakes JavaScript when the queue was empty, and one
//! callback takes them all. An outcome is four slots of a flat array: id, kind, content, facts. What is there as soon as a
//! call is made, as from the cache, is handed back at once.
//! No method borrows the border across an await: each clones what it needs, since a worker's end frees the object.

#![expect(clippy::too_many_arguments, reason = "one crossing of the border has all that a call needs")]

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use engine::{Call, Feed, Flushed, Then, caught};
use napi::bindgen_prelude::{Array, Function, Result, Uint8Array, Utf16String};
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode, UnknownReturnValue};
use napi::{Env, Status, sys};
use napi_derive::napi;

use crate::body::Long;
use crate::bytes::ByteBuffer;
use crate::call::{call, milliseconds};
use crate::client::Client;
use crate::delivery::{Batch, Outcome};
use crate::fault::{fault_json, sound};
use crate::files::form;
use crate::queue::{Queue, holds_back, together};
use crate::realtime::Talk;
use crate::running::Running;
use crate::runtime::{runtime, settle};
use crate::stream::{StreamBuffer, Taken};
use crate::text::Text;
use crate::underway::Underway;

type Wake = ThreadsafeFunction<(), UnknownReturnValue, Batch, Status, false, true, 0>;

#[napi]
pub struct Border {
    pub(crate) shared: Arc<Shared>,
    wake: Arc<Wake>,
}

/// What the environment's thread and the engine's have in common.
pub struct Shared {
    queue: Arc<Mutex<Queue>>,
    /// Has JavaScript take what is in the queue.
    wake: Box<dyn Fn() + Send + Sync>,
    pub calls: Mutex<HashMap<u32, Arc<Underway>>>,
    pub streams: Mutex<HashMap<u32, Arc<StreamBuffer>>>,
    pub downloads: Mutex<HashMap<u32, Arc<ByteBuffer>>>,
    pub talks: Mutex<HashMap<u32, Arc<Talk>>>,
    /// The files of calls that are handed over piece by piece.
    pub feeds: Mutex<HashMap<u32, Vec<Option<Arc<Feed>>>>>,
    /// Who waits for content that JavaScript redacts.
    redactions: Mutex<Redactions>,
}

/// A longer body is looked at on the engine's threads: JavaScript has better to do. In bytes, or UTF-16 code units.
const SHORT: usize = 32 << 10;

#[derive(Default)]
struct Redactions {
    last: u32,
    waiting: HashMap<u32, Then>,
}

pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[napi]
impl Border {
    /// `deliver` is called with one flat array of outcomes.
    #[napi(constructor)]
    pub fn new(deliver: Function<'_, Array<'static>, UnknownReturnValue>) -> Result<Self> {
        let queue: Arc<Mutex<Queue>> = Arc::default();
        let source = queue.clone();
        let wake = deliver
            .build_threadsafe_function::<()>()
            .weak::<true>()
            .callee_handled::<false>()
            .build_callback(move |_| Ok(Batch(lock(&source).answer())))?;
        let wake = Arc::new(wake);
        let waking = wake.clone();
        let shared = Shared::new(queue, move || {
            waking.call((), ThreadsafeFunctionCallMode::NonBlocking);
        });
        Ok(Self { shared: Arc::new(shared), wake })
    }

    /// Starts a call; its outcome comes under `id`, which must be free. Gives the outcomes that are there by now, if any.
    #[napi]
    pub fn send(
        &self,
        id: u32,
        client: &Client,
        endpoint: u32,
        body: Option<String>,
        stream: bool,
        extras: Option<String>,
    ) -> Option<Batch> {
        self.attend(client, || {
            self.begin(id, || {
                let call = call(endpoint, body, stream, extras.as_deref())?;
                self.start(id, client, call, Long::default());
                Some(())
            });
        })
    }

    /// The same of a call whose body is long: `pieces` of it, by turns JSON and a text that has yet to become JSON.
    #[napi]
    pub fn send_long(
        &self,
        id: u32,
        client: &Client,
        endpoint: u32,
        pieces: Vec<Utf16String>,
        stream: bool,
        extras: Option<String>,
    ) -> Option<Batch> {
        self.attend(client, || {
            self.begin(id, || {
                let call = call(endpoint, None, stream, extras.as_deref())?;
                self.start(id, client, call, Long(pieces));
                Some(())
            });
        })
    }

    /// Takes what is told during `work` to JavaScript, which needs no wake since it is here.
    fn attend(&self, client: &Client, work: impl FnOnce()) -> Option<Batch> {
        if !client.caches {
            work();
            return None;
        }
        lock(&self.shared.queue).attended = true;
        work();
        let mut queue = lock(&self.shared.queue);
        queue.attended = false;
        let outcomes = std::mem::take(&mut queue.outcomes);
        (!outcomes.is_empty()).then_some(Batch(outcomes))
    }

    /// Starts a call whose body is a form; `files` is the JSON of what its files are, `bytes` has the contents of some.
    #[napi]
    pub fn send_form(
        &self,
        id: u32,
        client: &Client,
        endpoint: u32,
        body: String,
        stream: bool,
        extras: Option<String>,
        files: String,
        bytes: Vec<Uint8Array>,
    ) -> bool {
        self.begin(id, || {
            let mut call = call(endpoint, Some(body), stream, extras.as_deref())?;
            let shared = Arc::downgrade(&self.shared);
            let (form, feeds) = form(&files, &bytes, move |file, round| {
                if let Some(shared) = shared.upgrade() {
                    shared.push(Outcome::Ask { id, file, round });
                }
            });
            lock(&self.shared.feeds).insert(id, feeds);
            call.form = Some(form);
            self.start(id, client, call, Long::default());
            Some(())
        })
    }

    /// Hands over a piece of a file, or its end; false when the file's source is to wait until it is asked again.
    #[napi]
    pub fn feed(&self, id: u32, file: u32, round: u32, piece: Option<&[u8]>) -> Result<bool> {
        sound(|| self.fed(id, file, round, piece))
    }

    fn fed(&self, id: u32, file: u32, round: u32, piece: Option<&[u8]>) -> bool {
        let feed = lock(&self.shared.feeds).get(&id).and_then(|feeds| feeds.get(file as usize)?.clone());
        let Some(feed) = feed else { return false };
        if let Some(piece) = piece {
            return feed.push(round, Bytes::copy_from_slice(piece));
        }
        feed.end(round);
        false
    }

    /// Takes bytes of an open answer, or nothing, and then JavaScript is told when there are more.
    #[napi]
    pub fn pull_bytes(&self, id: u32) -> Result<Option<Uint8Array>> {
        sound(|| self.bytes_of(id))
    }

    fn bytes_of(&self, id: u32) -> Option<Uint8Array> {
        let buffer = lock(&self.shared.downloads).get(&id)?.clone();
        let taken = buffer.take();
        if taken.is_none() && buffer.has_ended() {
            self.shared.push(Outcome::More(buffer));
        }
        taken.map(Uint8Array::with_data_copied)
    }

    /// What a redaction leaves of content, as JSON; nothing where that is not to be kept.
    #[napi]
    pub fn redacted(&self, id: u32, content: Option<String>) -> Result<()> {
        let then = lock(&self.shared.redactions).waiting.remove(&id);
        sound(|| then.map_or((), |then| then(content.as_deref())))
    }

    /// Starts a call by `start`, which gives nothing where the call is not understood; gives whether it did.
    pub(crate) fn begin(&self, id: u32, start: impl FnOnce() -> Option<()>) -> bool {
        let begun = caught(start).unwrap_or_else(|| {
            self.shared.push(Outcome::Error { id, text: Text::from_utf8(fault_json().into()) });
            None
        });
        begun.is_some()
    }

    /// A call that the cache may answer begins on this thread, if it is short and no other is under way.
    pub(crate) fn start(&self, id: u32, client: &Client, call: Call, long: Long) {
        let may_begin = client.caches && call.form.is_none() && call.body.len() + long.length() <= SHORT;
        for listener in client.listener.iter().chain(&client.redactor).chain(&client.tracer) {
            listener.know(|| Teller(self.shared.clone()));
        }
        if let Some(words) = client.engine.trouble() {
            self.shared.push(Outcome::Trouble { text: Text::from_utf8(words.into_bytes().into()) });
        }
        let teller = Running::new(id, self.shared.clone());
        let engine = client.engine.clone();
        let underway = Underway::new();
        let is_alone = {
            let mut calls = lock(&self.shared.calls);
            calls.insert(id, underway.clone());
            calls.len() == 1
        };
        let run = Box::pin(together(self.shared.clone(), teller.run(engine, call, long)));
        if may_begin && is_alone { underway.begin(run) } else { underway.hand_over(run) }
    }

    /// Waits, at most `limit` milliseconds, until what a client has recorded has reached its place; the outcome is
    /// `{ whole, dropped }`.
    #[napi]
    pub fn flush(&self, id: u32, client: &Client, limit: f64) {
        let (shared, engine) = (self.shared.clone(), client.engine.clone());
        runtime().spawn_blocking(move || {
            let late = Flushed { whole: false, dropped: 0 };
            let flushed = caught(|| engine.flush(settle(milliseconds(limit)))).unwrap_or(late);
            if let Some(words) = caught(|| engine.trouble()).flatten() {
                shared.push(Outcome::Trouble { text: Text::from_utf8(words.into_bytes().into()) });
            }
            let json = serde_json::to_vec(&flushed).expect("two numbers have a JSON form");
            let meta = Text::from_utf8("{}".into());
            shared.push(Outcome::Answer { id, text: Text::from_utf8(json.into()), meta });
        });
    }

    /// Takes what an open stream has: text of a JSON array, or nothing, and then JavaScript is told when there is more.
    #[napi]
    pub fn pull(&self, id: u32) -> Result<Option<Text>> {
        sound(|| self.events_of(id))
    }

    fn events_of(&self, id: u32) -> Option<Text> {
        let buffer = lock(&self.shared.streams).get(&id)?.clone();
        match buffer.take() {
            Taken::Chunks(text) => Some(text),
            Taken::Ended(_) => {
                self.shared.push(Outcome::Ready(buffer));
                None
            }
            Taken::Nothing => None,
        }
    }

    /// Ends a call or a stream: its connection closes and nothing more is told of it.
    #[napi]
    pub fn cancel(&self, id: u32) {
        self.shared.forget(id);
        let underway = lock(&self.shared.calls).remove(&id);
        if let Some(underway) = underway {
            underway.abort();
        }
    }

    /// A stream's end has been told: its buffer is let go.
    #[napi]
    pub fn forget(&self, id: u32) {
        self.shared.forget(id);
    }

    /// Whether the process is to wait for outcomes.
    #[napi]
    pub fn keep_alive(&self, env: Env, alive: bool) {
        let raw = self.wake.raw();
        // SAFETY: the threadsafe function lives as long as this border, and this is its own thread.
        let status = unsafe {
            if alive {
                sys::napi_ref_threadsafe_function(env.raw(), raw)
            } else {
                sys::napi_unref_threadsafe_function(env.raw(), raw)
            }
        };
        debug_assert_eq!(status, sys::Status::napi_ok);
    }
}

impl Drop for Border {
    /// The environment ends: so do its calls, and their connections close.
    fn drop(&mut self) {
        let calls = std::mem::take(&mut *lock(&self.shared.calls));
        for underway in calls.into_values() {
            underway.abort();
        }
        lock(&self.shared.streams).clear();
        lock(&self.shared.downloads).clear();
        lock(&self.shared.talks).clear();
        // Their records go on without content.
        let unredacted = std::mem::take(&mut lock(&self.shared.redactions).waiting);
        caught(|| drop(unredacted));
    }
}

impl Shared {
    pub fn new(queue: Arc<Mutex<Queue>>, wake: impl Fn() + Send + Sync + 'static) -> Self {
        Self {
            queue,
            wake: Box::new(wake),
            calls: Mutex::default(),
            streams: Mutex::default(),
            downloads: Mutex::default(),
            talks: Mutex::default(),
            feeds: Mutex::default(),
            redactions: Mutex::default(),
        }
    }

    /// Lets go of what an open answer still holds.
    pub fn forget(&self, id: u32) {
        lock(&self.streams).remove(&id);
        lock(&self.downloads).remove(&id);
        lock(&self.talks).remove(&id);
    }

    pub fn push(&self, outcome: Outcome) {
        let calls = {
            let mut queue = lock(&self.queue);
            queue.outcomes.push(outcome);
            queue.calls()
        };
        if calls {
            (self.wake)();
        }
    }

    /// Wakes JavaScript, where there is something for it that nobody woke it for.
    pub fn rouse(&self) {
        let calls = lock(&self.queue).calls();
        if calls {
            (self.wake)();
        }
    }
}

/// Tells JavaScript of what belongs to no call.
pub struct Teller(Arc<Shared>);

impl Teller {
    pub fn record(&self, listener: u32, text: Text) {
        let outcome = Outcome::Record { listener, text };
        if holds_back() {
            lock(&self.0.queue).outcomes.push(outcome);
        } else {
            self.0.push(outcome);
        }
    }

    pub fn redact(&self, listener: u32, text: Text, then: Then) {
        let id = {
            let mut redactions = lock(&self.0.redactions);
            redactions.last = redactions.last.wrapping_add(1);
            let id = redactions.last;
            redactions.waiting.insert(id, then);
            id
        };
        self.0.push(Outcome::Redact { listener, id, text });
    }
}
