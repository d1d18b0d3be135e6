//! Leaves rows out of a private copy, so that nothing of them remains in the file.

use std::fs::OpenOptions;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, ErrorCode};

use super::interrupt::interruptible;
use super::stand_ins::{StandIn, missing_collation, with_stand_ins};
use super::{Snapshot, quoted};
use crate::error::{Context, Error, Result};
use crate::event::Progress;

/// What is copied into a file without rows. SQLite makes its own tables and indexes; a virtual table makes its shadow
/// tables, and some of the indexes on them. Tables come before what is built over them.
const DEFINITIONS: &str = "SELECT name, sql, rootpage = 0 AND type = 'table' FROM sqlite_schema \
    WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' \
    AND name NOT IN (SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'shadow') \
    ORDER BY CASE type WHEN 'table' THEN 1 WHEN 'index' THEN 2 WHEN 'view' THEN 3 ELSE 4 END, rowid";

/// Those of one virtual table. Of two, `s` and `s_t`, whose names both fit, the longer is the owner.
const SHADOW_TABLES: &str = "SELECT name, sql FROM sqlite_schema AS shadow WHERE type = 'table' \
    AND name IN (SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'shadow') \
    AND lower(?1) = (SELECT lower(name) FROM sqlite_schema AS owner WHERE type = 'table' AND rootpage = 0 \
    AND lower(substr(shadow.name, 1, length(owner.name) + 1)) = lower(owner.name || '_') \
    ORDER BY length(owner.name) DESC LIMIT 1)";

/// Settings of a file that must stand before its first table is made.
const BEFORE_TABLES: [&str; 2] = ["page_size", "auto_vacuum"];
const AFTER_TABLES: [&str; 2] = ["user_version", "application_id"];

impl Snapshot {
    /// Replaces the copy by a file with the same definitions and no rows at all.
    pub fn without_rows(self, progress: &Progress) -> Result<Self> {
        self.replace(|empty| self.write_definitions(empty, progress))?;
        Ok(self)
    }

    /// Replaces the copy by another file, which `write` fills.
    fn replace(&self, write: impl FnOnce(&Self) -> Result<()>) -> Result<()> {
        let mut name = self.file.clone().into_os_string();
        name.push("-anew");
        let other = Self { file: name.into(), ..self.clone() };
        OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&other.file)
            .context(|| format!("cannot create {}", other.file.display()))?;
        let written = write(&other);
        if written.is_err() {
            // Best effort: the error that brought us here is the one to report.
            let _ = std::fs::remove_file(&other.file);
        }
        written?;
        std::fs::rename(&other.file, &self.file).context(|| format!("cannot replace {}", self.file.display()))
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
            if empty.has(&to, &name)? {
                continue;
            }
            match try_to_define(&to, &sql, progress) {
                // The module or its tokenizer is missing; a full disk or the wish to stop is something else.
                Err(error) if is_virtual && error.sqlite_error_code() == Some(ErrorCode::Unknown) => {
                    empty.note_virtual_table(&to, &name, &sql)?;
                    self.copy_shadow_tables(&from, (empty, &to), &name)?;
                }
                made => made.map_err(|error| empty.explain(error))?,
            }
        }
        self.copy_settings(&from, (empty, &to), &AFTER_TABLES)
    }

    /// Whether something of this name is there: names of one file are all different.
    fn has(&self, connection: &Connection, name: &str) -> Result<bool> {
        let query = "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = ?1)";
        connection.query_row(query, [name], |row| row.get(0)).map_err(|error| self.explain(error))
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

    /// Makes the shadow tables of a virtual table whose module is here but cannot make it, as where its tokenizer is
    /// missing. Those of FTS5 begin with what its module writes there first.
    fn copy_shadow_tables(&self, from: &Connection, (empty, to): (&Self, &Connection), table: &str) -> Result<()> {
        let mut statement = from.prepare(SHADOW_TABLES).map_err(|error| self.explain(error))?;
        let rows = statement.query_map([table], |row| Ok((row.get(0)?, row.get(1)?)));
        let shadows: Vec<(String, String)> = rows.and_then(Iterator::collect).map_err(|error| self.explain(error))?;
        for (_, sql) in &shadows {
            empty.run(to, sql)?;
        }
        let (data, config) = (format!("{table}_data"), format!("{table}_config"));
        if [&data, &config].iter().all(|shadow| shadows.iter().any(|(name, _)| name == *shadow)) {
            let (data, config) = (quoted(&data), quoted(&config));
            empty.run(to, &format!("INSERT INTO {data} VALUES (1, x''), (10, x'00000000000000')"))?;
            empty.run(to, &format!("INSERT INTO {config} VALUES ('version', 4)"))?;
        }
        Ok(())
    }

    /// Runs a statement that names functions and collations of the application but does not call them.
    pub(super) fn define(&self, connection: &Connection, sql: &str, progress: &Progress) -> Result<()> {
        try_to_define(connection, sql, progress).map_err(|error| self.explain(error))
    }

    /// Writes the file anew with these settings; `way_on` is for who cannot have that. Into another file: `VACUUM` in
    /// place gives new numbers to the rows of a table without a key, and an index beside it would find others.
    pub(super) fn rewrite(&self, settings: &str, way_on: &str, progress: &Progress) -> Result<()> {
        self.replace(|other| {
            let connection = self.writer()?;
            connection.execute_batch(settings).map_err(|error| self.explain(error))?;
            let target = ToSqlOutput::Borrowed(ValueRef::Text(other.file.as_os_str().as_bytes()));
            let run = |connection: &Connection| connection.execute("VACUUM INTO ?1", [&target]).map(drop);
            interruptible(&connection, progress, |connection| with_stand_ins(connection, StandIn::Rewrite, run)).map_err(
                |error| match missing_collation(&error) {
                    Some(name) => Error::usage(format!(
                        "the database cannot be written anew: only the application knows the order of its collation {name}"
                    ))
                    .hint(way_on),
                    None => self.explain(error),
                },
            )
        })
    }
}

fn try_to_define(connection: &Connection, sql: &str, progress: &Progress) -> rusqlite::Result<()> {
    let run = |connection: &Connection| connection.execute_batch(sql);
    interruptible(connection, progress, |connection| with_stand_ins(connection, StandIn::Define, run))
}
