//! Rows that users have put into tables of extensions, where the extension says that a dump must have them.
//!
//! They are few, and the extension has rows of its own beside them: so they are statements that replace just these, and
//! no tables of the backup.

use std::fmt::Write as _;

use tokio_postgres::Row;

use super::{Entry, Reader, guard, scope};
use crate::error::Result;
use crate::manifest::Section;
use crate::postgres::quote;

/// Rows of one `INSERT`: few enough for its plan to stay small.
const BATCH: usize = 500;

/// One entry for each extension with such tables. Those that others refer to come first, as the extension lists them.
pub(super) async fn read(reader: &Reader<'_>) -> Result<Vec<Entry>> {
    let rows = scope::rows(reader, "tables of extensions", QUERY).await?;
    let mut entries: Vec<Entry> = Vec::new();
    for members in rows.chunk_by(|one, next| one.get::<_, &str>("extension") == next.get::<_, &str>("extension")) {
        let (mut emptied, mut filled) = (Vec::new(), String::new());
        for member in members {
            let relation = quote::qualified(member.get("schema"), member.get("name"));
            if member.get("sequence") {
                filled.push_str(&position(reader, &relation).await?);
                continue;
            }
            let rows = inserted(reader, &relation, member).await?;
            emptied.push(emptying(&relation, member.get("condition"), &rows));
            filled.push_str(&rows);
        }
        emptied.reverse();
        entries.push(Entry {
            id: None,
            section: Section::Sequences,
            kind: "extension data",
            schema: None,
            name: members[0].get("extension"),
            table: None,
            sql: emptied.concat() + &filled,
        });
    }
    Ok(entries)
}

/// Most often there are no such rows, and no right to touch the table either.
fn emptying(table: &str, condition: &str, rows: &str) -> String {
    let delete = format!("DELETE FROM ONLY {table} {condition};\n");
    if rows.is_empty() {
        guard::guarded(&format!("  IF EXISTS (SELECT FROM ONLY {table} {condition}) THEN\n    {delete}  END IF;\n"))
    } else {
        delete
    }
}

async fn inserted(reader: &Reader<'_>, table: &str, member: &Row) -> Result<String> {
    let columns: Vec<String> = member.get("columns");
    if columns.is_empty() {
        return Ok(String::new());
    }
    let names = quote::identifiers(&columns);
    // %L writes each value as its type does, which COPY does too.
    let query = format!(
        "SELECT pg_catalog.format('({})', {names}) AS line FROM ONLY {table} {}",
        vec!["%L"; columns.len()].join(", "),
        member.get::<_, &str>("condition"),
    );
    let rows = scope::rows(reader, "rows of extensions", &query).await?;
    let mut sql = String::new();
    for batch in rows.chunks(BATCH) {
        let lines: Vec<&str> = batch.iter().map(|row| row.get("line")).collect();
        let _ = writeln!(sql, "INSERT INTO {table} ({names}) OVERRIDING SYSTEM VALUE VALUES\n{};", lines.join(",\n"));
    }
    Ok(sql)
}

async fn position(reader: &Reader<'_>, sequence: &str) -> Result<String> {
    let rows =
        scope::rows(reader, "positions of sequences", &format!("SELECT last_value, is_called FROM {sequence}")).await?;
    let mut sql = String::new();
    for row in &rows {
        let (last_value, is_called): (i64, bool) = (row.get("last_value"), row.get("is_called"));
        let name = quote::literal(sequence);
        let _ = writeln!(sql, "SELECT pg_catalog.setval({name}::pg_catalog.regclass, {last_value}, {is_called});");
    }
    Ok(sql)
}

/// The condition begins with WHERE, or is empty. Tables that stand in the schema of the server belong to it.
const QUERY: &str = "
SELECT e.extname::text AS extension, n.nspname::text AS schema, c.relname::text AS name, c.relkind = 'S' AS sequence,
       coalesce(e.extcondition[place], '') AS condition,
       ARRAY(SELECT attname::text FROM pg_attribute WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped
                AND attgenerated = '' ORDER BY attnum) AS columns
  FROM pg_extension e
  CROSS JOIN LATERAL unnest(e.extconfig) WITH ORDINALITY AS config(relation, place)
  JOIN pg_class c ON c.oid = relation
  JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind IN ('r', 'S') AND e.oid >= 16384
 ORDER BY e.extname, place";
