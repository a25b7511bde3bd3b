//! Pictures by Imagen's `:predict`, which the Developer API and Vertex AI have in common.
//! <https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/imagen-api>

use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::{Model, errors};
use crate::error::{Error, Result};
use crate::provider::dialect::{Asked, Made, camel};
use crate::provider::images::{self, Images};

/// The Developer API's.
pub static PREDICT: Images = Images {
    request: |asked, fields| {
        request(asked, fields, |model| Ok(format!("/v1beta/{}:predict", model.resource())))
    },
    read,
    error: |_, reply| errors::read(reply).map(|(_, body)| body),
};

const RATIOS: &[(u64, u64)] = &[(1, 1), (4, 3), (3, 4), (16, 9), (9, 16)];

/// OpenAI's own, which Imagen doesn't have.
const NOWHERE: [&str; 6] =
    ["background", "moderation", "partial_images", "quality", "response_format", "user"];

/// The request; `path` is where a model of that name is.
pub fn request(
    asked: &Asked<'_>,
    mut fields: Map<String, Value>,
    path: impl FnOnce(&Model<'_>) -> Result<String>,
) -> Result<Made> {
    let model = Model::of(asked.body)?;
    if model.name().trim_start_matches("google.").starts_with("gemini") {
        let message =
            "expected one of Imagen's models: Gemini answers chats with pictures, where modalities has image";
        return Err(Error::problem("body.model", message));
    }
    let path = path(&model)?;
    fields.shift_remove("model");
    let mut changes = Vec::new();
    images::without(&NOWHERE, "Imagen has no such parameter", &mut fields, &mut changes);
    images::rename(&mut fields, "aspect_ratio", "aspectRatio");
    images::size_as_ratio(&mut fields, "aspectRatio", RATIOS, &mut changes)?;
    images::rename(&mut fields, "n", "sampleCount");
    images::rename(&mut fields, "style", "sampleImageStyle");
    let output = output_options(&mut fields);
    let prompt = fields.shift_remove("prompt").unwrap_or_default();
    let mut parameters = match fields.shift_remove("parameters") {
        None | Some(Value::Null) => Map::new(),
        Some(Value::Object(own)) => own,
        Some(_) => return Err(Error::problem("body.parameters", "expected an object")),
    };
    // Google takes both spellings of its names in its libraries, and this one on the wire.
    for (name, value) in output.into_iter().chain(fields).filter(|(_, value)| !value.is_null()) {
        let named = camel(&name);
        if parameters.contains_key(&named) {
            changes.push(format!("{name} was dropped: parameters has it already"));
        } else {
            parameters.insert(named, value);
        }
    }
    let mut body = json!({ "instances": [{ "prompt": prompt }] });
    if !parameters.is_empty() {
        body["parameters"] = Value::Object(parameters);
    }
    Ok(Made { path, body: Bytes::from(body.to_string()), changes, ..Made::default() })
}

/// OpenAI's format and compression in the one object that Imagen has for both.
fn output_options(fields: &mut Map<String, Value>) -> Option<(String, Value)> {
    let format = fields.shift_remove("output_format").filter(|format| !format.is_null());
    let compression = fields.shift_remove("output_compression").filter(|value| !value.is_null());
    if format.is_none() && compression.is_none() {
        return None;
    }
    let mut options = Map::new();
    if let Some(format) = format {
        let kind = format.as_str().map_or(format.clone(), |name| json!(format!("image/{name}")));
        options.insert("mimeType".to_owned(), kind);
    }
    if let Some(compression) = compression {
        options.insert("compressionQuality".to_owned(), compression);
    }
    Some(("outputOptions".to_owned(), Value::Object(options)))
}

/// The pictures of an answer. One without pictures is what the safety filters left of it.
pub fn read(answer: &Value) -> std::result::Result<Vec<Value>, &'static str> {
    if answer.get("predictions").is_none() && answer.is_object() {
        return Err(images::FILTERED);
    }
    images::found(&answer["predictions"], |made| {
        let mut picture = match (&made["bytesBase64Encoded"], &made["gcsUri"]) {
            (Value::String(base64), _) => json!({ "b64_json": base64 }),
            (_, Value::String(place)) => json!({ "url": place }),
            _ => return None,
        };
        for (ours, name) in [("mime_type", "mimeType"), ("revised_prompt", "prompt")] {
            if made[name].is_string() {
                picture[ours] = made[name].clone();
            }
        }
        Some(picture)
    })
}
