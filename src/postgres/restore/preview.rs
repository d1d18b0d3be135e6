//! What a restore would drop, create and leave, and what may stand in its way.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use tokio_postgres::Client;

use super::code_of_others::{self, Runs};
use super::large_objects;
use super::part;
use super::replace::Replacement;
use super::requirements;
use super::resources;
use super::selection::Tables;
use super::settings;
use super::staying;
use crate::archive::Archive;
use crate::error::Result;
use crate::event::Progress;
use crate::manifest::{Manifest, Section};
use crate::plan::{ConnectionParameters, Owners, RestorePlan, Scope, Strategy};
use crate::postgres::connect::{self, Address, Connection, describe_error};
use crate::postgres::ddl::{Reader, alterations, removal};
use crate::postgres::lock_holders::{self, Purpose};
use crate::postgres::preflight;
use crate::postgres::quote::qualified;
use crate::postgres::runtime::{block_on, unless_stopped};
use crate::postgres::search_path;
use crate::postgres::session;
use crate::postgres::swap::{self, Live};
use crate::restore::{ObjectPreview, Preview, TablePreview};

/// Tables up to this size are counted; beyond it the server's estimate must do, so that the plan comes in seconds.
const COUNTED_BYTES: i64 = 256 << 20;

/// Kinds that stand for themselves; the others (indexes, constraints, comments) come and go with one of these.
pub(super) const STANDING: [&str; 31] = [
    "schema",
    "collation",
    "text search parser",
    "text search template",
    "text search dictionary",
    "text search configuration",
    "foreign data wrapper",
    "server",
    "user mapping",
    "table",
    "foreign table",
    "view",
    "materialized view",
    "sequence",
    "statistics",
    "function",
    "procedure",
    "aggregate",
    "operator",
    "operator class",
    "operator family",
    "operator family member",
    "cast",
    "conversion",
    "transform",
    "language",
    "access method",
    "type",
    "domain",
    "publication",
    "event trigger",
];

/// Kinds that only superusers may create; some services let their administrators do so too.
const FOR_SUPERUSERS: [&str; 4] =
    ["text search parser", "text search template", "foreign data wrapper", "publication schema"];

/// Tells what [`super::restore`] would do; changes nothing.
pub fn preview(
    plan: &RestorePlan,
    parameters: &ConnectionParameters,
    archive: &Archive,
    progress: &Progress,
) -> Result<Preview> {
    let address = connect::resolve(parameters)?;
    block_on(unless_stopped(progress, async {
        let connection = preflight::own_session(&address).await?;
        match describe(plan, &address, &connection, archive).await {
            Ok(preview) => connection.close().await.map(|()| preview),
            Err(error) => Err(lock_holders::named(&address, Purpose::Reading, error).await),
        }
    }))
}

async fn describe(
    plan: &RestorePlan,
    address: &Address,
    connection: &Connection,
    archive: &Archive,
) -> Result<Preview> {
    let manifest = &archive.manifest;
    let client = &connection.client;
    let server = session::prepare(client).await?;
    // Rows are counted here, too.
    session::distrust_views(client).await?;
    session::limit_lock_wait(client, plan.lock_timeout_seconds).await?;
    if let Some(method) = plan.toast_compression {
        resources::check_compression(client, method).await?;
    }
    let reader = Reader { client, version: server.version };
    let mut tables = Tables::select(manifest, plan)?;
    code_of_others::refuse(client, archive, &plan.trusted_roles, Runs::Apart).await?;
    let place = Live { connection, address, server: &server };
    let mut preview = Preview {
        choice: place.choose(plan, manifest).await?,
        warnings: warnings(plan, client, manifest, &server).await?,
        ..Preview::default()
    };
    if plan.is_partial() {
        let replacement = Replacement::decide(plan, &reader, manifest, &mut tables).await?;
        let further = part::further_tables(plan.scope, &replacement, manifest, &tables);
        preview.tables = rows_before_and_after(plan, client, manifest, &tables, further).await?;
        part::describe(plan, &replacement, manifest, &tables, &mut preview);
        if tables == Tables::All {
            preview.tables.extend(count_large_objects(plan, client, manifest).await?);
        }
        large_objects::check_room(client, plan, manifest, &tables).await?;
        return Ok(preview);
    }
    requirements::check(&reader, manifest, plan.owners).await?;
    let swaps = preview.choice.strategy == Strategy::Swap;
    let live = if swaps {
        removal::everything(&reader, plan.owners).await?
    } else {
        removal::plan(&reader, plan.owners).await?
    };
    preview.tables = rows_before_and_after(plan, client, manifest, &tables, Vec::new()).await?;
    preview.tables.extend(count_large_objects(plan, client, manifest).await?);
    let there = if swaps { BTreeSet::new() } else { there_already(client, manifest).await? };
    (preview.drops, preview.creates) = compare(&live, manifest, &there);
    settings::describe(&mut preview, &reader, archive, plan.owners).await?;
    if swaps {
        swap::describe(&place, manifest, &mut preview).await?;
    } else {
        large_objects::check_room(client, plan, manifest, &tables).await?;
        preview.keeps = keeps(client, manifest).await?;
    }
    Ok(preview)
}

/// What goes for good, and what was not there; what only comes back as it was is neither.
fn compare(
    live: &[removal::Removal],
    manifest: &Manifest,
    there: &BTreeSet<u32>,
) -> (Vec<ObjectPreview>, Vec<ObjectPreview>) {
    let live: BTreeMap<_, _> = live.iter().map(|removal| keyed(&removal.kind, removal.name.clone())).collect();
    // A sequence that a column owns comes and goes with its table.
    let standing = (0..).zip(&manifest.objects).filter(|(_, object)| {
        STANDING.contains(&object.kind.as_str()) && (object.kind != "sequence" || object.table.is_none())
    });
    let altered = manifest.objects.iter().filter(|object| object.kind == alterations::ALTERATION);
    let stored: BTreeMap<_, _> = standing
        .clone()
        .map(|(_, object)| object)
        .chain(altered)
        .map(|object| keyed(&object.kind, object.label()))
        .collect();
    let new: BTreeMap<_, _> = standing
        .filter(|(index, _)| !there.contains(index))
        .map(|(_, object)| keyed(&object.kind, object.label()))
        .collect();
    let without = |these: &BTreeMap<_, ObjectPreview>, those: &BTreeMap<_, ObjectPreview>| {
        these.iter().filter(|(key, _)| !those.contains_key(*key)).map(|(_, object)| object.clone()).collect()
    };
    (without(&live, &stored), without(&new, &live))
}

/// Objects of the backup that a restore in place would find: those of others, and schemas that stay for what is in them.
async fn there_already(client: &Client, manifest: &Manifest) -> Result<BTreeSet<u32>> {
    let mut there = staying::objects(manifest, &staying::foreign(client).await?);
    let schemas = super::schemas(client).await?;
    let present =
        (0..).zip(&manifest.objects).filter(|(_, object)| object.kind == "schema" && schemas.contains(&object.name));
    there.extend(present.map(|(index, _)| index));
    Ok(there)
}

/// The server and the manifest word the same name differently: with quotes, with `pg_catalog`, a domain as a type.
pub(super) fn keyed(kind: &str, name: String) -> ((String, String), ObjectPreview) {
    let kind = if kind == "domain" { "type" } else { kind }.to_owned();
    let key = (kind.clone(), name.replace('"', "").replace("pg_catalog.", ""));
    (key, ObjectPreview { kind, name })
}

/// There may be millions, so they are not named.
async fn count_large_objects(plan: &RestorePlan, client: &Client, manifest: &Manifest) -> Result<Option<TablePreview>> {
    let before = large_objects::live(client).await?.len() as u64;
    let after = if plan.scope == Scope::SchemaOnly { 0 } else { manifest.large_objects };
    Ok((before + after > 0).then(|| TablePreview {
        label: "large objects".to_owned(),
        before: Some(before),
        estimated: false,
        after: Some(after),
    }))
}

async fn rows_before_and_after(
    plan: &RestorePlan,
    client: &Client,
    manifest: &Manifest,
    tables: &Tables,
    further: Vec<(String, Option<u64>)>,
) -> Result<Vec<TablePreview>> {
    let chosen = tables.of(manifest).map(|(_, table)| table.label());
    let wanted: HashSet<String> = chosen.chain(further.iter().map(|(label, _)| label.clone())).collect();
    let mut live = count(client, |label| *tables == Tables::All || wanted.contains(label)).await?;
    let mut previews = Vec::new();
    for (_, table) in tables.of(manifest) {
        let label = table.label();
        let (before, estimated) =
            live.remove(&label).map_or((None, false), |(rows, estimated)| (Some(rows), estimated));
        let after = match plan.scope {
            Scope::SchemaOnly => Some(0),
            Scope::Full => table.rows.or(Some(0)),
            // Tables whose rows the backup lacks keep those that they have.
            Scope::DataOnly => table.rows.or(before),
        };
        previews.push(TablePreview { label, before, estimated, after });
    }
    for (label, after) in further {
        if let Some((rows, estimated)) = live.remove(&label) {
            previews.push(TablePreview { label, before: Some(rows), estimated, after });
        }
    }
    if !plan.is_partial() {
        previews.extend(live.into_iter().map(|(label, (rows, estimated))| TablePreview {
            label,
            before: Some(rows),
            estimated,
            after: None,
        }));
    }
    Ok(previews)
}

/// Rows of every table, counted or (true) estimated.
async fn count(client: &Client, wanted: impl Fn(&str) -> bool) -> Result<BTreeMap<String, (u64, bool)>> {
    let failed = |error| describe_error(error, "counting rows");
    let rows = client
        .query(
            "SELECT n.nspname, c.relname, c.relkind = 'p', pg_catalog.pg_relation_size(c.oid), c.reltuples::int8 \
             FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
             WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't' \
             AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_' AND NOT EXISTS \
             (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_class'::regclass \
             AND d.objid = c.oid AND d.deptype = 'e')",
            &[],
        )
        .await
        .map_err(failed)?;
    let mut counts = BTreeMap::new();
    for row in &rows {
        let (schema, name): (&str, &str) = (row.get(0), row.get(1));
        let (partitioned, size, estimate): (bool, i64, i64) = (row.get(2), row.get(3), row.get(4));
        if !wanted(&format!("{schema}.{name}")) {
            continue;
        }
        let known = if partitioned {
            (0, false)
        } else if size > COUNTED_BYTES && estimate >= 0 {
            (estimate, true)
        } else {
            let counted = count_rows(client, &qualified(schema, name)).await.map_err(failed)?;
            counted.map_or((estimate.max(0), true), |rows| (rows, false))
        };
        counts.insert(format!("{schema}.{name}"), (known.0.unsigned_abs(), known.1));
    }
    Ok(counts)
}

/// Planning looks at the expressions of indexes, and at the code of the functions that they call: that may need the path
/// of the application. `None` where even that is not enough.
async fn count_rows(client: &Client, table: &str) -> std::result::Result<Option<i64>, tokio_postgres::Error> {
    let statement = format!("SELECT pg_catalog.count(*) FROM ONLY {table}");
    let lacks_a_name = |error: &tokio_postgres::Error| error.code().is_some_and(search_path::is_unknown_name);
    match client.query_one(&statement, &[]).await {
        Err(error) if lacks_a_name(&error) => {}
        counted => return counted.and_then(|row| row.try_get(0)).map(Some),
    }
    client.batch_execute("RESET search_path").await?;
    let counted = client.query_one(&statement, &[]).await;
    client.batch_execute(search_path::LEAVE).await?;
    match counted {
        Err(error) if lacks_a_name(&error) => Ok(None),
        counted => counted.and_then(|row| row.try_get(0)).map(Some),
    }
}

async fn warnings(
    plan: &RestorePlan,
    client: &Client,
    manifest: &Manifest,
    server: &session::Server,
) -> Result<Vec<String>> {
    let mut warnings = requirements::warnings(plan, client, manifest).await?;
    let backup_major = major(&manifest.database.server_version);
    let server_major = u64::from(server.version / 10_000);
    if backup_major > server_major {
        warnings.push(format!(
            "the backup comes from PostgreSQL {}, newer than this server ({}): a statement that it does not know would stop the restore and leave all as it is",
            manifest.database.server_version, server.version_text
        ));
    }
    let row = client
        .query_one(
            "SELECT pg_catalog.pg_encoding_to_char(encoding) FROM pg_catalog.pg_database \
             WHERE datname = pg_catalog.current_database()",
            &[],
        )
        .await
        .map_err(|error| describe_error(error, "reading the database's encoding"))?;
    let encoding: &str = row.get(0);
    if encoding != manifest.database.encoding {
        warnings.push(format!(
            "the backup's database was encoded in {}, this one in {encoding}: text that does not fit will stop the restore",
            manifest.database.encoding
        ));
    }
    warnings.extend(code_of_others::warning(client).await?);
    if !plan.is_partial() {
        warnings.extend(for_superusers(client, manifest).await?);
    }
    for skipped in &manifest.skipped {
        warnings.push(format!("the backup was made without {} {}", skipped.kind, skipped.name));
    }
    let adorned = manifest.objects.iter().any(|object| object.section == Section::Owners);
    if plan.owners == Owners::Ignore && !plan.is_partial() && adorned {
        warnings.push("owners and grants of the backup are not applied; --owners applies them".to_owned());
    }
    Ok(warnings)
}

async fn for_superusers(client: &Client, manifest: &Manifest) -> Result<Option<String>> {
    let mut kinds: Vec<&str> = manifest.objects.iter().map(|object| object.kind.as_str()).collect();
    kinds.retain(|kind| FOR_SUPERUSERS.contains(kind));
    kinds.sort_unstable();
    kinds.dedup();
    if kinds.is_empty() {
        return Ok(None);
    }
    let row = client
        .query_one("SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user", &[])
        .await
        .map_err(|error| describe_error(error, "reading the rights of the role"))?;
    let is_superuser: bool = row.get(0);
    Ok((!is_superuser).then(|| {
        format!("the backup holds what a server may let superusers alone create, and stops there: {}", kinds.join(", "))
    }))
}

fn major(version: &str) -> u64 {
    let digits: String = version.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().unwrap_or(0)
}

/// Extensions that came after the backup stay: they are the administrator's, and their objects stay with them.
async fn keeps(client: &Client, manifest: &Manifest) -> Result<Vec<String>> {
    let known: Vec<&str> = manifest.database.extensions.iter().map(|extension| extension.name.as_str()).collect();
    let rows = client
        .query(
            "SELECT extname FROM pg_catalog.pg_extension WHERE extname <> 'plpgsql' AND extname <> ALL ($1::text[]) ORDER BY 1",
            &[&known],
        )
        .await
        .map_err(|error| describe_error(error, "listing extensions"))?;
    let foreign = staying::foreign(client).await?;
    let extensions = rows
        .iter()
        .map(|row| format!("extension {} (not in the backup; DROP EXTENSION removes it)", row.get::<_, &str>(0)));
    Ok(extensions.chain(foreign.iter().map(staying::Foreign::described)).collect())
}
