//! Body parameters that a config fills in, sets or takes out, in this order. What it changes it says.

use serde_json::{Map, Value};

use super::read::Reader;
use crate::body::Body;

#[derive(Clone, Default)]
pub struct Params {
    /// Set where the caller's body says nothing.
    pub defaults: Map<String, Value>,
    /// Set whatever the caller's body says.
    pub overrides: Map<String, Value>,
    /// Taken out: `seed`, `tools[*].function.strict`.
    pub drops: Option<Vec<String>>,
}

impl Params {
    pub fn read_object(value: &Value, path: &str, reader: &mut Reader) -> Map<String, Value> {
        if value.get("stream").is_some() {
            reader.problem(format!("{path}.stream"), "is for the call to say, which reads what comes back");
        }
        reader.object(value, path).cloned().unwrap_or_default()
    }

    pub fn read_drops(&mut self, value: &Value, path: &str, reader: &mut Reader) {
        self.drops = reader.strings(value, path);
    }

    /// This node's parameters over its parent's, key by key; its own list of drops in place of the parent's.
    pub fn over(self, parent: &Self) -> Self {
        let merged = |under: &Map<String, Value>, over: Map<String, Value>| {
            let mut merged = under.clone();
            merged.extend(over);
            merged
        };
        Self {
            defaults: merged(&parent.defaults, self.defaults),
            overrides: merged(&parent.overrides, self.overrides),
            drops: self.drops.or_else(|| parent.drops.clone()),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.defaults.is_empty() && self.overrides.is_empty() && self.drops.is_none()
    }

    /// The model that the parameters name.
    pub fn model(&self) -> Option<&Value> {
        self.overrides.get("model").or_else(|| self.defaults.get("model"))
    }

    /// Changes `body`, and adds a line to `changes` for each parameter.
    pub fn apply(&self, body: &mut Body<'_>, changes: &mut Vec<String>) {
        for (name, value) in &self.defaults {
            if body.get(name).is_none() {
                body.set(name, value.to_string());
                changes.push(format!("{name} was set by default_params"));
            }
        }
        for (name, value) in &self.overrides {
            body.set(name, value.to_string());
            changes.push(format!("{name} was set by override_params"));
        }
        for path in self.drops.iter().flatten() {
            if drop_path(body, path) {
                changes.push(format!("{path} was taken out by drop_params"));
            }
        }
    }
}

/// Takes out what `path` leads to; false when there is nothing.
fn drop_path(body: &mut Body<'_>, path: &str) -> bool {
    let steps: Vec<&str> = path.split(['.', '[', ']']).filter(|step| !step.is_empty()).collect();
    let Some((first, rest)) = steps.split_first() else { return false };
    let Some(raw) = body.get(first) else { return false };
    if rest.is_empty() {
        body.remove(first);
        return true;
    }
    let Ok(mut value) = serde_json::from_str::<Value>(raw) else { return false };
    let dropped = drop_below(&mut value, rest);
    if dropped {
        body.set(first, value.to_string());
    }
    dropped
}

fn drop_below(value: &mut Value, steps: &[&str]) -> bool {
    let Some((first, rest)) = steps.split_first() else { return false };
    match value {
        Value::Array(items) if *first == "*" => {
            items.iter_mut().map(|item| drop_below(item, rest)).fold(false, |any, one| any | one)
        }
        Value::Array(items) => {
            let item = first.parse::<usize>().ok().and_then(|at| items.get_mut(at));
            item.is_some_and(|item| drop_below(item, rest))
        }
        Value::Object(fields) if rest.is_empty() => fields.shift_remove(*first).is_some(),
        Value::Object(fields) => fields.get_mut(*first).is_some_and(|field| drop_below(field, rest)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn params(value: &Value) -> Params {
        let map = |name: &str| value[name].as_object().cloned().unwrap_or_default();
        let drops = value["drop"]
            .as_array()
            .map(|list| list.iter().map(|one| one.as_str().unwrap_or("").to_owned()).collect());
        Params { defaults: map("default"), overrides: map("override"), drops }
    }

    #[test]
    fn defaults_fill_overrides_set_and_drops_come_last() {
        let params = params(
            &json!({"default": {"temperature": 0.5, "max_tokens": 9}, "override": {"seed": 1}, "drop": ["tools[*].function.strict", "user", "none"]}),
        );
        let text =
            br#"{"max_tokens":3,"tools":[{"function":{"name":"f","strict":true}}],"user":"u","x":1.0}"#;
        let mut body = Body::parse(text).expect("an object");
        let mut changes = Vec::new();
        params.apply(&mut body, &mut changes);
        let wanted =
            r#"{"max_tokens":3,"tools":[{"function":{"name":"f"}}],"x":1.0,"temperature":0.5,"seed":1}"#;
        assert_eq!(body.to_bytes(), wanted.as_bytes());
        assert_eq!(changes.len(), 4, "{changes:?}");
    }

    #[test]
    fn a_child_s_parameters_lie_over_its_parent_s() {
        let parent = params(&json!({"override": {"temperature": 0.1, "stop": ["a"]}, "drop": ["user"]}));
        let merged = params(&json!({"override": {"temperature": 0.9}})).over(&parent);
        assert_eq!(Value::Object(merged.overrides), json!({"temperature": 0.9, "stop": ["a"]}));
        assert_eq!(merged.drops, Some(vec!["user".to_owned()]));
    }
}
