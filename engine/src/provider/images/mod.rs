//! Image services whose requests or answers differ from OpenAI's: names of their own for the size and the count, images
//! under other keys, forms. Each is a few functions; what they do not name goes through as it is. Here is what they
//! share; `hosted` and `stability` are services of images alone, the others stand with the rest of their provider.

pub mod hosted;
pub mod stability;

use ::http::HeaderMap;
use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::dialect::{Asked, Context, Dialect, Made, Translator};
use super::unstreamed::Unstreamed;
use super::{ours, path};
use crate::error::{Error, Result};

/// What an answer without images is refused with.
const NONE: &str = "an answer without images";
/// The same where the service says that it has made some, and keeps them.
pub const FILTERED: &str = "an answer whose images a filter of the provider's held back";

pub struct Images {
    pub request: fn(&Asked<'_>, Map<String, Value>) -> Result<Made>,
    /// The images in an answer, or what is wrong with it.
    pub read: fn(&Value) -> std::result::Result<Vec<Value>, &'static str>,
    pub error: fn(&HeaderMap, &[u8]) -> Option<Bytes>,
}

/// The images that `image` makes of a list's items.
fn each(list: &Value, image: fn(&Value) -> Value) -> std::result::Result<Vec<Value>, &'static str> {
    list.as_array().map(|list| list.iter().map(image).collect()).ok_or(NONE)
}

/// The images that `image` finds in a list's items; the rest of them were held back.
pub fn found(
    list: &Value,
    image: fn(&Value) -> Option<Value>,
) -> std::result::Result<Vec<Value>, &'static str> {
    let list = list.as_array().ok_or(NONE)?;
    let images: Vec<Value> = list.iter().filter_map(image).collect();
    if images.is_empty() { Err(FILTERED) } else { Ok(images) }
}

impl Dialect for Images {
    fn request(&self, asked: &Asked<'_>) -> Result<Made> {
        if asked.stream {
            return Err(Error::problem(
                "body.stream",
                "is not supported: the provider sends whole images only",
            ));
        }
        let body: Value = serde_json::from_slice(asked.body).unwrap_or_default();
        let Value::Object(mut fields) = body else {
            return Err(Error::problem("body", "expected a JSON object"));
        };
        fields.shift_remove("stream");
        (self.request)(asked, fields)
    }

    fn answer(&self, context: &Context<'_>, reply: &[u8]) -> std::result::Result<Bytes, String> {
        match serde_json::from_slice::<Value>(reply) {
            Ok(parsed) => Ok(ours::images(context, &(self.read)(&parsed)?)),
            // Asked for no JSON, some services send the image itself.
            Err(_) if !reply.is_empty() => Ok(ours::images(context, &[ours::image_bytes(reply)])),
            Err(_) => Err("an empty body".to_owned()),
        }
    }

    fn translator(&self, _context: &Context<'_>) -> Box<dyn Translator> {
        Box::new(Unstreamed)
    }

    fn error(&self, _status: u16, headers: &HeaderMap, reply: &[u8]) -> Option<Bytes> {
        (self.error)(headers, reply)
    }
}

/// `1024x768` as width and height.
fn size_of(size: &Value) -> Option<(u64, u64)> {
    let (width, height) = size.as_str()?.split_once('x')?;
    Some((width.parse().ok()?, height.parse().ok()?))
}

/// Takes the size out; `None` where the service is to choose.
pub fn take_size(fields: &mut Map<String, Value>) -> Result<Option<(u64, u64)>> {
    let Some(size) = fields.shift_remove("size").filter(|size| !size.is_null() && size != "auto") else {
        return Ok(None);
    };
    let wanted = || Error::problem("body.size", "expected a width and a height, such as 1024x1024");
    size_of(&size).map(Some).ok_or_else(wanted)
}

/// Puts a size's two numbers under the names that the service has for them.
pub fn split_size(fields: &mut Map<String, Value>, width: &str, height: &str) -> Result<()> {
    if let Some((across, down)) = take_size(fields)? {
        fields.insert(height.to_owned(), json!(down));
        fields.insert(width.to_owned(), json!(across));
    }
    Ok(())
}

/// Makes of a size the ratio among a service's `ratios` that is closest to it, under the `name` that it has there. Its
/// own parameter of that name comes first.
pub fn size_as_ratio(
    fields: &mut Map<String, Value>,
    name: &str,
    ratios: &[(u64, u64)],
    changes: &mut Vec<String>,
) -> Result<()> {
    let Some((width, height)) = take_size(fields)? else { return Ok(()) };
    if fields.contains_key(name) {
        changes.push(format!("size was dropped: {name} says what it says"));
        return Ok(());
    }
    let ratio = nearest_ratio(width, height, ratios);
    changes.push(format!("size was sent as {name} {ratio}"));
    fields.insert(name.to_owned(), json!(ratio));
    Ok(())
}

fn nearest_ratio(width: u64, height: u64, ratios: &[(u64, u64)]) -> String {
    let asked = (width.max(1) as f64 / height.max(1) as f64).ln();
    let far = |(across, down): (u64, u64)| ((across as f64 / down as f64).ln() - asked).abs();
    let nearest = ratios.iter().min_by(|one, other| far(**one).total_cmp(&far(**other)));
    let (across, down) = nearest.expect("a service has ratios");
    format!("{across}:{down}")
}

/// Leaves out what the service has no parameter for, and tells of it; in silence what says no more than its absence.
pub fn without(names: &[&str], why: &str, fields: &mut Map<String, Value>, changes: &mut Vec<String>) {
    for name in names {
        let Some(value) = fields.shift_remove(*name) else { continue };
        if !is_default(name, &value) {
            changes.push(format!("{name} was dropped: {why}"));
        }
    }
}

/// The same for services whose answers are base64.
fn is_default(name: &str, value: &Value) -> bool {
    match name {
        _ if value.is_null() => true,
        "n" => *value == 1,
        "response_format" => value == "b64_json",
        "quality" | "background" | "moderation" => value == "auto",
        "partial_images" => *value == 0,
        _ => false,
    }
}

fn made(path: String, fields: Map<String, Value>, changes: Vec<String>) -> Made {
    Made { path, body: Bytes::from(Value::Object(fields).to_string()), changes, ..Made::default() }
}

pub fn rename(fields: &mut Map<String, Value>, from: &str, to: &str) {
    if let Some(value) = fields.shift_remove(from) {
        fields.insert(to.to_owned(), value);
    }
}

/// A number brought within what the service takes. It goes by the caller's name for it.
fn clamp(fields: &mut Map<String, Value>, name: &str, min: u64, max: u64, changes: &mut Vec<String>) {
    let Some(given) = fields.get(name).and_then(Value::as_u64) else { return };
    let nearest = given.clamp(min, max);
    if nearest != given {
        fields.insert(name.to_owned(), json!(nearest));
        changes.push(format!("{name} was set to {nearest}, the nearest value that the provider takes"));
    }
}

/// A size whose width and height are both brought within what the service takes.
fn clamp_size(fields: &mut Map<String, Value>, min: u64, max: u64, changes: &mut Vec<String>) {
    let Some((width, height)) = fields.get("size").and_then(size_of) else { return };
    let nearest = (width.clamp(min, max), height.clamp(min, max));
    if nearest != (width, height) {
        let nearest = format!("{}x{}", nearest.0, nearest.1);
        changes.push(format!("size was set to {nearest}, the nearest value that the provider takes"));
        fields.insert("size".to_owned(), json!(nearest));
    }
}

/// The model as a part of the path.
pub fn model(fields: &Map<String, Value>) -> Result<String> {
    path::segments(fields.get("model").and_then(Value::as_str).unwrap_or(""), "body.model")
}

/// A prompt as Stability's older models take it.
pub fn weighted_prompt(fields: &mut Map<String, Value>) {
    let prompt = fields.shift_remove("prompt").unwrap_or_default();
    fields.insert("text_prompts".to_owned(), json!([{ "text": prompt, "weight": 1 }]));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_is_two_numbers_or_left_to_the_service() {
        assert_eq!(size_of(&json!("1024x768")), Some((1024, 768)));
        for none in [json!("auto"), json!("1x"), json!(5)] {
            assert_eq!(size_of(&none), None);
        }
        let taken = |size: Value| take_size(&mut Map::from_iter([("size".to_owned(), size)]));
        assert_eq!(taken(json!("auto")).expect("the service's"), None);
        assert_eq!(taken(Value::Null).expect("the service's"), None);
        assert!(taken(json!("large")).is_err());
    }

    #[test]
    fn a_size_becomes_the_nearest_ratio_that_the_service_has() {
        let few = [(1, 1), (4, 3), (16, 9)];
        for ((width, height), ratio) in
            [((1024, 1024), "1:1"), ((1792, 1024), "16:9"), ((1024, 1536), "2:3"), ((0, 0), "1:1")]
        {
            assert_eq!(nearest_ratio(width, height, stability::RATIOS), ratio);
        }
        assert_eq!(nearest_ratio(1536, 1024, &few), "4:3");
    }

    #[test]
    fn a_ratio_of_the_caller_s_own_comes_before_the_size() {
        let mut fields = Map::new();
        fields.insert("size".to_owned(), json!("1024x1024"));
        fields.insert("aspect_ratio".to_owned(), json!("21:9"));
        let mut changes = Vec::new();
        size_as_ratio(&mut fields, "aspect_ratio", stability::RATIOS, &mut changes).expect("a size");
        assert_eq!(Value::Object(fields), json!({ "aspect_ratio": "21:9" }));
        assert_eq!(changes, ["size was dropped: aspect_ratio says what it says"]);
    }
}
