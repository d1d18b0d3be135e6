//! PostgreSQL over the wire protocol, without any client program.
//!
//! `connect` reaches a server as libpq would; `ddl` turns the catalogs into statements; `dump` reads rows in one
//! snapshot; `load` executes a backup in one transaction.

pub mod connect;
pub mod ddl;
pub mod quote;
