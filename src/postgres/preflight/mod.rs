//! What would stop a backup half-way is found before anything is locked.

mod access;
mod encoding;
mod pooler;
mod room;

use tokio_postgres::{Client, Row};

use super::connect::describe_error;
use super::session::Server;
use crate::error::{Error, Result};
use crate::event::Progress;
use crate::plan::BackupPlan;

/// How many objects an error names; the rest is counted.
const NAMED: usize = 10;

pub(super) use pooler::{own_session, two_sessions};

/// Examines the server and the role; gives the number of readers that there is room for, of which one is connected.
pub(super) async fn server(client: &Client, server: &Server, plan: &BackupPlan, progress: &Progress) -> Result<usize> {
    encoding::examine(client, server).await?;
    access::examine(client, plan, progress).await?;
    room::for_locks(client, progress).await?;
    room::for_readers(client, plan.jobs, progress).await
}

async fn rows(client: &Client, sql: &str) -> Result<Vec<Row>> {
    client.query(sql, &[]).await.map_err(|error| describe_error(error, "looking at what a backup needs"))
}

fn value<'a, T: tokio_postgres::types::FromSql<'a>>(row: &'a Row, column: &str) -> Result<T> {
    row.try_get(column).map_err(|error| describe_error(error, "looking at what a backup needs"))
}

/// An error about objects, by their names.
fn refusal(what: &str, names: &[String]) -> Error {
    let mut shown = names.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
    if names.len() > NAMED {
        shown = format!("{shown} and {} more", names.len() - NAMED);
    }
    Error::database(format!("{what}: {shown}"))
}
