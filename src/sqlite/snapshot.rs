//! A private copy of a database: what it is, and its bytes. Refuses what is no database.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags};
use serde_json::{Map, Value};

use crate::error::{Context, Error, Result};
use crate::manifest::Database;

/// Bytes of a chunk of pages: a multiple of every page size that SQLite knows.
const CHUNK_BYTES: u64 = 4 << 20;

const MAGIC: &[u8; 16] = b"SQLite format 3\0";

/// A private copy of a database, which nobody else writes.
#[derive(Debug, Clone)]
pub struct Snapshot {
    pub(super) file: PathBuf,
    /// Of the database that was copied; the copy itself always has `delete`.
    pub(super) journal_mode: &'static str,
    /// The library that last wrote the database before us.
    pub(super) writer: String,
}

impl Snapshot {
    /// Takes over a private copy.
    ///
    /// The copy's header is set to the rollback journal, so that the single file opens on read-only media; pages
    /// keep their identity.
    pub fn open(copy: &Path) -> Result<Self> {
        let header = read_header(copy)?;
        let snapshot = Self {
            file: copy.to_owned(),
            journal_mode: if header.is_some_and(|header| header[18] == 2) { "wal" } else { "delete" },
            writer: header.map_or_else(|| rusqlite::version().to_owned(), |header| library_version(&header)),
        };
        let connection = snapshot.connect(OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        snapshot.run(&connection, "PRAGMA journal_mode = DELETE")?;
        if header.is_none() {
            // A database without a first table is an empty file. One page makes it recognisable as a database.
            snapshot.run(&connection, "PRAGMA user_version = 0")?;
        }
        Ok(snapshot)
    }

    /// Where the private copy is.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// What the manifest says about the database; `name` is the live file's name.
    pub fn database(&self, name: &str) -> Result<Database> {
        let connection = self.reader()?;
        let mut properties = Map::new();
        for property in ["page_size", "page_count", "freelist_count", "auto_vacuum", "user_version", "application_id"] {
            properties.insert(property.to_owned(), Value::from(self.number(&connection, property)?));
        }
        properties.insert("journal_mode".to_owned(), Value::from(self.journal_mode));
        let modules = self.virtual_tables(&connection)?;
        properties.insert("virtual_tables".to_owned(), modules.into_iter().map(|(name, _)| name).collect());
        let encoding =
            connection.query_row("PRAGMA encoding", [], |row| row.get(0)).map_err(|error| self.explain(error))?;
        Ok(Database {
            engine: "sqlite".to_owned(),
            name: name.to_owned(),
            server_version: self.writer.clone(),
            encoding,
            properties,
            ..Database::default()
        })
    }

    /// The file's bytes as chunks of whole pages, in order.
    ///
    /// Opens the file past SQLite, whose locks on it end with that: nothing may write the copy any more.
    pub fn pages(&self) -> Result<Pages> {
        let file = File::open(&self.file).context(|| format!("cannot read {}", self.file.display()))?;
        let left = file.metadata().context(|| format!("cannot read {}", self.file.display()))?.len();
        Ok(Pages { file, path: self.file.clone(), left })
    }

    /// Bytes that [`Snapshot::pages`] will deliver.
    pub fn size(&self) -> Result<u64> {
        let metadata = std::fs::metadata(&self.file).context(|| format!("cannot read {}", self.file.display()))?;
        Ok(metadata.len())
    }

    /// A connection that only reads; each thread takes its own.
    pub(super) fn reader(&self) -> Result<Connection> {
        self.connect(OpenFlags::SQLITE_OPEN_READ_ONLY)
    }

    /// A connection that changes the copy, without a journal: a copy that failed half-way is thrown away.
    pub(super) fn writer(&self) -> Result<Connection> {
        let connection = self.connect(OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        self.run(&connection, "PRAGMA foreign_keys = OFF")?;
        self.run(&connection, "PRAGMA ignore_check_constraints = ON")?;
        self.run(&connection, "PRAGMA journal_mode = OFF")?;
        self.run(&connection, "PRAGMA synchronous = OFF")?;
        Ok(connection)
    }

    /// A pragma that is a number.
    pub(super) fn number(&self, connection: &Connection, pragma: &str) -> Result<i64> {
        connection.query_row(&format!("PRAGMA {pragma}"), [], |row| row.get(0)).map_err(|error| self.explain(error))
    }

    /// Runs one statement, whatever rows it returns.
    pub(super) fn run(&self, connection: &Connection, sql: &str) -> Result<()> {
        let mut statement = connection.prepare(sql).map_err(|error| self.explain(error))?;
        let mut rows = statement.query([]).map_err(|error| self.explain(error))?;
        while rows.next().map_err(|error| self.explain(error))?.is_some() {}
        Ok(())
    }

    /// Turns what SQLite says into what happened to this file.
    pub(super) fn explain(&self, error: rusqlite::Error) -> Error {
        let file = self.file.display();
        match error.sqlite_error_code() {
            Some(ErrorCode::NotADatabase) => no_database(&self.file).because(error),
            Some(ErrorCode::DatabaseCorrupt) => super::check::damaged(&[error.to_string()]),
            Some(ErrorCode::DiskFull) => Error::database(format!("no space left for {file}"))
                .hint("free some space, or choose another folder")
                .because(error),
            Some(ErrorCode::OperationInterrupted) => Error::interrupted(),
            _ => Error::database(format!("SQLite failed on {file}")).because(error),
        }
    }

    pub(super) fn connect(&self, flags: OpenFlags) -> Result<Connection> {
        let path = std::path::absolute(&self.file).context(|| format!("cannot open {}", self.file.display()))?;
        let connection = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)
            .map_err(|error| self.explain(error))?;
        // Ours alone; a program that looks at it for a moment is waited for.
        connection.busy_timeout(Duration::from_secs(10)).map_err(|error| self.explain(error))?;
        Ok(connection)
    }
}

/// The bytes of a private file, chunk by chunk.
#[derive(Debug)]
pub struct Pages {
    file: File,
    path: PathBuf,
    left: u64,
}

impl Pages {
    /// Fills an empty buffer with the next chunk; `None` after the last.
    pub fn read(&mut self, mut buffer: Vec<u8>) -> Result<Option<Vec<u8>>> {
        let size = self.left.min(CHUNK_BYTES);
        if size == 0 {
            return Ok(None);
        }
        let read = (&mut self.file).take(size).read_to_end(&mut buffer);
        let read = read.context(|| format!("cannot read {}", self.path.display()))?;
        if read as u64 != size {
            return Err(Error::failed(format!("{} became shorter while it was read", self.path.display())));
        }
        self.left -= size;
        Ok(Some(buffer))
    }
}

/// The first hundred bytes; `None` where the file is empty, which SQLite takes for a database without tables.
fn read_header(file: &Path) -> Result<Option<[u8; 100]>> {
    let mut header = Vec::with_capacity(100);
    File::open(file)
        .and_then(|opened| opened.take(100).read_to_end(&mut header))
        .context(|| format!("cannot read {}", file.display()))?;
    if header.is_empty() {
        return Ok(None);
    }
    match <[u8; 100]>::try_from(header) {
        Ok(header) if header.starts_with(MAGIC) => Ok(Some(header)),
        _ => Err(no_database(file)),
    }
}

fn no_database(file: &Path) -> Error {
    Error::failed(format!("{} is no SQLite database, or it is encrypted", file.display()))
        .hint("check NAME in DATABASES; encrypted databases cannot be backed up")
}

/// The library that last wrote the file, as its header tells it.
fn library_version(header: &[u8; 100]) -> String {
    let number = u32::from_be_bytes([header[96], header[97], header[98], header[99]]);
    format!("{}.{}.{}", number / 1_000_000, number / 1000 % 1000, number % 1000)
}
