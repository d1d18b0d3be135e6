//! Sequences: those that stand alone, those that a column owns, and identities.

use std::fmt::Write as _;

use tokio_postgres::Row;

use super::{Entry, ObjectId, Reader, scope, tablespaces};
use crate::error::Result;
use crate::manifest::Section;
use crate::postgres::quote;

pub(super) async fn entries(reader: &Reader<'_>) -> Result<Vec<Entry>> {
    let mut entries = Vec::new();
    for row in scope::rows(reader, "sequences", &query(reader.version)).await? {
        match (row.get::<_, &str>("identity"), column(&row)) {
            ("", Some(column)) => {
                entries.push(entry(&row, "sequence", "sequence_class", create(&row)));
                // The default of the column needs the sequence, so the column can own it only afterwards.
                let sql = format!("ALTER SEQUENCE {} OWNED BY {column};\n", qualified(&row));
                entries.push(entry(&row, "sequence owned by", "ownership_class", sql));
            }
            ("", None) => entries.push(entry(&row, "sequence", "sequence_class", create(&row))),
            _ => entries.push(entry(&row, "sequence", "sequence_class", identity(&row))),
        }
    }
    Ok(entries)
}

fn entry(row: &Row, kind: &'static str, class: &str, sql: String) -> Entry {
    Entry {
        id: Some(ObjectId { class: row.get(class), object: row.get("oid") }),
        section: Section::PreData,
        kind,
        schema: Some(row.get("schema")),
        name: row.get("name"),
        table: row.get("table"),
        sql,
    }
}

fn create(row: &Row) -> String {
    let unlogged = if row.get("unlogged") { "UNLOGGED " } else { "" };
    let data_type: &str = row.get("type");
    let create = format!("CREATE {unlogged}SEQUENCE {}\n    AS {data_type}{};\n", qualified(row), options(row));
    tablespaces::within(row.get("tablespace"), create)
}

fn identity(row: &Row) -> String {
    let table = quote::qualified(row.get("table_schema"), row.get("table_name"));
    let column = quote::identifier(row.get("column"));
    let generated = if row.get::<_, &str>("identity") == "a" { "ALWAYS" } else { "BY DEFAULT" };
    let add = format!(
        "ALTER TABLE {table} ALTER COLUMN {column} ADD GENERATED {generated} AS IDENTITY (\n    SEQUENCE NAME {}{}\n);\n",
        qualified(row),
        options(row),
    );
    let mut sql = tablespaces::within(row.get("tablespace"), add);
    // The server makes it like its table.
    if row.get("unlike_table") {
        let persistence = if row.get("unlogged") { "UNLOGGED" } else { "LOGGED" };
        let _ = writeln!(sql, "ALTER SEQUENCE {} SET {persistence};", qualified(row));
    }
    sql
}

fn options(row: &Row) -> String {
    let number = |name: &str| row.get::<_, i64>(name);
    format!(
        "\n    START WITH {}\n    INCREMENT BY {}\n    MINVALUE {}\n    MAXVALUE {}\n    CACHE {}{}",
        number("start"),
        number("increment"),
        number("minimum"),
        number("maximum"),
        number("cache"),
        if row.get("cycle") { "\n    CYCLE" } else { "" },
    )
}

fn qualified(row: &Row) -> String {
    quote::qualified(row.get("schema"), row.get("name"))
}

/// The column that owns it.
fn column(row: &Row) -> Option<String> {
    let column: &str = row.get::<_, Option<&str>>("column")?;
    let table = quote::qualified(row.get("table_schema"), row.get("table_name"));
    Some(format!("{table}.{}", quote::identifier(column)))
}

/// The dependencies know ownership as the row of `pg_sequence`: see `order`. Sequences have a persistence of their own
/// since PostgreSQL 15.
fn query(version: u32) -> String {
    let unlike_table =
        if version >= 150_000 { "coalesce(c.relpersistence <> t.relpersistence, false)" } else { "false" };
    format!(
        "SELECT 'pg_class'::regclass::oid AS sequence_class, 'pg_sequence'::regclass::oid AS ownership_class, \
                c.oid, n.nspname AS schema, c.relname AS name, format_type(s.seqtypid, NULL) AS type, \
                s.seqstart AS start, s.seqincrement AS increment, s.seqmin AS minimum, s.seqmax AS maximum, \
                s.seqcache AS cache, s.seqcycle AS cycle, c.relpersistence = 'u' AS unlogged, \
                {unlike_table} AS unlike_table, {tablespace}, t.oid AS table, tn.nspname AS table_schema, t.relname AS table_name, \
                a.attname AS column, CASE d.deptype WHEN 'i' THEN a.attidentity::text ELSE '' END AS identity \
           FROM pg_sequence s \
           JOIN pg_class c ON c.oid = s.seqrelid \
           JOIN pg_namespace n ON n.oid = c.relnamespace \
           LEFT JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.objsubid = 0 \
                AND d.refclassid = 'pg_class'::regclass AND d.refobjsubid > 0 AND d.deptype IN ('a', 'i') \
                AND EXISTS (SELECT FROM pg_class WHERE pg_class.oid = d.refobjid) \
           LEFT JOIN pg_class t ON t.oid = d.refobjid \
           LEFT JOIN pg_namespace tn ON tn.oid = t.relnamespace \
           LEFT JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = d.refobjsubid \
          WHERE {} AND {} \
          ORDER BY n.nspname, c.relname",
        scope::user_schema("n.nspname"),
        scope::unowned("'pg_class'", "c.oid"),
        tablespace = tablespaces::column("c"),
    )
}
