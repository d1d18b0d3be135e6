//! The folder of backups: what their files are called, which there are, what is known about them, how they go.
//!
//! A data file has sidecars: `.json` (the manifest, written last), `.sha256` and `.status.json`. Whatever starts with
//! a dot is never taken for a backup: it belongs to a run at work or to one that died.

mod choice;
mod contract;
mod durable;
mod folder;
mod litter;
mod lock;
mod name;
mod removal;
mod s3;
mod status;

pub use choice::find;
pub use contract::{About, Content, Draft, Entry, Existing, Origin, Store, Survey, Unfinished};
pub use durable::{create_folder, sync_folder, write_whole};
pub use folder::{Listed, list};
pub use litter::clean;
pub use lock::Lock;
pub use name::{BackupName, SIDECARS, check_alias, lock_name, partial_name, sidecar, tombstone_name};
pub use removal::remove;
pub use s3::S3Store;
pub use status::{Change, How, Status, Verified, update_status};
