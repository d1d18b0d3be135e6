//! Remembers which file this process has read whole and found whole, so that the plan of a restore and the restore that
//! follows it do not both read every byte.
//!
//! This is about locks alone: a restore that trusts the proof still compares every chunk with its digest when it loads
//! it, and nothing commits before the last one. What a proof spares is finding damage before the first lock, if the file
//! rots on the disk in between without anybody writing to it.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// As long as somebody may think about a plan. Disks fail in silence, and a process may live for months.
const LIFETIME: Duration = Duration::from_hours(1);

/// The file that was read last, its SHA-256, and when that was.
static LATEST: Mutex<Option<(String, String, Instant)>> = Mutex::new(None);

/// Remembers the SHA-256 of a file that was read whole: `identity` is from before the first byte was read.
pub(super) fn remember(identity: String, sha256: &str) {
    *LATEST.lock().unwrap_or_else(PoisonError::into_inner) = Some((identity, sha256.to_owned(), Instant::now()));
}

/// The SHA-256 of this very file, where it was read not long ago.
pub(super) fn recall(identity: &str) -> Option<String> {
    let latest = LATEST.lock().unwrap_or_else(PoisonError::into_inner);
    let (proven, sha256, when) = latest.as_ref()?;
    (proven == identity && when.elapsed() < LIFETIME).then(|| sha256.clone())
}
