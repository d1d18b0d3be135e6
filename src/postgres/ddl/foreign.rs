//! Foreign data wrappers, servers and user mappings. Foreign tables are tables to all that reads definitions, see
//! `tables`; their rows are not ours and nobody here asks for them.

use tokio_postgres::Row;

use super::{Entry, ObjectId, Reader, guard, scope};
use crate::error::Result;
use crate::manifest::Section;
use crate::postgres::quote;

pub(super) async fn entries(reader: &Reader<'_>) -> Result<Vec<Entry>> {
    let mut entries = Vec::new();
    for row in scope::rows(reader, "foreign data wrappers", &wrappers_query()).await? {
        entries.push(entry(&row, "foreign data wrapper", wrapper(&row)));
    }
    for row in scope::rows(reader, "servers", &servers_query()).await? {
        entries.push(entry(&row, "server", server(&row)));
    }
    for row in scope::rows(reader, "user mappings", &mappings_query()).await? {
        entries.push(entry(&row, "user mapping", mapping(&row)));
    }
    Ok(entries)
}

fn entry(row: &Row, kind: &'static str, sql: String) -> Entry {
    Entry {
        id: Some(ObjectId::of(row)),
        section: Section::PreData,
        kind,
        schema: None,
        name: row.get("name"),
        table: None,
        sql,
    }
}

fn wrapper(row: &Row) -> String {
    let name = quote::identifier(row.get("name"));
    let function = |word: &str, column: &str| {
        row.get::<_, Option<&str>>(column).map_or_else(String::new, |function| format!(" {word} {function}"))
    };
    let (handler, validator) = (function("HANDLER", "handler"), function("VALIDATOR", "validator"));
    format!("CREATE FOREIGN DATA WRAPPER {name}{handler}{validator}{};\n", options(row))
}

fn server(row: &Row) -> String {
    let text = |word: &str, column: &str| {
        row.get::<_, Option<&str>>(column).map_or_else(String::new, |text| format!(" {word} {}", quote::literal(text)))
    };
    format!(
        "CREATE SERVER {}{}{} FOREIGN DATA WRAPPER {}{};\n",
        quote::identifier(row.get("name")),
        text("TYPE", "type"),
        text("VERSION", "version"),
        quote::identifier(row.get("wrapper")),
        options(row),
    )
}

/// It belongs to a role, and roles may be missing.
fn mapping(row: &Row) -> String {
    let role = row.get::<_, Option<&str>>("role").map_or_else(|| "PUBLIC".to_owned(), quote::identifier);
    let server = quote::identifier(row.get("server"));
    guard::guarded(&format!("  CREATE USER MAPPING FOR {role} SERVER {server}{};\n", options(row)))
}

/// ` OPTIONS (…)`, where the row has some.
pub(super) fn options(row: &Row) -> String {
    row.get::<_, Option<&str>>("foreign_options").map_or_else(String::new, |options| format!(" OPTIONS ({options})"))
}

/// SQL: the options stored in this column, as they stand between the parentheses of `OPTIONS`.
pub(super) fn options_of(column: &str) -> String {
    format!(
        "CASE WHEN {column} IS NOT NULL THEN ( \
             SELECT string_agg(quote_ident(option_name) || ' ' || quote_literal(option_value), ', ' ORDER BY place) \
               FROM pg_options_to_table({column}) WITH ORDINALITY option(option_name, option_value, place)) END"
    )
}

fn wrappers_query() -> String {
    format!(
        "SELECT 'pg_foreign_data_wrapper'::regclass::oid AS class, w.oid, w.fdwname AS name, \
                CASE WHEN w.fdwhandler <> 0 THEN w.fdwhandler::regproc::text END AS handler, \
                CASE WHEN w.fdwvalidator <> 0 THEN w.fdwvalidator::regproc::text END AS validator, \
                {} AS foreign_options \
           FROM pg_foreign_data_wrapper w WHERE {} ORDER BY w.fdwname",
        options_of("w.fdwoptions"),
        scope::unowned("'pg_foreign_data_wrapper'", "w.oid"),
    )
}

fn servers_query() -> String {
    format!(
        "SELECT 'pg_foreign_server'::regclass::oid AS class, s.oid, s.srvname AS name, s.srvtype AS type, \
                s.srvversion AS version, w.fdwname AS wrapper, {} AS foreign_options \
           FROM pg_foreign_server s JOIN pg_foreign_data_wrapper w ON w.oid = s.srvfdw \
          WHERE {} ORDER BY s.srvname",
        options_of("s.srvoptions"),
        scope::unowned("'pg_foreign_server'", "s.oid"),
    )
}

/// Nobody but superusers may read the catalog; the view hides the options of others.
fn mappings_query() -> String {
    format!(
        "SELECT 'pg_user_mapping'::regclass::oid AS class, m.umid AS oid, m.usename || ' on ' || m.srvname AS name, \
                CASE WHEN m.umuser <> 0 THEN m.usename END AS role, m.srvname AS server, {} AS foreign_options \
           FROM pg_user_mappings m WHERE {MAPPING_READABLE} ORDER BY m.srvname, m.usename",
        options_of("m.umoptions"),
    )
}

/// SQL: the view `pg_user_mappings` shows us the options of its row `m`, or that it has none.
pub(super) const MAPPING_READABLE: &str = "
    (m.umoptions IS NOT NULL OR (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) OR (
        SELECT pg_has_role(s.srvowner, 'USAGE')
               OR m.usename = current_user AND m.umuser <> 0 AND has_server_privilege(s.oid, 'USAGE')
          FROM pg_foreign_server s WHERE s.oid = m.srvid))";
