//! SQLite: reads and builds private files, and never touches a live database.
//!
//! POSIX locks belong to the process: a second SQLite library (or a plain `open` and `close`) in the process that has
//! a database open drops its locks, and committed rows of others vanish. So the caller copies the live database
//! through its own library, and everything here works on that copy.
//!
//! `snapshot` opens a copy, `stand_ins` gives it what only the application has, `tables` lists and `measure` counts
//! what is in it, `check` proves it whole, `reduce` and `leave_out` take rows out, `backup` sends it; `build` makes a
//! private file, `restore` fills it from a backup.

mod backup;
mod build;
mod check;
mod foreign_keys;
mod interrupt;
mod leave_out;
mod measure;
mod reduce;
mod restore;
mod snapshot;
mod stand_ins;
mod tables;

pub use backup::backup;
pub use build::{Draft, Expected};
pub use foreign_keys::ForeignKeyViolation;
pub use restore::{rehearse, restore};
pub use snapshot::{Pages, Snapshot};

/// What SQLite said, without the statement that it said it about.
fn said(error: &rusqlite::Error) -> String {
    match error {
        rusqlite::Error::SqliteFailure(_, Some(message)) | rusqlite::Error::SqlInputError { msg: message, .. } => {
            message.clone()
        }
        other => other.to_string(),
    }
}

/// A name as SQL wants it: in double quotes.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
