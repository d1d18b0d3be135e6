//! What a part of a backup needs from outside of itself: most of it is there, some is brought along, and what cannot
//! be had is named before anything is touched.

use std::collections::{BTreeSet, HashSet};

use super::selection::Part;
use crate::error::{Error, Result};
use crate::manifest::{Manifest, Object};
use crate::postgres::ddl;

/// The name of an object among all others: kind, schema, name.
pub(super) type Key<'a> = (&'a str, Option<&'a str>, &'a str);

/// A foreign key that is left out, since the table that it refers to is not there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct LeftOut {
    key: String,
    table: String,
    absent: String,
}

impl LeftOut {
    /// For the plan.
    pub(super) fn warning(&self) -> String {
        let Self { key, table, absent } = self;
        format!(
            "the foreign key {key} of {table} is left out: {absent}, which it refers to, is not in the database; \
             --table {absent} brings it back too"
        )
    }
}

/// Adds to the part what it needs and the database does not have, and takes away foreign keys that refer to nothing.
pub(super) fn complete(part: &mut Part, manifest: &Manifest, present: &HashSet<Key<'_>>) -> Result<Vec<LeftOut>> {
    let left_out = leave_out(part, manifest, present);
    let mut missing = BTreeSet::new();
    let mut waiting: Vec<u32> = part.objects.iter().copied().collect();
    while let Some(index) = waiting.pop() {
        let Some(object) = manifest.objects.get(index as usize) else { continue };
        let checks = checks(manifest, index).filter(|(_, check)| !present.contains(&key(check)));
        waiting.extend(checks.map(|(check, _)| check).filter(|check| part.objects.insert(*check)));
        for &need in &object.needs {
            let Some(needed) = manifest.objects.get(need as usize) else { continue };
            if part.objects.contains(&need) || present.contains(&key(needed)) {
                continue;
            }
            if needed.table.is_some() {
                // The server finds the key of the other table by its columns, whatever its name.
                if object.kind != "fk constraint" {
                    missing.insert(format!(
                        "{} {} needs the {} {}",
                        object.kind,
                        object.label(),
                        needed.kind,
                        needed.label()
                    ));
                }
            } else {
                part.objects.insert(need);
                waiting.push(need);
            }
        }
    }
    if !missing.is_empty() {
        let missing: Vec<String> = missing.into_iter().collect();
        return Err(Error::usage(format!("{}, which is not in the database", missing.join("; ")))
            .hint("name that table with --table too, or restore its whole schema with --schema"));
    }
    adorn(part, manifest);
    Ok(left_out)
}

/// The checks of a domain that are statements of their own: without them it would let everything in.
fn checks(manifest: &Manifest, domain: u32) -> impl Iterator<Item = (u32, &Object)> {
    let is_domain = manifest.objects.get(domain as usize).is_some_and(|object| object.kind == "domain");
    let objects = if is_domain { manifest.objects.as_slice() } else { &[] };
    (0..).zip(objects).filter(move |(_, object)| {
        object.kind == "check constraint" && object.table.is_none() && object.needs.contains(&domain)
    })
}

fn leave_out(part: &mut Part, manifest: &Manifest, present: &HashSet<Key<'_>>) -> Vec<LeftOut> {
    let mut gone: BTreeSet<u32> = BTreeSet::new();
    let mut left_out = Vec::new();
    for (index, object) in (0..).zip(&manifest.objects).filter(|(index, _)| part.objects.contains(index)) {
        if object.needs.iter().any(|need| gone.contains(need)) {
            gone.insert(index);
        } else if object.kind == "fk constraint"
            && let Some(absent) = absent_table(object, part, manifest, present)
        {
            gone.insert(index);
            let table = object.table.and_then(|table| manifest.tables.get(table as usize));
            left_out.push(LeftOut {
                key: object.name.clone(),
                table: table.map(crate::manifest::Table::label).unwrap_or_default(),
                absent,
            });
        }
    }
    part.objects.retain(|object| !gone.contains(object));
    left_out
}

fn absent_table(object: &Object, part: &Part, manifest: &Manifest, present: &HashSet<Key<'_>>) -> Option<String> {
    let needed = object.needs.iter().filter(|need| !part.objects.contains(need));
    let mut needed = needed.filter_map(|need| manifest.objects.get(*need as usize));
    needed.find(|needed| needed.kind == "table" && !present.contains(&key(needed))).map(Object::label)
}

/// Comments and grants of what was brought along, and where its sequences stand.
fn adorn(part: &mut Part, manifest: &Manifest) {
    let parts = part.objects.iter().filter_map(|index| manifest.objects.get(*index as usize));
    let chosen: HashSet<Key<'_>> = parts.map(key).collect();
    for (index, object) in (0..).zip(&manifest.objects) {
        let adorns = ddl::adorns(&object.kind) && !object.needs.is_empty();
        let sequence = ("sequence", object.schema.as_deref(), object.name.as_str());
        let stands = object.kind == "sequence set" && chosen.contains(&sequence);
        if stands || adorns && object.needs.iter().all(|need| part.objects.contains(need)) {
            part.objects.insert(index);
        }
    }
}

/// How an object of the manifest is found among the live ones.
pub(super) fn key(object: &Object) -> Key<'_> {
    (&object.kind, object.schema.as_deref(), &object.name)
}
