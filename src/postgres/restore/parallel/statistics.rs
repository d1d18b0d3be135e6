//! Statistics for the planner: without them the first hours after a restore are slow. The restore stands either way.

use futures_util::future::try_join_all;

use super::families::Families;
use super::steps::Steps;
use super::worker::{Board, tell_unanalyzed};
use crate::error::Result;
use crate::postgres::connect::{Address, Connection};
use crate::postgres::restore::binary::BinaryTables;
use crate::postgres::restore::load::Loader;
use crate::postgres::session;

/// Gathers the statistics of all tables that a restore in place has committed, over several connections.
pub(in crate::postgres) async fn analyze(
    address: &Address,
    loader: &Loader<'_>,
    connections: usize,
    lock_timeout_seconds: f64,
) {
    loader.progress.stage("analyzing", 0);
    let tables = loader.tables.of(&loader.archive.manifest).count();
    let mut others = Vec::new();
    while others.len() + 1 < connections.min(tables) {
        // One connection is enough.
        let Ok(other) = open(address, lock_timeout_seconds).await else { break };
        others.push(other);
    }
    if let Err(error) = share_tables(loader, &others).await {
        tell_unanalyzed(loader, &error);
    }
    for other in others {
        other.drain_notices().into_iter().for_each(|remark| loader.progress.notice(remark));
        // That the server is slow to say goodbye changes nothing.
        other.close().await.ok();
    }
}

async fn open(address: &Address, lock_timeout_seconds: f64) -> Result<Connection> {
    let connection = Connection::open(address).await?;
    session::prepare(&connection.client).await?;
    session::limit_lock_wait(&connection.client, lock_timeout_seconds).await?;
    Ok(connection)
}

async fn share_tables(loader: &Loader<'_>, others: &[Connection]) -> Result<()> {
    let manifest = &loader.archive.manifest;
    let families = Families::read(loader.client, manifest, loader.tables).await?;
    let mut steps = Steps::new(manifest, &families);
    loader.tables.of(manifest).for_each(|(table, _)| steps.analyze(table));
    let (work, conditions) = steps.finish();
    let board = &Board::new(work, conditions, Vec::new(), BinaryTables::new());
    let clients = others.iter().map(|other| &other.client).chain([loader.client]);
    try_join_all(clients.map(|client| async move { board.work(&Loader { client, ..*loader }).await })).await?;
    Ok(())
}
