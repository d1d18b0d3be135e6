//! Transforms: how values of a type enter and leave a language.

use super::address::{self, Address};
use super::{Entry, Reader, scope};
use crate::error::Result;

pub(super) async fn entries(reader: &Reader<'_>) -> Result<Vec<Entry>> {
    let rows = scope::rows(reader, "transforms", &query()).await?;
    Ok(rows
        .iter()
        .map(|row| {
            let address = Address::read(row);
            let functions: Vec<String> = row.get("functions");
            let sql = format!("CREATE TRANSFORM {} ({});\n", address.target(), functions.join(", "));
            address::entry("transform", row, &address, sql)
        })
        .collect())
}

fn query() -> String {
    format!(
        "SELECT 'pg_transform'::regclass::oid AS class, t.oid, {columns}, \
                array_remove(ARRAY[ \
                    'FROM SQL WITH FUNCTION ' || nullif(t.trffromsql, 0)::regprocedure::text, \
                    'TO SQL WITH FUNCTION ' || nullif(t.trftosql, 0)::regprocedure::text \
                ], NULL) AS functions \
           FROM pg_transform t {address} \
          WHERE t.oid >= 16384 AND {} \
          ORDER BY {columns}",
        scope::unowned("'pg_transform'", "t.oid"),
        columns = address::COLUMNS,
        address = address::of("'pg_transform'::regclass", "t.oid", "0"),
    )
}
