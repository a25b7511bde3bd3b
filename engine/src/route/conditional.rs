//! Conditional routing: queries over `metadata.*`, `params.*` and `url.pathname`, read and checked at construction.
//! A key that is missing makes every operator false, as documented. `params` is the caller's body as it was given.

use std::cell::OnceCell;
use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::body::Body;
use crate::config::Reader;
use crate::hooks::expression::{Expression, Flags};

/// A query: all of it must hold.
#[derive(Debug)]
pub enum Query {
    All(Vec<Query>),
    Any(Vec<Query>),
    Field { path: Vec<String>, test: Test },
}

#[derive(Debug)]
pub enum Test {
    Equal(Value),
    Unequal(Value),
    /// Numbers, or texts that begin like one.
    Above(f64),
    AtLeast(f64),
    Below(f64),
    AtMost(f64),
    OneOf(Vec<Value>),
    NoneOf(Vec<Value>),
    /// A text that it may not be run over, or not to its end, does not match.
    Matches(Expression),
}

const ROOTS: &str = "expected metadata.…, params.…, url.pathname, $and or $or";

impl Query {
    pub fn read(value: &Value, path: &str, reader: &mut Reader) -> Option<Self> {
        let object = reader.object(value, path)?;
        let mut parts = Vec::with_capacity(object.len());
        for (key, value) in object {
            let place = format!("{path}.{key}");
            match key.as_str() {
                "$and" => parts.extend(Self::read_list(value, &place, reader).map(Self::All)),
                "$or" => parts.extend(Self::read_list(value, &place, reader).map(Self::Any)),
                _ => parts.extend(Self::read_field(key, value, &place, reader)),
            }
        }
        Some(Self::All(parts))
    }

    fn read_list(value: &Value, path: &str, reader: &mut Reader) -> Option<Vec<Self>> {
        let Value::Array(items) = value else {
            reader.problem(path, "expected a list of queries");
            return None;
        };
        let read = items.iter().enumerate();
        Some(read.filter_map(|(at, item)| Self::read(item, &format!("{path}[{at}]"), reader)).collect())
    }

    fn read_field(key: &str, value: &Value, place: &str, reader: &mut Reader) -> Vec<Self> {
        let path: Vec<String> = key.split('.').map(str::to_owned).collect();
        let known =
            matches!(path[0].as_str(), "metadata" | "params") && path.len() > 1 || key == "url.pathname";
        if !known {
            reader.problem(place, ROOTS);
            return Vec::new();
        }
        let tests = match value {
            Value::Object(operators) => Test::read_all(operators, place, reader),
            Value::Array(_) => {
                reader.problem(place, "expected a value or operators; a list goes into $in");
                Vec::new()
            }
            literal => vec![Test::Equal(literal.clone())],
        };
        tests.into_iter().map(|test| Self::Field { path: path.clone(), test }).collect()
    }

    /// Whether it holds for a call.
    pub fn holds(&self, facts: &Facts<'_>) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(|part| part.holds(facts)),
            Self::Any(parts) => parts.iter().any(|part| part.holds(facts)),
            Self::Field { path, test } => facts.find(path).is_some_and(|value| test.holds(&value)),
        }
    }
}

/// What queries look at. The body is read only where one asks for it, and no more of it than is asked for.
pub struct Facts<'c> {
    metadata: &'c BTreeMap<String, String>,
    body: &'c [u8],
    pathname: String,
    params: OnceCell<Option<Body<'c>>>,
}

impl<'c> Facts<'c> {
    pub fn new(metadata: &'c BTreeMap<String, String>, body: &'c [u8], pathname: String) -> Self {
        Self { metadata, body, pathname, params: OnceCell::new() }
    }

    fn find(&self, path: &[String]) -> Option<Value> {
        match path[0].as_str() {
            "metadata" => self.metadata.get(&path[1..].join(".")).map(|value| Value::from(value.as_str())),
            "params" => {
                let params = self.params.get_or_init(|| Body::parse(self.body).ok()).as_ref()?;
                let value: Value = serde_json::from_str(params.get(&path[1])?).ok()?;
                find(&value, &path[2..]).cloned()
            }
            _ => Some(Value::from(self.pathname.as_str())),
        }
    }
}

/// Follows a path; a number is a place in a list.
pub(super) fn find<'f>(facts: &'f Value, path: &[String]) -> Option<&'f Value> {
    path.iter().try_fold(facts, |value, step| match value {
        Value::Array(items) => items.get(step.parse::<usize>().ok()?),
        _ => value.get(step),
    })
}

impl Test {
    fn read_all(operators: &Map<String, Value>, path: &str, reader: &mut Reader) -> Vec<Self> {
        let read = operators.iter().filter_map(|(operator, value)| {
            let place = format!("{path}.{operator}");
            let test = Self::read(operator, value);
            if let Err(expected) = &test {
                reader.problem(place, expected.clone());
            }
            test.ok()
        });
        read.collect()
    }

    fn read(operator: &str, value: &Value) -> Result<Self, String> {
        let number = || to_number(value).ok_or_else(|| "expected a number".to_owned());
        let list = || value.as_array().cloned().ok_or_else(|| "expected a list".to_owned());
        Ok(match operator {
            "$eq" => Self::Equal(value.clone()),
            "$ne" => Self::Unequal(value.clone()),
            "$gt" => Self::Above(number()?),
            "$gte" => Self::AtLeast(number()?),
            "$lt" => Self::Below(number()?),
            "$lte" => Self::AtMost(number()?),
            "$in" => Self::OneOf(list()?),
            "$nin" => Self::NoneOf(list()?),
            "$regex" => {
                let pattern = value.as_str().ok_or("expected a regular expression, a string")?;
                let compiled = Expression::new(pattern, Flags::default());
                Self::Matches(compiled.map_err(|why| format!("is no regular expression ({why})"))?)
            }
            _ => return Err("expected one of $eq, $ne, $gt, $gte, $lt, $lte, $in, $nin, $regex".to_owned()),
        })
    }

    fn holds(&self, value: &Value) -> bool {
        let compared =
            |holds: fn(f64, f64) -> bool, bound: f64| to_number(value).is_some_and(|n| holds(n, bound));
        match self {
            Self::Equal(wanted) => same(value, wanted),
            Self::Unequal(other) => !same(value, other),
            Self::Above(bound) => compared(|number, bound| number > bound, *bound),
            Self::AtLeast(bound) => compared(|number, bound| number >= bound, *bound),
            Self::Below(bound) => compared(|number, bound| number < bound, *bound),
            Self::AtMost(bound) => compared(|number, bound| number <= bound, *bound),
            Self::OneOf(list) => list.iter().any(|one| same(value, one)),
            Self::NoneOf(list) => !list.iter().any(|one| same(value, one)),
            Self::Matches(pattern) => {
                value.as_str().is_some_and(|text| matches!(pattern.find(text), Ok(Some(_))))
            }
        }
    }
}

#[expect(clippy::float_cmp, reason = "a query asks for the very number")]
/// Equal in kind and value; 1 and 1.0 are the same number, as in JavaScript.
fn same(one: &Value, other: &Value) -> bool {
    match (one.as_f64(), other.as_f64()) {
        (Some(one), Some(other)) => one == other,
        _ => one == other,
    }
}

/// A number, or the number that a text begins with, as JavaScript's `parseFloat` reads it.
fn to_number(value: &Value) -> Option<f64> {
    let Value::String(text) = value else { return value.as_f64() };
    let text = text.trim_start();
    let digits =
        text.find(|c: char| !matches!(c, '0'..='9' | '.' | '-' | '+' | 'e' | 'E')).unwrap_or(text.len());
    (1..=digits).rev().find_map(|end| text[..end].parse().ok())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn holds(query: &Value, facts: &Value) -> bool {
        let mut reader = Reader::default();
        let query = Query::read(query, "query", &mut reader).expect("an object");
        reader.done(()).unwrap_or_else(|problems| panic!("{problems:?}"));
        let metadata = facts["metadata"].as_object().expect("an object").iter();
        let metadata =
            metadata.map(|(key, value)| (key.clone(), value.as_str().unwrap_or("").to_owned())).collect();
        let body = facts["params"].to_string();
        let pathname = facts["url"]["pathname"].as_str().unwrap_or("").to_owned();
        query.holds(&Facts::new(&metadata, body.as_bytes(), pathname))
    }

    #[test]
    fn every_operator_reads_what_the_caller_gave() {
        let facts = json!({
            "metadata": {"plan": "paid", "age": "21", "a": "1", "b": "2"},
            "params": {"model": "m", "max_tokens": 10, "temperature": 0.7, "user": null, "messages": [{"role": "user"}]},
            "url": {"pathname": "/v1/chat/completions"},
        });
        let cases = [
            (json!({}), true),
            (json!({"metadata.plan": "paid"}), true),
            (json!({"metadata.plan": {"$ne": "paid"}}), false),
            (json!({"params.max_tokens": {"$eq": "10"}}), false),
            (json!({"params.max_tokens": 10.0}), true),
            (json!({"metadata.age": {"$gt": 18}}), true),
            (json!({"metadata.plan": {"$gt": 18}}), false),
            (json!({"params.temperature": {"$gt": 0.5, "$lte": 0.6}}), false),
            (json!({"params.model": {"$in": ["x", "m"]}}), true),
            (json!({"params.model": {"$nin": ["x", "m"]}}), false),
            (json!({"params.model": {"$regex": "^m$"}}), true),
            (json!({"params.user": {"$eq": null}}), true),
            (json!({"params.messages.0.role": "user"}), true),
            (json!({"url.pathname": "/v1/chat/completions"}), true),
            (json!({"metadata.zzz": {"$regex": "undef"}}), false),
            (json!({"metadata.zzz": {"$eq": null}}), false),
            (json!({"metadata.zzz": {"$ne": "x"}}), false),
            (json!({"metadata.zzz": {"$nin": ["x"]}}), false),
            (json!({"params.zzz": {"$ne": "x"}}), false),
            (json!({"$and": []}), true),
            (json!({"$or": []}), false),
            (json!({"$or": [{"metadata.a": "9"}, {"metadata.b": "2"}], "metadata.plan": "free"}), false),
            (json!({"$and": [{"metadata.a": "1"}, {"$or": [{"metadata.b": "2"}]}]}), true),
        ];
        for (query, wanted) in cases {
            assert_eq!(holds(&query, &facts), wanted, "{query}");
        }
    }

    #[test]
    fn what_cannot_be_asked_is_a_problem_with_its_path() {
        let cases = [
            (json!({"metadata.a": {"$foo": 1}}), "query.metadata.a.$foo"),
            (json!({"metadata.a": ["1"]}), "query.metadata.a"),
            (json!({"metadata.a": {"$in": "m"}}), "query.metadata.a.$in"),
            (json!({"metadata.a": {"$regex": "("}}), "query.metadata.a.$regex"),
            (json!({"metadata.a": {"$gt": "many"}}), "query.metadata.a.$gt"),
            (json!({"headers.a": "1"}), "query.headers.a"),
            (json!({"$or": {"metadata.a": "1"}}), "query.$or"),
            (json!({"$and": [{"url.host": "h"}]}), "query.$and[0].url.host"),
        ];
        for (query, path) in cases {
            let mut reader = Reader::default();
            drop(Query::read(&query, "query", &mut reader));
            let problems = reader.done(()).expect_err("a problem");
            assert_eq!(problems[0].path, path, "{query}");
        }
    }
}
