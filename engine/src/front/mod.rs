//! Front formats: the ways beside chat completions in which a call can be written. One is put before any provider by
//! translating it to a chat and the chat's answer back; a provider that has the format itself gets it untouched.
//! Pure, as dialects are: what differs in meaning is told in `changes`.

mod ending;
pub mod messages;
pub mod responses;

use bytes::Bytes;

use crate::endpoint::{CHAT, ENDPOINTS, Endpoint, MESSAGES, Plane, RESPONSES};
use crate::error::Result;
use crate::events::Event;
use crate::provider::Provider;
pub use messages::{Beyond, Chat};

/// A front format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Front {
    Messages,
    Responses,
}

/// The endpoint that front formats become calls of.
pub fn chat() -> &'static Endpoint {
    ENDPOINTS.iter().find(|row| row.call == CHAT).expect("chats are in the table")
}

/// Whether a provider is known to answer calls of an endpoint: it has the endpoint, or chats to put a front format before.
pub fn offers(provider: &dyn Provider, endpoint: &Endpoint) -> bool {
    let is_known = endpoint.plane == Plane::Data && !endpoint.is_generic();
    is_known && provider.has(if Front::of(endpoint).is_some() { chat() } else { endpoint })
}

/// Whether a stream's events have names, which their data say again as `type`.
pub fn names_events(endpoint: &Endpoint) -> bool {
    Front::of(endpoint).is_some()
}

/// The chat's answer that a front's is made of: what it was asked with, and what stands in for its own name and time.
#[derive(Clone, Copy)]
pub struct Asked<'a> {
    /// The caller's body, in the front's format.
    pub body: &'a [u8],
    /// A fresh identifier.
    pub id: &'a str,
    /// Unix seconds.
    pub created: u64,
}

impl Front {
    /// The format that an endpoint's calls are written in, where that is one.
    pub fn of(endpoint: &Endpoint) -> Option<Self> {
        match endpoint.call {
            MESSAGES => Some(Self::Messages),
            RESPONSES => Some(Self::Responses),
            _ => None,
        }
    }

    pub fn to_chat(self, body: &[u8], beyond: Beyond) -> Result<Chat> {
        match self {
            Self::Messages => messages::to_chat(body, beyond),
            Self::Responses => responses::to_chat(body, beyond),
        }
    }

    /// The error says in a few words what is wrong with the chat's answer.
    pub fn answer(self, chat: &[u8], asked: Asked<'_>) -> std::result::Result<Bytes, String> {
        match self {
            Self::Messages => messages::from_chat_answer(chat, asked.id),
            Self::Responses => responses::from_chat_answer(chat, asked.body, asked.id, asked.created),
        }
    }

    pub fn reader(self, asked: Asked<'_>) -> Reader {
        match self {
            Self::Messages => Reader::Messages(messages::Reader::new(asked.id)),
            Self::Responses => {
                Reader::Responses(Box::new(responses::Reader::new(asked.body, asked.id, asked.created)))
            }
        }
    }

    /// An error's body, as a chat's is, in the front's shape.
    pub fn error(self, status: u16, body: &[u8]) -> Bytes {
        match self {
            Self::Messages => messages::error(status, body),
            Self::Responses => responses::error(status, body),
        }
    }
}

/// Reads one stream of a chat.
pub enum Reader {
    Messages(messages::Reader),
    Responses(Box<responses::Reader>),
}

impl Reader {
    pub fn chunk(&mut self, chunk: &[u8], events: &mut Vec<Event>) -> std::result::Result<(), String> {
        match self {
            Self::Messages(reader) => reader.chunk(chunk, events),
            Self::Responses(reader) => reader.chunk(chunk, events),
        }
    }

    /// The chat has ended whole.
    pub fn end(&mut self, events: &mut Vec<Event>) {
        match self {
            Self::Messages(reader) => reader.end(events),
            Self::Responses(reader) => reader.end(events),
        }
    }

    /// The chat has failed: adds the events that a stream of this format closes with then.
    pub fn fail(&mut self, status: u16, error: &[u8], events: &mut Vec<Event>) {
        match self {
            // A message just stops; the error itself is all that its clients see.
            Self::Messages(_) => {}
            Self::Responses(reader) => reader.fail(status, error, events),
        }
    }
}
