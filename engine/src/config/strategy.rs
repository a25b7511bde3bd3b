//! How a group chooses among its targets, as it is written in a config. What it does is `route/`'s to say.

use std::sync::Arc;

use serde_json::Value;

use super::read::Reader;
use crate::headers::fold;
use crate::route::affinity;
use crate::route::conditional::Query;
use crate::route::sticky::Sticky;

/// How a group chooses among its targets, as written.
#[derive(Clone)]
pub enum Chosen {
    Single,
    Fallback { on_status_codes: Option<Vec<u16>> },
    LoadBalance { sticky: Option<Sticky> },
    LeastInflight,
    RoundRobin,
    Affinity(affinity::Settings),
    Conditional { conditions: Vec<Condition>, default: Option<String> },
}

/// A query, and the name of the target that answers when it holds.
#[derive(Clone)]
pub struct Condition {
    pub query: Arc<Query>,
    pub then: String,
}

/// The modes, folded, each with the keys that it acts on besides `mode` and `cb_config`.
const MODES: &[(&str, &[&str])] = &[
    ("single", &[]),
    ("fallback", &["on_status_codes"]),
    ("loadbalance", &["sticky"]),
    ("least_inflight", &[]),
    ("round_robin", &[]),
    ("affinity", &["hash_fields", "prefix_chars", "spill"]),
    ("conditional", &["conditions", "default"]),
];

impl Chosen {
    /// Reads a strategy; its `cb_config` is the node's to read.
    pub fn read(value: &Value, path: &str, reader: &mut Reader) -> Option<Self> {
        let object = reader.object(value, path)?;
        let field =
            |name: &str| object.iter().find(|(key, _)| fold(key) == fold(name)).map(|(_, value)| value);
        let written = field("mode").and_then(Value::as_str).map(fold);
        let Some((mode, keys)) = MODES.iter().find(|(mode, _)| written.as_ref() == Some(&fold(mode))) else {
            let modes: Vec<&str> = MODES.iter().map(|(mode, _)| *mode).collect();
            reader.problem(format!("{path}.mode"), format!("expected one of {}", modes.join(", ")));
            return None;
        };
        for key in object.keys() {
            let known = keys.iter().chain(&["mode", "cb_config"]).any(|known| fold(known) == fold(key));
            if !known {
                let all = [&["mode", "cb_config"], *keys].concat().join(", ");
                reader.problem(format!("{path}.{key}"), format!("mode {mode} takes {all} and nothing else"));
            }
        }
        let place = |name: &str| format!("{path}.{name}");
        Some(match *mode {
            "single" => Self::Single,
            "fallback" => Self::Fallback {
                on_status_codes: field("on_status_codes")
                    .and_then(|value| reader.statuses(value, &place("on_status_codes"))),
            },
            "loadbalance" => Self::LoadBalance {
                sticky: field("sticky").and_then(|value| Sticky::read(value, &place("sticky"), reader)),
            },
            "least_inflight" => Self::LeastInflight,
            "round_robin" => Self::RoundRobin,
            "affinity" => Self::Affinity(affinity::Settings::read(value, path, reader)?),
            _ => Self::Conditional {
                conditions: Condition::read_all(field("conditions"), &place("conditions"), reader),
                default: field("default").and_then(|value| reader.string(value, &place("default"))),
            },
        })
    }
}

impl Condition {
    fn read_all(value: Option<&Value>, path: &str, reader: &mut Reader) -> Vec<Self> {
        let Some(Value::Array(items)) =
            value.filter(|value| value.as_array().is_some_and(|list| !list.is_empty()))
        else {
            reader.problem(path, "expected a list of { query, then }");
            return Vec::new();
        };
        let read = items.iter().enumerate().filter_map(|(at, item)| {
            let place = format!("{path}[{at}]");
            for key in
                reader.object(item, &place)?.keys().filter(|key| !matches!(key.as_str(), "query" | "then"))
            {
                reader.problem(format!("{place}.{key}"), "expected one of query, then");
            }
            let query = Query::read(&item["query"], &format!("{place}.query"), reader)?;
            let then = reader.string(&item["then"], &format!("{place}.then"))?;
            Some(Self { query: Arc::new(query), then })
        });
        read.collect()
    }
}
