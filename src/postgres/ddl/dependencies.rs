//! What each entry needs, from `pg_depend`: a graph of catalog rows.
//!
//! A row that no entry creates stands for the entry that brings it: a rule for its view, an array type for its element,
//! a default for its table, an operator of an operator class for its class, a member for its extension.

use std::collections::{BTreeMap, HashMap};

use tokio_postgres::Row;

use super::alterations::ALTERATION;
use super::order::Stray;
use super::{Entry, ObjectId, Reader, scope};
use crate::error::Result;

/// How much of an entry another one needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Need {
    /// Nothing of it, but it must be there first.
    Order,
    /// That its type is there: for a column, for an argument of a function.
    Type,
    /// All of it.
    Whole,
}

/// For each entry, the entries that must come before it.
pub(super) type Edges = Vec<BTreeMap<usize, Need>>;

/// The rows of `pg_depend`, for [`between`].
pub(super) async fn read(reader: &Reader<'_>) -> Result<Vec<Row>> {
    scope::rows(reader, "dependencies", QUERY).await
}

/// What these entries need of each other, and the rows that no entry brings.
pub(super) fn between(entries: &[Entry], dependencies: &[Row]) -> (Edges, Vec<Stray>) {
    let bringers = Bringers::of(entries, dependencies);
    let mut needs: Edges = vec![BTreeMap::new(); entries.len()];
    let mut strays = Vec::new();
    for row in dependencies {
        let (object, needed) = (ObjectId::needing(row), ObjectId::needed(row));
        let need = if row.get("by_type") { Need::Type } else { Need::Whole };
        let Some(needed_entry) = bringers.find(needed) else { continue };
        let Some(entry) = bringers.find(object) else {
            strays.push(Stray { row: object, entry: needed_entry });
            continue;
        };
        // What an extension's own script has made of its members, it needed in no other form.
        if entries[needed_entry].kind == ALTERATION && entries[entry].kind == "extension" {
            continue;
        }
        // Rows of one entry need each other, and that is no circle; a function that calls itself is one.
        if entry != needed_entry || object == needed && matches!(entries[entry].kind, "function" | "procedure") {
            let known = needs[entry].entry(needed_entry).or_insert(need);
            *known = (*known).max(need);
        }
    }
    for (index, entry) in entries.iter().enumerate().filter(|(_, entry)| entry.adorns()) {
        if let Some(needed) = entry.id.and_then(|id| bringers.find(id)) {
            needs[index].insert(needed, Need::Whole);
        }
    }
    (needs, strays)
}

/// Which entry brings a row of a catalog into being.
pub(super) struct Bringers {
    entries: HashMap<ObjectId, usize>,
    /// The row that brings another one with it, and how sure that is: less is surer.
    rows: HashMap<ObjectId, (i32, ObjectId)>,
}

impl Bringers {
    pub(super) fn of(entries: &[Entry], dependencies: &[Row]) -> Self {
        let creating = entries.iter().enumerate().filter(|(_, entry)| !entry.adorns());
        let entries = creating.filter_map(|(index, entry)| Some((entry.id?, index))).collect();
        let mut bringers = Self { entries, rows: HashMap::new() };
        for row in dependencies {
            if let Some(strength) = row.get::<_, Option<i32>>("strength") {
                bringers.add(ObjectId::needing(row), strength, ObjectId::needed(row));
            }
        }
        bringers
    }

    fn add(&mut self, row: ObjectId, strength: i32, bringer: ObjectId) {
        let known = self.rows.entry(row).or_insert((strength, bringer));
        if strength < known.0 {
            *known = (strength, bringer);
        }
    }

    /// The entry that brings a row.
    pub(super) fn find(&self, mut row: ObjectId) -> Option<usize> {
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

/// Rows that depend on rows, users' objects only, and the text search of the system, which they may have altered. Ownership
/// of a sequence, the attachment of a partition and the columns of an extension's table have no rows of their own there; they
/// go by the names of `pg_sequence`, `pg_inherits` and `pg_attribute`.
const QUERY: &str = "
SELECT CASE WHEN owned.seqrelid IS NULL THEN d.classid ELSE 'pg_sequence'::regclass END::oid AS class, d.objid AS object,
       d.refclassid AS needed_class, d.refobjid AS needed_object, d.refclassid = 'pg_type'::regclass AS by_type,
       CASE WHEN d.deptype = 'e' THEN 0
            WHEN d.deptype = 'i' THEN 1
            WHEN d.deptype = 'P' AND d.classid = d.refclassid THEN 2
            WHEN d.deptype = 'a' AND d.classid IN ('pg_attrdef'::regclass, 'pg_constraint'::regclass) THEN 3
            WHEN d.deptype = 'a' AND d.refclassid = 'pg_opclass'::regclass THEN 4
       END AS strength
  FROM pg_depend d
  LEFT JOIN pg_sequence owned ON d.classid = 'pg_class'::regclass AND owned.seqrelid = d.objid AND d.deptype = 'a'
 WHERE d.objid >= 16384 AND d.refobjid >= 16384
    OR d.objid >= 16384 AND d.refclassid IN ('pg_ts_config'::regclass, 'pg_ts_dict'::regclass)
    OR d.refobjid >= 16384 AND d.classid = 'pg_ts_config'::regclass
 UNION ALL
SELECT DISTINCT d.classid, d.objid, 'pg_ts_dict'::regclass::oid, m.mapdict, false, NULL::integer
  FROM pg_depend d JOIN pg_ts_config_map m ON d.refclassid = 'pg_ts_config'::regclass AND m.mapcfg = d.refobjid
 WHERE d.objid >= 16384
 UNION ALL
SELECT 'pg_sequence'::regclass, seqrelid, 'pg_class'::regclass, seqrelid, false, NULL FROM pg_sequence
 UNION ALL
SELECT 'pg_attrdef'::regclass, a.oid, 'pg_attribute'::regclass, adrelid, false, -1
  FROM pg_attrdef a JOIN pg_depend m ON m.classid = 'pg_class'::regclass AND m.objid = adrelid AND m.deptype = 'e'
 UNION ALL
SELECT 'pg_attribute'::regclass, objid, 'pg_class'::regclass, objid, false, NULL
  FROM pg_depend m WHERE m.classid = 'pg_class'::regclass AND m.deptype = 'e'
 UNION ALL
SELECT 'pg_inherits'::regclass, inhrelid, 'pg_class'::regclass, related, false, NULL
  FROM pg_inherits CROSS JOIN LATERAL (VALUES (inhrelid), (inhparent)) related(related)";
