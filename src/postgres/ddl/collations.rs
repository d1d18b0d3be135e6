//! Collations that users made.

use tokio_postgres::Row;

use super::{Entry, ObjectId, Reader, scope};
use crate::error::Result;
use crate::manifest::Section;
use crate::postgres::quote;

pub(super) async fn entries(reader: &Reader<'_>) -> Result<Vec<Entry>> {
    let rows = scope::rows(reader, "collations", &query(reader.version)).await?;
    Ok(rows.iter().map(collation).collect())
}

fn collation(row: &Row) -> Entry {
    let (schema, name): (String, String) = (row.get("schema"), row.get("name"));
    let mut options = vec![format!("provider = {}", row.get::<_, &str>("provider"))];
    if !row.get::<_, bool>("deterministic") {
        options.push("deterministic = false".to_owned());
    }
    for option in ["locale", "lc_collate", "lc_ctype", "rules"] {
        if let Some(value) = row.get::<_, Option<&str>>(option) {
            options.push(format!("{option} = {}", quote::literal(value)));
        }
    }
    Entry {
        id: Some(ObjectId::of(row)),
        section: Section::PreData,
        kind: "collation",
        sql: format!("CREATE COLLATION {} ({});\n", quote::qualified(&schema, &name), options.join(", ")),
        schema: Some(schema),
        name,
        table: None,
    }
}

/// Before 15 the columns for libc held the names of ICU too.
fn query(version: u32) -> String {
    let locale = match version {
        170_000.. => "l.colllocale",
        150_000.. => "l.colliculocale",
        _ => "CASE l.collprovider WHEN 'i' THEN l.collcollate::text END",
    };
    let rules = if version >= 160_000 { "l.collicurules" } else { "NULL::text" };
    format!(
        "SELECT 'pg_collation'::regclass::oid AS class, l.oid, n.nspname AS schema, l.collname AS name, \
                CASE l.collprovider WHEN 'c' THEN 'libc' WHEN 'i' THEN 'icu' WHEN 'b' THEN 'builtin' \
                                    ELSE 'default' END AS provider, \
                l.collisdeterministic AS deterministic, {locale} AS locale, {rules} AS rules, \
                CASE l.collprovider WHEN 'c' THEN l.collcollate::text END AS lc_collate, \
                CASE l.collprovider WHEN 'c' THEN l.collctype::text END AS lc_ctype \
           FROM pg_collation l JOIN pg_namespace n ON n.oid = l.collnamespace \
          WHERE {} AND {} \
          ORDER BY n.nspname, l.collname",
        scope::user_schema("n.nspname"),
        scope::unowned("'pg_collation'", "l.oid"),
    )
}
