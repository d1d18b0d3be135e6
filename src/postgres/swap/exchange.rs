//! Two names change hands in one transaction: there is no moment at which a database of the live name does not exist.
//!
//! The server renames a database only when nobody is connected to it, waits five seconds for that, and lets nobody in
//! meanwhile. So a second connection ends the sessions while the first one waits; who reconnects waits too.

use tokio_postgres::Client;
use tokio_postgres::error::SqlState;

use super::sessions;
use crate::error::{Error, Result};
use crate::event::Progress;
use crate::postgres::connect::{Address, Connection, describe_error, sqlstate};
use crate::postgres::lock_holders;
use crate::postgres::quote::identifier;
use crate::postgres::restore::commit::commit;
use crate::postgres::session;

/// How often the server is asked again when sessions took longer to end than it waits.
const ATTEMPTS: u32 = 3;

/// The live database is put aside, and another one takes its name.
pub(super) struct Exchange<'a> {
    /// A database that is neither of the two.
    pub(super) address: &'a Address,
    /// A connection to it.
    pub(super) client: &'a Client,
    pub(super) live: &'a str,
    /// The name that the live database gets.
    pub(super) aside: &'a str,
    /// The one that takes its place.
    pub(super) incoming: &'a str,
    /// What else becomes of the incoming one, in the same transaction.
    pub(super) opening: &'a [String],
    pub(super) lock_timeout_seconds: f64,
    pub(super) progress: &'a Progress,
}

impl Exchange<'_> {
    /// Does it; after an error both are as they were, once the transaction of `client` is rolled back.
    pub(super) async fn run(&self) -> Result<()> {
        let ender = Connection::open(self.address).await?;
        let databases = self.numbers(&ender.client).await?;
        sessions::check_ours(&ender.client, &databases).await?;
        session::limit_lock_wait(self.client, self.lock_timeout_seconds).await?;
        for attempt in 1.. {
            let renamed = tokio::select! {
                renamed = self.rename() => renamed,
                error = sessions::end(&ender.client, &databases) => Err(error),
            };
            match renamed {
                Ok(()) => break,
                Err(error) if is_in_use(&error) => {
                    self.execute("ROLLBACK").await?;
                    sessions::check_ours(&ender.client, &databases).await?;
                    if attempt == ATTEMPTS {
                        return Err(error.hint("look for what does not end in pg_stat_activity, then run it again"));
                    }
                }
                Err(error) => return Err(lock_holders::of_databases(&ender.client, &databases, error).await),
            }
        }
        self.progress.commit()?;
        commit(self.address, self.client).await?;
        // All is done; that the server is slow to say goodbye changes nothing about it.
        ender.close().await.ok();
        Ok(())
    }

    /// The databases' numbers, which stay when the names change.
    async fn numbers(&self, client: &Client) -> Result<Vec<u32>> {
        let names = [self.live, self.incoming];
        let rows = client
            .query("SELECT oid FROM pg_catalog.pg_database WHERE datname = ANY ($1::text[])", &[&names.as_slice()])
            .await
            .map_err(|error| describe_error(error, "looking for the databases"))?;
        Ok(rows.iter().map(|row| row.get(0)).collect())
    }

    /// Everything but the commit; from the first rename on nobody can connect to the live database.
    async fn rename(&self) -> Result<()> {
        self.execute("BEGIN").await?;
        for statement in self.opening {
            self.execute(statement).await?;
        }
        for (old, new) in [(self.live, self.aside), (self.incoming, self.live)] {
            self.execute(&format!("ALTER DATABASE {} RENAME TO {}", identifier(old), identifier(new))).await?;
        }
        Ok(())
    }

    async fn execute(&self, statement: &str) -> Result<()> {
        let doing = format!("putting a database into the place of {}", self.live);
        self.client.batch_execute(statement).await.map_err(|error| describe_error(error, doing))
    }
}

/// Whether somebody is still connected to one of the two.
fn is_in_use(error: &Error) -> bool {
    sqlstate(error) == Some(&SqlState::OBJECT_IN_USE)
}
