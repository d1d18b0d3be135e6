//! Proves a backup: reads every byte of it, and in a drill restores it into a scratch place.

use std::time::Instant;

use serde::Serialize;

use crate::archive::{self, Archive, Reading};
use crate::cores;
use crate::error::{Error, Kind, Result};
use crate::event::Progress;
use crate::manifest::{Manifest, Payload};
use crate::plan::{Depth, Drill, ValidatePlan, Verify};
use crate::store::Place;
use crate::{postgres, sqlite, store};

/// What was looked at and what was found.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Report {
    /// The backup's file name.
    pub name: String,
    /// Whether every check held.
    pub ok: bool,
    /// Each check in its order; those after the first failure were not made.
    pub checks: Vec<Check>,
    /// What does not hold.
    pub problems: Vec<String>,
    /// What is worth knowing but makes the backup no worse than its database was.
    pub warnings: Vec<String>,
    /// Whether the backup was restored into a scratch place.
    pub deep: bool,
    /// How long it took.
    pub seconds: f64,
}

/// One question and its answer.
#[derive(Debug, Clone, Serialize)]
pub struct Check {
    /// In the words of the user.
    pub name: String,
    /// Whether it held.
    pub ok: bool,
    /// What was found.
    pub detail: String,
}

/// Validates; a bad backup is a report with problems, an error is something that kept us from looking.
pub fn validate(plan: &ValidatePlan, progress: &Progress) -> Result<Report> {
    let mut report = Report { name: plan.backup.name.clone(), ..Report::default() };
    let started = Instant::now();
    let outcome = examine(plan, &mut report, progress);
    report.seconds = started.elapsed().as_secs_f64();
    match outcome {
        Ok(()) => report.ok = report.problems.is_empty(),
        Err(error) if error.kind() == Kind::BadBackup => report.problems.push(error.message()),
        Err(error) => return Err(error),
    }
    Ok(report)
}

fn examine(plan: &ValidatePlan, report: &mut Report, progress: &Progress) -> Result<()> {
    let place = store::place(&plan.backup, progress)?;
    let archive = report.check("manifest", Archive::open(&place), |archive| {
        format!("format {}, {} chunks", archive.manifest.format_version, archive.manifest.chunks.len())
    })?;
    if plan.depth == Depth::Quick {
        report.check("stored version", archive::check_version(&place), |known| {
            if *known { "as it was written" } else { "the store tells none" }.to_owned()
        })?;
        return Ok(());
    }
    // What is far away is compared chunk by chunk when the restore fetches it, and nothing commits before the last one.
    if plan.depth == Depth::Stored && archive.is_far() && is_as_written(&place)? {
        return Ok(());
    }
    let manifest = &archive.manifest;
    progress.stage("comparing digests", archive.size());
    report.check("digests", archive.check_stored(Reading::Always, progress), |()| "every stored byte".to_owned())?;
    if plan.depth == Depth::Stored {
        return Ok(());
    }
    progress.stage("decompressing", manifest.raw_size);
    report.check("content", content(&archive, progress), |()| {
        format!("{} rows in {} tables", manifest.rows(), manifest.tables.len())
    })?;
    let broken = report.check("foreign keys", foreign_keys(plan, &archive, progress), |found| match found.len() {
        0 => "hold".to_owned(),
        count => format!("{count} do not hold"),
    })?;
    report.warnings.extend(broken);
    if let Some(drill) = &plan.drill {
        report.deep = true;
        let detail = report.check("restore drill", rehearse(plan, drill, &archive, progress), Clone::clone)?;
        progress.notice(detail);
    }
    Ok(())
}

/// False where the object is another one than was written: then its bytes decide, since other tools copy backups, too.
fn is_as_written(place: &Place) -> Result<bool> {
    match archive::check_version(place) {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == Kind::BadBackup => Ok(false),
        Err(error) => Err(error),
    }
}

impl Report {
    fn check<T>(&mut self, name: &str, outcome: Result<T>, detail: impl FnOnce(&T) -> String) -> Result<T> {
        let detail = outcome.as_ref().map_or_else(Error::message, detail);
        self.checks.push(Check { name: name.to_owned(), ok: outcome.is_ok(), detail });
        outcome
    }
}

/// Decompresses every chunk and compares digests, sizes, rows and fingerprints with the manifest.
pub(crate) fn content(archive: &Archive, progress: &Progress) -> Result<()> {
    match archive.manifest.payload {
        Payload::Sql => postgres::check_content(archive, progress),
        Payload::Sqlite3 => decompress(archive, progress),
    }
}

fn decompress(archive: &Archive, progress: &Progress) -> Result<()> {
    for decoded in archive.chunks((0..archive.manifest.chunks.len()).collect(), threads()) {
        let (_, data) = decoded?;
        progress.check()?;
        progress.advance(0, data.len() as u64);
    }
    Ok(())
}

fn foreign_keys(plan: &ValidatePlan, archive: &Archive, progress: &Progress) -> Result<Vec<String>> {
    match archive.manifest.payload {
        Payload::Sql => postgres::check_references(archive, progress),
        Payload::Sqlite3 => sqlite::rehearse(archive, &plan.scratch_folder, Verify::Counts, progress),
    }
}

fn rehearse(plan: &ValidatePlan, drill: &Drill, archive: &Archive, progress: &Progress) -> Result<String> {
    match (drill, archive.manifest.payload) {
        (Drill::Postgresql { parameters, trusted_roles }, Payload::Sql) => {
            postgres::rehearse(parameters, trusted_roles, archive, progress)
        }
        (Drill::Sqlite {}, Payload::Sqlite3) => sqlite::rehearse(archive, &plan.scratch_folder, Verify::Full, progress)
            .map(|_| "restored into a private file; every row agrees".to_owned()),
        _ => Err(other_engine(&archive.manifest)),
    }
}

fn other_engine(manifest: &Manifest) -> Error {
    Error::usage(format!(
        "{} is a backup of a {} database and cannot be rehearsed on this one",
        manifest.name, manifest.database.engine
    ))
    .hint("name a database of the same engine with --database")
}

/// Threads that decompress.
pub(crate) fn threads() -> usize {
    cores::within(&(1..=8))
}
