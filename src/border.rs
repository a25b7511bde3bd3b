//! The border of one JavaScript environment: calls go in, outcomes come out in batches.
//!
//! Outcomes wait in a queue; one long-lived threadsafe function wakes JavaScript when the queue was empty, and one
//! callback takes them all. An outcome is four slots of a flat array: id, kind, content, facts.
//! No method borrows the border across an await: each clones what it needs, since a worker's end frees the object.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use engine::{Answer, Call, Content, Engine, Failed, Floats, Streaming, Vectors};
use napi::bindgen_prelude::{Array, Float32Array, Float64Array, Function, Result, ToNapiValue};
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode, UnknownReturnValue};
use napi::{Env, Status, sys};
use napi_derive::napi;
use tokio::task::AbortHandle;

use crate::call::{call, milliseconds};
use crate::client::Client;
use crate::outcome::{end_json, error_json, meta_json};
use crate::runtime::runtime;
use crate::stream::{End, StreamBuffer, Taken};
use crate::text::Text;

type Wake = ThreadsafeFunction<(), UnknownReturnValue, Batch, Status, false, true, 0>;

/// The kinds of outcome, as `js/border.js` knows them.
mod kind {
    /// Content is the answer's JSON.
    pub const ANSWER: u32 = 0;
    /// Content is `[json, numbers]`; each `embedding` of the JSON is a count of numbers.
    pub const VECTORS: u32 = 1;
    /// Content is a JSON array of the stream's first events.
    pub const STREAM: u32 = 2;
    /// Content is a JSON array of events.
    pub const CHUNKS: u32 = 3;
    /// The stream is whole.
    pub const END: u32 = 4;
    /// Content is the error's JSON; of a call, or of a stream that was open.
    pub const ERROR: u32 = 5;
    /// Content is the JSON of a record; the id is its listener's.
    pub const RECORD: u32 = 6;
}

#[napi]
pub struct Border {
    shared: Arc<Shared>,
    wake: Arc<Wake>,
}

struct Shared {
    queue: Arc<Mutex<Vec<Outcome>>>,
    calls: Mutex<HashMap<u32, AbortHandle>>,
    streams: Mutex<HashMap<u32, Arc<StreamBuffer>>>,
}

enum Outcome {
    Answer {
        id: u32,
        text: Text,
        meta: Text,
    },
    Vectors {
        id: u32,
        text: Text,
        floats: Floats,
        meta: Text,
    },
    Stream {
        buffer: Arc<StreamBuffer>,
        meta: Text,
    },
    /// An open stream has something for JavaScript.
    Ready(Arc<StreamBuffer>),
    Error {
        id: u32,
        text: Text,
    },
    Record {
        listener: u32,
        text: Text,
    },
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[napi]
impl Border {
    /// `deliver` is called with one flat array of outcomes.
    #[napi(constructor)]
    pub fn new(deliver: Function<'_, Array<'static>, UnknownReturnValue>) -> Result<Self> {
        let queue: Arc<Mutex<Vec<Outcome>>> = Arc::default();
        let source = queue.clone();
        let wake = deliver
            .build_threadsafe_function::<()>()
            .weak::<true>()
            .callee_handled::<false>()
            .build_callback(move |_| Ok(Batch(std::mem::take(&mut *lock(&source)))))?;
        let shared = Shared { queue, calls: Mutex::default(), streams: Mutex::default() };
        Ok(Self { shared: Arc::new(shared), wake: Arc::new(wake) })
    }

    /// Starts a call; its outcome comes under `id`, which must be free.
    #[napi]
    pub fn send(
        &self,
        id: u32,
        client: &Client,
        endpoint: u32,
        body: Option<String>,
        stream: bool,
        extras: Option<String>,
    ) -> bool {
        let Some(call) = call(endpoint, body, stream, extras.as_deref()) else { return false };
        if let Some(listener) = &client.listener {
            listener.know(|| Teller { shared: self.shared.clone(), wake: self.wake.clone() });
        }
        let teller = Running { id, shared: self.shared.clone(), wake: self.wake.clone(), told: false };
        let engine = client.engine.clone();
        let mut calls = lock(&self.shared.calls);
        let task = runtime().spawn(teller.run(engine, call));
        calls.insert(id, task.abort_handle());
        true
    }

    /// Waits, at most `limit` milliseconds, until what a client has recorded has reached its place; the outcome is
    /// `{ whole, dropped }`.
    #[napi]
    pub fn flush(&self, id: u32, client: &Client, limit: f64) {
        let (shared, wake, engine) = (self.shared.clone(), self.wake.clone(), client.engine.clone());
        runtime().spawn_blocking(move || {
            let flushed = engine.flush(milliseconds(limit));
            let json = serde_json::to_vec(&flushed).expect("two numbers have a JSON form");
            let meta = Text::from_utf8("{}".into());
            shared.push(Outcome::Answer { id, text: Text::from_utf8(json.into()), meta }, &wake);
        });
    }

    /// Takes what an open stream has: text of a JSON array, or nothing, and then JavaScript is told when there is more.
    #[napi]
    pub fn pull(&self, id: u32) -> Option<Text> {
        let buffer = lock(&self.shared.streams).get(&id)?.clone();
        match buffer.take() {
            Taken::Chunks(text) => Some(text),
            Taken::Ended(_) => {
                self.shared.push(Outcome::Ready(buffer), &self.wake);
                None
            }
            Taken::Nothing => None,
        }
    }

    /// Ends a call or a stream: its connection closes and nothing more is told of it.
    #[napi]
    pub fn cancel(&self, id: u32) {
        lock(&self.shared.streams).remove(&id);
        if let Some(task) = lock(&self.shared.calls).remove(&id) {
            task.abort();
        }
    }

    /// A stream's end has been told: its buffer is let go.
    #[napi]
    pub fn forget(&self, id: u32) {
        lock(&self.shared.streams).remove(&id);
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
        for (_, task) in lock(&self.shared.calls).drain() {
            task.abort();
        }
        lock(&self.shared.streams).clear();
    }
}

impl Shared {
    fn push(&self, outcome: Outcome, wake: &Wake) {
        let was_empty = {
            let mut queue = lock(&self.queue);
            queue.push(outcome);
            queue.len() == 1
        };
        if was_empty {
            wake.call((), ThreadsafeFunctionCallMode::NonBlocking);
        }
    }
}

/// Tells JavaScript of what belongs to no call.
pub struct Teller {
    shared: Arc<Shared>,
    wake: Arc<Wake>,
}

impl Teller {
    pub fn record(&self, listener: u32, text: Text) {
        self.shared.push(Outcome::Record { listener, text }, &self.wake);
    }
}

/// Runs one call and tells its outcome, also when the engine panics.
struct Running {
    id: u32,
    shared: Arc<Shared>,
    wake: Arc<Wake>,
    told: bool,
}

impl Running {
    async fn run(mut self, engine: Arc<Engine>, call: Call) {
        // Boxed, so that a stream does not carry what sending needed.
        let sent = Box::pin(engine.send(call)).await;
        let outcome = match sent {
            Ok(Answer { status, headers, report, content }) => {
                let meta = Text::from_utf8(meta_json(status, &headers, &report).into());
                match content {
                    Content::Whole(bytes) => {
                        Outcome::Answer { id: self.id, text: Text::from_utf8(bytes), meta }
                    }
                    Content::Vectors(Vectors { json, floats }) => {
                        Outcome::Vectors { id: self.id, text: Text::from_utf8(json.into()), floats, meta }
                    }
                    Content::Events(events) => {
                        {
                            drop(headers);
                            return self.stream(Streaming::new(events, report, status), meta).await;
                        };
                    }
                }
            }
            Err(Failed { error, report }) => self.error(error_json(error, Some(&report))),
        };
        self.tell(outcome);
    }

    async fn stream(mut self, mut events: Streaming, meta: Text) {
        let buffer = Arc::new(StreamBuffer::new(self.id));
        lock(&self.shared.streams).insert(self.id, buffer.clone());
        let mut first = Some(meta);
        let end = loop {
            let batch = match events.next().await {
                Some(Ok(batch)) => batch,
                last => {
                    let report = events.report();
                    let error =
                        last.and_then(std::result::Result::err).map(|error| error_json(error, Some(report)));
                    break End { error, facts: end_json(report) };
                }
            };
            let wanted = buffer.push(&batch);
            if let Some(meta) = first.take() {
                self.shared.push(Outcome::Stream { buffer: buffer.clone(), meta }, &self.wake);
            } else if wanted {
                self.shared.push(Outcome::Ready(buffer.clone()), &self.wake);
            }
            if buffer.is_full() {
                events.let_others_go();
                buffer.room().await;
            }
        };
        let wanted = buffer.end(end);
        if let Some(meta) = first.take() {
            self.shared.push(Outcome::Stream { buffer, meta }, &self.wake);
        } else if wanted {
            self.shared.push(Outcome::Ready(buffer), &self.wake);
        }
        self.told = true;
        events.rest().await;
    }

    fn tell(&mut self, outcome: Outcome) {
        self.told = true;
        self.shared.push(outcome, &self.wake);
    }

    fn error(&self, json: String) -> Outcome {
        Outcome::Error { id: self.id, text: Text::from_utf8(json.into()) }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        lock(&self.shared.calls).remove(&self.id);
        if !self.told && !std::thread::panicking() {
            // Cancelled, maybe in the moment in which its stream was opened.
            lock(&self.shared.streams).remove(&self.id);
        }
        if !self.told && std::thread::panicking() {
            let fault = "The engine failed: this is a fault of portkey-native; please report it.";
            let json = error_json(engine::Error::new(engine::Kind::Internal, fault), None);
            let outcome = match lock(&self.shared.streams).get(&self.id).cloned() {
                Some(buffer) if buffer.end(End { error: Some(json.clone()), facts: Vec::new() }) => {
                    Outcome::Ready(buffer)
                }
                Some(_) => return,
                None => self.error(json),
            };
            self.shared.push(outcome, &self.wake);
        }
    }
}

/// Outcomes as one flat JavaScript array, made on JavaScript's thread.
struct Batch(Vec<Outcome>);

impl ToNapiValue for Batch {
    unsafe fn to_napi_value(env: sys::napi_env, batch: Self) -> Result<sys::napi_value> {
        let js = Env::from_raw(env);
        let mut array = js.create_array(batch.0.len() as u32 * 4)?;
        for (at, outcome) in batch.0.into_iter().enumerate() {
            outcome.fill(js, &mut array, at as u32 * 4)?;
        }
        // SAFETY: the array was made in this environment.
        unsafe { Array::to_napi_value(env, array) }
    }
}

impl Outcome {
    fn fill(self, env: Env, array: &mut Array<'_>, at: u32) -> Result<()> {
        let (id, kind) = match self {
            Self::Answer { id, text, meta } => {
                array.set(at + 2, text)?;
                array.set(at + 3, meta)?;
                (id, kind::ANSWER)
            }
            Self::Vectors { id, text, floats, meta } => {
                let mut pair = env.create_array(2)?;
                pair.set(0, text)?;
                match floats {
                    Floats::Single(floats) => pair.set(1, Float32Array::new(floats))?,
                    Floats::Double(floats) => pair.set(1, Float64Array::new(floats))?,
                }
                array.set(at + 2, pair)?;
                array.set(at + 3, meta)?;
                (id, kind::VECTORS)
            }
            Self::Stream { buffer, meta } => {
                if let Taken::Chunks(text) = buffer.take() {
                    array.set(at + 2, text)?;
                }
                array.set(at + 3, meta)?;
                (buffer.id, kind::STREAM)
            }
            Self::Ready(buffer) => (buffer.id, fill_ready(&buffer, array, at)?),
            Self::Error { id, text } => {
                array.set(at + 2, text)?;
                (id, kind::ERROR)
            }
            Self::Record { listener, text } => {
                array.set(at + 2, text)?;
                (listener, kind::RECORD)
            }
        };
        array.set(at, id)?;
        array.set(at + 1, kind)
    }
}

fn fill_ready(buffer: &StreamBuffer, array: &mut Array<'_>, at: u32) -> Result<u32> {
    match buffer.take() {
        Taken::Chunks(text) => array.set(at + 2, text).map(|()| kind::CHUNKS),
        Taken::Ended(End { error, facts }) => {
            if !facts.is_empty() {
                array.set(at + 3, Text::from_utf8(facts.into()))?;
            }
            let Some(json) = error else { return Ok(kind::END) };
            array.set(at + 2, Text::from_utf8(json.into()))?;
            Ok(kind::ERROR)
        }
        Taken::Nothing => {
            array.set(at + 2, "[]")?;
            Ok(kind::CHUNKS)
        }
    }
}
