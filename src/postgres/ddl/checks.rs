//! Checks of tables, and `NOT NULL` that was never validated: inside `CREATE TABLE` where they can be, over the rows
//! where they cannot.

use std::collections::HashMap;

use tokio_postgres::Row;

use super::{Entry, ObjectId, Reader, apart, scope};
use crate::error::Result;
use crate::manifest::Section;
use crate::postgres::quote;

/// Table constraints as they stand inside `CREATE TABLE`.
pub(super) type Checks = Vec<String>;

/// The checks that stand inside `CREATE TABLE`. Partitions repeat those of their parent: attaching wants them there.
pub(super) async fn inside(reader: &Reader<'_>) -> Result<HashMap<u32, Checks>> {
    let mut inside: HashMap<u32, Checks> = HashMap::new();
    let query = query("(o.conislocal OR c.relispartition) AND o.contype = 'c' AND NOT apart.apart");
    for row in scope::rows(reader, "checks", &query).await? {
        inside.entry(row.get("table")).or_default().push(definition(&row));
    }
    Ok(inside)
}

/// The others; adding one to a parent adds it to its children.
pub(super) async fn added(reader: &Reader<'_>) -> Result<Vec<Entry>> {
    let query = query("o.conislocal AND apart.apart");
    let rows = scope::rows(reader, "checks", &query).await?;
    Ok(rows
        .iter()
        .map(|row| {
            let schema: String = row.get("schema");
            let table = quote::qualified(&schema, row.get("table_name"));
            Entry {
                id: Some(ObjectId { class: row.get("class"), object: row.get("oid") }),
                section: Section::PostData,
                kind: "check constraint",
                schema: Some(schema),
                name: row.get("name"),
                table: Some(row.get("table")),
                sql: format!("ALTER TABLE {table} ADD {};\n", definition(row)),
            }
        })
        .collect())
}

fn definition(row: &Row) -> String {
    format!("CONSTRAINT {} {}", quote::identifier(row.get("name")), row.get::<_, &str>("definition"))
}

fn query(condition: &str) -> String {
    format!(
        "SELECT 'pg_constraint'::regclass::oid AS class, o.oid, o.conname AS name, n.nspname AS schema, \
                c.relname AS table_name, c.oid AS table, pg_get_constraintdef(o.oid) AS definition \
           FROM pg_constraint o \
           JOIN pg_class c ON c.oid = o.conrelid \
           JOIN pg_namespace n ON n.oid = c.relnamespace \
           CROSS JOIN LATERAL (SELECT NOT o.convalidated OR o.contype = 'c' AND {} AS apart) apart \
          WHERE o.contype IN ('c', 'n') AND c.relkind IN ('r', 'p', 'f') AND {condition} AND {} AND {} \
          ORDER BY n.nspname, c.relname, o.conname",
        apart::condition("'pg_constraint'", "o.oid"),
        scope::user_schema("n.nspname"),
        scope::unowned("'pg_class'", "c.oid"),
    )
}
