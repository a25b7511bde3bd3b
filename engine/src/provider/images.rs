//! Image services whose requests or answers differ from OpenAI's: names of their own for the size and the count, images
//! under other keys, Stability's forms. Each is two functions; what they do not name goes through as it is.

use std::fmt::Write as _;

use ::http::HeaderMap;
use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::dialect::{Asked, Context, Dialect, Made, Translator};
use super::unstreamed::Unstreamed;
use super::{ours, path, reported};
use crate::error::{Error, Result};

pub struct Images {
    request: fn(Map<String, Value>) -> Result<Made>,
    /// The images in an answer; `None` when there are none.
    read: fn(&Value) -> Option<Vec<Value>>,
}

pub static FIREWORKS: Images = Images {
    request: fireworks,
    read: |answer| {
        each(
            answer,
            |image| json!({ "b64_json": image["base64"], "seed": image["seed"], "finishReason": image["finishReason"] }),
        )
    },
};

pub static HYPERBOLIC: Images = Images {
    request: hyperbolic,
    read: |answer| each(&answer["images"], |image| json!({ "b64_json": image["image"] })),
};

pub static SEGMIND: Images =
    Images { request: segmind, read: |answer| Some(vec![json!({ "b64_json": answer["image"].as_str()? })]) };

pub static SILICONFLOW: Images = Images {
    request: siliconflow,
    read: |answer| {
        each(if answer["images"].is_array() { &answer["images"] } else { &answer["data"] }, Value::clone)
    },
};

pub static STABILITY: Images = Images {
    request: stability,
    read: |answer| match answer["image"].as_str() {
        Some(image) => Some(vec![json!({ "b64_json": image })]),
        None => each(&answer["artifacts"], |image| json!({ "b64_json": image["base64"] })),
    },
};

fn each(list: &Value, image: fn(&Value) -> Value) -> Option<Vec<Value>> {
    Some(list.as_array()?.iter().map(image).collect())
}

impl Dialect for Images {
    fn request(&self, asked: &Asked<'_>) -> Result<Made> {
        let body: Value = serde_json::from_slice(asked.body).unwrap_or_default();
        let Value::Object(fields) = body else {
            return Err(Error::problem("body", "expected a JSON object"));
        };
        (self.request)(fields)
    }

    fn answer(&self, context: &Context<'_>, reply: &[u8]) -> std::result::Result<Bytes, String> {
        match serde_json::from_slice::<Value>(reply) {
            Ok(parsed) => match (self.read)(&parsed) {
                Some(images) => Ok(ours::images(context, &images)),
                None => Err("an answer without images".to_owned()),
            },
            // Asked for no JSON, these services send the image itself.
            Err(_) if !reply.is_empty() => Ok(ours::images(context, &[ours::image_bytes(reply)])),
            Err(_) => Err("an empty body".to_owned()),
        }
    }

    fn translator(&self, _context: &Context<'_>) -> Box<dyn Translator> {
        Box::new(Unstreamed)
    }

    fn error(&self, _status: u16, headers: &HeaderMap, reply: &[u8]) -> Option<Bytes> {
        reported::in_our_shape(headers, reply)
    }
}

/// `1024x768` as width and height.
pub fn size_of(size: &Value) -> Option<(u64, u64)> {
    let (width, height) = size.as_str()?.split_once('x')?;
    Some((width.parse().ok()?, height.parse().ok()?))
}

fn made(path: String, fields: Map<String, Value>, changes: Vec<String>) -> Made {
    Made { path, body: Bytes::from(Value::Object(fields).to_string()), changes, ..Made::default() }
}

fn rename(fields: &mut Map<String, Value>, from: &str, to: &str) {
    if let Some(value) = fields.shift_remove(from) {
        fields.insert(to.to_owned(), value);
    }
}

/// A number brought within what the service takes.
fn clamp(fields: &mut Map<String, Value>, name: &str, min: u64, max: u64, changes: &mut Vec<String>) {
    let Some(given) = fields.get(name).and_then(Value::as_u64) else { return };
    let nearest = given.clamp(min, max);
    if nearest != given {
        fields.insert(name.to_owned(), json!(nearest));
        changes.push(format!("{name} was set to {nearest}, the nearest value that the provider takes"));
    }
}

/// Puts a size's two numbers under the names that the service has for them.
fn split_size(fields: &mut Map<String, Value>, width: &str, height: &str) -> Result<()> {
    let Some(size) = fields.shift_remove("size") else { return Ok(()) };
    let (across, down) = size_of(&size)
        .ok_or_else(|| Error::problem("body.size", "expected a width and a height, such as 1024x1024"))?;
    fields.insert(height.to_owned(), json!(down));
    fields.insert(width.to_owned(), json!(across));
    Ok(())
}

/// The model as a part of the path.
fn model(fields: &Map<String, Value>) -> Result<String> {
    path::segments(fields.get("model").and_then(Value::as_str).unwrap_or(""), "body.model")
}

fn prompts(fields: &mut Map<String, Value>) {
    let prompt = fields.shift_remove("prompt").unwrap_or_default();
    fields.insert("text_prompts".to_owned(), json!([{ "text": prompt, "weight": 1 }]));
}

fn fireworks(mut fields: Map<String, Value>) -> Result<Made> {
    let mut changes = Vec::new();
    let model = model(&fields)?;
    prompts(&mut fields);
    split_size(&mut fields, "width", "height")?;
    rename(&mut fields, "n", "samples");
    clamp(&mut fields, "height", 512, 1024, &mut changes);
    clamp(&mut fields, "width", 512, 1024, &mut changes);
    clamp(&mut fields, "samples", 1, 10, &mut changes);
    Ok(made(format!("/image_generation/{model}"), fields, changes))
}

fn hyperbolic(mut fields: Map<String, Value>) -> Result<Made> {
    rename(&mut fields, "model", "model_name");
    split_size(&mut fields, "width", "height")?;
    Ok(made("/v1/image/generation".to_owned(), fields, Vec::new()))
}

fn segmind(mut fields: Map<String, Value>) -> Result<Made> {
    let mut changes = Vec::new();
    let model = model(&fields)?;
    fields.shift_remove("model");
    split_size(&mut fields, "img_width", "img_height")?;
    rename(&mut fields, "n", "samples");
    rename(&mut fields, "steps", "num_inference_steps");
    clamp(&mut fields, "samples", 1, 10, &mut changes);
    fields.entry("num_inference_steps").or_insert(json!(20));
    fields.insert("base64".to_owned(), json!(true));
    Ok(made(format!("/{model}"), fields, changes))
}

#[expect(clippy::unnecessary_wraps, reason = "the others can fail")]
fn siliconflow(mut fields: Map<String, Value>) -> Result<Made> {
    rename(&mut fields, "size", "image_size");
    rename(&mut fields, "n", "batch_size");
    Ok(made("/images/generations".to_owned(), fields, Vec::new()))
}

/// The older models take JSON, all others a form.
fn stability(mut fields: Map<String, Value>) -> Result<Made> {
    let name = model(&fields)?;
    fields.shift_remove("model");
    if !["stable-diffusion-v1", "stable-diffusion-xl"].iter().any(|old| name.starts_with(old)) {
        return stability_form(&name, &fields);
    }
    let mut changes = Vec::new();
    prompts(&mut fields);
    rename(&mut fields, "n", "samples");
    rename(&mut fields, "style", "style_preset");
    split_size(&mut fields, "width", "height")?;
    clamp(&mut fields, "samples", 1, 10, &mut changes);
    clamp(&mut fields, "height", 320, u64::MAX, &mut changes);
    clamp(&mut fields, "width", 320, u64::MAX, &mut changes);
    Ok(made(format!("/v1/generation/{name}/text-to-image"), fields, changes))
}

fn stability_form(model: &str, fields: &Map<String, Value>) -> Result<Made> {
    let mut changes = Vec::new();
    let mut parts: Vec<(&str, String)> = Vec::new();
    for (name, value) in fields {
        match (name.as_str(), value) {
            ("n" | "response_format", _) => {
                changes.push(format!("{name} was dropped: Stability makes one image, in base64"));
            }
            ("size", _) => {
                let (width, height) = size_of(value).ok_or_else(|| {
                    Error::problem("body.size", "expected a width and a height, such as 1024x1024")
                })?;
                let ratio = nearest_ratio(width, height);
                changes.push(format!("size was sent as aspect_ratio {ratio}"));
                parts.push(("aspect_ratio", ratio.to_owned()));
            }
            ("style", Value::String(style)) => parts.push(("style_preset", style.clone())),
            (_, Value::String(text)) => parts.push((name, text.clone())),
            (_, Value::Null) => {}
            (_, other) => parts.push((name, other.to_string())),
        }
    }
    let boundary = boundary(&parts);
    let mut form = String::new();
    for (name, value) in &parts {
        let name = name.replace(['"', '\r', '\n'], "_");
        write!(form, "--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
            .expect("a string takes every write");
    }
    write!(form, "--{boundary}--\r\n").expect("a string takes every write");
    Ok(Made {
        path: format!("/v2beta/stable-image/generate/{model}"),
        headers: vec![
            ("content-type", format!("multipart/form-data; boundary={boundary}")),
            ("accept", "application/json".to_owned()),
        ],
        body: Bytes::from(form),
        changes,
        ..Made::default()
    })
}

/// A boundary that stands in none of the values.
fn boundary(parts: &[(&str, String)]) -> String {
    let mut boundary = "portkey-native-form".to_owned();
    while parts.iter().any(|(_, value)| value.contains(&boundary)) {
        boundary.push('x');
    }
    boundary
}

/// The ratio among Stability's that is closest to a size.
fn nearest_ratio(width: u64, height: u64) -> &'static str {
    const RATIOS: &[(&str, f64)] = &[
        ("21:9", 21.0 / 9.0),
        ("16:9", 16.0 / 9.0),
        ("3:2", 1.5),
        ("5:4", 1.25),
        ("1:1", 1.0),
        ("4:5", 0.8),
        ("2:3", 2.0 / 3.0),
        ("9:16", 9.0 / 16.0),
        ("9:21", 9.0 / 21.0),
    ];
    let asked = (width.max(1) as f64 / height.max(1) as f64).ln();
    let far = |ratio: &f64| (ratio.ln() - asked).abs();
    let nearest = RATIOS.iter().min_by(|(_, one), (_, other)| far(one).total_cmp(&far(other)));
    nearest.expect("the list is not empty").0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_is_two_numbers_and_becomes_the_nearest_ratio() {
        assert_eq!(size_of(&json!("1024x768")), Some((1024, 768)));
        for none in [json!("auto"), json!("1x"), json!(5)] {
            assert_eq!(size_of(&none), None);
        }
        for ((width, height), ratio) in
            [((1024, 1024), "1:1"), ((1792, 1024), "16:9"), ((1024, 1536), "2:3"), ((0, 0), "1:1")]
        {
            assert_eq!(nearest_ratio(width, height), ratio);
        }
    }

    #[test]
    fn a_form_s_boundary_stands_in_none_of_its_values() {
        let parts = [("prompt", "a portkey-native-form of portkey-native-formx".to_owned())];
        assert_eq!(boundary(&parts), "portkey-native-formxx");
    }
}
