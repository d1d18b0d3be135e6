//! Constraints that are built over rows: primary keys, unique and exclusion constraints, foreign keys.
//!
//! Partitions get the foreign keys of their parent with it, and its exclusion constraints too, since two of those cannot
//! be attached to each other. The server names them; they get back the names that they had.

use std::fmt::Write as _;

use tokio_postgres::Row;

use super::indexes::Marks;
use super::{Entry, ObjectId, Reader, options, parameters, scope, tablespaces};
use crate::error::Result;
use crate::manifest::Section;
use crate::postgres::quote;

pub(super) async fn entries(reader: &Reader<'_>) -> Result<Vec<Entry>> {
    Ok(scope::rows(reader, "constraints", &query(reader.version)).await?.iter().map(constraint).collect())
}

fn constraint(row: &Row) -> Entry {
    let (schema, name): (String, String) = (row.get("schema"), row.get("name"));
    let table = quote::qualified(&schema, row.get("table_name"));
    let foreign_key: bool = row.get("foreign_key");
    let mut sql = if row.get("cloned") { named(row, &table, &name) } else { added(row, &table, &name) };
    if let Some(marks) = Marks::of(row) {
        let _ = write!(sql, "{}", marks.sql(&table, &schema, &name));
    }
    Entry {
        id: Some(ObjectId::of(row)),
        section: Section::PostData,
        kind: if foreign_key { "fk constraint" } else { "constraint" },
        schema: Some(schema),
        name,
        table: Some(row.get("table")),
        sql,
    }
}

fn added(row: &Row, table: &str, name: &str) -> String {
    let only = if row.get("reaches_partitions") { "" } else { "ONLY " };
    let add = format!("ALTER TABLE {only}{table} ADD CONSTRAINT {} {};\n", quote::identifier(name), definition(row));
    tablespaces::within(row.get("tablespace"), add)
}

/// What came with a parent's constraint, under the name that the server gave it or its own.
fn named(row: &Row, table: &str, name: &str) -> String {
    let parent = quote::qualified(row.get("parent_schema"), row.get("parent_table"));
    quote::anonymous_block(&format!(
        "DECLARE\n  given pg_catalog.name;\nBEGIN\n  \
         SELECT c.conname INTO STRICT given\n    FROM pg_catalog.pg_constraint c\n    \
         JOIN pg_catalog.pg_constraint p ON p.oid = c.conparentid\n   \
         WHERE c.conrelid = {}::pg_catalog.regclass\n     \
         AND p.conrelid = {}::pg_catalog.regclass AND p.conname = {};\n  \
         IF given <> {} THEN\n    EXECUTE {} || pg_catalog.quote_ident(given) || {};\n  END IF;\nEND",
        quote::literal(table),
        quote::literal(&parent),
        quote::literal(row.get("parent_name")),
        quote::literal(name),
        quote::literal(&format!("ALTER TABLE ONLY {table} RENAME CONSTRAINT ")),
        quote::literal(&format!(" TO {}", quote::identifier(name))),
    ))
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

/// A partition that is being detached has its constraints for itself. A foreign key that refers to a partitioned table
/// has rows for each of its partitions, which are nobody's concern.
fn query(version: u32) -> String {
    format!(
        "SELECT 'pg_constraint'::regclass::oid AS class, o.oid, n.nspname AS schema, o.conname AS name, \
                c.oid AS table, c.relname AS table_name, o.contype = 'f' AS foreign_key, \
                c.relkind = 'p' AND (o.contype = 'f' OR i.indisexclusion AND i.indisvalid) AS reaches_partitions, \
                cloned.cloned, pn.nspname AS parent_schema, pc.relname AS parent_table, p.conname AS parent_name, \
                o.condeferrable AS deferrable, {} AS definition, \
                CASE WHEN o.contype IN ('p', 'u') THEN {} ELSE '{{}}' END AS options, \
                {}, {} \
           FROM pg_constraint o \
           JOIN pg_class c ON c.oid = o.conrelid \
           JOIN pg_namespace n ON n.oid = c.relnamespace \
           LEFT JOIN pg_index i ON i.indexrelid = o.conindid AND o.contype <> 'f' \
           LEFT JOIN pg_class ic ON ic.oid = i.indexrelid \
           LEFT JOIN pg_constraint p ON p.oid = o.conparentid \
           LEFT JOIN pg_class pc ON pc.oid = p.conrelid \
           LEFT JOIN pg_namespace pn ON pn.oid = pc.relnamespace \
           CROSS JOIN LATERAL (SELECT p.oid IS NOT NULL AND (o.contype = 'f' OR i.indisexclusion) AND NOT EXISTS ( \
                SELECT FROM pg_inherits h WHERE h.inhrelid = c.oid AND h.inhdetachpending) AS cloned) cloned \
          WHERE c.relkind IN ('r', 'p') AND o.contype IN ('p', 'u', 'x', 'f') AND {} AND {} \
            AND NOT (o.contype = 'f' AND p.oid IS NOT NULL \
                     AND (p.conrelid = o.conrelid OR cloned.cloned AND p.conname = o.conname)) \
          ORDER BY n.nspname, c.relname, o.conname",
        options::within("pg_get_constraintdef(o.oid)", "ic", version),
        options::of_relation("ic", "", version),
        Marks::COLUMNS,
        tablespaces::column("ic"),
        scope::user_schema("n.nspname"),
        scope::unowned("'pg_class'", "c.oid"),
    )
}
