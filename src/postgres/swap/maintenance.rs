//! The other database of the server, from which one is made, renamed or dropped: nobody can do that from within.

use tokio_postgres::error::SqlState;

use crate::error::{Error, Result};
use crate::postgres::connect::{Address, Connection, sqlstate};
use crate::postgres::preflight;
use crate::postgres::session;

/// Every server has them, unless somebody dropped one.
const NAMES: [&str; 2] = ["postgres", "template1"];

/// Whether a database is one of the server's own, which are not for applications.
pub(super) fn is_reserved(name: &str) -> bool {
    NAMES.contains(&name) || name == "template0"
}

/// Connects as to the live database, to the first that lets us in.
pub(super) async fn open(live: &Address) -> Result<(Connection, Address)> {
    let mut refusal = None;
    for name in NAMES {
        let address = live.with_dbname(name);
        match preflight::own_session(&address).await {
            Ok(connection) => {
                session::prepare(&connection.client).await?;
                return Ok((connection, address));
            }
            Err(error) if keeps_out(&error) => refusal = Some(error),
            Err(error) => return Err(error),
        }
    }
    Err(refusal.unwrap_or_else(|| Error::failed("there is no other database to connect to")))
}

/// Whether the way to `address` leads to databases of its choice alone, as that through a pooler with a list of them: a
/// new database would be made there, and never be reached.
pub(in crate::postgres) async fn is_fenced(address: &Address) -> bool {
    match Connection::open_untouched(&address.with_dbname("template1")).await {
        Ok(connection) => {
            connection.close().await.ok();
            false
        }
        // PgBouncer calls it a violation of the protocol, later ones an unknown name; a server has a template1.
        Err(error) => sqlstate(&error)
            .is_some_and(|code| [SqlState::PROTOCOL_VIOLATION, SqlState::INVALID_CATALOG_NAME].contains(code)),
    }
}

/// Whether it is this database that we cannot have, and another may do.
fn keeps_out(error: &Error) -> bool {
    sqlstate(error).is_some_and(|code| {
        [
            SqlState::INVALID_CATALOG_NAME,
            SqlState::INSUFFICIENT_PRIVILEGE,
            SqlState::INVALID_AUTHORIZATION_SPECIFICATION,
            SqlState::TOO_MANY_CONNECTIONS,
        ]
        .contains(code)
    })
}
