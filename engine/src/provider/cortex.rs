//! Snowflake Cortex, where it is not OpenAI's: the header that says which kind of token comes, and Anthropic's Messages
//! for those who call them by their own name. <https://docs.snowflake.com/en/user-guide/snowflake-cortex/cortex-rest-api>

use ::http::HeaderMap;
use bytes::Bytes;

use super::anthropic::native;
use super::dialect::{Asked, Context, Dialect, Made, Translator};
use super::reported;
use crate::error::Result;
use crate::front::Front;

/// Before each path below the base URL.
pub const VERSION: &str = "/cortex/v1";

/// Says which kind of token the credential is, where the caller does.
pub fn name_token(asked: &Asked<'_>, made: &mut Made) {
    if let Some(kind) = asked.settings.get("snowflake_token_type") {
        made.headers.push(("x-snowflake-authorization-token-type", kind.to_owned()));
    }
}

pub struct Messages;

impl Dialect for Messages {
    fn request(&self, asked: &Asked<'_>) -> Result<Made> {
        let mut made = native::Messages.request(asked)?;
        made.path.insert_str(0, VERSION);
        name_token(asked, &mut made);
        Ok(made)
    }

    fn answer(&self, context: &Context<'_>, reply: &[u8]) -> std::result::Result<Bytes, String> {
        native::Messages.answer(context, reply)
    }

    fn translator(&self, context: &Context<'_>) -> Box<dyn Translator> {
        native::Messages.translator(context)
    }

    fn error(&self, status: u16, headers: &HeaderMap, reply: &[u8]) -> Option<Bytes> {
        // Snowflake's own errors, such as those of a token, have another shape than Anthropic's.
        reported::in_our_shape(headers, reply).map(|ours| Front::Messages.error(status, &ours))
    }
}
