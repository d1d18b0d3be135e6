//! Removes a backup so that it is whole or gone, whenever the program dies.
//!
//! A tombstone hides the backup before the first of its files goes; what a dead run leaves, `clean` finishes.

use std::path::Path;

use super::durable::{folder_of, name_of, remove_file, sync_folder, write_private};
use super::status::hold;
use crate::error::Context;
use crate::store::name::{BackupName, SIDECARS, sidecar, tombstone_name};
use crate::{Error, Result};

/// Removes a backup with all that stands beside it; one whose data file is missing loses its sidecars.
pub fn remove(backup: &Path) -> Result<()> {
    let name = name_of(backup)?;
    let there = [backup.to_owned(), backup.with_file_name(sidecar(name, ".json"))];
    if BackupName::parse(name).is_none() || !there.iter().any(|path| path.exists()) {
        return Err(Error::usage(format!("there is no backup {}", backup.display()))
            .hint("List the backups to see their names"));
    }
    let _held = hold(backup)?;
    let tombstone = backup.with_file_name(tombstone_name(name));
    write_private(&tombstone, b"").context(|| format!("{} cannot be written", tombstone.display()))?;
    sync_folder(folder_of(backup))?;
    finish(backup)
}

/// Removes what a backup with a tombstone still has, the tombstone last.
pub(super) fn finish(backup: &Path) -> Result<()> {
    let name = name_of(backup)?;
    remove_file(backup)?;
    for suffix in SIDECARS {
        remove_file(&backup.with_file_name(sidecar(name, suffix)))?;
    }
    // Without this a power cut could bring back files whose tombstone is gone already.
    sync_folder(folder_of(backup))?;
    remove_file(&backup.with_file_name(tombstone_name(name)))?;
    sync_folder(folder_of(backup))
}
