//! Embeddings by `batchEmbedContents`: one vector for each input. <https://ai.google.dev/api/embeddings>
//! Numbers keep their spelling, unless the caller asked for base64, which Google does not have.

use ::http::HeaderMap;
use bytes::Bytes;
use serde::Deserialize;

use super::fields::Fields;
use super::json::Writer;
use super::raw::Raw;
use super::{Model, Notes, Service, errors};
use crate::error::{Error, Result};
use crate::provider::dialect::{Asked, Context, Dialect, Made, Translator};
use crate::provider::unstreamed::Unstreamed;

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
        let mut w = Writer::with_capacity(asked.body.len() + 96 * inputs.len());
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
        Ok(Made { path, body: Bytes::from(w.finish()), changes: notes.finish(), ..Made::default() })
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
        let vectors: Vec<Vector<'_>> = reply
            .embeddings
            .iter()
            .map(|one| Vector { values: one.values.get(), besides: Vec::new() })
            .collect();
        write(context, &vectors, tokens)
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

/// The inputs, each a string or an object.
pub fn inputs<'a>(fields: &mut Fields<'a>) -> Result<Vec<Raw<'a>>> {
    let wrong = || Error::problem("input", "expected a string or a list of strings: Google takes no tokens");
    let input = fields.take("input").ok_or_else(wrong)?;
    let inputs = if input.get().starts_with('[') { input.elements().ok_or_else(wrong)? } else { vec![input] };
    let known = inputs.iter().all(|input| input.get().starts_with(['"', '{']));
    if known && !inputs.is_empty() { Ok(inputs) } else { Err(wrong()) }
}

fn content(w: &mut Writer, input: Raw<'_>) {
    if input.get().starts_with('{') {
        // Google's own content, for models that embed images.
        return w.raw(input.get());
    }
    w.object(|w| w.key("parts").array(|w| w.object(|w| w.key("text").raw(input.get()))));
}

/// One vector of an answer.
pub struct Vector<'a> {
    /// JSON of a list of numbers.
    pub values: &'a str,
    /// Further fields of its item, as JSON.
    pub besides: Vec<(&'static str, String)>,
}

/// An answer in OpenAI's shape.
pub fn write(
    context: &Context<'_>,
    vectors: &[Vector<'_>],
    tokens: u64,
) -> std::result::Result<Bytes, String> {
    #[derive(Deserialize)]
    struct Asked {
        #[serde(default)]
        encoding_format: Option<String>,
    }
    let asked = serde_json::from_slice::<Asked>(context.asked).ok().and_then(|asked| asked.encoding_format);
    let base64 = asked.as_deref() == Some("base64");
    let size = vectors.iter().map(|vector| vector.values.len() + 64).sum::<usize>() + 256;
    let mut w = Writer::with_capacity(size);
    w.open(b'{');
    w.key("object").string("list");
    w.key("data").open(b'[');
    for (index, vector) in vectors.iter().enumerate() {
        let encoded = base64.then(|| encode(vector.values)).transpose()?;
        w.object(|w| {
            w.key("object").string("embedding");
            w.key("index").number(index as u64);
            match &encoded {
                Some(encoded) => w.key("embedding").string(encoded),
                None => w.key("embedding").raw(vector.values),
            }
            vector.besides.iter().for_each(|(name, value)| w.key(name).raw(value));
        });
    }
    w.close(b']');
    let model = Model::of(context.asked);
    w.key("model").string(model.as_ref().map_or("", Model::name));
    w.key("usage").object(|w| {
        w.key("prompt_tokens").number(tokens);
        w.key("total_tokens").number(tokens);
    });
    w.close(b'}');
    Ok(Bytes::from(w.finish()))
}

/// Base64 of the numbers as 32-bit floats, as OpenAI has it.
fn encode(values: &str) -> std::result::Result<String, String> {
    let numbers: Vec<f32> =
        serde_json::from_str(values).map_err(|_| "a vector that is no list of numbers")?;
    let bytes: Vec<u8> = numbers.into_iter().flat_map(f32::to_le_bytes).collect();
    Ok(base64_simd::STANDARD.encode_to_string(bytes))
}
