//! Leaves the rows of some tables out of a private copy, and tells where traces of them may be.

use std::collections::HashSet;

use rusqlite::Connection;
use rusqlite::config::DbConfig;

use super::tables::is_full_text;
use super::{Snapshot, quoted};
use crate::error::{Error, Result};
use crate::event::Progress;
use crate::exclusions::{Exclusions, absence};

/// What may have written, or read, rows of a table: its triggers, and full-text indexes over its text.
const NEIGHBOURS: &str = "SELECT sql FROM sqlite_schema WHERE type = 'trigger' AND lower(tbl_name) = lower(?1)";

impl Snapshot {
    /// Removes the rows of these tables for good; their definitions stay.
    ///
    /// The file is written anew, since removed rows would stay readable in free pages.
    pub fn without_rows_of(self, exclusions: &Exclusions, progress: &Progress) -> Result<Self> {
        let connection = self.writer()?;
        let known = self.list(&connection)?;
        let is_known = |table: &&String| known.iter().any(|(name, _)| name == *table);
        if let Some(table) = exclusions.once.iter().find(|table| !is_known(table)) {
            return Err(Error::usage(format!("there is no table {table}"))
                .hint("name tables as they are called in the database"));
        }
        for table in exclusions.always.iter().filter(|table| !is_known(table)) {
            progress.notice(absence(table));
        }
        let tables: Vec<String> = exclusions.all().filter(is_known).cloned().collect();
        if tables.is_empty() {
            drop(connection);
            return Ok(self);
        }
        self.tell_of_traces(&connection, &tables, progress)?;
        // Triggers of the application would write rows elsewhere.
        connection
            .set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false)
            .map_err(|error| self.explain(error))?;
        let modules = self.virtual_tables(&connection)?;
        let (indexes, plain): (Vec<_>, Vec<_>) =
            tables.iter().partition(|table| modules.iter().any(|(name, _)| name == *table));
        for table in plain {
            self.define(&connection, &format!("DELETE FROM {}", quoted(table)), progress)?;
        }
        // Behind their tables: an index over a table's text forgets what it no longer finds there.
        for table in indexes {
            let module = modules.iter().find(|(name, _)| name == table).map_or("", |(_, module)| module);
            self.empty_virtual_table(&connection, (&quoted(table), module), progress)?;
        }
        // A connection of its own: this one may have stand-ins by now.
        drop(connection);
        self.rewrite("", "run it without excluded tables", progress)?;
        Ok(self)
    }

    /// Empties a virtual table. Of a full-text index that has no text of its own, `DELETE` would remove nothing.
    fn empty_virtual_table(
        &self,
        connection: &Connection,
        (name, module): (&str, &str),
        progress: &Progress,
    ) -> Result<()> {
        let delete = format!("DELETE FROM {name}");
        // Another module may have a column of that name, and would take a command for a row.
        if !is_full_text(module) {
            return self.define(connection, &delete, progress);
        }
        let command =
            |word: &str| self.define(connection, &format!("INSERT INTO {name} ({name}) VALUES ('{word}')"), progress);
        // FTS5 takes the first where the text is elsewhere, and FTS4 the second; what has rows of its own takes neither.
        if command("delete-all").is_ok() || command("rebuild").is_ok_and(|()| is_empty(connection, name)) {
            return Ok(());
        }
        self.define(connection, &delete, progress)?;
        // FTS5 notes the words of removed rows; the others need not be told.
        drop(command("rebuild"));
        Ok(())
    }

    /// Names tables that hold something of the rows all the same: words of a text, copies, counts.
    fn tell_of_traces(&self, connection: &Connection, tables: &[String], progress: &Progress) -> Result<()> {
        let known = self.list(connection)?;
        let virtual_tables =
            self.definitions(connection, "SELECT sql FROM sqlite_schema WHERE rootpage = 0 AND type = ?1", "table")?;
        for table in tables {
            let mut words: HashSet<String> = HashSet::new();
            let triggers = self.definitions(connection, NEIGHBOURS, table)?;
            let over_it =
                virtual_tables.iter().filter(|sql| words_of(sql).any(|word| word.eq_ignore_ascii_case(table)));
            triggers.iter().chain(over_it).for_each(|sql| words.extend(words_of(sql).map(str::to_ascii_lowercase)));
            let traces: Vec<&str> = known
                .iter()
                .map(|(name, _)| name.as_str())
                .filter(|name| words.contains(&name.to_ascii_lowercase()) && !tables.iter().any(|table| table == name))
                .collect();
            if !traces.is_empty() {
                progress.notice(format!(
                    "the rows of {table} are left out, but what is kept of them in {} is not",
                    traces.join(", ")
                ));
            }
        }
        Ok(())
    }

    fn definitions(&self, connection: &Connection, query: &str, value: &str) -> Result<Vec<String>> {
        let mut statement = connection.prepare(query).map_err(|error| self.explain(error))?;
        let rows = statement.query_map([value], |row| row.get(0));
        rows.and_then(Iterator::collect).map_err(|error| self.explain(error))
    }
}

fn words_of(sql: &str) -> impl Iterator<Item = &str> {
    sql.split(|character: char| !character.is_alphanumeric() && character != '_')
}

fn is_empty(connection: &Connection, name: &str) -> bool {
    let count = connection.query_row(&format!("SELECT count(*) FROM {name}"), [], |row| row.get::<_, i64>(0));
    count.is_ok_and(|rows| rows == 0)
}
