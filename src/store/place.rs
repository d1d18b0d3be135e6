//! Where a backup is.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use super::contract::Store;
use super::folder::Folder;
use crate::Result;

/// A file of a store.
#[derive(Debug, Clone)]
pub struct Place {
    /// Where it lives.
    pub store: Arc<dyn Store>,
    /// Its name there.
    pub name: String,
    /// Where it is what a backup holds, decompressed: that backup, or what is left of it beside the file.
    pub unpacked_from: Option<Box<Self>>,
}

impl Place {
    /// A backup as it was made.
    pub fn new(store: Arc<dyn Store>, name: impl Into<String>) -> Self {
        Self { store, name: name.into(), unpacked_from: None }
    }

    /// A file of this machine, in whatever folder.
    pub fn at(path: &Path) -> Result<Self> {
        let (folder, name) = Folder::of(path)?;
        Ok(Self::new(Arc::new(folder), name))
    }

    /// What stands beside the file under its name with this suffix.
    pub(crate) fn beside(&self, suffix: &str) -> Self {
        Self::new(Arc::clone(&self.store), format!("{}{suffix}", self.name))
    }
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.store.place(&self.name))
    }
}
