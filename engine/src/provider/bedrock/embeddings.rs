//! Embeddings by invoking a model: Amazon's Titan and Cohere's.
//! Titan embeds one input a call; a list of several can't be asked of it in one request.

use std::borrow::Cow;

use ::http::HeaderMap;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::path;
use crate::error::{Error, Result};
use crate::provider::aws::errors;
use crate::provider::cohere::embeddings as cohere;
use crate::provider::completion::{self, Raw};
use crate::provider::dialect::{Asked, Context, Dialect, Made, Translator};
use crate::provider::fields::{Changes, Fields, made, text};
use crate::provider::unstreamed::Unstreamed;
use crate::provider::vectors::{self, Embedded, Vector, base64_of};

/// `/model/{model}/invoke`.
pub struct Invoke;

/// The header with the prompt's tokens, where the body doesn't tell.
const INPUT_TOKENS: &str = "x-amzn-bedrock-input-token-count";

impl Dialect for Invoke {
    fn request(&self, asked: &Asked<'_>) -> Result<Made> {
        let body = std::str::from_utf8(asked.body).map_err(|_| Error::problem("body", "expected UTF-8"))?;
        let mut fields = Fields::read("", body)?;
        let mut changes = Changes::new(super::NAME);
        let model = fields.needed_text("model")?;
        let body = if model.contains("amazon.titan-embed") {
            let wire = titan(&model, &mut fields, &mut changes)?;
            serde_json::to_vec(&wire).expect("a request always has a JSON form")
        } else if model.contains("cohere.embed") {
            cohere::read(&mut fields, &mut changes)?.to_vec()
        } else {
            let message = "expected one of the Titan or Cohere models: no other's embeddings are known here";
            return Err(Error::problem("model", message));
        };
        for (name, value) in fields.into_rest() {
            changes.no_parameter(&name, value);
        }
        Ok(Made {
            path: path(&model, "invoke"),
            body: Bytes::from(body),
            changes: changes.into_lines(),
            ..Made::default()
        })
    }

    fn answer(&self, context: &Context<'_>, reply: &[u8]) -> std::result::Result<Bytes, String> {
        let counted = context.headers.get(INPUT_TOKENS).and_then(|value| value.to_str().ok()?.parse().ok());
        if completion::Asked::read(context.asked).model().contains("cohere.embed") {
            return cohere::answer(context, reply, counted);
        }
        let titan: Reply<'_> =
            serde_json::from_slice(reply).map_err(|_| "a body that holds no embedding".to_owned())?;
        let encoding = vectors::encoding(context.asked);
        let vector = match (&encoding, titan.embeddings_by_type) {
            (Some(kind), Some(types)) if kind != "float" && kind != "base64" => {
                let mut types = Fields::read("", types.get()).map_err(|_| "embeddings of no type")?;
                types.take(kind).ok_or("no embedding of the type asked for")?
            }
            _ => titan.embedding.ok_or("a body that holds no embedding")?,
        };
        let tokens = titan.input_text_token_count.or(counted);
        Embedded { vectors: vec![Vector::of(vector.get())], model: None, usage: tokens.map(vectors::usage) }
            .to_bytes(context)
    }

    fn translator(&self, _context: &Context<'_>) -> Box<dyn Translator> {
        Box::new(Unstreamed)
    }

    fn error(&self, _status: u16, headers: &HeaderMap, reply: &[u8]) -> Option<Bytes> {
        errors::of_reply(headers, reply)
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Titan<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    input_text: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    input_image: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dimensions: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    normalize: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    embedding_types: Option<Raw<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    embedding_config: Option<EmbeddingConfig<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct EmbeddingConfig<'a> {
    output_embedding_length: &'a RawValue,
}

fn titan<'a>(model: &str, fields: &mut Fields<'a>, changes: &mut Changes) -> Result<Titan<'a>> {
    let mut items = vectors::input(fields, changes)?;
    let (Some(item), true) = (items.pop(), items.is_empty()) else {
        let message = "Titan embeds one input a call: make a call for each, or use a Cohere model";
        return Err(Error::problem("input", message));
    };
    let pictures = model.contains("titan-embed-image");
    if item.image.is_some() && !pictures {
        return Err(Error::problem(
            "input",
            "expected a text: of Titan's models, titan-embed-image takes pictures",
        ));
    }
    let second = model.contains("titan-embed-text-v2");
    let dimensions = fields.take("dimensions");
    let mut types = fields.take("encoding_format").and_then(types_of);
    if !second {
        let why = "this model has floats only";
        if types.take_if(|types| types.get() != FLOATS).is_some() {
            changes.dropped("encoding_format", why);
        }
        types = None;
    }
    if !second && !pictures && dimensions.is_some() {
        changes.dropped("dimensions", "this model has one length only");
    }
    Ok(Titan {
        input_text: item.text,
        input_image: item.image.map(|image| base64_of(&image).to_owned()),
        dimensions: dimensions.filter(|_| second),
        normalize: if second { fields.take("normalize") } else { None },
        embedding_types: types,
        embedding_config: dimensions
            .filter(|_| pictures)
            .map(|output_embedding_length| EmbeddingConfig { output_embedding_length }),
    })
}

const FLOATS: &str = r#"["float"]"#;

/// base64 is made here of floats.
fn types_of(format: &RawValue) -> Option<Raw<'_>> {
    let name = text(format)?;
    let types = if name == "base64" { FLOATS.to_owned() } else { format!("[{}]", format.get()) };
    Some(Cow::Owned(made(types)))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Reply<'a> {
    #[serde(borrow, default)]
    embedding: Option<&'a RawValue>,
    #[serde(borrow, default)]
    embeddings_by_type: Option<&'a RawValue>,
    #[serde(default)]
    input_text_token_count: Option<u64>,
}
