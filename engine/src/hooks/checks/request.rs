//! Checks of a request's type and of its metadata.

use std::sync::Arc;

use serde_json::{Value, json};

use super::Made;
use crate::config::nearest;
use crate::hooks::Scene;
use crate::hooks::check::{Fault, Judged, Rule, Sees};
use crate::hooks::parameters::{Operator, Parameters};
use crate::hooks::subject::Subject;

/// Every request type of Portkey's gateway. Those that run no hooks here may be listed all the same.
const TYPES: &[&str] = &[
    "chatComplete",
    "complete",
    "embed",
    "messages",
    "messagesCountTokens",
    "imageGenerate",
    "imageEdit",
    "createSpeech",
    "createTranscription",
    "createTranslation",
    "uploadFile",
    "listFiles",
    "retrieveFile",
    "retrieveFileContent",
    "deleteFile",
    "createBatch",
    "retrieveBatch",
    "listBatches",
    "cancelBatch",
    "getBatchOutput",
    "createModelResponse",
    "getModelResponse",
    "deleteModelResponse",
    "listResponseInputItems",
    "createFinetune",
    "listFinetunes",
    "retrieveFinetune",
    "cancelFinetune",
    "realtime",
    "proxy",
];

/// `allowedRequestTypes`: the request's type is allowed and not blocked. A list that isn't given is looked for in the
/// metadata, as `supported_endpoints` and `blocked_endpoints`; without any list all are allowed.
struct Types {
    allowed: Vec<String>,
    blocked: Vec<String>,
}

pub fn read_types(parameters: &mut Parameters<'_, '_>) -> Made {
    let (allowed, blocked) = (types(parameters, "allowedTypes"), types(parameters, "blockedTypes"));
    let (allowed, blocked) = (allowed?, blocked?);
    if let Some(both) = allowed.iter().find(|one| blocked.contains(one)) {
        parameters.problem("blockedTypes", format!("holds {both}, which allowedTypes holds too"));
    }
    Some(Arc::new(Types { allowed, blocked }))
}

fn types(parameters: &mut Parameters<'_, '_>, name: &'static str) -> Option<Vec<String>> {
    let listed = match parameters.optional(name) {
        None => return Some(Vec::new()),
        Some(Value::String(text)) => Some(separated(text)),
        Some(Value::Array(items)) => items.iter().map(|item| item.as_str().map(str::to_owned)).collect(),
        Some(_) => None,
    };
    let Some(listed) = listed else {
        parameters.problem(name, "expected a list of request types, or their names with commas between");
        return None;
    };
    for unknown in listed.iter().filter(|one| !TYPES.contains(&one.as_str())) {
        let message = match nearest(unknown, TYPES.iter().copied()) {
            Some(near) => format!("holds {unknown}, which is no request type; did you mean {near}?"),
            None => {
                format!("holds {unknown}, which is no request type; expected some of {}", TYPES.join(", "))
            }
        };
        parameters.problem(name, message);
    }
    Some(listed)
}

fn separated(text: &str) -> Vec<String> {
    text.split(',').map(|one| one.trim().to_owned()).filter(|one| !one.is_empty()).collect()
}

impl Rule for Types {
    fn judge(&self, scene: &Scene, _: &Subject) -> Result<Judged, Fault> {
        let of_metadata = |key: &str| scene.metadata.get(key).map(|text| separated(text)).unwrap_or_default();
        let pick = |own: &[String], key: &str| if own.is_empty() { of_metadata(key) } else { own.to_vec() };
        let allowed = pick(&self.allowed, "supported_endpoints");
        let blocked = pick(&self.blocked, "blocked_endpoints");
        if allowed.iter().any(|one| blocked.contains(one)) {
            return Err(Fault::new("a request type is both allowed and blocked"));
        }
        let own = scene.request_type();
        let is_in = |list: &[String]| list.iter().any(|one| one == own);
        let (passes, explanation) = if is_in(&blocked) {
            (false, "the request type is blocked")
        } else if allowed.is_empty() || is_in(&allowed) {
            (true, "the request type is allowed")
        } else {
            (false, "the request type is not among those allowed")
        };
        Ok(Judged::new(passes, json!({ "explanation": explanation, "currentRequestType": own })))
    }

    fn sees(&self) -> Sees {
        Sees::Request
    }
}

/// `requiredMetadataKeys`: any, all or none of some keys are in the request's metadata.
struct Metadata {
    keys: Vec<String>,
    operator: Operator,
}

pub fn read_metadata(parameters: &mut Parameters<'_, '_>) -> Made {
    let (keys, operator) = (parameters.texts("metadataKeys"), parameters.operator());
    Some(Arc::new(Metadata { keys: keys?, operator: operator? }))
}

impl Rule for Metadata {
    fn judge(&self, scene: &Scene, _: &Subject) -> Result<Judged, Fault> {
        let (found, missing): (Vec<&String>, Vec<&String>) =
            self.keys.iter().partition(|key| scene.metadata.contains_key(*key));
        let passes = self.operator.holds(found.len(), missing.len());
        let explanation = format!("{} of {} keys are there", found.len(), self.keys.len());
        let data = json!({ "explanation": explanation, "operator": self.operator.name(), "found_metadata_keys": found, "missing_metadata_keys": missing });
        Ok(Judged::new(passes, data))
    }

    fn sees(&self) -> Sees {
        Sees::Request
    }
}
