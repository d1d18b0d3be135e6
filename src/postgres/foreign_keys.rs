//! The foreign keys that a backup can be checked against without a server, for the manifest.
//!
//! A reader compares texts, so only those keys are told whose values are equal exactly when their texts are.

use std::collections::HashMap;

use tokio_postgres::Row;

use super::connect::describe_error;
use super::ddl::{Reader, Relation};
use crate::error::Result;
use crate::manifest::{ForeignKey, Table};

/// The foreign keys of all tables, for [`describe`].
pub(super) async fn read(reader: &Reader<'_>) -> Result<Vec<Row>> {
    let failed = |error| describe_error(error, "reading foreign keys");
    reader.client.query(&query(reader.version), &[]).await.map_err(failed)
}

/// Tells each table its foreign keys; `tables` describes `relations`, one by one.
pub(super) fn describe(keys: &[Row], relations: &[Relation], tables: &mut [Table]) {
    let indexes: HashMap<u32, u32> = relations.iter().map(|relation| relation.oid).zip(0..).collect();
    for row in keys {
        let (Some(&table), Some(&references)) = (indexes.get(&row.get("table")), indexes.get(&row.get("referenced")))
        else {
            continue;
        };
        tables[table as usize].foreign_keys.push(ForeignKey {
            name: row.get("name"),
            columns: row.get("columns"),
            references,
            referenced_columns: row.get("referenced_columns"),
        });
    }
}

/// A key of a partitioned table has a copy for each partition, and one that refers to a partitioned table has copies
/// for the parts of that: only the former are keys of their own, so a copy counts where its root refers to the same
/// table.
fn query(version: u32) -> String {
    let enforced = if version >= 180_000 { "o.conenforced" } else { "true" };
    format!(
        "WITH RECURSIVE family AS ( \
            SELECT oid, confrelid AS root FROM pg_catalog.pg_constraint WHERE contype = 'f' AND conparentid = 0 \
            UNION ALL \
            SELECT o.oid, family.root FROM pg_catalog.pg_constraint o JOIN family ON o.conparentid = family.oid \
             WHERE o.conparentid > 0 \
        ), kind AS ({KINDS}) \
        SELECT o.conrelid AS table, o.conname::text AS name, o.confrelid AS referenced, \
               pairs.columns, pairs.referenced_columns \
          FROM family \
          JOIN pg_catalog.pg_constraint o ON o.oid = family.oid AND o.confrelid = family.root \
          JOIN pg_catalog.pg_class c ON c.oid = o.conrelid AND c.relkind = 'r' \
          JOIN pg_catalog.pg_class r ON r.oid = o.confrelid AND r.relkind = 'r' \
         CROSS JOIN LATERAL ( \
            SELECT pg_catalog.array_agg(own.attname::text ORDER BY place) AS columns, \
                   pg_catalog.array_agg(other.attname::text ORDER BY place) AS referenced_columns, \
                   pg_catalog.bool_and({COMPARABLE}) AS comparable \
              FROM ROWS FROM (pg_catalog.unnest(o.conkey), pg_catalog.unnest(o.confkey)) \
                   WITH ORDINALITY part(own, other, place) \
              JOIN pg_catalog.pg_attribute own ON own.attrelid = o.conrelid AND own.attnum = part.own \
              JOIN pg_catalog.pg_attribute other ON other.attrelid = o.confrelid AND other.attnum = part.other \
         ) pairs \
         WHERE o.contype = 'f' AND o.convalidated AND {enforced} AND pairs.comparable \
         ORDER BY o.conrelid, o.conname"
    )
}

/// SQL: which types can be compared with which by their texts; a domain as what it is made of.
const KINDS: &str = "\
    SELECT declared.oid AS type, CASE \
             WHEN t.typtype = 'e' THEN t.oid::text \
             WHEN t.oid = ANY ('{int2,int4,int8}'::regtype[]) THEN 'integer' \
             WHEN t.oid = ANY ('{text,varchar}'::regtype[]) THEN 'text' \
             WHEN t.oid = ANY ('{uuid,date,bool,timestamp,bytea}'::regtype[]) THEN t.oid::text END AS name \
      FROM pg_catalog.pg_type declared \
      JOIN pg_catalog.pg_type t ON t.oid = coalesce(nullif(declared.typbasetype, 0), declared.oid)";

/// SQL: the columns `own` and `other` are of one kind, and neither is computed. Asked for so, the server looks up kinds
/// and collations once and not for each key.
const COMPARABLE: &str = "\
    (own.atttypid, other.atttypid) IN (SELECT one.type, another.type FROM kind one JOIN kind another USING (name)) \
    AND own.attcollation <> ALL (SELECT oid FROM pg_catalog.pg_collation WHERE NOT collisdeterministic) \
    AND other.attcollation <> ALL (SELECT oid FROM pg_catalog.pg_collation WHERE NOT collisdeterministic) \
    AND own.attgenerated = '' AND other.attgenerated = ''";
