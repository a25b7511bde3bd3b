//! A chat's answer as a response, made as a streamed one is made.

use bytes::Bytes;

use super::chat::{Chat, owned};
use super::frame::Frame;
use super::output::Output;
use crate::provider::json::text;

/// The response that a chat's first choice makes. `asked`: the Responses request; `id` and `created` (Unix seconds): for
/// an answer without its own, and `id` for its items. The error says in a few words what is wrong with the answer.
pub fn from_chat_answer(answer: &[u8], asked: &[u8], id: &str, created: u64) -> Result<Bytes, String> {
    let chat: Chat<'_> =
        serde_json::from_slice(answer).map_err(|_| "no answer of chat completions".to_owned())?;
    let choice = chat.choices.as_ref().and_then(|choices| choices.first());
    let choice = choice.ok_or("an answer without a choice")?;
    let message = choice.message.as_ref().ok_or("a choice without a message")?;
    let mut output = Output::new(Frame::new(asked, id, created), id, false);
    output.begin(&chat);
    message.tell(choice.logprobs, &mut output);
    for call in message.calls() {
        let at = output.call(&call, owned(&call.rest));
        output.call_with(at, &call);
    }
    let reason = choice.finish_reason.and_then(text);
    Ok(Bytes::from(output.finish(reason.as_deref())))
}
