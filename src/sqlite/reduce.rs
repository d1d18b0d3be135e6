//! Leaves rows out of a private copy, so that nothing of them remains in the file.

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;

use rusqlite::Connection;
use rusqlite::config::DbConfig;

use super::functions::{StandIn, with_stand_ins};
use super::interrupt::interruptible;
use super::{Snapshot, quoted};
use crate::error::{Context, Error, Result};
use crate::event::Progress;

/// What is copied into a file without rows. SQLite makes its own tables and indexes; a virtual table makes its shadow
/// tables. Tables come before what is built over them.
const DEFINITIONS: &str = "SELECT name, sql, rootpage = 0 AND type = 'table' FROM sqlite_schema \
    WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' \
    AND name NOT IN (SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'shadow') \
    AND tbl_name NOT IN (SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'shadow') \
    ORDER BY CASE type WHEN 'table' THEN 1 WHEN 'index' THEN 2 WHEN 'view' THEN 3 ELSE 4 END, rowid";

/// Settings of a file that must stand before its first table is made.
const BEFORE_TABLES: [&str; 2] = ["page_size", "auto_vacuum"];
const AFTER_TABLES: [&str; 2] = ["user_version", "application_id"];

impl Snapshot {
    /// Removes the rows of these tables for good; their definitions stay.
    ///
    /// The file is written anew, since removed rows would stay readable in free pages.
    pub fn without_rows_of(self, tables: &[String], progress: &Progress) -> Result<Self> {
        if tables.is_empty() {
            return Ok(self);
        }
        let connection = self.writer()?;
        let known = self.list(&connection)?;
        if let Some(table) = tables.iter().find(|table| !known.iter().any(|(name, _)| name == *table)) {
            return Err(Error::usage(format!("there is no table {table}"))
                .hint("name tables as they are called in the database"));
        }
        // Triggers of the application would write rows elsewhere.
        connection
            .set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false)
            .map_err(|error| self.explain(error))?;
        for table in tables {
            self.run_with_stand_ins(&connection, &format!("DELETE FROM {}", quoted(table)), progress)?;
        }
        self.run_with_stand_ins(&connection, "VACUUM", progress)?;
        drop(connection);
        Ok(self)
    }

    /// Replaces the copy by a file with the same definitions and no rows at all.
    pub fn without_rows(self, progress: &Progress) -> Result<Self> {
        let mut name = self.file.clone().into_os_string();
        name.push("-schema");
        let empty = Self { file: name.into(), ..self.clone() };
        OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&empty.file)
            .context(|| format!("cannot create {}", empty.file.display()))?;
        let written = self.write_definitions(&empty, progress);
        if written.is_err() {
            // Best effort: the error that brought us here is the one to report.
            let _ = std::fs::remove_file(&empty.file);
        }
        written?;
        std::fs::rename(&empty.file, &self.file).context(|| format!("cannot replace {}", self.file.display()))?;
        Ok(self)
    }

    fn write_definitions(&self, empty: &Self, progress: &Progress) -> Result<()> {
        let (from, to) = (self.reader()?, empty.writer()?);
        let encoding: String =
            from.query_row("PRAGMA encoding", [], |row| row.get(0)).map_err(|error| self.explain(error))?;
        empty.run(&to, &format!("PRAGMA encoding = '{encoding}'"))?;
        self.copy_settings(&from, (empty, &to), &BEFORE_TABLES)?;
        let mut statement = from.prepare(DEFINITIONS).map_err(|error| self.explain(error))?;
        let mut rows = statement.query([]).map_err(|error| self.explain(error))?;
        while let Some(row) = rows.next().map_err(|error| self.explain(error))? {
            let read = || Ok((row.get(0)?, row.get(1)?, row.get(2)?));
            let (name, sql, is_virtual): (String, String, bool) = read().map_err(|error| self.explain(error))?;
            match empty.run_with_stand_ins(&to, &sql, progress) {
                Err(_) if is_virtual => empty.note_virtual_table(&to, &name, &sql)?,
                made => made?,
            }
        }
        self.copy_settings(&from, (empty, &to), &AFTER_TABLES)
    }

    fn copy_settings(&self, from: &Connection, (empty, to): (&Self, &Connection), settings: &[&str]) -> Result<()> {
        for setting in settings {
            empty.run(to, &format!("PRAGMA {setting} = {}", self.number(from, setting)?))?;
        }
        Ok(())
    }

    /// Notes a virtual table whose module is missing here, as VACUUM does; the application has the module.
    fn note_virtual_table(&self, connection: &Connection, name: &str, sql: &str) -> Result<()> {
        self.run(connection, "PRAGMA writable_schema = ON")?;
        connection
            .execute("INSERT INTO sqlite_schema VALUES ('table', ?1, ?1, 0, ?2)", [name, sql])
            .map_err(|error| self.explain(error))?;
        self.run(connection, "PRAGMA writable_schema = RESET")
    }

    /// Runs a statement that names functions of the application but does not call them.
    pub(super) fn run_with_stand_ins(&self, connection: &Connection, sql: &str, progress: &Progress) -> Result<()> {
        let run = |connection: &Connection| connection.execute_batch(sql);
        interruptible(connection, progress, |connection| with_stand_ins(connection, StandIn::Failure, run))
            .map_err(|error| self.explain(error))
    }
}
