//! What empties a database, so that a restore makes it equal to the backup.
//!
//! Everything goes but the system's objects, extensions and what belongs to them, the schema `public`, and event triggers
//! and schemas of others (`restore/staying.rs`). Each object
//! has its own statement, so that the plan can be read before it is done; one that went with another is passed over.
//! Large objects, of which there may be millions, are removed elsewhere.

use std::collections::BTreeSet;

use tokio_postgres::Row;

use super::address::{self, Address};
use super::{Reader, alterations, default_privileges, family_members, scope};
use crate::error::{Error, Kind, Result};
use crate::plan::Owners;

/// One object that goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Removal {
    /// The field's word for it.
    pub kind: String,
    /// Its full name.
    pub name: String,
    /// Its schema; a schema is its own.
    pub schema: Option<String>,
    /// The statement, closed by a semicolon and a newline.
    pub sql: String,
}

/// Statements that empty the database, in an order that works in one transaction for the role that owns the objects.
///
/// Default privileges go where those of the backup take their place. Where its rights are not applied they are all that
/// gives anybody rights to what is made again, and stay; those of a schema go with it.
pub async fn plan(reader: &Reader<'_>, owners: Owners) -> Result<Vec<Removal>> {
    refuse_entangled(reader).await?;
    everything(reader, owners).await
}

/// What the plan removes, whether that is possible or not.
pub async fn everything(reader: &Reader<'_>, owners: Owners) -> Result<Vec<Removal>> {
    let (mut plan, others): (Vec<Removal>, Vec<Removal>) =
        objects(reader).await?.into_iter().partition(|removal| removal.kind == "event trigger");
    if owners == Owners::Apply {
        plan.extend(default_privileges::removals(reader).await?);
    }
    plan.extend(alterations::without_users_dictionaries(reader).await?.into_iter().map(|(name, sql)| Removal {
        kind: alterations::ALTERATION.to_owned(),
        name,
        schema: None,
        sql,
    }));
    plan.extend(others);
    Ok(plan)
}

/// Statements that empty these schemas and drop them, in an order that works.
pub async fn within(reader: &Reader<'_>, schemas: &BTreeSet<String>) -> Result<Vec<Removal>> {
    if schemas.is_empty() {
        return Ok(Vec::new());
    }
    let inside = |removal: &Removal| removal.schema.as_ref().is_some_and(|schema| schemas.contains(schema));
    Ok(objects(reader).await?.into_iter().filter(inside).collect())
}

async fn objects(reader: &Reader<'_>) -> Result<Vec<Removal>> {
    let rows = scope::rows(reader, "objects to remove", &objects_query()).await?;
    Ok(rows.iter().map(removal).collect())
}

fn removal(row: &Row) -> Removal {
    let address = Address::read(row);
    Removal { kind: address.kind().to_owned(), name: address.label(), schema: row.get("schema"), sql: drop(&address) }
}

fn drop(address: &Address) -> String {
    if let Some((family, member)) = address.family_member() {
        return format!("ALTER OPERATOR FAMILY {family} DROP {member};\n");
    }
    // Without CASCADE a schema with something unforeseen in it stops the restore instead of taking it along; to a user
    // mapping nothing can belong.
    let cascade = if matches!(address.kind(), "schema" | "user mapping") { "" } else { " CASCADE" };
    format!("DROP {} IF EXISTS {}{cascade};\n", address.keyword(), address.target())
}

/// `CASCADE` would take a member of an extension that somebody made depend on an object of theirs, and a subscription
/// keeps a slot on another server and writes on. Neither is ours to decide.
async fn refuse_entangled(reader: &Reader<'_>) -> Result<()> {
    let rows = scope::rows(reader, "dependencies of extensions", ENTANGLED).await?;
    let Some(row) = rows.first() else { return Ok(()) };
    Err(Error::new(Kind::Unsupported, row.get::<_, String>("message")).hint(row.get::<_, String>("hint")))
}

const ENTANGLED: &str = "
    SELECT format('%s, a part of the extension %s, depends on %s, which is not', member.description, e.extname,
                  pg_describe_object(d.refclassid, d.refobjid, d.refobjsubid)) AS message,
           'Remove that dependency by hand (where it was a part of the extension once, ALTER EXTENSION … ADD makes it one again), '
           'then restore; or restore by a swap.' AS hint
      FROM pg_depend m
      JOIN pg_extension e ON e.oid = m.refobjid
      JOIN pg_depend d ON d.classid = m.classid AND d.objid = m.objid AND d.deptype IN ('n', 'a')
      CROSS JOIN LATERAL (SELECT pg_describe_object(d.classid, d.objid, d.objsubid)) member(description)
     WHERE m.deptype = 'e' AND m.refclassid = 'pg_extension'::regclass
       AND d.refobjid >= 16384 AND d.refclassid NOT IN ('pg_namespace'::regclass, 'pg_extension'::regclass)
       AND NOT EXISTS (SELECT FROM pg_depend o WHERE o.classid = d.refclassid AND o.objid = d.refobjid
                          AND o.deptype IN ('e', 'i', 'a'))
     UNION ALL
    SELECT format('the subscription %s writes into this database, and on its publisher a slot waits for it', subname),
           format('Run DROP SUBSCRIPTION %1$I, which drops the slot too; where the publisher is gone, run ALTER SUBSCRIPTION '
                  '%1$I DISABLE; ALTER SUBSCRIPTION %1$I SET (slot_name = NONE); DROP SUBSCRIPTION %1$I. '
                  'Or restore into another database.', subname)
      FROM pg_subscription WHERE subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())";

/// Event triggers first, since they would fire at each step; schemas last. Members of operator families cannot be
/// dropped `IF EXISTS`, so that they go before anything could take them along.
fn objects_query() -> String {
    format!(
        "SELECT {columns}, schema::text FROM ({OBJECTS} \
          UNION ALL SELECT 2, class, oid, NULL FROM ({members}) member(class, oid, family, member)) AS removable(step, class, object, schema) {address} \
          WHERE object >= 16384 AND coalesce({user_schema}, true) AND {unowned} AND {independent} \
          ORDER BY step, {columns}",
        columns = address::COLUMNS,
        members = family_members::of_users(),
        address = address::of("class", "object", "0"),
        user_schema = scope::user_schema("schema"),
        unowned = scope::unowned("class", "object"),
        independent = scope::independent("class", "object"),
    )
}

const OBJECTS: &str = "
    SELECT 1, 'pg_event_trigger'::regclass::oid, oid, NULL::name FROM pg_event_trigger
         WHERE pg_has_role(evtowner, 'USAGE')
     UNION ALL SELECT 2, 'pg_publication'::regclass, oid, NULL FROM pg_publication
     UNION ALL SELECT CASE relkind WHEN 'S' THEN 4 ELSE 3 END, 'pg_class'::regclass, c.oid, nspname
         FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE relkind IN ('r', 'p', 'v', 'm', 'f')
            OR relkind = 'S' AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass
                                                AND d.objid = c.oid AND d.deptype = 'a' AND d.refobjsubid > 0)
     UNION ALL SELECT 4, 'pg_user_mapping'::regclass, umid, NULL FROM pg_user_mappings
     UNION ALL SELECT 5, 'pg_foreign_server'::regclass, oid, NULL FROM pg_foreign_server
     UNION ALL SELECT 6, 'pg_foreign_data_wrapper'::regclass, oid, NULL FROM pg_foreign_data_wrapper
     UNION ALL SELECT 7, 'pg_cast'::regclass, oid, NULL FROM pg_cast
     UNION ALL SELECT 7, 'pg_transform'::regclass, oid, NULL FROM pg_transform
     UNION ALL SELECT 8, 'pg_opclass'::regclass, o.oid, nspname
         FROM pg_opclass o JOIN pg_namespace n ON n.oid = opcnamespace
     UNION ALL SELECT 9, 'pg_opfamily'::regclass, o.oid, nspname
         FROM pg_opfamily o JOIN pg_namespace n ON n.oid = opfnamespace
     UNION ALL SELECT 10, 'pg_operator'::regclass, o.oid, nspname
         FROM pg_operator o JOIN pg_namespace n ON n.oid = oprnamespace
     UNION ALL SELECT 11, 'pg_conversion'::regclass, c.oid, nspname
         FROM pg_conversion c JOIN pg_namespace n ON n.oid = connamespace
     UNION ALL SELECT 12, 'pg_ts_config'::regclass, t.oid, nspname
         FROM pg_ts_config t JOIN pg_namespace n ON n.oid = cfgnamespace
     UNION ALL SELECT 13, 'pg_ts_dict'::regclass, t.oid, nspname
         FROM pg_ts_dict t JOIN pg_namespace n ON n.oid = dictnamespace
     UNION ALL SELECT 14, 'pg_ts_template'::regclass, t.oid, nspname
         FROM pg_ts_template t JOIN pg_namespace n ON n.oid = tmplnamespace
     UNION ALL SELECT 15, 'pg_ts_parser'::regclass, t.oid, nspname
         FROM pg_ts_parser t JOIN pg_namespace n ON n.oid = prsnamespace
     UNION ALL SELECT 16, 'pg_am'::regclass, oid, NULL FROM pg_am
     UNION ALL SELECT 17, 'pg_proc'::regclass, p.oid, nspname
         FROM pg_proc p JOIN pg_namespace n ON n.oid = pronamespace
        WHERE NOT EXISTS (SELECT FROM pg_event_trigger WHERE evtfoid = p.oid AND NOT pg_has_role(evtowner, 'USAGE'))
     UNION ALL SELECT 18, 'pg_type'::regclass, t.oid, nspname
         FROM pg_type t JOIN pg_namespace n ON n.oid = typnamespace
        WHERE typrelid = 0 OR EXISTS (SELECT FROM pg_class c WHERE c.oid = typrelid AND c.relkind = 'c')
     UNION ALL SELECT 19, 'pg_language'::regclass, oid, NULL FROM pg_language
     UNION ALL SELECT 20, 'pg_statistic_ext'::regclass, s.oid, nspname
         FROM pg_statistic_ext s JOIN pg_namespace n ON n.oid = stxnamespace
        WHERE NOT EXISTS (SELECT FROM pg_depend m WHERE m.classid = 'pg_class'::regclass AND m.objid = stxrelid
                             AND m.deptype = 'e')
     UNION ALL SELECT 21, 'pg_collation'::regclass, l.oid, nspname
         FROM pg_collation l JOIN pg_namespace n ON n.oid = collnamespace
     UNION ALL SELECT 22, 'pg_namespace'::regclass, n.oid, nspname
         FROM pg_namespace n
        WHERE nspname <> 'public' AND pg_has_role(nspowner, 'USAGE')
          AND NOT EXISTS (SELECT FROM pg_event_trigger JOIN pg_proc p ON p.oid = evtfoid
                           WHERE pronamespace = n.oid AND NOT pg_has_role(evtowner, 'USAGE'))
          AND NOT EXISTS (SELECT FROM pg_depend d JOIN pg_depend m ON m.classid = d.classid AND m.objid = d.objid
                           WHERE d.refclassid = 'pg_namespace'::regclass AND d.refobjid = n.oid AND m.deptype = 'e')
          AND NOT EXISTS (SELECT FROM pg_extension e WHERE e.extnamespace = n.oid)";
