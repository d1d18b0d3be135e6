//! Schemas. `public` is in every new database.

use super::{Entry, ObjectId, Reader, scope};
use crate::error::Result;
use crate::manifest::Section;
use crate::postgres::quote;

pub(super) async fn entries(reader: &Reader<'_>) -> Result<Vec<Entry>> {
    let rows = scope::rows(reader, "schemas", &query()).await?;
    Ok(rows
        .iter()
        .map(|row| {
            let name: String = row.get("name");
            Entry {
                id: Some(ObjectId::of(row)),
                section: Section::PreData,
                kind: "schema",
                schema: None,
                sql: format!("CREATE SCHEMA {};\n", quote::identifier(&name)),
                name,
                table: None,
            }
        })
        .collect())
}

fn query() -> String {
    format!(
        "SELECT 'pg_namespace'::regclass::oid AS class, n.oid, n.nspname AS name \
           FROM pg_namespace n \
          WHERE n.nspname <> 'public' AND {} AND {} \
          ORDER BY n.nspname",
        scope::user_schema("n.nspname"),
        scope::unowned("'pg_namespace'", "n.oid"),
    )
}
