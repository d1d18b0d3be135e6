//! The core of Holdfast: makes backups of PostgreSQL and SQLite databases and restores them.
//!
//! This crate knows nothing of Django. A [`plan`] comes in, a report goes out, [`event`]s tell how far the work is.
//! All Python lives in `python`, behind the feature of that name; the rest builds and tests without it.

pub mod archive;
pub mod backup;
pub mod codec;
mod cores;
pub mod error;
pub mod event;
pub mod exclusions;
pub mod fingerprint;
pub mod manifest;
pub(crate) mod moment;
pub mod plan;
pub mod postgres;
pub mod probe;
#[cfg(feature = "python")]
mod python;
pub mod restore;
pub mod retention;
pub mod sqlite;
pub mod store;
pub mod sync;
pub mod validate;

pub use error::{Error, Kind, Result};
