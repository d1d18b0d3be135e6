//! Rows by COPY: one statement for all chunks of a table, each chunk compared with its digest before any of it is sent.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::pin::Pin;

use bytes::Bytes;
use futures_util::SinkExt;
use tokio_postgres::{Client, CopyInSink};

use super::binary::{BinaryRows, BinaryTables, HEADER, TRAILER};
use super::check::difference;
use super::load::{Place, enter, leave, unreadable};
use super::selection::{self, Tables};
use crate::archive::{Archive, Chunks};
use crate::error::{Context, Result};
use crate::event::Progress;
use crate::manifest::{Manifest, Section, Table};
use crate::postgres::connect::describe_error;
use crate::postgres::dump::{END_OF_ROWS, copy_in};

/// One `CopyData` message; large enough to keep the server busy, small enough not to be copied in vain.
const MESSAGE: usize = 128 * 1024;

/// Kept free in a message that is filled row by row, so that most last rows still fit.
const ROOM_FOR_A_ROW: usize = 16 * 1024;

/// Chunks of one statement: the driver tells of a row that the server refuses only when the statement ends, and so much
/// is sent in vain at most.
const STATEMENT_CHUNKS: usize = 32;

/// Chunks of one table, to be loaded in this order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Batch {
    /// Index into [`Manifest::tables`].
    pub table: u32,
    /// Indexes into [`Manifest::chunks`].
    pub chunks: Vec<usize>,
}

impl Batch {
    /// Decompressed bytes, all of them or those of one table's part.
    pub(super) fn bytes(&self, manifest: &Manifest) -> u64 {
        self.chunks.iter().filter_map(|&chunk| manifest.chunks.get(chunk)).map(|chunk| chunk.raw_size).sum()
    }

    /// Equal parts, each chunk in another than its neighbours.
    pub(super) fn shared_out(&self, parts: usize) -> impl Iterator<Item = Self> {
        (0..parts).map(move |part| {
            let chunks = self.chunks.iter().copied().skip(part).step_by(parts).collect();
            Self { table: self.table, chunks }
        })
    }
}

/// The chosen tables' chunks, table by table.
pub(super) fn batches(manifest: &Manifest, tables: &Tables) -> Vec<Batch> {
    let mut batches: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
    for index in selection::chunks(manifest, Section::Data, tables) {
        if let Some(table) = manifest.chunks[index].table {
            batches.entry(table).or_default().push(index);
        }
    }
    batches.into_iter().map(|(table, chunks)| Batch { table, chunks }).collect()
}

/// Tables that the backup itself makes, and not an extension: before their rows come they are new, or truncated.
pub(super) fn made(manifest: &Manifest) -> BTreeSet<u32> {
    manifest.objects.iter().filter(|object| object.kind == "table").filter_map(|object| object.table).collect()
}

/// How rows are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rows {
    /// As any others.
    Ordinary,
    /// As rows that all may see. The transaction must have made the table, or truncated it.
    Frozen,
}

/// What loads rows.
#[derive(Clone, Copy)]
pub(super) struct RowLoader<'a> {
    pub client: &'a Client,
    pub manifest: &'a Manifest,
    pub binary: &'a BinaryTables,
    pub place: Place<'a>,
    pub progress: &'a Progress,
}

impl RowLoader<'_> {
    /// Takes the chunks of the batch from `source` and compares the rows that the server stored with the manifest.
    pub(super) async fn load(&self, batch: &Batch, rows: Rows, source: &mut Source) -> Result<u64> {
        let table = self.manifest.tables.get(batch.table as usize).ok_or_else(|| unreadable(Section::Data))?;
        let mut binary = self.binary.get(&batch.table);
        let entered = enter(self.client, self.place, self.manifest, batch.table).await?;
        let mut stored = 0;
        for chunks in batch.chunks.chunks(STATEMENT_CHUNKS) {
            stored += self.copy(table, chunks, rows, source, &mut binary).await?;
        }
        leave(self.client, entered).await?;
        Ok(stored)
    }

    /// Loads some chunks. From the first row on that can only go as text, `binary` is none: what a table holds once it
    /// may hold often, and each change of the format is a statement.
    async fn copy(
        &self,
        table: &Table,
        chunks: &[usize],
        rows: Rows,
        source: &mut Source,
        binary: &mut Option<&BinaryRows>,
    ) -> Result<u64> {
        self.progress.check()?;
        let mut copy = Copy::begin(self, table, rows, *binary).await?;
        let (mut stored, mut expected) = (0, 0);
        for &index in chunks {
            let data = source.next(index).await?;
            let lines = rows_of_chunk(table, &data)?;
            let left = copy.send_as_binary(Bytes::from(data).slice(lines)).await?;
            if copy.binary.is_some() && !left.is_empty() {
                stored += copy.finish().await?;
                *binary = None;
                copy = Copy::begin(self, table, rows, None).await?;
            }
            copy.send(left).await?;
            let chunk = &self.manifest.chunks[index];
            expected += chunk.rows;
            self.progress.advance(chunk.rows, chunk.raw_size);
            self.progress.check()?;
        }
        stored += copy.finish().await?;
        if stored != expected {
            let found = format!("the server stored {stored} rows where the backup has {expected}");
            return Err(difference(table, found)
                .hint("a trigger or rule on the table may have dropped rows; nothing was changed"));
        }
        Ok(stored)
    }
}

/// A COPY statement that takes rows.
struct Copy<'a> {
    table: &'a Table,
    sink: Pin<Box<CopyInSink<Bytes>>>,
    binary: Option<&'a BinaryRows>,
}

impl<'a> Copy<'a> {
    async fn begin(
        loader: &RowLoader<'_>,
        table: &'a Table,
        rows: Rows,
        binary: Option<&'a BinaryRows>,
    ) -> Result<Self> {
        let statement = copy_in(loader.place.schema(table), &table.name, &table.columns);
        let format = if binary.is_some() { "binary" } else { "text" };
        let freeze = if rows == Rows::Frozen { ", FREEZE" } else { "" };
        let sink = loader.client.copy_in(&format!("{statement} WITH (FORMAT {format}{freeze})")).await;
        let sink = sink.map_err(|error| describe_error(error, failed(table)))?;
        let mut copy = Self { table, sink: Box::pin(sink), binary };
        if binary.is_some() {
            copy.feed(Bytes::from_static(HEADER)).await?;
        }
        Ok(copy)
    }

    /// Sends rows up to one that can only go as text, where the statement takes binary; gives that and all behind it.
    async fn send_as_binary(&mut self, mut lines: Bytes) -> Result<Bytes> {
        while let Some(binary) = self.binary {
            let mut message = Vec::with_capacity(MESSAGE);
            let left = binary.append(&lines, MESSAGE - ROOM_FOR_A_ROW, &mut message).len();
            if message.is_empty() {
                break;
            }
            lines = lines.slice(lines.len() - left..);
            self.send(message.into()).await?;
        }
        Ok(lines)
    }

    /// Sends what rows are in the format of the statement; a message may end in the middle of one.
    async fn send(&mut self, rows: Bytes) -> Result<()> {
        for start in (0..rows.len()).step_by(MESSAGE) {
            self.feed(rows.slice(start..rows.len().min(start + MESSAGE))).await?;
        }
        Ok(())
    }

    async fn feed(&mut self, message: Bytes) -> Result<()> {
        self.sink.feed(message).await.map_err(|error| describe_error(error, failed(self.table)))
    }

    /// Ends the statement; gives the rows that the server stored.
    async fn finish(mut self) -> Result<u64> {
        if self.binary.is_some() {
            self.feed(Bytes::from_static(TRAILER)).await?;
        }
        self.sink.as_mut().finish().await.map_err(|error| describe_error(error, failed(self.table)))
    }
}

fn failed(table: &Table) -> String {
    format!("loading rows of {}", table.label())
}

/// Chunks decompressed ahead on threads; waiting for one holds up no other connection.
pub(super) struct Source(Option<Chunks>);

impl Source {
    pub(super) fn new(archive: &Archive, chunks: Vec<usize>, threads: usize) -> Self {
        Self(Some(archive.chunks(chunks, threads)))
    }

    /// The chunk with this index, which must be the next one in line.
    pub(super) async fn next(&mut self, wanted: usize) -> Result<Vec<u8>> {
        let mut chunks = self.0.take().ok_or_else(|| unreadable(Section::Data))?;
        let wait = tokio::task::spawn_blocking(move || (chunks.next(), chunks));
        let (next, chunks) = wait.await.context(|| "waiting for a chunk")?;
        self.0 = Some(chunks);
        match next.transpose()? {
            Some((index, data)) if index == wanted => Ok(data),
            _ => Err(unreadable(Section::Data)),
        }
    }
}

/// Where the rows of a data chunk stand; the chunk must open with just the statement that its table needs.
pub(in crate::postgres) fn rows_of_chunk(table: &Table, chunk: &[u8]) -> Result<Range<usize>> {
    let statement = statement_of(table);
    let start = statement.len() + b";\n".len();
    let opens = chunk.starts_with(statement.as_bytes()) && chunk.get(statement.len()..start) == Some(b";\n");
    match chunk.len().checked_sub(END_OF_ROWS.len()) {
        Some(end)
            if opens && start <= end && chunk.ends_with(END_OF_ROWS) && !ends_early(&chunk[start - 1..end + 2]) =>
        {
            Ok(start..end)
        }
        _ => Err(unreadable(Section::Data)),
    }
}

/// Behind an earlier end of the rows `psql` would take the rest for commands; a value is never written so.
fn ends_early(rows: &[u8]) -> bool {
    memchr::memmem::find(rows, b"\n\\.\n").is_some()
}

fn statement_of(table: &Table) -> String {
    copy_in(table.schema.as_deref().unwrap_or_default(), &table.name, &table.columns)
}

#[cfg(test)]
mod tests {
    use super::rows_of_chunk;
    use crate::manifest::Table;

    #[test]
    fn rows_end_where_the_chunk_ends() {
        let table = Table {
            schema: Some("s".to_owned()),
            name: "t".to_owned(),
            columns: vec!["a".to_owned()],
            all_columns: vec!["a".to_owned()],
            rows: Some(2),
            fingerprint: None,
            foreign_keys: Vec::new(),
        };
        let chunk = |rows: &str| format!("COPY \"s\".\"t\" (\"a\") FROM stdin;\n{rows}\\.\n\n").into_bytes();
        let whole = chunk("1\n\\N\n");
        assert_eq!(rows_of_chunk(&table, &whole).ok(), Some(31..36));
        assert_eq!(rows_of_chunk(&table, &chunk("")).ok(), Some(31..31));
        for forged in ["\\.\n\\! id\n", "1\n\\.\n\\! id\n", "1\n\\.\n"] {
            assert!(rows_of_chunk(&table, &chunk(forged)).is_err(), "{forged}");
        }
    }
}
