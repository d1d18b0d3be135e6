//! Contents of large objects as statements, a piece at a time.

use std::fmt::Write;

use tokio_postgres::Client;
use tokio_postgres::error::SqlState;

use super::connect::{describe_error, sqlstate};
use crate::archive::{CHUNK_SIZE, ChunkSender, RawChunk};
use crate::error::Result;
use crate::event::Progress;
use crate::manifest::Section;

/// Bytes asked of the server at a time; hexadecimal doubles them in the payload.
const PIECE: i32 = 1 << 20;

/// Sends every large object of the snapshot and tells how many there were.
pub(super) async fn send(client: &Client, sender: &ChunkSender, progress: &Progress) -> Result<u64> {
    let failed = |error| {
        let failure = describe_error(error, "reading large objects");
        if sqlstate(&failure) == Some(&SqlState::INSUFFICIENT_PRIVILEGE) {
            return failure.hint("the role must own them or have SELECT on them (or set lo_compat_privileges)");
        }
        failure
    };
    let oids =
        client.query("SELECT oid FROM pg_catalog.pg_largeobject_metadata ORDER BY oid", &[]).await.map_err(failed)?;
    let statement = client.prepare("SELECT pg_catalog.lo_get($1, $2, $3)").await.map_err(failed)?;
    let mut script = sender.buffer();
    for row in &oids {
        let oid: u32 = row.try_get(0).map_err(failed)?;
        append(&mut script, format_args!("SELECT pg_catalog.lo_create({oid});\n"));
        let mut offset: i64 = 0;
        loop {
            progress.check()?;
            let row = client.query_one(&statement, &[&oid, &offset, &PIECE]).await.map_err(failed)?;
            let piece: &[u8] = row.try_get(0).map_err(failed)?;
            if piece.is_empty() {
                break;
            }
            append(&mut script, format_args!("SELECT pg_catalog.lo_put({oid}, {offset}, '\\x{}');\n", Hex(piece)));
            offset += i64::try_from(piece.len()).unwrap_or(i64::MAX);
            progress.advance(0, piece.len() as u64);
            if script.len() >= CHUNK_SIZE {
                flush(sender, std::mem::replace(&mut script, sender.buffer())).await?;
            }
        }
    }
    flush(sender, script).await?;
    Ok(oids.len() as u64)
}

async fn flush(sender: &ChunkSender, data: Vec<u8>) -> Result<()> {
    if data.is_empty() {
        return Ok(());
    }
    sender.send(RawChunk { section: Section::LargeObjects, table: None, rows: 0, data }).await?;
    Ok(())
}

fn append(script: &mut Vec<u8>, text: std::fmt::Arguments<'_>) {
    script.extend_from_slice(text.to_string().as_bytes());
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
