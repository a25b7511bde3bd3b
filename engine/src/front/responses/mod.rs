//! OpenAI's Responses in front of any provider: `to_chat` makes the chat, `from_chat_answer` and `Reader` make the
//! response and the events of it, `error` an error in OpenAI's shape. Both ways an item or a part that a chat has is
//! spelled as it came. What needs OpenAI's own servers (built-in tools, earlier responses, background) is refused by the
//! field's name. A stream is asked for its usage, which the last event needs.

mod answer;
#[cfg(test)]
mod assembly;
#[cfg(test)]
mod cases;
mod chat;
mod closing;
mod errors;
mod frame;
mod input;
mod item;
mod output;
mod parts;
#[cfg(test)]
mod properties;
mod request;
mod stream;
#[cfg(test)]
mod tests;
mod tools;
mod turn;

pub use super::messages::{Beyond, Chat};
pub use answer::from_chat_answer;
pub use errors::error;
pub use request::to_chat;
pub use stream::Reader;
