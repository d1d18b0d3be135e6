//! Where a check of a domain stands that is a statement of its own.
//!
//! Over the rows, as its function may read any of them. But the server adds no check to a domain whose values a table
//! holds inside others, in an array, a row or a range: such a check comes before that table.

use std::collections::HashMap;

use super::dependencies::Need;
use super::order::Graph;
use super::{Entry, ObjectId, Reader, scope};
use crate::error::Result;
use crate::manifest::Section;

/// Moves checks before the tables that hold values of their domains inside others.
pub(super) async fn place(reader: &Reader<'_>, graph: &mut Graph) -> Result<()> {
    if !graph.entries.iter().any(is_of_domain) {
        return Ok(());
    }
    let creating = graph.entries.iter().enumerate().filter(|(_, entry)| !entry.adorns());
    let places: HashMap<ObjectId, usize> = creating.filter_map(|(place, entry)| Some((entry.id?, place))).collect();
    for row in scope::rows(reader, "tables that hold domains", HOLDERS).await? {
        let check = ObjectId { class: row.get("check_class"), object: row.get("check") };
        let holder = ObjectId { class: row.get("holder_class"), object: row.get("holder") };
        if let (Some(&check), Some(&holder)) = (places.get(&check), places.get(&holder)) {
            graph.entries[check].section = Section::PreData;
            graph.edges[holder].entry(check).or_insert(Need::Order);
        }
    }
    Ok(())
}

fn is_of_domain(entry: &Entry) -> bool {
    entry.kind == "check constraint" && entry.table.is_none()
}

/// Checks that were never validated are added without a look at any table.
const HOLDERS: &str = "
WITH RECURSIVE part(type, whole, wraps) AS MATERIALIZED (
    SELECT typbasetype, oid, false FROM pg_type WHERE typbasetype >= 16384
     UNION ALL SELECT typelem, oid, true FROM pg_type WHERE typelem >= 16384
     UNION ALL SELECT rngsubtype, rngtypid, true FROM pg_range WHERE rngsubtype >= 16384
     UNION ALL SELECT rngtypid, rngmultitypid, true FROM pg_range WHERE rngtypid >= 16384
     UNION ALL SELECT atttypid, reltype, true FROM pg_attribute JOIN pg_class c ON c.oid = attrelid
                WHERE atttypid >= 16384 AND attnum > 0 AND NOT attisdropped AND reltype <> 0
), inside(domain, type, wrapped) AS (
    SELECT contypid, contypid, false FROM pg_constraint WHERE contype = 'c' AND contypid >= 16384
     UNION
    SELECT domain, whole, wrapped OR wraps FROM inside JOIN part USING (type)
)
SELECT DISTINCT 'pg_constraint'::regclass::oid AS check_class, o.oid AS check,
       'pg_class'::regclass::oid AS holder_class, c.oid AS holder
  FROM inside
  JOIN pg_attribute a ON a.atttypid = inside.type AND a.attnum > 0 AND NOT a.attisdropped
  JOIN pg_class c ON c.oid = a.attrelid AND c.relkind IN ('r', 'p', 'm')
  JOIN pg_constraint o ON o.contypid = inside.domain AND o.contype = 'c' AND o.convalidated
 WHERE inside.wrapped";
