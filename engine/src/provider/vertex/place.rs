//! A project in a region: where the models of a target are, as host and path.

use std::borrow::Cow;

use super::{PROJECT, REGION, SERVICE_ACCOUNT, token};
use crate::error::{Error, Result};
use crate::provider::dialect::Settings;
use crate::provider::path;

pub struct Place<'a> {
    project: Cow<'a, str>,
    region: &'a str,
}

impl<'a> Place<'a> {
    pub fn of(settings: &'a Settings) -> Result<Self> {
        let wanted = "expected a region of Vertex AI, such as us-central1, or global";
        let region = settings.get(REGION).filter(|region| is_region(region));
        let region = region.ok_or_else(|| Error::problem("vertexRegion", wanted))?;
        let own = settings.get(PROJECT).filter(|project| !project.is_empty()).map(Cow::Borrowed);
        let project = own.or_else(|| token::project(settings.get(SERVICE_ACCOUNT)?).map(Cow::Owned));
        let wanted = "expected the project's id, or vertexServiceAccountJson, which holds one";
        Ok(Self { project: project.ok_or_else(|| Error::problem("vertexProjectId", wanted))?, region })
    }

    /// The path of what is at `rest` there.
    pub fn path(&self, version: &str, rest: &str) -> String {
        format!("/{version}/projects/{}/locations/{}/{rest}", path::encoded(&self.project, "@"), self.region)
    }

    /// The path of a publisher's model.
    pub fn model(&self, publisher: &str, model: &str, method: &str) -> String {
        self.path("v1", &format!("publishers/{publisher}/models/{}:{method}", path::encoded(model, "@")))
    }
}

/// The base URL of a region.
pub fn host(region: &str) -> Option<String> {
    match region {
        "global" => Some("https://aiplatform.googleapis.com".to_owned()),
        // Of several regions each.
        "us" | "eu" => Some(format!("https://aiplatform.{region}.rep.googleapis.com")),
        _ => is_region(region).then(|| format!("https://{region}-aiplatform.googleapis.com")),
    }
}

/// Whether it can stand in a host's name without making it another host.
fn is_region(region: &str) -> bool {
    let known = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    !region.is_empty() && region.bytes().all(known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_region_has_its_host() {
        let cases = [
            ("us-central1", Some("https://us-central1-aiplatform.googleapis.com")),
            ("global", Some("https://aiplatform.googleapis.com")),
            ("eu", Some("https://aiplatform.eu.rep.googleapis.com")),
            ("evil.example/#", None),
            ("", None),
        ];
        for (region, wanted) in cases {
            assert_eq!(host(region).as_deref(), wanted);
        }
    }
}
