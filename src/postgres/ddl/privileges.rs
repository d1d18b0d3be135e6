//! Owners and grants, each guarded so that a missing role costs its own rights and nothing else.
//!
//! Owners come first: grants are then made in the owner's name, as they were. Only what differs from the rights that
//! an object is born with is written.

use std::collections::HashSet;

use tokio_postgres::Row;

use super::address::{self, Address};
use super::{Entry, ObjectId, Reader, guard, orphans, scope};
use crate::error::Result;
use crate::manifest::Section;
use crate::postgres::quote;

pub(super) async fn entries(reader: &Reader<'_>) -> Result<Vec<Entry>> {
    let mut entries = Vec::new();
    for row in scope::rows(reader, "owners", &owners_query(reader.version)).await? {
        entries.push(owner(&row));
    }
    let rows = scope::rows(reader, "grants", &grants_query()).await?;
    let of_one_object = |one: &Row, next: &Row| one.get::<_, i64>("object") == next.get::<_, i64>("object");
    entries.extend(rows.chunk_by(of_one_object).map(acl));
    Ok(entries)
}

/// Every role that owns something in this database or was granted something, without those of the server itself.
pub async fn roles(reader: &Reader<'_>) -> Result<Vec<String>> {
    let rows = scope::rows(reader, "roles", &roles_query(reader.version)).await?;
    Ok(rows.iter().map(|row| row.get("role")).collect())
}

fn owner(row: &Row) -> Entry {
    let address = Address::read(row);
    let statement = format!(
        "  ALTER {} {} OWNER TO {};\n",
        address.keyword(),
        address.target(),
        quote::identifier(row.get("owner"))
    );
    entry("owner", &address, row, guard::guarded(&statement))
}

fn entry(kind: &'static str, address: &Address, row: &Row, sql: String) -> Entry {
    // What is made behind the owners gets its own there.
    let section = if address.kind() == "event trigger" { Section::EventTriggers } else { Section::Owners };
    Entry {
        id: Some(ObjectId::of(row)),
        section,
        kind,
        schema: address.schema().map(str::to_owned),
        name: format!("{} {}", address.kind(), address.label()),
        table: row.get("table_oid"),
        sql,
    }
}

/// The same rights, given by one role to one other.
struct Grant {
    grantor: String,
    grantee: Option<String>,
    grantable: bool,
    /// `SELECT, INSERT ON TABLE …`, `SELECT (column) ON TABLE …`
    what: String,
}

impl Grant {
    fn read(row: &Row, object: &str) -> Self {
        let mut privileges: Vec<String> = row.get("privileges");
        if let Some(column) = row.get::<_, Option<&str>>("column_name") {
            let column = format!(" ({})", quote::identifier(column));
            for privilege in &mut privileges {
                privilege.push_str(&column);
            }
        }
        Self {
            grantor: row.get("grantor"),
            grantee: row.get("grantee"),
            grantable: row.get("grantable"),
            what: format!("{} ON {object}", privileges.join(", ")),
        }
    }

    fn role(&self) -> String {
        self.grantee.as_deref().map_or_else(|| "PUBLIC".to_owned(), quote::identifier)
    }

    fn revoke(&self) -> String {
        guard::guarded(&format!("  REVOKE {} FROM {};\n", self.what, self.role()))
    }

    fn grant(&self, owner: &str) -> String {
        let option = if self.grantable { " WITH GRANT OPTION" } else { "" };
        let statement = format!("  GRANT {} TO {}{option};\n", self.what, self.role());
        if self.grantor == owner { guard::guarded(&statement) } else { guard::granted_by(&self.grantor, &statement) }
    }
}

/// What was taken from and given to one object.
fn acl(rows: &[Row]) -> Entry {
    let first = &rows[0];
    let (address, owner) = (Address::read(first), first.get::<_, String>("owner"));
    let object = grant_target(&address);
    let mut sql = String::new();
    let mut grants = Vec::new();
    for row in rows {
        let grant = Grant::read(row, &object);
        if row.get("revoked") {
            sql.push_str(&grant.revoke());
        } else {
            grants.push(grant);
        }
    }
    for grant in givers_first(grants, &owner) {
        sql.push_str(&grant.grant(&owner));
    }
    let whole = entry("acl", &address, first, sql);
    match first.get::<_, Option<&str>>("column_name") {
        Some(column) => Entry { name: format!("{} column {}.{column}", address.kind(), address.label()), ..whole },
        None => whole,
    }
}

/// A role can pass on a right only after it has got it; else they come as the object lists them.
fn givers_first(mut waiting: Vec<Grant>, owner: &str) -> Vec<Grant> {
    let mut givers = HashSet::from([owner.to_owned()]);
    let mut sorted = Vec::with_capacity(waiting.len());
    while !waiting.is_empty() {
        // Where none is a giver, their right to give comes from elsewhere: of a column, from its table.
        let next = waiting.iter().position(|grant| givers.contains(&grant.grantor)).unwrap_or_default();
        let grant = waiting.remove(next);
        if grant.grantable {
            givers.extend(grant.grantee.clone());
        }
        sorted.push(grant);
    }
    sorted
}

/// The object behind `ON`.
fn grant_target(address: &Address) -> String {
    let keyword = match address.kind() {
        "view" | "materialized view" | "foreign table" => "TABLE".to_owned(),
        "server" => "FOREIGN SERVER".to_owned(),
        "aggregate" => return format!("FUNCTION {}", address.function()),
        _ => address.keyword(),
    };
    format!("{keyword} {}", address.target())
}

/// Everything that has an owner, with the letter by which `acldefault` knows its kind; `letter` is NULL where no rights
/// can be granted. Arrays, row types and multiranges follow the type that they belong to.
const OBJECTS: &str = "
object(class, oid, owner, acl, letter, schema, table_oid) AS (
    SELECT 'pg_namespace'::regclass::oid, oid, nspowner, nspacl, 'n'::\"char\", nspname, NULL::oid FROM pg_namespace
     UNION ALL
    SELECT 'pg_class'::regclass, c.oid, relowner, relacl, (CASE relkind WHEN 'S' THEN 's' ELSE 'r' END)::\"char\", nspname,
           CASE WHEN relkind IN ('r', 'p', 'f') THEN c.oid END
      FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
     WHERE relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
     UNION ALL
    SELECT 'pg_type'::regclass, t.oid, typowner, typacl, 'T', nspname, NULL
      FROM pg_type t JOIN pg_namespace n ON n.oid = typnamespace
     WHERE typtype <> 'm' AND NOT EXISTS (SELECT FROM pg_type element
                                           WHERE element.oid = t.typelem AND element.typarray = t.oid)
       AND (typrelid = 0 OR EXISTS (SELECT FROM pg_class c WHERE c.oid = typrelid AND c.relkind = 'c'))
     UNION ALL
    SELECT 'pg_proc'::regclass, p.oid, proowner, proacl, 'f', nspname, NULL
      FROM pg_proc p JOIN pg_namespace n ON n.oid = pronamespace
     UNION ALL
    SELECT 'pg_collation'::regclass, l.oid, collowner, NULL, NULL, nspname, NULL
      FROM pg_collation l JOIN pg_namespace n ON n.oid = collnamespace
     UNION ALL
    SELECT 'pg_statistic_ext'::regclass, s.oid, stxowner, NULL, NULL, nspname, stxrelid
      FROM pg_statistic_ext s JOIN pg_namespace n ON n.oid = stxnamespace
     UNION ALL
    SELECT 'pg_operator'::regclass, o.oid, oprowner, NULL, NULL, nspname, NULL
      FROM pg_operator o JOIN pg_namespace n ON n.oid = oprnamespace WHERE oprcode <> 0
     UNION ALL
    SELECT 'pg_opfamily'::regclass, f.oid, opfowner, NULL, NULL, nspname, NULL
      FROM pg_opfamily f JOIN pg_namespace n ON n.oid = opfnamespace
     UNION ALL
    SELECT 'pg_opclass'::regclass, c.oid, opcowner, NULL, NULL, nspname, NULL
      FROM pg_opclass c JOIN pg_namespace n ON n.oid = opcnamespace
     UNION ALL
    SELECT 'pg_conversion'::regclass, c.oid, conowner, NULL, NULL, nspname, NULL
      FROM pg_conversion c JOIN pg_namespace n ON n.oid = connamespace
     UNION ALL
    SELECT 'pg_language'::regclass, oid, lanowner, lanacl, 'l', NULL, NULL FROM pg_language
     UNION ALL
    SELECT 'pg_foreign_data_wrapper'::regclass, oid, fdwowner, fdwacl, 'F', NULL, NULL FROM pg_foreign_data_wrapper
     UNION ALL
    SELECT 'pg_foreign_server'::regclass, oid, srvowner, srvacl, 'S', NULL, NULL FROM pg_foreign_server
     UNION ALL
    SELECT 'pg_ts_dict'::regclass, t.oid, dictowner, NULL, NULL, nspname, NULL
      FROM pg_ts_dict t JOIN pg_namespace n ON n.oid = dictnamespace
     UNION ALL
    SELECT 'pg_ts_config'::regclass, t.oid, cfgowner, NULL, NULL, nspname, NULL
      FROM pg_ts_config t JOIN pg_namespace n ON n.oid = cfgnamespace
     UNION ALL
    SELECT 'pg_publication'::regclass, oid, pubowner, NULL, NULL, NULL, NULL FROM pg_publication
     UNION ALL
    SELECT 'pg_event_trigger'::regclass, oid, evtowner, NULL, NULL, NULL, NULL FROM pg_event_trigger
     UNION ALL
    SELECT 'pg_subscription'::regclass, oid, subowner, NULL, NULL, NULL, NULL FROM pg_subscription
     WHERE subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())
     UNION ALL
    SELECT 'pg_largeobject'::regclass, oid, lomowner, lomacl, 'L', NULL, NULL FROM pg_largeobject_metadata
)";

/// SQL: the table of the column that owns the sequence `object`.
const OWNING_TABLE: &str = "SELECT d.refobjid FROM pg_depend d \
    WHERE d.classid = 'pg_class'::regclass AND d.objid = object.oid AND d.refobjsubid > 0 \
      AND d.refclassid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')";

/// SQL: a schema that belongs to whom `CREATE DATABASE` gave it: on 15 and later the role `pg_database_owner`, before
/// that the first superuser.
fn usual_public(version: u32) -> String {
    let owner = if version >= 150_000 { "'pg_database_owner'::regrole" } else { "10" };
    format!("(class = 'pg_namespace'::regclass AND schema = 'public' AND owner = {owner})")
}

/// SQL: what users made and extensions do not own; in no schema, it is told by its number. Sequences of columns follow their table, constructors their type.
fn owned_by_users(version: u32) -> String {
    format!(
        "(class = 'pg_largeobject'::regclass OR coalesce({}, object.oid >= 16384) AND {} AND {} AND NOT {} \
          AND NOT (letter IS NOT DISTINCT FROM 's' AND EXISTS ({OWNING_TABLE})))",
        scope::user_schema("schema"),
        scope::unowned("class", "object.oid"),
        scope::independent("class", "object.oid"),
        usual_public(version),
    )
}

fn owners_query(version: u32) -> String {
    format!(
        "WITH {OBJECTS} \
         SELECT {}, class, object.oid, pg_get_userbyid(owner)::text AS owner, table_oid \
           FROM object {} \
          WHERE {} \
          ORDER BY class <> 'pg_namespace'::regclass, address_kind, address_names, address_arguments",
        address::COLUMNS,
        address::of("class", "object.oid", "0"),
        owned_by_users(version),
    )
}

/// The server keeps what an object was born with for its own objects and those of extensions; all others start with
/// what `acldefault` says. The schema `public` is compared with what 15 and later make of it, so that a backup says
/// the same wherever it goes; before 15 everybody could also create objects in it, which may have been taken away.
fn grants_query() -> String {
    format!(
        "WITH {OBJECTS}, item AS ( \
            SELECT class, object.oid, 0 AS part, NULL::text AS column_name, owner, \
                   CASE WHEN letter = 's' THEN ({OWNING_TABLE}) ELSE table_oid END AS table_oid, \
                   coalesce(acl, acldefault(letter, owner)) AS given, \
                   CASE WHEN letter = 'n' AND schema = 'public' \
                        THEN acldefault('n', owner) || makeaclitem(0, owner, 'USAGE', false) \
                        ELSE coalesce(initprivs, acldefault(letter, owner)) END AS born, \
                   CASE WHEN letter = 'n' AND schema = 'public' AND current_setting('server_version_num')::integer < 150000 \
                        THEN ARRAY[makeaclitem(0, owner, 'CREATE', false)] END AS born_before_15 \
              FROM object LEFT JOIN pg_init_privs ON classoid = class AND objoid = object.oid AND objsubid = 0 \
             WHERE letter IS NOT NULL AND (acl IS NOT NULL OR initprivs IS NOT NULL) \
               AND coalesce(schema !~ '^(pg_(temp|toast)|information_schema$)', true) \
            UNION ALL \
            SELECT 'pg_class'::regclass, c.oid, attnum, attname::text, relowner, \
                   CASE WHEN relkind IN ('r', 'p', 'f') THEN c.oid END, attacl, \
                   coalesce(initprivs, acldefault('c', relowner)), NULL \
              FROM pg_attribute \
              JOIN pg_class c ON c.oid = attrelid AND relkind IN ('r', 'p', 'v', 'm', 'f', 'S') \
              JOIN pg_namespace n ON n.oid = relnamespace \
              LEFT JOIN pg_init_privs ON classoid = 'pg_class'::regclass AND objoid = c.oid AND objsubid = attnum \
             WHERE attacl IS NOT NULL AND NOT attisdropped AND nspname !~ '^(pg_(temp|toast)|information_schema$)' \
        ), given AS ( \
            SELECT class, oid, part, (aclexplode(given)).* FROM item \
        ), born AS ( \
            SELECT class, oid, part, (aclexplode(born)).* FROM item \
        ), born_anywhere AS ( \
            TABLE born UNION ALL SELECT class, oid, part, (aclexplode(born_before_15)).* FROM item \
        ), place AS ( \
            SELECT class, oid, part, grantor, grantee, min(place) AS place \
              FROM item CROSS JOIN aclexplode(given) WITH ORDINALITY listed(grantor, grantee, privilege, grantable, place) \
             GROUP BY class, oid, part, grantor, grantee \
        ), difference AS ( \
            SELECT true AS revoked, * FROM (TABLE born_anywhere EXCEPT TABLE given) AS taken \
            UNION ALL \
            SELECT false, * FROM (TABLE given EXCEPT TABLE born) AS added \
        ) \
        SELECT dense_rank() OVER (ORDER BY class, oid, part) AS object, class, oid, {columns}, column_name, table_oid, revoked, \
               pg_get_userbyid(owner)::text AS owner, pg_get_userbyid(grantor)::text AS grantor, \
               CASE WHEN grantee <> 0 THEN pg_get_userbyid(grantee)::text END AS grantee, \
               is_grantable AS grantable, array_agg(privilege_type ORDER BY privilege_type) AS privileges \
          FROM difference JOIN item USING (class, oid, part) \
          LEFT JOIN place USING (class, oid, part, grantor, grantee) {address} \
         WHERE {is_role} \
         GROUP BY class, oid, part, {columns}, column_name, table_oid, revoked, owner, place, grantor, grantee, is_grantable \
         ORDER BY class <> 'pg_namespace'::regclass, {columns}, part, revoked DESC, place, grantor, grantee",
        columns = address::COLUMNS,
        address = address::of("class", "oid", "0"),
        is_role = orphans::is_role("grantee"),
    )
}

/// The first superuser's objects are not in `pg_shdepend`; whether there are any is soon found out.
fn roles_query(version: u32) -> String {
    format!(
        "WITH {OBJECTS} \
         SELECT rolname::text AS role FROM ( \
            SELECT 10 AS owner WHERE EXISTS (SELECT FROM object WHERE owner = 10 AND {}) \
            UNION \
            SELECT refobjid FROM pg_shdepend \
             WHERE refclassid = 'pg_authid'::regclass \
               AND dbid = (SELECT oid FROM pg_database WHERE datname = current_database()) \
         ) named JOIN pg_roles ON pg_roles.oid = named.owner \
         WHERE rolname !~ '^pg_' ORDER BY 1",
        owned_by_users(version),
    )
}
