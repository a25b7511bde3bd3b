//! The buffer of one answer in bytes, between the thread that reads it and JavaScript, which pulls a piece at a time.
//! It is bounded: above the limit the socket is not read.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use tokio::sync::Notify;

use crate::stream::End;

/// Above this many bytes the socket is not read.
const FULL: usize = 1 << 20;

pub struct ByteBuffer {
    pub id: u32,
    state: Mutex<State>,
    room: Notify,
}

#[derive(Default)]
struct State {
    pieces: VecDeque<Bytes>,
    held: usize,
    ended: Option<End>,
    /// JavaScript waits to be told.
    wanted: bool,
}

impl ByteBuffer {
    pub fn new(id: u32) -> Self {
        Self { id, state: Mutex::default(), room: Notify::new() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a piece; true when JavaScript waits to be told of it.
    pub fn push(&self, piece: Bytes) -> bool {
        let mut state = self.state();
        state.held += piece.len();
        state.pieces.push_back(piece);
        std::mem::take(&mut state.wanted)
    }

    /// Ends the answer; true when JavaScript waits to be told.
    pub fn end(&self, end: End) -> bool {
        let mut state = self.state();
        state.ended = Some(end);
        std::mem::take(&mut state.wanted)
    }

    /// The next piece. When there is none, the next `push` or `end` tells.
    pub fn take(&self) -> Option<Bytes> {
        let mut state = self.state();
        let Some(piece) = state.pieces.pop_front() else {
            state.wanted = state.ended.is_none();
            return None;
        };
        state.held -= piece.len();
        drop(state);
        self.room.notify_one();
        Some(piece)
    }

    /// Whether nothing more will come.
    pub fn has_ended(&self) -> bool {
        self.state().ended.is_some()
    }

    /// How it ended, once all pieces are taken.
    pub fn ended(&self) -> Option<End> {
        let state = self.state();
        if state.pieces.is_empty() { state.ended.clone() } else { None }
    }

    /// Waits until the buffer is below its limit.
    pub async fn room(&self) {
        while self.state().held > FULL {
            self.room.notified().await;
        }
    }
}
