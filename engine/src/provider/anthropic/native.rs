//! The Messages API for those who call it by its own name: the body goes out as it is, the reply comes back as it is.
//! Only what belongs into headers is taken out of the body. A stream's chunks are its events' data, whose `type` is the
//! event's name.

use ::http::HeaderMap;
use bytes::Bytes;

use super::request::words;
use super::stream::reported_in;
use crate::body::Body;
use crate::error::{Error, Result};
use crate::provider::dialect::{Asked, Context, Dialect, Fault, Made, Translator, WireEvent};
use crate::provider::json::{Raw, text};
use crate::provider::unstreamed::Unstreamed;

pub struct Messages;

/// How many tokens they would take.
pub struct Counting;

impl Dialect for Counting {
    fn request(&self, asked: &Asked<'_>) -> Result<Made> {
        let made = Messages.request(asked)?;
        Ok(Made { path: format!("{}/count_tokens", made.path), ..made })
    }

    fn answer(&self, context: &Context<'_>, reply: &[u8]) -> std::result::Result<Bytes, String> {
        Messages.answer(context, reply)
    }

    fn translator(&self, _context: &Context<'_>) -> Box<dyn Translator> {
        Box::new(Unstreamed)
    }

    fn error(&self, status: u16, headers: &HeaderMap, reply: &[u8]) -> Option<Bytes> {
        Messages.error(status, headers, reply)
    }
}

impl Dialect for Messages {
    fn request(&self, asked: &Asked<'_>) -> Result<Made> {
        let mut made = Made { path: "/messages".to_owned(), ..Made::default() };
        let body = Body::parse(asked.body).map_err(|_| Error::problem("body", "expected a JSON object"))?;
        let version = field(&body, "anthropic_version").and_then(text).map(String::from);
        made.headers = super::headers(asked, version, betas(&body));
        let is_plain = body.get("anthropic_version").is_none() && body.get("anthropic_beta").is_none();
        made.body = if is_plain { Bytes::copy_from_slice(asked.body) } else { without_headers(body) };
        Ok(made)
    }

    fn answer(&self, _context: &Context<'_>, reply: &[u8]) -> std::result::Result<Bytes, String> {
        Ok(Bytes::copy_from_slice(reply))
    }

    fn translator(&self, _context: &Context<'_>) -> Box<dyn Translator> {
        Box::new(AsItIs)
    }

    fn error(&self, _status: u16, _headers: &HeaderMap, _reply: &[u8]) -> Option<Bytes> {
        None
    }
}

fn field<'b>(body: &'b Body<'_>, name: &str) -> Option<Raw<'b>> {
    serde_json::from_str(body.get(name)?).ok()
}

/// The beta features that a body names.
pub fn betas(body: &Body<'_>) -> Vec<String> {
    field(body, "anthropic_beta").map(words).unwrap_or_default()
}

fn without_headers(mut body: Body<'_>) -> Bytes {
    body.remove("anthropic_version");
    body.remove("anthropic_beta");
    body.to_bytes()
}

/// Events that only show that the connection lives. Anthropic's own client keeps them to itself, too.
const SAYING_NOTHING: &[&str] = &["ping", "vertex_event"];

struct AsItIs;

impl Translator for AsItIs {
    fn event(&mut self, event: WireEvent<'_>, chunks: &mut Vec<Bytes>) -> std::result::Result<(), Fault> {
        if let Some(Fault::Reported { status, .. }) = reported_in(&event) {
            return Err(Fault::Reported { status, body: Bytes::copy_from_slice(event.data) });
        }
        if event.name.is_some_and(|name| SAYING_NOTHING.contains(&name)) {
            return Ok(());
        }
        chunks.push(Bytes::copy_from_slice(event.data));
        Ok(())
    }

    fn end(&mut self, _chunks: &mut Vec<Bytes>) {}
}
