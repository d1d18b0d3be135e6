//! The sessions in a database: who they are, which of them we may end, and their end.

use std::time::Duration;

use tokio_postgres::Client;
use tokio_postgres::error::SqlState;

use crate::error::{Error, Result};
use crate::postgres::connect::{AS_THE_USER, describe_error};

/// How often sessions are looked for while the server waits for their end.
const TICK: Duration = Duration::from_millis(20);

/// Superusers may end all, others those of roles whose rights they have, or with `pg_signal_backend` all but
/// superusers'. Those of the user are ours whatever role was taken on. The server ends itself what runs for no role; of others' sessions we are not even told their kind.
const SESSIONS: &str = "
    SELECT a.pid, r.rolname::text AS role,
           r.rolname = session_user AS of_the_user,
           r.rolname = session_user OR me.rolsuper OR NOT r.rolsuper
              AND (pg_catalog.pg_has_role(r.oid, 'USAGE') OR pg_catalog.pg_has_role('pg_signal_backend', 'USAGE')) AS ours,
           pg_catalog.format('process %s of %s', a.pid, r.rolname)
               || coalesce(' (' || nullif(a.application_name, '') || ')', '') AS description
      FROM pg_catalog.pg_stat_activity a
      JOIN pg_catalog.pg_roles r ON r.oid = a.usesysid
      JOIN pg_catalog.pg_roles me ON me.rolname = current_user
     WHERE a.datid = ANY ($1) AND a.pid <> pg_catalog.pg_backend_pid()
     ORDER BY a.pid";

/// One session, seen from another.
pub(super) struct Session {
    pid: i32,
    /// Whose it is.
    pub(super) role: String,
    /// Whether we may end it.
    pub(super) ours: bool,
    /// Whether we may because it is of the user that we have connected as.
    of_the_user: bool,
    /// For people: `process 4711 of shop (gunicorn)`.
    description: String,
}

/// Those in the databases, but this one.
pub(super) async fn present(client: &Client, databases: &[u32]) -> Result<Vec<Session>> {
    let rows = client
        .query(SESSIONS, &[&databases])
        .await
        .map_err(|error| describe_error(error, "looking at the sessions in the database"))?;
    let session = |row: &tokio_postgres::Row| Session {
        pid: row.get("pid"),
        role: row.get("role"),
        ours: row.get("ours"),
        of_the_user: row.get("of_the_user"),
        description: row.get("description"),
    };
    Ok(rows.iter().map(session).collect())
}

/// Fails when there is a session that we may not end; ends none.
pub(super) async fn check_ours(client: &Client, databases: &[u32]) -> Result<()> {
    let sessions = present(client, databases).await?;
    let foreign: Vec<&str> =
        sessions.iter().filter(|session| !session.ours).map(|session| session.description.as_str()).collect();
    if foreign.is_empty() {
        return Ok(());
    }
    Err(Error::database(format!(
        "sessions stand in the way of giving the database another name, and this role may not end them: {}",
        foreign.join(", ")
    ))
    .hint(
        "end them, or let an administrator GRANT pg_signal_backend to the role (sessions of superusers only a superuser \
         ends), then run it again; or restore with --strategy in-place",
    ))
}

/// Ends all that come, again and again; gives up only when it cannot even look.
pub(super) async fn end(client: &Client, databases: &[u32]) -> Error {
    loop {
        if let Err(error) = end_present(client, databases).await {
            return error;
        }
        tokio::time::sleep(TICK).await;
    }
}

async fn end_present(client: &Client, databases: &[u32]) -> Result<()> {
    for session in present(client, databases).await?.iter().filter(|session| session.ours) {
        let act_as = if session.of_the_user { AS_THE_USER } else { "" };
        match client.batch_execute(&format!("{act_as}SELECT pg_catalog.pg_terminate_backend({})", session.pid)).await {
            // It may have become another's meanwhile; then it is not in our way either.
            Err(error) if error.code() != Some(&SqlState::INSUFFICIENT_PRIVILEGE) => {
                return Err(describe_error(error, "ending the sessions in the database"));
            }
            _ => {}
        }
    }
    Ok(())
}
