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

/// The checks that stand inside `CREATE TABLE`, and the others, which have statements of their own: adding one to a
/// parent adds it to its children. Partitions repeat those of their parent inside, since attaching wants them there.
pub(super) async fn read(reader: &Reader<'_>) -> Result<(HashMap<u32, Checks>, Vec<Entry>)> {
    let (mut inside, mut added) = (HashMap::<u32, Checks>::new(), Vec::new());
    for row in scope::rows(reader, "checks", &query()).await? {
        if row.get("apart") {
            added.push(entry(&row));
        } else {
            inside.entry(row.get("table")).or_default().push(definition(&row));
        }
    }
    Ok((inside, added))
}

fn entry(row: &Row) -> Entry {
    let schema: String = row.get("schema");
    let table = quote::qualified(&schema, row.get("table_name"));
    Entry {
        id: Some(ObjectId::of(row)),
        section: Section::PostData,
        kind: "check constraint",
        schema: Some(schema),
        name: row.get("name"),
        table: Some(row.get("table")),
        sql: format!("ALTER TABLE {table} ADD {};\n", definition(row)),
    }
}

fn definition(row: &Row) -> String {
    format!("CONSTRAINT {} {}", quote::identifier(row.get("name")), row.get::<_, &str>("definition"))
}

fn query() -> String {
    format!(
        "SELECT 'pg_constraint'::regclass::oid AS class, o.oid, o.conname AS name, n.nspname AS schema, \
                c.relname AS table_name, c.oid AS table, pg_get_constraintdef(o.oid) AS definition, apart.apart \
           FROM pg_constraint o \
           JOIN pg_class c ON c.oid = o.conrelid \
           JOIN pg_namespace n ON n.oid = c.relnamespace \
          CROSS JOIN LATERAL (SELECT NOT o.convalidated OR {} AS apart) apart \
          WHERE (o.contype = 'c' OR o.contype = 'n' AND NOT o.convalidated) AND c.relkind IN ('r', 'p', 'f') \
            AND (o.conislocal OR c.relispartition AND NOT apart.apart) AND {} AND {} \
          ORDER BY n.nspname, c.relname, o.conname",
        apart::condition("'pg_constraint'", "o.oid"),
        scope::user_schema("n.nspname"),
        scope::unowned("'pg_class'", "c.oid"),
    )
}
