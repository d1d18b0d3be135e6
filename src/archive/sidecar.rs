//! The two small files beside a backup: `<file>.sha256` for `sha256sum -c`, and `<file>.json`, written last.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::damage::{label, sidecar_differs};
use super::partial::{Existing, PartialFile};
use super::{document, partial};
use crate::error::{Context, Result};
use crate::manifest::{Manifest, StoredFile};

/// The sidecar manifest of a backup.
pub(super) fn manifest_path(path: &Path) -> PathBuf {
    beside(path, ".json")
}

/// The sidecar of a backup that `sha256sum -c` reads.
pub(super) fn digest_path(path: &Path) -> PathBuf {
    beside(path, ".sha256")
}

/// A sidecar manifest that was read, with its text for the comparison with the embedded one.
pub(super) struct Sidecar {
    pub(super) manifest: Manifest,
    pub(super) file: StoredFile,
    text: Vec<u8>,
}

impl Sidecar {
    /// `None` where the backup has none.
    pub(super) fn read(path: &Path) -> Result<Option<Self>> {
        let sidecar = manifest_path(path);
        let Some(text) = read_if_exists(&sidecar)? else {
            return Ok(None);
        };
        let manifest = document::decode(&text).map_err(|error| error.in_sidecar(path, &sidecar))?;
        let Some(file) = manifest.file.clone() else {
            return Err(sidecar_differs(path, &sidecar, "does not tell the size of the file"));
        };
        Ok(Some(Self { manifest, file, text }))
    }

    /// Fails unless both manifests say the same.
    pub(super) fn compare(&self, path: &Path, embedded: &[u8]) -> Result<()> {
        document::compare(path, &manifest_path(path), &self.text, &self.file, embedded)
    }
}

/// Fails if there is a `.sha256` file that does not tell this digest, for the name of now or of the beginning.
pub(super) fn compare_digest(path: &Path, name: &str, sha256: &str) -> Result<()> {
    let sidecar = digest_path(path);
    match read_if_exists(&sidecar)? {
        Some(text) if ![name, &label(path)].iter().any(|name| text == digest_line(name, sha256).as_bytes()) => {
            Err(sidecar_differs(path, &sidecar, "does not match the file"))
        }
        _ => Ok(()),
    }
}

/// Writes both, the manifest last: a backup exists when its manifest does.
pub(super) fn write(path: &Path, file: &StoredFile, embedded: &[u8], existing: Existing) -> Result<()> {
    let digest = digest_path(path);
    put(&digest, digest_line(&label(path), &file.sha256).as_bytes(), existing)?;
    put(&manifest_path(path), &document::with_file(embedded, file)?, existing)
        .inspect_err(|_| drop(fs::remove_file(&digest)))
}

/// Fails if the backup or one of its sidecars exists.
pub(super) fn refuse_existing(path: &Path) -> Result<()> {
    for path in [path, &digest_path(path), &manifest_path(path)] {
        partial::refuse_existing(path)?;
    }
    Ok(())
}

fn put(path: &Path, text: &[u8], existing: Existing) -> Result<()> {
    // The parent of a bare name is an empty path, which no system call takes.
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    let mut file = PartialFile::create(folder, &label(path))?;
    file.append(text)?;
    file.publish(existing)?;
    Ok(())
}

fn beside(path: &Path, extension: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(extension);
    PathBuf::from(name)
}

fn digest_line(name: &str, sha256: &str) -> String {
    format!("{sha256}  {name}\n")
}

fn read_if_exists(path: &Path) -> Result<Option<Vec<u8>>> {
    match fs::read(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).context(|| format!("{} cannot be read", path.display())),
    }
}
