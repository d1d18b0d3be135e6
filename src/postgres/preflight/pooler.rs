//! Poolers that hand a session from one server process to the next: locks and snapshots do not survive that.
//!
//! Two connections that are open at the same time never have the same server process, unless a pooler lends it to
//! whoever has a statement to execute; then the first may have got another one meanwhile. Nothing is set before that is
//! known: what one sets through such a pooler, somebody else's session keeps.

use crate::error::{Error, Result};
use crate::postgres::connect::{Address, Connection, describe_error};

/// Two connections whose sessions are ours to the end.
pub(in crate::postgres) async fn two_sessions(address: &Address) -> Result<[Connection; 2]> {
    let first = Connection::open_untouched(address).await?;
    let second = Connection::open_untouched(address).await.map_err(no_second)?;
    refuse_shared(&first, &second).await?;
    first.begin_session(address).await?;
    second.begin_session(address).await?;
    Ok([first, second])
}

/// One connection whose session is ours to the end, as far as that can be told.
pub(in crate::postgres) async fn own_session(address: &Address) -> Result<Connection> {
    let connection = Connection::open_untouched(address).await?;
    // Where there is room for one connection alone, nobody else can be given its session.
    if let Ok(other) = Connection::open_untouched(address).await {
        refuse_shared(&connection, &other).await?;
        other.close().await?;
    }
    connection.begin_session(address).await?;
    Ok(connection)
}

async fn refuse_shared(first: &Connection, second: &Connection) -> Result<()> {
    let before = process(first).await?;
    let beside = process(second).await?;
    let after = process(first).await?;
    if before == beside || before != after {
        return Err(Error::database("a pooler stands before the server and shares its sessions (transaction or statement mode)")
            .hint("connect to the server itself, or to a pooler in session mode: backups and restores need their sessions, with locks and settings, to the end"));
    }
    Ok(())
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
