//! Embeddings by `:predict`: text models, and the multimodal one, whose inputs are objects of text, image and video.
//! <https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/text-embeddings-api>

use ::http::HeaderMap;
use bytes::Bytes;
use serde::Deserialize;

use super::place::Place;
use super::router::Publisher;
use crate::body::Body;
use crate::error::{Error, Result};
use crate::provider::dialect::{Asked, Context, Dialect, Made, Translator};
use crate::provider::google::embeddings::{answer, inputs, read};
use crate::provider::google::fields::Fields;
use crate::provider::google::raw::Raw;
use crate::provider::google::{Model, Notes, Service, errors};
use crate::provider::json::{Bracket, Json, object};
use crate::provider::unstreamed::Unstreamed;
use crate::provider::vectors::Vector;

pub struct Predict;

impl Dialect for Predict {
    fn request(&self, asked: &Asked<'_>) -> Result<Made> {
        let model = Model::of(asked.body)?;
        let place = Place::of(asked.settings)?;
        let Publisher::Google(name) = Publisher::of(model.name()) else {
            return Err(Error::problem(
                "model",
                "expected an embeddings model of Google, such as text-embedding-005",
            ));
        };
        let mut fields = read(asked.body)?;
        let inputs = inputs(&mut fields)?;
        let multimodal = inputs.iter().any(|input| input.get().starts_with('{'));
        let task = fields.take_any(&["task_type", "taskType"]);
        let title = fields.take("title");
        let mut notes = Notes::new(Service::Vertex);
        let mut w = Json::with_capacity(asked.body.len() + 64 * inputs.len());
        w.open(Bracket::Object);
        w.key("instances").open(Bracket::Array);
        for (index, input) in inputs.into_iter().enumerate() {
            w.open(Bracket::Object);
            if multimodal {
                instance(&mut w, input, &format!("input[{index}]"), &mut notes)?;
            } else {
                w.key("content").raw(input.get());
            }
            for (name, value) in [("task_type", task), ("title", title)] {
                if let Some(value) = value {
                    w.key(name).raw(value.get());
                }
            }
            w.close(Bracket::Object);
        }
        w.close(Bracket::Array);
        parameters(&mut w, &mut fields, multimodal)?;
        w.close(Bracket::Object);
        fields.left().for_each(|name| notes.dropped(name));
        let path = place.model("google", name, "predict");
        Ok(Made { path, body: w.into_bytes(), changes: notes.finish(), ..Made::default() })
    }

    fn answer(&self, context: &Context<'_>, reply: &[u8]) -> std::result::Result<Bytes, String> {
        let text = std::str::from_utf8(reply).map_err(|_| "text that is no UTF-8")?;
        let reply: Reply<'_> = serde_json::from_str(text).map_err(|_| "no answer of predict")?;
        let mut vectors = Vec::with_capacity(reply.predictions.len());
        let mut tokens = 0;
        for prediction in &reply.predictions {
            if let Some(embeddings) = &prediction.embeddings {
                tokens += embeddings.statistics.as_ref().map_or(0, |statistics| statistics.token_count);
            }
            vectors.push(prediction.vector().ok_or("a prediction without a vector")?);
        }
        answer(context, vectors, tokens)
    }

    fn translator(&self, _context: &Context<'_>) -> Box<dyn Translator> {
        Box::new(Unstreamed)
    }

    fn error(&self, _status: u16, _headers: &HeaderMap, reply: &[u8]) -> Option<Bytes> {
        errors::read(reply).map(|(_, body)| body)
    }
}

/// The fields of a multimodal instance.
fn instance(w: &mut Json, input: Raw<'_>, at: &str, notes: &mut Notes) -> Result<()> {
    let Some(mut input) = input.fields() else {
        w.key("text").raw(input.get());
        return Ok(());
    };
    if let Some(text) = input.take("text") {
        w.key("text").raw(text.get());
    }
    for kind in ["image", "video"] {
        let Some(mut media) = input.object(kind) else { continue };
        let source = [
            ("gcsUri", media.take_any(&["url", "gcsUri"])),
            ("bytesBase64Encoded", media.take_any(&["base64", "bytesBase64Encoded"])),
            ("mimeType", media.take_any(&["mime_type", "mimeType"])),
        ];
        if source[..2].iter().all(|(_, value)| value.is_none()) {
            return Err(Error::problem(
                format!("{at}.{kind}"),
                "expected { url } of Cloud Storage, or { base64 }",
            ));
        }
        let segment = [
            ("startOffsetSec", media.take("start_offset")),
            ("endOffsetSec", media.take("end_offset")),
            ("intervalSec", media.take("interval")),
        ];
        let own = media.take("videoSegmentConfig");
        w.key(kind).object(|w| {
            told(w, source);
            if let Some(own) = own {
                w.key("videoSegmentConfig").raw(own.get());
            } else if segment.iter().any(|(_, value)| value.is_some()) {
                w.key("videoSegmentConfig").object(|w| told(w, segment));
            }
        });
        media.left().for_each(|name| notes.dropped(&format!("input[].{kind}.{name}")));
    }
    input.left().for_each(|name| notes.dropped(&format!("input[].{name}")));
    Ok(())
}

fn told(w: &mut Json, fields: [(&str, Option<Raw<'_>>); 3]) {
    for (name, value) in fields {
        if let Some(value) = value {
            w.key(name).raw(value.get());
        }
    }
}

/// Writes `parameters`: the caller's own, with the number of dimensions.
fn parameters(w: &mut Json, fields: &mut Fields<'_>, multimodal: bool) -> Result<()> {
    let own = fields.take("parameters").map_or("{}", Raw::get);
    let wanted = |_| Error::problem("parameters", "expected an object");
    let mut parameters = Body::parse(own.as_bytes()).map_err(wanted)?;
    if let Some(dimensions) = fields.take("dimensions") {
        parameters.set(if multimodal { "dimension" } else { "outputDimensionality" }, dimensions.get());
    }
    let parameters = parameters.to_bytes();
    if &parameters[..] != b"{}" {
        w.key("parameters").raw(std::str::from_utf8(&parameters).expect("fields of JSON text are text"));
    }
    Ok(())
}

#[derive(Deserialize)]
struct Reply<'a> {
    #[serde(borrow)]
    predictions: Vec<Prediction<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Prediction<'a> {
    #[serde(borrow, default)]
    embeddings: Option<Embedding<'a>>,
    #[serde(borrow, default)]
    text_embedding: Option<Raw<'a>>,
    #[serde(borrow, default)]
    image_embedding: Option<Raw<'a>>,
    #[serde(borrow, default)]
    video_embeddings: Option<Vec<Video<'a>>>,
}

#[derive(Deserialize)]
struct Embedding<'a> {
    #[serde(borrow)]
    values: Raw<'a>,
    #[serde(default)]
    statistics: Option<Statistics>,
}

#[derive(Deserialize)]
struct Statistics {
    #[serde(default)]
    token_count: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Video<'a> {
    #[serde(borrow)]
    embedding: Raw<'a>,
    #[serde(borrow, default)]
    start_offset_sec: Option<Raw<'a>>,
    #[serde(borrow, default)]
    end_offset_sec: Option<Raw<'a>>,
}

impl<'a> Prediction<'a> {
    /// Its vector: that of the text, else of the image, else of the video's first piece. Those of image and video stand
    /// beside it too.
    fn vector(&self) -> Option<Vector<'a>> {
        let videos = self.video_embeddings.as_deref().unwrap_or_default();
        let text = self.embeddings.as_ref().map(|embeddings| embeddings.values).or(self.text_embedding);
        let values = text.or(self.image_embedding).or_else(|| videos.first().map(|video| video.embedding))?;
        let mut besides = Vec::new();
        if let Some(image) = self.image_embedding {
            besides.push(("image_embedding", image.get().to_owned()));
        }
        if !videos.is_empty() {
            let videos: Vec<String> =
                videos.iter().enumerate().map(|(index, video)| video.item(index)).collect();
            besides.push(("video_embeddings", format!("[{}]", videos.join(","))));
        }
        Some(Vector { values: values.get().into(), besides })
    }
}

impl Video<'_> {
    fn item(&self, index: usize) -> String {
        object(|w| {
            w.key("object").string("embedding");
            w.number("index", index as u64);
            w.key("embedding").raw(self.embedding.get());
            for (name, value) in
                [("start_offset", self.start_offset_sec), ("end_offset", self.end_offset_sec)]
            {
                if let Some(value) = value {
                    w.key(name).raw(value.get());
                }
            }
        })
    }
}
