//! Which parts of a backup a plan asks for: pure reading of the manifest.

use std::collections::BTreeSet;

use crate::error::{Error, Result};
use crate::manifest::{Content, Manifest, Object, Section, Table};
use crate::plan::{RestorePlan, Scope};
use crate::postgres::ddl;

/// The tables a plan names, or all of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Tables {
    /// The whole database.
    All,
    /// A part of it.
    Some(Part),
}

/// What a plan names, with all that belongs to it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Part {
    /// Indexes into [`Manifest::tables`]; a partitioned table comes with its partitions.
    pub tables: BTreeSet<u32>,
    /// Schemas that are to be as in the backup, with everything in them.
    pub schemas: BTreeSet<String>,
    /// Indexes into [`Manifest::objects`].
    pub objects: BTreeSet<u32>,
}

impl Tables {
    /// Finds everything that the plan names; a name that fits nothing or several tables is an error.
    pub(crate) fn select(manifest: &Manifest, plan: &RestorePlan) -> Result<Self> {
        if plan.tables.is_empty() && plan.schemas.is_empty() {
            return Ok(Self::All);
        }
        let named: BTreeSet<u32> = plan.tables.iter().map(|wanted| find(manifest, wanted)).collect::<Result<_>>()?;
        let mut part = Part { schemas: schemas(manifest, plan)?, ..Part::default() };
        part.tables = with_partitions(manifest, named);
        refuse_missing_rows(manifest, plan, &part.tables)?;
        let within = tables_within(manifest, &part.schemas);
        part.tables.append(&mut with_partitions(manifest, within));
        if plan.scope != Scope::DataOnly {
            refuse_lone_partitions(manifest, &part.tables)?;
        }
        part.add_objects(manifest);
        Ok(Self::Some(part))
    }

    /// Whether this table is one of them.
    pub(crate) fn contains(&self, table: u32) -> bool {
        match self {
            Self::All => true,
            Self::Some(part) => part.tables.contains(&table),
        }
    }

    /// Whether statements of this object are part of it.
    pub(crate) fn contains_object(&self, object: u32) -> bool {
        match self {
            Self::All => true,
            Self::Some(part) => part.objects.contains(&object),
        }
    }

    /// The tables themselves, with their indexes.
    pub(crate) fn of<'a>(&'a self, manifest: &'a Manifest) -> impl Iterator<Item = (u32, &'a Table)> {
        (0..).zip(&manifest.tables).filter(|(index, _)| self.contains(*index))
    }
}

impl Part {
    fn add_objects(&mut self, manifest: &Manifest) {
        // What an object needs stands before it.
        for (index, object) in (0..).zip(&manifest.objects) {
            if self.wants(object) {
                self.objects.insert(index);
            }
        }
    }

    /// The membership in a publication belongs to the publication, which is not part of any schema.
    fn wants(&self, object: &Object) -> bool {
        let adorns = ddl::adorns(&object.kind) && !object.needs.is_empty();
        if object.kind.starts_with("publication") {
            false
        } else if adorns {
            object.needs.iter().all(|need| self.objects.contains(need))
        } else {
            object.table.is_some_and(|table| self.tables.contains(&table))
                || object.schema.as_ref().is_some_and(|schema| self.schemas.contains(schema))
                || object.kind == "schema" && self.schemas.contains(&object.name)
                || object.name.strip_prefix("schema ").is_some_and(|name| self.schemas.contains(name))
        }
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

/// Every chunk that the restore of a part reads; `None` where it is all. What the server lacks of what the part needs
/// is only known there, so all definitions are among them.
pub fn chunks_read(plan: &RestorePlan, manifest: &Manifest) -> Result<Option<Vec<usize>>> {
    let tables = Tables::select(manifest, plan)?;
    if tables == Tables::All {
        return Ok(None);
    }
    let mut read: BTreeSet<usize> = chunks(manifest, Section::PreData, &tables).into_iter().collect();
    if plan.scope != Scope::SchemaOnly {
        read.extend(chunks(manifest, Section::Data, &tables));
    }
    let objects = (0..).zip(&manifest.objects).filter(|(index, _)| tables.contains_object(*index));
    read.extend(objects.map(|(_, object)| object.chunk as usize));
    Ok(Some(read.into_iter().collect()))
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

fn schemas(manifest: &Manifest, plan: &RestorePlan) -> Result<BTreeSet<String>> {
    let has = |wanted: &str| {
        manifest.tables.iter().any(|table| table.schema.as_deref() == Some(wanted))
            || manifest.objects.iter().any(|object| {
                object.schema.as_deref() == Some(wanted) || object.kind == "schema" && object.name == wanted
            })
    };
    if let Some(unknown) = plan.schemas.iter().find(|wanted| !has(wanted)) {
        return Err(Error::usage(format!("the backup {} has no schema {unknown}", manifest.name))
            .hint("list_backups NAME shows the tables of a backup with their schemas"));
    }
    Ok(plan.schemas.iter().cloned().collect())
}

fn tables_within(manifest: &Manifest, schemas: &BTreeSet<String>) -> BTreeSet<u32> {
    let within = |table: &Table| table.schema.as_ref().is_some_and(|schema| schemas.contains(schema));
    (0..).zip(&manifest.tables).filter(|(_, table)| within(table)).map(|(index, _)| index).collect()
}

/// Every partition with the table that it is a part of.
fn partitions(manifest: &Manifest) -> impl Iterator<Item = (u32, u32)> {
    let attached = manifest.objects.iter().filter(|object| object.kind == "table attach");
    attached.filter_map(|object| {
        let needed = object.needs.iter().filter_map(|need| manifest.objects.get(*need as usize)?.table);
        let partition = object.table?;
        Some((partition, needed.into_iter().find(|table| *table != partition)?))
    })
}

fn with_partitions(manifest: &Manifest, mut tables: BTreeSet<u32>) -> BTreeSet<u32> {
    loop {
        let known = tables.len();
        let found: Vec<u32> = partitions(manifest)
            .filter(|(_, parent)| tables.contains(parent))
            .map(|(partition, _)| partition)
            .collect();
        tables.extend(found);
        if tables.len() == known {
            return tables;
        }
    }
}

/// A partition made anew under a living parent would get its indexes from both.
fn refuse_lone_partitions(manifest: &Manifest, tables: &BTreeSet<u32>) -> Result<()> {
    let lone = partitions(manifest).find(|(partition, parent)| tables.contains(partition) && !tables.contains(parent));
    let label = |table: u32| manifest.tables.get(table as usize).map(Table::label).unwrap_or_default();
    lone.map_or(Ok(()), |(partition, parent)| {
        let (partition, parent) = (label(partition), label(parent));
        Err(Error::usage(format!(
            "{partition} is a partition of {parent}, and its definition cannot be restored alone"
        ))
        .hint(format!("--table {parent} brings back the whole of it; --data-only replaces the rows of {partition}")))
    })
}

/// Live rows would go and none come.
fn refuse_missing_rows(manifest: &Manifest, plan: &RestorePlan, tables: &BTreeSet<u32>) -> Result<()> {
    if plan.scope == Scope::SchemaOnly || manifest.content == Content::SchemaOnly {
        return Ok(());
    }
    let named = tables.iter().filter_map(|table| manifest.tables.get(*table as usize));
    named.into_iter().find(|table| table.rows.is_none()).map_or(Ok(()), |table| {
        Err(Error::usage(format!("the backup {} was made without the rows of {}", manifest.name, table.label()))
            .hint("choose a backup that has them; --schema-only brings back the empty table"))
    })
}
