//! The list of models, and one of them, in OpenAI's shape. What Anthropic tells of a model beyond that stays with it.

use ::http::HeaderMap;
use bytes::Bytes;
use url::Url;

use super::errors;
use crate::date;
use crate::error::Result;
use crate::provider::dialect::{Asked, Context, Dialect, Made, Translator};
use crate::provider::json::{Bracket, Json, Object, items};
use crate::provider::unstreamed::Unstreamed;

pub struct Models;

/// As many as the API gives at once; it has far fewer.
const LIST: &str = "/models?limit=1000";

impl Dialect for Models {
    fn request(&self, asked: &Asked<'_>) -> Result<Made> {
        let path = asked.arguments.first().map_or_else(|| LIST.to_owned(), |model| one(model));
        Ok(Made { path, headers: super::headers(asked, None, Vec::new()), ..Made::default() })
    }

    fn answer(&self, _context: &Context<'_>, reply: &[u8]) -> std::result::Result<Bytes, String> {
        let is_no_model = |_| "no list of models".to_owned();
        let mut fields: Object<'_> = serde_json::from_slice(reply).map_err(is_no_model)?;
        // A host that speaks this dialect for chats may well list its models as OpenAI does.
        if fields.get("object").is_some() {
            return Ok(Bytes::copy_from_slice(reply));
        }
        let mut out = Json::with_capacity(reply.len() * 2);
        match fields.take("data").and_then(items) {
            Some(models) => {
                out.open(Bracket::Object).text("object", "list").key("data").open(Bracket::Array);
                for model in models {
                    let model = Object::parse(model).ok_or("a list of models that are none")?;
                    write(&model, &mut out);
                }
                out.close(Bracket::Array);
                for (key, raw) in fields.iter() {
                    out.field(key, raw.get());
                }
                out.close(Bracket::Object);
            }
            None => write(&fields, &mut out),
        }
        Ok(out.into_bytes())
    }

    fn translator(&self, _context: &Context<'_>) -> Box<dyn Translator> {
        Box::new(Unstreamed)
    }

    fn error(&self, _status: u16, _headers: &HeaderMap, reply: &[u8]) -> Option<Bytes> {
        errors::translate(reply)
    }
}

/// The path of one model, its name being one segment of it.
fn one(model: &str) -> String {
    let mut url = Url::parse("http://host/models").expect("a constant that is a URL");
    url.path_segments_mut().expect("an http URL has segments").push(model);
    url.path().to_owned()
}

fn write(model: &Object<'_>, out: &mut Json) {
    let created = model.text("created_at").and_then(|at| date::rfc_3339(&at));
    out.object(|out| {
        out.field("id", model.get("id").map_or("\"\"", |raw| raw.get())).text("object", "model");
        out.number("created", created.map_or(0, |at| at.max(0) as u64));
        out.text("owned_by", "anthropic");
        for (key, raw) in
            model.iter().filter(|(key, _)| !matches!(*key, "id" | "object" | "created" | "owned_by"))
        {
            out.field(key, raw.get());
        }
    });
}
