//! Removes a backup from a store where files appear and go whole, one by one.

use super::contract::Store;
use super::name::{BackupName, DIGEST, MANIFEST, STATUS, sidecar};
use crate::{Error, Result};

/// The manifest goes first: from then on there is no backup, and what a dead run leaves of it is known for remains.
pub(super) fn remove<S: Store + ?Sized>(store: &S, name: &str) -> Result<()> {
    let manifest = sidecar(name, MANIFEST);
    let is_there =
        BackupName::parse(name).is_some() && (store.look(&manifest)?.is_some() || store.look(name)?.is_some());
    if !is_there {
        return Err(Error::usage(format!("there is no backup {}", store.place(name)))
            .hint("List the backups to see their names"));
    }
    store.delete(&[manifest])?;
    store.delete(&[name.to_owned(), sidecar(name, DIGEST), sidecar(name, STATUS)])
}
