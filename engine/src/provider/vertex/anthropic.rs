//! Anthropic's Messages as Vertex AI has them: the model stands in the path instead of the body, and the version in the
//! body instead of a header. The dialect itself is handed in.

use bytes::Bytes;

use super::place::Place;
use crate::body::Body;
use crate::error::{Error, Result};
use crate::provider::dialect::{Asked, Dialect, Fault, Made, Translator, WireEvent};

const VERSION: &str = "\"vertex-2023-10-16\"";

/// The request that `messages` makes for the model `name`, changed to Vertex AI's form.
pub fn request(messages: &dyn Dialect, asked: &Asked<'_>, name: &str, place: &Place<'_>) -> Result<Made> {
    let wanted = |_| Error::problem("body", "expected a JSON object");
    let mut body = Body::parse(asked.body).map_err(wanted)?;
    body.set("model", serde_json::Value::from(name).to_string());
    let named = body.to_bytes();
    let mut made = messages.request(&Asked {
        endpoint: asked.endpoint,
        arguments: asked.arguments,
        body: &named,
        stream: asked.stream,
        settings: asked.settings,
        custom_host: asked.custom_host,
    })?;
    let mut wire = Body::parse(&made.body).map_err(wanted)?;
    wire.remove("model");
    wire.set("anthropic_version", VERSION);
    let body = wire.to_bytes();
    made.body = body;
    made.headers.retain(|(name, _)| *name != "anthropic-version");
    let method = if asked.stream { "streamRawPredict" } else { "rawPredict" };
    made.path = place.model("anthropic", name, method);
    Ok(made)
}

/// Reads a stream of Messages, which Vertex AI begins with an event of its own.
pub struct Stream(pub Box<dyn Translator>);

impl Translator for Stream {
    fn event(&mut self, event: WireEvent<'_>, chunks: &mut Vec<Bytes>) -> std::result::Result<(), Fault> {
        if event.name == Some("vertex_event") {
            return Ok(());
        }
        self.0.event(event, chunks)
    }

    fn end(&mut self, chunks: &mut Vec<Bytes>) {
        self.0.end(chunks);
    }
}
