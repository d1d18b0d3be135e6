//! The status of a backup in a folder: changed by several runs at a time, none of which loses what another said.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;

use super::durable::{name_of, write_whole};
use super::ordinary::{self, Links};
use crate::error::Context;
use crate::store::name::{STATUS, sidecar};
use crate::store::{Change, LARGEST_READ, Status};
use crate::{Error, Result};

/// Reads the status of a backup; one without has an empty one.
pub(super) fn read(backup: &Path) -> Status {
    match name_of(backup).map(|name| ordinary::read(&backup.with_file_name(sidecar(name, STATUS)), LARGEST_READ)) {
        Ok(Ok(text)) => Status::decode(&text),
        Ok(Err(error)) if error.kind() == io::ErrorKind::NotFound => Status::default(),
        Ok(Err(error)) => Status::unreadable(&error),
        Err(error) => Status::unreadable(&error),
    }
}

/// Remembers something about a backup and gives its whole status; two at a time lose nothing.
pub fn update_status(backup: &Path, change: Change) -> Result<Status> {
    let Some(_held) = hold(backup)? else {
        return Err(Error::usage(format!("there is no backup {}", backup.display())));
    };
    let mut status = read(backup);
    status.apply(change);
    write_whole(&backup.with_file_name(sidecar(name_of(backup)?, STATUS)), &status.encode()?)?;
    Ok(status)
}

/// Keeps others from changing the status of a backup, or from removing it, until the file is dropped; `None` where
/// the data file is missing, or something else stands in its place. The lock of the alias would not do: a pin must not wait for an hour of backup.
pub(super) fn hold(backup: &Path) -> Result<Option<File>> {
    let file = match open_for_locking(backup) {
        Err(error) if error.kind() == io::ErrorKind::NotFound || ordinary::is_refusal(&error) => return Ok(None),
        opened => opened.context(|| format!("{} cannot be opened", backup.display()))?,
    };
    file.lock().context(|| format!("{} cannot be locked", backup.display()))?;
    // Whoever held it before may have removed the backup.
    Ok(backup.exists().then_some(file))
}

/// Network file systems lock only what is open for writing; a backup that its owner made read-only can still be
/// locked on a local disk.
fn open_for_locking(backup: &Path) -> io::Result<File> {
    let open = |options: &OpenOptions| ordinary::open(options, Links::Follow, backup);
    match open(OpenOptions::new().read(true).write(true)) {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => open(OpenOptions::new().read(true)),
        opened => opened,
    }
}
