//! Which tables a database has, and their columns.

use rusqlite::Connection;

use super::{Snapshot, quoted};
use crate::error::Result;
use crate::manifest::Table;

/// A table keeps its rows in pages of its own; a virtual table has none, its rows live in its shadow tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Storage {
    Pages,
    Virtual,
}

/// SQLite's own tables are made by SQLite, except the counters of AUTOINCREMENT, which are data.
const LIST: &str = "SELECT name, rootpage FROM sqlite_schema WHERE type = 'table' \
    AND (name NOT LIKE 'sqlite\\_%' ESCAPE '\\' OR name = 'sqlite_sequence') ORDER BY name";

impl Snapshot {
    /// Every table in order of its name, with nothing counted yet.
    pub fn tables(&self) -> Result<Vec<Table>> {
        let connection = self.reader()?;
        let mut tables = Vec::new();
        for (name, storage) in self.list(&connection)? {
            tables.push(self.describe(&connection, name, storage)?);
        }
        Ok(tables)
    }

    /// Names of all tables with the way they are stored.
    pub(super) fn list(&self, connection: &Connection) -> Result<Vec<(String, Storage)>> {
        let mut statement = connection.prepare(LIST).map_err(|error| self.explain(error))?;
        let rows = statement.query_map([], |row| {
            let storage = if row.get::<_, i64>(1)? == 0 { Storage::Virtual } else { Storage::Pages };
            Ok((row.get(0)?, storage))
        });
        rows.and_then(Iterator::collect).map_err(|error| self.explain(error))
    }

    /// Names of all virtual tables with their modules.
    pub(super) fn virtual_tables(&self, connection: &Connection) -> Result<Vec<(String, String)>> {
        let sql = "SELECT name, sql FROM sqlite_schema WHERE type = 'table' AND rootpage = 0 ORDER BY name";
        let mut statement = connection.prepare(sql).map_err(|error| self.explain(error))?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, module(&row.get::<_, String>(1)?))));
        rows.and_then(Iterator::collect).map_err(|error| self.explain(error))
    }

    fn describe(&self, connection: &Connection, name: String, storage: Storage) -> Result<Table> {
        let columns = match columns(connection, &name) {
            // The module of a virtual table may be missing here; its rows are in shadow tables all the same.
            Err(_) if storage == Storage::Virtual => Vec::new(),
            columns => columns.map_err(|error| self.explain(error))?,
        };
        let stored = columns.iter().filter(|(_, hidden)| *hidden == 0);
        Ok(Table {
            schema: None,
            name,
            columns: stored.map(|(column, _)| column.clone()).collect(),
            all_columns: columns.iter().filter(|(_, hidden)| *hidden != 1).map(|(column, _)| column.clone()).collect(),
            rows: None,
            fingerprint: None,
            foreign_keys: Vec::new(),
        })
    }
}

/// The module in the definition of a virtual table, in lower case: `CREATE VIRTUAL TABLE name USING module (…)`.
///
/// The name may hold anything in its quotes, parentheses and "using" too.
fn module(sql: &str) -> String {
    let mut words = std::iter::successors(Some(("", sql)), |(_, rest)| next_word(rest)).map(|(word, _)| word);
    let module = words.by_ref().find(|word| word.eq_ignore_ascii_case("using")).and_then(|_| words.next());
    module.unwrap_or_default().trim_matches(['"', '\'', '`', '[', ']']).to_ascii_lowercase()
}

/// The first word of a statement, in quotes where it has some, and the rest behind it.
fn next_word(sql: &str) -> Option<(&str, &str)> {
    let sql = sql.trim_start();
    let first = sql.chars().next()?;
    let end = match first {
        // A quote that is doubled begins another word, in quotes like this one.
        '"' | '\'' | '`' => sql.match_indices(first).nth(1).map_or(sql.len(), |(at, _)| at + 1),
        '[' => sql.find(']').map_or(sql.len(), |at| at + 1),
        _ => sql
            .find(|character: char| !character.is_alphanumeric() && character != '_')
            .unwrap_or(sql.len())
            .max(first.len_utf8()),
    };
    Some(sql.split_at(end))
}

pub(super) fn is_full_text(module: &str) -> bool {
    module.starts_with("fts")
}

/// Columns with what SQLite calls hidden: 0 is ordinary, 1 hidden in a virtual table, 2 and 3 are generated.
fn columns(connection: &Connection, table: &str) -> rusqlite::Result<Vec<(String, i64)>> {
    let mut statement = connection.prepare(&format!("PRAGMA table_xinfo({})", quoted(table)))?;
    statement.query_map([], |row| Ok((row.get("name")?, row.get("hidden")?)))?.collect()
}
