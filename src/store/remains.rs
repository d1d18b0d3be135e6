//! What uploads that died left in a store: files without a manifest, and uploads that nobody finished.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::contract::{Entry, Store, Unfinished};
use super::name::{BackupName, MANIFEST, sidecar, without_sidecar};
use crate::Result;

/// What the objects are called with which a store is tried out; whoever may not delete leaves them there.
pub(crate) const PROBE: &str = ".holdfast-probe-";

/// What nobody will ever use.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remains {
    /// Files that belong to no backup.
    pub files: Vec<Entry>,
    /// Uploads that were begun and never ended.
    pub uploads: Vec<Unfinished>,
}

/// Finds what was left before this moment (seconds since 1970): what is younger may be a run at work.
pub(super) fn find<S: Store + ?Sized>(store: &S, before: i64) -> Result<Remains> {
    let mut files = store.list("")?;
    let names: BTreeSet<String> = files.iter().map(|file| file.name.clone()).collect();
    files.retain(|file| {
        let backup = without_sidecar(&file.name).unwrap_or(&file.name);
        let is_ours = BackupName::parse(backup).is_some() || file.name.starts_with(PROBE);
        is_ours && file.modified < before && !names.contains(&sidecar(backup, MANIFEST))
    });
    let is_ours = |upload: &Unfinished| {
        BackupName::parse(without_sidecar(&upload.name).unwrap_or(&upload.name)).is_some() && upload.started < before
    };
    let uploads = store.unfinished()?.into_iter().filter(is_ours).collect();
    Ok(Remains { files, uploads })
}

/// Removes what was found.
pub(super) fn remove<S: Store + ?Sized>(store: &S, remains: &Remains) -> Result<()> {
    remains.uploads.iter().try_for_each(|upload| store.abandon(upload))?;
    let names: Vec<String> = remains.files.iter().map(|file| file.name.clone()).collect();
    if names.is_empty() { Ok(()) } else { store.delete(&names) }
}
