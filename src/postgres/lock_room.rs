//! How many locks the server has room for: all sessions share one table of them, and a full one fails every session.

use tokio_postgres::Client;

use super::connect::describe_error;
use crate::error::Result;

/// Locks on catalogs, their indexes and the like that a session holds beside those of the objects at work.
const CATALOG_LOCKS: i64 = 100;

/// The server's table of locks, and what sizes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct LockRoom {
    /// `max_locks_per_transaction`.
    pub(super) per_transaction: i64,
    /// The sessions that its documentation multiplies it by.
    documented: i64,
    /// All sessions that the server makes room for.
    most: i64,
}

impl LockRoom {
    /// Asks the server.
    pub(super) async fn read(client: &Client) -> Result<Self> {
        let failed = |error| describe_error(error, "asking how many locks the server has room for");
        let row = client
            .query_one(
                "SELECT pg_catalog.max(setting::int8) FILTER (WHERE name = 'max_locks_per_transaction'), \
                   pg_catalog.sum(setting::int8) FILTER (WHERE name IN ('max_connections', 'max_prepared_transactions'))::int8, \
                   pg_catalog.sum(setting::int8) FILTER (WHERE name <> 'max_locks_per_transaction')::int8 \
                 FROM pg_catalog.pg_settings WHERE name IN ('max_locks_per_transaction', 'max_connections', \
                   'max_prepared_transactions', 'autovacuum_max_workers', 'autovacuum_worker_slots', \
                   'max_worker_processes', 'max_wal_senders')",
                &[],
            )
            .await
            .map_err(failed)?;
        Ok(Self {
            per_transaction: row.try_get(0).map_err(failed)?,
            documented: row.try_get(1).map_err(failed)?,
            most: row.try_get(2).map_err(failed)?,
        })
    }

    /// Locks that the table has places for; beyond it lies what other memory happens to be free.
    pub(super) fn total(self) -> i64 {
        self.per_transaction * self.most
    }

    /// Whether the documentation promises room for these.
    pub(super) fn promises(self, locks: i64) -> bool {
        locks + CATALOG_LOCKS <= self.per_transaction * self.documented
    }

    /// The `max_locks_per_transaction` with which it would.
    pub(super) fn setting_for(self, locks: i64) -> i64 {
        (locks + CATALOG_LOCKS) / self.documented.max(1) + 1
    }
}
