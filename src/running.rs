//! Who runs a call on the engine's threads and tells its outcome, also when the engine panics.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use engine::{Answer, Call, Content, Downloading, Engine, Failed, Streaming, Vectors};

use crate::body::Long;
use crate::border::{Shared, lock};
use crate::bytes::ByteBuffer;
use crate::delivery::Outcome;
use crate::fault::fault_json;
use crate::outcome::{end_json, error_json, meta_json};
use crate::realtime::{Goodbye, Talk};
use crate::stream::{End, StreamBuffer};
use crate::text::Text;

pub struct Running {
    pub(crate) id: u32,
    pub(crate) shared: Arc<Shared>,
    /// What JavaScript has been told to be open.
    pub(crate) open: Open,
    pub(crate) told: bool,
}

pub enum Open {
    Nothing,
    Stream(Arc<StreamBuffer>),
    Bytes(Arc<ByteBuffer>),
    Session(Arc<Talk>),
}

/// What goes on once a call was answered.
type Rest = Pin<Box<dyn Future<Output = ()> + Send>>;

impl Running {
    pub fn new(id: u32, shared: Arc<Shared>) -> Self {
        Self { id, shared, open: Open::Nothing, told: false }
    }

    /// `long` is the call's body, where that is a long one. What is made for each call is kept small: what sending needs is boxed,
    /// and so is what an open answer does.
    #[expect(clippy::manual_async_fn, reason = "an asynchronous function has room for its arguments twice")]
    pub fn run(
        self,
        engine: Arc<Engine>,
        mut call: Call,
        long: Long,
    ) -> impl Future<Output = ()> + Send + 'static {
        async move {
            if !long.is_empty() {
                call.body = long.join();
            }
            let sent = Box::pin(engine.send(call)).await;
            if let Some(rest) = self.answered(sent) {
                rest.await;
            }
        }
    }

    /// Tells what was answered; gives what goes on for as long as the answer is open.
    fn answered(mut self, sent: Result<Answer, Failed>) -> Option<Rest> {
        let outcome = match sent {
            Ok(Answer { status, headers, report, content }) => {
                let meta = Text::from_utf8(meta_json(status, &headers, &report).into());
                match content {
                    Content::Whole(bytes) => {
                        Outcome::Answer { id: self.id, text: Text::from_utf8(bytes), meta }
                    }
                    Content::Text(text) => Outcome::Text { id: self.id, text: Text::from_utf8(text), meta },
                    Content::Bytes(download) => {
                        return Some(Box::pin(self.bytes(Downloading::new(download, report, status), meta)));
                    }
                    Content::Session(session) => return Some(Box::pin(self.session(*session, report, meta))),
                    Content::Vectors(Vectors { json, floats }) => {
                        Outcome::Vectors { id: self.id, text: Text::from_utf8(json.into()), floats, meta }
                    }
                    Content::Events(events) => {
                        return Some(Box::pin(self.stream(Streaming::new(events, report, status), meta)));
                    }
                }
            }
            Err(Failed { error, report }) => self.error(error_json(error, Some(&report))),
        };
        self.tell(outcome);
        None
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
            let wanted = buffer.push(&batch, events.mould());
            if let Some(meta) = first.take() {
                self.open = Open::Stream(buffer.clone());
                self.shared.push(Outcome::Stream { buffer: buffer.clone(), meta });
            } else if wanted {
                self.shared.push(Outcome::Ready(buffer.clone()));
            }
            if buffer.is_full() {
                events.let_others_go();
                buffer.room().await;
            }
        };
        let wanted = buffer.end(end);
        if let Some(meta) = first.take() {
            self.shared.push(Outcome::Stream { buffer, meta });
        } else if wanted {
            self.shared.push(Outcome::Ready(buffer));
        }
        self.told = true;
        events.rest().await;
    }

    async fn bytes(mut self, mut download: Downloading, meta: Text) {
        let buffer = Arc::new(ByteBuffer::new(self.id));
        lock(&self.shared.downloads).insert(self.id, buffer.clone());
        self.open = Open::Bytes(buffer.clone());
        self.shared.push(Outcome::Bytes { id: self.id, meta });
        let end = loop {
            match download.next().await {
                Some(Ok(piece)) => {
                    if buffer.push(piece) {
                        self.shared.push(Outcome::More(buffer.clone()));
                    }
                    buffer.room().await;
                }
                last => {
                    let report = download.report();
                    let error =
                        last.and_then(std::result::Result::err).map(|error| error_json(error, Some(report)));
                    break End { error, facts: end_json(report) };
                }
            }
        };
        self.told = true;
        if buffer.end(end) {
            self.shared.push(Outcome::More(buffer));
        }
    }

    fn tell(&mut self, outcome: Outcome) {
        self.told = true;
        self.shared.push(outcome);
    }

    /// Tells that the engine panicked, in the way that JavaScript waits to be told of the call by now.
    fn fail(&self) {
        let error = fault_json();
        let end = || End { error: Some(error.clone()), facts: Vec::new() };
        let (wanted, outcome) = match &self.open {
            Open::Nothing => {
                self.shared.forget(self.id);
                (true, self.error(error))
            }
            Open::Stream(buffer) => (buffer.end(end()), Outcome::Ready(buffer.clone())),
            Open::Bytes(buffer) => (buffer.end(end()), Outcome::More(buffer.clone())),
            Open::Session(talk) => (talk.line.end(Goodbye::failed(error)), Outcome::Heard(talk.clone())),
        };
        if wanted {
            self.shared.push(outcome);
        }
    }

    fn error(&self, json: String) -> Outcome {
        Outcome::Error { id: self.id, text: Text::from_utf8(json.into()) }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        lock(&self.shared.calls).remove(&self.id);
        lock(&self.shared.feeds).remove(&self.id);
        if self.told {
            return;
        }
        if std::thread::panicking() {
            self.fail();
        } else {
            // Cancelled, maybe in the moment in which its stream was opened.
            self.shared.forget(self.id);
        }
    }
}

#[cfg(test)]
#[path = "running_tests.rs"]
mod tests;
