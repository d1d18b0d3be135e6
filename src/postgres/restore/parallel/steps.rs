//! Cuts a restore into steps: what each one does, what must be done before it, which tables it holds meanwhile.
//!
//! An index locks its table against writers alone, so a table's indexes are built side by side; every other statement
//! is taken to lock its tables against all others. Statements of which too little is known run alone, behind all that
//! stands before them in the backup.

use std::collections::HashMap;

use super::families::Families;
use super::schedule::{Conditions, Hold, Resource, Turn};
use crate::manifest::{Manifest, Object, Section};
use crate::postgres::restore::rows::{Batch, Rows};
use crate::postgres::search_path;

/// What a connection does in one step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Work {
    /// Load rows.
    Rows(Batch, Rows),
    /// Make all large objects.
    LargeObjects,
    /// Put all sequences in their positions.
    Sequences,
    /// Read a table back and compare it with the manifest.
    Compare(u32),
    /// Execute the statements of an object.
    Object(u32),
    /// Gather a table's statistics.
    Analyze(u32),
}

/// Collects steps.
pub(super) struct Steps<'a> {
    manifest: &'a Manifest,
    families: &'a Families,
    work: Vec<Work>,
    conditions: Vec<Conditions>,
    /// Steps that load a table.
    loading: HashMap<u32, Vec<usize>>,
    /// Steps that build something over a table or, by the table that stands for it, a family.
    building: HashMap<Resource, Vec<usize>>,
    objects: HashMap<u32, usize>,
    /// The tables of each step that builds something over rows.
    touched: Vec<(usize, Vec<u32>)>,
    /// The last step that runs alone, and all after it.
    tail: Vec<usize>,
}

impl<'a> Steps<'a> {
    pub(super) fn new(manifest: &'a Manifest, families: &'a Families) -> Self {
        Self {
            manifest,
            families,
            work: Vec::new(),
            conditions: Vec::new(),
            loading: HashMap::new(),
            building: HashMap::new(),
            objects: HashMap::new(),
            touched: Vec::new(),
            tail: Vec::new(),
        }
    }

    /// Steps over the same table wait for each other, so those come first whose tables have the most before them: a
    /// table that many refer to may be small, and would else be what all wait for in the end.
    pub(super) fn finish(mut self) -> (Vec<Work>, Vec<Conditions>) {
        let mut ahead: HashMap<u32, u64> = HashMap::new();
        for (step, tables) in &self.touched {
            for table in tables {
                *ahead.entry(*table).or_default() += self.conditions[*step].size;
            }
        }
        for (step, tables) in &self.touched {
            self.conditions[*step].size =
                tables.iter().filter_map(|table| ahead.get(table)).copied().max().unwrap_or(0);
        }
        (self.work, self.conditions)
    }

    /// Rows of one table, or of a part of it.
    pub(super) fn rows(&mut self, batch: Batch, rows: Rows) {
        let (table, size) = (batch.table, batch.bytes(self.manifest));
        // TRUNCATE makes a table's rows ones that may be frozen, and locks it against all others.
        let hold = if rows == Rows::Frozen { Hold::Exclusive } else { Hold::Shared };
        let holds = self.own(table, hold);
        let index = self.add(Work::Rows(batch, rows), Conditions { needs: Vec::new(), holds, turn: Turn::Rows, size });
        self.loading.entry(table).or_default().push(index);
    }

    /// What belongs to no table: large objects, positions of sequences.
    pub(super) fn apart(&mut self, work: Work, section: Section) {
        let size =
            self.manifest.chunks.iter().filter(|chunk| chunk.section == section).map(|chunk| chunk.raw_size).sum();
        let holds = vec![(Resource::Database, Hold::Shared)];
        self.add(work, Conditions { needs: Vec::new(), holds, turn: Turn::Rows, size });
    }

    pub(super) fn compare(&mut self, table: u32) {
        let (needs, holds) = (self.loaders(table), self.own(table, Hold::Shared));
        let size = self.size(table);
        self.add(Work::Compare(table), Conditions { needs, holds, turn: Turn::Builds, size });
    }

    /// A statement over rows; to be told in the order of the backup.
    pub(super) fn object(&mut self, index: u32, object: &Object, sql: &str) {
        let Some((table, hold)) = object.table.zip(hold_of(object, sql)) else {
            return self.alone(index, object);
        };
        let (mut needs, mut holds) = (Vec::new(), vec![(Resource::Database, Hold::Shared)]);
        needs.extend(object.needs.iter().filter_map(|needed| self.objects.get(needed)));
        let mut touched = vec![table];
        if is_foreign_key(object) {
            touched.extend(object.needs.iter().filter_map(|needed| self.table_of(*needed)));
        }
        touched.sort_unstable();
        touched.dedup();
        for &table in &touched {
            let family = self.families.of_table(table);
            match family {
                Some(family) if self.families.is_parent(table) || object.kind == "index attach" => {
                    needs.extend(self.families.members(family).iter().flat_map(|member| self.loaders(*member)));
                    // The key of a partitioned table can be referred to only when all partitions have it.
                    if is_foreign_key(object) {
                        needs.extend(self.builders(Resource::Family(family)));
                    }
                    holds.push((Resource::Family(family), Hold::Exclusive));
                }
                _ => {
                    needs.extend(self.loaders(table));
                    holds.extend(self.own(table, hold));
                }
            }
        }
        let size = self.size(table);
        let step = self.add(Work::Object(index), Conditions { needs, holds, turn: Turn::Builds, size });
        self.objects.insert(index, step);
        self.touched.push((step, touched));
        if !is_foreign_key(object) {
            self.builds(table, step);
        }
    }

    /// Statistics of a table, when the indexes are there whose expressions have some, too. Those of partitions come with
    /// their parent's.
    pub(super) fn analyze(&mut self, table: u32) {
        if self.families.is_partition(table) {
            return;
        }
        let mut needs = self.loaders(table);
        needs.extend(self.builders(Resource::Table(table)));
        let mut holds = self.own(table, Hold::Exclusive);
        if let Some(family) = self.families.of_table(table) {
            needs.extend(self.families.members(family).iter().flat_map(|member| self.loaders(*member)));
            needs.extend(self.builders(Resource::Family(family)));
            holds.push((Resource::Family(family), Hold::Exclusive));
        }
        let size = self.size(table);
        self.add(Work::Analyze(table), Conditions { needs, holds, turn: Turn::Analyzes, size });
    }

    fn alone(&mut self, index: u32, object: &Object) {
        let holds = vec![(Resource::Database, Hold::Exclusive)];
        let needs = std::mem::take(&mut self.tail);
        let step = self.add(Work::Object(index), Conditions { needs, holds, turn: Turn::Alone, size: 0 });
        self.objects.insert(index, step);
        if let Some(table) = object.table.filter(|_| object.kind == "statistics" || hold_kind(object).is_some()) {
            self.builds(table, step);
        }
    }

    fn add(&mut self, work: Work, conditions: Conditions) -> usize {
        self.work.push(work);
        self.conditions.push(conditions);
        let step = self.work.len() - 1;
        self.tail.push(step);
        step
    }

    fn builds(&mut self, table: u32, step: usize) {
        self.building.entry(Resource::Table(table)).or_default().push(step);
        if let Some(family) = self.families.of_table(table) {
            self.building.entry(Resource::Family(family)).or_default().push(step);
        }
    }

    /// What a step holds that is about one table alone.
    fn own(&self, table: u32, hold: Hold) -> Vec<(Resource, Hold)> {
        let family = self.families.of_table(table).map(|family| (Resource::Family(family), Hold::Shared));
        [(Resource::Database, Hold::Shared), (Resource::Table(table), hold)].into_iter().chain(family).collect()
    }

    fn loaders(&self, table: u32) -> Vec<usize> {
        self.loading.get(&table).cloned().unwrap_or_default()
    }

    fn builders(&self, resource: Resource) -> Vec<usize> {
        self.building.get(&resource).cloned().unwrap_or_default()
    }

    fn table_of(&self, object: u32) -> Option<u32> {
        self.manifest.objects.get(object as usize)?.table
    }

    fn size(&self, table: u32) -> u64 {
        self.manifest.tables.get(table as usize).and_then(|table| table.rows).unwrap_or(0)
    }
}

fn is_foreign_key(object: &Object) -> bool {
    object.kind == "fk constraint"
}

/// How the object's statements hold their tables; `None` where they must run alone. Older backups do not tell what
/// objects need, and there is nothing that needs nothing.
fn hold_of(object: &Object, sql: &str) -> Option<Hold> {
    let hold = hold_kind(object).filter(|_| !object.needs.is_empty())?;
    // What follows CREATE INDEX (CLUSTER ON, statistics targets) wants a stronger lock.
    Some(if search_path::within(sql).trim_end().matches(";\n").count() > 0 { Hold::Exclusive } else { hold })
}

fn hold_kind(object: &Object) -> Option<Hold> {
    match object.kind.as_str() {
        "index" => Some(Hold::Shared),
        "constraint" | "fk constraint" | "index attach" => Some(Hold::Exclusive),
        _ => None,
    }
}
