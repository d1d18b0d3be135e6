//! Who holds a lock that we could not get: whoever waits for it at night wants to know whom to ask, or what to end.

use tokio_postgres::Client;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::ToSql;

use super::connect::{Address, Connection, describe_error, sqlstate};
use super::session;
use crate::error::{Error, Result};

/// What the lock was wanted for: it says which locks of others are in the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Only a lock for a change of the table is in the way, or somebody who waits for one.
    Reading,
    /// Every lock on a table is.
    Replacing,
}

/// The longest that a hint quotes of somebody's statement; it goes into mails, too.
const STATEMENT_CHARACTERS: usize = 80;

/// Tables of users only: everybody has locks on catalogs. A transaction that is prepared for a second phase holds its
/// locks without a session. What others execute is told to a superuser, and to a member of `pg_read_all_stats`.
const ON_TABLES: &str = "
        SELECT DISTINCT ON (l.pid, l.virtualtransaction)
               l.pid, l.virtualtransaction, c.relname::text AS locked, l.granted
          FROM pg_catalog.pg_locks l
          JOIN pg_catalog.pg_class c ON c.oid = l.relation
         WHERE l.locktype = 'relation' AND l.relation >= 16384 AND c.relkind <> 't'
           AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())
           AND l.pid IS DISTINCT FROM pg_catalog.pg_backend_pid()
           AND CASE WHEN $1 THEN l.mode = 'AccessExclusiveLock' ELSE l.granted END
         ORDER BY l.pid, l.virtualtransaction, l.granted DESC, c.relkind <> 'r', c.relname";

/// Whoever connects, or changes something about the database itself, has a lock on it.
const ON_DATABASES: &str = "
        SELECT DISTINCT ON (l.pid, l.virtualtransaction)
               l.pid, l.virtualtransaction, 'the database ' || d.datname AS locked, l.granted
          FROM pg_catalog.pg_locks l
          JOIN pg_catalog.pg_database d ON d.oid = l.objid
         WHERE l.locktype = 'object' AND l.classid = 'pg_catalog.pg_database'::pg_catalog.regclass AND l.granted
           AND l.objid = ANY ($1::oid[]) AND l.pid IS DISTINCT FROM pg_catalog.pg_backend_pid()
         ORDER BY l.pid, l.virtualtransaction";

const WHO: &str = "
    SELECT a.pid, a.usename::text AS role, nullif(a.application_name, '') AS program, held.locked, held.granted,
           pg_catalog.to_char(a.xact_start AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS') AS since,
           nullif(a.query, '<insufficient privilege>') AS statement,
           p.gid, pg_catalog.to_char(p.prepared AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS') AS prepared, p.owner::text
      FROM held
      LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = held.pid
      LEFT JOIN pg_catalog.pg_prepared_xacts p
             ON held.pid IS NULL AND held.virtualtransaction = '-1/' || p.transaction::text
     WHERE a.pid IS NOT NULL OR p.gid IS NOT NULL
     ORDER BY held.granted DESC, coalesce(a.xact_start, p.prepared), a.pid
     LIMIT 3";

/// The same error, with those who are in the way in its hint where it was a lock that could not be had in time.
///
/// They are looked for over a connection of its own: that of the error may be in a transaction that has failed.
pub(super) async fn named(address: &Address, purpose: Purpose, error: Error) -> Error {
    if sqlstate(&error) != Some(&SqlState::LOCK_NOT_AVAILABLE) {
        return error;
    }
    with_holders(error, look(address, purpose).await)
}

/// The same for a lock on one of these databases, by a session elsewhere whose transaction has not failed.
pub(super) async fn of_databases(client: &Client, databases: &[u32], error: Error) -> Error {
    if sqlstate(&error) != Some(&SqlState::LOCK_NOT_AVAILABLE) {
        return error;
    }
    with_holders(error, ask(client, ON_DATABASES, &[&databases]).await)
}

fn with_holders(error: Error, found: Result<Vec<String>>) -> Error {
    match found {
        Ok(found) if !found.is_empty() => error.hint(format!(
            "{}; wait for that to end, or end it, and run this again; LOCK_TIMEOUT says how long a lock is waited for",
            found.join("; ")
        )),
        // They have let go meanwhile, or nobody can say; the advice that the error has already is still good.
        Ok(_) | Err(_) => error,
    }
}

async fn look(address: &Address, purpose: Purpose) -> Result<Vec<String>> {
    let connection = Connection::open(address).await?;
    session::prepare(&connection.client).await?;
    let found = ask(&connection.client, ON_TABLES, &[&(purpose == Purpose::Reading)]).await?;
    connection.close().await?;
    Ok(found)
}

async fn ask(client: &Client, held: &str, parameters: &[&(dyn ToSql + Sync)]) -> Result<Vec<String>> {
    let rows = client
        .query(&format!("WITH held AS ({held}) {WHO}"), parameters)
        .await
        .map_err(|error| describe_error(error, "looking for who holds the lock"))?;
    Ok(rows.iter().map(describe).collect())
}

fn describe(row: &tokio_postgres::Row) -> String {
    let text = |column: &str| row.get::<_, Option<String>>(column).filter(|text| !text.is_empty());
    let verb = if row.get("granted") { "holds" } else { "waits for" };
    let what = format!("{verb} a lock on {}", text("locked").unwrap_or_default());
    let role = text("role").or_else(|| text("owner")).unwrap_or_else(|| "the server".to_owned());
    if let (Some(name), Some(since)) = (text("gid"), text("prepared")) {
        return format!("the prepared transaction '{name}' of {role} since {since} UTC {what}");
    }
    let process: Option<i32> = row.get("pid");
    let program = text("program").map(|program| format!(" ({program})"));
    let since = text("since").map(|since| format!(" since {since} UTC"));
    let statement = text("statement").map(|statement| format!(", its last statement: {}", shortened(&statement)));
    let [program, since, statement] = [program, since, statement].map(Option::unwrap_or_default);
    format!("process {} of {role}{program}{since} {what}{statement}", process.unwrap_or_default())
}

/// The beginning of a statement, in one line.
fn shortened(statement: &str) -> String {
    let line = statement.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(STATEMENT_CHARACTERS) {
        None => line,
        Some((end, _)) => format!("{}…", line.get(..end).unwrap_or_default()),
    }
}
