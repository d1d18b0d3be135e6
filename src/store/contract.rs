//! What every place for files can do, whether it is a folder, a bucket or memory.
//!
//! Names are flat: what a backup's data file is called, and what its sidecars are called. A file appears whole under
//! its name or not at all, and nothing that exists is replaced unless that is asked for.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::listed::Listed;
use super::remains::{self, Remains};
use super::status::{self, Change, Status};
use super::{listing, removal};
use crate::{Error, Result};

/// A file as a listing shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Its name within the store.
    pub name: String,
    /// Bytes.
    pub size: u64,
    /// Changes whenever the content does (an `ETag`, say); empty where the store has no such thing.
    pub version: String,
    /// When it was written: seconds since 1970, UTC.
    pub modified: i64,
}

/// What a store may keep beside a file so that other tools can tell what it is: names are lower-case ASCII.
pub type About = BTreeMap<String, String>;

/// The most that [`Store::read`] reads, in bytes. The largest of what it reads is a manifest, which has about 200 bytes for
/// each chunk of 4 MiB: this is one of a database of ten terabytes.
pub const LARGEST_READ: u64 = 512 * 1024 * 1024;

/// What happens to a file that has the name already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Existing {
    /// It stays, and the new one fails with [`crate::Kind::Exists`].
    Keep,
    /// It is replaced in one step.
    Replace,
}

/// A place for files. Implementations block; they are called from threads that may, never from inside a runtime's
/// task.
pub trait Store: Send + Sync + fmt::Debug {
    /// What the user calls it; `local` is the folder of this machine.
    fn name(&self) -> &str;

    /// Where a file is, for messages: a path, or `s3://bucket/prefix/name`. With an empty name, the place itself.
    fn place(&self, name: &str) -> String;

    /// Every file whose name begins with `prefix`, sorted by name.
    fn list(&self, prefix: &str) -> Result<Vec<Entry>>;

    /// One file; `None` where there is none.
    fn look(&self, name: &str) -> Result<Option<Entry>>;

    /// What was kept beside a file with [`Store::create`] or [`Store::put`]; empty where the store keeps nothing.
    fn about(&self, name: &str) -> Result<About>;

    /// The content of a small file, of [`LARGEST_READ`] bytes at most; `None` where there is none.
    fn read(&self, name: &str) -> Result<Option<Vec<u8>>>;

    /// Opens a file for reading by range; `None` where there is none.
    fn open(&self, name: &str) -> Result<Option<Box<dyn Content>>>;

    /// Starts a file that appears when it is published. `size` is how large it will be, where that is known.
    fn create(&self, name: &str, size: Option<u64>, about: &About) -> Result<Box<dyn Draft>>;

    /// Writes a small file at once.
    fn put(&self, name: &str, bytes: &[u8], existing: Existing, about: &About) -> Result<()>;

    /// Removes files; those that are gone already are as good.
    fn delete(&self, names: &[String]) -> Result<()>;

    /// Uploads that were begun and neither finished nor given up; they cost money and no listing shows them.
    fn unfinished(&self) -> Result<Vec<Unfinished>> {
        Ok(Vec::new())
    }

    /// Gives up such an upload.
    fn abandon(&self, upload: &Unfinished) -> Result<()> {
        let _ = upload;
        Ok(())
    }

    /// An address from which anybody who has it can fetch the file, for so many seconds.
    fn link(&self, name: &str, seconds: u64) -> Result<String> {
        let _ = seconds;
        Err(Error::usage(format!("{} has no address that could be given away", self.place(name)))
            .hint("Copy the file itself"))
    }

    /// Where another store of the same service can copy a file from, without the bytes passing through here.
    fn origin(&self, name: &str) -> Option<Origin> {
        let _ = name;
        None
    }

    /// Copies a file within the service, under the same name; `false` where that cannot be done, and nothing was.
    fn copy_within(&self, origin: &Origin, name: &str, about: &About) -> Result<bool> {
        let _ = (origin, name, about);
        Ok(false)
    }

    /// Every backup here, the newest first; one that is being removed or has not arrived whole is not mentioned.
    fn backups(&self) -> Result<Vec<Listed>> {
        listing::list(self)
    }

    /// Looks at one backup without reading its chunks; `None` where there is none of this name.
    fn backup(&self, name: &str) -> Result<Option<Listed>> {
        listing::examine(self, name)
    }

    /// Removes a backup with all that stands beside it, so that it is whole or gone whenever the program dies.
    fn remove_backup(&self, name: &str) -> Result<()> {
        removal::remove(self, name)
    }

    /// Remembers something about a backup and gives its whole status.
    fn update_status(&self, name: &str, change: Change) -> Result<Status> {
        status::update(self, name, change)
    }

    /// What uploads that died before this moment (seconds since 1970) left here.
    fn remains(&self, before: i64) -> Result<Remains> {
        remains::find(self, before)
    }

    /// Removes what [`Store::remains`] has found.
    fn remove_remains(&self, found: &Remains) -> Result<()> {
        remains::remove(self, found)
    }

    /// Where what was listed may be remembered, so that the next listing asks for what is new alone.
    fn listing_cache(&self) -> Option<&Path> {
        None
    }

    /// What time it is there, seconds since 1970: hosts that share a store need not agree on anything else.
    fn now(&self) -> i64 {
        time::UtcDateTime::now().unix_timestamp()
    }

    /// What the service knows of itself that its owner should know: how far the clocks differ, and what is unsafe.
    fn survey(&self) -> Result<Survey> {
        Ok(Survey::default())
    }

    /// Which rules the service should go by without being asked each time; adds those that it lacks where that is wanted.
    fn lifecycle(&self, apply: bool) -> Result<Lifecycle> {
        let _ = apply;
        Err(Error::usage(format!("{} has no lifecycle rules", self.place(""))).hint("Name a store that is a bucket"))
    }
}

/// The rules by which a service removes by itself what nobody needs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Lifecycle {
    /// What backups need.
    pub rules: Vec<WantedRule>,
    /// Each a sentence: what another rule would do to them.
    pub dangers: Vec<String>,
    /// Whether something was added just now.
    pub applied: bool,
}

/// A rule that a bucket should have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WantedRule {
    /// What it is called where we add it.
    pub id: String,
    /// What it does.
    pub purpose: String,
    /// Whether it is there, under whatever name.
    pub is_there: bool,
}

/// An upload that somebody began.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unfinished {
    /// The file's name within the store.
    pub name: String,
    /// What the service calls the upload.
    pub id: String,
    /// When it was begun: seconds since 1970, UTC.
    pub started: i64,
}

/// A file in a service, as that service names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The same for stores that can read each other's files: endpoint, region and profile.
    pub service: String,
    /// The bucket.
    pub bucket: String,
    /// The whole key.
    pub key: String,
    /// Bytes.
    pub size: u64,
}

/// What a store's owner should know.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Survey {
    /// Seconds that our clock is ahead of the service's.
    pub clock_skew_seconds: Option<f64>,
    /// Each a sentence: what is unsafe or wasteful, and what to do.
    pub warnings: Vec<String>,
    /// Each a sentence: what could not be found out, and why.
    pub unknown: Vec<String>,
}

/// The content of one file as it was when it was opened: it does not change under the reader, or reading fails.
pub trait Content: Send + Sync + fmt::Debug {
    /// Bytes.
    fn size(&self) -> u64;

    /// Equal for the same content, as far as the store vouches for that; `None` where it cannot.
    fn identity(&self) -> Option<String>;

    /// Whether reading takes so long, or costs so much, that nothing should be read twice.
    fn is_far(&self) -> bool {
        true
    }

    /// Fills `buffer` from `offset` on; threads may share the content. A file that ends too early is
    /// [`crate::Kind::BadBackup`].
    fn read_exact_at(&self, offset: u64, buffer: &mut [u8]) -> Result<()>;

    /// Says what will be read, in this order: a store that is far away fetches ahead.
    fn will_read(&self, ranges: &[Range<u64>]) {
        let _ = ranges;
    }
}

/// A file in the making: invisible until it is published, gone if it is dropped before.
pub trait Draft: Send + fmt::Debug {
    /// Adds bytes at the end; waits where the store is slower than the caller.
    fn append(&mut self, bytes: &[u8]) -> Result<()>;

    /// Makes the bytes durable and gives them their name. When this fails, the name is not there.
    fn publish(self: Box<Self>) -> Result<()>;
}
