//! Brings a backup from one store to another, byte for byte, and looks at every byte on its way.

use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::damage::damaged;
use super::hexadecimal;
use super::open::{Opened, open};
use super::output::about;
use super::passage::pass;
use super::sidecar::{self, Sidecar};
use crate::error::{Kind, Result};
use crate::event::Progress;
use crate::manifest::{Manifest, StoredFile};
use crate::store::{About, Existing, Place, Store};

/// Copies a backup with its sidecars, the manifest last; gives the manifest.
///
/// Data that an earlier try brought there whole is not sent again, and where both stores belong to one service it
/// copies by itself.
pub fn copy(from: &Place, to: &Arc<dyn Store>, progress: &Progress) -> Result<Manifest> {
    let opened = open(from, Sidecar::read(from)?)?;
    let target = Place::new(Arc::clone(to), from.name.clone());
    let Manifest { alias, kind, created, id, .. } = &opened.manifest;
    let mut about = about(alias, kind, created, id);
    progress.stage("copying", opened.file.size());
    let stored = match opened.stored.clone() {
        // With its digest known from the beginning, the file can carry it.
        Some(stored) => {
            about.insert("sha256".to_owned(), stored.sha256.clone());
            if !is_there(&target, &stored)? && !copy_within(from, &target, &about)? {
                send(&opened, &target, Some(&stored), &about, progress)?;
            }
            stored
        }
        None => send(&opened, &target, None, &about, progress)?,
    };
    progress.check()?;
    sidecar::write(&target, &stored, &opened.text, Existing::Replace, &about)?;
    Ok(Manifest { file: Some(stored), ..opened.manifest })
}

/// Whether an earlier run got as far as the data.
fn is_there(target: &Place, stored: &StoredFile) -> Result<bool> {
    let Some(found) = target.store.look(&target.name)? else {
        return Ok(false);
    };
    let sha256 = target.store.about(&target.name)?.remove("sha256");
    Ok(found.size == stored.size && sha256.as_deref() == Some(stored.sha256.as_str()))
}

fn copy_within(from: &Place, target: &Place, about: &About) -> Result<bool> {
    match from.store.origin(&from.name) {
        Some(origin) => target.store.copy_within(&origin, &target.name, about),
        None => Ok(false),
    }
}

fn send(
    opened: &Opened,
    target: &Place,
    expected: Option<&StoredFile>,
    about: &About,
    progress: &Progress,
) -> Result<StoredFile> {
    let size = opened.file.size();
    opened.file.will_read(std::slice::from_ref(&(0..size)));
    let mut draft = target.store.create(&target.name, Some(size), about)?;
    let digest = pass(opened.file.as_ref(), 0..size, Sha256::new(), progress, |block| draft.append(block))?;
    let stored = StoredFile { size, sha256: hexadecimal(digest) };
    if expected.is_some_and(|expected| *expected != stored) {
        return Err(damaged(&target.name, "it does not have the SHA-256 that its manifest tells"));
    }
    match draft.publish() {
        // Somebody else brought it here a moment ago.
        Err(error) if error.kind() == Kind::Exists && is_there(target, &stored)? => Ok(stored),
        outcome => outcome.map(|()| stored),
    }
}
