//! Restores in place: one transaction on one connection, so that readers see the old state or the new one.

mod check;
pub(in crate::postgres) mod load;
mod preview;
mod replace;
pub mod selection;

pub use preview::preview;

use std::collections::HashSet;

use tokio_postgres::Client;

use self::load::Loader;
use self::replace::PutAside;
use self::selection::Tables;
use super::connect::{self, Connection, describe_error};
use super::ddl::{Reader, removal};
use super::quote::qualified;
use super::runtime::{block_on, unless_stopped};
use super::session::{self, Server};
use crate::archive::Archive;
use crate::error::Result;
use crate::event::Progress;
use crate::manifest::{Content, Manifest, Object, Section, Table};
use crate::plan::{ConnectionParameters, Owners, RestorePlan, Scope, Verify};
use crate::restore::{Report, decoding_threads};

/// Kinds whose statements fill something with rows; data-only restores execute them too.
const MATERIALIZED_VIEW_DATA: &str = "materialized view data";

/// Restores `archive`; on any failure the transaction is rolled back and the old state stays.
pub fn restore(
    plan: &RestorePlan,
    parameters: &ConnectionParameters,
    archive: &Archive,
    progress: &Progress,
) -> Result<Report> {
    let address = connect::resolve(parameters)?;
    block_on(async {
        let connection = Connection::open(&address).await?;
        let result = unless_stopped(progress, run(plan, &connection.client, archive, progress)).await;
        if result.is_err() {
            // A statement that still runs (an index build) would hold its locks until it ends.
            connection.canceller().cancel().await?;
        }
        let report = result?;
        let warnings = connection.drain_notices();
        connection.close().await?;
        Ok(Report { warnings, ..report })
    })
}

async fn run(plan: &RestorePlan, client: &Client, archive: &Archive, progress: &Progress) -> Result<Report> {
    let server = begin(plan, client).await?;
    let tables = Tables::select(&archive.manifest, plan)?;
    preview::check_extensions(client, &archive.manifest).await?;
    let loader = Loader {
        client,
        archive,
        tables: &tables,
        threads: decoding_threads(plan),
        progress,
    };
    let rows = execute(plan, &loader, &server).await?;
    progress.stage("checking", 0);
    if plan.verify == Verify::Full && plan.scope != Scope::SchemaOnly {
        check::fingerprints(client, &archive.manifest, &tables, progress).await?;
    }
    check::constraints(client).await?;
    progress.commit()?;
    client
        .batch_execute("COMMIT")
        .await
        .map_err(|error| describe_error(error, "committing the restore"))?;
    analyze(client, &archive.manifest, &tables, progress).await;
    Ok(Report {
        rows,
        tables: tables.of(&archive.manifest).count() as u64,
        ..Report::default()
    })
}

async fn begin(plan: &RestorePlan, client: &Client) -> Result<Server> {
    let server = session::prepare(client).await?;
    session::limit_lock_wait(client, plan.lock_timeout_seconds).await?;
    client
        .batch_execute("BEGIN")
        .await
        .map_err(|error| describe_error(error, "beginning the restore"))?;
    Ok(server)
}

/// The parts in their order; gives the rows loaded.
async fn execute(plan: &RestorePlan, loader: &Loader<'_>, server: &Server) -> Result<u64> {
    let manifest = &loader.archive.manifest;
    let with_rows = plan.scope != Scope::SchemaOnly && manifest.content == Content::Full;
    let put_aside = make_room(plan, loader, server).await?;
    if plan.scope != Scope::DataOnly {
        let present = schemas(loader.client).await?;
        let missing = |object: &Object| object.kind != "schema" || !present.contains(&object.name);
        loader.objects(Section::PreData, missing).await?;
    }
    let mut rows = 0;
    if with_rows {
        loader.progress.stage("loading", selected_bytes(manifest, loader.tables));
        rows = loader.rows().await?;
        if *loader.tables == Tables::All {
            loader.script(Section::LargeObjects).await?;
        }
        loader.objects(Section::Sequences, |_| true).await?;
    }
    loader.progress.stage("building indexes and constraints", 0);
    let post_data = |object: &Object| {
        let fills = object.kind == MATERIALIZED_VIEW_DATA;
        if plan.scope == Scope::DataOnly { fills } else { with_rows || !fills }
    };
    loader.objects(Section::PostData, post_data).await?;
    put_aside.bring_back(loader.client).await?;
    if plan.owners == Owners::Apply {
        loader.objects(Section::Owners, |_| true).await?;
    }
    Ok(rows)
}

/// Removes what the backup replaces.
async fn make_room(plan: &RestorePlan, loader: &Loader<'_>, server: &Server) -> Result<PutAside> {
    let (client, manifest) = (loader.client, &loader.archive.manifest);
    let chosen: Vec<&Table> = loader.tables.of(manifest).map(|(_, table)| table).collect();
    match (plan.scope, loader.tables) {
        (Scope::DataOnly, tables) => {
            if *tables == Tables::All {
                remove_large_objects(client).await?;
            }
            let filled: Vec<&Table> = chosen.into_iter().filter(|table| table.fingerprint.is_some()).collect();
            replace::empty_tables(client, &filled).await
        }
        (_, Tables::Some(_)) => replace::drop_tables(client, &chosen).await,
        (_, Tables::All) => {
            let reader = Reader {
                client,
                version: server.version,
            };
            for removal in removal::plan(&reader).await? {
                client
                    .batch_execute(&removal.sql)
                    .await
                    .map_err(|error| describe_error(error, format!("dropping {} {}", removal.kind, removal.name)))?;
            }
            Ok(PutAside::default())
        }
    }
}

async fn remove_large_objects(client: &Client) -> Result<()> {
    client
        .batch_execute("SELECT pg_catalog.lo_unlink(oid) FROM pg_catalog.pg_largeobject_metadata")
        .await
        .map_err(|error| describe_error(error, "removing large objects"))
}

async fn schemas(client: &Client) -> Result<HashSet<String>> {
    let rows = client
        .query("SELECT nspname FROM pg_catalog.pg_namespace", &[])
        .await
        .map_err(|error| describe_error(error, "listing schemas"))?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

fn selected_bytes(manifest: &Manifest, tables: &Tables) -> u64 {
    let chunks = selection::chunks(manifest, Section::Data, tables);
    chunks.iter().map(|&chunk| manifest.chunks[chunk].raw_size).sum()
}

/// Statistics for the planner: without them the first hours after a restore are slow. The restore stands either way.
async fn analyze(client: &Client, manifest: &Manifest, tables: &Tables, progress: &Progress) {
    progress.stage("analyzing", 0);
    let names: Vec<String> = tables
        .of(manifest)
        .map(|(_, table)| qualified(table.schema.as_deref().unwrap_or_default(), &table.name))
        .collect();
    if names.is_empty() {
        return;
    }
    if let Err(error) = client.batch_execute(&format!("ANALYZE {}", names.join(", "))).await {
        let reason = describe_error(error, "gathering statistics").message();
        progress.notice(format!("the restore is complete, but ANALYZE failed: {reason}; run ANALYZE yourself"));
    }
}
