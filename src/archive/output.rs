//! The bytes of a file on their way to every store that is to have it.
//!
//! The first store is the backup's home: if it fails, everything does. Any other may fail alone; the backup stands
//! without that copy, and whoever asked for it is told.

use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::hexadecimal;
use super::sidecar;
use crate::error::{Error, Kind, Result};
use crate::manifest::{FORMAT_VERSION, StoredFile};
use crate::store::{About, Draft, Existing, Place, Store};

/// A store that did not get its copy.
#[derive(Debug)]
pub struct Missing {
    /// What the user calls the store.
    pub store: String,
    /// Why.
    pub error: Error,
}

/// What stores keep beside the files of a backup for people who look at them with other tools.
pub fn about(alias: &str, kind: &str, created: &str, id: &str) -> About {
    let format = FORMAT_VERSION.to_string();
    [("alias", alias), ("kind", kind), ("created", created), ("id", id), ("format", &format)]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
}

pub(super) struct Output {
    home: Place,
    draft: Box<dyn Draft>,
    copies: Vec<(Place, Box<dyn Draft>)>,
    missing: Vec<Missing>,
    about: About,
    size: u64,
    digest: Sha256,
}

impl Output {
    /// Begins the file `name` in every store; the first is its home.
    pub(super) fn create(stores: &[Arc<dyn Store>], name: &str, about: About) -> Result<Self> {
        let mut places = stores.iter().map(|store| Place::new(Arc::clone(store), name));
        let Some(home) = places.next() else {
            return Err(Error::usage("a backup needs a store"));
        };
        let draft = begin(&home, &about)?;
        let mut copies = Vec::new();
        let mut missing = Vec::new();
        for place in places {
            match begin(&place, &about) {
                Ok(draft) => copies.push((place, draft)),
                Err(error) => missing.push(excuse(&place, error)?),
            }
        }
        Ok(Self { home, draft, copies, missing, about, size: 0, digest: Sha256::new() })
    }

    pub(super) fn append(&mut self, bytes: &[u8]) -> Result<()> {
        self.draft.append(bytes)?;
        self.digest.update(bytes);
        self.size += bytes.len() as u64;
        for (place, mut draft) in std::mem::take(&mut self.copies) {
            match draft.append(bytes) {
                Ok(()) => self.copies.push((place, draft)),
                Err(error) => self.missing.push(excuse(&place, error)?),
            }
        }
        Ok(())
    }

    /// Bytes so far.
    pub(super) fn size(&self) -> u64 {
        self.size
    }

    /// What was appended so far.
    pub(super) fn so_far(&self) -> StoredFile {
        StoredFile { size: self.size, sha256: hexadecimal(self.digest.clone()) }
    }

    /// Gives the file its name in every store, and writes what stands beside it, the manifest last.
    pub(super) fn publish(self, embedded: &[u8]) -> Result<(StoredFile, Vec<Missing>)> {
        let stored = self.so_far();
        let Self { home, draft, copies, mut missing, about, .. } = self;
        finish(&home, draft, &stored, embedded, &about)?;
        for (place, draft) in copies {
            if let Err(error) = finish(&place, draft, &stored, embedded, &about) {
                // The backup stands; what is told of it must not depend on a late wish to stop.
                missing.push(Missing { store: place.store.name().to_owned(), error });
            }
        }
        Ok((stored, missing))
    }
}

fn begin(place: &Place, about: &About) -> Result<Box<dyn Draft>> {
    sidecar::refuse_existing(place)?;
    place.store.create(&place.name, None, about)
}

fn finish(place: &Place, draft: Box<dyn Draft>, stored: &StoredFile, embedded: &[u8], about: &About) -> Result<()> {
    draft.publish()?;
    sidecar::write(place, stored, embedded, Existing::Keep, about)
        // Without its manifest it is none.
        .inspect_err(|_| drop(place.store.delete(std::slice::from_ref(&place.name))))
}

/// A wish to stop is meant for all of it.
fn excuse(place: &Place, error: Error) -> Result<Missing> {
    if error.kind() == Kind::Interrupted {
        return Err(error);
    }
    Ok(Missing { store: place.store.name().to_owned(), error })
}
