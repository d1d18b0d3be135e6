//! Restores into a new database, which then takes the live one's name; the live one is kept under another.
//!
//! The live database is not touched before the very end, a transaction that gives two databases new names. Whatever
//! stops the run before leaves it as it was, and the new one is dropped, by this run or by the next.

mod exchange;
mod kept;
pub(super) mod maintenance;
mod obstacles;
mod preview;
mod properties;
mod rights;
mod sessions;
mod strategy;
mod subscriptions;
mod undo;

pub(super) use preview::describe;
pub(super) use strategy::Live;
pub use undo::{Dropped, drop_kept, kept, undo};

use tokio_postgres::Client;

use self::exchange::Exchange;
use self::properties::{Grants, Properties};
use self::rights::Rights;
use super::connect::{Address, Connection, describe_error};
use super::ddl::database::DATABASE_GRANTS;
use super::ddl::{Reader, default_privileges};
use super::restore::Extent;
use super::restore::load::Place;
use super::restore::parallel::ParallelRestore;
use super::runtime::unless_stopped;
use super::scratch::{self, Purpose, Scratch};
use super::session;
use crate::archive::Archive;
use crate::error::Result;
use crate::event::Progress;
use crate::plan::{Owners, RestorePlan};
use crate::restore::{Report, jobs};

/// What becomes of which database.
pub(super) struct Swap<'a> {
    pub(super) plan: &'a RestorePlan,
    pub(super) address: &'a Address,
    pub(super) archive: &'a Archive,
    pub(super) progress: &'a Progress,
}

impl Swap<'_> {
    /// Does it; after an error the live database is as it was.
    pub(super) async fn run(self) -> Result<Report> {
        let (home, place) = unless_stopped(self.progress, maintenance::open(self.address)).await?;
        scratch::sweep(&home.client, self.progress).await;
        let scratch = Scratch::announce(home, place, Purpose::Swap, &self.archive.manifest.id).await?;
        let canceller = scratch.home.canceller();
        match unless_stopped(self.progress, self.swapped(&scratch)).await {
            Ok(report) => {
                // All is done; that the server is slow to say goodbye changes nothing about it.
                scratch.home.close().await.ok();
                Ok(report)
            }
            Err(error) => {
                // It may wait in a transaction that holds the live database's lock. Where the server is gone this fails
                // too, and says less than the first error.
                canceller.cancel().await.ok();
                // A notice tells where this fails.
                scratch.remove(self.progress).await.ok();
                Err(error)
            }
        }
    }

    async fn swapped(&self, scratch: &Scratch) -> Result<Report> {
        let (client, name) = (&scratch.home.client, self.address.dbname());
        let server = session::prepare(client).await?;
        let live = Properties::read(client, &server, name).await?;
        let opening = live.opening(&scratch.name, self.grants());
        scratch
            .create(&live.options())
            .await
            .map_err(|error| describe_error(error, "creating a database to restore into"))?;
        execute(client, &live.adornments(&scratch.name)).await?;
        // A right that lacks in the end is to be missed now, not after hours.
        rehearse(client, &opening).await?;
        let report = self.filled(&scratch.address()).await?;
        self.progress.stage("putting the new database into place", 0);
        let aside = kept::new_name(client, name).await?;
        let exchange = Exchange {
            address: &scratch.home_address,
            client,
            live: name,
            aside: &aside,
            incoming: &scratch.name,
            opening: &opening,
            lock_timeout_seconds: self.plan.lock_timeout_seconds,
            progress: self.progress,
        };
        exchange.run().await?;
        Ok(Report { kept: Some(kept::described(client, name, &aside).await), ..report })
    }

    /// Fills the new database with all that the backup holds and gathers statistics; nobody is connected to it then.
    async fn filled(&self, address: &Address) -> Result<Report> {
        let unlike = self.carry_rights(address).await?;
        let load = ParallelRestore {
            address,
            archive: self.archive,
            extent: Extent { scope: self.plan.scope, owners: self.plan.owners, verify: self.plan.verify },
            jobs: jobs(self.plan),
            toast_compression: self.plan.toast_compression,
            progress: self.progress,
            place: Place::Own,
        };
        let loaded = load.run().await?;
        let tables = self.archive.manifest.tables.len() as u64;
        let warnings = [unlike, loaded.warnings].concat();
        Ok(Report { rows: loaded.rows, unfilled: loaded.unfilled, tables, warnings, ..Report::default() })
    }

    fn grants(&self) -> Grants {
        let held = self.archive.manifest.objects.iter().any(|object| object.kind == DATABASE_GRANTS);
        if held && self.plan.owners == Owners::Apply { Grants::Backup } else { Grants::Live }
    }

    /// A restore in place leaves the schema `public` with the owner and the grants that it has, and where the backup's
    /// are not applied, default privileges too; gives the server's remarks.
    async fn carry_rights(&self, address: &Address) -> Result<Vec<String>> {
        let live = Connection::open(self.address).await?;
        let server = session::prepare(&live.client).await?;
        let wanted = Rights::of_public_schema(&live.client).await?;
        let reader = Reader { client: &live.client, version: server.version };
        let default_privileges = match self.plan.owners {
            Owners::Ignore => default_privileges::staying(&reader).await?,
            Owners::Apply => Vec::new(),
        };
        live.close().await?;
        let connection = Connection::open(address).await?;
        let usual = Rights::of_public_schema(&connection.client).await?;
        if let Some(wanted) = wanted.filter(|wanted| Some(wanted) != usual.as_ref()) {
            execute(&connection.client, &wanted.of_schema_statements()).await?;
        }
        let statements: Vec<String> = default_privileges.into_iter().map(|entry| entry.sql).collect();
        execute(&connection.client, &statements).await?;
        let remarks = connection.drain_notices();
        connection.close().await?;
        Ok(remarks)
    }
}

/// Executes statements for the sake of their errors, and takes them back.
async fn rehearse(client: &Client, statements: &[String]) -> Result<()> {
    execute(client, &["BEGIN".to_owned()]).await?;
    execute(client, statements).await?;
    execute(client, &["ROLLBACK".to_owned()]).await
}

async fn execute(client: &Client, statements: &[String]) -> Result<()> {
    for statement in statements {
        client
            .batch_execute(statement)
            .await
            .map_err(|error| describe_error(error, "giving the new database what the live one has"))?;
    }
    Ok(())
}
