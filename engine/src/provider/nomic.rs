//! Nomic: embeddings of texts, with names of its own. The numbers are handed on as they came.

use ::http::HeaderMap;
use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::dialect::{Asked, Context, Dialect, Made, Translator};
use super::params::Rule;
use super::reported;
use super::unstreamed::Unstreamed;
use super::vectors::{Embedded, Vector};
use crate::body::Body;
use crate::error::{Error, Result};

pub struct Nomic;
pub static DIALECT: Nomic = Nomic;

pub const RULES: &[Rule] = &[
    Rule::Rename { from: "dimensions", to: "dimensionality" },
    Rule::Omit { name: "encoding_format", why: "Nomic sends floats alone" },
    Rule::Omit { name: "user", why: "Nomic has no such parameter" },
];

#[derive(Deserialize)]
struct Reply<'a> {
    #[serde(borrow)]
    embeddings: Vec<&'a RawValue>,
    #[serde(borrow)]
    model: Option<&'a RawValue>,
    #[serde(borrow)]
    usage: Option<&'a RawValue>,
}

impl Dialect for Nomic {
    fn request(&self, asked: &Asked<'_>) -> Result<Made> {
        let mut body =
            Body::parse(asked.body).map_err(|_| Error::problem("body", "expected a JSON object"))?;
        let input = body.get("input").unwrap_or("").trim_start().to_owned();
        let texts = if input.starts_with('"') { format!("[{input}]") } else { input };
        if serde_json::from_str::<Vec<String>>(&texts).is_err() {
            return Err(Error::problem(
                "body.input",
                "expected a text or a list of texts: Nomic takes no tokens",
            ));
        }
        body.remove("input");
        body.set("texts", texts);
        Ok(Made { path: "/embedding/text".to_owned(), body: body.to_bytes(), ..Made::default() })
    }

    fn answer(&self, context: &Context<'_>, reply: &[u8]) -> std::result::Result<Bytes, String> {
        let reply: Reply<'_> = serde_json::from_slice(reply).map_err(|_| "no embeddings".to_owned())?;
        let raw = |value: Option<&RawValue>| Some(value.map_or("null", RawValue::get).to_owned());
        Embedded {
            vectors: reply.embeddings.iter().map(|numbers| Vector::of(numbers.get())).collect(),
            model: raw(reply.model),
            usage: raw(reply.usage),
        }
        .to_bytes(context)
    }

    fn translator(&self, _context: &Context<'_>) -> Box<dyn Translator> {
        Box::new(Unstreamed)
    }

    fn error(&self, _status: u16, headers: &HeaderMap, reply: &[u8]) -> Option<Bytes> {
        reported::in_our_shape(headers, reply)
    }
}
