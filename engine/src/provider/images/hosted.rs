//! Services that host the image models of others.

use serde_json::{Map, Value, json};

use super::{Images, NONE, clamp, clamp_size, each, made, model, rename, split_size, weighted_prompt};
use crate::error::Result;
use crate::provider::dialect::{Asked, Made};
use crate::provider::reported;

pub static FIREWORKS: Images = Images {
    request: fireworks,
    read: |answer| {
        each(
            answer,
            |image| json!({ "b64_json": image["base64"], "seed": image["seed"], "finishReason": image["finishReason"] }),
        )
    },
    error: reported::in_our_shape,
};

pub static HYPERBOLIC: Images = Images {
    request: hyperbolic,
    read: |answer| each(&answer["images"], |image| json!({ "b64_json": image["image"] })),
    error: reported::in_our_shape,
};

pub static SEGMIND: Images = Images {
    request: segmind,
    read: |answer| Ok(vec![json!({ "b64_json": answer["image"].as_str().ok_or(NONE)? })]),
    error: reported::in_our_shape,
};

pub static SILICONFLOW: Images = Images {
    request: siliconflow,
    read: |answer| {
        each(if answer["images"].is_array() { &answer["images"] } else { &answer["data"] }, Value::clone)
    },
    error: reported::in_our_shape,
};

fn fireworks(_asked: &Asked<'_>, mut fields: Map<String, Value>) -> Result<Made> {
    let mut changes = Vec::new();
    let model = model(&fields)?;
    weighted_prompt(&mut fields);
    clamp_size(&mut fields, 512, 1024, &mut changes);
    split_size(&mut fields, "width", "height")?;
    clamp(&mut fields, "n", 1, 10, &mut changes);
    rename(&mut fields, "n", "samples");
    Ok(made(format!("/image_generation/{model}"), fields, changes))
}

fn hyperbolic(_asked: &Asked<'_>, mut fields: Map<String, Value>) -> Result<Made> {
    rename(&mut fields, "model", "model_name");
    split_size(&mut fields, "width", "height")?;
    Ok(made("/v1/image/generation".to_owned(), fields, Vec::new()))
}

fn segmind(_asked: &Asked<'_>, mut fields: Map<String, Value>) -> Result<Made> {
    let mut changes = Vec::new();
    let model = model(&fields)?;
    fields.shift_remove("model");
    split_size(&mut fields, "img_width", "img_height")?;
    clamp(&mut fields, "n", 1, 10, &mut changes);
    rename(&mut fields, "n", "samples");
    rename(&mut fields, "steps", "num_inference_steps");
    fields.entry("num_inference_steps").or_insert(json!(20));
    fields.insert("base64".to_owned(), json!(true));
    Ok(made(format!("/{model}"), fields, changes))
}

#[expect(clippy::unnecessary_wraps, reason = "the others can fail")]
fn siliconflow(_asked: &Asked<'_>, mut fields: Map<String, Value>) -> Result<Made> {
    rename(&mut fields, "size", "image_size");
    rename(&mut fields, "n", "batch_size");
    Ok(made("/images/generations".to_owned(), fields, Vec::new()))
}
