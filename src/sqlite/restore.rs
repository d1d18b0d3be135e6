//! A backup into a private file, checked; the caller writes it into the live database through its own library.

use std::path::Path;

use super::{Draft, Expected, ForeignKeyViolation, Snapshot};
use crate::archive::Archive;
use crate::error::{Context, Result};
use crate::event::Progress;
use crate::plan::{RestorePlan, Scope, Verify};
use crate::restore::{Report, jobs};
use crate::validate::threads;

/// Builds `file`; when this returns an error it does not exist.
pub fn restore(
    plan: &RestorePlan,
    file: &Path,
    page_size: Option<u32>,
    archive: &Archive,
    progress: &Progress,
) -> Result<Report> {
    let manifest = &archive.manifest;
    let expected = Expected { tables: &manifest.tables, page_size, verify: plan.verify, threads: jobs(plan) };
    let violations = unpack(archive, file, &expected, progress)?;
    let schema_only = plan.scope == Scope::SchemaOnly;
    if schema_only {
        Snapshot::open(file)?.without_rows(progress)?;
    }
    Ok(Report {
        rows: if schema_only { 0 } else { manifest.rows() },
        tables: manifest.tables.len() as u64,
        warnings: violations.iter().map(|violation| format!("in the backup {violation}")).collect(),
        ..Report::default()
    })
}

/// Unpacks the backup into a private file beside it, lets SQLite check it and removes it: the proof that it restores.
pub fn rehearse(archive: &Archive, folder: &Path, verify: Verify, progress: &Progress) -> Result<Vec<String>> {
    let manifest = &archive.manifest;
    let file = folder.join(format!(".{}-{}-{}.snapshot", manifest.alias, std::process::id(), manifest.id));
    let expected = Expected { tables: &manifest.tables, page_size: None, verify, threads: threads() };
    let violations = unpack(archive, &file, &expected, progress)?;
    std::fs::remove_file(&file).context(|| format!("cannot remove {}", file.display()))?;
    Ok(violations.iter().map(ToString::to_string).collect())
}

fn unpack(
    archive: &Archive,
    file: &Path,
    expected: &Expected<'_>,
    progress: &Progress,
) -> Result<Vec<ForeignKeyViolation>> {
    let manifest = &archive.manifest;
    let draft = Draft::create(file)?;
    progress.stage("unpacking", manifest.raw_size);
    for decoded in archive.chunks((0..manifest.chunks.len()).collect(), expected.threads) {
        let (index, bytes) = decoded?;
        progress.check()?;
        draft.write(manifest.chunks[index].raw_offset, &bytes)?;
        progress.advance(0, bytes.len() as u64);
    }
    progress.stage("checking", 0);
    draft.finish(expected, progress)
}
