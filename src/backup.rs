//! Makes a backup: freeze, read, write, and only then say so.

use std::sync::Arc;
use std::time::Instant;

use crate::archive::{self, Archive, ArchiveWriter, Finished, Missing, Written};
use crate::cores;
use crate::error::{Error, Result};
use crate::event::Progress;
use crate::manifest::{Content, Database, Definition, FORMAT_VERSION, Manifest, Object, Payload, Skipped, Table, Used};
use crate::plan::{BackupPlan, Source, StorePlan, Verify};
use crate::store::{self, BackupName, Place, Store};
use crate::{postgres, sqlite};

/// What was made.
#[derive(Debug)]
pub struct Report {
    /// The finished file.
    pub place: Place,
    /// What it says about itself.
    pub manifest: Manifest,
    /// The stores that were to get a copy and did not.
    pub missing: Vec<Missing>,
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
    /// What definitions use.
    pub used: Vec<Used>,
    /// Which of them uses what of it.
    pub definitions: Vec<Definition>,
    /// What was left out on request.
    pub skipped: Vec<Skipped>,
    /// Number of large objects.
    pub large_objects: u64,
}

/// Makes the backup; when this returns an error, no store holds anything new.
pub fn backup(plan: &BackupPlan, progress: &Progress) -> Result<Report> {
    let started = Instant::now();
    let payload = match plan.source {
        Source::Postgresql { .. } => Payload::Sql,
        Source::Sqlite { .. } => Payload::Sqlite3,
    };
    let name = BackupName::new(&plan.alias, &plan.kind, &plan.created)?.file_name(payload, plan.codec);
    let stores = plan.stores.iter().map(|store| store::open(store, progress)).collect::<Result<Vec<_>>>()?;
    let about = archive::about(&plan.alias, &plan.kind, &plan.created, &plan.id);
    let create = || ArchiveWriter::create(&stores, &name, about.clone(), plan.codec, compression_threads(plan));
    let (writer, contents) = match &plan.source {
        Source::Postgresql { parameters } => postgres::backup(plan, parameters, create, progress)?,
        Source::Sqlite { copy, name } => sqlite::backup(plan, copy, name, create, progress)?,
    };
    if plan.verify == Verify::Counts {
        progress.commit()?;
    }
    progress.stage(if uploads(plan) { "uploading the rest" } else { "writing the rest" }, 0);
    let finished = writer.finish(|written| describe(plan, payload, &name, contents, written, started))?;
    let Finished { manifest, missing } = finished;
    if plan.verify == Verify::Full {
        // What cannot be read, or was not to be, is no backup.
        stores
            .iter()
            .filter(|store| missing.iter().all(|missing| missing.store != store.name()))
            .try_for_each(|store| read_again(store, &name, progress).inspect_err(|_| withdraw(&stores, &name)))?;
        progress.commit().inspect_err(|_| withdraw(&stores, &name))?;
    }
    let home = stores.into_iter().next().ok_or_else(|| Error::usage("a backup needs a store"))?;
    Ok(Report { place: Place::new(home, name), manifest, missing })
}

/// Reads every byte of a written backup back from its store and compares every digest.
fn read_again(store: &Arc<dyn Store>, name: &str, progress: &Progress) -> Result<()> {
    let archive = Archive::open(&Place::new(Arc::clone(store), name))?;
    progress.stage("reading back", archive.manifest.raw_size);
    crate::validate::content(&archive, progress)
}

/// Takes back what was finished a moment ago; why is being told already.
fn withdraw(stores: &[Arc<dyn Store>], name: &str) {
    for store in stores {
        drop(store.remove_backup(name));
    }
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
        used: contents.used,
        definitions: contents.definitions,
        chunks: written.chunks,
        skipped: contents.skipped,
        exclusions: plan.exclude_table_data.clone(),
        large_objects: contents.large_objects,
        raw_size: written.raw_size,
        chunks_sha256: written.chunks_sha256,
        file: None,
    }
}

/// One thread a core, within reason: compression is what costs on the client.
fn compression_threads(plan: &BackupPlan) -> usize {
    plan.jobs.map_or_else(|| cores::within(&(1..=8)), |jobs| usize::from(jobs).max(1))
}

/// What reading is called: where the bytes go on to a store, that is what it waits for.
pub(crate) fn reading(plan: &BackupPlan) -> &'static str {
    if uploads(plan) { "reading and uploading" } else { "reading" }
}

fn uploads(plan: &BackupPlan) -> bool {
    plan.stores.iter().any(|store| matches!(store, StorePlan::S3(_)))
}

/// Whether the rows of this table are part of the backup.
pub(crate) fn wants_rows(plan: &BackupPlan, table: &Table) -> bool {
    plan.content == Content::Full && !plan.exclude_table_data.hold(&table.name, &table.label())
}
