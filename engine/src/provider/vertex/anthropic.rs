//! Anthropic's Messages as Vertex AI has them: the model stands in the path instead of the body, and the version in the
//! body instead of a header. Replies are those of the API itself; an event that Vertex AI puts before a stream says
//! nothing.

use super::place::Place;
use crate::error::Result;
use crate::provider::anthropic::request::{Host, translate};
use crate::provider::anthropic::{Chat, beta_header};
use crate::provider::dialect::{Asked, Made};

/// What reads the replies.
pub static REPLIES: Chat = Chat;

const HOST: Host = Host {
    names_model: false,
    says_stream: true,
    fields: &[("anthropic_version", "\"vertex-2023-10-16\"")],
    betas_in_body: false,
};

/// The request for the model `name`.
pub fn request(asked: &Asked<'_>, name: &str, place: &Place<'_>) -> Result<Made> {
    let message = translate(asked.body, asked.custom_host, &HOST)?;
    let method = if asked.stream { "streamRawPredict" } else { "rawPredict" };
    Ok(Made {
        path: place.model("anthropic", name, method),
        headers: beta_header(asked, message.betas).into_iter().collect(),
        body: message.body,
        changes: message.changes,
        ..Made::default()
    })
}
