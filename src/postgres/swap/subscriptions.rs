//! Subscriptions of databases that were put aside. The server drops no database that has one, and we take none away: each
//! may have a slot on another server, which is lost with it or waits there for ever.

use tokio_postgres::Client;

use crate::error::{Error, Result};
use crate::postgres::connect::describe_error;
use crate::postgres::quote::{identifier, literal};

/// One of a database.
pub(super) struct Subscription {
    /// Its number; the database's name may change.
    pub(super) database: u32,
    name: String,
    /// On its publisher.
    slot: Option<String>,
    /// The database of another subscription that reads from a slot of this name: that of a restored database does.
    heir: Option<String>,
}

/// All of the server, by their names.
pub(super) async fn all(client: &Client) -> Result<Vec<Subscription>> {
    let rows = client
        .query(
            "SELECT s.subdbid, s.subname::text, s.subslotname::text, \
                    (SELECT pg_catalog.min(d.datname::text) FROM pg_catalog.pg_subscription other \
                       JOIN pg_catalog.pg_database d ON d.oid = other.subdbid \
                      WHERE other.subslotname = s.subslotname AND other.oid <> s.oid) \
               FROM pg_catalog.pg_subscription s ORDER BY s.subname",
            &[],
        )
        .await
        .map_err(|error| describe_error(error, "looking for subscriptions"))?;
    let subscription = |row: &tokio_postgres::Row| Subscription {
        database: row.get(0),
        name: row.get(1),
        slot: row.get(2),
        heir: row.get(3),
    };
    Ok(rows.iter().map(subscription).collect())
}

impl Subscription {
    /// Why the database of this name is not dropped, and what to do about it.
    pub(super) fn refusal(&self, database: &str) -> Error {
        let Self { name, slot, .. } = self;
        let slot = slot
            .as_ref()
            .map_or_else(String::new, |slot| format!(", and on its publisher the slot {slot} waits for it"));
        Error::database(format!("the database {database} is not dropped: the subscription {name} writes into it{slot}"))
            .hint(format!("in {database}, run {}", self.remedy()))
    }

    fn remedy(&self) -> String {
        let name = identifier(&self.name);
        let Some(slot) = &self.slot else { return format!("DROP SUBSCRIPTION {name}") };
        let alone = format!(
            "ALTER SUBSCRIPTION {name} DISABLE; ALTER SUBSCRIPTION {name} SET (slot_name = NONE); DROP SUBSCRIPTION {name}"
        );
        if let Some(heir) = &self.heir {
            return format!("{alone}; that leaves the slot {slot} to the subscription of {heir}");
        }
        format!(
            "DROP SUBSCRIPTION {name}, which drops the slot too; where the publisher cannot be reached, run {alone}, and on the \
             publisher SELECT pg_drop_replication_slot({}): a slot that nobody reads keeps WAL there for ever",
            literal(slot)
        )
    }
}
