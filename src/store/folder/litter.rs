//! What runs that died left in the folder: partial files, private snapshots, half-done removals.
//!
//! Only names that belong to the alias for certain are touched; everything else stays, known or not.

use std::fs;
use std::io;
use std::path::Path;

use super::durable::{remove_file, sync_folder};
use super::removal::finish;
use super::status::hold;
use crate::Result;
use crate::error::Context;
use crate::store::name::{BackupName, check_alias, without_sidecar};

/// A private snapshot itself, what SQLite puts beside it, and its successor without rows.
const SNAPSHOT_SUFFIXES: [&str; 5] = ["", "-journal", "-wal", "-shm", "-anew"];

enum Litter<'a> {
    /// The file that was being written; its data file's name.
    Partial(&'a str),
    /// The backup that was being removed.
    Removal(&'a str),
    /// A private copy of a SQLite database; the process that made it.
    Snapshot(u32),
}

/// Removes what dead runs of this alias left and gives the names. The caller holds the alias's lock: that is what
/// makes a partial file the remains of a dead run and not the work of a live one.
pub fn clean(folder: &Path, alias: &str) -> Result<Vec<String>> {
    check_alias(alias)?;
    let mut removed = Vec::new();
    for name in file_names(folder)? {
        let Some(litter) = recognise(&name, alias) else { continue };
        match litter {
            Litter::Removal(backup) => finish(&folder.join(backup))?,
            Litter::Partial(backup) => {
                // Status files are written without the alias's lock; wait for whoever is at it.
                let _held = hold(&folder.join(backup))?;
                remove_file(&folder.join(&name))?;
            }
            // Validations make snapshots too, and hold no lock.
            Litter::Snapshot(process) if is_alive(process) => continue,
            Litter::Snapshot(_) => remove_file(&folder.join(&name))?,
        }
        removed.push(name);
    }
    if !removed.is_empty() {
        sync_folder(folder)?;
    }
    Ok(removed)
}

/// Every name in the folder that is text, sorted; no folder has none.
pub(super) fn file_names(folder: &Path) -> Result<Vec<String>> {
    let unreadable = || format!("the folder {} cannot be read", folder.display());
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.context(unreadable)?,
    };
    let mut names = Vec::new();
    for entry in entries {
        names.extend(entry.context(unreadable)?.file_name().into_string());
    }
    names.sort();
    Ok(names)
}

fn recognise<'a>(name: &'a str, alias: &str) -> Option<Litter<'a>> {
    let hidden = name.strip_prefix('.')?;
    let is_ours = |backup: &str| BackupName::parse(backup).is_some_and(|parsed| parsed.alias() == alias);
    if let Some(file) = hidden.strip_suffix(".partial") {
        let backup = without_sidecar(file).unwrap_or(file);
        return is_ours(backup).then_some(Litter::Partial(backup));
    }
    if let Some(backup) = hidden.strip_suffix(".deleting") {
        return is_ours(backup).then_some(Litter::Removal(backup));
    }
    snapshot_process(hidden, alias).map(Litter::Snapshot)
}

/// A process of this number may be another one by now; then its file goes with a later run.
fn is_alive(process: u32) -> bool {
    let process = i32::try_from(process).ok().and_then(rustix::process::Pid::from_raw);
    // No right to signal it means that it is there.
    process.is_some_and(|process| rustix::process::test_kill_process(process) != Err(rustix::io::Errno::SRCH))
}

/// The process in `{alias}-{pid}-{random}.snapshot`, or in the name of what stands beside it.
fn snapshot_process(hidden: &str, alias: &str) -> Option<u32> {
    let rest = hidden.strip_prefix(alias)?.strip_prefix('-')?;
    // Neither part holds a dash, so that `app` never claims a snapshot of `app-1`.
    let is_part = |part: &str| !part.is_empty() && part.chars().all(|letter| letter.is_alphanumeric() || letter == '_');
    let (parts, suffix) = rest.split_once(".snapshot")?;
    let (process, random) = parts.split_once('-')?;
    (is_part(random) && SNAPSHOT_SUFFIXES.contains(&suffix)).then(|| process.parse().ok())?
}
