//! How a restore goes: in place or by a swap, and why.

use super::maintenance;
use super::obstacles::{Obstacles, is_itself};
use super::properties::Properties;
use crate::error::{Error, Result};
use crate::manifest::Manifest;
use crate::plan::{RestorePlan, Strategy};
use crate::postgres::connect::{Address, Connection, describe_error};
use crate::postgres::restore::large_objects;
use crate::postgres::restore::selection::Tables;
use crate::postgres::session::Server;
use crate::restore::Choice;

/// From this size on, of the database or of the backup's text, a swap is worth ending everybody's sessions: in place the
/// application would wait for the whole load. See `docs/decisions/0016-swap.md`.
const LARGE: u64 = 1_000_000_000;

/// The live database, looked at.
pub(in crate::postgres) struct Live<'a> {
    pub(in crate::postgres) connection: &'a Connection,
    pub(in crate::postgres) address: &'a Address,
    pub(in crate::postgres) server: &'a Server,
}

impl Live<'_> {
    /// Decides; what was asked for and is impossible is an error that says why.
    pub(in crate::postgres) async fn choose(&self, plan: &RestorePlan, manifest: &Manifest) -> Result<Choice> {
        if plan.strategy == Strategy::InPlace {
            return Ok(in_place("it was asked for"));
        }
        let asked = plan.strategy == Strategy::Swap;
        if !plan.is_whole() {
            let reason = "a part of a database is restored in place";
            return if asked { Err(impossible(reason)) } else { Ok(in_place(reason)) };
        }
        let size = self.size().await?.max(manifest.chunks.iter().map(|chunk| chunk.raw_size).sum());
        let client = &self.connection.client;
        let crowded = large_objects::refusal(client, plan, manifest, &Tables::All).await?.is_some();
        if !asked && size < LARGE && !crowded {
            return Ok(in_place("the database and the backup are smaller than 1 GB"));
        }
        let obstacles = self.obstacles(manifest).await?;
        if asked {
            return match obstacles.forbidding.first() {
                Some(_) => Err(impossible(&obstacles.forbidding.join("; "))),
                None => Ok(swap("it was asked for")),
            };
        }
        let all = [obstacles.forbidding, obstacles.discouraging].concat();
        Ok(if all.is_empty() && crowded {
            swap("in place its large objects would need more locks than the server has room for")
        } else if all.is_empty() {
            swap("the database or the backup is larger than 1 GB")
        } else {
            in_place(&format!("a swap has obstacles: {}", all.join("; ")))
        })
    }

    async fn obstacles(&self, manifest: &Manifest) -> Result<Obstacles> {
        let mut found = Obstacles::default();
        let name = self.address.dbname();
        if !is_itself(self.connection, self.address).await? {
            found
                .forbidding
                .push(format!("{name} is not the database's own name; a connection pooler may stand between"));
            return Ok(found);
        }
        let client = &self.connection.client;
        let live = Properties::read(client, self.server, name).await?;
        found = Obstacles::of_renaming(client, &live, name).await?;
        found.of_creating(client, &live, manifest).await?;
        match maintenance::open(self.address).await {
            Ok((connection, _)) => connection.close().await?,
            Err(_) if maintenance::is_fenced(self.address).await => found.forbidding.push(FENCED.to_owned()),
            Err(error) => found.forbidding.push(error.message()),
        }
        if found.forbidding.is_empty() && maintenance::is_fenced(self.address).await {
            found.forbidding.push(FENCED.to_owned());
        }
        Ok(found)
    }

    async fn size(&self) -> Result<u64> {
        let row = self
            .connection
            .client
            .query_one("SELECT pg_catalog.pg_database_size(pg_catalog.current_database())", &[])
            .await
            .map_err(|error| describe_error(error, "asking for the database's size"))?;
        Ok(row.get::<_, i64>(0).unsigned_abs())
    }
}

const FENCED: &str =
    "no new database could be reached: a connection pooler stands between, and lets into some databases only";

fn in_place(reason: &str) -> Choice {
    Choice { strategy: Strategy::InPlace, reason: reason.to_owned() }
}

fn swap(reason: &str) -> Choice {
    Choice { strategy: Strategy::Swap, reason: reason.to_owned() }
}

fn impossible(reason: &str) -> Error {
    Error::usage(format!("the database cannot be swapped: {reason}"))
        .hint("remove what stands in the way, or leave --strategy out: then it is restored in place")
}
