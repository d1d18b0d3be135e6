//! Range types with their multirange types. One with a canonical function needs a function that takes the type before
//! the type is there: see `circles`.

use tokio_postgres::Row;

use super::{NAMES, collation, create_type, of_users};
use crate::error::Result;
use crate::postgres::ddl::{Entry, Reader, scope};
use crate::postgres::quote;

pub(super) async fn entries(reader: &Reader<'_>) -> Result<Vec<Entry>> {
    let rows = scope::rows(reader, "range types", &query()).await?;
    Ok(rows.iter().map(|row| create_type(row, &definition(row))).collect())
}

fn definition(row: &Row) -> String {
    let mut lines = vec![format!("SUBTYPE = {}", row.get::<_, &str>("subtype"))];
    let multirange = quote::qualified(row.get("multirange_schema"), row.get("multirange"));
    lines.push(format!("MULTIRANGE_TYPE_NAME = {multirange}"));
    if let Some(schema) = row.get::<_, Option<&str>>("operator_class_schema") {
        lines.push(format!("SUBTYPE_OPCLASS = {}", quote::qualified(schema, row.get("operator_class"))));
    }
    let collation = collation(row);
    if let Some(name) = collation.strip_prefix(" COLLATE ") {
        lines.push(format!("COLLATION = {name}"));
    }
    if let Some(schema) = row.get::<_, Option<&str>>("canonical_schema") {
        lines.push(format!("CANONICAL = {}", quote::qualified(schema, row.get("canonical"))));
    }
    if let Some(schema) = row.get::<_, Option<&str>>("difference_schema") {
        lines.push(format!("SUBTYPE_DIFF = {}", quote::qualified(schema, row.get("difference"))));
    }
    format!("RANGE (\n    {}\n)", lines.join(",\n    "))
}

fn query() -> String {
    format!(
        "SELECT {NAMES}, format_type(r.rngsubtype, NULL) AS subtype, \
                mn.nspname AS multirange_schema, m.typname AS multirange, \
                ocn.nspname AS operator_class_schema, oc.opcname AS operator_class, \
                ln.nspname AS collation_schema, l.collname AS collation, \
                cn.nspname AS canonical_schema, c.proname AS canonical, \
                dn.nspname AS difference_schema, d.proname AS difference \
           FROM pg_range r \
           JOIN pg_type t ON t.oid = r.rngtypid \
           JOIN pg_namespace n ON n.oid = t.typnamespace \
           JOIN pg_type s ON s.oid = r.rngsubtype \
           JOIN pg_type m ON m.oid = r.rngmultitypid \
           JOIN pg_namespace mn ON mn.oid = m.typnamespace \
           LEFT JOIN pg_opclass oc ON oc.oid = r.rngsubopc AND NOT oc.opcdefault \
           LEFT JOIN pg_namespace ocn ON ocn.oid = oc.opcnamespace \
           LEFT JOIN pg_collation l ON l.oid = r.rngcollation AND r.rngcollation <> s.typcollation \
           LEFT JOIN pg_namespace ln ON ln.oid = l.collnamespace \
           LEFT JOIN pg_proc c ON c.oid = r.rngcanonical \
           LEFT JOIN pg_namespace cn ON cn.oid = c.pronamespace \
           LEFT JOIN pg_proc d ON d.oid = r.rngsubdiff \
           LEFT JOIN pg_namespace dn ON dn.oid = d.pronamespace \
          WHERE {} ORDER BY n.nspname, t.typname",
        of_users(),
    )
}
