//! Subscriptions, created without a connection and disabled: a copy of a database must not begin to take away what its
//! original waits for.

use tokio_postgres::Row;

use super::{Entry, ObjectId, Reader, scope};
use crate::error::Result;
use crate::manifest::Section;
use crate::postgres::quote;

pub(super) async fn entries(reader: &Reader<'_>) -> Result<Vec<Entry>> {
    let allowed = scope::rows(reader, "subscriptions", &format!("SELECT {READABLE} AS readable")).await?;
    if !allowed.first().is_some_and(|row| row.get("readable")) {
        // `coverage` refuses them by name.
        return Ok(Vec::new());
    }
    let rows = scope::defined(reader, "subscriptions", &query(reader.version)).await?;
    let mut entries: Vec<Entry> = rows.iter().map(entry).collect();
    if reader.version < RUN_AS_OWNER {
        entries.iter_mut().for_each(keep_running_as_owner);
    }
    Ok(entries)
}

fn entry(row: &Row) -> Entry {
    let name: String = row.get("name");
    let publications: Vec<&str> = row.get("publications");
    let mut options = vec!["connect = false".to_owned()];
    // Named like the subscription unless said; where it is said, names are refused that are allowed otherwise.
    match row.get::<_, Option<&str>>("slot") {
        Some(slot) if slot == name => {}
        Some(slot) => options.push(format!("slot_name = {}", quote::literal(slot))),
        None => options.push("slot_name = NONE".to_owned()),
    }
    options.extend(row.get::<_, Vec<String>>("options"));
    Entry {
        id: Some(ObjectId::of(row)),
        section: Section::PostData,
        kind: "subscription",
        schema: None,
        sql: format!(
            "CREATE SUBSCRIPTION {}\n    CONNECTION {}\n    PUBLICATION {}\n    WITH ({});\n",
            quote::identifier(&name),
            quote::literal(row.get("definition")),
            quote::identifiers(&publications),
            options.join(", "),
        ),
        name,
        table: None,
    }
}

/// Before it, changes were always applied by the owner of the subscription; since then by the owner of each table.
const RUN_AS_OWNER: u32 = 160_000;

fn keep_running_as_owner(entry: &mut Entry) {
    entry.sql += &quote::anonymous_block(&format!(
        "BEGIN\n  IF pg_catalog.current_setting('server_version_num')::int >= {RUN_AS_OWNER} THEN\n    \
         ALTER SUBSCRIPTION {} SET (run_as_owner = true);\n  END IF;\nEND",
        quote::identifier(&entry.name)
    ));
}

/// SQL: a connection string may hold a password, so that superusers alone may read it.
pub(super) const READABLE: &str = "has_column_privilege('pg_subscription', 'subconninfo', 'SELECT')";

/// What is said only where it differs from what every version takes for granted.
fn query(version: u32) -> String {
    let mut options = vec![
        "CASE WHEN s.subbinary THEN 'binary = true' END",
        "CASE WHEN s.subsynccommit <> 'off' THEN 'synchronous_commit = ' || quote_literal(s.subsynccommit) END",
    ];
    options.push(if version >= 160_000 {
        "'streaming = ' || CASE s.substream WHEN 't' THEN 'on' WHEN 'p' THEN 'parallel' ELSE 'off' END"
    } else {
        "'streaming = ' || CASE WHEN s.substream THEN 'on' ELSE 'off' END"
    });
    if version >= 150_000 {
        options.push("CASE WHEN s.subtwophasestate <> 'd' THEN 'two_phase = on' END");
        options.push("CASE WHEN s.subdisableonerr THEN 'disable_on_error = true' END");
    }
    if version >= 160_000 {
        options.push("CASE WHEN NOT s.subpasswordrequired THEN 'password_required = false' END");
        options.push("CASE WHEN s.subrunasowner THEN 'run_as_owner = true' END");
        options.push("CASE WHEN s.suborigin <> 'any' THEN 'origin = ' || quote_literal(s.suborigin) END");
    }
    if version >= 170_000 {
        options.push("CASE WHEN s.subfailover THEN 'failover = true' END");
    }
    format!(
        "SELECT 'pg_subscription'::regclass::oid AS class, s.oid, s.subname AS name, s.subconninfo AS definition, \
                s.subslotname AS slot, s.subpublications AS publications, \
                array_remove(ARRAY[{}], NULL) AS options \
           FROM pg_subscription s \
          WHERE s.subdbid = (SELECT oid FROM pg_database WHERE datname = current_database()) AND {} \
          ORDER BY s.subname",
        options.join(", "),
        scope::unowned("'pg_subscription'", "s.oid"),
    )
}
