//! Where sequences stand. A sequence is a relation with one row, and no view shows that row whole: `pg_sequences` hides
//! a position that was set but never drawn from.

use std::collections::HashMap;

use super::{Entry, Reader, scope};
use crate::error::{Error, Result};
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
    for query in queries(reader.version, &sequences) {
        for row in scope::rows(reader, "positions of sequences", &query).await? {
            positions.insert(row.get::<_, u32>("oid"), (row.get("last_value"), row.get("is_called")));
        }
    }
    sequences
        .into_iter()
        .map(|(oid, sequence)| match positions.get(&oid) {
            Some((Some(last_value), Some(is_called))) => Ok(set(sequence, *last_value, *is_called)),
            _ => Err(unreadable(sequence)),
        })
        .collect()
}

/// Since PostgreSQL 18 the server gives the row of any sequence by its number, and nothing where it may not be read.
fn queries(version: u32, sequences: &[(u32, &Entry)]) -> Vec<String> {
    if version < 180_000 {
        let unions = sequences.chunks(BATCH).map(|batch| {
            let selects: Vec<String> = batch.iter().map(|(oid, entry)| select(*oid, entry)).collect();
            selects.join(" UNION ALL ")
        });
        return unions.collect();
    }
    let oids: Vec<String> = sequences.iter().map(|(oid, _)| oid.to_string()).collect();
    vec![format!(
        "SELECT oid, last_value, is_called FROM unnest('{{{}}}'::oid[]) AS sequence(oid) \
         CROSS JOIN LATERAL pg_get_sequence_data(oid)",
        oids.join(",")
    )]
}

fn select(oid: u32, sequence: &Entry) -> String {
    format!("SELECT {oid}::oid AS oid, last_value, is_called FROM {}", qualified(sequence))
}

fn unreadable(sequence: &Entry) -> Error {
    Error::database(format!("the position of the sequence {} cannot be read", qualified(sequence)))
        .hint("grant the role SELECT on it; if it was dropped just now, try again")
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
