//! Hooks as a config writes them: guardrails in short, hooks in full, mutators. Every problem is told, with its path; a
//! key of a hook may be written either way, and nothing below `parameters` is touched.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::check::{Check, Writes};
use super::checks::{self, Written};
use super::{Feedback, Hook, HookKind, Phase};
use crate::config::{Reader, Spelling, nearest};
use crate::headers::fold;

/// The keys of a hook in full. One in short has all of them but `checks`; its other keys are checks.
const KEYS: &[&str] = &["type", "id", "deny", "async", "sequential", "checks", "on_fail", "on_success"];

/// Keys beside the parameters of a check in short, and of one in full.
const BESIDE_PARAMETERS: &[&str] = &["id", "is_enabled", "isEnabled"];

/// Reads `input_guardrails` (before) or `output_guardrails` (after): a list of hooks in short.
pub fn read_guardrails(value: &Value, path: &str, phase: Phase, reader: &mut Reader) -> Vec<Hook> {
    let names = ["input_guardrail", "output_guardrail"];
    read_list(value, path, reader, |hook, place, at, reader| {
        let id = format!("{}_{at}", name_of(names, phase));
        Draft::read(hook, place, Form::Short(HookKind::Guardrail), phase, reader)?.finish(id, place, reader)
    })
}

/// Reads `input_mutators` or `output_mutators`: a list of hooks in short.
pub fn read_mutators(value: &Value, path: &str, phase: Phase, reader: &mut Reader) -> Vec<Hook> {
    let names = ["input_mutator", "output_mutator"];
    read_list(value, path, reader, |hook, place, at, reader| {
        let id = format!("{}_{at}", name_of(names, phase));
        Draft::read(hook, place, Form::Short(HookKind::Mutator), phase, reader)?.finish(id, place, reader)
    })
}

/// Reads `before_request_hooks` or `after_request_hooks`: a list of hooks in full.
pub fn read_hooks(value: &Value, path: &str, phase: Phase, reader: &mut Reader) -> Vec<Hook> {
    let names = ["before_request_hook", "after_request_hook"];
    read_list(value, path, reader, |hook, place, at, reader| {
        let id = format!("{}_{at}", name_of(names, phase));
        Draft::read(hook, place, Form::Full, phase, reader)?.finish(id, place, reader)
    })
}

fn name_of(names: [&'static str; 2], phase: Phase) -> &'static str {
    match phase {
        Phase::Before => names[0],
        Phase::After => names[1],
    }
}

fn read_list(
    value: &Value,
    path: &str,
    reader: &mut Reader,
    mut read: impl FnMut(&Map<String, Value>, &str, usize, &mut Reader) -> Option<Hook>,
) -> Vec<Hook> {
    let Value::Array(items) = value else {
        reader.problem(path, "expected a list of objects");
        return Vec::new();
    };
    let mut hooks = Vec::with_capacity(items.len());
    for (at, item) in items.iter().enumerate() {
        let place = format!("{path}[{at}]");
        if item.is_string() {
            reader.problem(place, "names what is saved on the hosted platform, which this version does not reach; write its checks here");
        } else if let Some(object) = reader.object(item, &place) {
            let hook = read(object, &place, at + 1, reader);
            hooks.extend(hook.map(|hook| Hook { written: item.to_string().into(), ..hook }));
        }
    }
    hooks
}

#[derive(Clone, Copy, PartialEq)]
enum Form {
    Short(HookKind),
    Full,
}

/// A hook while it is read.
struct Draft {
    kind: Option<HookKind>,
    /// Whether its type is written, be it a wrong one.
    typed: bool,
    id: Option<String>,
    deny: bool,
    asynchronous: bool,
    sequential: Option<bool>,
    /// How many checks are written, of which those that are turned off aren't read.
    written: usize,
    checks: Vec<Check>,
    on_fail: Option<Arc<Feedback>>,
    on_success: Option<Arc<Feedback>>,
}

impl Draft {
    fn read(
        object: &Map<String, Value>,
        path: &str,
        form: Form,
        phase: Phase,
        reader: &mut Reader,
    ) -> Option<Self> {
        let mut draft = Self {
            kind: if let Form::Short(kind) = form { Some(kind) } else { None },
            typed: false,
            id: None,
            deny: false,
            asynchronous: false,
            sequential: None,
            written: 0,
            checks: Vec::new(),
            on_fail: None,
            on_success: None,
        };
        let mut spelling = Spelling::default();
        for (key, value) in object.iter().filter(|(_, value)| !value.is_null()) {
            let place = format!("{path}.{key}");
            let known = KEYS.iter().any(|known| fold(known) == fold(key));
            if let Some(other) = spelling.twice(key).filter(|_| known) {
                reader.problem(place, format!("is given twice, as {other} too"));
            } else if !draft.read_key(key, value, &place, form, phase, reader) {
                match form {
                    Form::Short(_) => draft.read_short(key, value, &place, phase, reader),
                    Form::Full => reader.problem(place, unknown_key(key)),
                }
            }
        }
        if draft.written == 0 {
            reader.problem(path, "has no check");
            return None;
        }
        if draft.kind.is_none() && !draft.typed {
            reader.problem(format!("{path}.type"), "is missing; expected guardrail or mutator");
        }
        Some(draft)
    }

    /// Reads a key of the hook itself; false when it is none.
    fn read_key(
        &mut self,
        key: &str,
        value: &Value,
        path: &str,
        form: Form,
        phase: Phase,
        reader: &mut Reader,
    ) -> bool {
        match fold(key).as_str() {
            "id" => self.id = reader.string(value, path),
            "type" => self.read_type(value, path, form, reader),
            "deny" => self.deny = reader.boolean(value, path).unwrap_or(false),
            "async" => self.asynchronous = reader.boolean(value, path).unwrap_or(false),
            "sequential" => self.sequential = reader.boolean(value, path),
            "onfail" => self.on_fail = Feedback::read(value, path, reader),
            "onsuccess" => self.on_success = Feedback::read(value, path, reader),
            "guardrailversionid" => {
                reader.problem(path, "names a version saved on the hosted platform; it acts on nothing here");
            }
            "checks" if form == Form::Full => self.read_full(value, path, phase, reader),
            _ => return false,
        }
        true
    }

    fn read_type(&mut self, value: &Value, path: &str, form: Form, reader: &mut Reader) {
        self.typed = true;
        let kind = match value.as_str() {
            Some("guardrail") => HookKind::Guardrail,
            Some("mutator") => HookKind::Mutator,
            _ => return reader.problem(path, "expected guardrail or mutator"),
        };
        match form {
            Form::Short(own) if own != kind => {
                reader.problem(path, format!("expected {}, as this list holds", own.name()));
            }
            _ => self.kind = Some(kind),
        }
    }

    /// A check in short: its name is the key, or an `id` among its parameters.
    fn read_short(&mut self, key: &str, value: &Value, path: &str, phase: Phase, reader: &mut Reader) {
        self.written += 1;
        let Some(parameters) = reader.object(value, path) else { return };
        if !is_enabled(parameters, path, reader) {
            return;
        }
        let name = parameters.get("id").map(|id| reader.string(id, &format!("{path}.id")));
        let name = match name {
            Some(None) => return,
            Some(Some(name)) => name,
            None => key.to_owned(),
        };
        let written = Written {
            name: &name,
            parameters,
            path: path.to_owned(),
            parameters_path: path.to_owned(),
            apart: BESIDE_PARAMETERS,
        };
        self.checks.extend(checks::read(written, phase, reader));
    }

    fn read_full(&mut self, value: &Value, path: &str, phase: Phase, reader: &mut Reader) {
        let Value::Array(items) = value else {
            self.written += 1;
            return reader.problem(path, "expected a list of { id, parameters }");
        };
        for (at, item) in items.iter().enumerate() {
            self.written += 1;
            let place = format!("{path}[{at}]");
            let Some(check) = reader.object(item, &place) else { continue };
            if is_enabled(check, &place, reader) {
                self.checks.extend(read_one(check, &place, phase, reader));
            }
        }
    }

    fn finish(self, default_id: String, path: &str, reader: &mut Reader) -> Option<Hook> {
        let kind = self.kind?;
        if kind == HookKind::Mutator {
            if self.asynchronous {
                reader.problem(
                    format!("{path}.async"),
                    "a mutator changes what is sent, so nothing can go on beside it",
                );
            }
            if self.sequential == Some(false) {
                reader
                    .problem(format!("{path}.sequential"), "a mutator's checks always run one after another");
            }
        }
        let writes = |check: &&Check| check.rule.writes() != Writes::Nothing;
        if let Some(check) = self.checks.iter().find(writes).filter(|_| self.asynchronous) {
            reader.problem(
                format!("{path}.async"),
                format!("an async hook changes nothing, and {} does", check.id),
            );
        }
        Some(Hook {
            id: self.id.unwrap_or(default_id).into(),
            kind,
            deny: self.deny,
            asynchronous: self.asynchronous,
            sequential: self.sequential.unwrap_or(false) || kind == HookKind::Mutator,
            checks: self.checks.into(),
            on_fail: self.on_fail,
            on_success: self.on_success,
            written: "".into(),
        })
    }
}

/// A check in full: `{ id, parameters, is_enabled }`.
fn read_one(check: &Map<String, Value>, path: &str, phase: Phase, reader: &mut Reader) -> Option<Check> {
    let none = Map::new();
    let (mut name, mut parameters) = (None, None);
    for (key, value) in check.iter().filter(|(_, value)| !value.is_null()) {
        let place = format!("{path}.{key}");
        match fold(key).as_str() {
            "id" => name = reader.string(value, &place),
            "parameters" => parameters = Some(reader.object(value, &place)?),
            "isenabled" => {}
            _ => reader.problem(place, "expected one of id, parameters, is_enabled"),
        }
    }
    let Some(name) = name else {
        if check.get("id").is_none_or(Value::is_null) {
            reader.problem(
                format!("{path}.id"),
                "is missing; expected a check's name, such as default.contains",
            );
        }
        return None;
    };
    let written = Written {
        name: &name,
        parameters: parameters.unwrap_or(&none),
        path: format!("{path}.id"),
        parameters_path: format!("{path}.parameters"),
        apart: &[],
    };
    checks::read(written, phase, reader)
}

/// Whether a check is turned on. One that is turned off isn't looked at any further.
fn is_enabled(check: &Map<String, Value>, path: &str, reader: &mut Reader) -> bool {
    let flag = check.iter().find(|(key, value)| fold(key) == "isenabled" && !value.is_null());
    flag.and_then(|(key, value)| reader.boolean(value, &format!("{path}.{key}"))).unwrap_or(true)
}

fn unknown_key(key: &str) -> String {
    match nearest(key, KEYS.iter().copied()) {
        Some(near) => format!("is no key of a hook; did you mean {near}?"),
        None => format!("is no key of a hook; expected one of {}", KEYS.join(", ")),
    }
}

impl Feedback {
    /// Reads `{ feedback: { value, weight, metadata } }`.
    fn read(value: &Value, path: &str, reader: &mut Reader) -> Option<Arc<Self>> {
        let outer = reader.object(value, path)?;
        for key in outer.keys().filter(|key| *key != "feedback") {
            reader.problem(format!("{path}.{key}"), "expected { feedback: { value, weight, metadata } }");
        }
        let place = format!("{path}.feedback");
        let Some(inner) = outer.get("feedback") else {
            reader.problem(place, "is missing; expected { value, weight, metadata }");
            return None;
        };
        let mut feedback = Self { value: None, weight: None, metadata: Map::new() };
        for (key, value) in reader.object(inner, &place)? {
            let place = format!("{place}.{key}");
            match (key.as_str(), value) {
                ("value", Value::Number(_)) => feedback.value = Some(value.clone()),
                ("weight", Value::Number(_)) => feedback.weight = Some(value.clone()),
                ("metadata", Value::Object(metadata)) => feedback.metadata.clone_from(metadata),
                ("value" | "weight", _) => reader.problem(place, "expected a number"),
                ("metadata", _) => reader.problem(place, "expected an object"),
                _ => reader.problem(place, "expected one of value, weight, metadata"),
            }
        }
        Some(Arc::new(feedback))
    }
}
