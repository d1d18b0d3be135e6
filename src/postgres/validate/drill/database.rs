//! A drill in a database of its own, dropped at the end however that comes.

use tokio_postgres::error::SqlState;

use super::verdict::verdict;
use super::{Drill, agreement, stayed_empty};
use crate::error::Result;
use crate::manifest::Database;
use crate::plan::{Owners, Scope, Verify};
use crate::postgres::connect::{self, Connection, describe_error};
use crate::postgres::quote::literal;
use crate::postgres::restore::Extent;
use crate::postgres::restore::load::Place;
use crate::postgres::restore::parallel::ParallelRestore;
use crate::postgres::runtime::unless_stopped;
use crate::postgres::scratch::{self, Purpose, Scratch};
use crate::validate::threads;

const EXTENT: Extent = Extent { scope: Scope::Full, owners: Owners::Apply, verify: Verify::Full };

pub(super) async fn rehearse(drill: Drill<'_>, home: Connection, version: &str) -> Result<String> {
    let address = connect::resolve(drill.parameters)?;
    scratch::sweep(&home.client, drill.progress).await;
    let scratch = Scratch::announce(home, address, Purpose::Drill, &drill.archive.manifest.id).await?;
    let outcome = unless_stopped(drill.progress, restored(&drill, &scratch)).await;
    let removed = scratch.remove(drill.progress).await;
    let note = outcome?;
    removed?;
    Ok(format!(
        "restored into a scratch database of PostgreSQL {version}; {}{note}",
        agreement(&drill.archive.manifest)
    ))
}

async fn restored(drill: &Drill<'_>, scratch: &Scratch) -> Result<String> {
    let note = create(scratch, &drill.archive.manifest.database).await?;
    let load = ParallelRestore {
        address: &scratch.address(),
        archive: drill.archive,
        extent: EXTENT,
        jobs: threads(),
        toast_compression: None,
        progress: drill.progress,
        place: Place::Trial,
    };
    let unfilled = load.run().await.map_err(verdict)?.unfilled;
    let note = note + &stayed_empty(&unfilled);
    let subscribed = drill.archive.manifest.objects.iter().any(|object| object.kind == "subscription");
    Ok(if subscribed { note + "; subscriptions were left out" } else { note })
}

/// Creates it as the backup's database was; where the server lacks that locale, as the server likes it, and says so.
async fn create(scratch: &Scratch, database: &Database) -> Result<String> {
    let property = |key: &str| database.properties.get(key).and_then(serde_json::Value::as_str);
    let encoding = format!(" ENCODING {}", literal(&database.encoding));
    let failed = |error| describe_error(error, "creating a scratch database");
    if let (Some(collate), Some(ctype)) = (property("collate"), property("ctype")) {
        let locale = format!(" LC_COLLATE {} LC_CTYPE {}", literal(collate), literal(ctype));
        match scratch.create(&format!("{encoding}{locale}")).await {
            Ok(()) => return Ok(String::new()),
            Err(error) if !is_unknown_locale(&error) => return Err(failed(error)),
            Err(_) => {}
        }
        scratch.create(&encoding).await.map_err(failed)?;
        return Ok(format!(" (under the server's own locale: it has no {collate})"));
    }
    scratch.create(&encoding).await.map_err(failed)?;
    Ok(String::new())
}

fn is_unknown_locale(error: &tokio_postgres::Error) -> bool {
    error.code().is_some_and(|code| {
        [SqlState::WRONG_OBJECT_TYPE, SqlState::INVALID_PARAMETER_VALUE, SqlState::INVALID_OBJECT_DEFINITION]
            .contains(code)
    })
}
