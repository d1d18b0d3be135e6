//! Whether a failure speaks against the backup, or against the place where it was tried.

use crate::error::{Error, Kind};
use crate::postgres::connect::sqlstate;
use crate::postgres::restore::check::is_difference;

/// Classes of errors that no backup can cause: connections, rights, resources, locks, the server's own trouble.
const EXCUSED_CLASSES: [&str; 11] = ["08", "25", "28", "40", "53", "54", "55", "57", "58", "F0", "XX"];

/// Missing rights, and what this server cannot do.
const EXCUSED: [&str; 2] = ["42501", "0A000"];

/// The error of a drill: a statement that fails or rows that differ make the backup a bad one.
pub(super) fn verdict(error: Error) -> Error {
    let blamed = match sqlstate(&error).map(tokio_postgres::error::SqlState::code) {
        Some(code) => !EXCUSED.contains(&code) && !EXCUSED_CLASSES.iter().any(|class| code.starts_with(class)),
        None => error.kind() == Kind::Failed && is_difference(&error),
    };
    if !blamed {
        return error;
    }
    Error::bad_backup(format!("the backup does not restore: {}", error.message()))
        .hint("list_backups shows older backups; make a new one and rehearse that")
}
