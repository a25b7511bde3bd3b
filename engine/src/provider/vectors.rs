//! Embeddings in our shape, for dialects to read what is asked and to write what is answered.
//! Numbers stay as they were spelled, unless the caller asked for base64, which is made here.

use std::borrow::Cow;

use base64_simd::STANDARD;
use bytes::Bytes;
use serde_json::value::RawValue;

use super::completion::Asked;
use super::dialect::Context;
use super::fields::{Changes, Fields, list, text};
use super::json::{Bracket, Json};
use crate::error::{Error, Result};

/// One thing to embed: a text, a picture, or a picture with a text.
#[derive(Debug, Default)]
pub struct Item<'a> {
    /// A JSON string.
    pub text: Option<&'a RawValue>,
    /// A data: URL, or plain base64.
    pub image: Option<Cow<'a, str>>,
}

/// Takes `input`: a text, or a list of texts and of objects that hold a text, an image or both.
pub fn input<'a>(body: &mut Fields<'a>, changes: &mut Changes) -> Result<Vec<Item<'a>>> {
    let raw = body.take("input").ok_or_else(|| Error::problem("input", "is missing"))?;
    if raw.get().starts_with('"') {
        return Ok(vec![Item { text: Some(raw), image: None }]);
    }
    list("input", raw)?.into_iter().map(|(path, item)| read_item(path, item, changes)).collect()
}

fn read_item<'a>(path: String, raw: &'a RawValue, changes: &mut Changes) -> Result<Item<'a>> {
    if raw.get().starts_with('"') {
        return Ok(Item { text: Some(raw), image: None });
    }
    if !raw.get().starts_with('{') {
        let message =
            format!("{} takes texts, not tokens: expected a string or an object", changes.provider());
        return Err(Error::problem(path, message));
    }
    let mut fields = Fields::read(path, raw.get())?;
    fields.take("type");
    let text = fields.spelled("text")?;
    let image = match fields.take("image").map(|raw| ("image", raw)) {
        None => fields.take("image_url").map(|raw| ("image_url", raw)),
        found => found,
    };
    let image = image.map(|(name, raw)| read_image(fields.at(name), raw, changes)).transpose()?;
    if text.is_none() && image.is_none() {
        return Err(Error::problem(fields.path(), "expected a text or an image"));
    }
    changes.rest(fields);
    Ok(Item { text, image })
}

fn read_image<'a>(path: String, raw: &'a RawValue, changes: &mut Changes) -> Result<Cow<'a, str>> {
    let (path, image) = if let Some(image) = text(raw) {
        (path, image)
    } else {
        let mut fields = Fields::read(path, raw.get())?;
        let (name, image) = match fields.text("base64")? {
            Some(image) => ("base64", image),
            None => ("url", fields.needed_text("url")?),
        };
        let path = fields.at(name);
        changes.rest(fields);
        (path, image)
    };
    if image.starts_with("http") && image.contains("://") {
        let message = format!("{} fetches nothing from the web: give a data: URL", changes.provider());
        return Err(Error::problem(path, message));
    }
    Ok(image)
}

/// The base64 inside a data: URL, or the whole of what is plain base64.
pub fn base64_of(image: &str) -> &str {
    image.split_once(";base64,").map_or(image, |(_, data)| data)
}

/// A data: URL; the media type of plain base64 is told by its first bytes.
pub fn data_url(image: Cow<'_, str>) -> Cow<'_, str> {
    if image.starts_with("data:") {
        return image;
    }
    let starts = [("iVBOR", "png"), ("R0lGOD", "gif"), ("UklGR", "webp")];
    let kind =
        starts.into_iter().find(|(start, _)| image.starts_with(start)).map_or("jpeg", |(_, kind)| kind);
    Cow::Owned(format!("data:image/{kind};base64,{image}"))
}

/// What the caller's `encoding_format` asks for.
pub fn encoding(asked: &[u8]) -> Option<String> {
    let body = std::str::from_utf8(asked).ok()?;
    let mut fields = Fields::read("", body).ok()?;
    fields.text("encoding_format").ok()?.map(Cow::into_owned)
}

/// An answer's vectors, in the order of the inputs.
pub struct Embedded<'a> {
    pub vectors: Vec<Vector<'a>>,
    /// JSON; `None` is the model that was asked for.
    pub model: Option<String>,
    /// JSON.
    pub usage: Option<String>,
}

/// One vector of an answer.
pub struct Vector<'a> {
    /// JSON: a list of numbers, or what else the provider makes of an input.
    pub values: Cow<'a, str>,
    /// Further fields of its item, as JSON.
    pub besides: Vec<(&'static str, String)>,
}

impl<'a> Vector<'a> {
    pub fn of(values: impl Into<Cow<'a, str>>) -> Self {
        Self { values: values.into(), besides: Vec::new() }
    }
}

/// The usage of embeddings that took so many tokens.
pub fn usage(tokens: u64) -> String {
    format!(r#"{{"prompt_tokens":{tokens},"total_tokens":{tokens}}}"#)
}

impl Embedded<'_> {
    /// The answer in OpenAI's shape. Where the caller asked for base64, lists of numbers are encoded.
    pub fn to_bytes(&self, context: &Context<'_>) -> std::result::Result<Bytes, String> {
        let base64 = encoding(context.asked).is_some_and(|format| format == "base64");
        let size: usize = self.vectors.iter().map(|vector| vector.values.len() + 64).sum();
        let mut json = Json::with_capacity(size + 128);
        json.open(Bracket::Object).text("object", "list").key("data").open(Bracket::Array);
        for (index, Vector { values, besides }) in self.vectors.iter().enumerate() {
            json.open(Bracket::Object).text("object", "embedding").number("index", index as u64);
            if base64 && values.starts_with('[') {
                json.text("embedding", &encoded(values)?);
            } else {
                json.field("embedding", values);
            }
            for (name, value) in besides {
                json.field(name, value);
            }
            json.close(Bracket::Object);
        }
        json.close(Bracket::Array);
        json.field("model", self.model.as_deref().unwrap_or_else(|| Asked::read(context.asked).model()));
        if let Some(usage) = &self.usage {
            json.field("usage", usage);
        }
        json.close(Bracket::Object);
        Ok(json.into_bytes())
    }
}

/// Base64 of the numbers as 32-bit floats, as OpenAI has it.
fn encoded(values: &str) -> std::result::Result<String, String> {
    let floats: Vec<f32> =
        serde_json::from_str(values).map_err(|_| "an embedding that is no list of numbers")?;
    let bytes: Vec<u8> = floats.into_iter().flat_map(f32::to_le_bytes).collect();
    Ok(STANDARD.encode_to_string(bytes))
}
