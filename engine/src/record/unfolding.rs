//! From what is written to what is searched: calls lie in a database in blocks of lines, as they were written, until someone
//! reads it; then each becomes a row with columns and indexes.
//! The invariant: a call is in a block or a row, never in both, whoever reads at the same time.

use std::borrow::Cow;

use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};
use serde::Deserialize;
use serde_json::value::RawValue;

const INSERT: &str = "INSERT INTO calls VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16)";

/// What rows have of a record beside the whole.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Columns<'l> {
    #[serde(borrow)]
    id: Cow<'l, str>,
    began: f64,
    #[serde(borrow)]
    trace_id: Cow<'l, str>,
    #[serde(borrow)]
    endpoint: Cow<'l, str>,
    #[serde(borrow)]
    provider: Cow<'l, str>,
    #[serde(borrow)]
    target: Cow<'l, str>,
    #[serde(borrow)]
    model: Option<Cow<'l, str>>,
    #[serde(borrow)]
    outcome: Cow<'l, str>,
    status: Option<u16>,
    stream: bool,
    ms: Ms,
    usage: Option<Tokens>,
    cost: Option<f64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Ms {
    total: f64,
    first_token: Option<f64>,
}

#[derive(Deserialize)]
struct Tokens {
    input: i64,
    output: i64,
}

/// Makes rows of all blocks, the oldest first. Each takes a transaction of its own, so that who writes waits for none but one.
pub fn unfold(connection: &Connection) -> rusqlite::Result<()> {
    while connection.query_row("SELECT EXISTS (SELECT 1 FROM blocks)", [], |row| row.get(0))? {
        // Another may be at the same block: who comes second finds it gone.
        let transaction = Transaction::new_unchecked(connection, TransactionBehavior::Immediate)?;
        let oldest = "SELECT rowid, lines FROM blocks ORDER BY rowid LIMIT 1";
        let block = transaction.prepare_cached(oldest)?.query_row([], |row| {
            let row_id: i64 = row.get(0)?;
            Ok((row_id, row.get::<_, Vec<u8>>(1)?))
        });
        if let Some((row_id, lines)) = block.optional()? {
            insert(&transaction, &lines)?;
            transaction.execute("DELETE FROM blocks WHERE rowid = ?1", [row_id])?;
        }
        transaction.commit()?;
    }
    Ok(())
}

fn insert(transaction: &Transaction<'_>, lines: &[u8]) -> rusqlite::Result<()> {
    let mut insert = transaction.prepare_cached(INSERT)?;
    for line in lines.split(|byte| *byte == b'\n') {
        // What is no record was written by nobody here.
        let Ok(record) = serde_json::from_slice::<&RawValue>(line) else { continue };
        let Ok(call) = serde_json::from_str::<Columns<'_>>(record.get()) else { continue };
        insert.execute(params![
            call.id,
            call.began,
            call.trace_id,
            call.endpoint,
            call.provider,
            call.target,
            call.model,
            call.outcome,
            call.status,
            call.stream,
            call.ms.total,
            call.ms.first_token,
            call.usage.as_ref().map(|usage| usage.input),
            call.usage.as_ref().map(|usage| usage.output),
            call.cost,
            record.get(),
        ])?;
    }
    Ok(())
}
