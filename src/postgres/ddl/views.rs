//! Views and materialized views; `refreshes.rs` fills the latter.

use std::collections::HashMap;

use tokio_postgres::Row;

use super::{Entry, ObjectId, Reader, options, parameters, scope, tablespaces};
use crate::error::Result;
use crate::manifest::Section;
use crate::postgres::quote;

pub(super) async fn entries(reader: &Reader<'_>) -> Result<Vec<Entry>> {
    let mut alterations = alterations(reader).await?;
    Ok(scope::defined(reader, "views", &query(reader.version))
        .await?
        .iter()
        .map(|row| view(row, &alterations.remove(&row.get("oid")).unwrap_or_default()))
        .collect())
}

/// The check option stands among the options, where it means the same as `WITH … CHECK OPTION` behind the query.
fn view(row: &Row, alterations: &[String]) -> Entry {
    let (schema, name): (String, String) = (row.get("schema"), row.get("name"));
    let qualified = quote::qualified(&schema, &name);
    let options = parameters::clause(&row.get::<_, Vec<String>>("options"));
    let definition = row.get::<_, &str>("definition").trim_end_matches(';');
    let (kind, create) = match row.get::<_, Option<&str>>("access_method") {
        None => ("view", format!("CREATE VIEW {qualified}{options} AS\n{definition};\n")),
        Some(method) => {
            let using = format!("USING {}{options}", quote::identifier(method));
            let create = format!("CREATE MATERIALIZED VIEW {qualified} {using} AS\n{definition}\n  WITH NO DATA;\n");
            ("materialized view", tablespaces::within(row.get("tablespace"), create))
        }
    };
    let alter = |action: &String| format!("ALTER {} {qualified} {action};\n", kind.to_uppercase());
    let sql = create + &alterations.iter().map(alter).collect::<String>();
    Entry { id: Some(ObjectId::of(row)), section: Section::PreData, kind, schema: Some(schema), name, table: None, sql }
}

fn query(version: u32) -> String {
    format!(
        "SELECT 'pg_class'::regclass::oid AS class, c.oid, \
                n.nspname AS schema, c.relname AS name, pg_get_viewdef(c.oid) AS definition, a.amname AS access_method, \
                {}, {} || {} AS options \
           FROM pg_class c \
           JOIN pg_namespace n ON n.oid = c.relnamespace \
           LEFT JOIN pg_am a ON a.oid = c.relam \
           LEFT JOIN pg_class t ON t.oid = c.reltoastrelid \
          WHERE c.relkind IN ('v', 'm') AND {} AND {} \
          ORDER BY n.nspname, c.relname",
        tablespaces::column("c"),
        options::of_relation("c", "", version),
        options::of_relation("t", "toast.", version),
        scope::user_schema("n.nspname"),
        scope::unowned("'pg_class'", "c.oid"),
    )
}

/// What columns have beyond their view's query, as actions of `ALTER`, by view.
async fn alterations(reader: &Reader<'_>) -> Result<HashMap<u32, Vec<String>>> {
    let mut alterations: HashMap<u32, Vec<String>> = HashMap::new();
    for row in scope::rows(reader, "columns of views", &columns_query()).await? {
        let action = format!("ALTER COLUMN {} {}", quote::identifier(row.get("name")), row.get::<_, &str>("action"));
        alterations.entry(row.get("view")).or_default().push(action);
    }
    Ok(alterations)
}

fn columns_query() -> String {
    format!(
        "SELECT a.attrelid AS view, a.attname AS name, action \
           FROM pg_attribute a \
           JOIN pg_class c ON c.oid = a.attrelid \
           JOIN pg_namespace n ON n.oid = c.relnamespace \
           JOIN pg_type t ON t.oid = a.atttypid \
           LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum \
          CROSS JOIN LATERAL unnest(ARRAY[ \
                'SET DEFAULT ' || pg_get_expr(d.adbin, d.adrelid), \
                CASE WHEN a.attstattarget >= 0 THEN 'SET STATISTICS ' || a.attstattarget::text END, \
                CASE WHEN c.relkind = 'm' AND a.attstorage <> t.typstorage THEN 'SET STORAGE ' || \
                    CASE a.attstorage WHEN 'p' THEN 'PLAIN' WHEN 'e' THEN 'EXTERNAL' \
                                      WHEN 'm' THEN 'MAIN' ELSE 'EXTENDED' END END, \
                CASE a.attcompression WHEN 'p' THEN 'SET COMPRESSION pglz' \
                                      WHEN 'l' THEN 'SET COMPRESSION lz4' END, \
                CASE WHEN c.relkind = 'm' THEN {} END \
          ]) action \
          WHERE c.relkind IN ('v', 'm') AND a.attnum > 0 AND NOT a.attisdropped AND action IS NOT NULL AND {} \
          ORDER BY a.attrelid, a.attnum, action",
        options::action_of_column("a"),
        scope::user_schema("n.nspname"),
    )
}
