//! Whether a private file is whole.

use rusqlite::Connection;

use super::functions::{StandIn, with_stand_ins};
use super::interrupt::interruptible;
use super::{ForeignKeyViolation, Snapshot};
use crate::error::{Error, Result};
use crate::event::Progress;

/// Problems that a message names before it says "and more".
const NAMED_PROBLEMS: usize = 3;

impl Snapshot {
    /// Proves the copy whole, and returns the foreign keys that do not hold.
    pub fn check(&self, progress: &Progress) -> Result<Vec<ForeignKeyViolation>> {
        self.check_structure(progress)?;
        self.foreign_keys(progress)
    }

    /// Fails where a page, a tree or a row is damaged.
    pub(super) fn check_structure(&self, progress: &Progress) -> Result<()> {
        let connection = self.reader()?;
        // Constraints may call functions of the application, and a row that breaks one is no damage.
        self.run(&connection, "PRAGMA ignore_check_constraints = ON")?;
        let problems =
            interruptible(&connection, progress, |connection| with_stand_ins(connection, StandIn::Null, quick_check))
                .map_err(|error| self.explain(error))?;
        if problems.is_empty() {
            return Ok(());
        }
        Err(damaged(&problems))
    }
}

/// What a damaged copy means: the copy was made page by page, so the damage is in the database itself.
pub(super) fn damaged(problems: &[String]) -> Error {
    let more = if problems.len() > NAMED_PROBLEMS { "; and more" } else { "" };
    let named = problems.iter().take(NAMED_PROBLEMS).cloned().collect::<Vec<_>>().join("; ");
    Error::failed("the live database is damaged")
        .hint("keep the older backups; restore the latest good one, or save what can be saved with sqlite3's .recover")
        .because(format!("{named}{more}"))
}

/// Not `integrity_check`: it also looks up every row in every index, which costs several times as much, and an index
/// that disagrees with its table loses nothing (REINDEX mends it).
fn quick_check(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    // Without a number SQLite stops after a hundred lines, of which none may tell of damage.
    let mut statement = connection.prepare("PRAGMA quick_check(1000000000)")?;
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

/// A NULL against a constraint was let in by somebody, or comes from a stand-in in a generated column.
fn is_damage(line: &str) -> bool {
    line != "ok" && !line.starts_with("***") && !line.starts_with("NULL value in ")
}
