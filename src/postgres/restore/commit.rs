//! The one statement whose outcome can be unknown: a connection lost during COMMIT says nothing about the commit.

use std::time::Duration;

use tokio_postgres::Client;

use crate::error::{Error, Result};
use crate::postgres::connect::{Address, Connection, describe_error};

/// A server that restarts after a crash is back within this many seconds, or somebody is looking at it anyway.
const ATTEMPTS: u32 = 15;

const PAUSE: Duration = Duration::from_secs(1);

/// Commits; where the connection is lost on the way, asks the server anew what became of the transaction.
pub(in crate::postgres) async fn commit(address: &Address, client: &Client) -> Result<()> {
    let doing = "committing the restore";
    let row = client
        .query_one("SELECT pg_catalog.pg_current_xact_id()::text", &[])
        .await
        .map_err(|error| describe_error(error, doing))?;
    let transaction: String = row.try_get(0).map_err(|error| describe_error(error, doing))?;
    let Err(error) = client.batch_execute("COMMIT").await else {
        return Ok(());
    };
    if !client.is_closed() {
        return Err(describe_error(error, doing));
    }
    match fate(address, &transaction).await.as_deref() {
        Some("committed") => Ok(()),
        Some("aborted") => Err(describe_error(error, doing)),
        _ => Err(Error::database(
            "the connection was lost while the restore was being committed, and the server does not say whether it was",
        )
        .hint(format!(
            "when the server answers again, SELECT pg_xact_status('{transaction}') tells: committed or aborted"
        ))
        .because(error)),
    }
}

async fn fate(address: &Address, transaction: &str) -> Option<String> {
    for _ in 0..ATTEMPTS {
        match ask(address, transaction).await {
            // Its old session may not have noticed yet that we are gone.
            Some(fate) if fate != "in progress" => return Some(fate),
            _ => tokio::time::sleep(PAUSE).await,
        }
    }
    None
}

async fn ask(address: &Address, transaction: &str) -> Option<String> {
    let connection = Connection::open(address).await.ok()?;
    let row =
        connection.client.query_one("SELECT pg_catalog.pg_xact_status($1::text::xid8)", &[&transaction]).await.ok()?;
    row.try_get(0).ok()
}
