//! The buffer of one open stream, between the thread that reads it and JavaScript, which takes all there is at once.
//! It is bounded: above the limit the reader waits, so that a slow consumer pushes back to the host.

use std::sync::{Mutex, MutexGuard, PoisonError};

use engine::Event;
use tokio::sync::Notify;

use crate::text::{Text, TextBuilder};

/// Above this many bytes the socket is not read.
const FULL: usize = 1 << 20;

pub struct StreamBuffer {
    pub id: u32,
    state: Mutex<State>,
    room: Notify,
}

#[derive(Default)]
struct State {
    /// `[event,event`: JSON text, to be closed when it is taken.
    text: TextBuilder,
    ended: Option<End>,
    /// JavaScript waits to be told.
    wanted: bool,
}

/// How a stream ended: the JSON of the error, if it failed, and of the facts that are known by now.
#[derive(Clone)]
pub struct End {
    pub error: Option<String>,
    pub facts: Vec<u8>,
}

/// What JavaScript gets when it takes.
pub enum Taken {
    Chunks(Text),
    Ended(End),
    /// Nothing yet; it will be told.
    Nothing,
}

impl StreamBuffer {
    pub fn new(id: u32) -> Self {
        Self { id, state: Mutex::default(), room: Notify::new() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds events; true when JavaScript waits to be told of them.
    pub fn push(&self, events: &[Event]) -> bool {
        let mut state = self.state();
        for event in events {
            let first = state.text.size() == 0;
            state.text.push_ascii(if first { b'[' } else { b',' });
            state.text.push(&event.data);
        }
        std::mem::take(&mut state.wanted)
    }

    /// Ends the stream; true when JavaScript waits to be told.
    pub fn end(&self, end: End) -> bool {
        let mut state = self.state();
        state.ended = Some(end);
        std::mem::take(&mut state.wanted)
    }

    /// Takes all there is. When there is nothing, the next `push` or `end` tells.
    pub fn take(&self) -> Taken {
        let mut state = self.state();
        if state.text.size() > 0 {
            let mut text = std::mem::take(&mut state.text);
            drop(state);
            self.room.notify_one();
            text.push_ascii(b']');
            return Taken::Chunks(text.finish());
        }
        if let Some(end) = state.ended.clone() {
            return Taken::Ended(end);
        }
        state.wanted = true;
        Taken::Nothing
    }

    pub fn is_full(&self) -> bool {
        self.state().text.size() > FULL
    }

    /// Waits until the buffer is below its limit.
    pub async fn room(&self) {
        while self.is_full() {
            self.room.notified().await;
        }
    }
}
