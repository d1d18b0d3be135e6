//! Row security: whether a table enforces it, and its policies.
//!
//! A policy for roles is created for the current role first and handed to those of its roles that exist: a missing
//! role must neither stop a restore nor lose the rule for the other roles.

use std::collections::HashMap;

use tokio_postgres::Row;

use super::{Entry, ObjectId, Reader, scope};
use crate::error::Result;
use crate::manifest::Section;
use crate::postgres::quote;

pub(super) async fn entries(reader: &Reader<'_>) -> Result<Vec<Entry>> {
    let mut entries = Vec::new();
    for row in scope::rows(reader, "row security", &tables_query()).await? {
        entries.push(row_security(&row));
    }
    for row in scope::rows(reader, "policies", &policies_query(&scope::unowned("'pg_class'", "c.oid"))).await? {
        entries.push(policy(&row));
    }
    Ok(entries)
}

/// The statements of policies on tables of extensions, by their oids.
pub(super) async fn of_extensions(reader: &Reader<'_>) -> Result<HashMap<u32, String>> {
    let owned = format!("NOT {}", scope::unowned("'pg_class'", "c.oid"));
    let rows = scope::rows(reader, "policies of extensions", &policies_query(&owned)).await?;
    Ok(rows.iter().map(|row| (row.get("oid"), policy(row).sql)).collect())
}

fn row_security(row: &Row) -> Entry {
    let (schema, name): (String, String) = (row.get("schema"), row.get("name"));
    let table = quote::qualified(&schema, &name);
    let actions = [("enabled", "ENABLE"), ("forced", "FORCE")].into_iter().filter(|(column, _)| row.get(*column));
    let statement = |(_, action): (_, &str)| format!("ALTER TABLE ONLY {table} {action} ROW LEVEL SECURITY;\n");
    Entry {
        id: Some(ObjectId { class: row.get("class"), object: row.get("table_oid") }),
        section: Section::PostData,
        kind: "row security",
        schema: Some(schema),
        name,
        table: Some(row.get("table_oid")),
        sql: actions.map(statement).collect(),
    }
}

fn policy(row: &Row) -> Entry {
    let (schema, name): (String, String) = (row.get("schema"), row.get("name"));
    let table = quote::qualified(&schema, row.get("table"));
    let roles: Vec<String> = row.get("roles");
    let policy = format!("{} ON {table}", quote::identifier(&name));
    let condition = |word: &str, column: &str| {
        row.get::<_, Option<&str>>(column).map_or_else(String::new, |condition| format!(" {word} ({condition})"))
    };
    let create = format!(
        "CREATE POLICY {policy} AS {} FOR {} TO {}{}{};\n",
        if row.get("permissive") { "PERMISSIVE" } else { "RESTRICTIVE" },
        row.get::<_, &str>("command"),
        if roles.is_empty() { "PUBLIC" } else { "CURRENT_ROLE" },
        condition("USING", "visible"),
        condition("WITH CHECK", "checked"),
    );
    Entry {
        id: Some(ObjectId::of(row)),
        section: Section::PostData,
        kind: "policy",
        schema: Some(schema),
        name,
        table: Some(row.get("table_oid")),
        sql: if roles.is_empty() { create } else { create + &hand_over(&policy, &roles) },
    }
}

fn hand_over(policy: &str, roles: &[String]) -> String {
    let names: Vec<String> = roles.iter().map(|role| quote::literal(role)).collect();
    quote::anonymous_block(&format!(
        "DECLARE\n  wanted text[] := ARRAY[{}];\n  present text[];\nBEGIN\n  \
         SELECT pg_catalog.array_agg(rolname::text ORDER BY rolname) INTO present\n    \
         FROM pg_catalog.pg_roles WHERE rolname = ANY (wanted);\n  \
         IF present IS NOT NULL THEN\n    EXECUTE {} || (SELECT pg_catalog.string_agg(pg_catalog.quote_ident(role), ', ') \
         FROM pg_catalog.unnest(present) role);\n  END IF;\n  \
         IF pg_catalog.cardinality(wanted) > coalesce(pg_catalog.cardinality(present), 0) THEN\n    \
         RAISE WARNING '%', {};\n  END IF;\nEND",
        names.join(", "),
        quote::literal(&format!("ALTER POLICY {policy} TO ")),
        quote::literal(&format!("policy {policy} is for roles of which some do not exist")),
    ))
}

fn tables_query() -> String {
    format!(
        "SELECT 'pg_class'::regclass::oid AS class, n.nspname AS schema, c.relname AS name, c.oid AS table_oid, \
                c.relrowsecurity AS enabled, c.relforcerowsecurity AS forced \
           FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
          WHERE (c.relrowsecurity OR c.relforcerowsecurity) AND {} AND {} \
          ORDER BY n.nspname, c.relname",
        scope::user_schema("n.nspname"),
        scope::unowned("'pg_class'", "c.oid"),
    )
}

fn policies_query(condition: &str) -> String {
    format!(
        "SELECT 'pg_policy'::regclass::oid AS class, p.oid, n.nspname AS schema, c.relname AS table, \
                c.oid AS table_oid, p.polname AS name, p.polpermissive AS permissive, \
                CASE p.polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE' \
                              WHEN 'd' THEN 'DELETE' ELSE 'ALL' END AS command, \
                pg_get_expr(p.polqual, p.polrelid) AS visible, pg_get_expr(p.polwithcheck, p.polrelid) AS checked, \
                CASE WHEN 0 = ANY (p.polroles) THEN '{{}}' ELSE ARRAY( \
                    SELECT pg_get_userbyid(role)::text FROM unnest(p.polroles) role ORDER BY 1) END AS roles \
           FROM pg_policy p \
           JOIN pg_class c ON c.oid = p.polrelid \
           JOIN pg_namespace n ON n.oid = c.relnamespace \
          WHERE {} AND {condition} \
          ORDER BY n.nspname, c.relname, p.polname",
        scope::user_schema("n.nspname"),
    )
}
