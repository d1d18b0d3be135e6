//! Poolers that hand a session from one server process to the next: locks and snapshots do not survive that.

use crate::error::{Error, Result};
use crate::postgres::connect::{Address, Connection, describe_error};

/// Two connections that are open at the same time never have the same server process, unless a pooler lends it to
/// whoever has a statement to execute; then the first may have got another one meanwhile. Gives the second connection.
///
/// Nothing was set before: what one sets through such a pooler, somebody else's session keeps.
pub(super) async fn refuse(leader: &Connection, address: &Address) -> Result<Connection> {
    let before = process(leader).await?;
    let other = Connection::open(address).await.map_err(no_second)?;
    let beside = process(&other).await?;
    let after = process(leader).await?;
    if before == beside || before != after {
        return Err(Error::database("a pooler stands before the server and shares its sessions (transaction or statement mode)")
            .hint("connect to the server itself, or to a pooler in session mode: a backup needs its locks and its snapshot to the end"));
    }
    Ok(other)
}

fn no_second(error: Error) -> Error {
    let hint = error.hint_text().unwrap_or("see that the server takes more connections").to_owned();
    Error::database("a backup needs two connections, and the second was refused").because(error).hint(hint)
}

async fn process(connection: &Connection) -> Result<String> {
    // The simple protocol: prepared statements are what such poolers break first.
    let answer = connection
        .client
        .simple_query("SELECT pg_catalog.pg_backend_pid()")
        .await
        .map_err(|error| describe_error(error, "asking for the server's process"))?;
    answer
        .iter()
        .find_map(|message| match message {
            tokio_postgres::SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
            _ => None,
        })
        .ok_or_else(|| Error::database("the server does not tell its process").hint("connect to the server itself"))
}
