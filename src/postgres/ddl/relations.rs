//! Tables as the copying of rows sees them.

use super::{Reader, Relation, scope};
use crate::error::Result;

/// Every table, ordered by schema and name.
pub(super) async fn read(reader: &Reader<'_>) -> Result<Vec<Relation>> {
    let rows = scope::rows(reader, "tables", &query()).await?;
    Ok(rows
        .iter()
        .map(|row| Relation {
            oid: row.get("oid"),
            schema: row.get("schema"),
            name: row.get("name"),
            columns: row.get("columns"),
            all_columns: row.get("all_columns"),
            has_rows: row.get("has_rows"),
            heap: row.get("heap"),
            blocks: row.get::<_, i64>("blocks").cast_unsigned(),
        })
        .collect())
}

fn query() -> String {
    format!(
        "SELECT c.oid, n.nspname AS schema, c.relname AS name, c.relkind = 'r' AS has_rows, \
                coalesce(am.amname = 'heap', false) AS heap, \
                coalesce(pg_relation_size(c.oid), 0) / current_setting('block_size')::bigint AS blocks, \
                coalesce(a.columns, '{{}}') AS columns, coalesce(a.all_columns, '{{}}') AS all_columns \
           FROM pg_class c \
           JOIN pg_namespace n ON n.oid = c.relnamespace \
           LEFT JOIN pg_am am ON am.oid = c.relam AND c.relkind = 'r' \
           LEFT JOIN ( \
               SELECT attrelid, array_agg(attname::text ORDER BY attnum) AS all_columns, \
                      array_agg(attname::text ORDER BY attnum) FILTER (WHERE attgenerated = '') AS columns \
                 FROM pg_attribute JOIN pg_class t ON t.oid = attrelid AND t.relkind IN ('r', 'p') \
                WHERE attnum > 0 AND NOT attisdropped GROUP BY attrelid \
           ) a ON a.attrelid = c.oid \
          WHERE c.relkind IN ('r', 'p') AND {} AND {} \
          ORDER BY n.nspname COLLATE \"C\", c.relname COLLATE \"C\"",
        scope::user_schema("n.nspname"),
        scope::unowned("'pg_class'", "c.oid"),
    )
}
