//! Images by invoking a model: Amazon's Nova Canvas and Titan, and Stability's.
//! What OpenAI has no name for goes through as it is, at the place that the caller gives it.

use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::path;
use crate::error::{Error, Result};
use crate::provider::aws::errors;
use crate::provider::dialect::{Asked, Made};
use crate::provider::images::{self, Images, stability};

/// `/model/{model}/invoke`.
pub static INVOKE: Images = Images { request, read, error: errors::of_reply };

/// OpenAI's own, which none of the models has.
const NOWHERE: [&str; 6] =
    ["background", "moderation", "output_compression", "partial_images", "response_format", "user"];

fn request(_asked: &Asked<'_>, mut fields: Map<String, Value>) -> Result<Made> {
    let model = fields.shift_remove("model");
    let model = model.as_ref().and_then(Value::as_str).unwrap_or("");
    let mut changes = Vec::new();
    let why = format!("{} has no such parameter", super::NAME);
    images::without(&NOWHERE, &why, &mut fields, &mut changes);
    let body = if model.contains("amazon.") {
        amazon(model, fields, &mut changes)?
    } else if model.contains("stability.stable-diffusion-xl") {
        weighted(fields, &mut changes)?
    } else if model.contains("stability.") {
        stable_image(fields, &mut changes)?
    } else {
        let message = "expected one of Amazon's or Stability's models: no other's images are known here";
        return Err(Error::problem("body.model", message));
    };
    let body = Bytes::from(Value::Object(body).to_string());
    Ok(Made { path: path(model, "invoke"), body, changes, ..Made::default() })
}

/// Nova Canvas and Titan: the task, what to paint, and how. The caller may give both as objects of their own.
fn amazon(
    model: &str,
    mut fields: Map<String, Value>,
    changes: &mut Vec<String>,
) -> Result<Map<String, Value>> {
    images::split_size(&mut fields, "width", "height")?;
    images::without(&["output_format"], "these models answer with PNG", &mut fields, changes);
    if !model.contains("nova-canvas") {
        images::without(&["style"], "Titan has no such parameter", &mut fields, changes);
    }
    name_quality(&mut fields, changes);
    let task = fields.shift_remove("taskType").unwrap_or_else(|| json!("TEXT_IMAGE"));
    let picture = gathered(
        "textToImageParams",
        &[("prompt", "text"), ("negative_prompt", "negativeText"), ("style", "style")],
        &mut fields,
        changes,
    );
    let config = gathered(
        "imageGenerationConfig",
        &[
            ("quality", "quality"),
            ("n", "numberOfImages"),
            ("numberOfImages", "numberOfImages"),
            ("height", "height"),
            ("width", "width"),
            ("seed", "seed"),
            ("cfg_scale", "cfgScale"),
            ("cfgScale", "cfgScale"),
        ],
        &mut fields,
        changes,
    );
    let mut body = Map::from_iter([("taskType".to_owned(), task)]);
    body.extend(picture.into_iter().chain(config).chain(fields));
    Ok(body)
}

/// OpenAI's words for the quality are more than Amazon's two.
fn name_quality(fields: &mut Map<String, Value>, changes: &mut Vec<String>) {
    let ours = match fields.get("quality").and_then(Value::as_str) {
        Some("auto") => {
            fields.shift_remove("quality");
            return;
        }
        Some("high" | "hd") => "premium",
        Some("low" | "medium") => "standard",
        _ => return,
    };
    changes.push(format!("quality was sent as {ours}"));
    fields.insert("quality".to_owned(), json!(ours));
}

/// An object of the wire: the call's own of that `name`, and what the call says beside it. `None` where there is nothing
/// in it.
fn gathered(
    name: &str,
    places: &[(&str, &str)],
    fields: &mut Map<String, Value>,
    changes: &mut Vec<String>,
) -> Option<(String, Value)> {
    let mut object = match fields.shift_remove(name) {
        None | Some(Value::Null) => Map::new(),
        Some(Value::Object(own)) => own,
        // The service says what is wrong with it.
        Some(other) => return Some((name.to_owned(), other)),
    };
    for (ours, theirs) in places {
        let Some(value) = fields.shift_remove(*ours).filter(|value| !value.is_null()) else { continue };
        if object.contains_key(*theirs) {
            changes.push(format!("{ours} was dropped: {name} has it already"));
        } else {
            object.insert((*theirs).to_owned(), value);
        }
    }
    (!object.is_empty()).then(|| (name.to_owned(), Value::Object(object)))
}

/// Stable Diffusion XL.
fn weighted(mut fields: Map<String, Value>, changes: &mut Vec<String>) -> Result<Map<String, Value>> {
    images::weighted_prompt(&mut fields);
    images::split_size(&mut fields, "width", "height")?;
    images::rename(&mut fields, "style", "style_preset");
    images::rename(&mut fields, "n", "samples");
    images::without(&["quality", "output_format"], "the model has no such parameter", &mut fields, changes);
    Ok(fields)
}

/// Stable Image Core and Ultra, and Stable Diffusion 3 and later.
fn stable_image(mut fields: Map<String, Value>, changes: &mut Vec<String>) -> Result<Map<String, Value>> {
    images::size_as_ratio(&mut fields, "aspect_ratio", stability::RATIOS, changes)?;
    images::rename(&mut fields, "style", "style_preset");
    images::without(&["n"], "Stability makes one image", &mut fields, changes);
    images::without(&["quality"], "Stability has no such parameter", &mut fields, changes);
    Ok(fields)
}

fn read(answer: &Value) -> std::result::Result<Vec<Value>, &'static str> {
    if answer["artifacts"].is_array() {
        return images::found(&answer["artifacts"], |image| {
            let base64 = image["base64"].as_str()?;
            Some(json!({ "b64_json": base64, "seed": image["seed"], "finishReason": image["finishReason"] }))
        });
    }
    if answer["finish_reasons"].as_array().is_some_and(|reasons| reasons.iter().any(Value::is_string))
        && !answer["images"].is_array()
    {
        return Err(images::FILTERED);
    }
    let seeds = &answer["seeds"];
    let mut pictures =
        images::found(&answer["images"], |image| Some(json!({ "b64_json": image.as_str()? })))?;
    for (picture, seed) in pictures.iter_mut().zip(seeds.as_array().into_iter().flatten()) {
        picture["seed"] = seed.clone();
    }
    Ok(pictures)
}
