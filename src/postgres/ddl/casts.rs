//! Casts. They have no name, no schema and no owner: what they lead from and to is all.

use super::address::{self, Address};
use super::{Entry, Reader, scope};
use crate::error::Result;

pub(super) async fn entries(reader: &Reader<'_>) -> Result<Vec<Entry>> {
    let rows = scope::rows(reader, "casts", &query()).await?;
    Ok(rows
        .iter()
        .map(|row| {
            let sql = format!("CREATE CAST {};\n", row.get::<_, &str>("definition"));
            address::entry("cast", row, &Address::read(row), sql)
        })
        .collect())
}

fn query() -> String {
    format!(
        "SELECT 'pg_cast'::regclass::oid AS class, c.oid, {columns}, \
                format('(%s AS %s) ', format_type(c.castsource, -1), format_type(c.casttarget, -1)) || \
                CASE c.castmethod WHEN 'b' THEN 'WITHOUT FUNCTION' WHEN 'i' THEN 'WITH INOUT' \
                                  ELSE 'WITH FUNCTION ' || c.castfunc::regprocedure::text END || \
                CASE c.castcontext WHEN 'a' THEN ' AS ASSIGNMENT' WHEN 'i' THEN ' AS IMPLICIT' ELSE '' END AS definition \
           FROM pg_cast c {address} \
          WHERE c.oid >= 16384 AND {} AND {} \
          ORDER BY {columns}",
        scope::unowned("'pg_cast'", "c.oid"),
        scope::independent("'pg_cast'", "c.oid"),
        columns = address::COLUMNS,
        address = address::of("'pg_cast'::regclass", "c.oid", "0"),
    )
}
