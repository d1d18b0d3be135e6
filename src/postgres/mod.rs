//! PostgreSQL over the wire protocol, without any client program.
//!
//! `connect` reaches a server as libpq would; `snapshot` holds one moment; `ddl` turns the catalogs into statements;
//! `dump` reads rows; `backup` puts them in order; `restore` executes a backup in one transaction, `swap` in a new database;
//! `validate` proves one.

mod backup;
mod configuration;
pub mod connect;
pub mod ddl;
mod dump;
mod foreign_keys;
mod large_objects;
mod lock_holders;
mod lock_room;
mod preflight;
pub mod quote;
mod rename;
mod restore;
mod runtime;
mod scratch;
mod search_path;
mod session;
mod snapshot;
mod swap;
mod throttle;
mod validate;

pub use backup::backup;
pub use restore::{choose, chunks_read, preview, restore};
pub use swap::{Dropped, drop_kept, kept, undo};
pub use validate::{check_content, check_references, rehearse};
