//! A private copy into the archive: compressed, counted and checked at the same time.

use std::path::Path;

use super::Snapshot;
use crate::archive::{ArchiveWriter, ChunkSender, RawChunk};
use crate::backup::{Contents, reading, wants_rows};
use crate::error::{Error, Result};
use crate::event::Progress;
use crate::manifest::{Content, Section, Table};
use crate::plan::BackupPlan;

/// Backs up the private copy; `create` is called once the copy has opened, so a foreign file leaves nothing behind.
pub fn backup(
    plan: &BackupPlan,
    copy: &Path,
    name: &str,
    create: impl FnOnce() -> Result<ArchiveWriter>,
    progress: &Progress,
) -> Result<(ArchiveWriter, Contents)> {
    let mut snapshot = Snapshot::open(copy)?;
    // What is left out must be gone from the file, so the source is proven whole before it is written anew.
    if plan.content == Content::SchemaOnly {
        snapshot.check_structure(progress)?;
        snapshot = snapshot.without_rows(progress)?;
    } else if !plan.exclude_table_data.is_empty() {
        snapshot.check_structure(progress)?;
        snapshot = snapshot.without_rows_of(&plan.exclude_table_data, progress)?;
    }
    let mut tables = snapshot.tables()?;
    let database = snapshot.database(name)?;
    let writer = create()?;
    progress.stage(reading(plan), snapshot.size()?);
    std::thread::scope(|scope| {
        let sender = writer.sender();
        let sending = scope.spawn(|| send(&snapshot, sender, progress));
        let checking = scope.spawn(|| snapshot.check(progress));
        let measured = snapshot.measure(&mut tables, 1, progress);
        let sent = join(sending);
        let violations = join(checking)?;
        for violation in violations {
            progress.notice(format!("in the database {violation}"));
        }
        sent.and(measured)
    })?;
    tables.iter_mut().filter(|table| !wants_rows(plan, table)).for_each(forget_rows);
    let contents = Contents {
        database,
        tables,
        objects: Vec::new(),
        used: Vec::new(),
        definitions: Vec::new(),
        skipped: Vec::new(),
        large_objects: 0,
    };
    Ok((writer, contents))
}

fn send(snapshot: &Snapshot, sender: ChunkSender, progress: &Progress) -> Result<()> {
    let mut pages = snapshot.pages()?;
    while let Some(data) = pages.read(sender.buffer())? {
        progress.check()?;
        let size = data.len() as u64;
        sender.send_blocking(RawChunk { section: Section::Pages, table: None, rows: 0, data })?;
        progress.advance(0, size);
    }
    sender.end();
    Ok(())
}

/// `None` says "left out"; zero would say that the table was empty.
fn forget_rows(table: &mut Table) {
    table.rows = None;
    table.fingerprint = None;
}

fn join<T>(thread: std::thread::ScopedJoinHandle<'_, Result<T>>) -> Result<T> {
    thread.join().unwrap_or_else(|_| Err(Error::failed("a thread that read the copy of the database failed")))
}
