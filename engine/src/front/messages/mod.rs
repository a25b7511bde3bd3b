//! Anthropic's Messages in front of any provider: `to_chat` makes the chat, `from_chat_answer` and `Reader` make the
//! answer and the events of it, `error` an error in Anthropic's shape. A stream is asked for its usage, which the last
//! event needs. For Anthropic itself see `provider/anthropic/native.rs`.

mod answer;
mod errors;
mod request;
mod stream;
#[cfg(test)]
mod tests;
mod tools;
mod turns;

pub use answer::from_chat_answer;
pub use errors::error;
pub use request::{Chat, to_chat};
pub use stream::Reader;

/// Whether fields that OpenAI's chats do not have may stand in the chat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beyond {
    /// The chat is read by a dialect of ours, which knows `cache_control`, `content_blocks`, `thinking` and the like.
    OpenAi,
    /// It goes to a host that speaks OpenAI, which may refuse what it does not know.
    Nothing,
}
