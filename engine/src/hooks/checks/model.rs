//! Checks of the model that is asked for.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::Made;
use crate::hooks::Scene;
use crate::hooks::check::{Fault, Judged, Rule, Sees};
use crate::hooks::parameters::{Parameters, strings};
use crate::hooks::subject::Subject;

fn model(scene: &Scene) -> Result<&str, Fault> {
    scene.model.as_deref().ok_or_else(|| Fault::new("the request names no model"))
}

/// `modelWhitelist`: the request's model is in the list.
struct List {
    models: Vec<String>,
    not: bool,
}

pub fn read_list(parameters: &mut Parameters<'_, '_>) -> Made {
    let (models, not) = (parameters.texts("models"), parameters.flag("not", false));
    Some(Arc::new(List { models: models?, not: not? }))
}

impl Rule for List {
    fn judge(&self, scene: &Scene, _: &Subject) -> Result<Judged, Fault> {
        let model = model(scene)?;
        let listed = self.models.iter().any(|one| one == model);
        let explanation = if listed { "the model is in the list" } else { "the model is not in the list" };
        let data = json!({ "explanation": explanation, "requestModel": model, "not": self.not });
        Ok(Judged::new(listed != self.not, data))
    }

    fn sees(&self) -> Sees {
        Sees::Request
    }
}

/// `modelRules`: the request's model is among those that its metadata allow, else among the defaults.
struct Rules {
    defaults: Vec<String>,
    /// For a key of the metadata and its value, the models allowed.
    metadata: Vec<(String, String, Vec<String>)>,
    not: bool,
}

const SHAPE: &str = "expected { defaults: [models], metadata: { key: { value: [models] } } }";

pub fn read_rules(parameters: &mut Parameters<'_, '_>) -> Made {
    let not = parameters.flag("not", false);
    let rules = parameters.optional("rules").and_then(Value::as_object);
    let Some(rules) = rules.and_then(Rules::read) else {
        parameters.problem("rules", SHAPE);
        return None;
    };
    Some(Arc::new(Rules { not: not?, ..rules }))
}

impl Rules {
    fn read(rules: &Map<String, Value>) -> Option<Self> {
        if rules.keys().any(|key| !matches!(key.as_str(), "defaults" | "metadata")) {
            return None;
        }
        let defaults = rules.get("defaults").map_or(Some(Vec::new()), strings)?;
        let mut metadata = Vec::new();
        if let Some(keys) = rules.get("metadata") {
            for (key, values) in keys.as_object()? {
                for (value, models) in values.as_object()? {
                    metadata.push((key.clone(), value.clone(), strings(models)?));
                }
            }
        }
        (!defaults.is_empty() || !metadata.is_empty()).then_some(Self { defaults, metadata, not: false })
    }
}

impl Rule for Rules {
    fn judge(&self, scene: &Scene, _: &Subject) -> Result<Judged, Fault> {
        let model = model(scene)?;
        let holds = |(key, value, _): &&(String, String, Vec<String>)| scene.metadata.get(key) == Some(value);
        let matched: Vec<_> = self.metadata.iter().filter(holds).collect();
        let rules: Vec<&String> = matched.iter().map(|(key, ..)| key).collect();
        let allowed: Vec<&String> = if matched.is_empty() {
            self.defaults.iter().collect()
        } else {
            matched.iter().flat_map(|(.., models)| models).collect()
        };
        if allowed.is_empty() {
            return Err(Fault::new("the rules allow no model for this request's metadata"));
        }
        let listed = allowed.iter().any(|one| *one == model);
        let explanation = if listed {
            "the model is among those of the rules"
        } else {
            "the model is not among those of the rules"
        };
        let data = json!({ "explanation": explanation, "requestModel": model, "matchedKeys": rules, "not": self.not });
        Ok(Judged::new(listed != self.not, data))
    }

    fn sees(&self) -> Sees {
        Sees::Request
    }
}
