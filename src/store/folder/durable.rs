//! Changes to a folder that outlive a power cut: the one place that syncs folders.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use crate::error::Context;
use crate::store::name::partial_name;
use crate::{Error, Result};

/// Makes the folder of backups, readable by its owner alone; one that exists stays as it is.
pub(super) fn create_folder(folder: &Path) -> Result<()> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .context(|| format!("the folder {} cannot be made", folder.display()))
}

/// Makes names that were added, changed or removed in the folder durable; a synced file alone may still lose its name.
pub(super) fn sync_folder(folder: &Path) -> Result<()> {
    File::open(folder)
        .and_then(|handle| handle.sync_all())
        .context(|| format!("the folder {} cannot be synced", folder.display()))
}

/// Replaces a file by these bytes, readable by its owner alone; a reader sees the old content or the new, never a part.
pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> Result<()> {
    let partial = path.with_file_name(partial_name(name_of(path)?));
    write_private(&partial, bytes)
        .and_then(|()| fs::rename(&partial, path))
        .context(|| format!("{} cannot be written", path.display()))?;
    sync_folder(folder_of(path))
}

/// The file's name as text; every name that we give is.
pub(super) fn name_of(path: &Path) -> Result<&str> {
    path.file_name()
        .and_then(|name| name.to_str())
        .ok_or_else(|| Error::usage(format!("{} is not the name of a file", path.display())))
}

/// The folder that holds the file.
pub(super) fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// Removes a file; one that is gone already is as good.
pub(super) fn remove_file(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(error).context(|| format!("{} cannot be removed", path.display()))
        }
        _ => Ok(()),
    }
}

/// Writes and syncs a file that its owner alone may read; its name is durable once the folder is synced. What a dead run
/// left there goes first, and so does a link: what it points at is not written to.
pub(super) fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}
