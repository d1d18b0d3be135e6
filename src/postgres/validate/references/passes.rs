//! How many keys are looked at together, so that memory stays within a budget however large the tables are.

use super::Reference;
use crate::manifest::Manifest;

/// The keys of one table by some of its columns; of a large table only those in a range of hashes.
pub(super) struct Part<'a> {
    pub(super) table: usize,
    pub(super) columns: &'a [usize],
    /// How many keys to expect.
    pub(super) rows: u64,
    number: u64,
    count: u64,
}

impl Part<'_> {
    /// Whether a key of this hash belongs to the part.
    pub(super) fn holds(&self, hash: u64) -> bool {
        (u128::from(hash) * u128::from(self.count)) >> 64 == u128::from(self.number)
    }
}

/// Parts that are read together, a list for each pass over the rows.
pub(super) fn passes<'a>(references: &'a [Reference<'_>], manifest: &Manifest, budget: u64) -> Vec<Vec<Part<'a>>> {
    let mut passes: Vec<Vec<Part<'a>>> = Vec::new();
    let mut left = 0;
    for part in parts(references, manifest, budget) {
        match passes.last_mut() {
            Some(pass) if part.rows <= left => {
                left -= part.rows;
                pass.push(part);
            }
            _ => {
                left = budget.saturating_sub(part.rows);
                passes.push(vec![part]);
            }
        }
    }
    passes
}

fn parts<'a>(references: &'a [Reference<'_>], manifest: &Manifest, budget: u64) -> Vec<Part<'a>> {
    let mut targets: Vec<(usize, &[usize])> =
        references.iter().map(|reference| (reference.referenced, reference.referenced_columns.as_slice())).collect();
    targets.sort_unstable();
    targets.dedup();
    let mut parts = Vec::new();
    for (table, columns) in targets {
        let rows = manifest.tables[table].rows.unwrap_or(0);
        let count = rows.div_ceil(budget).max(1);
        parts.extend((0..count).map(|number| Part { table, columns, rows: rows.div_ceil(count), number, count }));
    }
    parts
}
