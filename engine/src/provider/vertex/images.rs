//! Pictures by Imagen, in a project's region.

use super::place::Place;
use super::router::Publisher;
use crate::error::Error;
use crate::provider::google::{errors, images};
use crate::provider::images::Images;

pub static PREDICT: Images = Images {
    request: |asked, fields| {
        images::request(asked, fields, |model| match Publisher::of(model.name()) {
            Publisher::Google(name) => Ok(Place::of(asked.settings)?.model("google", name, "predict")),
            _ => {
                Err(Error::problem("body.model", "expected one of Google's, such as imagen-4.0-generate-001"))
            }
        })
    },
    read: images::read,
    error: |_, reply| errors::read(reply).map(|(_, body)| body),
};
