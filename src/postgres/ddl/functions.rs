//! Functions, procedures and window functions, in whatever language.

use super::{Entry, ObjectId, Reader, scope};
use crate::error::Result;
use crate::manifest::Section;

pub(super) async fn entries(reader: &Reader<'_>) -> Result<Vec<Entry>> {
    let rows = scope::defined(reader, "functions", &query()).await?;
    Ok(rows
        .iter()
        .map(|row| {
            let name: &str = row.get("name");
            let arguments: &str = row.get("arguments");
            let definition: &str = row.get("definition");
            Entry {
                id: Some(ObjectId::of(row)),
                section: Section::PreData,
                kind: if row.get::<_, bool>("procedure") { "procedure" } else { "function" },
                schema: Some(row.get("schema")),
                name: format!("{name}({arguments})"),
                table: None,
                sql: format!("{};\n", definition.trim_end()),
            }
        })
        .collect())
}

fn query() -> String {
    format!(
        "SELECT 'pg_proc'::regclass::oid AS class, p.oid, n.nspname AS schema, p.proname AS name, \
                p.prokind = 'p' AS procedure, oidvectortypes(p.proargtypes) AS arguments, \
                pg_get_functiondef(p.oid) AS definition \
           FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace \
          WHERE p.prokind <> 'a' AND {} AND {} AND {} \
          ORDER BY n.nspname, p.proname, arguments",
        scope::user_schema("n.nspname"),
        scope::unowned("'pg_proc'", "p.oid"),
        scope::independent("'pg_proc'", "p.oid"),
    )
}
