//! Records in an SQLite database: the store behind the console. Written in batches by one thread; several processes may
//! share a file on a local disk (WAL). Old records go by age and by size.

use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use rusqlite::{Connection, TransactionBehavior, params};

use super::file::make_folder;
use super::packed::Packed;
use super::worker::{Batch, Writer};
use super::{Fare, Watch};
use crate::clock::{Clock, Instant, SystemClock, new_id};
use crate::error::Problem;
use crate::observe::milliseconds;

/// Which file, and how much it keeps.
#[derive(Clone, Debug, PartialEq)]
pub struct Retention {
    pub path: PathBuf,
    pub longest_age: Duration,
    pub most_bytes: u64,
}

/// What makes the tables, one step for each form that they have had; a file of a later form is left alone.
const FORMS: [&str; 5] = [FIRST, SECOND, THIRD, FOURTH, FIFTH];
const VERSION: i64 = FORMS.len() as i64;

const FIRST: &str = "
    CREATE TABLE calls (
        id TEXT PRIMARY KEY, began REAL NOT NULL, trace TEXT NOT NULL, endpoint TEXT NOT NULL, provider TEXT NOT NULL,
        target TEXT NOT NULL, model TEXT, outcome TEXT NOT NULL, status INTEGER, stream INTEGER NOT NULL, total REAL NOT NULL,
        first_token REAL, input INTEGER, output INTEGER, cost REAL, record TEXT NOT NULL
    ) WITHOUT ROWID;
    CREATE INDEX calls_began ON calls (began);
    CREATE INDEX calls_trace ON calls (trace);
    CREATE TABLE feedback (trace TEXT NOT NULL, at REAL NOT NULL, value REAL, weight REAL, metadata TEXT);
    CREATE INDEX feedback_trace ON feedback (trace);";

/// Feedback that can be changed, and how each process found its targets last.
const SECOND: &str = "
    ALTER TABLE feedback ADD COLUMN id TEXT;
    CREATE UNIQUE INDEX feedback_id ON feedback (id);
    CREATE TABLE targets (process TEXT PRIMARY KEY, at REAL NOT NULL, state TEXT NOT NULL) WITHOUT ROWID;";

/// Calls in the order in which they come, in pages that hold whole records: a row of a table that is an index (without
/// rowid) has a page of its own for all above a kilobyte, which cost more than all the rest.
const THIRD: &str = "
    ALTER TABLE calls RENAME TO former;
    CREATE TABLE calls (
        id TEXT NOT NULL, began REAL NOT NULL, trace TEXT NOT NULL, endpoint TEXT NOT NULL, provider TEXT NOT NULL,
        target TEXT NOT NULL, model TEXT, outcome TEXT NOT NULL, status INTEGER, stream INTEGER NOT NULL, total REAL NOT NULL,
        first_token REAL, input INTEGER, output INTEGER, cost REAL, record TEXT NOT NULL
    );
    INSERT INTO calls SELECT * FROM former ORDER BY began;
    DROP TABLE former;
    CREATE INDEX calls_began ON calls (began);
    CREATE INDEX calls_trace ON calls (trace);";

/// Calls as they are written: batches of lines of JSON. A row for each, with its indexes, cost more than all else of a record, so
/// that those are made by who reads them first (`unfold`).
const FOURTH: &str = "CREATE TABLE blocks (latest REAL NOT NULL, lines BLOB NOT NULL);";

/// Batches of packed records; those of lines become rows.
const FIFTH: &str = "
    INSERT INTO calls SELECT
        value ->> 'id', value ->> 'began', value ->> 'traceId', value ->> 'endpoint', value ->> 'provider',
        value ->> 'target', value ->> 'model', value ->> 'outcome', value ->> 'status', value ->> 'stream',
        value ->> '$.ms.total', value ->> '$.ms.firstToken', value ->> '$.usage.input', value ->> '$.usage.output',
        value ->> 'cost', value
    FROM blocks, json_each('[' || replace(trim(CAST(lines AS TEXT), char(10)), char(10), ',') || ']');
    DELETE FROM blocks;
    ALTER TABLE blocks RENAME COLUMN lines TO records;";

/// How long another process's writing is waited for.
const BUSY: Duration = Duration::from_secs(5);

/// A page's length in a database that is made here. Larger ones than SQLite's own are fewer to write, twice each.
const PAGE: i64 = 16_384;

/// So many pages are written before they are put to their places in the file.
const CHECKPOINT: i64 = 1_000;

/// So many records are written between two looks at what has grown old.
const SWEEP: u64 = 1_000;

/// Opens the database, and makes its tables where they are not there yet.
pub fn open(path: &Path) -> Result<Connection, String> {
    make_folder(path).map_err(|why| format!("its folder can't be made ({why})"))?;
    let told = |why: rusqlite::Error| format!("can't be opened as a database ({why})");
    let mut connection = Connection::open(path).map_err(told)?;
    connection.busy_timeout(BUSY).map_err(told)?;
    if version(&connection).map_err(told)? != VERSION {
        // What is freed is given back; that, and the length of pages, can be said only before there are tables.
        connection.pragma_update(None, "page_size", PAGE).map_err(told)?;
        connection.pragma_update(None, "auto_vacuum", "INCREMENTAL").map_err(told)?;
        // Two processes may come here at once: the one that waited finds the tables made.
        let transaction =
            connection.transaction_with_behavior(TransactionBehavior::Exclusive).map_err(told)?;
        let found = version(&transaction).map_err(told)?;
        let Some(steps) = usize::try_from(found).ok().and_then(|found| FORMS.get(found..)) else {
            return Err(format!(
                "was made by a later version of this package (form {found}, known is {VERSION})"
            ));
        };
        for step in steps {
            transaction.execute_batch(step).map_err(told)?;
        }
        transaction.pragma_update(None, "user_version", VERSION).map_err(told)?;
        transaction.commit().map_err(told)?;
    }
    connection.pragma_update(None, "journal_mode", "WAL").map_err(told)?;
    connection.pragma_update(None, "synchronous", "NORMAL").map_err(told)?;
    connection.pragma_update(None, "wal_autocheckpoint", CHECKPOINT).map_err(told)?;
    Ok(connection)
}

fn version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.query_row("PRAGMA user_version", [], |row| row.get(0))
}

pub struct Database {
    connection: Connection,
    retention: Retention,
    since_sweep: u64,
    /// Tells how the client's targets fare.
    watch: Watch,
    /// This client's name among all that write how their targets fare, and when it did so last.
    process: String,
    watched: Option<Instant>,
}

/// How targets fare is written at most this often.
const WATCHED: Duration = Duration::from_secs(2);

/// What a process wrote that has ended is kept so long.
const LONGEST_SILENCE: Duration = Duration::from_secs(24 * 60 * 60);

impl Database {
    /// The error says why the file can't be used.
    pub fn open(retention: &Retention, watch: Watch) -> Result<Self, Problem> {
        let connection = open(&retention.path)
            .map_err(|why| Problem { path: "logs.database".to_owned(), message: why })?;
        let process = format!("{} {}", std::process::id(), &new_id()[..8]);
        Ok(Self {
            connection,
            retention: retention.clone(),
            since_sweep: SWEEP,
            watch,
            process,
            watched: None,
        })
    }

    /// Writes how the targets fare; true when that may change before the next call.
    fn note_targets(&mut self) -> bool {
        self.watched = Some(SystemClock.now());
        let written = if let Some(Fare { json, is_calm }) = (self.watch)() {
            let row = params![self.process, now(), json];
            let written = self.connection.execute("INSERT OR REPLACE INTO targets VALUES (?1, ?2, ?3)", row);
            written.map(|_| !is_calm)
        } else {
            // The client is gone.
            let gone = self.connection.execute("DELETE FROM targets WHERE process = ?1", [&self.process]);
            gone.map(|_| false)
        };
        // What could not be written is written after the next call.
        written.unwrap_or(false)
    }

    fn insert(&mut self, batch: &Packed) -> rusqlite::Result<()> {
        let transaction = self.connection.transaction()?;
        {
            let mut insert = transaction.prepare_cached("INSERT INTO blocks VALUES (?1, ?2)")?;
            for block in batch.blocks() {
                insert.execute(params![batch.latest, block])?;
            }
        }
        transaction.commit()
    }

    /// Takes out what is too old, and then the oldest while the file is too large.
    fn sweep(&self) -> rusqlite::Result<()> {
        let oldest = now() - milliseconds(self.retention.longest_age);
        self.connection.execute("DELETE FROM calls WHERE began < ?1", [oldest])?;
        self.connection.execute("DELETE FROM blocks WHERE latest < ?1", [oldest])?;
        self.connection.execute("DELETE FROM feedback WHERE at < ?1", [oldest])?;
        self.connection
            .execute("DELETE FROM targets WHERE at < ?1", [now() - milliseconds(LONGEST_SILENCE)])?;
        let number = |pragma: &str| self.connection.query_row(pragma, [], |row| row.get::<_, i64>(0));
        let page = number("PRAGMA page_size")?;
        while (number("PRAGMA page_count")? - number("PRAGMA freelist_count")?) * page
            > self.retention.most_bytes as i64
        {
            // What has been read is older than what has not.
            let mut taken = 0;
            for (table, age) in [("calls", "began"), ("blocks", "latest")] {
                let tenth = (number(&format!("SELECT count(*) FROM {table}"))? / 10).max(1);
                let oldest = format!("SELECT rowid FROM {table} ORDER BY {age} LIMIT ?1");
                taken = self
                    .connection
                    .execute(&format!("DELETE FROM {table} WHERE rowid IN ({oldest})"), [tenth])?;
                if taken > 0 {
                    break;
                }
            }
            if taken == 0 {
                break;
            }
        }
        self.connection.execute_batch("PRAGMA incremental_vacuum")
    }
}

impl Writer for Database {
    type Batch = Packed;

    fn write(&mut self, batch: &mut Packed) -> u64 {
        let count = batch.count() as u64;
        if self.insert(batch).is_err() {
            return count;
        }
        self.since_sweep += count;
        if self.since_sweep >= SWEEP {
            self.since_sweep = 0;
            // What could not be taken out now is taken out with the next sweep.
            let _ = self.sweep();
        }
        if self.watched.is_none_or(|at| SystemClock.now() - at >= WATCHED) {
            self.note_targets();
        }
        0
    }

    fn rest(&mut self) -> bool {
        self.note_targets()
    }
}

/// Milliseconds since 1970.
fn now() -> f64 {
    milliseconds(SystemClock.wall().duration_since(UNIX_EPOCH).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::{Entry, Filter, Reading, Record};
    use super::*;

    #[test]
    fn a_database_of_the_form_before_keeps_its_calls() {
        let path = std::env::temp_dir().join(format!("{}.sqlite", new_id()));
        let former = Connection::open(&path).expect("a database");
        former.execute_batch(&format!("{FIRST} {SECOND} PRAGMA user_version = 2;")).expect("its tables");
        let row = "INSERT INTO calls VALUES ('0000000003e8a1', 1000.5, 't', 'e', 'p', 'x', NULL, 'ok', 200, 0, 1.0, NULL, 1, 2, NULL, '{}')";
        former.execute(row, []).expect("a call");
        drop(former);
        drop(open(&path).expect("the form of now"));
        let reading = Reading::open(&path).expect("a database");
        assert_eq!(reading.one("0000000003e8a1").expect("a record")["feedback"], serde_json::json!([]));
        drop(reading);
        std::fs::remove_file(&path).expect("it is there");
    }

    #[test]
    fn lines_of_the_form_before_become_rows() {
        let path = std::env::temp_dir().join(format!("{}.sqlite", new_id()));
        let former = Connection::open(&path).expect("a database");
        let tables = format!("{FIRST} {SECOND} {THIRD} {FOURTH} PRAGMA user_version = 4;");
        former.execute_batch(&tables).expect("its tables");
        let line = |id: &str| {
            let entry = Entry {
                id: id.into(),
                target: "a \"b\"".into(),
                began: 1_000.5,
                stream: true,
                ..Entry::default()
            };
            Record::of(&entry).json().to_owned()
        };
        let (first, second) = (line("0000000003e8a1"), line("0000000003e8a2"));
        let lines = format!("{first}\n{second}\n").into_bytes();
        former.execute("INSERT INTO blocks VALUES (1000.5, ?1)", [lines]).expect("a block");
        drop(former);
        let reading = Reading::open(&path).expect("a database");
        let list = reading.list(&Filter::default()).expect("a list");
        assert_eq!(list.as_array().map(Vec::len), Some(2));
        let seen = ["target", "stream", "outcome", "status", "began"].map(|name| list[0][name].clone());
        let wanted = [json!("a \"b\""), json!(true), json!("ok"), json!(null), json!(1_000.5)];
        assert_eq!(seen, wanted);
        assert_eq!(reading.one("0000000003e8a2").expect("a record")["target"], "a \"b\"");
        drop(reading);
        std::fs::remove_file(&path).expect("it is there");
    }
}
