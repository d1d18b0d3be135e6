//! Restores a backup: in place, one transaction on one connection, so that readers see the old state or the new one; or
//! by a swap.

mod binary;
mod bookkeeping;
pub(in crate::postgres) mod check;
pub(in crate::postgres) mod code_of_others;
pub(in crate::postgres) mod commit;
mod data_only;
pub(in crate::postgres) mod definitions;
mod label_providers;
pub(in crate::postgres) mod large_objects;
pub(in crate::postgres) mod load;
pub(in crate::postgres) mod parallel;
mod part;
pub(in crate::postgres) mod preview;
mod provision;
pub(in crate::postgres) mod refill;
mod replace;
pub(in crate::postgres) mod requirements;
mod resources;
pub(in crate::postgres) mod rows;
pub(in crate::postgres) mod selection;
mod settings;
pub(in crate::postgres) mod staying;
mod surroundings;
mod transaction_control;

pub use preview::preview;
pub use selection::chunks_read;

use std::collections::HashSet;

use tokio_postgres::Client;

use self::code_of_others::Runs;
use self::load::{Loader, Place};
use self::replace::{PutAside, Replacement};
use self::selection::Tables;
use super::connect::{self, Address, Connection, describe_error};
use super::ddl::{Reader, refreshes, removal};
use super::lock_holders::{self, Purpose};
use super::preflight;
use super::runtime::{block_on, unless_stopped};
use super::scratch;
use super::session::{self, Server};
use super::swap::{Live, Swap};
use crate::archive::Archive;
use crate::error::Result;
use crate::event::Progress;
use crate::manifest::{Content, Manifest, Object, Section};
use crate::plan::{ConnectionParameters, Owners, RestorePlan, Scope, Strategy, Verify};
use crate::restore::{Choice, Report, jobs};

/// The stage after the rows.
const BUILDING: &str = "building indexes and constraints";

/// Kinds whose statements fill something with rows; data-only restores execute them too.
const MATERIALIZED_VIEW_DATA: &str = refreshes::REFRESH;

/// What `ddl` calls an owner.
const OWNER: &str = "owner";

/// Restores `archive` in the way that suits; on any failure the old state stays.
pub fn restore(
    plan: &RestorePlan,
    parameters: &ConnectionParameters,
    archive: &Archive,
    progress: &Progress,
) -> Result<Report> {
    let address = connect::resolve(parameters)?;
    block_on(Box::pin(async {
        let choice = unless_stopped(progress, chosen(plan, &address, archive)).await?;
        match choice.strategy {
            Strategy::Swap => Box::pin(Swap { plan, address: &address, archive, progress }.run()).await,
            Strategy::InPlace | Strategy::Auto => in_place(plan, &address, archive, progress).await,
        }
    }))
}

/// Tells in which way [`restore`] would do it.
pub fn choose(
    plan: &RestorePlan,
    parameters: &ConnectionParameters,
    archive: &Archive,
    progress: &Progress,
) -> Result<Choice> {
    let address = connect::resolve(parameters)?;
    block_on(unless_stopped(progress, chosen(plan, &address, archive)))
}

/// Nothing of the backup has been executed before this, and nothing is where it fails.
async fn chosen(plan: &RestorePlan, address: &Address, archive: &Archive) -> Result<Choice> {
    let connection = preflight::own_session(address).await?;
    let server = session::prepare(&connection.client).await?;
    code_of_others::refuse(&connection.client, archive, &plan.trusted_roles, Runs::Apart).await?;
    let choice = Live { connection: &connection, address, server: &server }.choose(plan, &archive.manifest).await?;
    connection.close().await?;
    Ok(choice)
}

/// On any failure the transaction is rolled back.
async fn in_place(plan: &RestorePlan, address: &Address, archive: &Archive, progress: &Progress) -> Result<Report> {
    let connection = Connection::open(address).await?;
    let result = unless_stopped(progress, run(plan, address, &connection.client, archive, progress)).await;
    let report = match result {
        Ok(report) => report,
        Err(error) => {
            // A statement that still runs (an index build) would hold its locks until it ends. Where the server is
            // gone this fails too, and says less than the first error.
            connection.canceller().cancel().await.ok();
            return Err(lock_holders::named(address, Purpose::Replacing, error).await);
        }
    };
    let warnings = connection.drain_notices();
    // The restore is committed; that the server is slow to say goodbye changes nothing about it.
    connection.close().await.ok();
    Ok(Report { warnings, ..report })
}

async fn run(
    plan: &RestorePlan,
    address: &Address,
    client: &Client,
    archive: &Archive,
    progress: &Progress,
) -> Result<Report> {
    scratch::sweep(client, progress).await;
    let server = begin(client, plan.lock_timeout_seconds).await?;
    resources::share_out(client, 1).await?;
    resources::compress_values(client, plan.toast_compression).await?;
    let mut tables = Tables::select(&archive.manifest, plan)?;
    let mut replacement = None;
    if plan.is_partial() {
        replacement = Some(decide(plan, client, &server, archive, &mut tables).await?);
    }
    large_objects::check_room(client, plan, &archive.manifest, &tables).await?;
    let foreign = staying::foreign(client).await?;
    staying::tell(&foreign, progress);
    let staying = staying::objects(&archive.manifest, &foreign);
    let (tables, staying) = (&tables, &staying);
    let loader = Loader { client, archive, tables, staying, threads: jobs(plan), progress, place: Place::Own };
    loader.check_statements()?;
    let extent = Extent { scope: plan.scope, owners: plan.owners, verify: plan.verify };
    let done = match &replacement {
        None => execute(extent, &loader, &server).await?,
        Some(replacement) => {
            for left_out in &replacement.left_out {
                progress.notice(left_out.warning());
            }
            let reader = Reader { client, version: server.version };
            if large_objects::are_replaced(plan, &archive.manifest, tables) {
                large_objects::remove(client).await?;
            }
            let awake = staying::silence(client).await?;
            let mut put_aside = replacement.make_room(plan, &reader, &archive.manifest, tables).await?;
            put_aside.wake_event_triggers(awake);
            complete(extent, &loader, &server, put_aside).await?
        }
    };
    progress.commit()?;
    commit::commit(address, client).await?;
    if extent.loads_rows(&archive.manifest) {
        parallel::analyze(address, &loader, jobs(plan), plan.lock_timeout_seconds).await;
    }
    let tables = tables.of(&archive.manifest).count() as u64;
    Ok(Report { rows: done.rows, unfilled: done.unfilled, tables, ..Report::default() })
}

/// Prepares a fresh connection and begins the one transaction.
pub(in crate::postgres) async fn begin(client: &Client, lock_timeout_seconds: f64) -> Result<Server> {
    let server = session::prepare(client).await?;
    session::limit_lock_wait(client, lock_timeout_seconds).await?;
    client.batch_execute("BEGIN").await.map_err(|error| describe_error(error, "beginning the restore"))?;
    Ok(server)
}

/// How far a restore goes.
#[derive(Debug, Clone, Copy)]
pub(in crate::postgres) struct Extent {
    /// Definitions, rows or both.
    pub scope: Scope,
    /// What to do with owners and grants.
    pub owners: Owners,
    /// Whether row fingerprints are compared.
    pub verify: Verify,
}

impl Extent {
    fn loads_rows(self, manifest: &Manifest) -> bool {
        self.scope != Scope::SchemaOnly && manifest.content == Content::Full
    }

    /// Whether an object that is built over rows is part of it.
    fn builds(self, manifest: &Manifest, object: &Object) -> bool {
        let fills = object.kind == MATERIALIZED_VIEW_DATA;
        // `refill` does that for the views of this restore.
        if object.kind == refreshes::AGAIN {
            return false;
        }
        if self.scope == Scope::DataOnly { fills } else { self.loads_rows(manifest) || !fills }
    }
}

/// Looks at what surrounds the part, which nobody can change from here on.
async fn decide(
    plan: &RestorePlan,
    client: &Client,
    server: &Server,
    archive: &Archive,
    tables: &mut Tables,
) -> Result<Replacement> {
    replace::lock(client, &archive.manifest, tables).await?;
    let reader = Reader { client, version: server.version };
    Replacement::decide(plan, &reader, &archive.manifest, tables).await
}

/// What a restore has done.
#[derive(Debug)]
struct Done {
    /// Rows loaded.
    rows: u64,
    /// Materialized views that stayed empty.
    unfilled: Vec<String>,
}

/// All that happens between `BEGIN` and `COMMIT` when a whole database is restored.
async fn execute(extent: Extent, loader: &Loader<'_>, server: &Server) -> Result<Done> {
    clear(extent.owners, loader, server).await?;
    complete(extent, loader, server, PutAside::default()).await
}

/// Removes all that a whole backup replaces.
async fn clear(owners: Owners, loader: &Loader<'_>, server: &Server) -> Result<()> {
    let reader = Reader { client: loader.client, version: server.version };
    requirements::check(&reader, &loader.archive.manifest, owners).await?;
    replace::remove(loader.client, &removal::plan(&reader, owners).await?).await?;
    large_objects::remove(loader.client).await
}

async fn complete(extent: Extent, loader: &Loader<'_>, server: &Server, put_aside: PutAside) -> Result<Done> {
    let rows = fill(extent, loader).await?;
    put_aside.bring_back(loader.client).await?;
    let wanted = [refill::wanted(extent, loader), put_aside.views()].concat();
    let unfilled = refill::empty_ones(loader, &wanted).await?;
    hand_over(extent, loader).await?;
    check::constraints(loader.client).await?;
    if extent.scope != Scope::DataOnly {
        definitions::compare(loader, server.version).await?;
    }
    put_aside.wake(loader.client).await?;
    Ok(Done { rows, unfilled })
}

/// The parts in their order, into room that was made; gives the rows loaded.
pub(in crate::postgres) async fn fill(extent: Extent, loader: &Loader<'_>) -> Result<u64> {
    let manifest = &loader.archive.manifest;
    if extent.scope != Scope::DataOnly {
        define(loader).await?;
    }
    let mut rows = 0;
    if extent.loads_rows(manifest) {
        loader.progress.stage("loading", selected_bytes(manifest, loader.tables));
        rows = loader.rows().await?;
        large_objects::make(loader).await?;
        loader.objects(Section::Sequences, |_| true).await?;
        // Before row security and other owners could stand between us and the rows.
        if extent.verify == Verify::Full {
            loader.progress.stage("comparing rows", selected_bytes(manifest, loader.tables));
            check::fingerprints(loader).await?;
        }
    }
    loader.progress.stage(BUILDING, 0);
    loader.objects(Section::PostData, |object| extent.builds(manifest, object)).await?;
    Ok(rows)
}

/// What must exist before rows; a schema may be there already.
async fn define(loader: &Loader<'_>) -> Result<()> {
    let present = schemas(loader.client).await?;
    let missing = |object: &Object| object.kind != "schema" || !present.contains(loader.place.named(&object.name));
    loader.objects(Section::PreData, missing).await
}

/// Owners and grants, where they are wanted; then the event triggers, which each statement behind them would set off.
async fn hand_over(extent: Extent, loader: &Loader<'_>) -> Result<()> {
    if extent.owners == Owners::Apply {
        loader.objects(Section::Owners, |_| true).await?;
    }
    if extent.scope == Scope::DataOnly {
        return Ok(());
    }
    let wanted = |object: &Object| extent.owners == Owners::Apply || object.kind != OWNER;
    loader.objects(Section::EventTriggers, wanted).await
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
