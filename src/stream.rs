//! The buffer of one open stream, between the thread that reads it and JavaScript, which takes all there is at once.
//! It is bounded: above the limit the reader waits, so that a slow consumer pushes back to the host.
//!
//! Chunks that differ only in their text cross as that text. In the array that JavaScript gets, an object is an event;
//! `[0,event]` is one that others are made after; a string, or `[string,padding]`, is an event like the last of those but for its
//! text (`js/stream.js` makes it); and `[1,event]` is an event that is no object.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use engine::{Event, Mould};
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
    /// What the last event was made in.
    mould: Option<Arc<Mould>>,
    /// JavaScript has an event that was made in it.
    has_mould: bool,
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

    /// Adds events, of which some may fit a mould; true when JavaScript waits to be told of them.
    pub fn push(&self, events: &[Event], mould: Option<&Arc<Mould>>) -> bool {
        let mut state = self.state();
        let mould = mould.filter(|mould| mould.is_flat());
        for event in events {
            let first = state.text.size() == 0;
            state.text.push_ascii(if first { b'[' } else { b',' });
            state.add(&event.data, mould);
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

impl State {
    fn add(&mut self, data: &[u8], mould: Option<&Arc<Mould>>) {
        let Some((mould, cast)) = mould.and_then(|mould| Some((mould, mould.cast(data)?))) else {
            self.mould = None;
            return self.add_whole(data);
        };
        if !self.mould.as_ref().is_some_and(|last| Arc::ptr_eq(last, mould)) {
            self.mould = Some(mould.clone());
            self.has_mould = false;
            return self.add_whole(data);
        }
        if !std::mem::replace(&mut self.has_mould, true) {
            return self.text.push_all(&[b"[0,", data, b"]"]);
        }
        let text = &data[cast.text];
        match cast.padding {
            None => self.text.push_all(&[b"\"", text, b"\""]),
            Some(padding) => self.text.push_all(&[b"[\"", text, b"\",\"", &data[padding], b"\"]"]),
        }
    }

    fn add_whole(&mut self, data: &[u8]) {
        if data.trim_ascii_start().starts_with(b"{") {
            return self.text.push(data);
        }
        self.text.push_all(&[b"[1,", data, b"]"]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(mould: Option<&Arc<Mould>>, events: &[&str]) -> String {
        let buffer = StreamBuffer::new(0);
        let event = |data: &&str| Event { name: None, data: (*data).to_owned().into() };
        buffer.push(&events.iter().map(event).collect::<Vec<_>>(), mould);
        match buffer.take() {
            Taken::Chunks(Text::Latin1(bytes)) => String::from_utf8_lossy(&bytes).into_owned(),
            _ => panic!("there is text"),
        }
    }

    fn mould(chunk: &str, text: &str, padding: Option<&str>) -> Arc<Mould> {
        let part = |part: &str| &chunk[chunk.find(part).expect("it is there")..][..part.len()];
        Arc::new(Mould::new(chunk, part(text), padding.map(part)).expect("a mould"))
    }

    #[test]
    fn chunks_that_differ_in_their_text_cross_as_that_text_after_the_second() {
        let chunk = |text: &str| format!(r#"{{"choices":[{{"delta":{{"content":"{text}"}}}}]}}"#);
        let (one, other) = (chunk("one"), r#"{"choices":[]}"#);
        let mould = mould(&one, "one", None);
        let events = [&*one, &chunk("a"), &chunk(r"b\n"), other, &chunk("c"), "\"x\"", "[1]"];
        let whole =
            [&*one, &format!("[0,{}]", chunk("a")), r#""b\n""#, other, &chunk("c"), r#"[1,"x"]"#, "[1,[1]]"];
        assert_eq!(told(Some(&mould), &events), format!("[{}]", whole.join(",")));
        assert_eq!(told(None, &[&one, &one]), format!("[{one},{one}]"));
    }

    #[test]
    fn padding_crosses_with_the_text() {
        let chunk = |text: &str, padding: &str| {
            format!(r#"{{"choices":[{{"delta":{{"content":"{text}"}}}}],"obfuscation":"{padding}"}}"#)
        };
        let one = chunk("one", "xyz");
        let mould = mould(&one, "one", Some("xyz"));
        let events = [&*one, &one, &chunk("two", "q")];
        assert_eq!(told(Some(&mould), &events), format!(r#"[{one},[0,{one}],["two","q"]]"#));
    }
}
