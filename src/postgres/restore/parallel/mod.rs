//! Loads a whole backup into a fresh database that nobody else uses, over several connections.
//!
//! One connection makes what must exist before rows. Then all take steps in an order that the dependencies and locks
//! allow: rows, indexes, constraints, statistics. Nothing here is one transaction: a failure leaves a database that only
//! its caller can drop.

mod families;
mod schedule;
mod statistics;
mod steps;
mod worker;

pub(in crate::postgres) use statistics::analyze;

use futures_util::future::try_join_all;
use tokio_postgres::Client;

use self::families::Families;
use self::steps::{Steps, Work};
use self::worker::Board;
use super::binary::{self, BinaryTables};
use super::load::{Loader, NOTHING, Place};
use super::rows::{self, Batch, Rows};
use super::selection::Tables;
use super::{Extent, clear, define, definitions, hand_over, refill, resources, selected_bytes};
use crate::archive::Archive;
use crate::error::Result;
use crate::event::Progress;
use crate::manifest::{Manifest, Section};
use crate::plan::{ToastCompression, Verify};
use crate::postgres::connect::{Address, Connection, describe_error};
use crate::postgres::runtime::unless_stopped;
use crate::postgres::session;

/// What is loaded, and where to.
#[derive(Clone, Copy)]
pub(in crate::postgres) struct ParallelRestore<'a> {
    /// The fresh database.
    pub address: &'a Address,
    /// The backup, its stored bytes already compared with their digests.
    pub archive: &'a Archive,
    /// How far it goes; the scope is full or schema only.
    pub extent: Extent,
    /// Connections.
    pub jobs: usize,
    /// How large values are compressed.
    pub toast_compression: Option<ToastCompression>,
    /// Counts rows and bytes, and carries the wish to stop.
    pub progress: &'a Progress,
    /// Whether the database is to stay.
    pub place: Place<'a>,
}

/// What was done.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::postgres) struct Loaded {
    /// Rows loaded.
    pub rows: u64,
    /// Materialized views that stayed empty.
    pub unfilled: Vec<String>,
    /// What the server warned of.
    pub warnings: Vec<String>,
}

impl<'a> ParallelRestore<'a> {
    /// Loads everything; when this returns, all of it is on the server's disk and no connection is left.
    ///
    /// On an error every statement is cancelled and every connection closed.
    pub(in crate::postgres) async fn run(self) -> Result<Loaded> {
        let mut connections = Vec::new();
        let result = unless_stopped(self.progress, self.load(&mut connections)).await;
        let mut loaded = match result {
            Ok(loaded) => loaded,
            Err(error) => {
                for connection in &connections {
                    // Where the server is gone this fails too, and says less than the first error.
                    connection.canceller().cancel().await.ok();
                }
                return Err(error);
            }
        };
        for connection in connections {
            loaded.warnings.extend(connection.drain_notices());
            connection.close().await?;
        }
        Ok(loaded)
    }

    async fn load(self, connections: &mut Vec<Connection>) -> Result<Loaded> {
        connections.push(Connection::open(self.address).await?);
        let client = &connections[0].client;
        let server = session::prepare(client).await?;
        self.configure(client).await?;
        let loader = self.loader(client);
        clear(self.extent.owners, &loader, &server).await?;
        define(&loader).await?;
        let board = self.board(&loader).await?;
        for _ in 1..self.jobs {
            let connection = Connection::open(self.address).await?;
            session::prepare(&connection.client).await?;
            self.configure(&connection.client).await?;
            connections.push(connection);
        }
        self.progress.stage("loading", self.bytes());
        try_join_all(connections.iter().map(|connection| {
            let board = &board;
            async move { board.work(&self.loader(&connection.client)).await }
        }))
        .await?;
        let loader = self.loader(&connections[0].client);
        let unfilled = refill::empty_ones(&loader, &refill::wanted(self.extent, &loader)).await?;
        hand_over(self.extent, &loader).await?;
        definitions::compare(&loader, server.version).await?;
        settle(loader.client).await?;
        Ok(Loaded { rows: board.rows(), unfilled, warnings: Vec::new() })
    }

    fn loader<'b>(&self, client: &'b Client) -> Loader<'b>
    where
        'a: 'b,
    {
        let (archive, progress) = (self.archive, self.progress);
        Loader { client, archive, tables: &Tables::All, staying: &NOTHING, threads: 1, progress, place: self.place }
    }

    async fn configure(&self, client: &Client) -> Result<()> {
        // `settle` makes up for it. With it each of thousands of small tables would wait for the disk.
        client
            .batch_execute("SET synchronous_commit = off")
            .await
            .map_err(|error| describe_error(error, "preparing the session"))?;
        resources::share_out(client, self.jobs).await?;
        resources::compress_values(client, self.toast_compression).await
    }

    fn bytes(&self) -> u64 {
        let bytes = selected_bytes(&self.archive.manifest, &Tables::All);
        if self.extent.verify == Verify::Full { 2 * bytes } else { bytes }
    }

    async fn board(&self, loader: &Loader<'_>) -> Result<Board> {
        let manifest = &self.archive.manifest;
        let families = Families::read(loader.client, manifest, loader.tables).await?;
        let mut steps = Steps::new(manifest, &families);
        let mut binary = BinaryTables::new();
        if self.extent.loads_rows(manifest) {
            let batches = rows::batches(manifest, &Tables::All);
            binary = binary::tables(loader.client, manifest, loader.place, &batches).await?;
            add_rows(manifest, batches, self.jobs, &mut steps);
            steps.apart(Work::LargeObjects, Section::LargeObjects);
            steps.apart(Work::Sequences, Section::Sequences);
            if self.extent.verify == Verify::Full {
                (0..).zip(&manifest.tables).for_each(|(table, _)| steps.compare(table));
            }
        }
        let wanted = |object: &_| self.extent.builds(manifest, object);
        let statements = loader.chosen(Section::PostData, wanted).collect::<Result<Vec<_>>>()?;
        for (index, sql) in &statements {
            steps.object(*index, &manifest.objects[*index as usize], sql);
        }
        if self.extent.loads_rows(manifest) {
            (0..).zip(&manifest.tables).for_each(|(table, _)| steps.analyze(table));
        }
        let (work, conditions) = steps.finish();
        Ok(Board::new(work, conditions, statements, binary))
    }
}

/// Each table to one connection, which can freeze its rows then. A table that would keep one connection busy when the
/// others have long done is given to all of them, chunk by chunk in turns, so that neighbours stay together.
fn add_rows(manifest: &Manifest, batches: Vec<Batch>, jobs: usize, steps: &mut Steps<'_>) {
    let made = rows::made(manifest);
    let total: u64 = batches.iter().map(|batch| batch.bytes(manifest)).sum();
    for batch in batches {
        let others = total - batch.bytes(manifest);
        let long = batch.bytes(manifest) / 2 * (jobs as u64 - 1) > others;
        if long && jobs > 1 && batch.chunks.len() >= 2 * jobs {
            for part in batch.shared_out(jobs) {
                steps.rows(part, Rows::Ordinary);
            }
        } else if made.contains(&batch.table) {
            steps.rows(batch, Rows::Frozen);
        } else {
            steps.rows(batch, Rows::Ordinary);
        }
    }
}

/// Lets the server write out what was committed without waiting for its disk: a commit that does wait writes out all of
/// the log before it. One that changed nothing would not; the message is what this one changes.
async fn settle(client: &Client) -> Result<()> {
    client
        .batch_execute(
            "SET synchronous_commit = on; SELECT pg_catalog.pg_logical_emit_message(true, 'holdfast', 'restored')",
        )
        .await
        .map_err(|error| describe_error(error, "writing the restored database to the server's disk"))
}
