//! A chat's body in Google's form: what stands where, and what of it has no place there.
//! The parts are written by `contents`, `tools` and `generation`; this is their order, and the end of what is left over.

use std::borrow::Cow;
use std::fmt;

use bytes::Bytes;
use serde::Deserialize;
use serde::de::{Deserializer, Error as _, IgnoredAny, MapAccess, Visitor};

use super::fields::{Chat, Fields};
use super::{Generation, Notes, Service, contents, generation, tools};
use crate::error::{Error, Result};
use crate::provider::json::{Bracket, Json, Key};

/// Parameters of Google's own, by either spelling: they go on as they are.
const OWN: [&str; 4] = ["safety_settings", "safetySettings", "cached_content", "cachedContent"];
/// Those that only Vertex AI has.
const OWN_OF_VERTEX: [&str; 3] = ["labels", "model_armor_config", "modelArmorConfig"];

/// The body of `generateContent`, made of a chat's.
pub fn body(asked: &[u8], model: Generation, notes: &mut Notes) -> Result<Bytes> {
    let wanted = || Error::problem("body", "expected a JSON object whose messages are a list of objects");
    let text = std::str::from_utf8(asked).map_err(|_| wanted())?;
    let Chat { messages, mut fields } = serde_json::from_str(text).map_err(|_| wanted())?;
    if messages.is_empty() {
        return Err(Error::problem("messages", "expected a list of at least one message"));
    }
    // Told by the path, or by the form of the answer.
    for told in ["model", "stream"] {
        fields.take(told);
    }
    if let Some(mut options) = fields.object("stream_options") {
        options.take("include_usage");
        options.left().for_each(|name| notes.dropped(&format!("stream_options.{name}")));
    }
    let mut w = Json::with_capacity(asked.len() + 256);
    w.open(Bracket::Object);
    contents::write(&mut w, messages, model, notes)?;
    tools::write(&mut w, &mut fields, model, notes)?;
    generation::write(&mut w, &mut fields, model, notes)?;
    own(&mut w, &mut fields, notes);
    w.close(Bracket::Object);
    for name in fields.left() {
        notes.dropped(name);
    }
    Ok(w.into_bytes())
}

/// Writes the parameters of Google's own, and takes away what says no more than Google's defaults.
fn own(w: &mut Json, fields: &mut Fields<'_>, notes: &Notes) {
    let of_vertex = if notes.on_vertex() { &OWN_OF_VERTEX[..] } else { &[] };
    for name in OWN.iter().chain(of_vertex) {
        if let Some(value) = fields.take(name) {
            w.key(name).raw(value.get());
        }
    }
    let has =
        |fields: &Fields<'_>, name: &str, values: &[&str]| values.iter().any(|value| fields.is(name, value));
    for (name, values) in [
        ("parallel_tool_calls", &["true"][..]),
        ("store", &["false"]),
        ("service_tier", &["\"auto\"", "\"default\"", "\"standard\""]),
    ] {
        if has(fields, name, values) {
            fields.take(name);
        }
    }
    let tier =
        notes.service() == Service::Developer && has(fields, "service_tier", &["\"flex\"", "\"priority\""]);
    if let Some(tier) = tier.then(|| fields.take("service_tier")).flatten() {
        w.key("serviceTier").raw(tier.get());
    }
}

/// The model that a body names. Reading stops there; it is mostly the first field.
pub fn model(body: &[u8]) -> Option<Cow<'_, str>> {
    let mut found = None;
    let mut reader = serde_json::Deserializer::from_slice(body);
    // The outcome is an error either way: of the body, or the one that stops.
    let _stopped = reader.deserialize_map(ModelVisitor(&mut found));
    found
}

struct ModelVisitor<'f, 'de>(&'f mut Option<Cow<'de, str>>);

impl<'de> Visitor<'de> for ModelVisitor<'_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> std::result::Result<(), M::Error> {
        while let Some(Key(key)) = map.next_key()? {
            if key == "model" {
                *self.0 = map.next_value::<Option<Key<'de>>>()?.map(|name| name.0);
                return Err(M::Error::custom("found"));
            }
            map.next_value::<IgnoredAny>()?;
        }
        Ok(())
    }
}

/// Whether a stream's caller wants its usage.
pub fn wants_usage(body: &[u8]) -> bool {
    #[derive(Deserialize)]
    struct Asked {
        #[serde(default)]
        stream_options: Option<Options>,
    }
    #[derive(Deserialize)]
    struct Options {
        #[serde(default)]
        include_usage: Option<bool>,
    }
    let options = serde_json::from_slice::<Asked>(body).ok().and_then(|asked| asked.stream_options);
    options.and_then(|options| options.include_usage) == Some(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_model_is_found_wherever_it_stands() {
        assert_eq!(model(br#"{"model":"a","x":!}"#).as_deref(), Some("a"));
        assert_eq!(model(br#"{"messages":[{"model":"b"}],"model":"a\u0062"}"#).as_deref(), Some("ab"));
        for none in [&b"{}"[..], b"[]", br#"{"model":null}"#, br#"{"model":1}"#, b"{"] {
            assert_eq!(model(none), None);
        }
    }

    #[test]
    fn usage_is_wanted_where_it_is_asked_for() {
        assert!(wants_usage(br#"{"stream_options":{"include_usage":true}}"#));
        for body in
            [&b"{}"[..], br#"{"stream_options":null}"#, br#"{"stream_options":{"include_usage":false}}"#]
        {
            assert!(!wants_usage(body));
        }
    }
}
