//! What is learned about a backup after it was made: whether it is pinned, and when it was last proven.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::durable::{name_of, write_whole};
use super::name::sidecar;
use crate::error::Context;
use crate::{Error, Result};

/// Stands in `<name>.status.json`; a backup without one has an empty status.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// Why retention never removes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pinned: Option<String>,
    /// The last proof.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verified: Option<Verified>,
}

/// The outcome of a proof.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verified {
    /// RFC 3339, UTC.
    pub at: String,
    /// How deep it went.
    pub how: How,
    /// Whether the backup is good.
    pub ok: bool,
    /// What is wrong with it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<String>,
}

/// How a backup was proven.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// Every byte was read and compared with its digest.
    Read,
    /// It was restored into a scratch place.
    Restored,
}

/// One thing to remember; `{"pin": "before the big import"}`, `"unpin"` or `{"verified": {…}}` in a document.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// Keep it whatever the rules say, for this reason.
    Pin(String),
    /// Let the rules decide again.
    Unpin,
    /// It was proven, or proven bad.
    Verified(Verified),
}

impl Status {
    /// Whether the last proof found it bad.
    pub fn failed(&self) -> bool {
        self.verified.as_ref().is_some_and(|verified| !verified.ok)
    }

    /// Reads the status of a backup. One that cannot be read counts as pinned, because a pin may be what was lost; the
    /// reason says so wherever backups are listed, until it is unpinned.
    pub fn read(backup: &Path) -> Self {
        let text = match name_of(backup).map(|name| fs::read(backup.with_file_name(sidecar(name, ".status.json")))) {
            Ok(Ok(text)) => text,
            Ok(Err(error)) if error.kind() == io::ErrorKind::NotFound => return Self::default(),
            Ok(Err(error)) => return Self::unreadable(&error),
            Err(error) => return Self::unreadable(&error),
        };
        serde_json::from_slice(&text).unwrap_or_else(|error| Self::unreadable(&error))
    }

    fn was_restored(&self) -> bool {
        self.verified.as_ref().is_some_and(|verified| verified.ok && verified.how == How::Restored)
    }

    fn unreadable(error: &dyn std::error::Error) -> Self {
        Self { pinned: Some(format!("its status file cannot be read ({error})")), verified: None }
    }

    fn apply(&mut self, change: Change) {
        match change {
            Change::Pin(reason) => self.pinned = Some(reason),
            Change::Unpin => self.pinned = None,
            // That it was restored once says more than that it was read again.
            Change::Verified(verified) if verified.ok && verified.how == How::Read && self.was_restored() => {}
            Change::Verified(verified) => self.verified = Some(verified),
        }
    }
}

/// Remembers something about a backup and gives its whole status; two at a time lose nothing.
pub fn update_status(backup: &Path, change: Change) -> Result<Status> {
    let Some(_held) = hold(backup)? else {
        return Err(Error::usage(format!("there is no backup {}", backup.display())));
    };
    let mut status = Status::read(backup);
    status.apply(change);
    let text = serde_json::to_vec_pretty(&status).context(|| "the status cannot be written as JSON")?;
    write_whole(&backup.with_file_name(sidecar(name_of(backup)?, ".status.json")), &text)?;
    Ok(status)
}

/// Keeps others from changing the status of a backup, or from removing it, until the file is dropped; `None` where
/// the data file is missing. The lock of the alias would not do: a pin must not wait for an hour of backup.
pub(super) fn hold(backup: &Path) -> Result<Option<File>> {
    let file = match open_for_locking(backup) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        opened => opened.context(|| format!("{} cannot be opened", backup.display()))?,
    };
    file.lock().context(|| format!("{} cannot be locked", backup.display()))?;
    // Whoever held it before may have removed the backup.
    Ok(backup.exists().then_some(file))
}

/// Network file systems lock only what is open for writing; a backup that its owner made read-only can still be
/// locked on a local disk.
fn open_for_locking(backup: &Path) -> io::Result<File> {
    match OpenOptions::new().read(true).write(true).open(backup) {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => File::open(backup),
        opened => opened,
    }
}
