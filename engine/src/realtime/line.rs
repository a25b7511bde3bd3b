//! What an open session and whoever talks on it have in common: messages on their way out and in, and how it ended.
//! Both queues are bounded by bytes: above `FULL` the socket is not read, and above `MOST` nothing more is taken to be sent.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use tokio::sync::Notify;

use crate::error::Error;

/// With more than this waiting to be taken, the host is not listened to; with more waiting to be sent, the sender is told.
const FULL: usize = 1 << 20;
/// With this much waiting to be sent, no more is taken.
const MOST: usize = 64 << 20;
/// What a message costs beside its bytes, so that empty ones are bounded too.
const OVERHEAD: usize = 64;

/// One message, whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// UTF-8.
    Text(Bytes),
    Binary(Bytes),
}

impl Message {
    fn cost(&self) -> usize {
        let (Self::Text(bytes) | Self::Binary(bytes)) = self;
        bytes.len() + OVERHEAD
    }
}

/// How a session ended.
#[derive(Debug)]
pub struct Ended {
    /// 1005: the host gave none; 1006: it said no goodbye.
    pub code: u16,
    pub reason: String,
    /// Why, where it was cut off.
    pub error: Option<Error>,
}

/// What there is to tell whoever talks on a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum News {
    /// Messages have come, or the end.
    Arrived,
    /// What was waiting to be sent is below the limit again.
    Drained,
}

/// What the caller's side gets when it takes.
pub enum Taken<E> {
    Messages(Vec<Message>),
    Ended(E),
    /// Nothing yet; it will be told.
    Nothing,
}

/// The session's two queues. `E` is its end, as the caller's side tells it.
pub struct Line<E> {
    state: Mutex<State<E>>,
    changed: Notify,
}

struct State<E> {
    outgoing: VecDeque<Message>,
    /// What is in `outgoing` costs this much.
    queued: usize,
    /// Somebody waits until there is room to send more.
    waits_for_room: bool,
    incoming: VecDeque<Message>,
    held: usize,
    /// Somebody waits until there is something to take.
    waits_for_news: bool,
    goodbye: Option<(u16, String)>,
    ended: Option<E>,
}

impl<E> Default for Line<E> {
    fn default() -> Self {
        let state = State {
            outgoing: VecDeque::new(),
            queued: 0,
            waits_for_room: false,
            incoming: VecDeque::new(),
            held: 0,
            waits_for_news: true,
            goodbye: None,
            ended: None,
        };
        Self { state: Mutex::new(state), changed: Notify::new() }
    }
}

impl<E: Clone> Line<E> {
    fn state(&self) -> MutexGuard<'_, State<E>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a message to be sent; gives whether there is room for more. `None`: it was not taken, since too much waits.
    pub fn say(&self, message: Message) -> Option<bool> {
        let mut state = self.state();
        let cost = message.cost();
        if state.queued > 0 && state.queued + cost > MOST {
            return None;
        }
        state.queued += cost;
        let has_room = state.queued <= FULL;
        state.waits_for_room |= !has_room;
        state.outgoing.push_back(message);
        drop(state);
        self.changed.notify_one();
        Some(has_room)
    }

    /// How many bytes wait to be sent.
    pub fn queued(&self) -> usize {
        let state = self.state();
        state.queued - state.outgoing.len() * OVERHEAD
    }

    /// Ends the session once what waits is sent.
    pub fn close(&self, code: u16, reason: String) {
        self.state().goodbye.get_or_insert((code, reason));
        self.changed.notify_one();
    }

    /// Takes all messages that there are. When there is nothing, the next one is told of, or the end.
    pub fn take(&self) -> Taken<E> {
        let mut state = self.state();
        if !state.incoming.is_empty() {
            state.held = 0;
            let messages = state.incoming.drain(..).collect();
            drop(state);
            self.changed.notify_one();
            return Taken::Messages(messages);
        }
        if let Some(ended) = state.ended.clone() {
            return Taken::Ended(ended);
        }
        state.waits_for_news = true;
        Taken::Nothing
    }

    /// How it ended, once all messages are taken.
    pub fn ended(&self) -> Option<E> {
        let state = self.state();
        if state.incoming.is_empty() { state.ended.clone() } else { None }
    }

    /// Nothing more will come; true when somebody waits to be told.
    pub fn end(&self, ended: E) -> bool {
        let mut state = self.state();
        state.ended = Some(ended);
        state.outgoing.clear();
        state.queued = 0;
        std::mem::take(&mut state.waits_for_news)
    }

    /// Adds a message that has come; true when somebody waits to be told.
    pub(super) fn heard(&self, message: Message) -> bool {
        let mut state = self.state();
        state.held += message.cost();
        state.incoming.push_back(message);
        std::mem::take(&mut state.waits_for_news)
    }

    /// Whether the host may be listened to.
    pub(super) fn has_room(&self) -> bool {
        self.state().held <= FULL
    }

    /// The next message to send; with it, whether there is room again that somebody waits for.
    pub(super) fn next_out(&self) -> Option<(Message, bool)> {
        let mut state = self.state();
        let message = state.outgoing.pop_front()?;
        state.queued -= message.cost();
        let is_told = state.waits_for_room && state.queued <= FULL;
        state.waits_for_room &= !is_told;
        Some((message, is_told))
    }

    /// The goodbye, once it is asked for.
    pub(super) fn goodbye(&self) -> Option<(u16, String)> {
        self.state().goodbye.clone()
    }

    /// Waits until something was said, taken or ended since the last time. Only the session waits for this.
    pub(super) async fn changed(&self) {
        self.changed.notified().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(length: usize) -> Message {
        Message::Text(Bytes::from(vec![b'x'; length]))
    }

    #[test]
    fn what_waits_to_be_sent_is_bounded_and_its_sender_is_told_once_there_is_room() {
        let line = Line::<()>::default();
        assert_eq!(line.say(text(10)), Some(true));
        assert_eq!(line.say(text(FULL)), Some(false));
        assert_eq!(line.say(text(MOST)), None);
        assert_eq!(line.queued(), FULL + 10);
        let told: Vec<bool> = std::iter::from_fn(|| line.next_out()).map(|(_, is_told)| is_told).collect();
        assert_eq!(told, [false, true]);
        assert_eq!(line.queued(), 0);
        assert_eq!(line.say(text(MOST + 1)), Some(false), "one message always has its place");
    }

    #[test]
    fn the_host_is_listened_to_while_there_is_room_also_for_empty_messages() {
        let line = Line::<()>::default();
        let mut heard = 0;
        while line.has_room() {
            line.heard(text(0));
            heard += 1;
        }
        assert_eq!(heard, FULL / OVERHEAD + 1);
        assert!(matches!(line.take(), Taken::Messages(messages) if messages.len() == heard));
        assert!(line.has_room());
    }

    #[test]
    fn who_found_nothing_is_told_of_the_next_message_and_of_the_end_after_all_of_them() {
        let line = Line::default();
        assert!(line.heard(text(1)), "nobody has looked yet");
        assert!(!line.heard(text(2)));
        assert!(!line.end("over"));
        assert_eq!(line.ended(), None);
        assert!(matches!(line.take(), Taken::Messages(messages) if messages == [text(1), text(2)]));
        assert_eq!(line.ended(), Some("over"));
        assert!(matches!(line.take(), Taken::Ended("over")));
        let other = Line::default();
        assert!(matches!(other.take(), Taken::Nothing));
        assert!(other.end(()));
    }

    #[test]
    fn a_goodbye_is_said_once() {
        let line = Line::<()>::default();
        line.close(1000, "OK".to_owned());
        line.close(4000, "again".to_owned());
        assert_eq!(line.goodbye(), Some((1000, "OK".to_owned())));
    }
}
