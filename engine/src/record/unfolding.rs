//! From what is written to what is searched: calls lie in a database in blocks, as they were written, until someone reads it;
//! then each becomes a row with columns and indexes.
//! The invariant: a call is in a block or a row, never in both, whoever reads at the same time.

use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};

use super::packed::Stored;

const INSERT: &str = "INSERT INTO calls VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16)";

/// So many blocks become rows at once.
const BLOCKS: usize = 16;

/// Makes rows of all blocks, the oldest first, some in each transaction, so that who writes never waits long.
pub fn unfold(connection: &Connection) -> rusqlite::Result<()> {
    while connection.query_row("SELECT EXISTS (SELECT 1 FROM blocks)", [], |row| row.get(0))? {
        // Another may be at the same blocks: who comes second finds them gone.
        let transaction = Transaction::new_unchecked(connection, TransactionBehavior::Immediate)?;
        for _ in 0..BLOCKS {
            let oldest = "SELECT rowid, records FROM blocks ORDER BY rowid LIMIT 1";
            let block = transaction.prepare_cached(oldest)?.query_row([], |row| {
                let row_id: i64 = row.get(0)?;
                Ok((row_id, row.get::<_, Vec<u8>>(1)?))
            });
            let Some((row_id, block)) = block.optional()? else { break };
            insert(&transaction, &block)?;
            transaction.execute("DELETE FROM blocks WHERE rowid = ?1", [row_id])?;
        }
        transaction.commit()?;
    }
    Ok(())
}

fn insert(transaction: &Transaction<'_>, block: &[u8]) -> rusqlite::Result<()> {
    let mut insert = transaction.prepare_cached(INSERT)?;
    for (call, record) in Stored::all(block) {
        insert.execute(params![
            call.id,
            call.began,
            call.trace_id,
            call.endpoint,
            call.provider,
            call.target,
            call.model,
            call.outcome.name(),
            call.status,
            call.stream,
            call.ms.total,
            call.ms.first_token,
            call.usage.map(|usage| usage.input as i64),
            call.usage.map(|usage| usage.output as i64),
            call.cost,
            record,
        ])?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::{Entry, Filter, Reading, Record, Retention, Sink, database::Database};
    use super::super::{packed::Packed, worker::Worker};
    use crate::clock::{hex, new_id, ordered_number};
    use std::time::Duration;

    #[test]
    fn what_is_written_is_there_for_all_who_read_at_once() {
        let path = std::env::temp_dir().join(format!("{}.sqlite", new_id()));
        let retention =
            Retention { path: path.clone(), longest_age: Duration::MAX, most_bytes: u64::MAX >> 1 };
        let database = Database::open(&retention, Box::new(|| None)).expect("a database");
        let worker: Worker<Packed> = Worker::new("a test", database);
        let id = |at: u32| hex(ordered_number(u64::from(at)));
        for at in 0..2_000_u32 {
            let target = if at % 2 == 0 { "even" } else { "with a \"quote\"" };
            let entry =
                Entry { id: id(at).into(), began: f64::from(at), target: target.into(), ..Entry::default() };
            worker.take(&Record::of(&entry));
        }
        assert!(worker.flush(Duration::from_secs(60)));
        let odd =
            Filter { target: Some("with a \"quote\"".to_owned()), limit: Some(1_000), ..Filter::default() };
        let counts = std::thread::scope(|scope| {
            let read = || Reading::open(&path).and_then(|reading| reading.list(&odd)).expect("a list");
            let readers: Vec<_> = (0..3).map(|_| scope.spawn(read)).collect();
            let read = readers.into_iter().map(|reader| reader.join().expect("no panic"));
            read.map(|list| list.as_array().map(Vec::len)).collect::<Vec<_>>()
        });
        assert_eq!(counts, [Some(1_000); 3]);
        drop(worker);
        std::fs::remove_file(&path).expect("it is there");
    }
}
