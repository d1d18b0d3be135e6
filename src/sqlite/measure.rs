//! Counts rows and takes fingerprints: one scan a table, several tables at once.

use std::collections::HashSet;
use std::sync::Mutex;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row};

use super::stand_ins::prepare_for;
use super::tables::Storage;
use super::{Snapshot, quoted};
use crate::error::{Error, Result};
use crate::event::Progress;
use crate::fingerprint::Fingerprint;
use crate::manifest::Table;

/// Rows between two looks at the wish to stop.
const STRIDE: u64 = 4096;

impl Snapshot {
    /// Sets `rows` and `fingerprint` of each table; virtual tables keep `None`, their shadow tables hold their rows.
    ///
    /// Each of `threads` takes a connection of its own and the next table that nobody has taken.
    pub fn measure(&self, tables: &mut [Table], threads: usize, progress: &Progress) -> Result<()> {
        let stored: HashSet<String> = self
            .list(&self.reader()?)?
            .into_iter()
            .filter(|(_, storage)| *storage == Storage::Pages)
            .map(|(name, _)| name)
            .collect();
        let queue = Mutex::new(tables.iter_mut().filter(|table| stored.contains(&table.name)));
        let next = || queue.lock().map_or(None, |mut tables| tables.next());
        let work = || -> Result<()> {
            let connection = self.reader()?;
            while let Some(table) = next() {
                let (rows, fingerprint) = self.scan(&connection, table, progress)?;
                table.rows = Some(rows);
                table.fingerprint = Some(fingerprint.to_hex());
            }
            Ok(())
        };
        std::thread::scope(|scope| {
            let workers: Vec<_> = (0..threads.max(1)).map(|_| scope.spawn(work)).collect();
            let results = workers
                .into_iter()
                .map(|worker| worker.join().unwrap_or_else(|_| Err(Error::failed("counting rows failed"))));
            // Every worker is waited for before the first error is returned.
            results.collect::<Vec<_>>().into_iter().collect()
        })
    }

    fn scan(&self, connection: &Connection, table: &Table, progress: &Progress) -> Result<(u64, Fingerprint)> {
        let columns: Vec<String> = table.columns.iter().map(|column| quoted(column)).collect();
        let sql = format!("SELECT {} FROM {}", columns.join(", "), quoted(&table.name));
        prepare_for(connection, &sql).map_err(|error| self.explain(error))?;
        let mut statement = connection.prepare(&sql).map_err(|error| self.explain(error))?;
        let mut cursor = statement.query([]).map_err(|error| self.explain(error))?;
        let (mut rows, mut fingerprint, mut bytes) = (0, Fingerprint::default(), Vec::new());
        while let Some(row) = cursor.next().map_err(|error| self.explain(error))? {
            encode(row, columns.len(), &mut bytes).map_err(|error| self.explain(error))?;
            fingerprint.add_bytes(&bytes);
            rows += 1;
            if rows % STRIDE == 0 {
                progress.check()?;
                progress.advance(STRIDE, 0);
            }
        }
        progress.advance(rows % STRIDE, 0);
        Ok((rows, fingerprint))
    }

    /// Counts rows alone, which a narrow index often answers.
    pub(super) fn count(&self, connection: &Connection, table: &str) -> Result<u64> {
        let sql = format!("SELECT count(*) FROM {}", quoted(table));
        let count: i64 = prepare_for(connection, &sql)
            .and_then(|()| connection.query_row(&sql, [], |row| row.get(0)))
            .map_err(|error| self.explain(error))?;
        Ok(count.unsigned_abs())
    }
}

/// Writes each value as a tag and its bytes, so that 1, 1.0 and '1' differ and no two rows share an encoding.
fn encode(row: &Row<'_>, columns: usize, bytes: &mut Vec<u8>) -> rusqlite::Result<()> {
    bytes.clear();
    for column in 0..columns {
        match row.get_ref(column)? {
            ValueRef::Null => bytes.push(0),
            ValueRef::Integer(number) => fixed(bytes, 1, number.to_le_bytes()),
            // Adding zero turns -0.0, which SQLite does not always keep, into 0.0. NaN is stored as NULL.
            ValueRef::Real(number) => fixed(bytes, 2, (number + 0.0).to_bits().to_le_bytes()),
            ValueRef::Text(text) => variable(bytes, 3, text),
            ValueRef::Blob(blob) => variable(bytes, 4, blob),
        }
    }
    Ok(())
}

fn fixed(bytes: &mut Vec<u8>, tag: u8, value: [u8; 8]) {
    bytes.push(tag);
    bytes.extend_from_slice(&value);
}

fn variable(bytes: &mut Vec<u8>, tag: u8, value: &[u8]) {
    fixed(bytes, tag, (value.len() as u64).to_le_bytes());
    bytes.extend_from_slice(value);
}
