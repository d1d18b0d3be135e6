//! Contents of large objects as statements, a piece at a time.

use std::fmt::{Arguments, Write};

use futures_util::TryStreamExt;
use tokio_postgres::Client;
use tokio_postgres::error::SqlState;

use super::connect::{describe_error, sqlstate};
use crate::archive::{CHUNK_SIZE, ChunkSender, RawChunk};
use crate::error::{Error, Result};
use crate::event::Progress;
use crate::manifest::Section;

/// Bytes asked of the server at a time; hexadecimal doubles them in the payload.
const PIECE: i32 = 1 << 20;

/// Sends every large object of the snapshot and tells how many there were.
///
/// How long an object is, only superusers can look up. So one query brings the beginning of each, row after row, which
/// is all of most of them; the rest of the others follows behind the last.
pub(super) async fn send(client: &Client, sender: &ChunkSender, progress: &Progress) -> Result<u64> {
    let mut script = Script { sender, data: sender.buffer() };
    let mut objects = 0;
    let mut unfinished: Vec<u32> = Vec::new();
    {
        // Sorted first, or the server would gather all contents to sort them.
        let query = format!(
            "SELECT oid, pg_catalog.lo_get(oid, 0, {PIECE}) \
             FROM (SELECT oid FROM pg_catalog.pg_largeobject_metadata ORDER BY oid) object"
        );
        let rows = client.query_raw(&query, std::iter::empty::<u32>()).await.map_err(failed)?;
        let mut rows = std::pin::pin!(rows);
        while let Some(row) = rows.try_next().await.map_err(failed)? {
            progress.check()?;
            if objects == 0 {
                progress.stage("reading large objects", 0);
            }
            let (oid, piece): (u32, &[u8]) = (row.try_get(0).map_err(failed)?, row.try_get(1).map_err(failed)?);
            script.append(format_args!("SELECT pg_catalog.lo_from_bytea({oid}, '\\x{}');\n", Hex(piece))).await?;
            objects += 1;
            progress.advance(0, piece.len() as u64);
            if i32::try_from(piece.len()).is_ok_and(|length| length == PIECE) {
                unfinished.push(oid);
            }
        }
    }
    let statement = client.prepare("SELECT pg_catalog.lo_get($1, $2, $3)").await.map_err(failed)?;
    for oid in unfinished {
        let mut offset = i64::from(PIECE);
        loop {
            progress.check()?;
            let row = client.query_one(&statement, &[&oid, &offset, &PIECE]).await.map_err(failed)?;
            let piece: &[u8] = row.try_get(0).map_err(failed)?;
            if piece.is_empty() {
                break;
            }
            script.append(format_args!("SELECT pg_catalog.lo_put({oid}, {offset}, '\\x{}');\n", Hex(piece))).await?;
            offset += i64::try_from(piece.len()).unwrap_or(i64::MAX);
            progress.advance(0, piece.len() as u64);
        }
    }
    script.flush().await?;
    Ok(objects)
}

fn failed(error: tokio_postgres::Error) -> Error {
    let failure = describe_error(error, "reading large objects");
    if sqlstate(&failure) == Some(&SqlState::INSUFFICIENT_PRIVILEGE) {
        return failure.hint("the role must own them or have SELECT on them (or set lo_compat_privileges)");
    }
    failure
}

/// Statements on their way into chunks.
struct Script<'a> {
    sender: &'a ChunkSender,
    data: Vec<u8>,
}

impl Script<'_> {
    async fn append(&mut self, statement: Arguments<'_>) -> Result<()> {
        self.data.extend_from_slice(statement.to_string().as_bytes());
        if self.data.len() >= CHUNK_SIZE { self.flush().await } else { Ok(()) }
    }

    async fn flush(&mut self) -> Result<()> {
        if self.data.is_empty() {
            return Ok(());
        }
        let data = std::mem::replace(&mut self.data, self.sender.buffer());
        self.sender.send(RawChunk { section: Section::LargeObjects, table: None, rows: 0, data }).await?;
        Ok(())
    }
}

struct Hex<'a>(&'a [u8]);

impl std::fmt::Display for Hex<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|byte| {
            let digits = b"0123456789abcdef";
            formatter.write_char(digits[usize::from(byte >> 4)].into())?;
            formatter.write_char(digits[usize::from(byte & 15)].into())
        })
    }
}
