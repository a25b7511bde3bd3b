//! Stability AI: its older models take JSON, all others a form.

use std::fmt::Write as _;

use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::{
    Images, clamp, clamp_size, each, made, model, rename, size_as_ratio, split_size, weighted_prompt, without,
};
use crate::error::Result;
use crate::provider::dialect::{Asked, Made};
use crate::provider::reported;

/// The ratios that Stability's models make.
pub const RATIOS: &[(u64, u64)] =
    &[(21, 9), (16, 9), (3, 2), (5, 4), (1, 1), (4, 5), (2, 3), (9, 16), (9, 21)];

pub static STABILITY: Images = Images {
    request: stability,
    read: |answer| match answer["image"].as_str() {
        Some(image) => Ok(vec![json!({ "b64_json": image })]),
        None => each(&answer["artifacts"], |image| json!({ "b64_json": image["base64"] })),
    },
    error: reported::in_our_shape,
};

/// The older models take JSON, all others a form.
fn stability(_asked: &Asked<'_>, mut fields: Map<String, Value>) -> Result<Made> {
    let name = model(&fields)?;
    fields.shift_remove("model");
    if !["stable-diffusion-v1", "stable-diffusion-xl"].iter().any(|old| name.starts_with(old)) {
        return stability_form(&name, fields);
    }
    let mut changes = Vec::new();
    weighted_prompt(&mut fields);
    clamp(&mut fields, "n", 1, 10, &mut changes);
    rename(&mut fields, "n", "samples");
    rename(&mut fields, "style", "style_preset");
    clamp_size(&mut fields, 320, u64::MAX, &mut changes);
    split_size(&mut fields, "width", "height")?;
    Ok(made(format!("/v1/generation/{name}/text-to-image"), fields, changes))
}

fn stability_form(model: &str, mut fields: Map<String, Value>) -> Result<Made> {
    let mut changes = Vec::new();
    size_as_ratio(&mut fields, "aspect_ratio", RATIOS, &mut changes)?;
    rename(&mut fields, "style", "style_preset");
    without(&["n", "response_format"], "Stability makes one image, in base64", &mut fields, &mut changes);
    let part = |(name, value)| match value {
        Value::Null => None,
        Value::String(text) => Some((name, text)),
        other => Some((name, other.to_string())),
    };
    let parts: Vec<(String, String)> = fields.into_iter().filter_map(part).collect();
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
fn boundary(parts: &[(String, String)]) -> String {
    let mut boundary = "portkey-native-form".to_owned();
    while parts.iter().any(|(_, value)| value.contains(&boundary)) {
        boundary.push('x');
    }
    boundary
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_s_boundary_stands_in_none_of_its_values() {
        let parts = [("prompt".to_owned(), "a portkey-native-form of portkey-native-formx".to_owned())];
        assert_eq!(boundary(&parts), "portkey-native-formxx");
    }
}
