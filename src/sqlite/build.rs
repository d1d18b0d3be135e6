//! Builds a private database file out of a backup's chunks; it exists whole and checked, or not at all.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::{ForeignKeyViolation, Snapshot};
use crate::error::{Context, Error, Kind, Result};
use crate::event::Progress;
use crate::manifest::Table;
use crate::plan::Verify;

/// What the finished file must be like.
#[derive(Debug, Clone, Copy)]
pub struct Expected<'a> {
    /// The manifest's tables.
    pub tables: &'a [Table],
    /// The page size that the live database needs; `None` keeps that of the backup.
    pub page_size: Option<u32>,
    /// Whether fingerprints are compared too.
    pub verify: Verify,
    /// Threads that read tables.
    pub threads: usize,
}

/// A private file in the making; it vanishes unless [`Draft::finish`] succeeds.
#[derive(Debug)]
pub struct Draft {
    path: PathBuf,
    file: File,
    state: State,
}

#[derive(Debug, PartialEq, Eq)]
enum State {
    Unfinished,
    Finished,
}

impl Draft {
    /// Makes the file, readable by nobody else; it must not exist.
    pub fn create(path: &Path) -> Result<Self> {
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path)
            .context(|| format!("cannot create {}", path.display()))?;
        Ok(Self { path: path.to_owned(), file, state: State::Unfinished })
    }

    /// Writes a decoded chunk at its place in the payload; chunks may come in any order, from several threads.
    pub fn write(&self, raw_offset: u64, bytes: &[u8]) -> Result<()> {
        self.file.write_all_at(bytes, raw_offset).context(|| format!("cannot write {}", self.path.display()))
    }

    /// Checks the file against the manifest and keeps it; returns the foreign keys that do not hold.
    pub fn finish(mut self, expected: &Expected<'_>, progress: &Progress) -> Result<Vec<ForeignKeyViolation>> {
        self.sync()?;
        let snapshot = Snapshot::open(&self.path).map_err(in_the_backup)?;
        let violations = snapshot.check(progress).map_err(in_the_backup)?;
        if let Some(page_size) = expected.page_size {
            snapshot.convert(page_size, progress)?;
        }
        snapshot.compare(expected, progress)?;
        self.sync()?;
        self.state = State::Finished;
        Ok(violations)
    }

    fn sync(&self) -> Result<()> {
        self.file.sync_all().context(|| format!("cannot write {}", self.path.display()))
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if self.state == State::Unfinished {
            // Best effort: there is nobody to tell, and the error that brought us here is the one to report.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

impl Snapshot {
    /// Gives the file another page size; row identity is kept, page identity is not.
    fn convert(&self, page_size: u32, progress: &Progress) -> Result<()> {
        let has_it = || Ok::<_, Error>(self.number(&self.reader()?, "page_size")? == i64::from(page_size));
        if has_it()? {
            return Ok(());
        }
        let way_on =
            "move the live file aside, with its -wal, and restore again: a new file has the backup's page size";
        self.rewrite(&format!("PRAGMA page_size = {page_size}"), way_on, progress)?;
        if has_it()? {
            return Ok(());
        }
        Err(Error::usage(format!("SQLite has no page size of {page_size} bytes")))
    }

    fn compare(&self, expected: &Expected<'_>, progress: &Progress) -> Result<()> {
        let mut found = self.tables()?;
        match expected.verify {
            Verify::Full => self.measure(&mut found, expected.threads, progress)?,
            Verify::Counts => self.count_all(&mut found, expected.tables, progress)?,
        }
        let names = |tables: &[Table]| tables.iter().map(|table| table.name.clone()).collect::<Vec<_>>();
        if names(&found) != names(expected.tables) {
            return Err(Error::bad_backup("the tables in the backup differ from those in its manifest"));
        }
        for (found, expected) in found.iter().zip(expected.tables) {
            compare_table(found, expected)?;
        }
        Ok(())
    }

    fn count_all(&self, found: &mut [Table], expected: &[Table], progress: &Progress) -> Result<()> {
        let connection = self.reader()?;
        for table in found {
            progress.check()?;
            if expected.iter().any(|other| other.name == table.name && other.rows.is_some()) {
                table.rows = Some(self.count(&connection, &table.name)?);
            }
        }
        Ok(())
    }
}

fn compare_table(found: &Table, expected: &Table) -> Result<()> {
    let table = &expected.name;
    match (found.rows, expected.rows) {
        (Some(found), Some(expected)) if found != expected => {
            return Err(Error::bad_backup(format!("table {table} has {found} rows instead of {expected}")));
        }
        _ => {}
    }
    match (&found.fingerprint, &expected.fingerprint) {
        (Some(found), Some(expected)) if found != expected => {
            Err(Error::bad_backup(format!("the rows of table {table} differ from those that were backed up")))
        }
        _ => Ok(()),
    }
}

/// The same damage, seen from the other side: here the file comes out of a backup.
fn in_the_backup(error: Error) -> Error {
    if error.kind() != Kind::Failed {
        return error;
    }
    let reason = std::error::Error::source(&error).map_or_else(|| error.to_string(), ToString::to_string);
    Error::bad_backup("the backup holds a damaged database")
        .hint("choose another backup; nothing was changed")
        .because(reason)
}
