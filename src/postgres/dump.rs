//! Rows of a snapshot as chunks: several connections, each taking the biggest piece that is left.
//!
//! A chunk is one complete `COPY … FROM stdin; … \.` block, so chunks of different tables may follow each other in
//! any order and each restores alone.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use futures_util::future::try_join_all;

use super::connect::{Connection, Filled, Interruption, Rest, describe_error};
use super::ddl::Relation;
use super::quote::{identifiers, qualified};
use super::snapshot::{Snapshot, lock_no_wait};
use super::throttle::Throttle;
use crate::archive::{CHUNK_SIZE, ChunkSender, RawChunk};
use crate::error::{Error, Result};
use crate::event::Progress;
use crate::fingerprint::Fingerprint;
use crate::manifest::Section;

/// Blocks of one piece: 32 MiB of heap. Pieces begin at multiples of it, so that a table's unchanged part gives the
/// same chunks in every backup.
const PIECE_BLOCKS: u64 = 4096;

/// Blocks of small tables that are read in one round trip; one is added for each, since an empty one takes time too.
const BATCH_BLOCKS: u64 = 128;

/// Ends the rows of a COPY block.
pub(super) const END_OF_ROWS: &[u8] = b"\\.\n\n";

/// What was read of one table.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Measured {
    /// Rows.
    pub rows: u64,
    /// Sum of their hashes.
    pub fingerprint: Fingerprint,
}

/// A table, or a range of its blocks, that one worker reads in one go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Piece {
    table: usize,
    first_block: u64,
    /// `None` reads to the end, however far the table has grown since.
    end_block: Option<u64>,
    blocks: u64,
}

/// Reads the rows of `relations` (those at the indexes in `wanted`) with one worker per sender.
pub(super) async fn rows(
    snapshot: &Snapshot,
    relations: &[Relation],
    wanted: &[usize],
    senders: Vec<ChunkSender>,
    throttle: &Throttle,
    progress: &Progress,
) -> Result<Vec<Measured>> {
    let queue = Mutex::new(pieces(relations, wanted));
    let measured = Mutex::new(vec![Measured::default(); relations.len()]);
    let workers = senders.into_iter().map(|sender| {
        let worker = Worker { relations, queue: &queue, measured: &measured, throttle, progress };
        worker.run(snapshot, sender)
    });
    try_join_all(workers).await?;
    Ok(measured.into_inner().unwrap_or_else(PoisonError::into_inner))
}

fn pieces(relations: &[Relation], wanted: &[usize]) -> VecDeque<Piece> {
    let mut pieces = Vec::new();
    for &table in wanted {
        let relation = &relations[table];
        if !relation.heap || relation.blocks <= PIECE_BLOCKS {
            pieces.push(Piece { table, first_block: 0, end_block: None, blocks: relation.blocks });
            continue;
        }
        for first_block in (0..relation.blocks).step_by(PIECE_BLOCKS.try_into().unwrap_or(usize::MAX)) {
            let end = first_block + PIECE_BLOCKS;
            pieces.push(Piece {
                table,
                first_block,
                end_block: (end < relation.blocks).then_some(end),
                blocks: relation.blocks,
            });
        }
    }
    // Biggest table first, so that no worker is left alone with a long one at the end; stable within a table.
    pieces.sort_by_key(|piece| std::cmp::Reverse(piece.blocks));
    pieces.into()
}

struct Worker<'a> {
    relations: &'a [Relation],
    queue: &'a Mutex<VecDeque<Piece>>,
    measured: &'a Mutex<Vec<Measured>>,
    throttle: &'a Throttle,
    progress: &'a Progress,
}

impl Worker<'_> {
    async fn run(self, snapshot: &Snapshot, sender: ChunkSender) -> Result<()> {
        let connection = snapshot.join().await?;
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

    /// The biggest piece that is left; of small ones as many as make up a round trip's worth.
    fn next(&self) -> Vec<Piece> {
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        let mut batch = Vec::new();
        let mut blocks = 0;
        while let Some(piece) = queue.front() {
            blocks += piece.blocks + 1;
            if !batch.is_empty() && blocks > BATCH_BLOCKS {
                break;
            }
            batch.extend(queue.pop_front());
        }
        batch
    }

    async fn read(&self, connection: &Connection, sender: &ChunkSender, batch: &[Piece]) -> Result<()> {
        let statements: Vec<String> =
            batch.iter().map(|piece| copy_out(&self.relations[piece.table], *piece)).collect();
        let statements = statements.join(";");
        let mut rows = connection.copy_out(&statements);
        for piece in batch {
            let relation = &self.relations[piece.table];
            let failed = |interruption| describe_interruption(interruption, relation);
            let mut measured = Measured::default();
            let mut rest = Rest::Unread;
            while rest == Rest::Unread {
                let mut block = Block::begin(relation, sender);
                Filled { data: block.data, rest } = rows.fill(block.data, CHUNK_SIZE).await.map_err(failed)?;
                self.send(block, piece.table, sender, &mut measured).await?;
            }
            let mut all = self.measured.lock().unwrap_or_else(PoisonError::into_inner);
            all[piece.table].rows += measured.rows;
            all[piece.table].fingerprint.merge(measured.fingerprint);
        }
        rows.finish().await.map_err(|error| describe_error(error, "reading rows"))
    }

    async fn send(&self, block: Block, table: usize, sender: &ChunkSender, measured: &mut Measured) -> Result<()> {
        self.progress.check()?;
        if block.is_empty() {
            return Ok(());
        }
        let found = block.measure();
        measured.rows += found.rows;
        measured.fingerprint.merge(found.fingerprint);
        let mut data = block.data;
        data.extend_from_slice(END_OF_ROWS);
        let size = data.len() as u64;
        sender
            .send(RawChunk { section: Section::Data, table: u32::try_from(table).ok(), rows: found.rows, data })
            .await?;
        self.progress.advance(found.rows, size);
        self.throttle.spent(size).await;
        Ok(())
    }
}

fn describe_interruption(interruption: Interruption, relation: &Relation) -> Error {
    let doing = format!("reading {}.{}", relation.schema, relation.name);
    match interruption {
        Interruption::Failed(error) => describe_error(error, doing),
        Interruption::NoRows => Error::database(format!("the server did not answer as a server does while {doing}"))
            .hint("connect to the server itself, without a proxy between"),
    }
}

/// The chunk being filled: a COPY statement, then rows.
struct Block {
    data: Vec<u8>,
    header: usize,
}

impl Block {
    fn begin(relation: &Relation, sender: &ChunkSender) -> Self {
        let mut data = sender.buffer();
        data.extend_from_slice(copy_in(&relation.schema, &relation.name, &relation.columns).as_bytes());
        data.extend_from_slice(b";\n");
        let header = data.len();
        Self { data, header }
    }

    fn is_empty(&self) -> bool {
        self.data.len() == self.header
    }

    /// COPY's text format escapes newlines inside values: a line is a row.
    fn measure(&self) -> Measured {
        measure(&self.data[self.header..])
    }
}

/// Counts and hashes rows of COPY text.
pub(super) fn measure(text: &[u8]) -> Measured {
    let mut measured = Measured::default();
    let mut start = 0;
    for end in memchr::memchr_iter(b'\n', text) {
        measured.rows += 1;
        measured.fingerprint.add_bytes(&text[start..end]);
        start = end + 1;
    }
    measured
}

/// The statement that opens a data chunk, without its semicolon; also what a restore sends.
pub(super) fn copy_in(schema: &str, name: &str, columns: &[String]) -> String {
    format!("COPY {} {}FROM stdin", qualified(schema, name), column_list(columns))
}

/// The columns in parentheses; nothing for a table without columns, where COPY does not allow empty ones.
fn column_list(columns: &[String]) -> String {
    if columns.is_empty() { String::new() } else { format!("({}) ", identifiers(columns)) }
}

fn copy_out(relation: &Relation, piece: Piece) -> String {
    let table = qualified(&relation.schema, &relation.name);
    if piece.first_block == 0 && piece.end_block.is_none() {
        return format!("COPY {table} {}TO STDOUT", column_list(&relation.columns));
    }
    // Two bounds on ctid are a TID range scan since PostgreSQL 14: only these blocks are read.
    let end = piece.end_block.map(|block| format!(" AND ctid < '({block},0)'")).unwrap_or_default();
    format!(
        "COPY (SELECT {} FROM ONLY {table} WHERE ctid >= '({},0)'{end}) TO STDOUT",
        identifiers(&relation.columns),
        piece.first_block
    )
}
