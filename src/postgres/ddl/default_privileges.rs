//! Default privileges: what objects made later are born with.
//!
//! They are written last, since they would add grants to objects made after them. Those of a whole database replace what
//! the server grants by itself, so that they may take something away; those of a schema only add.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use tokio_postgres::Row;

use super::address::{self, Address};
use super::orphans::{self, DEFAULTS_STAND};
use super::removal::Removal;
use super::{Entry, Reader, guard, scope};
use crate::error::Result;
use crate::manifest::Section;
use crate::plan::Owners;
use crate::postgres::quote;

const KIND: &str = "default privileges";

pub(super) async fn entries(reader: &Reader<'_>) -> Result<Vec<Entry>> {
    let rows = rows(reader, Direction::Make).await?;
    Ok(rows.chunk_by(same).map(entry).collect())
}

fn entry(rows: &[Row]) -> Entry {
    Entry {
        id: None,
        section: Section::Owners,
        kind: KIND,
        schema: rows[0].get("schema"),
        name: Address::read(&rows[0]).label(),
        table: None,
        sql: rows.iter().map(|row| guard::guarded(&statement(row))).collect(),
    }
}

/// What makes them those of a new database again. A role's own cannot be taken from it by another, which costs no more
/// than a warning: they work on what that role makes, and a restore makes nothing in its name.
pub(super) async fn removals(reader: &Reader<'_>) -> Result<Vec<Removal>> {
    let rows = rows(reader, Direction::Undo).await?;
    Ok(rows.chunk_by(same).map(removal).collect())
}

fn removal(rows: &[Row]) -> Removal {
    let statements = rows.iter().fold(String::new(), |mut sql, row| {
        let _ = write!(sql, "{}", statement(row));
        sql
    });
    Removal {
        kind: KIND.to_owned(),
        name: Address::read(&rows[0]).label(),
        schema: None,
        sql: guard::guarded(&statements),
    }
}

/// Default privileges that do not work while a part is made anew.
pub struct AtRest {
    /// What switches them off.
    pub removals: Vec<Removal>,
    /// What brings them back, but for those of the part's schemas, which come back with the part or are replaced.
    pub returning: Vec<Entry>,
}

/// Lets those of this role rest, which would add grants to all that is made; everybody's in `schemas` too where those of
/// the backup take their place.
pub async fn at_rest(reader: &Reader<'_>, owners: Owners, schemas: &BTreeSet<String>) -> Result<AtRest> {
    let within = |row: &Row| row.get::<_, Option<&str>>("schema").is_some_and(|schema| schemas.contains(schema));
    let undo = rows(reader, Direction::Undo).await?;
    let make = rows(reader, Direction::Make).await?;
    let removals = undo.chunk_by(same).filter(|rows| rows[0].get("own") || owners == Owners::Apply && within(&rows[0]));
    let returning = make.chunk_by(same).filter(|rows| rows[0].get("own") && !within(&rows[0]));
    Ok(AtRest { removals: removals.map(removal).collect(), returning: returning.map(entry).collect() })
}

/// Those that a restore leaves in place where it does not apply the backup's: all but those of schemas that are made anew.
pub async fn staying(reader: &Reader<'_>) -> Result<Vec<Entry>> {
    let stays = |entry: &Entry| entry.schema.as_deref().is_none_or(|schema| schema == "public");
    Ok(entries(reader).await?.into_iter().filter(stays).collect())
}

/// From where to where the differences lead.
#[derive(Clone, Copy)]
enum Direction {
    /// From what a new database has.
    Make,
    /// Back to it.
    Undo,
}

async fn rows(reader: &Reader<'_>, direction: Direction) -> Result<Vec<Row>> {
    scope::rows(reader, KIND, &query(direction)).await
}

fn same(one: &Row, next: &Row) -> bool {
    one.get::<_, u32>("oid") == next.get::<_, u32>("oid")
}

/// What one role gets or loses.
fn statement(row: &Row) -> String {
    let schema = row
        .get::<_, Option<&str>>("schema")
        .map_or_else(String::new, |schema| format!(" IN SCHEMA {}", quote::identifier(schema)));
    let role = row.get::<_, Option<&str>>("grantee").map_or_else(|| "PUBLIC".to_owned(), quote::identifier);
    let what = format!("{} ON {}", row.get::<_, Vec<&str>>("privileges").join(", "), row.get::<_, &str>("objects"));
    let change = if row.get("revoked") {
        format!("REVOKE {what} FROM {role}")
    } else {
        let option = if row.get("grantable") { " WITH GRANT OPTION" } else { "" };
        format!("GRANT {what} TO {role}{option}")
    };
    format!("  ALTER DEFAULT PRIVILEGES FOR ROLE {}{schema} {change};\n", quote::identifier(row.get("role")))
}

/// Sequences have another letter here than for `acldefault`.
fn query(direction: Direction) -> String {
    let (before, after) = match direction {
        Direction::Make => ("born", "given"),
        Direction::Undo => ("given", "born"),
    };
    format!(
        "WITH item AS ( \
            SELECT d.oid, d.defaclrole AS owner, d.defaclnamespace, d.defaclobjtype, d.defaclacl AS given, \
                   CASE WHEN d.defaclnamespace <> 0 THEN NULL::aclitem[] \
                        ELSE acldefault(CASE WHEN d.defaclobjtype = 'S' THEN 's'::\"char\" ELSE d.defaclobjtype END, \
                                        d.defaclrole) END AS born \
              FROM pg_default_acl d WHERE {unowned} AND {DEFAULTS_STAND} \
        ), given AS ( \
            SELECT oid, (aclexplode(given)).* FROM item \
        ), born AS ( \
            SELECT oid, (aclexplode(born)).* FROM item \
        ), difference AS ( \
            SELECT true AS revoked, * FROM (TABLE {before} EXCEPT TABLE {after}) AS taken \
            UNION ALL \
            SELECT false, * FROM (TABLE {after} EXCEPT TABLE {before}) AS added \
        ) \
        SELECT oid, {columns}, revoked, pg_get_userbyid(owner)::text AS role, owner = current_user::regrole AS own, \
               (SELECT nspname FROM pg_namespace n WHERE n.oid = defaclnamespace) AS schema, \
               CASE defaclobjtype WHEN 'r' THEN 'TABLES' WHEN 'S' THEN 'SEQUENCES' WHEN 'f' THEN 'FUNCTIONS' \
                    WHEN 'T' THEN 'TYPES' WHEN 'n' THEN 'SCHEMAS' ELSE 'LARGE OBJECTS' END AS objects, \
               CASE WHEN grantee <> 0 THEN pg_get_userbyid(grantee)::text END AS grantee, \
               is_grantable AS grantable, array_agg(privilege_type ORDER BY privilege_type) AS privileges \
          FROM difference JOIN item USING (oid) {address} \
         WHERE {is_role} \
         GROUP BY oid, {columns}, revoked, owner, defaclnamespace, defaclobjtype, grantee, is_grantable \
         ORDER BY {columns}, oid, revoked DESC, grantee, is_grantable",
        unowned = scope::unowned("'pg_default_acl'", "d.oid"),
        is_role = orphans::is_role("grantee"),
        columns = address::COLUMNS,
        address = address::of("'pg_default_acl'::regclass", "oid", "0"),
    )
}
