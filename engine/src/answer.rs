//! What is answered: status and headers of the attempt that succeeded, the report, and the content, whole or as events.

use ::http::HeaderMap;
use bytes::Bytes;

use crate::download::Download;
use crate::embeddings::Vectors;
use crate::events::Events;
use crate::observe::Report;
use crate::realtime::Session;

pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub report: Box<Report>,
    pub content: Content,
}

/// What an attempt reached; with the call's report it is the answer.
pub struct Reached {
    pub status: u16,
    pub headers: HeaderMap,
    pub content: Content,
}

pub enum Content {
    /// A body as the host sent it.
    Whole(Bytes),
    /// An embeddings answer whose numbers were decoded here.
    Vectors(Vectors),
    Events(Box<Events>),
    /// A body that is no JSON, as text.
    Text(Bytes),
    /// A body that is handed on as it comes.
    Bytes(Box<Download>),
    /// An open realtime session.
    Session(Box<Session>),
}
