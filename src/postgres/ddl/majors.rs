//! Which objects an older server does not understand, so that a restore there can be refused by name.

use std::collections::HashMap;

use super::{Entry, ObjectId, Reader, scope};
use crate::error::Result;

/// The first major that knows an object, where that is not the oldest that we read.
#[derive(Debug, Default)]
pub struct Majors(HashMap<ObjectId, u32>);

impl Majors {
    /// `None` where every server knows the statements of this entry.
    pub fn of(&self, entry: &Entry) -> Option<u32> {
        match entry.id {
            Some(id) => self.0.get(&id).copied(),
            None => (entry.kind == "acl" && entry.sql.lines().any(grants_maintenance)).then_some(17),
        }
    }
}

/// Whether a line of a grant names the privilege that came last.
fn grants_maintenance(line: &str) -> bool {
    let privileges = line.trim_start().strip_prefix("GRANT ").and_then(|grant| grant.split(" ON ").next());
    privileges.is_some_and(|privileges| privileges.split(", ").any(|privilege| privilege == "MAINTAIN"))
}

/// Reads the catalogs as far as the server's own version has them.
pub(super) async fn read(reader: &Reader<'_>) -> Result<Majors> {
    let mut majors = HashMap::new();
    for (since, queries) in [(15, SINCE_15), (16, SINCE_16), (17, SINCE_17), (18, SINCE_18)] {
        if reader.version < since * 10_000 {
            break;
        }
        let query = queries.join(" UNION ALL ");
        for row in scope::rows(reader, "features", &query).await? {
            let id = ObjectId { class: row.get("class"), object: row.get("object") };
            majors.entry(id).and_modify(|known: &mut u32| *known = (*known).max(since)).or_insert(since);
        }
    }
    Ok(Majors(majors))
}

const SINCE_15: &[&str] = &[
    // NULLS NOT DISTINCT, of indexes and of constraints.
    "SELECT 'pg_class'::regclass::oid AS class, indexrelid AS object FROM pg_index WHERE indnullsnotdistinct",
    "SELECT 'pg_constraint'::regclass, o.oid FROM pg_constraint o JOIN pg_index i ON i.indexrelid = o.conindid \
      WHERE i.indnullsnotdistinct AND o.contype = 'u'",
    // ON DELETE SET NULL (column)
    "SELECT 'pg_constraint'::regclass, oid FROM pg_constraint WHERE confdelsetcols IS NOT NULL",
    // Sequences with a persistence of their own.
    "SELECT 'pg_class'::regclass, oid FROM pg_class WHERE relkind = 'S' AND relpersistence = 'u' AND oid >= 16384",
    // Views that check the rights of who reads them.
    "SELECT 'pg_class'::regclass, oid FROM pg_class WHERE reloptions::text ~ 'security_invoker'",
];

const SINCE_16: &[&str] =
    &["SELECT 'pg_collation'::regclass::oid AS class, oid AS object FROM pg_collation WHERE collicurules IS NOT NULL"];

const SINCE_17: &[&str] = &[
    "SELECT 'pg_collation'::regclass::oid AS class, oid AS object FROM pg_collation \
      WHERE oid >= 16384 AND collprovider = 'b'",
    // A partitioned table with an access method, which its partitions inherit.
    "SELECT 'pg_class'::regclass, oid FROM pg_class WHERE relkind = 'p' AND relam <> 0",
    // An exclusion constraint over all partitions.
    "SELECT 'pg_constraint'::regclass, o.oid FROM pg_constraint o JOIN pg_class c ON c.oid = o.conrelid \
      WHERE o.contype = 'x' AND c.relkind = 'p'",
];

const SINCE_18: &[&str] = &[
    // Their expressions are few beside all columns.
    "SELECT 'pg_class'::regclass::oid AS class, a.attrelid AS object FROM pg_attrdef d \
       JOIN pg_attribute a ON a.attrelid = d.adrelid AND a.attnum = d.adnum WHERE a.attgenerated = 'v'",
    // NOT ENFORCED, inside the table or beside it.
    "SELECT 'pg_class'::regclass, conrelid FROM pg_constraint WHERE NOT conenforced AND contype = 'c'",
    "SELECT 'pg_constraint'::regclass, oid FROM pg_constraint WHERE NOT conenforced",
    // WITHOUT OVERLAPS and PERIOD
    "SELECT 'pg_constraint'::regclass, oid FROM pg_constraint WHERE conperiod",
    // NOT NULL as a constraint: NO INHERIT, NOT VALID, or added to a column of a parent. Most tables have no parents:
    // asked apart, the second question passes over them.
    "SELECT 'pg_class'::regclass, conrelid FROM pg_constraint \
      WHERE contype = 'n' AND convalidated AND connoinherit AND conrelid >= 16384",
    "SELECT 'pg_class'::regclass, o.conrelid FROM (SELECT DISTINCT inhrelid FROM pg_inherits) child \
       JOIN pg_attribute a ON a.attrelid = child.inhrelid \
       JOIN pg_constraint o ON o.conrelid = a.attrelid AND o.conkey[1] = a.attnum \
       JOIN pg_class c ON c.oid = o.conrelid \
      WHERE NOT a.attislocal AND o.contype = 'n' AND o.convalidated AND o.conislocal AND c.oid >= 16384 \
        AND NOT c.relispartition",
    "SELECT 'pg_constraint'::regclass, oid FROM pg_constraint WHERE contype = 'n' AND NOT convalidated",
    // Options of tables and of their long values.
    "SELECT 'pg_class'::regclass, c.oid FROM pg_class c LEFT JOIN pg_class toast ON toast.oid = c.reltoastrelid \
      WHERE c.relkind IN ('r', 'm') AND (c.reloptions || toast.reloptions)::text \
            ~ 'autovacuum_vacuum_max_threshold|vacuum_max_eager_freeze_failure_rate'",
];
