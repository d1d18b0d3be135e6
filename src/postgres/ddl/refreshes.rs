//! The statements that fill materialized views.
//!
//! What a function reads that a view calls, no catalog tells: a view may need another one that is filled after it. So a
//! statement that fails leaves its view empty, and in the end those that are empty are tried again until no more of them
//! can be filled.

use super::{Entry, ObjectId, Reader, scope};
use crate::error::Result;
use crate::manifest::Section;
use crate::postgres::quote;

/// Fills one view.
pub const REFRESH: &str = "materialized view data";

/// Fills those that could not be filled before; for `psql`, as a restore of ours knows which views are its own.
pub const AGAIN: &str = "materialized views again";

/// One `REFRESH` for each filled materialized view, those that others read from first. One that reads from an
/// unfilled one could not be refreshed, and stays unfilled itself.
pub(super) async fn entries(reader: &Reader<'_>) -> Result<Vec<Entry>> {
    let rows = scope::rows(reader, "materialized views", &query()).await?;
    let mut names = Vec::new();
    let mut entries: Vec<Entry> = Vec::new();
    for row in &rows {
        let (schema, name): (String, String) = (row.get("schema"), row.get("name"));
        let view = quote::qualified(&schema, &name);
        entries.push(Entry {
            id: Some(ObjectId::of(row)),
            section: Section::PostData,
            kind: REFRESH,
            sql: attempt(&format!("REFRESH MATERIALIZED VIEW {view};\n")),
            schema: Some(schema),
            name,
            table: None,
        });
        names.push(view);
    }
    if !names.is_empty() {
        entries.push(Entry {
            id: None,
            section: Section::PostData,
            kind: AGAIN,
            schema: None,
            name: "all".to_owned(),
            table: None,
            sql: again(&names),
        });
    }
    Ok(entries)
}

/// A statement whose failure is left to [`again`].
pub fn attempt(refresh: &str) -> String {
    quote::anonymous_block(&format!("BEGIN\n{refresh}EXCEPTION WHEN OTHERS THEN\n  NULL;\nEND"))
}

/// Fills those of these views, qualified names, that are there and empty, and warns of each that cannot be filled.
pub fn again(views: &[String]) -> String {
    let names: Vec<String> = views.iter().map(|view| quote::literal(view)).collect();
    quote::anonymous_block(&format!(
        "DECLARE\n  waiting text[] := ARRAY[{}]::text[];\n  failed text[];\n  reasons text[];\n  view text;\nBEGIN\n  \
         LOOP\n    failed := '{{}}';\n    reasons := '{{}}';\n    FOREACH view IN ARRAY waiting LOOP\n      \
         IF EXISTS (SELECT FROM pg_catalog.pg_class WHERE oid = pg_catalog.to_regclass(view) AND relkind = 'm' AND NOT relispopulated) THEN\n        \
         BEGIN\n          EXECUTE 'REFRESH MATERIALIZED VIEW ' || view;\n        \
         EXCEPTION WHEN OTHERS THEN\n          failed := failed || view;\n          reasons := reasons || SQLERRM;\n        END;\n      \
         END IF;\n    END LOOP;\n    \
         EXIT WHEN pg_catalog.cardinality(failed) IN (0, pg_catalog.cardinality(waiting));\n    waiting := failed;\n  END LOOP;\n  \
         FOR place IN 1 .. pg_catalog.cardinality(failed) LOOP\n    \
         RAISE WARNING 'the materialized view % could not be filled: %', failed[place], reasons[place];\n  END LOOP;\nEND",
        names.join(", ")
    ))
}

fn query() -> String {
    format!(
        "WITH RECURSIVE reads AS ( \
            SELECT DISTINCT r.ev_class AS view, d.refobjid AS source \
              FROM pg_depend d JOIN pg_rewrite r ON r.oid = d.objid \
             WHERE d.classid = 'pg_rewrite'::regclass AND d.refclassid = 'pg_class'::regclass \
               AND d.refobjid <> r.ev_class \
        ), nested AS ( \
            SELECT c.oid AS view, 0 AS depth, c.relispopulated AS filled, c.oid AS top \
              FROM pg_class c WHERE c.relkind = 'm' \
            UNION \
            SELECT reads.source, nested.depth + (c.relkind = 'm')::int, c.relispopulated, nested.top \
              FROM nested JOIN reads USING (view) JOIN pg_class c ON c.oid = reads.source \
             WHERE c.relkind IN ('v', 'm') \
        ) \
        SELECT 'pg_class'::regclass::oid AS class, c.oid, n.nspname AS schema, c.relname AS name \
          FROM nested \
          JOIN pg_class c ON c.oid = nested.top \
          JOIN pg_namespace n ON n.oid = c.relnamespace \
         WHERE {} AND {} \
         GROUP BY c.oid, n.nspname, c.relname HAVING bool_and(nested.filled) \
         ORDER BY max(nested.depth), n.nspname, c.relname",
        scope::user_schema("n.nspname"),
        scope::unowned("'pg_class'", "c.oid"),
    )
}
