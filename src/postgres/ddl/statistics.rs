//! Extended statistics: what is to be gathered, not what was.

use super::{Entry, ObjectId, Reader, scope};
use crate::error::Result;
use crate::manifest::Section;
use crate::postgres::quote;

pub(super) async fn entries(reader: &Reader<'_>) -> Result<Vec<Entry>> {
    let rows = scope::defined(reader, "extended statistics", &query()).await?;
    Ok(rows
        .iter()
        .map(|row| {
            let (schema, name): (String, String) = (row.get("schema"), row.get("name"));
            let definition: &str = row.get("definition");
            let target = row.get::<_, Option<i32>>("target").map_or_else(String::new, |target| {
                format!("ALTER STATISTICS {} SET STATISTICS {target};\n", quote::qualified(&schema, &name))
            });
            Entry {
                id: Some(ObjectId::of(row)),
                section: Section::PostData,
                kind: "statistics",
                schema: Some(schema),
                name,
                table: Some(row.get("table_oid")),
                sql: format!("{definition};\n{target}"),
            }
        })
        .collect())
}

/// Without a target of its own an object has -1, from 17 on no value.
fn query() -> String {
    format!(
        "SELECT 'pg_statistic_ext'::regclass::oid AS class, s.oid, n.nspname AS schema, s.stxname AS name, \
                s.stxrelid AS table_oid, pg_get_statisticsobjdef(s.oid) AS definition, \
                CASE WHEN s.stxstattarget >= 0 THEN s.stxstattarget::int END AS target \
           FROM pg_statistic_ext s JOIN pg_namespace n ON n.oid = s.stxnamespace \
          WHERE {} AND {} AND {} \
          ORDER BY n.nspname, s.stxname",
        scope::user_schema("n.nspname"),
        scope::unowned("'pg_statistic_ext'", "s.oid"),
        scope::unowned("'pg_class'", "s.stxrelid"),
    )
}
