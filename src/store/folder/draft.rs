//! A file in the making: invisible until it is published, gone if it is dropped before.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::num::NonZeroU64;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rustix::fs::Advice;

use super::durable::{create_folder, sync_folder};
use crate::error::{Context, Error, Kind, Result};
use crate::store::name::partial_name;
use crate::store::{Draft, Existing};

/// So many bytes at a time are handed to the disk while others are still made: at the end there is little left to wait
/// for.
const WRITE_BEHIND: u64 = 16 * 1024 * 1024;

/// The most that is written at once. For larger writes the system looks for large pieces of memory, and rather takes
/// those that nobody has used yet than what has just become free: that was seen to cost five times the processor time.
const SLICE: usize = 256 * 1024;

/// Made as `.{name}.partial`, which nothing takes for a backup and which only one writer can hold.
#[derive(Debug)]
pub(super) struct FileDraft {
    file: File,
    folder: PathBuf,
    path: PathBuf,
    name: String,
    size: u64,
    /// Up to here the system was told to begin writing.
    on_its_way: u64,
    existing: Existing,
    published: bool,
}

impl FileDraft {
    /// Makes the folder too where it is missing; others can read neither (a backup holds what the database holds).
    pub(super) fn create(folder: &Path, name: &str, existing: Existing) -> Result<Self> {
        create_folder(folder)?;
        let path = folder.join(partial_name(name));
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)
            .map_err(|error| cannot_create(&path, error))?;
        Ok(Self {
            file,
            folder: folder.to_owned(),
            path,
            name: name.to_owned(),
            size: 0,
            on_its_way: 0,
            existing,
            published: false,
        })
    }

    /// "Not needed" begins the writing of pages that are still dirty, and lets go of none of those.
    fn write_behind(&mut self) {
        let length = self.size - self.on_its_way;
        if length >= WRITE_BEHIND {
            // Advice: where it is not taken, the end waits longer.
            let _ = rustix::fs::fadvise(&self.file, self.on_its_way, NonZeroU64::new(length), Advice::DontNeed);
            self.on_its_way = self.size;
        }
    }

    /// A hard link never replaces a file, a rename does. Where the file system has no links, a look and a rename do as
    /// well: no second run can hold the temporary name.
    fn link(&self, target: &Path) -> Result<()> {
        match fs::hard_link(&self.path, target) {
            Ok(()) => fs::remove_file(&self.path).context(|| format!("{} cannot be removed", self.path.display())),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Err(already_exists(target)),
            Err(_) => {
                refuse_existing(target)?;
                self.rename(target)
            }
        }
    }

    fn rename(&self, target: &Path) -> Result<()> {
        fs::rename(&self.path, target).context(|| format!("{} cannot be named", target.display()))
    }
}

impl Draft for FileDraft {
    fn append(&mut self, bytes: &[u8]) -> Result<()> {
        bytes.chunks(SLICE).try_for_each(|slice| self.file.write_all(slice)).map_err(|error| {
            Error::failed(format!("{} cannot be written", self.path.display()))
                .because(error)
                .hint("Nothing was kept of it; see that the disk has room and try again")
        })?;
        self.size += bytes.len() as u64;
        self.write_behind();
        Ok(())
    }

    fn publish(mut self: Box<Self>) -> Result<()> {
        self.file.sync_all().context(|| format!("{} cannot be written to the disk", self.path.display()))?;
        let target = self.folder.join(&self.name);
        match self.existing {
            Existing::Keep => self.link(&target)?,
            Existing::Replace => self.rename(&target)?,
        }
        self.published = true;
        // A name that may not outlive a crash is worse than none: the caller is told that nothing is there.
        sync_folder(&self.folder).inspect_err(|_| drop(fs::remove_file(&target)))
    }
}

impl Drop for FileDraft {
    fn drop(&mut self) {
        if !self.published {
            // Dropped because of an error that is being reported; a second one would hide it.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Fails if anything has this name.
fn refuse_existing(path: &Path) -> Result<()> {
    match path.symlink_metadata() {
        Ok(_) => Err(already_exists(path)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(Error::failed(format!("{} cannot be looked at", path.display())).because(error)),
    }
}

fn already_exists(path: &Path) -> Error {
    Error::new(Kind::Exists, format!("{} exists already", path.display()))
        .hint("Choose another name; backups are never replaced")
}

fn cannot_create(path: &Path, error: std::io::Error) -> Error {
    let exists = error.kind() == ErrorKind::AlreadyExists;
    let failed = Error::failed(format!("{} cannot be made", path.display())).because(error);
    if exists {
        return failed.hint("Another run is writing it, or was killed while it did; in that case remove it");
    }
    failed
}
