//! The folder of backups: names, listings, choices, status, removal, litter, locks.
#![allow(clippy::unwrap_used, reason = "tests")]

mod choice;
mod folder;
mod lease;
mod lock;
mod name;
mod objects;
mod planted;
mod removal;
mod status;

use std::fs;
use std::path::{Path, PathBuf};

use holdfast::exclusions::Exclusions;
use holdfast::manifest::{Codec, Content, Database, FORMAT_VERSION, Manifest, Payload, StoredFile};
use holdfast::store::{BackupName, SIDECARS, list, sidecar};
use tempfile::TempDir;

fn empty_folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn manifest(name: &BackupName, file_name: &str, size: u64) -> Manifest {
    Manifest {
        format_version: FORMAT_VERSION,
        creator: "holdfast 0.1.0".to_owned(),
        id: format!("{:016x}", xxhash_rust::xxh3::xxh3_64(file_name.as_bytes())),
        name: file_name.to_owned(),
        alias: name.alias().to_owned(),
        kind: name.kind().to_owned(),
        created: name.created().to_owned(),
        seconds: 1.0,
        payload: Payload::Sql,
        codec: Codec::Gzip { level: 6 },
        content: Content::Full,
        database: Database::default(),
        django: serde_json::Value::Null,
        tables: Vec::new(),
        objects: Vec::new(),
        used: Vec::new(),
        definitions: Vec::new(),
        chunks: Vec::new(),
        skipped: Vec::new(),
        exclusions: Exclusions::default(),
        large_objects: 0,
        raw_size: 0,
        chunks_sha256: String::new(),
        file: Some(StoredFile { size, sha256: "00".repeat(32) }),
    }
}

/// Puts a backup with all its sidecars into the folder; its content is of no interest here.
pub(crate) fn put(folder: &Path, alias: &str, kind: &str, created: &str) -> PathBuf {
    let name = BackupName::new(alias, kind, created).unwrap();
    let file_name = name.file_name(Payload::Sql, Codec::Gzip { level: 6 });
    let content = b"not really compressed";
    let manifest = manifest(&name, &file_name, content.len() as u64);
    fs::write(folder.join(&file_name), content).unwrap();
    let document = serde_json::to_vec(&manifest).unwrap();
    fs::write(folder.join(sidecar(&file_name, ".json")), document).unwrap();
    fs::write(folder.join(sidecar(&file_name, ".sha256")), format!("{}  {file_name}\n", "00".repeat(32))).unwrap();
    fs::write(folder.join(sidecar(&file_name, ".status.json")), "{}").unwrap();
    folder.join(file_name)
}

fn beside(backup: &Path, suffix: &str) -> PathBuf {
    backup.with_file_name(sidecar(file_name(backup), suffix))
}

fn file_name(path: &Path) -> &str {
    path.file_name().unwrap().to_str().unwrap()
}

/// The data file and all that stands beside it, in the order in which removal takes them.
fn parts(backup: &Path) -> Vec<PathBuf> {
    let sidecars = SIDECARS.iter().map(|suffix| beside(backup, suffix));
    std::iter::once(backup.to_owned()).chain(sidecars).collect()
}

fn listed_names(folder: &Path) -> Vec<String> {
    list(folder).unwrap().into_iter().map(|backup| backup.name).collect()
}

fn all_names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}
