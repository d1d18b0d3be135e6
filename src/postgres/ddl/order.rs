//! The order in which statements work: what is needed comes first, and equals come in a fixed order.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use tokio_postgres::Row;

use super::dependencies::{self, Edges, Need};
use super::paths::{OwnPath, Paths};
use super::{Entry, Needs, ObjectId, Reader, circles, domain_checks, lateness};
use crate::error::{Error, Kind, Result};

/// Kinds in the order that they take when dependencies leave it open.
const KINDS: [&str; 57] = [
    "schema",
    "language",
    "collation",
    "transform",
    "extension",
    "alteration",
    "type",
    "domain",
    "cast",
    "function",
    "procedure",
    "aggregate",
    "extension addition",
    "access method",
    "operator",
    "operator family",
    "operator family member",
    "operator class",
    "conversion",
    "text search parser",
    "text search template",
    "text search dictionary",
    "text search configuration",
    "foreign data wrapper",
    "server",
    "user mapping",
    "sequence",
    "table",
    "foreign table",
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
    "rule",
    "trigger",
    "fk constraint",
    "policy",
    "row security",
    "publication",
    "publication table",
    "publication schema",
    "subscription",
    "event trigger",
    "extension dependency",
    "comment",
    "security label",
    "materialized view data",
    "materialized views again",
    "owner",
    "acl",
    "default privileges",
];

/// Entries in an order that works, and what they need.
#[derive(Debug)]
pub struct Ordered {
    /// Each section in its order.
    pub entries: Vec<Entry>,
    /// By the places of `entries`; what stands before is needed, but for the second steps of what is created in two.
    pub needs: Needs,
    /// What hangs on an entry although no entry creates it.
    pub strays: Vec<Stray>,
    /// What of them comes back under the path of the database.
    pub own_path: OwnPath,
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
pub(super) async fn sorted(reader: &Reader<'_>, entries: Vec<Entry>, dependencies: &[Row]) -> Result<Ordered> {
    let (edges, mut strays) = dependencies::between(&entries, dependencies);
    let paths = Paths::read(reader, &entries, dependencies).await?;
    let mut graph = Graph { entries, edges, divided: Vec::new() };
    domain_checks::place(reader, &mut graph).await?;
    lateness::settle(reader, &mut graph).await?;
    circles::break_open(reader, &mut graph).await?;
    let own_path = paths.apply(&mut graph);
    let order = arrange(&graph)?;
    let mut places = vec![0; order.len()];
    for (place, index) in order.iter().enumerate() {
        places[*index] = place;
    }
    let needed = |index: &usize| graph.edges[*index].iter().filter(|(_, need)| **need != Need::Order);
    let mut needs: Needs =
        order.iter().map(|index| needed(index).map(|(needed, _)| places[*needed]).collect()).collect();
    // Who takes a first step takes the second one too: half an object is none.
    for (first, second) in graph.divided {
        needs[places[first]].insert(places[second]);
    }
    for stray in &mut strays {
        stray.entry = places[stray.entry];
    }
    let mut entries: Vec<Option<Entry>> = graph.entries.into_iter().map(Some).collect();
    let entries = order.into_iter().filter_map(|index| entries[index].take()).collect();
    Ok(Ordered { entries, needs, strays, own_path })
}

/// What is created, and what each of it needs.
pub(super) struct Graph {
    pub(super) entries: Vec<Entry>,
    pub(super) edges: Edges,
    /// The first and the second step of what is created in two.
    pub(super) divided: Vec<(usize, usize)>,
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

fn arrange(Graph { entries, edges: needs, .. }: &Graph) -> Result<Vec<usize>> {
    let turn = |index: usize| Reverse((entries[index].section, Turn::of(&entries[index], index)));
    let mut missing: Vec<usize> = Vec::with_capacity(entries.len());
    let mut dependents = vec![Vec::new(); entries.len()];
    for (index, needed) in needs.iter().enumerate() {
        let here = needed.keys().filter(|needed| entries[**needed].section == entries[index].section);
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
fn circle(entries: &[Entry], needs: &Edges, missing: &[usize]) -> Error {
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
        current = needs[index].keys().copied().find(|needed| waits(needed) && entries[*needed].section == section);
    }
    let names: Vec<String> = path.iter().map(|index| label(&entries[*index])).collect();
    Error::new(Kind::Unsupported, format!("these objects need each other in a circle: {}", names.join(", ")))
        .hint("Change one of them so that it can be created before the others.")
}

/// For people.
pub(super) fn label(entry: &Entry) -> String {
    match &entry.schema {
        Some(schema) => format!("{} {schema}.{}", entry.kind, entry.name),
        None => format!("{} {}", entry.kind, entry.name),
    }
}
