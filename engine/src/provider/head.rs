//! What stands around the choices of every answer and of every chunk in OpenAI's shape. It knows no provider, and nothing
//! of what a choice holds.

use std::borrow::Cow;

use bytes::Bytes;

use super::json::{Bracket, Json};

pub const CHAT: &str = "chat.completion";
pub const CHUNK: &str = "chat.completion.chunk";
/// Of whole answers and of chunks.
pub const TEXT: &str = "text_completion";

/// The fields that come first, the same in all chunks of a stream.
pub struct Head<'a> {
    /// A JSON string.
    pub id: Cow<'a, str>,
    pub object: &'static str,
    /// Unix seconds.
    pub created: u64,
    /// JSON.
    pub model: Cow<'a, str>,
}

impl Head<'_> {
    pub fn into_owned(self) -> Head<'static> {
        let Self { id, object, created, model } = self;
        Head { id: id.into_owned().into(), object, created, model: model.into_owned().into() }
    }

    /// An answer or a chunk: `choices` writes the items of the list, `after` the fields behind it.
    pub fn write(&self, choices: impl FnOnce(&mut Json), after: impl FnOnce(&mut Json)) -> Bytes {
        let mut out = Json::with_capacity(512);
        out.open(Bracket::Object).field("id", &self.id).text("object", self.object);
        out.number("created", self.created).field("model", &self.model);
        out.key("choices").array(choices);
        after(&mut out);
        out.close(Bracket::Object);
        out.into_bytes()
    }

    /// One with a single choice, whose fields `choice` writes.
    pub fn one(&self, choice: impl FnOnce(&mut Json), after: impl FnOnce(&mut Json)) -> Bytes {
        let item = |out: &mut Json| {
            out.object(|out| {
                out.number("index", 0);
                choice(out);
            });
        };
        self.write(item, after)
    }
}
