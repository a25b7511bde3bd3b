//! A config's `cache`, as written: `"simple"`, or `{ mode, max_age, threshold, embeddings }`.
//! What it means for a call is the rest of this module's to say.

use std::time::Duration;

use serde_json::Value;

use crate::config::{Reader, Spelling};
use crate::headers::fold;

/// Portkey's documented default and limit, in seconds: a week, and ninety days.
const MAX_AGE: u64 = 604_800;
const LONGEST: u64 = 7_776_000;

/// How alike two texts must be unless a config says otherwise: the hosted platform's figure.
const THRESHOLD: f64 = 0.95;

const EMBEDDINGS_MISSING: &str = "is missing; mode semantic compares embeddings, so name the target that makes them, for \
    example { provider: 'openai', api_key: '…', override_params: { model: 'text-embedding-3-small' } }";

#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    pub mode: Mode,
    /// How long an answer is kept.
    pub max_age: Duration,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Mode {
    /// The same call gets the same answer.
    Simple,
    /// So does one whose last user message means the same.
    Semantic(Semantic),
}

#[derive(Clone, Debug, PartialEq)]
pub struct Semantic {
    /// The target that makes embeddings, a config node as it was written, and its path.
    pub embeddings: Value,
    pub path: String,
    /// The least cosine of two vectors whose texts are taken as the same.
    pub threshold: f32,
}

impl Policy {
    pub fn read(value: &Value, path: &str, reader: &mut Reader) -> Option<Self> {
        let Value::String(mode) = value else { return Self::read_object(value, path, reader) };
        match mode.as_str() {
            "simple" => Some(Self { mode: Mode::Simple, max_age: Duration::from_secs(MAX_AGE) }),
            "semantic" => {
                reader.problem(format!("{path}.embeddings"), EMBEDDINGS_MISSING);
                None
            }
            _ => {
                reader.problem(path, "expected simple, or an object with mode simple or semantic");
                None
            }
        }
    }

    fn read_object(value: &Value, path: &str, reader: &mut Reader) -> Option<Self> {
        let object = reader.object(value, path)?;
        let (mut mode, mut embeddings, mut threshold) = (None, None, None);
        let mut max_age = MAX_AGE;
        let mut spelling = Spelling::default();
        for (written, value) in object.iter().filter(|(_, value)| !value.is_null()) {
            let place = format!("{path}.{written}");
            if let Some(other) = spelling.twice(written) {
                reader.problem(place, format!("is given twice, as {other} too"));
                continue;
            }
            match fold(written).as_str() {
                "mode" => mode = Some(value),
                "maxage" => max_age = reader.whole(value, &place, 1..=LONGEST).unwrap_or(MAX_AGE),
                "embeddings" => embeddings = Some((value, place)),
                "threshold" => threshold = Some((read_threshold(value, &place, reader), place)),
                _ => reader.problem(place, "expected one of mode, max_age, threshold, embeddings"),
            }
        }
        let mode = match mode.and_then(Value::as_str) {
            Some("simple") => {
                let places = [embeddings.map(|(_, place)| place), threshold.map(|(_, place)| place)];
                for place in places.into_iter().flatten() {
                    reader.problem(place, "acts in mode semantic alone");
                }
                Mode::Simple
            }
            Some("semantic") => {
                let threshold = threshold.map_or(THRESHOLD, |(threshold, _)| threshold) as f32;
                let (embeddings, path) = read_embeddings(embeddings, path, reader)?;
                Mode::Semantic(Semantic { embeddings, path, threshold })
            }
            _ => {
                reader.problem(format!("{path}.mode"), "expected simple or semantic");
                return None;
            }
        };
        Some(Self { mode, max_age: Duration::from_secs(max_age) })
    }
}

fn read_threshold(value: &Value, path: &str, reader: &mut Reader) -> f64 {
    match value.as_f64() {
        Some(threshold) if (0.0..=1.0).contains(&threshold) => threshold,
        _ => {
            reader.problem(
                path,
                "expected a number from 0 to 1, the least cosine of two texts that mean the same",
            );
            THRESHOLD
        }
    }
}

/// A node that says which model it embeds with; whether it is a target is for the config's reader to say.
fn read_embeddings(
    written: Option<(&Value, String)>,
    path: &str,
    reader: &mut Reader,
) -> Option<(Value, String)> {
    let Some((value, path)) = written else {
        reader.problem(format!("{path}.embeddings"), EMBEDDINGS_MISSING);
        return None;
    };
    let object = reader.object(value, &path)?;
    let params =
        object.iter().filter(|(key, _)| matches!(fold(key).as_str(), "overrideparams" | "defaultparams"));
    let mut models = params.filter_map(|(_, params)| params.get("model")?.as_str());
    if !models.any(|model| !model.trim().is_empty()) {
        reader.problem(
            format!("{path}.override_params.model"),
            "is missing; it names the model that makes the embeddings",
        );
        return None;
    }
    Some((value.clone(), path))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(value: &Value) -> Result<Policy, Vec<String>> {
        let mut reader = Reader::default();
        let policy = Policy::read(value, "config.cache", &mut reader);
        let told = |problems: Vec<crate::error::Problem>| -> Vec<String> {
            problems.iter().map(|problem| format!("{}: {}", problem.path, problem.message)).collect()
        };
        reader.done(()).map_err(told)?;
        Ok(policy.expect("without a problem there is a policy"))
    }

    fn seconds(value: &Value) -> u64 {
        read(value).unwrap_or_else(|told| panic!("{told:?}")).max_age.as_secs()
    }

    #[test]
    fn both_spellings_of_each_form_are_read() {
        assert_eq!(read(&json!("simple")).map(|policy| policy.mode), Ok(Mode::Simple));
        assert_eq!(seconds(&json!("simple")), 604_800);
        assert_eq!(seconds(&json!({ "mode": "simple" })), 604_800);
        assert_eq!(seconds(&json!({ "mode": "simple", "max_age": 60 })), 60);
        assert_eq!(seconds(&json!({ "mode": "simple", "maxAge": 7_776_000 })), 7_776_000);
        assert_eq!(seconds(&json!({ "mode": "simple", "max_age": null, "threshold": null })), 604_800);
    }

    #[test]
    fn semantic_keeps_the_embeddings_target_as_it_was_written() {
        let target = json!({ "provider": "openai", "api_key": "k", "overrideParams": { "model": "e" } });
        let policy = read(&json!({ "mode": "semantic", "embeddings": target, "threshold": 0.9 }));
        let semantic = Semantic {
            embeddings: target.clone(),
            path: "config.cache.embeddings".to_owned(),
            threshold: 0.9,
        };
        let max_age = Duration::from_secs(604_800);
        assert_eq!(policy, Ok(Policy { mode: Mode::Semantic(semantic), max_age }));
        let policy = read(&json!({ "mode": "semantic", "embeddings": target })).expect("a policy");
        let Mode::Semantic(semantic) = policy.mode else { panic!("the mode is semantic") };
        assert!((semantic.threshold - 0.95).abs() < f32::EPSILON);
    }

    #[test]
    fn semantic_without_a_model_for_its_embeddings_says_what_to_add() {
        for value in [json!("semantic"), json!({ "mode": "semantic" })] {
            let told = read(&value).expect_err("a problem");
            assert!(told[0].starts_with("config.cache.embeddings: is missing; mode semantic"), "{told:?}");
        }
        let told = read(&json!({ "mode": "semantic", "embeddings": { "provider": "openai" } }));
        let wanted = "config.cache.embeddings.override_params.model: is missing; it names the model that makes the embeddings";
        assert_eq!(told, Err(vec![wanted.to_owned()]));
    }

    #[test]
    fn each_problem_has_its_path() {
        for (value, wanted) in [
            (json!("off"), "config.cache: expected simple, or an object with mode simple or semantic"),
            (json!(true), "config.cache: expected an object, got true"),
            (json!({}), "config.cache.mode: expected simple or semantic"),
            (json!({ "mode": "exact" }), "config.cache.mode: expected simple or semantic"),
            (json!({ "mode": 1 }), "config.cache.mode: expected simple or semantic"),
            (
                json!({ "mode": "simple", "max_age": 0 }),
                "config.cache.max_age: expected a whole number from 1 to 7776000, got 0",
            ),
            (
                json!({ "mode": "simple", "max_age": "60" }),
                "config.cache.max_age: expected a whole number from 1 to 7776000, got a string",
            ),
            (
                json!({ "mode": "simple", "maxAge": 1, "max_age": 1 }),
                "config.cache.max_age: is given twice, as maxAge too",
            ),
            (
                json!({ "mode": "simple", "ttl": 1 }),
                "config.cache.ttl: expected one of mode, max_age, threshold, embeddings",
            ),
            (
                json!({ "mode": "simple", "threshold": 0.9 }),
                "config.cache.threshold: acts in mode semantic alone",
            ),
            (
                json!({ "mode": "simple", "embeddings": {} }),
                "config.cache.embeddings: acts in mode semantic alone",
            ),
            (
                json!({ "mode": "semantic", "threshold": 1.1, "embeddings": { "default_params": { "model": "e" } } }),
                "config.cache.threshold: expected a number from 0 to 1, the least cosine of two texts that mean the same",
            ),
            (
                json!({ "mode": "semantic", "embeddings": "secret" }),
                "config.cache.embeddings: expected an object, got a string",
            ),
        ] {
            assert_eq!(read(&value), Err(vec![wanted.to_owned()]), "{value}");
        }
    }
}
