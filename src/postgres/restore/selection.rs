//! Which parts of a backup a plan asks for: pure reading of the manifest.

use std::collections::BTreeSet;

use crate::error::{Error, Result};
use crate::manifest::{Manifest, Object, Section, Table};
use crate::plan::RestorePlan;

/// The tables a plan names, or all of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Tables {
    /// The whole database.
    All,
    /// Indexes into [`Manifest::tables`].
    Some(BTreeSet<u32>),
}

impl Tables {
    /// Finds every table that the plan names; a name that fits none or several is an error.
    pub(crate) fn select(manifest: &Manifest, plan: &RestorePlan) -> Result<Self> {
        if plan.tables.is_empty() {
            return Ok(Self::All);
        }
        plan.tables.iter().map(|wanted| find(manifest, wanted)).collect::<Result<_>>().map(Self::Some)
    }

    /// Whether this table is one of them.
    pub(crate) fn contains(&self, table: u32) -> bool {
        match self {
            Self::All => true,
            Self::Some(tables) => tables.contains(&table),
        }
    }

    /// Whether statements of this object are part of it; what belongs to no table comes only with all.
    pub(crate) fn contains_object(&self, object: &Object) -> bool {
        match self {
            Self::All => true,
            Self::Some(tables) => object.table.is_some_and(|table| tables.contains(&table)),
        }
    }

    /// The tables themselves, with their indexes.
    pub(crate) fn of<'a>(&'a self, manifest: &'a Manifest) -> impl Iterator<Item = (u32, &'a Table)> {
        (0..).zip(&manifest.tables).filter(|(index, _)| self.contains(*index))
    }
}

/// Indexes of the chunks of a section, in the order of the file.
pub(crate) fn chunks(manifest: &Manifest, section: Section, tables: &Tables) -> Vec<usize> {
    manifest
        .chunks
        .iter()
        .enumerate()
        .filter(|(_, chunk)| chunk.section == section)
        .filter(|(_, chunk)| chunk.table.is_none_or(|table| tables.contains(table)))
        .map(|(index, _)| index)
        .collect()
}

fn find(manifest: &Manifest, wanted: &str) -> Result<u32> {
    let mut found = (0..).zip(&manifest.tables).filter(|(_, table)| table.label() == wanted || table.name == wanted);
    let Some((index, table)) = found.next() else {
        return Err(Error::usage(format!("the backup {} has no table {wanted}", manifest.name)).hint(
            "list_backups NAME shows the tables of a backup; write the table's name in the database, as in blog_post",
        ));
    };
    if let Some((_, other)) = found.next() {
        return Err(Error::usage(format!(
            "the name {wanted} fits several tables: {} and {}",
            table.label(),
            other.label()
        ))
        .hint("write it with its schema, as in public.blog_post"));
    }
    Ok(index)
}
