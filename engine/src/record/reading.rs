//! What the console and the terminal read of a database of records: lists, single records and figures over time, as JSON.

use std::path::Path;

use rusqlite::types::Value as Cell;
use rusqlite::{Connection, OptionalExtension, params_from_iter};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::database;
use super::unfolding::unfold;

/// Which calls are asked for. What is not given does not matter.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Filter {
    /// Milliseconds since 1970: begun at or after, and before.
    pub from: Option<f64>,
    pub until: Option<f64>,
    pub model: Option<String>,
    pub provider: Option<String>,
    pub target: Option<String>,
    pub outcome: Option<String>,
    pub status: Option<i64>,
    pub trace: Option<String>,
    /// `key` and `value` of the metadata.
    pub metadata: Map<String, Value>,
    /// At most so many, 100 when left out.
    pub limit: Option<i64>,
}

pub struct Reading(Connection);

/// More rows than this are not handed out at once.
const MOST: i64 = 1_000;

/// A figure over time has at most so many points.
const MOST_POINTS: f64 = 500.0;

impl Reading {
    /// Opens a database that is there.
    pub fn open(path: &Path) -> Result<Self, String> {
        if !path.is_file() {
            return Err("is not there: a client with the option logs makes it".to_owned());
        }
        database::open(path).map(Self)
    }

    /// The latest calls first: `[{ id, began, …, attempts, feedback }]`, without contents.
    pub fn list(&self, filter: &Filter) -> Result<Value, String> {
        self.settle()?;
        let (wheres, mut values) = filter.conditions();
        values.push(Cell::from(filter.limit.unwrap_or(100).clamp(1, MOST)));
        let query = format!(
            "SELECT id, began, trace, endpoint, provider, target, model, outcome, status, stream, total, first_token, \
             input, output, cost, record ->> '$.cache', record -> '$.metadata', record ->> '$.code', \
             record -> '$.attempts', \
             (SELECT sum(value * coalesce(weight, 1)) / sum(coalesce(weight, 1)) FROM feedback WHERE feedback.trace = calls.trace) \
             FROM calls {wheres} ORDER BY began DESC, id LIMIT ?"
        );
        let names = [
            "id",
            "began",
            "traceId",
            "endpoint",
            "provider",
            "target",
            "model",
            "outcome",
            "status",
            "stream",
            "total",
            "firstToken",
            "input",
            "output",
            "cost",
            "cache",
            "metadata",
            "code",
            "attempts",
            "feedback",
        ];
        self.rows(&query, values, &names)
    }

    /// One call's whole record, with the feedback of its trace; `null` where there is none.
    pub fn one(&self, id: &str) -> Result<Value, String> {
        // An id begins with the millisecond in which its call did, by which calls are found.
        let Some(began) = id.get(..12).and_then(|digits| u64::from_str_radix(digits, 16).ok()) else {
            return Ok(Value::Null);
        };
        self.settle()?;
        let query = "SELECT record FROM calls WHERE began >= ?2 AND began < ?2 + 1 AND id = ?1";
        let found = self
            .0
            .query_row(query, (id, began as f64), |row| row.get::<_, String>(0))
            .optional()
            .map_err(|why| told(&why))?;
        let Some(mut record) = found.and_then(|text| serde_json::from_str::<Value>(&text).ok()) else {
            return Ok(Value::Null);
        };
        let trace = record["traceId"].as_str().unwrap_or_default().to_owned();
        let feedback = "SELECT id, at, value, weight, metadata FROM feedback WHERE trace = ? ORDER BY at";
        record["feedback"] =
            self.rows(feedback, vec![Cell::from(trace)], &["id", "at", "value", "weight", "metadata"])?;
        Ok(record)
    }

    /// Figures over time: `[{ at, calls, errors, input, output, cost, p50, p95, p99 }]`, one for each `step` milliseconds
    /// in which there were calls.
    pub fn figures(&self, filter: &Filter, step: f64) -> Result<Value, String> {
        let span = filter.until.unwrap_or(f64::MAX) - filter.from.unwrap_or(0.0);
        if !(step >= 1.0 && span / step <= MOST_POINTS) {
            return Err(format!(
                "step: expected milliseconds that cut the time asked for into at most {MOST_POINTS}"
            ));
        }
        self.settle()?;
        let (wheres, mut values) = filter.conditions();
        values.insert(0, Cell::from(step));
        // Ranks are of those below: the slowest of equals, or of one, have none that is high.
        let query = format!(
            "WITH ranked AS (SELECT CAST(began / ?1 AS INTEGER) AS slot, *, \
               percent_rank() OVER (PARTITION BY CAST(began / ?1 AS INTEGER) ORDER BY total) AS rank FROM calls {wheres}) \
             SELECT slot * ?1, count(*), sum(outcome = 'error'), sum(input), sum(output), sum(cost), \
               coalesce(min(CASE WHEN rank >= 0.5 THEN total END), max(total)), \
               coalesce(min(CASE WHEN rank >= 0.95 THEN total END), max(total)), \
               coalesce(min(CASE WHEN rank >= 0.99 THEN total END), max(total)), avg(first_token) \
             FROM ranked GROUP BY slot ORDER BY slot"
        );
        let names = ["at", "calls", "errors", "input", "output", "cost", "p50", "p95", "p99", "firstToken"];
        self.rows(&query, values, &names)
    }

    /// How targets fared when each process wrote it last: `[{ process, at, state }]`, the latest first.
    pub fn targets(&self) -> Result<Value, String> {
        let query = "SELECT process, at, state FROM targets ORDER BY at DESC LIMIT 100";
        self.rows(query, Vec::new(), &["process", "at", "state"])
    }

    /// The values that calls have, to choose from: `{ models, providers, targets, metadata: { key: [value] } }`.
    pub fn choices(&self) -> Result<Value, String> {
        self.settle()?;
        let list = |column: &str| -> Result<Vec<Value>, String> {
            let query = format!(
                "SELECT DISTINCT {column} FROM calls WHERE {column} IS NOT NULL ORDER BY 1 LIMIT 200"
            );
            let rows = self.rows(&query, Vec::new(), &["value"])?;
            Ok(rows.as_array().into_iter().flatten().map(|row| row["value"].clone()).collect())
        };
        let pairs = "SELECT DISTINCT key, value FROM (SELECT record FROM calls ORDER BY began DESC LIMIT 1000), \
                     json_each(record, '$.metadata') ORDER BY 1, 2 LIMIT 1000";
        let mut metadata: Map<String, Value> = Map::new();
        for row in self.rows(pairs, Vec::new(), &["key", "value"])?.as_array().into_iter().flatten() {
            let known = metadata.entry(row["key"].as_str().unwrap_or_default()).or_insert_with(|| json!([]));
            known.as_array_mut().expect("it was made as a list").push(row["value"].clone());
        }
        Ok(json!({
            "models": list("model")?,
            "providers": list("provider")?,
            "targets": list("target")?,
            "metadata": metadata,
        }))
    }

    /// Has what was written since the last question among what is asked.
    fn settle(&self) -> Result<(), String> {
        unfold(&self.0).map_err(|why| told(&why))
    }

    fn rows(&self, query: &str, values: Vec<Cell>, names: &[&str]) -> Result<Value, String> {
        let mut statement = self.0.prepare_cached(query).map_err(|why| told(&why))?;
        let mut rows = statement.query(params_from_iter(values)).map_err(|why| told(&why))?;
        let mut all = Vec::new();
        while let Some(row) = rows.next().map_err(|why| told(&why))? {
            let mut object = Map::with_capacity(names.len());
            for (at, name) in names.iter().enumerate() {
                let cell: Cell = row.get(at).map_err(|why| told(&why))?;
                object.insert((*name).to_owned(), in_json(name, cell));
            }
            all.push(Value::Object(object));
        }
        Ok(Value::Array(all))
    }
}

impl Filter {
    fn conditions(&self) -> (String, Vec<Cell>) {
        let mut wheres = Vec::new();
        let mut values = Vec::new();
        let mut add = |condition: &str, value: Option<Cell>| {
            if let Some(value) = value {
                wheres.push(condition.to_owned());
                values.push(value);
            }
        };
        add("began >= ?", self.from.map(Cell::from));
        add("began < ?", self.until.map(Cell::from));
        add("model = ?", self.model.clone().map(Cell::from));
        add("provider = ?", self.provider.clone().map(Cell::from));
        add("target = ?", self.target.clone().map(Cell::from));
        add("outcome = ?", self.outcome.clone().map(Cell::from));
        add("status = ?", self.status.map(Cell::from));
        add("trace = ?", self.trace.clone().map(Cell::from));
        for (key, value) in &self.metadata {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            add(
                "EXISTS (SELECT 1 FROM json_each(record, '$.metadata') WHERE key || char(0) || value = ?)",
                Some(Cell::from(format!("{key}\0{text}"))),
            );
        }
        let wheres =
            if wheres.is_empty() { String::new() } else { format!("WHERE {}", wheres.join(" AND ")) };
        (wheres, values)
    }
}

/// Texts that are JSON become values, and SQLite's booleans true and false.
fn in_json(name: &str, cell: Cell) -> Value {
    match cell {
        Cell::Null | Cell::Blob(_) => Value::Null,
        Cell::Integer(number) if name == "stream" => Value::Bool(number != 0),
        Cell::Integer(number) => number.into(),
        Cell::Real(number) => number.into(),
        Cell::Text(text) if matches!(name, "metadata" | "attempts" | "state") => {
            serde_json::from_str(&text).unwrap_or(Value::Null)
        }
        Cell::Text(text) => text.into(),
    }
}

fn told(why: &rusqlite::Error) -> String {
    format!("can't be read ({why})")
}
