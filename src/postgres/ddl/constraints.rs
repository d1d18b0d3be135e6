//! Constraints that are built over rows: primary keys, unique and exclusion constraints, foreign keys, late checks.

use std::fmt::Write as _;

use tokio_postgres::Row;

use super::indexes::Marks;
use super::{Entry, ObjectId, Reader, checks, parameters, scope};
use crate::error::Result;
use crate::manifest::Section;
use crate::postgres::quote;

pub(super) async fn entries(reader: &Reader<'_>) -> Result<Vec<Entry>> {
    let mut entries = checks::added(reader).await?;
    for row in scope::rows(reader, "constraints", &query()).await? {
        entries.push(constraint(&row));
    }
    Ok(entries)
}

fn constraint(row: &Row) -> Entry {
    let (schema, name): (String, String) = (row.get("schema"), row.get("name"));
    let table = quote::qualified(&schema, row.get("table_name"));
    let foreign_key: bool = row.get("foreign_key");
    // A foreign key of a partitioned table always reaches its partitions; anything else concerns this table alone, and
    // partitions have constraints of their own to attach.
    let only = if foreign_key && row.get("partitioned") { "" } else { "ONLY " };
    let constraint = quote::identifier(&name);
    let mut sql = format!("ALTER TABLE {only}{table} ADD CONSTRAINT {constraint} {};\n", definition(row));
    if let Some(marks) = Marks::of(row) {
        let _ = write!(sql, "{}", marks.sql(&table, &schema, &name));
    }
    Entry {
        id: Some(ObjectId { class: row.get("class"), object: row.get("oid") }),
        section: Section::PostData,
        kind: if foreign_key { "fk constraint" } else { "constraint" },
        schema: Some(schema),
        name,
        table: Some(row.get("table")),
        sql,
    }
}

/// The server leaves the storage parameters of the index out of the text; they belong before `DEFERRABLE`. Exclusion
/// constraints have theirs already.
fn definition(row: &Row) -> String {
    let definition: &str = row.get("definition");
    let options: Vec<String> = row.get("options");
    let timing = [" DEFERRABLE INITIALLY DEFERRED", " DEFERRABLE"]
        .into_iter()
        .find(|timing| row.get("deferrable") && definition.ends_with(timing))
        .unwrap_or("");
    let body = definition.strip_suffix(timing).unwrap_or(definition);
    format!("{body}{}{timing}", parameters::clause(&options))
}

/// Foreign keys of partitions come with that of their parent.
fn query() -> String {
    format!(
        "SELECT 'pg_constraint'::regclass::oid AS class, o.oid, n.nspname AS schema, o.conname AS name, \
                c.oid AS table, c.relname AS table_name, c.relkind = 'p' AS partitioned, \
                o.contype = 'f' AS foreign_key, o.condeferrable AS deferrable, \
                pg_get_constraintdef(o.oid) AS definition, \
                CASE WHEN o.contype IN ('p', 'u') THEN coalesce(ic.reloptions, '{{}}') ELSE '{{}}' END AS options, \
                {} \
           FROM pg_constraint o \
           JOIN pg_class c ON c.oid = o.conrelid \
           JOIN pg_namespace n ON n.oid = c.relnamespace \
           LEFT JOIN pg_index i ON i.indexrelid = o.conindid AND o.contype <> 'f' \
           LEFT JOIN pg_class ic ON ic.oid = i.indexrelid \
          WHERE c.relkind IN ('r', 'p') AND {} AND {} \
            AND (o.contype IN ('p', 'u', 'x') OR o.contype = 'f' AND o.conparentid = 0) \
          ORDER BY n.nspname, c.relname, o.conname",
        Marks::COLUMNS,
        scope::user_schema("n.nspname"),
        scope::unowned("'pg_class'", "c.oid"),
    )
}
