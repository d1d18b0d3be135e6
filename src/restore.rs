//! Brings a backup back, or tells what that would do.

use std::time::Instant;

use serde::Serialize;

use crate::archive::{Archive, Reading};
use crate::error::{Error, Kind, Result};
use crate::event::Progress;
use crate::manifest::Payload;
use crate::plan::{RestorePlan, Strategy, Target, Verify};
use crate::{postgres, sqlite, store};

/// What was done.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Report {
    /// Rows loaded.
    pub rows: u64,
    /// Tables loaded.
    pub tables: u64,
    /// From the first byte read to the commit.
    pub seconds: f64,
    /// How far the result was compared with the backup before it was believed.
    pub verified: Verify,
    /// What the server warned of.
    pub warnings: Vec<String>,
    /// Materialized views that could not be filled; the warnings say why.
    pub unfilled: Vec<String>,
    /// The database that was there before, where it is kept.
    pub kept: Option<Kept>,
}

/// A database that a restore has put aside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Kept {
    /// Its name on the server.
    pub name: String,
    /// When it was put aside: RFC 3339, UTC, whole seconds.
    pub since: String,
    /// Its size on the server's disk in bytes, where we may know it.
    pub size: Option<u64>,
    /// Replication slots of it, which the server drops with it.
    pub slots: Vec<String>,
    /// Why it is not dropped, and what to do about it; empty where nothing stands in the way.
    pub obstacles: Vec<Failure>,
}

/// An error that does not stop the rest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Failure {
    /// What happened, to what.
    pub message: String,
    /// What to do next.
    pub hint: Option<String>,
}

impl From<&Error> for Failure {
    fn from(error: &Error) -> Self {
        Self { message: error.message(), hint: error.hint_text().map(str::to_owned) }
    }
}

/// How a restore goes, and why so.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Choice {
    /// Never [`Strategy::Auto`].
    pub strategy: Strategy,
    /// Continues "because"; empty where there is no choice.
    pub reason: String,
}

/// What a restore would do; printed before anything is destroyed.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Preview {
    /// How it goes.
    #[serde(flatten)]
    pub choice: Choice,
    /// The name that the live database would get, where it is kept.
    pub kept_as: Option<String>,
    /// Every table that is touched.
    pub tables: Vec<TablePreview>,
    /// What exists now and will be gone.
    pub drops: Vec<ObjectPreview>,
    /// What does not exist now and will be there.
    pub creates: Vec<ObjectPreview>,
    /// What stays although the backup does not hold it, with the reason.
    pub keeps: Vec<String>,
    /// What may go wrong.
    pub warnings: Vec<String>,
}

/// A table before and after.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TablePreview {
    /// `schema.name`.
    pub label: String,
    /// Rows now; `None` where the table does not exist.
    pub before: Option<u64>,
    /// Whether `before` is the server's estimate: counting a very large table takes minutes.
    pub estimated: bool,
    /// Rows afterwards; `None` where the table will be gone.
    pub after: Option<u64>,
}

/// An object that comes or goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ObjectPreview {
    /// The field's word for it.
    pub kind: String,
    /// Its full name.
    pub name: String,
}

/// Restores; when this returns an error, the target is as it was.
pub fn restore(plan: &RestorePlan, progress: &Progress) -> Result<Report> {
    let started = Instant::now();
    let archive = open(plan, progress)?;
    // Compared before the first statement: a bad backup must not even take a lock. Whoever has just seen the plan had
    // the file read for that.
    check(plan, &archive, Reading::UnlessProven, progress)?;
    let report = match &plan.target {
        Target::Postgresql { parameters } => postgres::restore(plan, parameters, &archive, progress)?,
        Target::Sqlite { file, page_size } => sqlite::restore(plan, file, *page_size, &archive, progress)?,
    };
    Ok(Report { seconds: started.elapsed().as_secs_f64(), verified: plan.verify, ..report })
}

/// Tells what [`restore`] would do; changes nothing.
pub fn preview(plan: &RestorePlan, progress: &Progress) -> Result<Preview> {
    let archive = open(plan, progress)?;
    match &plan.target {
        Target::Postgresql { parameters } => {
            // Nobody should decide on a damaged backup.
            check(plan, &archive, Reading::Always, progress)?;
            postgres::preview(plan, parameters, &archive, progress)
        }
        Target::Sqlite { .. } => {
            Err(Error::usage("a SQLite restore is previewed by the library that owns the database"))
        }
    }
}

/// Tells how [`restore`] would go; changes nothing.
pub fn choose(plan: &RestorePlan, progress: &Progress) -> Result<Choice> {
    let archive = open(plan, progress)?;
    match &plan.target {
        Target::Postgresql { parameters } => postgres::choose(plan, parameters, &archive, progress),
        Target::Sqlite { .. } => Ok(Choice { strategy: Strategy::InPlace, reason: String::new() }),
    }
}

/// Compares what will be read with its digests: the whole file, or of a part just its chunks. (Which bytes belong to
/// which table says the manifest, which has a digest of its own.)
fn check(plan: &RestorePlan, archive: &Archive, reading: Reading, progress: &Progress) -> Result<()> {
    if archive.is_far() {
        // Each chunk is compared when it is loaded, and nothing commits before the last one: reading twice would only
        // tell the same earlier, for the price of a second transfer.
        return Ok(());
    }
    let manifest = &archive.manifest;
    let wanted = match manifest.payload {
        Payload::Sql => postgres::chunks_read(plan, manifest)?,
        Payload::Sqlite3 => None,
    };
    let Some(wanted) = wanted else {
        progress.stage("checking the backup", archive.size());
        return archive.check_stored(reading, progress);
    };
    let sizes = wanted.iter().filter_map(|index| manifest.chunks.get(*index)).map(|chunk| chunk.size);
    progress.stage("checking the parts of the backup", sizes.sum());
    archive.check_chunks(wanted, jobs(plan), progress)
}

/// Opens the backup and refuses one of the other engine.
fn open(plan: &RestorePlan, progress: &Progress) -> Result<Archive> {
    let archive = Archive::open(&store::place(&plan.backup, progress)?)?;
    let fits = matches!(
        (archive.manifest.payload, &plan.target),
        (Payload::Sql, Target::Postgresql { .. }) | (Payload::Sqlite3, Target::Sqlite { .. })
    );
    if fits {
        return Ok(archive);
    }
    Err(Error::new(
        Kind::Usage,
        format!(
            "{} is a backup of a {} database and cannot be restored into this one",
            archive.manifest.name, archive.manifest.database.engine
        ),
    )
    .hint("choose a backup of the same engine, or the other database with --database"))
}

/// How many work side by side: threads that decompress ahead of the loader, connections where there are several.
pub(crate) fn jobs(plan: &RestorePlan) -> usize {
    plan.jobs.map_or(2, |jobs| usize::from(jobs).clamp(1, 8))
}
