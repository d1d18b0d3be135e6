//! Rows of a snapshot as chunks: several connections, each taking the next piece of a plan.
//!
//! A chunk is one complete `COPY … FROM stdin; … \.` block, so chunks of different tables may follow each other in
//! any order and each restores alone.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::task::JoinSet;
use tokio_postgres::error::SqlState;

use self::block::Block;
use self::pieces::Piece;
use super::connect::{Connection, Filled, Interruption, Rest, describe_error};
use super::ddl::Relation;
use super::snapshot::lock_no_wait;
use super::throttle::Throttle;
use crate::archive::{CHUNK_SIZE, ChunkSender, RawChunk};
use crate::error::{Error, Result};
use crate::event::Progress;
use crate::manifest::Section;

mod block;
mod pieces;

pub(super) use self::block::{END_OF_ROWS, Measured, copy_in, measure};

/// From the server to the file: what one worker needs.
pub(super) struct Line {
    /// Has joined the snapshot.
    pub connection: Connection,
    /// Its way into the file.
    pub sender: ChunkSender,
}

/// How rows are read.
pub(super) struct Dump<'a> {
    /// What it is called while it lasts.
    pub stage: &'a str,
    pub throttle: Throttle,
    pub progress: &'a Progress,
}

impl Dump<'_> {
    /// Reads the rows of `relations` (those at the indexes in `wanted`) with one worker per line.
    ///
    /// Workers are tasks of the runtime: one and its connection take turns on one thread, where a buffer that goes to and
    /// fro between threads would put each of them to sleep, twice for each of thousands of small tables.
    pub(super) async fn rows(
        self,
        relations: &Arc<[Relation]>,
        wanted: &[usize],
        lines: Vec<Line>,
    ) -> Result<Vec<Measured>> {
        let queue = pieces::plan(relations, wanted, lines.len());
        self.progress.stage(self.stage, queue.iter().map(Piece::bytes).sum());
        let work = Arc::new(Work {
            relations: Arc::clone(relations),
            queue: Mutex::new(queue),
            measured: Mutex::new(vec![Measured::default(); relations.len()]),
            throttle: self.throttle,
            progress: self.progress.clone(),
        });
        // Dropped, it stops those that still work.
        let mut workers = JoinSet::new();
        for line in lines {
            let work = Arc::clone(&work);
            workers.spawn(async move { work.run(line).await });
        }
        while let Some(ended) = workers.join_next().await {
            ended.map_err(|panic| Error::failed("a reader ended badly").because(panic))??;
        }
        Ok(std::mem::take(&mut *work.measured()))
    }
}

/// What the workers share.
struct Work {
    relations: Arc<[Relation]>,
    queue: Mutex<VecDeque<Piece>>,
    measured: Mutex<Vec<Measured>>,
    throttle: Throttle,
    progress: Progress,
}

impl Work {
    async fn run(&self, Line { connection, sender }: Line) -> Result<()> {
        let mut locked = vec![false; self.relations.len()];
        loop {
            let batch = self.next();
            if batch.is_empty() {
                break;
            }
            let unlocked: Vec<&Relation> = batch
                .iter()
                .filter(|piece| !std::mem::replace(&mut locked[piece.table], true))
                .map(|piece| &self.relations[piece.table])
                .collect();
            lock_no_wait(&connection.client, &unlocked).await?;
            self.read(&connection, &sender, &batch).await?;
        }
        sender.end();
        connection.close().await
    }

    fn next(&self) -> Vec<Piece> {
        pieces::take(&mut self.queue.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn measured(&self) -> MutexGuard<'_, Vec<Measured>> {
        self.measured.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn read(&self, connection: &Connection, sender: &ChunkSender, batch: &[Piece]) -> Result<()> {
        let statements: Vec<String> = batch.iter().map(|piece| piece.statement(&self.relations[piece.table])).collect();
        let statements = statements.join(";");
        let mut rows = connection.copy_out(&statements);
        let mut left = Vec::new();
        for piece in batch {
            let relation = &self.relations[piece.table];
            let failed = |interruption| describe_interruption(interruption, relation);
            let mut measured = Measured::default();
            let mut rest = Rest::Unread;
            let mut ahead = piece.bytes();
            while rest == Rest::Unread {
                let mut block = Block::begin(relation, sender, &left);
                left.clear();
                Filled { data: block.data, rest } = rows.fill(block.data, CHUNK_SIZE).await.map_err(failed)?;
                let found = if rest == Rest::Unread { block.cut(&mut left) } else { block.measure() };
                measured.merge(found);
                let told = self.send(block, piece.table, found.rows, sender).await?.min(ahead);
                ahead -= told;
                self.progress.advance(found.rows, told);
            }
            // A row takes more or less room in its table than in the backup: what is shown is how much of the table was read.
            self.progress.advance(0, ahead);
            self.measured()[piece.table].merge(measured);
        }
        rows.finish().await.map_err(|error| describe_error(error, "reading rows"))
    }

    /// Gives how many bytes it were.
    async fn send(&self, block: Block, table: usize, rows: u64, sender: &ChunkSender) -> Result<u64> {
        self.progress.check()?;
        if block.is_empty() {
            return Ok(0);
        }
        let mut data = block.data;
        data.extend_from_slice(END_OF_ROWS);
        let size = data.len() as u64;
        sender.send(RawChunk { section: Section::Data, table: u32::try_from(table).ok(), rows, data }).await?;
        self.throttle.spent(size).await;
        Ok(size)
    }
}

/// A row whose text the server cannot hold: a limit of the program, or of one allocation of its memory.
fn is_too_long(error: &tokio_postgres::Error) -> bool {
    error.as_db_error().is_some_and(|error| {
        *error.code() == SqlState::PROGRAM_LIMIT_EXCEEDED
            || *error.code() == SqlState::INTERNAL_ERROR
                && error.message().starts_with("invalid memory alloc request size")
    })
}

fn describe_interruption(interruption: Interruption, relation: &Relation) -> Error {
    let doing = format!("reading {}.{}", relation.schema, relation.name);
    match interruption {
        Interruption::Failed(error) if is_too_long(&error) => describe_error(error, doing).hint(format!(
            "the text of a row may have 1 GB, and bytea takes two characters for each byte: find it by octet_length(column) \
             > 500000000 and shorten it, or leave the rows out with --exclude-table-data {}.{}",
            relation.schema, relation.name
        )),
        Interruption::Failed(error) => describe_error(error, doing),
        Interruption::NoRows => Error::database(format!("the server did not answer as a server does while {doing}"))
            .hint("connect to the server itself, without a proxy between"),
    }
}
