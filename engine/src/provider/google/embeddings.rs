//! Embeddings by `batchEmbedContents`: one vector for each input. <https://ai.google.dev/api/embeddings>
//! Numbers keep their spelling, unless the caller asked for base64, which Google does not have.

use ::http::HeaderMap;
use bytes::Bytes;
use serde::Deserialize;

use super::fields::Fields;
use super::raw::Raw;
use super::{Model, Notes, Service, errors};
use crate::error::{Error, Result};
use crate::provider::completion::quoted;
use crate::provider::dialect::{Asked, Context, Dialect, Made, Translator};
use crate::provider::json::Json;
use crate::provider::unstreamed::Unstreamed;
use crate::provider::vectors::{self, Embedded, Vector};

pub struct Embeddings;

impl Dialect for Embeddings {
    fn request(&self, asked: &Asked<'_>) -> Result<Made> {
        let model = Model::of(asked.body)?;
        let mut fields = read(asked.body)?;
        let inputs = inputs(&mut fields)?;
        let told = [
            ("taskType", fields.take_any(&["task_type", "taskType"])),
            ("title", fields.take("title")),
            ("outputDimensionality", fields.take("dimensions")),
        ];
        let mut w = Json::with_capacity(asked.body.len() + 96 * inputs.len());
        w.object(|w| {
            w.key("requests").array(|w| {
                for input in &inputs {
                    w.object(|w| {
                        w.key("model").string(&format!("models/{}", model.name()));
                        content(w.key("content"), *input);
                        for (name, value) in told {
                            if let Some(value) = value {
                                w.key(name).raw(value.get());
                            }
                        }
                    });
                }
            });
        });
        let mut notes = Notes::new(Service::Developer);
        fields.left().for_each(|name| notes.dropped(name));
        let path = format!("/v1beta/{}:batchEmbedContents", model.resource());
        Ok(Made { path, body: w.into_bytes(), changes: notes.finish(), ..Made::default() })
    }

    fn answer(&self, context: &Context<'_>, reply: &[u8]) -> std::result::Result<Bytes, String> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Reply<'a> {
            #[serde(borrow)]
            embeddings: Vec<Embedding<'a>>,
            #[serde(default)]
            usage_metadata: Option<Usage>,
        }
        #[derive(Deserialize)]
        struct Embedding<'a> {
            #[serde(borrow)]
            values: Raw<'a>,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Usage {
            #[serde(default)]
            prompt_token_count: u64,
        }
        let text = std::str::from_utf8(reply).map_err(|_| "text that is no UTF-8")?;
        let reply: Reply<'_> = serde_json::from_str(text).map_err(|_| "no answer of batchEmbedContents")?;
        let tokens = reply.usage_metadata.map_or(0, |usage| usage.prompt_token_count);
        let vectors = reply.embeddings.iter().map(|one| Vector::of(one.values.get())).collect();
        answer(context, vectors, tokens)
    }

    fn translator(&self, _context: &Context<'_>) -> Box<dyn Translator> {
        Box::new(Unstreamed)
    }

    fn error(&self, _status: u16, _headers: &HeaderMap, reply: &[u8]) -> Option<Bytes> {
        errors::read(reply).map(|(_, body)| body)
    }
}

/// An embeddings body without what is said elsewhere: by the path, and by the form of the answer.
pub fn read(body: &[u8]) -> Result<Fields<'_>> {
    let fields = std::str::from_utf8(body).ok().and_then(Fields::parse);
    let mut fields = fields.ok_or_else(|| Error::problem("body", "expected a JSON object"))?;
    fields.take("model");
    fields.take("encoding_format");
    Ok(fields)
}

/// The answer in our shape.
pub fn answer(
    context: &Context<'_>,
    vectors: Vec<Vector<'_>>,
    tokens: u64,
) -> std::result::Result<Bytes, String> {
    let model = Model::of(context.asked).ok().map(|model| quoted(model.name()));
    Embedded { vectors, model, usage: Some(vectors::usage(tokens)) }.to_bytes(context)
}

/// The inputs, each a string or an object.
pub fn inputs<'a>(fields: &mut Fields<'a>) -> Result<Vec<Raw<'a>>> {
    let wrong = || Error::problem("input", "expected a string or a list of strings: Google takes no tokens");
    let input = fields.take("input").ok_or_else(wrong)?;
    let inputs = if input.get().starts_with('[') { input.elements().ok_or_else(wrong)? } else { vec![input] };
    let known = inputs.iter().all(|input| input.get().starts_with(['"', '{']));
    if known && !inputs.is_empty() { Ok(inputs) } else { Err(wrong()) }
}

fn content(w: &mut Json, input: Raw<'_>) {
    if input.get().starts_with('{') {
        // Google's own content, for models that embed images.
        w.raw(input.get());
        return;
    }
    w.object(|w| {
        w.key("parts").array(|w| w.object(|w| w.field("text", input.get()).done()).done());
    });
}
