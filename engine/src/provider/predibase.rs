//! Predibase: an OpenAI server for each deployment. The tenant stands in the path and is the body's `user`; a model is
//! `deployment` or `deployment:adapter`.

use super::dialect::{Asked, Made};
use super::passing::{PASSING, Passing};
use super::path;
use crate::body::Body;
use crate::error::{Error, Result};

pub static DIALECT: Passing = Passing { prepare: Some(prepare), ..PASSING };

fn prepare(asked: &Asked<'_>, made: &mut Made) -> Result<()> {
    let mut body = Body::parse(asked.body).map_err(|_| Error::problem("body", "expected a JSON object"))?;
    let text = |name: &str| body.get(name).and_then(|raw| serde_json::from_str::<String>(raw).ok());
    let tenant = text("user").ok_or_else(|| {
        Error::problem("body.user", "is missing: Predibase takes the tenant's identifier from it")
    })?;
    let model = text("model").ok_or_else(|| Error::problem("body.model", "expected a deployment's name"))?;
    let (deployment, adapter) = model.split_once(':').unwrap_or((&model, ""));
    made.path = format!(
        "/{}/deployments/v2/llms/{}/v1{}",
        path::segment(&tenant, "body.user")?,
        path::segment(deployment, "body.model")?,
        asked.endpoint.path
    );
    body.remove("user");
    body.set("model", serde_json::Value::from(adapter).to_string());
    made.changes.push("user and the deployment's name went into the path".to_owned());
    made.body = body.to_bytes();
    Ok(())
}
