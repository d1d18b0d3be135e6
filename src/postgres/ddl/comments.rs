//! Comments on everything that a backup creates.

use tokio_postgres::Row;

use super::address::{self, Address};
use super::{Entry, ObjectId, Reader, guard, orphans, scope};
use crate::error::Result;
use crate::postgres::quote;

pub(super) async fn entries(reader: &Reader<'_>) -> Result<Vec<Entry>> {
    let mut entries: Vec<Entry> = Vec::new();
    entries.extend(scope::rows(reader, "comments", &query("pg_description", "d.description")).await?.iter().map(owned));
    entries.extend(scope::rows(reader, "comments", &foreign_query()).await?.iter().map(foreign));
    Ok(entries)
}

/// Schemas and event triggers may be the platform's, which has made them before we came.
fn owned(row: &Row) -> Entry {
    match Address::read(row).kind() {
        "schema" | "event trigger" => foreign(row),
        _ => comment(row, |statement| statement),
    }
}

/// The schema `public` and extensions may belong to another role than the one that restores.
fn foreign(row: &Row) -> Entry {
    let text: Option<&str> = row.get("description");
    let names = Address::read(row);
    let (catalog, column) = match names.kind() {
        "schema" => ("pg_namespace", "nspname"),
        "extension" => ("pg_extension", "extname"),
        _ => ("pg_event_trigger", "evtname"),
    };
    // Who may not say it need not be told where it has been said.
    let unsaid = format!(
        "  IF NOT EXISTS (SELECT FROM pg_catalog.{catalog} WHERE {column} = {} \
         AND pg_catalog.obj_description(oid, '{catalog}') IS NOT DISTINCT FROM {}) THEN\n",
        quote::literal(&names.label()),
        text.map_or_else(|| "NULL".to_owned(), quote::literal),
    );
    comment(row, |statement| guard::guarded(&format!("{unsaid}{statement}  END IF;\n")))
}

fn comment(row: &Row, finish: impl Fn(String) -> String) -> Entry {
    let address = Address::read(row);
    let text = row.get::<_, Option<&str>>("description").map_or_else(|| "NULL".to_owned(), quote::literal);
    Entry {
        id: Some(ObjectId { class: row.get("class"), object: row.get("object") }),
        section: address.section_of_remarks(),
        kind: "comment",
        schema: address.schema().map(str::to_owned),
        name: format!("{} {}", address.kind(), address.label()),
        table: row.get("table_oid"),
        sql: finish(format!("COMMENT ON {} {} IS {text};\n", address.keyword(), address.target())),
    }
}

/// Kinds whose address does not begin with a schema, but perhaps with a type of the system, or with a name that a schema
/// could not have.
const WITHOUT_SCHEMA: &str = "{cast, transform, language, access method, operator class, operator family, \
    foreign-data wrapper, server, publication, subscription, event trigger}";

/// What this catalog says about objects of users. The server numbers these from 16384 on; only large objects may have
/// any number. A comment on the sequence of a column belongs to its table, or a restore of that table alone would lose it.
pub(super) fn query(catalog: &str, remark: &str) -> String {
    format!(
        "SELECT {columns}, d.classoid AS class, d.objoid AS object, {remark}, \
                CASE WHEN c.relkind IN ('r', 'p', 'f') THEN c.oid ELSE owned.by END AS table_oid \
           FROM {catalog} d \
           LEFT JOIN LATERAL (SELECT o.refobjid AS by FROM pg_depend o \
                WHERE d.classoid = 'pg_class'::regclass AND o.classid = d.classoid AND o.objid = d.objoid \
                  AND o.objsubid = 0 AND o.refclassid = 'pg_class'::regclass AND o.refobjsubid > 0 \
                  AND o.deptype IN ('a', 'i') \
                  AND EXISTS (SELECT FROM pg_sequence WHERE seqrelid = d.objoid)) owned ON true \
           LEFT JOIN pg_index i ON d.classoid = 'pg_class'::regclass AND i.indexrelid = d.objoid \
           LEFT JOIN pg_constraint k ON d.classoid = 'pg_constraint'::regclass AND k.oid = d.objoid \
           LEFT JOIN pg_trigger t ON d.classoid = 'pg_trigger'::regclass AND t.oid = d.objoid \
           LEFT JOIN pg_rewrite r ON d.classoid = 'pg_rewrite'::regclass AND r.oid = d.objoid \
           LEFT JOIN pg_policy p ON d.classoid = 'pg_policy'::regclass AND p.oid = d.objoid \
           LEFT JOIN pg_statistic_ext s ON d.classoid = 'pg_statistic_ext'::regclass AND s.oid = d.objoid \
           LEFT JOIN pg_class c ON c.oid = CASE d.classoid WHEN 'pg_class'::regclass \
                THEN coalesce(i.indrelid, d.objoid) \
                ELSE coalesce(k.conrelid, t.tgrelid, p.polrelid, s.stxrelid, r.ev_class) END \
           LEFT JOIN pg_namespace n ON n.oid = c.relnamespace \
           {address} \
          WHERE (d.objoid >= 16384 OR d.classoid = 'pg_largeobject'::regclass) \
            AND d.classoid <> 'pg_extension'::regclass AND address_kind IS NOT NULL \
            AND NOT (d.classoid = 'pg_namespace'::regclass AND address_names[1] = 'public') \
            AND coalesce({user_schema}, address_kind = ANY ('{WITHOUT_SCHEMA}') OR address_names[1] !~ '^pg_') \
            AND (k.oid IS NULL OR k.contype <> 't') \
            AND {unowned} AND {table_unowned} AND {stands} \
          ORDER BY address_names, d.objsubid, address_kind",
        columns = address::COLUMNS,
        address = address::of("d.classoid", "d.objoid", "d.objsubid"),
        user_schema = scope::user_schema("n.nspname"),
        unowned = scope::unowned("d.classoid", "d.objoid"),
        stands = orphans::stands("d.classoid", "d.objoid", "d.objsubid"),
        table_unowned = scope::unowned("'pg_class'", "c.oid"),
    )
}

/// What `CREATE DATABASE` and `CREATE EXTENSION` comment upon themselves is left to them.
fn foreign_query() -> String {
    format!(
        "WITH commented AS ( \
            SELECT 'pg_namespace'::regclass::oid AS class, oid, 'standard public schema' AS usual \
              FROM pg_namespace WHERE nspname = 'public' \
            UNION ALL \
            SELECT 'pg_extension'::regclass, e.oid, a.comment \
              FROM pg_extension e LEFT JOIN pg_available_extensions a ON a.name = e.extname \
        ) \
        SELECT {}, class, commented.oid AS object, d.description, NULL::oid AS table_oid \
          FROM commented \
          LEFT JOIN pg_description d ON d.classoid = class AND d.objoid = commented.oid \
          {} \
         WHERE d.description IS DISTINCT FROM usual \
         ORDER BY address_kind, address_names",
        address::COLUMNS,
        address::of("class", "commented.oid", "0"),
    )
}
