//! Room for locks and connections.

use tokio_postgres::Client;

use super::{rows, value};
use crate::cores;
use crate::error::{Error, Result};
use crate::event::Progress;
use crate::postgres::lock_room::LockRoom;

/// Readers when the caller leaves it to us: two keep the server busy on the smallest machines, more than four take
/// connections from the application.
const DEFAULT_READERS: std::ops::RangeInclusive<usize> = 2..=4;

/// The leader locks every table, and a reader locks it again.
const LOCKS_PER_TABLE: i64 = 2;

/// Fails if the server's table of locks cannot hold those of the leader: a full one fails every session.
pub(super) async fn for_locks(client: &Client, progress: &Progress) -> Result<()> {
    let found = rows(
        client,
        "SELECT pg_catalog.count(*) AS tables \
         FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't' AND n.nspname <> 'information_schema' \
         AND n.nspname !~ '^pg_'",
    )
    .await?;
    let Some(row) = found.first() else { return Ok(()) };
    let tables: i64 = value(row, "tables")?;
    let needed = tables * LOCKS_PER_TABLE;
    let room = LockRoom::read(client).await?;
    let setting = room.setting_for(needed);
    if tables > room.total() {
        return Err(Error::database(format!(
            "{tables} tables have to be locked, and the server has room for {} locks",
            room.total()
        ))
        .hint(format!("set max_locks_per_transaction to {setting} or more and restart the server")));
    }
    if !room.promises(needed) {
        progress.notice(format!(
            "{tables} tables take more locks than the server promises room for: max_locks_per_transaction should be \
             {setting} or more (it is {})",
            room.per_transaction
        ));
    }
    Ok(())
}

/// How many readers there are connections for; `jobs` is what the caller wants. The first is connected already.
pub(super) async fn for_readers(client: &Client, jobs: Option<u16>, progress: &Progress) -> Result<usize> {
    let limits = limits(client).await?;
    let Some(tightest) = limits.iter().min_by_key(|limit| limit.free) else { return Ok(1) };
    let free = usize::try_from(tightest.free).unwrap_or(0);
    let Some(jobs) = jobs else {
        // Half of what is free is the application's.
        return Ok(cores::within(&DEFAULT_READERS).min(1 + free / 2));
    };
    let (wanted, most) = (usize::from(jobs).max(1), 1 + free);
    if wanted > most {
        progress.notice(format!(
            "the number of connections that read is {most}, not {wanted}: {} leaves no more",
            tightest.describe()
        ));
    }
    Ok(wanted.min(most))
}

/// A limit on connections.
struct Limit {
    name: String,
    most: i64,
    free: i64,
}

impl Limit {
    fn describe(&self) -> String {
        format!("{} ({})", self.name, self.most)
    }
}

/// All that apply; superusers are above the limits of roles and databases and may use what is reserved.
async fn limits(client: &Client) -> Result<Vec<Limit>> {
    let found = rows(
        client,
        "WITH sessions AS (SELECT datid, usesysid FROM pg_catalog.pg_stat_activity WHERE datid IS NOT NULL), \
         me AS (SELECT r.oid, r.rolname, r.rolconnlimit, r.rolsuper FROM pg_catalog.pg_roles r \
           WHERE r.rolname = session_user), \
         reserved AS (SELECT pg_catalog.sum(setting::int8)::int8 AS connections FROM pg_catalog.pg_settings \
           WHERE name IN ('superuser_reserved_connections', 'reserved_connections')) \
         SELECT 'max_connections' AS name, pg_catalog.current_setting('max_connections')::int8 AS most, \
           pg_catalog.current_setting('max_connections')::int8 - (SELECT pg_catalog.count(*) FROM sessions) \
             - CASE WHEN me.rolsuper THEN 0 ELSE reserved.connections END AS free FROM me, reserved \
         UNION ALL SELECT 'the connection limit of the role ' || pg_catalog.quote_ident(me.rolname), me.rolconnlimit, \
           me.rolconnlimit - (SELECT pg_catalog.count(*) FROM sessions WHERE usesysid = me.oid) \
           FROM me WHERE me.rolconnlimit >= 0 AND NOT me.rolsuper \
         UNION ALL SELECT 'the connection limit of the database ' || pg_catalog.quote_ident(d.datname), d.datconnlimit, \
           d.datconnlimit - (SELECT pg_catalog.count(*) FROM sessions WHERE datid = d.oid) \
           FROM pg_catalog.pg_database d, me \
           WHERE d.datname = pg_catalog.current_database() AND d.datconnlimit >= 0 AND NOT me.rolsuper",
    )
    .await?;
    found
        .iter()
        .map(|row| Ok(Limit { name: value(row, "name")?, most: value(row, "most")?, free: value(row, "free")? }))
        .collect()
}
