//! Makes a backup: freeze, read, write, and only then say so.

use std::path::PathBuf;
use std::time::Instant;

use serde::Serialize;

use crate::archive::{Archive, ArchiveWriter, Written};
use crate::error::Result;
use crate::event::Progress;
use crate::manifest::{Content, Database, FORMAT_VERSION, Manifest, Object, Payload, Skipped, Table};
use crate::plan::{BackupPlan, Source, Verify};
use crate::store::{self, BackupName};
use crate::{postgres, sqlite};

/// What was made.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// The finished file.
    pub path: PathBuf,
    /// What it says about itself.
    #[serde(flatten)]
    pub manifest: Manifest,
}

/// What an engine says after it has sent all its chunks.
#[derive(Debug)]
pub struct Contents {
    /// The database.
    pub database: Database,
    /// Every table, with what was counted.
    pub tables: Vec<Table>,
    /// Where each object's statements stand.
    pub objects: Vec<Object>,
    /// What was left out on request.
    pub skipped: Vec<Skipped>,
    /// Number of large objects.
    pub large_objects: u64,
}

/// Makes the backup; when this returns an error, the folder holds nothing new.
pub fn backup(plan: &BackupPlan, progress: &Progress) -> Result<Report> {
    let started = Instant::now();
    let payload = match plan.source {
        Source::Postgresql { .. } => Payload::Sql,
        Source::Sqlite { .. } => Payload::Sqlite3,
    };
    let name = BackupName::new(&plan.alias, &plan.kind, &plan.created)?.file_name(payload, plan.codec);
    let create = || ArchiveWriter::create(&plan.folder, &name, plan.codec, compression_threads(plan));
    let (writer, contents) = match &plan.source {
        Source::Postgresql { parameters } => postgres::backup(plan, parameters, create, progress)?,
        Source::Sqlite { copy, name } => sqlite::backup(plan, copy, name, create, progress)?,
    };
    if plan.verify == Verify::Counts {
        progress.commit()?;
    }
    let manifest = writer.finish(|written| describe(plan, payload, &name, contents, written, started))?;
    let path = plan.folder.join(&name);
    if plan.verify == Verify::Full {
        // What cannot be read, or was not to be, is no backup.
        read_again(&path, progress).and_then(|()| progress.commit()).inspect_err(|_| drop(store::remove(&path)))?;
    }
    Ok(Report { path, manifest })
}

/// Reads every byte of a written backup back from the disk and compares every digest.
fn read_again(path: &std::path::Path, progress: &Progress) -> Result<()> {
    let archive = Archive::open(path)?;
    progress.stage("reading back", archive.manifest.raw_size);
    crate::validate::content(&archive, progress)
}

fn describe(
    plan: &BackupPlan,
    payload: Payload,
    name: &str,
    contents: Contents,
    written: Written,
    started: Instant,
) -> Manifest {
    Manifest {
        format_version: FORMAT_VERSION,
        creator: concat!("holdfast ", env!("CARGO_PKG_VERSION")).to_owned(),
        id: plan.id.clone(),
        name: name.to_owned(),
        alias: plan.alias.clone(),
        kind: plan.kind.clone(),
        created: plan.created.clone(),
        seconds: (started.elapsed().as_secs_f64() * 1000.0).round() / 1000.0,
        payload,
        codec: plan.codec,
        content: plan.content,
        database: contents.database,
        django: plan.django.clone(),
        tables: contents.tables,
        objects: contents.objects,
        chunks: written.chunks,
        skipped: contents.skipped,
        large_objects: contents.large_objects,
        raw_size: written.raw_size,
        chunks_sha256: written.chunks_sha256,
        file: None,
    }
}

/// One thread a core, within reason: compression is what costs on the client.
fn compression_threads(plan: &BackupPlan) -> usize {
    plan.jobs.map_or_else(
        || std::thread::available_parallelism().map_or(2, |cores| cores.get().clamp(1, 8)),
        |jobs| usize::from(jobs).max(1),
    )
}

/// Whether the rows of this table are part of the backup.
pub(crate) fn wants_rows(plan: &BackupPlan, table: &Table) -> bool {
    plan.content == Content::Full
        && !plan.exclude_table_data.iter().any(|wanted| *wanted == table.name || *wanted == table.label())
}
