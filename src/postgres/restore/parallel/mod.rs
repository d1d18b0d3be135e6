//! Loads a whole backup into a fresh database that nobody else uses, over several connections.
//!
//! Nothing here is one transaction: a failure leaves a database that only its caller can drop.

use super::load::{Loader, Place};
use super::selection::Tables;
use super::{Extent, begin, execute};
use crate::archive::Archive;
use crate::error::Result;
use crate::event::Progress;
use crate::postgres::connect::{Address, Connection, describe_error};

/// Nobody else knows the database, so a lock that is waited for is a fault.
const LOCK_TIMEOUT_SECONDS: f64 = 60.0;

/// What is loaded, and where to.
#[derive(Clone, Copy)]
pub(in crate::postgres) struct ParallelRestore<'a> {
    /// The fresh database.
    pub address: &'a Address,
    /// The backup, its stored bytes already compared with their digests.
    pub archive: &'a Archive,
    /// How far it goes; the scope is full or schema only.
    pub extent: Extent,
    /// Connections, and threads that decompress.
    pub jobs: usize,
    /// Counts rows and bytes, and carries the wish to stop.
    pub progress: &'a Progress,
    /// Whether the database is to stay.
    pub place: Place<'a>,
}

/// What was done.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::postgres) struct Loaded {
    /// Rows loaded.
    pub rows: u64,
    /// What the server warned of.
    pub warnings: Vec<String>,
}

impl ParallelRestore<'_> {
    /// Loads everything; when this returns, all of it is on the server's disk and no connection is left.
    ///
    /// On an error every statement is cancelled and every connection closed.
    pub(in crate::postgres) async fn run(self) -> Result<Loaded> {
        let connection = Connection::open(self.address).await?;
        let server = begin(&connection.client, LOCK_TIMEOUT_SECONDS).await?;
        let loader = Loader {
            client: &connection.client,
            archive: self.archive,
            tables: &Tables::All,
            threads: self.jobs,
            progress: self.progress,
            place: self.place,
        };
        let rows = execute(self.extent, &loader, &server).await?;
        connection.client.batch_execute("COMMIT").await.map_err(|error| describe_error(error, "ending the load"))?;
        let warnings = connection.drain_notices();
        connection.close().await?;
        Ok(Loaded { rows, warnings })
    }
}
