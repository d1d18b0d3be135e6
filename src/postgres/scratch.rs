//! A database for one run alone: made empty, filled by the run, then dropped, or renamed and so kept.
//!
//! What a killed run leaves behind is known by its name, by an owner that we may act as, and by this: no session says
//! that it works on it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio_postgres::Client;
use tokio_postgres::error::SqlState;

use super::connect::{AS_THE_USER, Address, Connection, describe_error};
use super::quote::{identifier, literal};
use crate::error::Result;
use crate::event::Progress;

/// What a run makes a database for; a part of its name.
#[derive(Debug, Clone, Copy)]
pub(super) enum Purpose {
    /// To be thrown away.
    Drill,
    /// To take the place of the live one.
    Swap,
}

/// Names that [`name`] gives, as the server writes regular expressions.
const NAMES: &str = "^holdfast_(drill|swap)_[A-Za-z0-9]{0,8}_[0-9]+_[0-9]+$";

/// A server that restarts after a crash is back within this many seconds, or somebody is looking at it anyway.
const ATTEMPTS: u32 = 15;

const PAUSE: Duration = Duration::from_secs(1);

/// The database, and the connection to another one from which it is made and dropped.
pub(super) struct Scratch {
    pub(super) home: Connection,
    /// Where `home` leads to.
    pub(super) home_address: Address,
    pub(super) name: String,
}

impl Scratch {
    /// Chooses a name; `home` is a connection to `address`.
    pub(super) async fn announce(home: Connection, address: Address, purpose: Purpose, id: &str) -> Result<Self> {
        let name = name(purpose, id);
        // Tells runs at the same time whose database this is, even before anybody is connected to it.
        home.client
            .batch_execute(&format!("SET application_name = {}", literal(&name)))
            .await
            .map_err(|error| describe_error(error, "preparing a scratch database"))?;
        Ok(Self { home, home_address: address, name })
    }

    /// Makes it, for the one role alone; `options` are those of `CREATE DATABASE`.
    pub(super) async fn create(&self, options: &str) -> std::result::Result<(), tokio_postgres::Error> {
        let name = identifier(&self.name);
        self.home.client.batch_execute(&format!("CREATE DATABASE {name} TEMPLATE template0{options}")).await?;
        // The live database may admit fewer than everybody, which is what a new one does. Who connects is the user, even
        // where the owner is a role that sessions take on afterwards.
        let admit =
            format!("REVOKE ALL ON DATABASE {name} FROM PUBLIC; GRANT CONNECT ON DATABASE {name} TO SESSION_USER");
        self.home.client.batch_execute(&admit).await
    }

    /// Where it is.
    pub(super) fn address(&self) -> Address {
        self.home_address.with_dbname(&self.name)
    }

    /// Drops it where it still is, whatever happened before; a notice tells of what stays behind.
    pub(super) async fn remove(self, progress: &Progress) -> Result<()> {
        let name = self.name.clone();
        let removed = self.drop_database().await;
        if let Err(error) = &removed {
            progress.notice(format!(
                "the scratch database {name} is left behind ({}); the next run drops it",
                error.message()
            ));
        }
        removed
    }

    /// On the connection that created it: behind a `CREATE DATABASE` that may still run. `FORCE` ends what a cancelled
    /// run left running. Where that connection is gone, on another.
    async fn drop_database(self) -> Result<()> {
        let failed = |error| describe_error(error, format!("dropping the scratch database {}", self.name));
        // It may still be in a transaction.
        self.home.client.batch_execute("ROLLBACK").await.ok();
        let mut outcome = drop_by_force(&self.home.client, &self.name).await;
        // What was to stop the work may have come so late that it stopped this.
        if outcome.as_ref().is_err_and(|error| error.code() == Some(&SqlState::QUERY_CANCELED)) {
            self.home.client.batch_execute("ROLLBACK").await.ok();
            outcome = drop_by_force(&self.home.client, &self.name).await;
        }
        // Sessions are ended by force, so what uses it is a subscription.
        if outcome.as_ref().is_err_and(|error| error.code() == Some(&SqlState::OBJECT_IN_USE)) {
            drop_subscriptions(&self.address()).await?;
            outcome = drop_by_force(&self.home.client, &self.name).await;
        }
        match outcome {
            Ok(()) => self.home.close().await,
            Err(_) if self.home.client.is_closed() => {
                let again = reopened(&self.home_address).await?;
                drop_by_force(&again.client, &self.name).await.map_err(failed)?;
                again.close().await
            }
            Err(error) => Err(failed(error)),
        }
    }
}

/// Ends the sessions of a database with it.
async fn drop_by_force(client: &Client, name: &str) -> std::result::Result<(), tokio_postgres::Error> {
    let quoted = identifier(name);
    let outcome = client.batch_execute(&format!("DROP DATABASE IF EXISTS {quoted} WITH (FORCE)")).await;
    if outcome.as_ref().is_err_and(|error| error.code() == Some(&SqlState::INSUFFICIENT_PRIVILEGE)) {
        // Autovacuum is at work there. FORCE would end it as any session, for which an ordinary role lacks the right;
        // without FORCE the server ends it itself, but no session of ours.
        // So is it where sessions are of a user whom the role that it took on has no rights over.
        let mine = format!(
            "{AS_THE_USER}SELECT pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity \
             WHERE datname = {} AND usesysid = session_user::regrole",
            literal(name)
        );
        client.batch_execute(&mine).await?;
        return client.batch_execute(&format!("DROP DATABASE IF EXISTS {quoted}")).await;
    }
    outcome
}

/// They were made without a connection to their publisher: nothing there knows of them.
async fn drop_subscriptions(address: &Address) -> Result<()> {
    let failed = |error| describe_error(error, "dropping the subscriptions of a scratch database");
    let connection = Connection::open(address).await?;
    let mine = "SELECT subname::text FROM pg_catalog.pg_subscription WHERE subdbid = \
                (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())";
    for row in connection.client.query(mine, &[]).await.map_err(failed)? {
        let name = identifier(row.get(0));
        let forget = format!("ALTER SUBSCRIPTION {name} SET (slot_name = NONE); DROP SUBSCRIPTION {name}");
        connection.client.batch_execute(&forget).await.map_err(failed)?;
    }
    connection.close().await
}

async fn reopened(address: &Address) -> Result<Connection> {
    for _ in 1..ATTEMPTS {
        if let Ok(connection) = Connection::open(address).await {
            return Ok(connection);
        }
        tokio::time::sleep(PAUSE).await;
    }
    Connection::open(address).await
}

/// Unlike any other, so that dropping it is right whatever happened before.
fn name(purpose: Purpose, id: &str) -> String {
    let purpose = match purpose {
        Purpose::Drill => "drill",
        Purpose::Swap => "swap",
    };
    let id: String = id.chars().filter(char::is_ascii_alphanumeric).take(8).collect();
    let moment = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_micros());
    format!("holdfast_{purpose}_{id}_{}_{moment}", std::process::id())
}

/// Drops what runs left behind that were killed; a notice tells where that fails, and what is to be done goes on.
pub(super) async fn sweep(client: &Client, progress: &Progress) {
    if let Err(error) = try_to_sweep(client, progress).await {
        progress.notice(error.message());
    }
}

/// Drops databases that are ours to drop, that no run works on, and that nobody else uses.
async fn try_to_sweep(client: &Client, progress: &Progress) -> Result<()> {
    let failed = |error| describe_error(error, "dropping what earlier runs left behind");
    // A killed run's index build may go on for long; it is ours to end.
    let rows = client
        .query(
            "SELECT d.datname::text FROM pg_catalog.pg_database d \
             WHERE d.datname::text ~ $1 AND pg_catalog.pg_has_role(d.datdba, 'USAGE') AND NOT pg_catalog.pg_is_in_recovery() \
             AND NOT EXISTS (SELECT FROM pg_catalog.pg_stat_activity a \
                              WHERE a.application_name = d.datname \
                                 OR a.datid = d.oid AND a.usesysid <> session_user::regrole)",
            &[&NAMES],
        )
        .await
        .map_err(failed)?;
    for row in rows {
        let name: &str = row.get(0);
        // Another run may sweep at the same moment; whoever comes second has nothing to do.
        match drop_by_force(client, name).await {
            Ok(()) => progress.notice(format!("dropped {name}, left behind by a run that was killed")),
            Err(error) if error.code() == Some(&SqlState::OBJECT_IN_USE) => {}
            Err(error) => return Err(failed(error)),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{Purpose, name};

    #[test]
    fn names_fit_and_differ() {
        let (one, other) = (name(Purpose::Swap, "3f2a9c11d0e4b7aa"), name(Purpose::Drill, "é-"));
        assert!(one.starts_with("holdfast_swap_3f2a9c11_") && one.len() <= 63, "{one}");
        assert!(other.starts_with("holdfast_drill__"), "{other}");
    }
}
