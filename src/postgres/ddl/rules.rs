//! Rules of tables and views, and whether they apply. The rule that makes a view one is the view's own.

use super::{Entry, ObjectId, Reader, scope};
use crate::error::Result;
use crate::manifest::Section;
use crate::postgres::quote;

pub(super) async fn entries(reader: &Reader<'_>) -> Result<Vec<Entry>> {
    let rows = scope::defined(reader, "rules", &query()).await?;
    Ok(rows
        .iter()
        .map(|row| {
            let name: String = row.get("name");
            let table = quote::qualified(row.get("schema"), row.get("table"));
            let state = row.get::<_, Option<&str>>("state").map_or_else(String::new, |state| {
                format!("ALTER TABLE {table} {state} RULE {};\n", quote::identifier(&name))
            });
            Entry {
                id: Some(ObjectId::of(row)),
                section: Section::PostData,
                kind: "rule",
                schema: Some(row.get("schema")),
                table: Some(row.get("table_oid")),
                sql: format!("{}\n{state}", row.get::<_, &str>("definition")),
                name,
            }
        })
        .collect())
}

fn query() -> String {
    format!(
        "SELECT 'pg_rewrite'::regclass::oid AS class, r.oid, n.nspname AS schema, c.relname AS table, c.oid AS table_oid, \
                r.rulename AS name, pg_get_ruledef(r.oid) AS definition, \
                CASE r.ev_enabled WHEN 'D' THEN 'DISABLE' WHEN 'A' THEN 'ENABLE ALWAYS' \
                                  WHEN 'R' THEN 'ENABLE REPLICA' END AS state \
           FROM pg_rewrite r \
           JOIN pg_class c ON c.oid = r.ev_class \
           JOIN pg_namespace n ON n.oid = c.relnamespace \
          WHERE r.rulename <> '_RETURN' AND {} AND {} \
          ORDER BY n.nspname, c.relname, r.rulename",
        scope::user_schema("n.nspname"),
        scope::unowned("'pg_class'", "c.oid"),
    )
}
