//! Embeddings by Cohere's `/v2/embed`. Bedrock's Cohere models are invoked with the same body, but for the model.

use std::borrow::Cow;

use ::http::HeaderMap;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::errors;
use crate::error::{Error, Result};
use crate::provider::completion::Raw;
use crate::provider::dialect::{Asked, Context, Dialect, Made, Translator};
use crate::provider::fields::{Changes, Fields, json, made, text};
use crate::provider::unstreamed::Unstreamed;
use crate::provider::vectors::{self, Embedded, Item, Vector, data_url};

pub struct Embed;

impl Dialect for Embed {
    fn request(&self, asked: &Asked<'_>) -> Result<Made> {
        let body = std::str::from_utf8(asked.body).map_err(|_| Error::problem("body", "expected UTF-8"))?;
        let mut fields = Fields::read("", body)?;
        let mut changes = Changes::new(super::NAME);
        let model = fields.take("model").ok_or_else(|| Error::problem("model", "is missing"))?;
        let mut wire = read(&mut fields, &mut changes)?;
        wire.model = Some(model);
        // Cohere wants them named, as Bedrock does not.
        wire.embedding_types.get_or_insert_with(|| Cow::Owned(made(r#"["float"]"#.to_owned())));
        wire.priority = fields.take("priority");
        for (name, value) in fields.into_rest() {
            changes.no_parameter(&name, value);
        }
        Ok(Made {
            path: "/v2/embed".to_owned(),
            body: Bytes::from(wire.to_vec()),
            changes: changes.into_lines(),
            ..Made::default()
        })
    }

    fn answer(&self, context: &Context<'_>, reply: &[u8]) -> std::result::Result<Bytes, String> {
        answer(context, reply, None)
    }

    fn translator(&self, _context: &Context<'_>) -> Box<dyn Translator> {
        Box::new(Unstreamed)
    }

    fn error(&self, _status: u16, _headers: &HeaderMap, reply: &[u8]) -> Option<Bytes> {
        errors::of_reply(reply)
    }
}

/// The wire's body.
#[derive(Default, Serialize)]
pub struct Wire<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    texts: Vec<&'a RawValue>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    images: Vec<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    inputs: Vec<Mixed<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    input_type: Option<Raw<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    embedding_types: Option<Raw<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_dimension: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    truncate: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_tokens: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    priority: Option<&'a RawValue>,
}

#[derive(Serialize)]
struct Mixed<'a> {
    content: Vec<Part<'a>>,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Part<'a> {
    Text { text: &'a RawValue },
    ImageUrl { image_url: Url<'a> },
}

#[derive(Serialize)]
struct Url<'a> {
    url: Cow<'a, str>,
}

impl Wire<'_> {
    pub fn to_vec(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("a request always has a JSON form")
    }
}

/// Takes what Cohere knows off the body; `model` is the caller's to take.
pub fn read<'a>(fields: &mut Fields<'a>, changes: &mut Changes) -> Result<Wire<'a>> {
    let items = vectors::input(fields, changes)?;
    let mut wire = Wire::default();
    let pictures = items.iter().all(|item| item.text.is_none());
    if items.iter().all(|item| item.image.is_none()) {
        wire.texts = items.iter().filter_map(|item| item.text).collect();
    } else if pictures {
        wire.images = items.into_iter().filter_map(|item| item.image).map(data_url).collect();
    } else {
        wire.inputs = items.into_iter().map(mixed).collect();
    }
    wire.input_type = fields.take("input_type").map(Cow::Borrowed);
    if wire.input_type.is_none() {
        let kind = if pictures && !wire.images.is_empty() { "image" } else { "search_document" };
        changes.say(format!("input_type was set to {kind}: cohere needs one"));
        wire.input_type = Some(Cow::Owned(json(kind)));
    }
    let format = fields.take("encoding_format");
    let types = fields.take("embedding_types");
    if let (Some(_), Some(_)) = (format, types) {
        changes.dropped("encoding_format", "embedding_types are given too");
    }
    wire.embedding_types = types.map(Cow::Borrowed).or_else(|| format.map(types_of));
    let dimension = fields.take("output_dimension");
    wire.output_dimension = dimension.or(fields.take("dimensions"));
    wire.truncate = fields.take("truncate");
    wire.max_tokens = fields.take("max_tokens");
    Ok(wire)
}

fn mixed(item: Item<'_>) -> Mixed<'_> {
    let image = item.image.map(|image| Part::ImageUrl { image_url: Url { url: data_url(image) } });
    Mixed { content: item.text.map(|text| Part::Text { text }).into_iter().chain(image).collect() }
}

/// base64 is made here of floats: its layout is OpenAI's, not Cohere's.
fn types_of(format: &RawValue) -> Raw<'_> {
    match text(format) {
        Some(format) if format == "base64" => Cow::Owned(made(r#"["float"]"#.to_owned())),
        Some(_) => Cow::Owned(made(format!("[{}]", format.get()))),
        None => Cow::Borrowed(format),
    }
}

#[derive(Deserialize)]
struct Reply<'a> {
    #[serde(borrow)]
    embeddings: &'a RawValue,
    #[serde(default)]
    meta: Option<Meta>,
}

#[derive(Deserialize)]
struct Meta {
    #[serde(default)]
    billed_units: Option<Units>,
}

#[derive(Deserialize)]
struct Units {
    #[serde(default)]
    input_tokens: Option<f64>,
    #[serde(default)]
    image_tokens: Option<f64>,
}

/// The answer in our shape. `tokens`: the prompt's, where the reply doesn't tell.
/// Vectors of several types are an object by type, each.
pub fn answer(
    context: &Context<'_>,
    reply: &[u8],
    tokens: Option<u64>,
) -> std::result::Result<Bytes, String> {
    let wrong = |_| "a body that holds no embeddings".to_owned();
    let reply: Reply<'_> = serde_json::from_slice(reply).map_err(wrong)?;
    let units = reply.meta.and_then(|meta| meta.billed_units);
    let billed = units.and_then(|units| match (units.input_tokens, units.image_tokens) {
        (None, None) => None,
        (texts, images) => Some((texts.unwrap_or(0.0) + images.unwrap_or(0.0)) as u64),
    });
    let vectors: Vec<Vector<'_>> = if reply.embeddings.get().starts_with('[') {
        let floats: Vec<&RawValue> = serde_json::from_str(reply.embeddings.get()).map_err(wrong)?;
        floats.into_iter().map(|floats| Vector::of(floats.get())).collect()
    } else {
        by_type(reply.embeddings).ok_or_else(|| "a body that holds no embeddings".to_owned())?
    };
    let usage = billed.or(tokens).map(vectors::usage);
    Embedded { vectors, model: None, usage }.to_bytes(context)
}

fn by_type(embeddings: &RawValue) -> Option<Vec<Vector<'_>>> {
    let types = Fields::read("", embeddings.get()).ok()?.into_rest();
    let lists: Vec<(Cow<'_, str>, Vec<&RawValue>)> = types
        .into_iter()
        .map(|(name, list)| Some((name, serde_json::from_str(list.get()).ok()?)))
        .collect::<Option<_>>()?;
    match lists.as_slice() {
        [] => None,
        [(_, one)] => Some(one.iter().map(|vector| Vector::of(vector.get())).collect()),
        several => Some((0..several[0].1.len()).map(|at| Vector::of(each_type(several, at))).collect()),
    }
}

fn each_type<'a>(lists: &[(Cow<'a, str>, Vec<&'a RawValue>)], at: usize) -> String {
    let fields: Vec<String> = lists
        .iter()
        .filter_map(|(name, vectors)| Some(format!("{}:{}", json(&**name).get(), vectors.get(at)?.get())))
        .collect();
    format!("{{{}}}", fields.join(","))
}
