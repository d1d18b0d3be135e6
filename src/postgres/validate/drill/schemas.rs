//! A drill in scratch schemas beside the live ones, inside one transaction that is always rolled back.
//!
//! Every statement is rewritten before the first is executed, so that none reaches a live object. Owners, grants, large
//! objects and what else belongs to the whole database are not part of it: they have no schema that could be another one.
//! Foreign tables are made over the live servers; nobody reads them but materialized views.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use tokio_postgres::Client;
use tokio_postgres::error::SqlState;

use super::verdict::verdict;
use super::{Drill, agreement, stayed_empty};
use crate::archive::Archive;
use crate::error::{Error, Result};
use crate::manifest::{Manifest, Section};
use crate::plan::{Owners, Scope, Verify};
use crate::postgres::connect::{Connection, describe_error, sqlstate};
use crate::postgres::ddl::Reader;
use crate::postgres::quote::identifier;
use crate::postgres::rename::{Renaming, schema_of_extension};
use crate::postgres::restore::load::{Loader, Place, statement};
use crate::postgres::restore::{self, Extent, check, refill};

/// Nothing live is to be locked; if something is all the same, the application must not wait for it.
const LOCK_TIMEOUT_SECONDS: f64 = 2.0;

const EXTENT: Extent = Extent { scope: Scope::Full, owners: Owners::Ignore, verify: Verify::Full };

pub(super) async fn rehearse(drill: Drill<'_>, home: Connection) -> Result<String> {
    let manifest = &drill.archive.manifest;
    let client = &home.client;
    let server = restore::begin(client, LOCK_TIMEOUT_SECONDS).await?;
    let renaming = renaming(client, drill.archive).await?;
    let loader = drill.loader(client, Place::Scratch(&renaming));
    loader.check_statements()?;
    // They are about what people do in the database; rolled back, this locks nothing that others want.
    restore::staying::silence(client).await?;
    // After an error the end of the connection rolls back as well.
    let unfilled = restored(&loader, &renaming, server.version)
        .await
        .map_err(|error| if is_ambiguity(&error, &renaming) { ambiguous(error) } else { verdict(error) })?;
    client.batch_execute("ROLLBACK").await.map_err(|error| describe_error(error, "rolling the drill back"))?;
    home.close().await?;
    Ok(format!(
        "restored into scratch schemas of PostgreSQL {} and rolled back; {}; {} were left out{}",
        server.version_text,
        agreement(manifest),
        left_out(manifest).join(", "),
        stayed_empty(&unfilled),
    ))
}

/// What is of the whole database, as far as the backup has it.
fn left_out(manifest: &Manifest) -> Vec<&'static str> {
    let kinds = [
        ("foreign data wrapper", "foreign data wrappers"),
        ("server", "servers"),
        ("user mapping", "user mappings"),
        ("publication", "publications"),
        ("subscription", "subscriptions"),
        ("event trigger", "event triggers"),
        ("extension addition", "what stands on tables of extensions"),
        ("alteration", "what was altered of extensions and of the system"),
        ("security label", "security labels"),
    ];
    let held = |kind: &str| manifest.objects.iter().any(|object| object.kind == kind);
    let mut left_out = vec!["owners", "grants"];
    left_out.extend((manifest.large_objects > 0).then_some("large objects"));
    left_out.extend(kinds.into_iter().filter(|(kind, _)| held(kind)).map(|(_, kinds)| kinds));
    left_out
}

async fn restored(loader: &Loader<'_>, renaming: &Renaming, version: u32) -> Result<Vec<String>> {
    let reader = Reader { client: loader.client, version };
    restore::requirements::check(&reader, &loader.archive.manifest, EXTENT.owners).await?;
    for schema in unmade(&loader.archive.manifest) {
        loader
            .client
            .batch_execute(&format!("CREATE SCHEMA {}", identifier(renaming.schema(schema))))
            .await
            .map_err(|error| describe_error(error, "creating a scratch schema"))?;
    }
    restore::fill(EXTENT, loader).await?;
    let unfilled = refill::empty_ones(loader, &refill::wanted(EXTENT, loader)).await?;
    restore::definitions::compare(loader, version).await?;
    check::constraints(loader.client).await?;
    Ok(unfilled.into_iter().map(|view| live_name(renaming, view)).collect())
}

/// How the backup calls what stands in a scratch schema.
fn live_name(renaming: &Renaming, label: String) -> String {
    let live = renaming.schemas.iter().find_map(|(schema, scratch)| {
        let name = label.strip_prefix(scratch.as_str())?.strip_prefix('.')?;
        Some(format!("{schema}.{name}"))
    });
    live.unwrap_or(label)
}

/// Every schema that the backup names.
fn schemas(manifest: &Manifest) -> BTreeSet<&str> {
    let tables = manifest.tables.iter().filter_map(|table| table.schema.as_deref());
    let objects = manifest.objects.iter().filter_map(|object| match object.kind.as_str() {
        "schema" => Some(object.name.as_str()),
        // What a comment or a grant is about may be no object of a schema, and named after what it belongs to.
        "comment" | "security label" | "acl" | "owner" => None,
        _ => object.schema.as_deref(),
    });
    tables.chain(objects).chain(["public"]).collect()
}

/// Schemas that no statement of the backup creates: `public`, and those that an extension would bring.
fn unmade(manifest: &Manifest) -> impl Iterator<Item = &str> {
    let made = |schema: &str| manifest.objects.iter().any(|object| object.kind == "schema" && object.name == schema);
    schemas(manifest).into_iter().filter(move |schema| !made(schema))
}

async fn renaming(client: &Client, archive: &Archive) -> Result<Renaming> {
    let manifest = &archive.manifest;
    let row = client
        .query_one("SELECT pg_catalog.pg_backend_pid()", &[])
        .await
        .map_err(|error| describe_error(error, "preparing the drill"))?;
    let scratch = |number: usize| format!("holdfast_drill_{}_{number}", row.get::<_, i32>(0));
    let names = schemas(manifest).into_iter().enumerate();
    let extensions = extensions(client).await?;
    check_extension_schemas(archive, &extensions)?;
    check_servers(client, manifest).await?;
    let needed: Vec<&str> = manifest.database.extensions.iter().map(|extension| extension.name.as_str()).collect();
    let renaming = Renaming {
        schemas: names.map(|(number, schema)| (schema.to_owned(), scratch(number))).collect(),
        kept: members(client, &needed).await?,
        extensions: extensions.into_keys().collect(),
    };
    check_members(manifest, &renaming)?;
    Ok(renaming)
}

/// Extensions that are there already, with their schemas.
async fn extensions(client: &Client) -> Result<BTreeMap<String, String>> {
    let rows = client
        .query(
            "SELECT extname::text, nspname::text FROM pg_catalog.pg_extension e \
             JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace",
            &[],
        )
        .await
        .map_err(|error| describe_error(error, "reading extensions"))?;
    Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
}

fn check_extension_schemas(archive: &Archive, present: &BTreeMap<String, String>) -> Result<()> {
    for object in archive.manifest.objects.iter().filter(|object| object.kind == "extension") {
        let Some(live) = present.get(&object.name) else { continue };
        let chunk = archive.chunk(object.chunk as usize)?;
        let wanted = schema_of_extension(statement(object, &chunk)?);
        if wanted.is_some_and(|wanted| wanted != *live) {
            let what =
                format!("the extension {} stands in another schema here ({live}) than in the backup", object.name);
            return Err(impossible(what));
        }
    }
    Ok(())
}

/// Foreign tables need their servers, which are not made here.
async fn check_servers(client: &Client, manifest: &Manifest) -> Result<()> {
    let servers = manifest.objects.iter().filter(|object| object.kind == "server");
    let needed: Vec<&str> = servers.map(|object| object.name.as_str()).collect();
    let missing = client
        .query_opt(
            "SELECT needed.name FROM pg_catalog.unnest($1::text[]) AS needed(name) WHERE NOT EXISTS \
             (SELECT FROM pg_catalog.pg_foreign_server WHERE srvname = needed.name) LIMIT 1",
            &[&needed],
        )
        .await
        .map_err(|error| describe_error(error, "looking for foreign servers"))?;
    missing.map_or(Ok(()), |row| Err(impossible(format!("the server {} is not there", row.get::<_, &str>(0)))))
}

/// What the extensions brought, by schema and name.
async fn members(client: &Client, extensions: &[&str]) -> Result<HashSet<(String, String)>> {
    let rows = client
        .query(MEMBERS, &[&extensions])
        .await
        .map_err(|error| describe_error(error, "reading the members of extensions"))?;
    Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
}

const MEMBERS: &str = "
    SELECT n.nspname::text, m.name::text
      FROM (SELECT 'pg_class'::regclass, oid, relnamespace, relname FROM pg_catalog.pg_class
             UNION ALL SELECT 'pg_type'::regclass, oid, typnamespace, typname FROM pg_catalog.pg_type
             UNION ALL SELECT 'pg_proc'::regclass, oid, pronamespace, proname FROM pg_catalog.pg_proc
             UNION ALL SELECT 'pg_operator'::regclass, oid, oprnamespace, oprname FROM pg_catalog.pg_operator
             UNION ALL SELECT 'pg_opclass'::regclass, oid, opcnamespace, opcname FROM pg_catalog.pg_opclass
             UNION ALL SELECT 'pg_opfamily'::regclass, oid, opfnamespace, opfname FROM pg_catalog.pg_opfamily
             UNION ALL SELECT 'pg_collation'::regclass, oid, collnamespace, collname FROM pg_catalog.pg_collation
             UNION ALL SELECT 'pg_ts_config'::regclass, oid, cfgnamespace, cfgname FROM pg_catalog.pg_ts_config
             UNION ALL SELECT 'pg_ts_parser'::regclass, oid, prsnamespace, prsname FROM pg_catalog.pg_ts_parser
             UNION ALL SELECT 'pg_ts_template'::regclass, oid, tmplnamespace, tmplname FROM pg_catalog.pg_ts_template
             UNION ALL SELECT 'pg_ts_dict'::regclass, oid, dictnamespace, dictname FROM pg_catalog.pg_ts_dict
           ) m(class, oid, namespace, name)
      JOIN pg_catalog.pg_depend d ON d.classid = m.class AND d.objid = m.oid AND d.deptype = 'e'
      JOIN pg_catalog.pg_extension e ON d.refclassid = 'pg_extension'::regclass AND e.oid = d.refobjid
      JOIN pg_catalog.pg_namespace n ON n.oid = m.namespace
     WHERE e.extname = ANY ($1::text[])";

/// An object named like an extension's could not be told from it, and would be made in the live schema.
fn check_members(manifest: &Manifest, renaming: &Renaming) -> Result<()> {
    let own = manifest.objects.iter().filter(|object| {
        object.section != Section::Owners && object.kind != "comment" && object.kind != "security label"
    });
    for object in own {
        let name = object.name.split('(').next().unwrap_or_default();
        let address = (object.schema.clone().unwrap_or_default(), name.to_owned());
        if renaming.kept.contains(&address) {
            return Err(impossible(format!("{} {} is named like a part of an extension", object.kind, object.name)));
        }
    }
    Ok(())
}

/// Whether a table or an alias has the name of a schema, so that a column's address was taken for a table's: the server
/// then misses a table with the bare name of a scratch schema.
fn is_ambiguity(error: &Error, renaming: &Renaming) -> bool {
    sqlstate(error) == Some(&SqlState::UNDEFINED_TABLE)
        && renaming.schemas.values().any(|scratch| error.message().contains(&format!("\"{scratch}\"")))
}

fn ambiguous(error: Error) -> Error {
    impossible("a table or an alias in it has the name of a schema").because(error)
}

fn impossible(why: impl std::fmt::Display) -> Error {
    Error::failed(format!("the backup cannot be rehearsed beside the live database: {why}"))
        .hint("a role that may create databases (ALTER ROLE … CREATEDB) rehearses in a database of its own")
}
