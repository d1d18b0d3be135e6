//! Whether every chunk holds what the manifest says: rows, fingerprints, statements in their places.

use crate::archive::Archive;
use crate::error::{Error, Result};
use crate::event::Progress;
use crate::fingerprint::Fingerprint;
use crate::manifest::{Manifest, Section, Table};
use crate::postgres::dump::{Measured, measure};
use crate::postgres::rename;
use crate::postgres::restore::load::statement;
use crate::postgres::restore::rows::rows_of_chunk;
use crate::validate::threads;

/// Decompresses every chunk and compares it with the manifest.
pub fn check_content(archive: &Archive, progress: &Progress) -> Result<()> {
    let manifest = &archive.manifest;
    let mut found = vec![Measured::default(); manifest.tables.len()];
    for decoded in archive.chunks((0..manifest.chunks.len()).collect(), threads()) {
        let (index, data) = decoded?;
        progress.check()?;
        let chunk = &manifest.chunks[index];
        if chunk.section == Section::Data {
            let (table, measured) = check_rows(manifest, index, &data)?;
            found[table].rows += measured.rows;
            found[table].fingerprint.merge(measured.fingerprint);
        } else {
            refuse_commands(index, &data)?;
            for object in manifest.objects.iter().filter(|object| object.chunk as usize == index) {
                statement(object, &data)?;
            }
        }
        progress.advance(chunk.rows, data.len() as u64);
    }
    manifest.tables.iter().zip(&found).try_for_each(|(table, measured)| compare(table, *measured))
}

/// `restore_db` sends statements to a server, which knows no commands of `psql`; but the file must be fit for that, too.
fn refuse_commands(index: usize, definitions: &[u8]) -> Result<()> {
    let text = std::str::from_utf8(definitions);
    let text = text.map_err(|error| Error::bad_backup(format!("chunk {index} is no text")).because(error))?;
    if !rename::has_command(text) {
        return Ok(());
    }
    Err(Error::bad_backup(format!("chunk {index} holds a command for psql among its statements"))
        .hint("Holdfast writes none: somebody has changed the file; do not give it to psql"))
}

fn check_rows(manifest: &Manifest, index: usize, data: &[u8]) -> Result<(usize, Measured)> {
    let chunk = &manifest.chunks[index];
    let (position, table) = chunk
        .table
        .and_then(|position| Some((position as usize, manifest.tables.get(position as usize)?)))
        .ok_or_else(|| Error::bad_backup(format!("chunk {index} holds rows of a table that the manifest lacks")))?;
    let measured = measure(&data[rows_of_chunk(table, data)?]);
    if measured.rows != chunk.rows {
        return Err(Error::bad_backup(format!(
            "chunk {index} holds {} rows of {} where the manifest says {}",
            measured.rows,
            table.label(),
            chunk.rows
        )));
    }
    Ok((position, measured))
}

fn compare(table: &Table, found: Measured) -> Result<()> {
    let expected = table.rows.unwrap_or(0);
    if found.rows != expected {
        return Err(Error::bad_backup(format!(
            "{}: the backup holds {} rows where its manifest says {expected}",
            table.label(),
            found.rows
        )));
    }
    let none = Fingerprint::default().to_hex();
    if found.fingerprint.to_hex() != *table.fingerprint.as_ref().unwrap_or(&none) {
        return Err(Error::bad_backup(format!("{}: the rows are not those that were backed up", table.label())));
    }
    Ok(())
}
