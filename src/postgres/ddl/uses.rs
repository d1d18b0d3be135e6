//! What definitions use: operators, functions, types, collations and operator classes, as the server has understood them.
//!
//! A text can be read in more than one way, so equal texts do not show that a definition came back as it was; this does.
//! What belongs to the system is nobody's to lose, and `pg_depend` does not tell of it: where it has taken the place of
//! something else, that is what is missing.

use std::collections::HashMap;

use tokio_postgres::Row;

use super::dependencies::Bringers;
use super::{Entry, Reader, scope};
use crate::error::Result;
use crate::manifest::Used;

/// That a row of the catalogs uses something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Use {
    /// The row: `rule "_RETURN" on public.v`.
    pub name: String,
    /// What it uses.
    pub used: Used,
}

impl Use {
    fn of(row: &Row) -> Self {
        let used = Used { name: row.get("used"), extension: row.get("extension") };
        Self { name: row.get("name"), used }
    }
}

/// All uses, by the place of the entry that brings the row.
pub(super) async fn by_entry(
    reader: &Reader<'_>,
    entries: &[Entry],
    dependencies: &[Row],
) -> Result<Vec<(usize, Use)>> {
    let bringers = Bringers::of(entries, dependencies);
    let rows = scope::rows(reader, "what definitions use", QUERY).await?;
    Ok(rows.iter().filter_map(|row| Some((bringers.find(super::ObjectId::of(row))?, Use::of(row)))).collect())
}

/// What each row uses now, by its name.
pub async fn by_name(reader: &Reader<'_>) -> Result<HashMap<String, Vec<Used>>> {
    let mut uses: HashMap<String, Vec<Used>> = HashMap::new();
    for row in scope::rows(reader, "what definitions use", QUERY).await? {
        let Use { name, used } = Use::of(&row);
        uses.entry(name).or_default().push(used);
    }
    Ok(uses)
}

/// Rows that hold an expression, a query or the type of something, and no members of extensions. The server's own names
/// for both, which do not depend on oids. Which types an expression depends on, not even minor releases agree about; its
/// text says it, anyway. Neither do they agree how many rows a foreign key to a partitioned table has, whose names they
/// make up, nor whether the expression of a generated column has a row of its own (since PostgreSQL 15).
const QUERY: &str = "
WITH used AS MATERIALIZED (
    SELECT r.class, r.object, i.type || ' ' || i.identity AS name, e.extname::text AS extension
      FROM (SELECT DISTINCT refclassid AS class, refobjid AS object FROM pg_depend
             WHERE objid >= 16384 AND refobjid >= 16384 AND deptype = 'n' AND refclassid
                   IN ('pg_operator'::regclass, 'pg_proc'::regclass, 'pg_type'::regclass, 'pg_collation'::regclass,
                       'pg_opclass'::regclass, 'pg_ts_config'::regclass, 'pg_ts_dict'::regclass)) r
      CROSS JOIN LATERAL pg_identify_object(r.class, r.object, 0) i
      LEFT JOIN pg_depend m ON m.classid = r.class AND m.objid = r.object AND m.deptype = 'e'
      LEFT JOIN pg_extension e ON m.refclassid = 'pg_extension'::regclass AND e.oid = m.refobjid)
SELECT d.class, d.object AS oid, i.type || ' ' || i.identity AS name, used.name AS used, used.extension
  FROM (SELECT DISTINCT classid AS class, objid AS object, refclassid, refobjid FROM pg_depend d
         WHERE objid >= 16384 AND deptype = 'n' AND classid
               IN ('pg_rewrite'::regclass, 'pg_attrdef'::regclass, 'pg_constraint'::regclass, 'pg_class'::regclass,
                   'pg_trigger'::regclass, 'pg_policy'::regclass, 'pg_statistic_ext'::regclass, 'pg_proc'::regclass,
                   'pg_publication_rel'::regclass, 'pg_type'::regclass)
           AND (refclassid <> 'pg_type'::regclass
                OR classid IN ('pg_class'::regclass, 'pg_proc'::regclass, 'pg_type'::regclass))
           AND NOT EXISTS (SELECT FROM pg_depend m WHERE m.classid = d.classid AND m.objid = d.objid AND m.deptype = 'e')
           AND NOT (classid = 'pg_constraint'::regclass AND EXISTS (
                SELECT FROM pg_constraint o WHERE o.oid = d.objid AND o.contype = 'f' AND o.conparentid <> 0))
           AND NOT (classid = 'pg_attrdef'::regclass AND EXISTS (
                SELECT FROM pg_attrdef v JOIN pg_attribute a ON a.attrelid = v.adrelid AND a.attnum = v.adnum
                 WHERE v.oid = d.objid AND a.attgenerated <> ''))) d
  JOIN used ON used.class = d.refclassid AND used.object = d.refobjid
 CROSS JOIN LATERAL pg_identify_object(d.class, d.object, 0) i
 WHERE i.identity IS NOT NULL AND used.name IS NOT NULL
 ORDER BY i.type, i.identity COLLATE \"C\", used.name COLLATE \"C\"";
