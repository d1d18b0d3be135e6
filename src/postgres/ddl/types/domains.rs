//! Domains with their checks. A check that was never validated, or that calls a function of the user, is added later:
//! see `domain_checks`.

use std::collections::HashMap;
use std::fmt::Write as _;

use tokio_postgres::Row;

use super::{NAMES, collation, of_users};
use crate::error::Result;
use crate::manifest::Section;
use crate::postgres::ddl::{Entry, ObjectId, Reader, apart, scope};
use crate::postgres::quote;

pub(super) async fn entries(reader: &Reader<'_>) -> Result<Vec<Entry>> {
    let mut inside: HashMap<u32, String> = HashMap::new();
    let mut entries = Vec::new();
    for row in scope::rows(reader, "checks of domains", &checks_query()).await? {
        if row.get("apart") {
            entries.push(added_check(&row));
        } else {
            let checks = inside.entry(row.get("domain")).or_default();
            let (name, definition): (&str, &str) = (row.get("check"), row.get("definition"));
            let _ = write!(checks, "\n    CONSTRAINT {} {definition}", quote::identifier(name));
        }
    }
    for row in scope::rows(reader, "domains", &query(reader.version)).await? {
        entries.push(domain(&row, inside.get(&row.get("oid")).map_or("", String::as_str)));
    }
    Ok(entries)
}

fn domain(row: &Row, checks: &str) -> Entry {
    let (schema, name): (String, String) = (row.get("schema"), row.get("name"));
    let mut sql = format!(
        "CREATE DOMAIN {} AS {}{}",
        quote::qualified(&schema, &name),
        row.get::<_, &str>("base"),
        collation(row),
    );
    if let Some(constraint) = row.get::<_, Option<&str>>("not_null_name") {
        let _ = write!(sql, " CONSTRAINT {}", quote::identifier(constraint));
    }
    if row.get("not_null") {
        sql.push_str(" NOT NULL");
    }
    sql.push_str(checks);
    // At the end, where `two_steps` can take it away.
    if let Some(default) = row.get::<_, Option<&str>>("default") {
        let _ = write!(sql, " DEFAULT {default}");
    }
    Entry {
        id: Some(ObjectId::of(row)),
        section: Section::PreData,
        kind: "domain",
        schema: Some(schema),
        name,
        table: None,
        sql: format!("{sql};\n"),
    }
}

/// A check that was validated is added and validated in two steps. Done in one, what its function executes may hide the
/// change from the server, which then refuses the next subtransaction ("unprocessed inval messages").
fn added_check(row: &Row) -> Entry {
    let (schema, domain, name): (String, &str, &str) = (row.get("schema"), row.get("name"), row.get("check"));
    let (alter, check) = (format!("ALTER DOMAIN {}", quote::qualified(&schema, domain)), quote::identifier(name));
    let mut sql = format!("{alter} ADD CONSTRAINT {check} {}", row.get::<_, &str>("definition"));
    // While a check is there, a function that takes the domain makes its every value call the check, and so itself.
    if row.get("validated") && !row.get::<_, bool>("takes_itself") {
        let _ = write!(sql, " NOT VALID;\n{alter} VALIDATE CONSTRAINT {check}");
    }
    Entry {
        id: Some(ObjectId { class: row.get("check_class"), object: row.get("check_oid") }),
        section: Section::PostData,
        kind: "check constraint",
        sql: format!("{sql};\n"),
        schema: Some(schema),
        name: format!("{domain}.{name}"),
        table: None,
    }
}

fn checks_query() -> String {
    format!(
        "SELECT {NAMES}, o.contypid AS domain, 'pg_constraint'::regclass::oid AS check_class, o.oid AS check_oid, \
                o.conname AS check, pg_get_constraintdef(o.oid) AS definition, o.convalidated AS validated, \
                NOT o.convalidated OR {} AS apart, \
                EXISTS (SELECT FROM pg_depend need JOIN pg_proc p ON p.oid = need.refobjid \
                         WHERE need.classid = 'pg_constraint'::regclass AND need.objid = o.oid \
                           AND need.refclassid = 'pg_proc'::regclass AND o.contypid = ANY (p.proargtypes)) \
                    AS takes_itself \
           FROM pg_constraint o \
           JOIN pg_type t ON t.oid = o.contypid \
           JOIN pg_namespace n ON n.oid = t.typnamespace \
          WHERE o.contype = 'c' AND {} ORDER BY n.nspname, t.typname, o.conname",
        apart::condition("'pg_constraint'", "o.oid"),
        of_users(),
    )
}

/// `NOT NULL` of a domain has a name since PostgreSQL 17. The default of a type is its domains' too, unless they say
/// otherwise.
fn query(version: u32) -> String {
    let not_null_name = if version >= 170_000 {
        "(SELECT o.conname FROM pg_constraint o WHERE o.contypid = t.oid AND o.contype = 'n' \
                                                  AND o.conname <> t.typname || '_not_null')"
    } else {
        "NULL::name"
    };
    format!(
        "SELECT {NAMES}, format_type(t.typbasetype, t.typtypmod) AS base, t.typnotnull AS not_null, \
                CASE WHEN t.typdefault IS NOT NULL THEN pg_get_expr(t.typdefaultbin, 0) \
                     WHEN b.typdefault IS NOT NULL THEN 'NULL' END AS default, \
                ln.nspname AS collation_schema, l.collname AS collation, {not_null_name} AS not_null_name \
           FROM pg_type t \
           JOIN pg_namespace n ON n.oid = t.typnamespace \
           JOIN pg_type b ON b.oid = t.typbasetype \
           LEFT JOIN pg_collation l ON l.oid = t.typcollation AND t.typcollation <> b.typcollation \
           LEFT JOIN pg_namespace ln ON ln.oid = l.collnamespace \
          WHERE t.typtype = 'd' AND {} ORDER BY n.nspname, t.typname",
        of_users(),
    )
}
