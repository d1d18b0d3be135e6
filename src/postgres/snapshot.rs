//! One moment of a database, held open by a leader and joined by workers.
//!
//! Locks come before the snapshot, so that what the catalogs say is what the snapshot holds: a table altered between
//! the two would otherwise be read with the wrong columns.

use tokio_postgres::{Client, SimpleQueryMessage};

use super::connect::{Address, Connection, describe_error};
use super::ddl::Relation;
use super::lock_holders::{self, Purpose};
use super::quote::{literal, qualified};
use super::session::{self, Server};
use crate::error::{Error, Result};

/// Tables come and go while we lock them; after this many rounds the schema is too busy to be backed up.
const FREEZE_ATTEMPTS: u32 = 5;

/// Names in one LOCK statement: keeps a statement short at thousands of tables.
const LOCK_BATCH: usize = 200;

/// The leader's side of a snapshot; it ends when this is dropped.
pub(super) struct Snapshot {
    address: Address,
    leader: Connection,
    server: Server,
    exported: String,
}

impl Snapshot {
    /// Locks every table in `ACCESS SHARE` mode and takes the snapshot, on a connection that nobody prepared yet.
    ///
    /// `examine` has a look before anything is locked.
    pub(super) async fn freeze<T>(
        address: &Address,
        leader: Connection,
        lock_timeout_seconds: f64,
        examine: impl AsyncFnOnce(&Client, &Server) -> Result<T>,
    ) -> Result<(Self, T)> {
        let server = session::prepare(&leader.client).await?;
        session::distrust_views(&leader.client).await?;
        let examined = examine(&leader.client, &server).await?;
        session::limit_lock_wait(&leader.client, lock_timeout_seconds).await?;
        for _ in 0..FREEZE_ATTEMPTS {
            match try_freeze(&leader.client).await {
                Ok(Some(exported)) => {
                    return Ok((Self { address: address.clone(), leader, server, exported }, examined));
                }
                Ok(None) => {}
                Err(error) => return Err(lock_holders::named(address, Purpose::Reading, error).await),
            }
        }
        Err(Error::database("tables were created or dropped faster than they could be locked")
            .hint("wait until the running migration or import has ended, then try again"))
    }

    /// The connection that holds the snapshot.
    pub(super) fn client(&self) -> &Client {
        &self.leader.client
    }

    /// What the server told of itself.
    pub(super) fn server(&self) -> &Server {
        &self.server
    }

    /// Does `work` while the leader holds its locks; without it the work is dropped at once.
    ///
    /// Workers keep the moment without the leader, but of tables they lock only those that they have begun to read: the
    /// others could be altered meanwhile, and a definition read before would not fit the rows read after.
    pub(super) async fn during<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        tokio::select! {
            biased;
            result = work => result,
            () = self.leader.ended() => Err(self.lost()),
        }
    }

    fn lost(&self) -> Error {
        let error = Error::database("the server closed the connection that held the tables for the backup")
            .hint("tables may have changed since, so it was given up; look for the reason in the server's log, then run it again");
        match self.leader.drain_notices().pop() {
            Some(reason) => error.because(reason),
            None => error,
        }
    }

    /// A further connection that sees the same moment.
    pub(super) async fn join(&self) -> Result<Connection> {
        self.enlist(Connection::open(&self.address).await?).await
    }

    /// Lets a connection that nobody prepared yet see the same moment.
    pub(super) async fn enlist(&self, worker: Connection) -> Result<Connection> {
        session::prepare(&worker.client).await?;
        session::distrust_views(&worker.client).await?;
        let begin = format!(
            "{}; BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET TRANSACTION SNAPSHOT '{}'",
            session::READ_IN_UTC,
            self.exported
        );
        worker.client.batch_execute(&begin).await.map_err(|error| describe_error(error, "joining the snapshot"))?;
        Ok(worker)
    }

    /// Fails where one of the names that were read means something else by now.
    pub(super) async fn check_names(&self) -> Result<()> {
        let row = self
            .leader
            .client
            .query_opt(
                "SELECT n.nspname || '.' || c.relname FROM pg_catalog.pg_class c \
                 JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
                 WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't' \
                 AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_' \
                 AND CASE WHEN pg_catalog.has_schema_privilege(n.oid, 'USAGE') \
                     THEN pg_catalog.to_regclass(pg_catalog.format('%I.%I', n.nspname, c.relname)) IS DISTINCT FROM c.oid \
                     ELSE false END \
                 ORDER BY 1 LIMIT 1",
                &[],
            )
            .await
            .map_err(|error| describe_error(error, "looking at the tables again"))?;
        row.map_or(Ok(()), |row| Err(renamed(row.get(0))))
    }

    /// Ends the snapshot in good order, so that nothing holds back vacuum a moment longer than needed.
    pub(super) async fn thaw(self) -> Result<()> {
        self.leader.client.batch_execute("ROLLBACK").await.map_err(|error| describe_error(error, "ending the snapshot"))
    }
}

/// Locks again what a worker reads, without waiting: if someone queued for an exclusive lock since, waiting would be
/// a deadlock that the server cannot see (the leader never lets go while the worker waits).
///
/// The lock holds the table, not its name: a schema can be renamed under it, and another one be put in its place with
/// a table or a view of that name. So each name must still mean the table that the leader locked.
pub(super) async fn lock_no_wait(client: &Client, relations: &[&Relation]) -> Result<()> {
    if relations.is_empty() {
        return Ok(());
    }
    let names: Vec<String> = relations.iter().map(|relation| qualified(&relation.schema, &relation.name)).collect();
    let locked: Vec<String> = names
        .iter()
        .zip(relations)
        .map(|(name, relation)| format!("({}::pg_catalog.oid, {})", relation.oid, literal(name)))
        .collect();
    let lock = format!(
        "LOCK TABLE ONLY {} IN ACCESS SHARE MODE NOWAIT; \
         SELECT locked.name FROM (VALUES {}) AS locked(oid, name) WHERE NOT EXISTS \
         (SELECT FROM pg_catalog.pg_class c WHERE c.oid = locked.oid AND c.relkind IN ('r', 'p') \
         AND c.oid = pg_catalog.to_regclass(locked.name))",
        names.join(", ONLY "),
        locked.join(", ")
    );
    let answer = client.simple_query(&lock).await.map_err(|error| {
        describe_error(error, "locking tables for a worker")
            .hint("somebody waits for an exclusive lock on one (a migration?); try again when that has ended")
    })?;
    answer
        .iter()
        .find_map(|message| match message {
            SimpleQueryMessage::Row(row) => row.get(0),
            _ => None,
        })
        .map_or(Ok(()), |table| Err(renamed(table)))
}

fn renamed(table: &str) -> Error {
    Error::database(format!("{table} is not the table any more that it was when the backup began"))
        .hint("its schema was renamed or replaced meanwhile; try again when the migration has ended")
}

async fn try_freeze(client: &Client) -> Result<Option<String>> {
    let before = tables(client).await?;
    client
        .batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        .await
        .map_err(|error| describe_error(error, "beginning the snapshot"))?;
    for batch in before.chunks(LOCK_BATCH) {
        let names = batch.iter().map(|table| table.sql.as_str()).collect::<Vec<_>>();
        let lock = format!("LOCK TABLE ONLY {} IN ACCESS SHARE MODE", names.join(", ONLY "));
        if let Err(error) = client.batch_execute(&lock).await {
            if vanished(&error) {
                return rollback(client).await;
            }
            return Err(describe_error(error, "locking the tables to be backed up")
                .hint("a migration or an import may hold them; raise LOCK_TIMEOUT or try again later"));
        }
    }
    let exported: String = client
        .query_one("SELECT pg_catalog.pg_export_snapshot()", &[])
        .await
        .and_then(|row| row.try_get(0))
        .map_err(|error| describe_error(error, "taking the snapshot"))?;
    if tables(client).await? != before {
        return rollback(client).await;
    }
    Ok(Some(exported))
}

async fn rollback(client: &Client) -> Result<Option<String>> {
    client.batch_execute("ROLLBACK").await.map_err(|error| describe_error(error, "beginning the snapshot again"))?;
    Ok(None)
}

fn vanished(error: &tokio_postgres::Error) -> bool {
    use tokio_postgres::error::SqlState;
    error.code().is_some_and(|code| {
        [SqlState::UNDEFINED_TABLE, SqlState::INVALID_SCHEMA_NAME, SqlState::WRONG_OBJECT_TYPE].contains(code)
    })
}

#[derive(PartialEq, Eq)]
struct LockedTable {
    oid: u32,
    kind: String,
    sql: String,
}

/// Ordinary and partitioned tables outside the system's schemas, without those of extensions that we may not read; the oid tells a table dropped and created anew. One
/// that became a view is not among them any more, so that a list from after the locks differs from one before.
async fn tables(client: &Client) -> Result<Vec<LockedTable>> {
    let rows = client
        .query(
            "SELECT c.oid, n.nspname, c.relname, c.relkind::text FROM pg_catalog.pg_class c \
             JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
             WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't' \
             AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_' \
             AND (NOT EXISTS (SELECT FROM pg_catalog.pg_depend m WHERE m.classid = 'pg_catalog.pg_class'::regclass \
                                 AND m.objid = c.oid AND m.deptype = 'e') \
                  OR pg_catalog.has_schema_privilege(n.oid, 'USAGE') AND pg_catalog.has_table_privilege(c.oid, 'SELECT')) \
             ORDER BY c.oid",
            &[],
        )
        .await
        .map_err(|error| describe_error(error, "listing tables"))?;
    rows.iter()
        .map(|row| {
            let (schema, name): (String, String) = (row.try_get(1)?, row.try_get(2)?);
            Ok(LockedTable { oid: row.try_get(0)?, kind: row.try_get(3)?, sql: qualified(&schema, &name) })
        })
        .collect::<std::result::Result<_, tokio_postgres::Error>>()
        .map_err(|error| describe_error(error, "listing tables"))
}
