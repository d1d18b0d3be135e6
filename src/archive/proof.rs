//! Remembers which file this process has read whole and found whole, so that the plan of a restore and the restore that
//! follows it do not both read every byte.
//!
//! This is about locks alone: a restore that trusts the proof still compares every chunk with its digest when it loads
//! it, and nothing commits before the last one. What a proof spares is finding damage before the first lock, if the file
//! rots on the disk in between without anybody writing to it.

use std::fs::{File, Metadata};
use std::os::unix::fs::MetadataExt;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// As long as somebody may think about a plan. Disks fail in silence, and a process may live for months.
const LIFETIME: Duration = Duration::from_secs(3600);

/// Clocks of file systems tick: a file that was touched more recently than this could be touched again unseen.
const TICK: Duration = Duration::from_secs(2);

/// What changes with a file: another one in its place has another number, a write moves both times, and the time of
/// the last change of status cannot be set back by hand as that of the last write can.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Identity {
    device: u64,
    inode: u64,
    size: u64,
    written: (i64, i64),
    changed: (i64, i64),
}

impl Identity {
    /// `None` where the file cannot be asked: such a one is never trusted.
    pub(super) fn of(file: &File) -> Option<Self> {
        file.metadata().ok().map(|metadata| Self::from(&metadata))
    }

    fn is_settled(&self) -> bool {
        let age = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let changed = u64::try_from(self.changed.0).unwrap_or(u64::MAX);
        age.as_secs() > changed.saturating_add(TICK.as_secs())
    }
}

impl From<&Metadata> for Identity {
    fn from(metadata: &Metadata) -> Self {
        Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            size: metadata.size(),
            written: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        }
    }
}

/// The file that was read last, its SHA-256, and when that was.
static LATEST: Mutex<Option<(Identity, String, Instant)>> = Mutex::new(None);

/// Remembers the SHA-256 of a file that was read whole: `identity` is from before the first byte was read.
pub(super) fn remember(identity: Identity, sha256: &str) {
    if !identity.is_settled() {
        return;
    }
    *LATEST.lock().unwrap_or_else(PoisonError::into_inner) = Some((identity, sha256.to_owned(), Instant::now()));
}

/// The SHA-256 of this very file, where it was read not long ago.
pub(super) fn recall(identity: Identity) -> Option<String> {
    let latest = LATEST.lock().unwrap_or_else(PoisonError::into_inner);
    let (proven, sha256, when) = latest.as_ref()?;
    (*proven == identity && when.elapsed() < LIFETIME).then(|| sha256.clone())
}
