//! Backups in folders, for tests that care about something else.

use std::path::Path;
use std::sync::Arc;

use holdfast::Result;
use holdfast::archive::{Archive, ArchiveWriter};
use holdfast::manifest::Codec;
use holdfast::store::{About, Folder, Place, Store};

pub(crate) fn folder(path: &Path) -> Arc<dyn Store> {
    Arc::new(Folder::new(path))
}

pub(crate) fn create(path: &Path, name: &str, codec: Codec, threads: usize) -> Result<ArchiveWriter> {
    ArchiveWriter::create(&[folder(path)], name, About::new(), codec, threads)
}

pub(crate) fn open(path: &Path) -> Result<Archive> {
    Archive::open(&Place::at(path)?)
}

pub(crate) fn plan(path: &Path) -> serde_json::Value {
    let name = path.file_name().unwrap().to_str().unwrap();
    serde_json::json!({"store": {"kind": "folder", "path": path.parent().unwrap()}, "name": name})
}
