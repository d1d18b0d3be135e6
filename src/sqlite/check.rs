//! Whether a private file is whole.
//!
//! What the check finds must not depend on what the application gave to its connections, so it looks at pages, trees and
//! rows. Full-text indexes are computed (by tokenizers), so what is wrong with one is told, and is no damage.

use std::collections::BTreeMap;

use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::interrupt::interruptible;
use super::stand_ins::{StandIn, prepare_for, with_stand_ins};
use super::tables::is_full_text;
use super::{ForeignKeyViolation, Snapshot, quoted, said};
use crate::error::{Error, Result};
use crate::event::Progress;

/// Problems that a message names before it says "and more".
const NAMED_PROBLEMS: usize = 3;

/// A schema without its virtual tables, in a transaction that ends with its connection; their shadow tables, which hold
/// the rows, stay. A virtual table that does not open would stop the check of all others.
const FORGET_VIRTUAL_TABLES: &str = "PRAGMA journal_mode = MEMORY; PRAGMA cache_spill = OFF;
    BEGIN IMMEDIATE;
    PRAGMA writable_schema = ON;
    DELETE FROM sqlite_schema WHERE type = 'table' AND rootpage = 0;
    PRAGMA writable_schema = RESET;";

/// Without a number SQLite stops after a hundred lines, of which none may tell of damage.
///
/// Not `integrity_check`: it also looks up every row in every index, which costs several times as much, and an index
/// that disagrees with its table loses nothing (REINDEX mends it).
const QUICK_CHECK: &str = "PRAGMA quick_check(1000000000)";

impl Snapshot {
    /// Proves the copy whole, and returns the foreign keys that do not hold.
    pub fn check(&self, progress: &Progress) -> Result<Vec<ForeignKeyViolation>> {
        self.check_structure(progress)?;
        self.check_virtual_tables(progress)?;
        self.foreign_keys(progress)
    }

    /// Fails where a page, a tree or a row is damaged.
    pub(super) fn check_structure(&self, progress: &Progress) -> Result<()> {
        // Nothing is written: see FORGET_VIRTUAL_TABLES.
        let connection = self.connect(OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        // Constraints may call functions of the application, and a row that breaks one is no damage.
        self.run(&connection, "PRAGMA ignore_check_constraints = ON")?;
        connection.execute_batch(FORGET_VIRTUAL_TABLES).map_err(|error| self.explain(error))?;
        let problems = problems(&connection, QUICK_CHECK, progress).map_err(|error| self.explain(error))?;
        if problems.is_empty() {
            return Ok(());
        }
        Err(damaged(&problems))
    }

    /// Tells which virtual tables contradict themselves, or could not be looked at; fails where one of them has rows
    /// of its own, as an R-tree has, and they are damaged.
    fn check_virtual_tables(&self, progress: &Progress) -> Result<()> {
        let connection = self.reader()?;
        let mut unchecked: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (table, module) in self.virtual_tables(&connection)? {
            // The check passes over a table whose module is missing.
            let opened = prepare_for(&connection, &format!("SELECT 1 FROM {}", quoted(&table)));
            let check = format!("PRAGMA quick_check({})", quoted(&table));
            match opened.and_then(|()| problems(&connection, &check, progress)) {
                Ok(problems) if problems.is_empty() => {}
                Ok(problems) if is_full_text(&module) => progress.notice(format!(
                    "the full-text index {table} contradicts its rows, or its tokenizer is another one here: {}",
                    problems.join("; ")
                )),
                Ok(problems) => return Err(damaged(&problems)),
                Err(error) if is_no_damage(&error, &module) => {
                    unchecked.entry(reason(&error, &module)).or_default().push(table);
                }
                Err(error) => return Err(self.explain(error)),
            }
        }
        for (reason, tables) in unchecked {
            progress.notice(format!("in full, but not checked: the virtual tables {} ({reason})", tables.join(", ")));
        }
        Ok(())
    }
}

fn problems(connection: &Connection, check: &str, progress: &Progress) -> rusqlite::Result<Vec<String>> {
    let work = |connection: &Connection| quick_check(connection, check);
    interruptible(connection, progress, |connection| with_stand_ins(connection, StandIn::Scan, work))
}

/// What a damaged copy means: the copy was made page by page, so the damage is in the database itself.
pub(super) fn damaged(problems: &[String]) -> Error {
    let more = if problems.len() > NAMED_PROBLEMS { "; and more" } else { "" };
    let named = problems.iter().take(NAMED_PROBLEMS).cloned().collect::<Vec<_>>().join("; ");
    Error::failed("the live database is damaged")
        .hint("keep the older backups; restore the latest good one, or save what can be saved with sqlite3's .recover")
        .because(format!("{named}{more}"))
}

fn quick_check(connection: &Connection, check: &str) -> rusqlite::Result<Vec<String>> {
    let mut statement = connection.prepare(check)?;
    let mut rows = statement.query([])?;
    let mut problems = Vec::new();
    while let Some(row) = rows.next()?
        && problems.len() <= NAMED_PROBLEMS
    {
        let text: String = row.get(0)?;
        problems.extend(text.lines().filter(|line| is_damage(line)).map(str::to_owned));
    }
    Ok(problems)
}

/// A value that its column should not have was let in by somebody (NULL, or what was there when the column's type was
/// changed), or comes from a stand-in in a generated column: the row is whole.
fn is_damage(line: &str) -> bool {
    let is_value =
        ["NULL value in ", "TEXT value in ", "NUMERIC value in "].iter().any(|words| line.starts_with(words));
    line != "ok" && !line.starts_with("***") && !is_value
}

/// Whether a virtual table could not be looked at for what is missing here, a module or a tokenizer, or is a full-text
/// index that contradicts its rows, which it is computed from.
fn is_no_damage(error: &rusqlite::Error, module: &str) -> bool {
    match error.sqlite_error_code() {
        Some(ErrorCode::Unknown) => true,
        Some(ErrorCode::DatabaseCorrupt) => is_full_text(module),
        _ => false,
    }
}

/// In SQLite's words, where it has any: FTS5 looks for its tokenizer late, and says no more than that there is none.
fn reason(error: &rusqlite::Error, module: &str) -> String {
    match said(error) {
        words if words == "SQL logic error" && is_full_text(module) => "no such tokenizer".to_owned(),
        words => words,
    }
}
