//! Whether foreign keys hold within the backup itself, without a server.
//!
//! Keys are compared by their 64-bit hashes, and as many of them are held at a time as the budget allows: the rest waits
//! for a further pass over the rows. Tables whose rows were left out are not looked at.

mod keys;
mod passes;

use self::keys::{KeySet, Rows};
use self::passes::{Part, passes};
use crate::archive::Archive;
use crate::error::{Error, Result};
use crate::event::Progress;
use crate::manifest::{ForeignKey, Manifest, Section, Table};
use crate::postgres::restore::rows::rows_of_chunk;
use crate::validate::threads;

/// Keys held at a time: 48 MiB of hashes.
const BUDGET: u64 = 6 << 20;

/// Names the foreign keys that do not hold.
pub fn check_references(archive: &Archive, progress: &Progress) -> Result<Vec<String>> {
    check(archive, BUDGET, progress)
}

fn check(archive: &Archive, budget: u64, progress: &Progress) -> Result<Vec<String>> {
    let manifest = &archive.manifest;
    let references = references(manifest)?;
    let mut missing = vec![0; references.len()];
    for parts in passes(&references, manifest, budget) {
        let mut pass = Pass { archive, references: &references, parts: &parts, progress };
        let sets = pass.collect()?;
        pass.compare(&sets, &mut missing)?;
    }
    let broken = references.iter().zip(missing).filter(|(_, rows)| *rows > 0);
    Ok(broken.map(|(reference, rows)| reference.sentence(manifest, rows)).collect())
}

/// A foreign key with its columns as places in the rows.
struct Reference<'a> {
    key: &'a ForeignKey,
    table: usize,
    columns: Vec<usize>,
    referenced: usize,
    referenced_columns: Vec<usize>,
}

impl Reference<'_> {
    fn sentence(&self, manifest: &Manifest, rows: u64) -> String {
        let (refer, them) = if rows == 1 { ("row", "refers to a row") } else { ("rows", "refer to rows") };
        format!(
            "{rows} {refer} of {} {them} of {} that the backup lacks ({})",
            manifest.tables[self.table].label(),
            manifest.tables[self.referenced].label(),
            self.key.name
        )
    }
}

/// Every foreign key between tables whose rows the backup holds.
fn references(manifest: &Manifest) -> Result<Vec<Reference<'_>>> {
    let mut found = Vec::new();
    for (table, owner) in manifest.tables.iter().enumerate().filter(|(_, table)| table.rows.is_some()) {
        for key in &owner.foreign_keys {
            let referenced = key.references as usize;
            let target = manifest.tables.get(referenced).ok_or_else(|| unreadable(owner, key))?;
            if target.rows.is_some() {
                found.push(Reference {
                    key,
                    table,
                    columns: places(owner, &key.columns).ok_or_else(|| unreadable(owner, key))?,
                    referenced,
                    referenced_columns: places(target, &key.referenced_columns)
                        .filter(|columns| columns.len() == key.columns.len())
                        .ok_or_else(|| unreadable(owner, key))?,
                });
            }
        }
    }
    Ok(found)
}

fn places(table: &Table, columns: &[String]) -> Option<Vec<usize>> {
    columns.iter().map(|wanted| table.columns.iter().position(|column| column == wanted)).collect()
}

fn unreadable(table: &Table, key: &ForeignKey) -> Error {
    Error::bad_backup(format!("the foreign key {} of {} fits no tables of the manifest", key.name, table.label()))
}

/// One reading of the rows: first of those that are referred to, then of those that refer.
struct Pass<'a> {
    archive: &'a Archive,
    references: &'a [Reference<'a>],
    parts: &'a [Part<'a>],
    progress: &'a Progress,
}

impl Pass<'_> {
    fn collect(&mut self) -> Result<Vec<KeySet>> {
        let mut sets: Vec<KeySet> = self.parts.iter().map(|part| KeySet::with_room_for(part.rows)).collect();
        let wanted = |table| self.parts.iter().any(|part| part.table == table);
        self.stream("collecting keys", wanted, |table, mut rows| {
            let mut parts: Vec<_> = self.parts.iter().zip(&mut sets).filter(|(part, _)| part.table == table).collect();
            while let Some(row) = rows.next_row() {
                for (part, set) in &mut parts {
                    if let Some(hash) = row.key(part.columns).filter(|hash| part.holds(*hash)) {
                        set.insert(hash);
                    }
                }
            }
        })?;
        sets.iter_mut().for_each(KeySet::seal);
        Ok(sets)
    }

    fn compare(&mut self, sets: &[KeySet], missing: &mut [u64]) -> Result<()> {
        let referring = |part: &Part<'_>, reference: &Reference<'_>| {
            part.table == reference.referenced && *part.columns == *reference.referenced_columns
        };
        let wanted = |table| {
            let mut own = self.references.iter().filter(|reference| reference.table == table);
            own.any(|reference| self.parts.iter().any(|part| referring(part, reference)))
        };
        self.stream("comparing keys", wanted, |table, mut rows| {
            let mut own: Vec<_> = Vec::new();
            for (reference, missing) in self.references.iter().zip(missing.iter_mut()) {
                let parts =
                    self.parts.iter().zip(sets).filter(|(part, _)| referring(part, reference)).collect::<Vec<_>>();
                if reference.table == table && !parts.is_empty() {
                    own.push((&reference.columns, parts, missing));
                }
            }
            while let Some(row) = rows.next_row() {
                for (columns, parts, missing) in &mut own {
                    let Some(hash) = row.key(columns) else { continue };
                    let lacks = |(part, set): &(&Part<'_>, &KeySet)| part.holds(hash) && !set.contains(hash);
                    **missing += u64::from(parts.iter().any(lacks));
                }
            }
        })
    }

    /// Hands out the rows of the wanted tables, a chunk at a time.
    fn stream(
        &self,
        stage: &str,
        wanted: impl Fn(usize) -> bool,
        mut visit: impl FnMut(usize, Rows<'_>),
    ) -> Result<()> {
        let manifest = &self.archive.manifest;
        let table = |index: &usize| manifest.chunks[*index].table.map_or(usize::MAX, |table| table as usize);
        let chunks: Vec<usize> = (0..manifest.chunks.len())
            .filter(|index| manifest.chunks[*index].section == Section::Data && wanted(table(index)))
            .collect();
        self.progress.stage(stage, chunks.iter().map(|&index| manifest.chunks[index].raw_size).sum());
        for decoded in self.archive.chunks(chunks, threads()) {
            let (index, data) = decoded?;
            self.progress.check()?;
            let table = table(&index);
            visit(table, Rows::of(&data[rows_of_chunk(&manifest.tables[table], &data)?]));
            self.progress.advance(manifest.chunks[index].rows, data.len() as u64);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
