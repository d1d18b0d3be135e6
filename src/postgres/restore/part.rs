//! What the plan says of a restore in parts: what goes, what comes, what goes and comes back, what is left out.

use std::collections::{BTreeMap, HashSet};

use super::preview::{STANDING, keyed};
use super::replace::Replacement;
use super::selection::Tables;
use super::surroundings::name;
use crate::manifest::{Manifest, Table};
use crate::plan::{Owners, RestorePlan, Scope};
use crate::postgres::ddl::Entry;
use crate::restore::{ObjectPreview, Preview};

/// Live tables that the backup does not have and that are replaced all the same: partitions and whole schemas have
/// them. With the rows that each will have; none where it goes.
pub(super) fn further_tables(
    scope: Scope,
    replacement: &Replacement,
    manifest: &Manifest,
    tables: &Tables,
) -> Vec<(String, Option<u64>)> {
    let chosen: HashSet<String> = tables.of(manifest).map(|(_, table)| Table::label(table)).collect();
    let live = replacement.surroundings.tables().map(name).filter(|label| !chosen.contains(label));
    live.map(|label| (label, (scope == Scope::DataOnly).then_some(0))).collect()
}

/// Tells what happens to the definitions.
pub(super) fn describe(
    plan: &RestorePlan,
    replacement: &Replacement,
    manifest: &Manifest,
    tables: &Tables,
    preview: &mut Preview,
) {
    if plan.scope == Scope::DataOnly {
        return;
    }
    let surroundings = &replacement.surroundings;
    let live: BTreeMap<_, _> = surroundings
        .at(&replacement.going.replaced)
        .filter(|entry| stands(entry.kind, entry.table.is_some()) && !remains(entry))
        .map(|entry| keyed(entry.kind, name(entry)))
        .collect();
    let stored: BTreeMap<_, _> = (0..)
        .zip(&manifest.objects)
        .filter(|(index, object)| tables.contains_object(*index) && stands(&object.kind, object.table.is_some()))
        .map(|(_, object)| keyed(&object.kind, object.label()))
        .collect();
    let without = |these: &BTreeMap<_, ObjectPreview>, those: &BTreeMap<_, ObjectPreview>| {
        these.iter().filter(|(key, _)| !those.contains_key(*key)).map(|(_, object)| object.clone()).collect()
    };
    preview.drops = without(&live, &stored);
    preview.creates = without(&stored, &live);
    let dependents = surroundings.at(&replacement.going.dependents).filter(|entry| !entry.adorns());
    preview.keeps = dependents
        .map(|entry| format!("{} (put aside, and brought back as it is)", surroundings.label(entry)))
        .collect();
    preview.warnings.extend(replacement.left_out.iter().map(super::provision::LeftOut::warning));
    if plan.owners == Owners::Ignore {
        let created = if preview.creates.is_empty() { "" } else { ", what is created has no grants" };
        preview.warnings.push(format!(
            "what is replaced keeps its owner and grants{created}; --owners applies those of the backup"
        ));
    }
}

/// What belongs to a table comes and goes with it.
fn stands(kind: &str, of_table: bool) -> bool {
    STANDING.contains(&kind) && (kind == "table" || !of_table)
}

/// The schema that every database has is emptied, not dropped.
fn remains(entry: &Entry) -> bool {
    entry.kind == "schema" && entry.name == "public"
}
