//! Snowflake Cortex, where it is not OpenAI's: the header that says which kind of token comes, and Anthropic's Messages
//! for those who call them by their own name. <https://docs.snowflake.com/en/user-guide/snowflake-cortex/cortex-rest-api>

use ::http::HeaderMap;
use bytes::Bytes;

use super::anthropic::served::Served;
use super::dialect::{Asked, Context, Dialect, Made, Translator};
use crate::error::Result;

/// Before each path below the base URL.
pub const VERSION: &str = "/cortex/v1";

/// Says which kind of token the credential is, where the caller does.
pub fn name_token(asked: &Asked<'_>, made: &mut Made) {
    if let Some(kind) = asked.settings.get("snowflake_token_type") {
        made.headers.push(("x-snowflake-authorization-token-type", kind.to_owned()));
    }
}

pub struct Messages;

const SERVED: Served = Served { version: VERSION, headers: &[] };

impl Dialect for Messages {
    fn request(&self, asked: &Asked<'_>) -> Result<Made> {
        let mut made = SERVED.request(asked)?;
        name_token(asked, &mut made);
        Ok(made)
    }

    fn answer(&self, context: &Context<'_>, reply: &[u8]) -> std::result::Result<Bytes, String> {
        SERVED.answer(context, reply)
    }

    fn translator(&self, context: &Context<'_>) -> Box<dyn Translator> {
        SERVED.translator(context)
    }

    fn error(&self, status: u16, headers: &HeaderMap, reply: &[u8]) -> Option<Bytes> {
        SERVED.error(status, headers, reply)
    }
}
