//! Indexes that no constraint owns, their place under a partitioned index, and the marks that indexes carry.

use std::fmt::Write as _;

use tokio_postgres::Row;

use super::{Entry, ObjectId, Reader, options, scope, tablespaces};
use crate::error::Result;
use crate::manifest::Section;
use crate::postgres::quote;

pub(super) async fn entries(reader: &Reader<'_>) -> Result<Vec<Entry>> {
    let mut entries = Vec::new();
    for row in scope::rows(reader, "indexes", &query(reader.version)).await? {
        entries.push(index(&row));
    }
    for row in scope::rows(reader, "partitions of indexes", &attachments_query()).await? {
        entries.push(attachment(&row));
    }
    Ok(entries)
}

/// What is said about an index after it is built.
pub(super) struct Marks {
    clustered: bool,
    replica_identity: bool,
    /// `ALTER COLUMN` actions: expressions have statistics targets by their number.
    actions: Vec<String>,
}

impl Marks {
    /// SQL: what [`Marks::of`] reads, of the row `i` of `pg_index`. Only expressions have statistics targets of their own,
    /// and few indexes have expressions: the columns of all others need not be looked up.
    pub(super) const COLUMNS: &'static str = "i.indisclustered AS clustered, i.indisreplident AS replica_identity, \
        CASE WHEN i.indexprs IS NULL THEN '{}' ELSE \
        ARRAY(SELECT 'ALTER COLUMN ' || a.attnum::text || ' SET STATISTICS ' || a.attstattarget::text FROM pg_attribute a \
               WHERE a.attrelid = i.indexrelid AND a.attstattarget >= 0 ORDER BY a.attnum) END AS actions";

    /// `None` where there is no index.
    pub(super) fn of(row: &Row) -> Option<Self> {
        Some(Self {
            clustered: row.get::<_, Option<bool>>("clustered")?,
            replica_identity: row.get::<_, Option<bool>>("replica_identity")?,
            actions: row.get("actions"),
        })
    }

    pub(super) fn sql(&self, table: &str, schema: &str, index: &str) -> String {
        let mut sql = String::new();
        let qualified = quote::qualified(schema, index);
        let index = quote::identifier(index);
        for action in &self.actions {
            let _ = writeln!(sql, "ALTER INDEX {qualified} {action};");
        }
        if self.clustered {
            let _ = writeln!(sql, "ALTER TABLE {table} CLUSTER ON {index};");
        }
        if self.replica_identity {
            let _ = writeln!(sql, "ALTER TABLE ONLY {table} REPLICA IDENTITY USING INDEX {index};");
        }
        sql
    }
}

fn index(row: &Row) -> Entry {
    let (schema, name): (String, String) = (row.get("schema"), row.get("name"));
    let table = quote::qualified(&schema, row.get("table_name"));
    let marks = Marks::of(row).map_or(String::new(), |marks| marks.sql(&table, &schema, &name));
    Entry {
        id: Some(ObjectId::of(row)),
        section: Section::PostData,
        kind: "index",
        schema: Some(schema),
        name,
        table: row.get("table"),
        sql: tablespaces::within(row.get("tablespace"), format!("{};\n", row.get::<_, &str>("definition"))) + &marks,
    }
}

fn attachment(row: &Row) -> Entry {
    let (schema, name): (String, String) = (row.get("schema"), row.get("name"));
    let parent = quote::qualified(row.get("parent_schema"), row.get("parent"));
    Entry {
        id: Some(ObjectId::of(row)),
        section: Section::PostData,
        kind: "index attach",
        sql: format!("ALTER INDEX {parent} ATTACH PARTITION {};\n", quote::qualified(&schema, &name)),
        schema: Some(schema),
        name,
        table: Some(row.get("table")),
    }
}

/// What a failed `CREATE INDEX CONCURRENTLY` left, by name: it enforces nothing and serves nobody.
pub(super) async fn invalid(reader: &Reader<'_>) -> Result<Vec<String>> {
    let rows = scope::rows(reader, "invalid indexes", &invalid_query()).await?;
    Ok(rows.iter().map(|row| format!("{}.{}", row.get::<_, &str>("schema"), row.get::<_, &str>("name"))).collect())
}

/// SQL: the index `i` of the relation `c` is whole, or waits for indexes of partitions.
const USABLE: &str = "(i.indisvalid OR c.relkind = 'p') AND i.indisready";

fn invalid_query() -> String {
    format!(
        "SELECT n.nspname AS schema, ic.relname AS name \
           FROM pg_index i \
           JOIN pg_class ic ON ic.oid = i.indexrelid \
           JOIN pg_class c ON c.oid = i.indrelid \
           JOIN pg_namespace n ON n.oid = c.relnamespace \
          WHERE NOT ({USABLE}) AND {} AND {} \
          ORDER BY n.nspname, ic.relname",
        scope::user_schema("n.nspname"),
        scope::unowned("'pg_class'", "c.oid"),
    )
}

fn query(version: u32) -> String {
    format!(
        "SELECT 'pg_class'::regclass::oid AS class, ic.oid, n.nspname AS schema, ic.relname AS name, \
                CASE WHEN c.relkind <> 'm' THEN c.oid END AS table, c.relname AS table_name, {} AS definition, {}, {} \
           FROM pg_index i \
           JOIN pg_class ic ON ic.oid = i.indexrelid \
           JOIN pg_class c ON c.oid = i.indrelid \
           JOIN pg_namespace n ON n.oid = c.relnamespace \
          WHERE c.relkind IN ('r', 'p', 'm') AND {USABLE} AND {} AND {} \
            AND NOT EXISTS (SELECT FROM pg_constraint o WHERE o.conindid = i.indexrelid \
                               AND o.contype IN ('p', 'u', 'x')) \
          ORDER BY n.nspname, c.relname, ic.relname",
        options::within("pg_get_indexdef(ic.oid)", "ic", version),
        Marks::COLUMNS,
        tablespaces::column("ic"),
        scope::user_schema("n.nspname"),
        scope::unowned("'pg_class'", "c.oid"),
    )
}

/// The dependencies know an attachment as the row of `pg_inherits`: see `order`. No two exclusion constraints can be
/// attached to each other: see `constraints`. Those of a partition that is being detached stay alone, as it does.
fn attachments_query() -> String {
    format!(
        "SELECT 'pg_inherits'::regclass::oid AS class, ic.oid, n.nspname AS schema, ic.relname AS name, \
                c.oid AS table, pn.nspname AS parent_schema, pc.relname AS parent \
           FROM pg_inherits h \
           JOIN pg_index i ON i.indexrelid = h.inhrelid \
           JOIN pg_class ic ON ic.oid = i.indexrelid \
           JOIN pg_class c ON c.oid = i.indrelid \
           JOIN pg_namespace n ON n.oid = ic.relnamespace \
           JOIN pg_class pc ON pc.oid = h.inhparent \
           JOIN pg_namespace pn ON pn.oid = pc.relnamespace \
          WHERE {USABLE} AND NOT i.indisexclusion AND {} AND {} \
            AND NOT EXISTS (SELECT FROM pg_inherits p WHERE p.inhrelid = c.oid AND p.inhdetachpending) \
          ORDER BY n.nspname, ic.relname",
        scope::user_schema("n.nspname"),
        scope::unowned("'pg_class'", "c.oid"),
    )
}
