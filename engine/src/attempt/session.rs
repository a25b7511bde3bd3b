//! A realtime session as what an attempt reaches: the host has agreed to speak WebSocket.

use super::sending::Sending;
use crate::answer::{Content, Reached};
use crate::error::Result;
use crate::http::Reply;
use crate::realtime::{Opening, Session};

impl Sending<'_> {
    /// Hands the connection on. A host that answers without changing the protocol has no sessions there.
    pub(super) async fn session(&mut self, reply: Reply) -> Result<Reached> {
        let Reply { status, headers, mut body } = reply;
        if status != 101 {
            let text = self.read_start(&mut body).await;
            return Err(self.place().garbled(status, "no WebSocket", headers, text));
        }
        let Some(changed) = body.changed() else {
            let text = bytes::Bytes::new();
            return Err(self.place().garbled(status, "a protocol that was not asked for", headers, text));
        };
        let opening = Opening {
            changed,
            target: self.target.clone(),
            url: self.request.way.shown.clone(),
            began: self.began,
            held: self.opened(status),
        };
        let session = Session::open(opening).await;
        Ok(Reached { status, headers, content: Content::Session(Box::new(session)) })
    }
}
