//! The two small files beside a backup: `<file>.sha256` for `sha256sum -c`, and `<file>.json`, written last.

use super::damage::sidecar_differs;
use super::document;
use crate::error::{Error, Kind, Result};
use crate::manifest::{Manifest, StoredFile};
use crate::store::name::{DIGEST, MANIFEST};
use crate::store::{About, Existing, Place};

/// Under this name a store keeps, beside the manifest, which version of the data file it belongs to.
const VERSION: &str = "version";

/// A sidecar manifest that was read, with its text for the comparison with the embedded one.
pub(super) struct Sidecar {
    pub(super) manifest: Manifest,
    pub(super) file: StoredFile,
    text: Vec<u8>,
}

impl Sidecar {
    /// `None` where the backup has none.
    pub(super) fn read(place: &Place) -> Result<Option<Self>> {
        let sidecar = place.beside(MANIFEST);
        sidecar.store.read(&sidecar.name)?.map(|text| Self::decode(&place.name, text)).transpose()
    }

    /// The sidecar of the file `name` in this text.
    pub(super) fn decode(name: &str, text: Vec<u8>) -> Result<Self> {
        let sidecar = format!("{name}{MANIFEST}");
        let manifest = document::decode(&text).map_err(|error| error.in_sidecar(name, &sidecar))?;
        let Some(file) = manifest.file.clone() else {
            return Err(sidecar_differs(name, &sidecar, "does not tell the size of the file"));
        };
        Ok(Self { manifest, file, text })
    }

    /// Fails unless both manifests say the same.
    pub(super) fn compare(&self, name: &str, embedded: &[u8]) -> Result<()> {
        document::compare(name, &format!("{name}{MANIFEST}"), &self.text, &self.file, embedded)
    }
}

/// Fails if there is a `.sha256` file that does not tell this digest, for the name of now or of the beginning.
pub(super) fn compare_digest(place: &Place, name: &str, sha256: &str) -> Result<()> {
    let sidecar = place.beside(DIGEST);
    match sidecar.store.read(&sidecar.name)? {
        Some(text) if ![name, &place.name].iter().any(|name| text == digest_line(name, sha256).as_bytes()) => {
            Err(sidecar_differs(&place.name, &sidecar.name, "does not match the file"))
        }
        _ => Ok(()),
    }
}

/// Writes both, the manifest last: a backup exists when its manifest does.
pub(super) fn write(
    place: &Place,
    file: &StoredFile,
    embedded: &[u8],
    existing: Existing,
    about: &About,
) -> Result<()> {
    let mut about = about.clone();
    about.insert("sha256".to_owned(), file.sha256.clone());
    about.insert("size".to_owned(), file.size.to_string());
    if let Some(entry) = place.store.look(&place.name)?.filter(|entry| !entry.version.is_empty()) {
        about.insert(VERSION.to_owned(), entry.version);
    }
    let digest = place.beside(DIGEST);
    let put = |place: &Place, text: &[u8]| place.store.put(&place.name, text, existing, &about);
    put(&digest, digest_line(&place.name, &file.sha256).as_bytes())?;
    put(&place.beside(MANIFEST), &document::with_file(embedded, file)?)
        .inspect_err(|_| drop(digest.store.delete(std::slice::from_ref(&digest.name))))
}

/// Fails if the store has given the data file another version since its manifest was written: then somebody has put
/// another file in its place, of whatever size. False where the store knows no versions, or has forgotten that one.
pub(crate) fn check_version(place: &Place) -> Result<bool> {
    let manifest = place.beside(MANIFEST);
    let Some(written) = place.store.about(&manifest.name)?.remove(VERSION) else {
        return Ok(false);
    };
    match place.store.look(&place.name)? {
        Some(entry) if entry.version == written => Ok(true),
        _ => Err(Error::bad_backup(format!(
            "{} is not the object that was written there; if another program has copied it, validate it without --quick",
            place.name
        ))),
    }
}

/// Fails if the backup or one of its sidecars exists.
pub(super) fn refuse_existing(place: &Place) -> Result<()> {
    let names = [place.name.clone(), place.beside(DIGEST).name, place.beside(MANIFEST).name];
    match place.store.list(&place.name)?.into_iter().find(|entry| names.contains(&entry.name)) {
        None => Ok(()),
        Some(entry) => Err(Error::new(Kind::Exists, format!("{} exists already", place.store.place(&entry.name)))
            .hint("Choose another name; backups are never replaced")),
    }
}

fn digest_line(name: &str, sha256: &str) -> String {
    format!("{sha256}  {name}\n")
}
