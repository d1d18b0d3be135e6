//! Where sequences stand. A sequence is a relation with one row, and no view shows that row whole: `pg_sequences` hides
//! a position that was set but never drawn from.

use std::collections::HashMap;

use super::{Entry, Reader, scope};
use crate::error::Result;
use crate::manifest::Section;
use crate::postgres::quote;

/// Sequences read in one statement: few enough for its plan to stay small.
const BATCH: usize = 100;

/// `setval` for each of these entries that creates a sequence.
pub(super) async fn read(reader: &Reader<'_>, entries: &[Entry]) -> Result<Vec<Entry>> {
    let sequences: Vec<(u32, &Entry)> = entries
        .iter()
        .filter(|entry| entry.kind == "sequence")
        .filter_map(|entry| Some((entry.id?.object, entry)))
        .collect();
    let mut positions = HashMap::new();
    for batch in sequences.chunks(BATCH) {
        let selects: Vec<String> = batch.iter().map(|(oid, entry)| select(*oid, entry)).collect();
        for row in scope::rows(reader, "positions of sequences", &selects.join(" UNION ALL ")).await? {
            positions.insert(row.get::<_, u32>("oid"), (row.get("last_value"), row.get("is_called")));
        }
    }
    Ok(sequences
        .into_iter()
        .filter_map(|(oid, sequence)| positions.get(&oid).map(|(last, called)| set(sequence, *last, *called)))
        .collect())
}

fn select(oid: u32, sequence: &Entry) -> String {
    format!("SELECT {oid}::oid AS oid, last_value, is_called FROM {}", qualified(sequence))
}

fn set(sequence: &Entry, last_value: i64, is_called: bool) -> Entry {
    let name = quote::literal(&qualified(sequence));
    Entry {
        id: None,
        section: Section::Sequences,
        kind: "sequence set",
        sql: format!("SELECT pg_catalog.setval({name}::pg_catalog.regclass, {last_value}, {is_called});\n"),
        ..sequence.clone()
    }
}

fn qualified(sequence: &Entry) -> String {
    quote::qualified(sequence.schema.as_deref().unwrap_or_default(), &sequence.name)
}
