//! Databases that restores have put aside: listed, brought back, dropped.

use serde::Serialize;

use super::exchange::Exchange;
use super::obstacles::Obstacles;
use super::properties::Properties;
use super::{kept as databases, maintenance};
use crate::error::{Error, Result};
use crate::event::Progress;
use crate::plan::{ConnectionParameters, KeptPlan};
use crate::postgres::connect::{self, Address, Connection};
use crate::postgres::runtime::{block_on, unless_stopped};
use crate::postgres::scratch;
use crate::postgres::session::{self, Server};
use crate::restore::{Failure, Kept};

/// A connection beside the live database.
struct Site {
    live: Address,
    home: Connection,
    place: Address,
    server: Server,
}

impl Site {
    async fn open(parameters: &ConnectionParameters) -> Result<Self> {
        let live = connect::resolve(parameters)?;
        let (home, place) = maintenance::open(&live).await?;
        let server = session::prepare(&home.client).await?;
        Ok(Self { live, home, place, server })
    }
}

/// Gives the databases that were put aside for this one, the newest first.
pub fn kept(plan: &KeptPlan, progress: &Progress) -> Result<Vec<Kept>> {
    block_on(unless_stopped(progress, async {
        let site = Site::open(&plan.parameters).await?;
        let found = databases::all(&site.home.client, site.live.dbname()).await?;
        site.home.close().await?;
        Ok(found)
    }))
}

/// Gives the one that the plan names its old place; what is live is put aside. After an error both are as they were.
pub fn undo(plan: &KeptPlan, progress: &Progress) -> Result<Kept> {
    block_on(Box::pin(async {
        let site = unless_stopped(progress, Site::open(&plan.parameters)).await?;
        let canceller = site.home.canceller();
        let outcome = unless_stopped(progress, exchanged(plan, &site, progress)).await;
        if outcome.is_err() {
            // It may wait in a transaction that holds the live database's lock; with the connection that ends.
            canceller.cancel().await.ok();
        }
        site.home.close().await.ok();
        outcome
    }))
}

async fn exchanged(plan: &KeptPlan, site: &Site, progress: &Progress) -> Result<Kept> {
    let (client, live) = (&site.home.client, site.live.dbname());
    let chosen = databases::chosen(client, live, &plan.names).await?;
    let [incoming] = chosen.as_slice() else {
        return Err(Error::usage("an undo brings back one database").hint("name one that was put aside"));
    };
    for name in [live, &incoming.name] {
        let properties = Properties::read(client, &site.server, name).await?;
        let obstacles = Obstacles::of_renaming(client, &properties, name).await?;
        if let Some(obstacle) = obstacles.forbidding.first() {
            return Err(Error::usage(format!("the database {name} cannot be swapped: {obstacle}"))
                .hint("remove what stands in the way, then run it again"));
        }
    }
    progress.stage("putting the old database into place", 0);
    let aside = databases::new_name(client, live).await?;
    let exchange = Exchange {
        address: &site.place,
        client,
        live,
        aside: &aside,
        incoming: &incoming.name,
        opening: &[],
        lock_timeout_seconds: plan.lock_timeout_seconds,
        progress,
    };
    exchange.run().await?;
    Ok(databases::described(client, live, &aside).await)
}

/// What became of each.
#[derive(Debug, Default, Serialize)]
pub struct Dropped {
    /// Names of those that are gone.
    pub dropped: Vec<String>,
    /// Why others are still there.
    pub failures: Vec<Failure>,
}

/// Drops those that the plan names; one that cannot be dropped does not keep the others.
pub fn drop_kept(plan: &KeptPlan, progress: &Progress) -> Result<Dropped> {
    let work = async {
        let site = Site::open(&plan.parameters).await?;
        scratch::sweep(&site.home.client, progress).await;
        let chosen = databases::chosen(&site.home.client, site.live.dbname(), &plan.names).await?;
        // What is dropped is gone for good; from here on the end is waited for.
        progress.commit()?;
        let mut outcome = Dropped::default();
        for kept in chosen {
            if !kept.obstacles.is_empty() {
                outcome.failures.extend(kept.obstacles);
                continue;
            }
            match databases::drop_database(&site.home.client, &kept).await {
                Ok(()) => outcome.dropped.push(kept.name),
                Err(error) => outcome.failures.push(Failure::from(&error)),
            }
        }
        site.home.close().await.ok();
        Ok(outcome)
    };
    block_on(unless_stopped(progress, work))
}
