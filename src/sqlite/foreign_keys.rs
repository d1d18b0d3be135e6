//! Whether the foreign keys of a private file hold; which ones do not is told, and refuses nothing.

use std::collections::BTreeMap;
use std::fmt;

use rusqlite::{Connection, ErrorCode};
use serde::{Deserialize, Serialize};

use super::interrupt::interruptible;
use super::stand_ins::{StandIn, with_stand_ins};
use super::{Snapshot, quoted, said};
use crate::error::Result;
use crate::event::Progress;

/// A foreign key that does not hold. SQLite checks none unless asked, so that old databases often have some.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "problem", rename_all = "snake_case")]
pub enum ForeignKeyViolation {
    /// Rows that refer to rows that are not there.
    MissingParents {
        /// The table that refers.
        table: String,
        /// The table that it refers to.
        parent: String,
        /// How many rows of `table`.
        rows: u64,
    },
    /// A constraint that cannot be checked at all, as when its parent has no such unique column.
    Uncheckable {
        /// The table that refers.
        table: String,
        /// In SQLite's words.
        reason: String,
    },
}

impl fmt::Display for ForeignKeyViolation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MissingParents { table, parent, rows } => {
                write!(formatter, "{rows} rows of {table} refer to rows of {parent} that do not exist")
            }
            Self::Uncheckable { table, reason } => {
                write!(formatter, "the foreign keys of {table} cannot be checked: {reason}")
            }
        }
    }
}

impl Snapshot {
    /// The foreign keys that do not hold, in order of their tables.
    pub fn foreign_keys(&self, progress: &Progress) -> Result<Vec<ForeignKeyViolation>> {
        let connection = self.reader()?;
        let mut violations = Vec::new();
        for (table, _) in self.list(&connection)? {
            let work = |connection: &Connection| violations_of(connection, &table);
            match interruptible(&connection, progress, |connection| with_stand_ins(connection, StandIn::LookUp, work)) {
                Ok(found) => violations.extend(found),
                Err(error) if error.sqlite_error_code() == Some(ErrorCode::Unknown) => {
                    violations.push(ForeignKeyViolation::Uncheckable { table, reason: said(&error) });
                }
                Err(error) => return Err(self.explain(error)),
            }
        }
        Ok(violations)
    }
}

/// A constraint of one column that refers to the whole primary key of its parent, as Django makes them.
struct ForeignKey {
    column: String,
    parent: String,
    key: String,
}

fn violations_of(connection: &Connection, table: &str) -> rusqlite::Result<Vec<ForeignKeyViolation>> {
    if all_hold(connection, table)? {
        return Ok(Vec::new());
    }
    let mut statement = connection.prepare(&format!("PRAGMA foreign_key_check({})", quoted(table)))?;
    let mut rows = statement.query([])?;
    let mut parents: BTreeMap<String, u64> = BTreeMap::new();
    while let Some(row) = rows.next()? {
        *parents.entry(row.get(2)?).or_default() += 1;
    }
    let violation = |(parent, rows)| ForeignKeyViolation::MissingParents { table: table.to_owned(), parent, rows };
    Ok(parents.into_iter().map(violation).collect())
}

/// Whether every constraint of the table is simple and holds; `false` means that SQLite's own check has to tell.
///
/// That check looks up the parents in the order of the children: on a large parent each look-up reads another page.
/// In the order of the values, which the index on the column has already, they read each page once.
fn all_hold(connection: &Connection, table: &str) -> rusqlite::Result<bool> {
    let Some(foreign_keys) = simple_foreign_keys(connection, table)? else {
        return Ok(false);
    };
    for ForeignKey { column, parent, key } in foreign_keys {
        let (column, parent, key, table) = (quoted(&column), quoted(&parent), quoted(&key), quoted(table));
        // The plus takes the column's affinity away, so that the key's applies, as SQLite's own check has it.
        let orphan = format!(
            "SELECT 1 FROM {table} AS child WHERE {column} IS NOT NULL AND NOT EXISTS \
             (SELECT 1 FROM {parent} AS parent WHERE parent.{key} = +child.{column}) ORDER BY {column} LIMIT 1"
        );
        if connection.prepare(&orphan)?.exists([])? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// All constraints of a table; `None` where one of them is not of the simple kind.
fn simple_foreign_keys(connection: &Connection, table: &str) -> rusqlite::Result<Option<Vec<ForeignKey>>> {
    let mut statement = connection.prepare(&format!("PRAGMA foreign_key_list({})", quoted(table)))?;
    let mut rows = statement.query([])?;
    let mut foreign_keys = Vec::new();
    while let Some(row) = rows.next()? {
        let parent: String = row.get("table")?;
        let Some(key) = primary_key(connection, &parent)? else {
            return Ok(None);
        };
        let to: Option<String> = row.get("to")?;
        if row.get::<_, i64>("seq")? != 0 || to.is_some_and(|to| !to.eq_ignore_ascii_case(&key)) {
            return Ok(None);
        }
        foreign_keys.push(ForeignKey { column: row.get("from")?, parent, key });
    }
    Ok(Some(foreign_keys))
}

/// The primary key of a table where it is a single column.
fn primary_key(connection: &Connection, table: &str) -> rusqlite::Result<Option<String>> {
    let mut statement = connection.prepare("SELECT name FROM pragma_table_xinfo(?1) WHERE pk > 0")?;
    let mut names = statement.query_map([table], |row| row.get(0))?.collect::<rusqlite::Result<Vec<String>>>()?;
    Ok(if names.len() == 1 { names.pop() } else { None })
}
