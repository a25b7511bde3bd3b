//! Embeddings in our shape, for dialects to read what is asked and to write what is answered.
//! Numbers stay as they were spelled, unless the caller asked for base64, which is made here.

use std::borrow::Cow;
use std::fmt::Write as _;

use bytes::Bytes;
use serde_json::value::RawValue;

use super::completion::Asked;
use super::dialect::Context;
use super::fields::{Changes, Fields, list, text};
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

/// The answer, with one vector for each input, in their order. `base64`: they are lists of floats and are to be encoded.
pub fn answer(
    context: &Context<'_>,
    vectors: &[Cow<'_, RawValue>],
    tokens: Option<u64>,
    base64: bool,
) -> std::result::Result<Bytes, String> {
    let size: usize = vectors.iter().map(|vector| vector.get().len() + 64).sum();
    let mut json = String::with_capacity(size + 128);
    json.push_str(r#"{"object":"list","data":["#);
    for (index, vector) in vectors.iter().enumerate() {
        let comma = if index > 0 { "," } else { "" };
        let _ = write!(json, r#"{comma}{{"object":"embedding","index":{index},"embedding":"#);
        if base64 {
            let floats: Vec<f32> =
                serde_json::from_str(vector.get()).map_err(|_| "an embedding that is no list of numbers")?;
            let bytes: Vec<u8> = floats.into_iter().flat_map(f32::to_le_bytes).collect();
            let _ = write!(json, "\"{}\"", base64_simd::STANDARD.encode_to_string(&bytes));
        } else {
            json.push_str(vector.get());
        }
        json.push('}');
    }
    let _ = write!(json, r#"],"model":{}"#, Asked::read(context.asked).model());
    if let Some(tokens) = tokens {
        let _ = write!(json, r#","usage":{{"prompt_tokens":{tokens},"total_tokens":{tokens}}}"#);
    }
    json.push('}');
    Ok(Bytes::from(json))
}
