//! Where backups live: what their files are called, which there are, what is known about them, how they go.
//!
//! A data file has sidecars: `.json` (the manifest, written last), `.sha256` and `.status.json`. One trait, [`Store`],
//! has an implementation for folders, for buckets and for memory; nothing else knows which of them it has.

mod choice;
mod contract;
mod folder;
mod lease;
mod listed;
mod listing;
mod memory;
pub(crate) mod name;
mod place;
mod remains;
mod removal;
mod s3;
mod status;
mod token;
mod unpacked;

pub use choice::{Files, Wanted, find, list_all};
pub use contract::{
    About, Content, Draft, Entry, Existing, LARGEST_READ, Lifecycle, Origin, Store, Survey, Unfinished, WantedRule,
};
pub use folder::{Folder, LOCAL, Lock, clean, list, remove, update_status};
pub use lease::{Lease, Rhythm};
pub use listed::{Listed, Unpacked};
pub use memory::Memory;
pub use name::{BackupName, SIDECARS, check_alias, lock_name, partial_name, sidecar, tombstone_name};
pub use place::Place;
pub(crate) use remains::PROBE;
pub use remains::Remains;
pub use s3::S3Store;
pub use status::{Change, How, Status, Verified};

use std::sync::Arc;

use crate::Result;
use crate::event::Progress;
use crate::plan::{PlacePlan, StorePlan};

/// Reaches a store; whatever waits for it ends with the wish to stop.
pub fn open(plan: &StorePlan, progress: &Progress) -> Result<Arc<dyn Store>> {
    match plan {
        StorePlan::Folder { path } => Ok(Arc::new(Folder::new(path))),
        StorePlan::S3(plan) => Ok(Arc::new(S3Store::open(plan, progress)?)),
    }
}

/// A backup in its store.
pub fn place(plan: &PlacePlan, progress: &Progress) -> Result<Place> {
    let unpacked_from = plan.unpacked_from.as_deref().map(|plan| place(plan, progress)).transpose()?;
    Ok(Place {
        unpacked_from: unpacked_from.map(Box::new),
        ..Place::new(open(&plan.store, progress)?, plan.name.clone())
    })
}
