//! The dialect of an endpoint that a provider doesn't have: every call is a `ConfigError` before anything is sent.

use ::http::HeaderMap;
use bytes::Bytes;

use super::dialect::{Asked, Context, Dialect, Fault, Made, Translator, WireEvent};
use crate::error::{Error, Result};

/// For the provider of this name.
pub struct Unsupported(pub &'static str);

/// Reads the stream of an endpoint that has none.
pub struct Silence;

impl Dialect for Unsupported {
    fn request(&self, asked: &Asked<'_>) -> Result<Made> {
        Err(Error::problem("", format!("{} is not supported by {}", asked.endpoint.call, self.0)))
    }

    fn answer(&self, _context: &Context<'_>, _reply: &[u8]) -> std::result::Result<Bytes, String> {
        Err("an answer to a call that is never sent".to_owned())
    }

    fn translator(&self, _context: &Context<'_>) -> Box<dyn Translator> {
        Box::new(Silence)
    }

    fn error(&self, _status: u16, _headers: &HeaderMap, _reply: &[u8]) -> Option<Bytes> {
        None
    }
}

impl Translator for Silence {
    fn event(&mut self, _event: WireEvent<'_>, _chunks: &mut Vec<Bytes>) -> std::result::Result<(), Fault> {
        Ok(())
    }

    fn end(&mut self, _chunks: &mut Vec<Bytes>) {}
}
