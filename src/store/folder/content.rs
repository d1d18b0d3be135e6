//! A file of this machine, read by range.

use std::fs::{File, Metadata, OpenOptions};
use std::io::ErrorKind;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::ordinary::{self, Links};
use crate::error::Context;
use crate::store::Content;
use crate::{Error, Result};

/// Clocks of file systems tick: a file that was touched more recently than this could be touched again unseen.
const TICK: Duration = Duration::from_secs(2);

#[derive(Debug)]
pub(super) struct FileContent {
    file: File,
    path: PathBuf,
    size: u64,
}

impl FileContent {
    pub(super) fn open(path: &Path) -> Result<Option<Self>> {
        let file = match ordinary::open(OpenOptions::new().read(true), Links::Follow, path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) if ordinary::is_refusal(&error) => {
                return Err(Error::usage(format!("{} is not a file", path.display())));
            }
            Err(error) => return Err(error).context(|| format!("{} cannot be opened", path.display())),
        };
        let metadata = file.metadata().context(|| format!("{} cannot be read", path.display()))?;
        Ok(Some(Self { file, path: path.to_owned(), size: metadata.len() }))
    }
}

impl Content for FileContent {
    fn size(&self) -> u64 {
        self.size
    }

    /// Another file in its place has another number, a write moves both times, and the time of the last change of
    /// status cannot be set back by hand as that of the last write can.
    fn identity(&self) -> Option<String> {
        let metadata = self.file.metadata().ok().filter(is_settled)?;
        let written = (metadata.mtime(), metadata.mtime_nsec());
        let changed = (metadata.ctime(), metadata.ctime_nsec());
        Some(format!("{}:{}:{}:{written:?}:{changed:?}", metadata.dev(), metadata.ino(), metadata.size()))
    }

    fn is_far(&self) -> bool {
        false
    }

    fn read_exact_at(&self, offset: u64, buffer: &mut [u8]) -> Result<()> {
        self.file.read_exact_at(buffer, offset).map_err(|error| match error.kind() {
            ErrorKind::UnexpectedEof => {
                Error::bad_backup(format!("{} was cut off while it was read", self.path.display()))
            }
            _ => Error::failed(format!("{} cannot be read at {offset}", self.path.display())).because(error),
        })
    }
}

fn is_settled(metadata: &Metadata) -> bool {
    let age = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let changed = u64::try_from(metadata.ctime()).unwrap_or(u64::MAX);
    age.as_secs() > changed.saturating_add(TICK.as_secs())
}
