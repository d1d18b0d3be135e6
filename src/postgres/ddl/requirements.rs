//! What a backup needs of its server and cannot bring along: roles, tablespaces, collations that came with the system.

use tokio_postgres::Row;

use super::{Reader, scope};
use crate::error::Result;
use crate::manifest::Requirement;
use crate::postgres::quote;

/// Each with the statement that makes it; passwords and paths of in-place tablespaces are not part of it.
pub(super) async fn read(reader: &Reader<'_>, roles: &[String]) -> Result<Vec<Requirement>> {
    let names: Vec<String> = roles.iter().map(|role| quote::literal(role)).collect();
    let roles = scope::rows(reader, "roles", &roles_query(&names)).await?;
    let tablespaces = scope::rows(reader, "tablespaces", TABLESPACES).await?;
    let collations = scope::rows(reader, "collations of the system", COLLATIONS).await?;
    let all = roles.iter().map(role).chain(tablespaces.iter().map(tablespace)).chain(collations.iter().map(collation));
    Ok(all.collect())
}

fn role(row: &Row) -> Requirement {
    let name: String = row.get("name");
    let quoted = quote::identifier(&name);
    let attributes: Vec<String> = row.get("attributes");
    let memberships: Vec<String> = row.get("memberships");
    let options: Vec<String> = row.get("options");
    let create = std::iter::once(format!("CREATE ROLE {quoted}")).chain(attributes).collect::<Vec<_>>().join(" ");
    let grants = memberships.iter().zip(&options);
    let grants = grants.map(|(group, options)| format!(" GRANT {} TO {quoted}{options};", quote::identifier(group)));
    Requirement { kind: "role".to_owned(), statement: format!("{create};{}", grants.collect::<String>()), name }
}

fn tablespace(row: &Row) -> Requirement {
    let name: String = row.get("name");
    // One that was made inside the data folder has a path there, which no statement may name.
    let location: &str = row.get("location");
    let location = if location.starts_with('/') { location } else { "" };
    Requirement {
        kind: "tablespace".to_owned(),
        statement: format!("CREATE TABLESPACE {} LOCATION {};", quote::identifier(&name), quote::literal(location)),
        name,
    }
}

/// The server makes them from the locales that the operating system and ICU have.
fn collation(row: &Row) -> Requirement {
    Requirement {
        kind: "collation".to_owned(),
        name: row.get("name"),
        statement: "SELECT pg_catalog.pg_import_system_collations('pg_catalog');".to_owned(),
    }
}

/// Roles with something in this database, and those that have rights on it or settings for it. A membership counts where
/// both roles do, or the server brings the group. Its options have columns of their own since PostgreSQL 16.
fn roles_query(names: &[String]) -> String {
    format!(
        "SELECT r.rolname::text AS name, \
                array_remove(ARRAY[ \
                    CASE WHEN rolsuper THEN 'SUPERUSER' END, CASE WHEN NOT rolinherit THEN 'NOINHERIT' END, \
                    CASE WHEN rolcreaterole THEN 'CREATEROLE' END, CASE WHEN rolcreatedb THEN 'CREATEDB' END, \
                    CASE WHEN rolcanlogin THEN 'LOGIN' END, CASE WHEN rolreplication THEN 'REPLICATION' END, \
                    CASE WHEN rolbypassrls THEN 'BYPASSRLS' END, \
                    CASE WHEN rolconnlimit <> -1 THEN 'CONNECTION LIMIT ' || rolconnlimit::text END, \
                    'VALID UNTIL ' || quote_literal(rolvaliduntil::text)], NULL) AS attributes, \
                coalesce(member.groups, '{{}}') AS memberships, coalesce(member.options, '{{}}') AS options \
           FROM ({needed}) r \
           LEFT JOIN LATERAL ( \
               SELECT array_agg(name ORDER BY name) AS groups, array_agg(option ORDER BY name) AS options \
                 FROM (SELECT g.rolname::text AS name, CASE WHEN count(option) > 0 \
                                   THEN ' WITH ' || string_agg(DISTINCT option, ', ') ELSE '' END AS option \
                         FROM pg_auth_members m \
                         JOIN pg_roles g ON g.oid = m.roleid \
                         CROSS JOIN LATERAL unnest(ARRAY[ \
                              CASE WHEN m.admin_option THEN 'ADMIN OPTION' END, \
                              CASE to_jsonb(m) ->> 'inherit_option' WHEN r.rolinherit::text THEN NULL \
                                   WHEN 'true' THEN 'INHERIT TRUE' WHEN 'false' THEN 'INHERIT FALSE' END, \
                              CASE to_jsonb(m) ->> 'set_option' WHEN 'false' THEN 'SET FALSE' END]) option \
                        WHERE m.member = r.oid \
                          AND (g.rolname ~ '^pg_' OR EXISTS (SELECT FROM ({needed}) other WHERE other.oid = g.oid)) \
                        GROUP BY g.rolname) groups \
           ) member ON true \
          ORDER BY r.rolname",
        needed = needed(names),
    )
}

fn needed(names: &[String]) -> String {
    format!(
        "SELECT * FROM pg_roles WHERE rolname !~ '^pg_' AND (rolname = ANY (ARRAY[{}]::text[]) OR oid IN ( \
            SELECT setrole FROM pg_db_role_setting JOIN pg_database d ON d.oid = setdatabase \
             WHERE datname = current_database() \
             UNION SELECT grantee FROM pg_database CROSS JOIN LATERAL aclexplode(datacl) \
             WHERE datname = current_database() \
             UNION SELECT datdba FROM pg_database WHERE datname = current_database()))",
        names.join(", ")
    )
}

const TABLESPACES: &str = "
SELECT spcname::text AS name, pg_tablespace_location(oid) AS location
  FROM pg_tablespace t
 WHERE EXISTS (SELECT FROM pg_class c WHERE c.reltablespace = t.oid AND c.oid >= 16384)
 ORDER BY spcname";

/// `C`, `POSIX` and the like are on every server, and no dependency is kept on them.
const COLLATIONS: &str = "
SELECT DISTINCT l.collname::text AS name
  FROM pg_depend d
  JOIN pg_collation l ON d.refclassid = 'pg_collation'::regclass AND l.oid = d.refobjid
 WHERE d.objid >= 16384 AND l.collnamespace = 'pg_catalog'::regnamespace
 ORDER BY 1";
