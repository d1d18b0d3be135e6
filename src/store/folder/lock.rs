//! One run for each alias and folder. The operating system holds the lock, so that of a dead run is free by nature.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::durable::create_folder;
use super::ordinary::{self, Links};
use crate::error::Context;
use crate::store::name::{check_alias, lock_name};
use crate::{Error, Kind, Result};

/// Held until dropped. The file itself stays: removing it would let two runs lock two files of one name.
#[derive(Debug)]
pub struct Lock {
    file: File,
    owner: u32,
}

/// Bytes that the text about a holder may have.
const LONGEST_HOLDER: u64 = 64 * 1024;

/// Who holds a lock; only for the message of whoever is refused.
#[derive(Debug, Serialize, Deserialize)]
struct Holder {
    pid: u32,
    host: String,
    purpose: String,
    since: String,
}

impl Lock {
    /// Takes the lock at once or fails with [`Kind::Locked`], naming the holder; makes the folder where it is missing.
    pub fn acquire(folder: &Path, alias: &str, purpose: &str, since: &str) -> Result<Self> {
        check_alias(alias)?;
        create_folder(folder)?;
        let path = folder.join(lock_name(alias));
        let unlockable = || format!("{} cannot be locked", path.display());
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false).mode(0o600);
        let mut file = ordinary::open(&options, Links::Refuse, &path).context(unlockable)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(refusal(alias, &mut file)),
            Err(TryLockError::Error(error)) => return Err(error).context(unlockable),
        }
        let owner = std::process::id();
        let holder = Holder { pid: owner, host: host_name(), purpose: purpose.to_owned(), since: since.to_owned() };
        write_holder(&mut file, &holder).context(unlockable)?;
        Ok(Self { file, owner })
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // A forked child has a copy of this value and shares the lock; its end must not release the parent's.
        if std::process::id() != self.owner {
            return;
        }
        // Neither step is needed for correctness: closing releases, and stale content is never shown while free.
        // The order is: after the release another run may have written its own name.
        let _ = self.file.set_len(0);
        let _ = self.file.unlock();
    }
}

fn write_holder(file: &mut File, holder: &Holder) -> io::Result<()> {
    let text = serde_json::to_vec(holder)?;
    file.set_len(0)?;
    file.rewind()?;
    file.write_all(&text)
}

fn refusal(alias: &str, file: &mut File) -> Error {
    // The holder may be writing its name at this moment, or may have truncated it on its way out.
    let mut text = String::new();
    let holder = file
        .take(LONGEST_HOLDER)
        .read_to_string(&mut text)
        .ok()
        .and_then(|_| serde_json::from_str::<Holder>(&text).ok());
    let Some(Holder { pid, host, purpose, since }) = holder else {
        return Error::new(Kind::Locked, format!("another run is working on {alias}"))
            .hint("Try again when it has ended");
    };
    let message = format!("another run is working on {alias}: {purpose}, process {pid} on {host}, since {since}");
    Error::new(Kind::Locked, message).hint(format!(
        "Try again when it has ended; if process {pid} on {host} hangs, end it, and the lock is free at once"
    ))
}

/// For people who share a folder between machines; wrong or missing, it harms nothing.
pub(in crate::store) fn host_name() -> String {
    ["/proc/sys/kernel/hostname", "/etc/hostname"]
        .iter()
        .find_map(|path| std::fs::read_to_string(path).ok())
        .or_else(|| std::env::var("HOSTNAME").ok())
        .map(|name| name.trim().to_owned())
        .filter(|name| !name.is_empty())
        .unwrap_or_else(|| "an unnamed host".to_owned())
}
