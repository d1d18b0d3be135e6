//! Publications, and the tables and schemas that they publish.

use tokio_postgres::Row;

use super::{Entry, ObjectId, Reader, scope};
use crate::error::Result;
use crate::manifest::Section;
use crate::postgres::quote;

pub(super) async fn entries(reader: &Reader<'_>) -> Result<Vec<Entry>> {
    let mut entries = Vec::new();
    for row in scope::rows(reader, "publications", &query(reader.version)).await? {
        entries.push(entry(&row, "publication", row.get("name"), create(&row)));
    }
    for row in scope::rows(reader, "published tables", &tables_query(reader.version)).await? {
        let table = quote::qualified(row.get("schema"), row.get("table"));
        let columns: Vec<&str> = row.get("columns");
        let columns = if columns.is_empty() { String::new() } else { format!(" ({})", quote::identifiers(&columns)) };
        let filter =
            row.get::<_, Option<&str>>("filter").map_or_else(String::new, |filter| format!(" WHERE ({filter})"));
        entries.push(member(&row, "publication table", &format!("TABLE ONLY {table}{columns}{filter}")));
    }
    if reader.version >= 150_000 {
        for row in scope::rows(reader, "published schemas", &schemas_query()).await? {
            let schema = quote::identifier(row.get("schema"));
            entries.push(member(&row, "publication schema", &format!("TABLES IN SCHEMA {schema}")));
        }
    }
    Ok(entries)
}

fn entry(row: &Row, kind: &'static str, name: String, sql: String) -> Entry {
    Entry { id: Some(ObjectId::of(row)), section: Section::PostData, kind, schema: None, name, table: None, sql }
}

fn create(row: &Row) -> String {
    let all = if row.get("all_tables") { " FOR ALL TABLES" } else { "" };
    let operations: Vec<&str> = row.get("operations");
    let mut options = vec![format!("publish = '{}'", operations.join(", "))];
    options.extend(row.get::<_, Vec<String>>("options"));
    format!("CREATE PUBLICATION {}{all} WITH ({});\n", quote::identifier(row.get("name")), options.join(", "))
}

/// Named after the publication, because it is no part of the table: a table restored alone keeps what it is in.
fn member(row: &Row, kind: &'static str, what: &str) -> Entry {
    let publication: &str = row.get("name");
    let sql = format!("ALTER PUBLICATION {} ADD {what};\n", quote::identifier(publication));
    entry(row, kind, format!("{publication} {}", row.get::<_, &str>("member")), sql)
}

fn query(version: u32) -> String {
    let generated = if version >= 180_000 {
        "CASE WHEN p.pubgencols = 's' THEN 'publish_generated_columns = stored' END"
    } else {
        "NULL::text"
    };
    format!(
        "SELECT 'pg_publication'::regclass::oid AS class, p.oid, p.pubname AS name, p.puballtables AS all_tables, \
                array_remove(ARRAY[CASE WHEN p.pubinsert THEN 'insert' END, CASE WHEN p.pubupdate THEN 'update' END, \
                    CASE WHEN p.pubdelete THEN 'delete' END, CASE WHEN p.pubtruncate THEN 'truncate' END], NULL) \
                    AS operations, \
                array_remove(ARRAY[CASE WHEN p.pubviaroot THEN 'publish_via_partition_root = true' END, {generated}], \
                    NULL) AS options \
           FROM pg_publication p WHERE {} ORDER BY p.pubname",
        scope::unowned("'pg_publication'", "p.oid"),
    )
}

/// Row filters and lists of columns came with PostgreSQL 15.
fn tables_query(version: u32) -> String {
    let (columns, filter) = if version >= 150_000 {
        (
            "ARRAY(SELECT a.attname::text FROM unnest(r.prattrs::int2[]) WITH ORDINALITY list(number, place) \
                     JOIN pg_attribute a ON a.attrelid = r.prrelid AND a.attnum = list.number ORDER BY place)",
            "pg_get_expr(r.prqual, r.prrelid)",
        )
    } else {
        ("'{}'::text[]", "NULL::text")
    };
    format!(
        "SELECT 'pg_publication_rel'::regclass::oid AS class, r.oid, p.pubname AS name, n.nspname AS schema, \
                c.relname AS table, n.nspname || '.' || c.relname AS member, {columns} AS columns, {filter} AS filter \
           FROM pg_publication_rel r \
           JOIN pg_publication p ON p.oid = r.prpubid \
           JOIN pg_class c ON c.oid = r.prrelid \
           JOIN pg_namespace n ON n.oid = c.relnamespace \
          WHERE {} ORDER BY p.pubname, n.nspname, c.relname",
        scope::unowned("'pg_publication'", "p.oid"),
    )
}

fn schemas_query() -> String {
    format!(
        "SELECT 'pg_publication_namespace'::regclass::oid AS class, r.oid, p.pubname AS name, n.nspname AS schema, \
                n.nspname::text AS member \
           FROM pg_publication_namespace r \
           JOIN pg_publication p ON p.oid = r.pnpubid \
           JOIN pg_namespace n ON n.oid = r.pnnspid \
          WHERE {} ORDER BY p.pubname, n.nspname",
        scope::unowned("'pg_publication'", "p.oid"),
    )
}
