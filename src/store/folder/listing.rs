//! Which backups a folder holds.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::litter::file_names;
use super::{LOCAL, status};
use crate::Result;
use crate::archive::read_manifest;
use crate::store::listed::{newest_first, wrong_size};
use crate::store::name::{BackupName, sidecar, tombstone_name};
use crate::store::{Listed, Place};

/// Every backup in the folder, the newest first; no folder has none. Foreign and hidden files are not mentioned, nor
/// is a backup that is being removed.
pub fn list(folder: &Path) -> Result<Vec<Listed>> {
    let names: BTreeSet<String> = file_names(folder)?.into_iter().collect();
    let mut backups: Vec<Listed> = names
        .iter()
        .map(|name| name.strip_suffix(".json").unwrap_or(name))
        .filter(|name| BackupName::parse(name).is_some() && !names.contains(&tombstone_name(name)))
        .collect::<BTreeSet<&str>>()
        .into_iter()
        .filter_map(|name| examine(&folder.join(name), name).transpose())
        .collect::<Result<_>>()?;
    backups.sort_by(newest_first);
    Ok(backups)
}

/// Looks at one backup without reading its chunks; `None` where neither data file nor sidecar is there (any more).
pub(super) fn examine(path: &Path, name: &str) -> Result<Option<Listed>> {
    let data = fs::metadata(path).ok().filter(fs::Metadata::is_file);
    let is_orphan = || BackupName::parse(name).is_some() && path.with_file_name(sidecar(name, ".json")).is_file();
    if data.is_none() && !is_orphan() {
        return Ok(None);
    }
    let stored_size = data.as_ref().map(fs::Metadata::len);
    let (manifest, unreadable) = match read_manifest(&Place::at(path)?) {
        Ok(manifest) => (Some(manifest), None),
        Err(error) => (None, Some(error.message())),
    };
    let problem = match stored_size {
        None => Some("the file is missing".to_owned()),
        Some(size) => unreadable.or_else(|| wrong_size(manifest.as_ref()?, size)),
    };
    Ok(Some(Listed {
        location: LOCAL.to_owned(),
        path: Some(path.to_owned()),
        name: name.to_owned(),
        manifest,
        stored_size: stored_size.unwrap_or(0),
        arrived: None,
        status: status::read(path),
        problem,
        unpacked: None,
    }))
}
