//! The order in which statements work: what is needed comes first, and equals come in a fixed order.
//!
//! `pg_depend` is a graph of catalog rows. A row that no entry creates stands for the entry that brings it: a rule for
//! its view, an array type for its element, a default for its table, a member for its extension.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap, HashMap};

use super::{Entry, Needs, ObjectId, Reader, scope};
use crate::error::{Error, Kind, Result};
use crate::manifest::Section;

/// Kinds in the order that they take when dependencies leave it open.
const KINDS: [&str; 27] = [
    "schema",
    "collation",
    "extension",
    "type",
    "domain",
    "function",
    "procedure",
    "sequence",
    "table",
    "view",
    "materialized view",
    "table attach",
    "default",
    "sequence owned by",
    "constraint",
    "check constraint",
    "index",
    "index attach",
    "statistics",
    "trigger",
    "fk constraint",
    "policy",
    "row security",
    "comment",
    "materialized view data",
    "owner",
    "acl",
];

/// Entries in an order that works, and what they need.
#[derive(Debug)]
pub struct Ordered {
    /// Each section in its order.
    pub entries: Vec<Entry>,
    /// By the places of `entries`.
    pub needs: Needs,
    /// What hangs on an entry although no entry creates it.
    pub strays: Vec<Stray>,
}

/// A row that no entry brings, and one that it depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stray {
    /// The row.
    pub row: ObjectId,
    /// The place of the entry that it would go with.
    pub entry: usize,
}

/// Entries of all sections, each section in its order. What needs an entry of `PostData` moves there.
pub(super) async fn sorted(reader: &Reader<'_>, mut entries: Vec<Entry>) -> Result<Ordered> {
    let (needs, mut strays) = needs(reader, &entries).await?;
    postpone(&mut entries, &needs)?;
    let order = arrange(&entries, &needs)?;
    let mut places = vec![0; entries.len()];
    for (place, index) in order.iter().enumerate() {
        places[*index] = place;
    }
    let needs = order.iter().map(|index| needs[*index].iter().map(|needed| places[*needed]).collect()).collect();
    for stray in &mut strays {
        stray.entry = places[stray.entry];
    }
    let mut entries: Vec<Option<Entry>> = entries.into_iter().map(Some).collect();
    let entries = order.into_iter().filter_map(|index| entries[index].take()).collect();
    Ok(Ordered { entries, needs, strays })
}

async fn needs(reader: &Reader<'_>, entries: &[Entry]) -> Result<(Needs, Vec<Stray>)> {
    let rows = scope::rows(reader, "dependencies", QUERY).await?;
    let mut bringers = Bringers::new(entries);
    let mut edges = Vec::with_capacity(rows.len());
    for row in &rows {
        let object = ObjectId { class: row.get("class"), object: row.get("object") };
        let needed = ObjectId { class: row.get("needed_class"), object: row.get("needed_object") };
        if let Some(strength) = row.get::<_, Option<i32>>("strength") {
            bringers.add(object, strength, needed);
        }
        edges.push((object, needed));
    }
    let mut needs: Needs = vec![BTreeSet::new(); entries.len()];
    let mut strays = Vec::new();
    for (object, needed) in edges {
        let Some(needed) = bringers.find(needed) else { continue };
        match bringers.find(object) {
            Some(entry) if entry == needed => {}
            Some(entry) => drop(needs[entry].insert(needed)),
            None => strays.push(Stray { row: object, entry: needed }),
        }
    }
    for (index, entry) in entries.iter().enumerate().filter(|(_, entry)| entry.adorns()) {
        needs[index].extend(entry.id.and_then(|id| bringers.find(id)));
    }
    Ok((needs, strays))
}

/// Which entry brings a row of a catalog into being.
struct Bringers {
    entries: HashMap<ObjectId, usize>,
    /// The row that brings another one with it, and how sure that is: less is surer.
    rows: HashMap<ObjectId, (i32, ObjectId)>,
}

impl Bringers {
    fn new(entries: &[Entry]) -> Self {
        let creating = entries.iter().enumerate().filter(|(_, entry)| !entry.adorns());
        Self { entries: creating.filter_map(|(index, entry)| Some((entry.id?, index))).collect(), rows: HashMap::new() }
    }

    fn add(&mut self, row: ObjectId, strength: i32, bringer: ObjectId) {
        let known = self.rows.entry(row).or_insert((strength, bringer));
        if strength < known.0 {
            *known = (strength, bringer);
        }
    }

    fn find(&self, mut row: ObjectId) -> Option<usize> {
        // Internal rows of internal rows: a multirange's array is three steps from its range. No chain is longer than
        // the levels of a partition tree.
        for _ in 0..64 {
            if let Some(entry) = self.entries.get(&row) {
                return Some(*entry);
            }
            row = self.rows.get(&row)?.1;
        }
        None
    }
}

/// Moves what needs rows or what is built over rows behind the rows.
fn postpone(entries: &mut [Entry], needs: &Needs) -> Result<()> {
    let mut dependents = vec![Vec::new(); entries.len()];
    for (entry, needed) in needs.iter().enumerate() {
        for needed in needed {
            dependents[*needed].push(entry);
        }
    }
    let mut late: Vec<usize> =
        (0..entries.len()).filter(|index| entries[*index].section == Section::PostData).collect();
    while let Some(index) = late.pop() {
        for &dependent in &dependents[index] {
            if entries[dependent].section != Section::PreData {
                continue;
            }
            if entries[dependent].kind == "table" {
                return Err(too_late(&entries[dependent], &entries[index]));
            }
            entries[dependent].section = Section::PostData;
            late.push(dependent);
        }
    }
    Ok(())
}

fn too_late(table: &Entry, needed: &Entry) -> Error {
    let message = format!("{} needs {}, which can only be created over rows", label(table), label(needed));
    Error::new(Kind::Unsupported, message).hint("Break the dependency, for example by a function in between.")
}

/// When an entry comes among those that could come now. What only adorns comes last, each kind in the order that it was
/// given in; materialized views are filled when the policies of their tables hold again.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Turn<'a> {
    Creates { kind: usize, schema: Option<&'a str>, name: &'a str, index: usize },
    Adorns { kind: usize, index: usize },
}

impl<'a> Turn<'a> {
    fn of(entry: &'a Entry, index: usize) -> Self {
        let kind = KINDS.iter().position(|kind| *kind == entry.kind).unwrap_or(KINDS.len());
        if entry.adorns() {
            return Self::Adorns { kind, index };
        }
        Self::Creates { kind, schema: entry.schema.as_deref(), name: &entry.name, index }
    }

    fn index(&self) -> usize {
        match self {
            Self::Creates { index, .. } | Self::Adorns { index, .. } => *index,
        }
    }
}

fn arrange(entries: &[Entry], needs: &Needs) -> Result<Vec<usize>> {
    let turn = |index: usize| Reverse((entries[index].section, Turn::of(&entries[index], index)));
    let mut missing: Vec<usize> = Vec::with_capacity(entries.len());
    let mut dependents = vec![Vec::new(); entries.len()];
    for (index, needed) in needs.iter().enumerate() {
        let here = needed.iter().filter(|needed| entries[**needed].section == entries[index].section);
        missing.push(here.inspect(|needed| dependents[**needed].push(index)).count());
    }
    let mut ready: BinaryHeap<_> = (0..entries.len()).filter(|index| missing[*index] == 0).map(turn).collect();
    let mut order = Vec::with_capacity(entries.len());
    while let Some(Reverse((_, next))) = ready.pop() {
        order.push(next.index());
        for &dependent in &dependents[next.index()] {
            missing[dependent] -= 1;
            if missing[dependent] == 0 {
                ready.push(turn(dependent));
            }
        }
    }
    if order.len() < entries.len() {
        return Err(circle(entries, needs, &missing));
    }
    order.sort_by_key(|index| entries[*index].section);
    Ok(order)
}

/// Walks back from any entry that never became ready until one comes again.
fn circle(entries: &[Entry], needs: &Needs, missing: &[usize]) -> Error {
    let waits = |index: &usize| missing[*index] > 0;
    let mut path: Vec<usize> = Vec::new();
    let mut current = (0..entries.len()).find(waits);
    while let Some(index) = current {
        if let Some(start) = path.iter().position(|seen| *seen == index) {
            path.drain(..start);
            break;
        }
        path.push(index);
        let section = entries[index].section;
        current = needs[index].iter().copied().find(|needed| waits(needed) && entries[*needed].section == section);
    }
    let names: Vec<String> = path.iter().map(|index| label(&entries[*index])).collect();
    Error::new(Kind::Unsupported, format!("these objects need each other in a circle: {}", names.join(", ")))
        .hint("Change one of them so that it can be created before the others.")
}

/// For people.
fn label(entry: &Entry) -> String {
    match &entry.schema {
        Some(schema) => format!("{} {schema}.{}", entry.kind, entry.name),
        None => format!("{} {}", entry.kind, entry.name),
    }
}

/// Rows that depend on rows, users' objects only. Ownership of a sequence and the attachment of a partition have no
/// rows of their own there; they go by the names of `pg_sequence` and `pg_inherits`.
const QUERY: &str = "
SELECT DISTINCT
       CASE WHEN owned.oid IS NULL THEN d.classid ELSE 'pg_sequence'::regclass END::oid AS class, d.objid AS object,
       d.refclassid AS needed_class, d.refobjid AS needed_object,
       CASE WHEN d.deptype = 'e' THEN 0
            WHEN d.deptype = 'i' THEN 1
            WHEN d.deptype = 'P' AND d.classid = d.refclassid THEN 2
            WHEN d.deptype = 'a' AND d.classid IN ('pg_attrdef'::regclass, 'pg_constraint'::regclass) THEN 3
       END AS strength
  FROM pg_depend d
  LEFT JOIN pg_class owned ON d.classid = 'pg_class'::regclass AND owned.oid = d.objid
                          AND owned.relkind = 'S' AND d.deptype = 'a'
 WHERE d.objid >= 16384 AND d.refobjid >= 16384
 UNION ALL
SELECT 'pg_sequence'::regclass, seqrelid, 'pg_class'::regclass, seqrelid, NULL FROM pg_sequence
 UNION ALL
SELECT 'pg_inherits'::regclass, inhrelid, 'pg_class'::regclass, related, NULL
  FROM pg_inherits CROSS JOIN LATERAL (VALUES (inhrelid), (inhparent)) related(related)";
