//! Which backups a store holds where every file is whole: those that have a manifest.
//!
//! One listing and one small read for each backup that is new since the last time; what was read before is remembered
//! by the version of the file.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::thread;

use serde::{Deserialize, Serialize};

use super::contract::{Entry, LARGEST_READ, Store};
use super::folder::{read_ordinary, write_whole};
use super::listed::{Listed, newest_first, wrong_size};
use super::name::{BackupName, MANIFEST, STATUS, sidecar};
use super::status::Status;
use crate::Result;
use crate::archive::manifest_of_sidecar;
use crate::manifest::Manifest;

/// Manifests are small and far away: what a listing takes is waiting.
const READERS: usize = 16;

/// What an earlier listing found, by the name of the file.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
struct Known {
    manifests: BTreeMap<String, Versioned<Manifest>>,
    statuses: BTreeMap<String, Versioned<Status>>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Versioned<T> {
    version: String,
    content: T,
}

/// Every backup in the store, the newest first.
pub(super) fn list<S: Store + ?Sized>(store: &S) -> Result<Vec<Listed>> {
    let entries: BTreeMap<String, Entry> =
        store.list("")?.into_iter().map(|entry| (entry.name.clone(), entry)).collect();
    let names: BTreeSet<&str> = entries
        .keys()
        .filter_map(|name| name.strip_suffix(MANIFEST))
        .filter(|name| BackupName::parse(name).is_some())
        .collect();
    let before = recall(store.listing_cache());
    let found = read_all(names.into_iter().collect(), |name| look_at(store, name, &entries, &before))?;
    let mut now = Known::default();
    let mut backups = Vec::with_capacity(found.len());
    for (listed, known) in found {
        now.manifests.extend(known.manifests);
        now.statuses.extend(known.statuses);
        backups.extend(listed);
    }
    if now != before {
        remember(store.listing_cache(), &now);
    }
    backups.sort_by(newest_first);
    Ok(backups)
}

/// Looks at one backup; `None` where it has no manifest.
pub(super) fn examine<S: Store + ?Sized>(store: &S, name: &str) -> Result<Option<Listed>> {
    let names = [name.to_owned(), sidecar(name, MANIFEST), sidecar(name, STATUS)];
    let mut entries = BTreeMap::new();
    for name in names {
        entries.extend(store.look(&name)?.map(|entry| (name, entry)));
    }
    Ok(look_at(store, name, &entries, &Known::default())?.0)
}

fn look_at<S: Store + ?Sized>(
    store: &S,
    name: &str,
    entries: &BTreeMap<String, Entry>,
    before: &Known,
) -> Result<(Option<Listed>, Known)> {
    let mut known = Known::default();
    let file = sidecar(name, MANIFEST);
    let Some(entry) = entries.get(&file) else { return Ok((None, known)) };
    let manifest = match before.manifests.get(&file).filter(|found| is_same(&found.version, entry)) {
        Some(found) => Ok(found.content.clone()),
        // It may go between the listing and the reading.
        None => match store.read(&file)? {
            None => return Ok((None, known)),
            Some(text) => manifest_of_sidecar(name, &text).map(Manifest::summary),
        },
    };
    if let Ok(manifest) = &manifest {
        let content = Versioned { version: entry.version.clone(), content: manifest.clone() };
        known.manifests.insert(file, content);
    }
    let file = sidecar(name, STATUS);
    let mut status = Status::default();
    if let Some(entry) = entries.get(&file) {
        status = match before.statuses.get(&file).filter(|found| is_same(&found.version, entry)) {
            Some(found) => found.content.clone(),
            None => store.read(&file)?.map_or_else(Status::default, |text| Status::decode(&text)),
        };
        known.statuses.insert(file, Versioned { version: entry.version.clone(), content: status.clone() });
    }
    let stored_size = entries.get(name).map(|entry| entry.size);
    // What was written over later came later.
    let arrived = entries.get(name).into_iter().chain(entries.get(&sidecar(name, MANIFEST))).map(|file| file.modified);
    let (manifest, unreadable) = match manifest {
        Ok(manifest) => (Some(manifest), None),
        Err(error) => (None, Some(error.message())),
    };
    let problem = match stored_size {
        None => Some("the file is missing".to_owned()),
        Some(size) => unreadable.or_else(|| wrong_size(manifest.as_ref()?, size)),
    };
    let listed = Listed {
        location: store.name().to_owned(),
        path: None,
        name: name.to_owned(),
        manifest,
        stored_size: stored_size.unwrap_or(0),
        arrived: arrived.max().filter(|moment| *moment > 0),
        status,
        problem,
        unpacked: None,
    };
    Ok((Some(listed), known))
}

fn is_same(version: &str, entry: &Entry) -> bool {
    !version.is_empty() && version == entry.version
}

/// Reads with several threads; the first failure is that of all.
fn read_all<T: Send>(names: Vec<&str>, read: impl Fn(&str) -> Result<T> + Sync) -> Result<Vec<T>> {
    let threads = READERS.min(names.len());
    let waiting = Mutex::new(names.into_iter());
    let results = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let next = waiting.lock().unwrap_or_else(PoisonError::into_inner).next();
                    let Some(name) = next else { break };
                    let result = read(name);
                    let failed = result.is_err();
                    results.lock().unwrap_or_else(PoisonError::into_inner).push(result);
                    if failed {
                        break;
                    }
                }
            });
        }
    });
    results.into_inner().unwrap_or_else(PoisonError::into_inner).into_iter().collect()
}

/// What cannot be read is asked for again: it costs time and nothing else.
fn recall(cache: Option<&Path>) -> Known {
    let text = cache.and_then(|path| read_ordinary(path, LARGEST_READ).ok());
    let known: Option<Known> = text.and_then(|text| serde_json::from_slice(&text).ok());
    let is_sound = |known: &Known| known.manifests.values().all(|found| found.content.objection().is_none());
    known.filter(is_sound).unwrap_or_default()
}

fn remember(cache: Option<&Path>, known: &Known) {
    let Some(path) = cache else { return };
    if let Ok(text) = serde_json::to_vec(known) {
        // Where it cannot be written, the next listing takes as long as this one.
        let _ = write_whole(path, &text);
    }
}
