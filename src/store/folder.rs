//! Which backups a folder holds.

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use time::UtcDateTime;

use super::litter::file_names;
use super::name::{BackupName, sidecar, tombstone_name};
use super::status::Status;
use crate::Result;
use crate::archive::read_manifest;
use crate::manifest::Manifest;
use crate::moment;

/// A backup as it stands in the folder, whole or not.
#[derive(Debug, Clone)]
pub struct Listed {
    /// The data file.
    pub path: PathBuf,
    /// The data file's name.
    pub name: String,
    /// From the sidecar, or from the file itself where the sidecar is lost; `None` where neither can be read.
    pub manifest: Option<Manifest>,
    /// The size of the data file in bytes.
    pub stored_size: u64,
    /// What was learned about it since.
    pub status: Status,
    /// Why it cannot be restored, as far as one can tell without reading it.
    pub problem: Option<String>,
}

impl Listed {
    /// The alias of its database; empty where neither manifest nor name tells.
    pub fn alias(&self) -> String {
        let manifest = self.manifest.as_ref().map(|manifest| manifest.alias.clone());
        manifest.unwrap_or_else(|| self.told_by_name(BackupName::alias))
    }

    /// Why it was made; empty where neither manifest nor name tells.
    pub fn kind(&self) -> String {
        let manifest = self.manifest.as_ref().map(|manifest| manifest.kind.clone());
        manifest.unwrap_or_else(|| self.told_by_name(BackupName::kind))
    }

    /// When its snapshot was taken; empty where neither manifest nor name tells.
    pub fn created(&self) -> String {
        let manifest = self.manifest.as_ref().map(|manifest| manifest.created.clone());
        // One backup with a nonsensical time must not stop the cleaning of all others.
        let sensible = manifest.filter(|created| moment::parse(created).is_ok());
        sensible.unwrap_or_else(|| self.told_by_name(BackupName::created))
    }

    /// Whether nothing speaks against it: no known problem, and no proof that failed.
    pub fn is_good(&self) -> bool {
        self.problem.is_none() && !self.status.failed()
    }

    fn told_by_name(&self, part: impl Fn(&BackupName) -> &str) -> String {
        BackupName::parse(&self.name).map_or_else(String::new, |name| part(&name).to_owned())
    }

    fn moment(&self) -> Option<UtcDateTime> {
        moment::parse(&self.created()).ok()
    }
}

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
        .filter_map(|name| examine(&folder.join(name), name))
        .collect();
    backups.sort_by(newest_first);
    Ok(backups)
}

/// Looks at one backup without reading its chunks; `None` where neither data file nor sidecar is there (any more).
pub(super) fn examine(path: &Path, name: &str) -> Option<Listed> {
    let data = fs::metadata(path).ok().filter(fs::Metadata::is_file);
    let is_orphan = || BackupName::parse(name).is_some() && path.with_file_name(sidecar(name, ".json")).is_file();
    if data.is_none() && !is_orphan() {
        return None;
    }
    let stored_size = data.as_ref().map(fs::Metadata::len);
    let (manifest, unreadable) = match read_manifest(path) {
        Ok(manifest) => (Some(manifest), None),
        Err(error) => (None, Some(error.message())),
    };
    let problem = match stored_size {
        None => Some("the file is missing".to_owned()),
        Some(size) => unreadable.or_else(|| wrong_size(manifest.as_ref()?, size)),
    };
    Some(Listed {
        path: path.to_owned(),
        name: name.to_owned(),
        manifest,
        stored_size: stored_size.unwrap_or(0),
        status: Status::read(path),
        problem,
    })
}

/// The cheapest proof of damage: a file that was cut or grew after it was finished.
fn wrong_size(manifest: &Manifest, size: u64) -> Option<String> {
    let expected = manifest.file.as_ref()?.size;
    (expected != size).then(|| format!("the file has {size} bytes, its manifest says {expected}"))
}

/// By the recorded moment, never by the name alone; what has none comes last.
fn newest_first(one: &Listed, other: &Listed) -> Ordering {
    (other.moment().cmp(&one.moment())).then_with(|| one.name.cmp(&other.name))
}
