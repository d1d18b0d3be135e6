//! A drill in a database of its own, dropped at the end however that comes.

use std::time::{SystemTime, UNIX_EPOCH};

use tokio_postgres::Client;
use tokio_postgres::error::SqlState;

use super::verdict::verdict;
use super::{Drill, agreement};
use crate::error::Result;
use crate::manifest::Database;
use crate::plan::{Owners, Scope, Secret, Verify};
use crate::postgres::connect::{self, Connection, describe_error};
use crate::postgres::quote::{identifier, literal};
use crate::postgres::restore::load::Place;
use crate::postgres::restore::{self, Extent};
use crate::postgres::runtime::unless_stopped;

/// What the names of all scratch databases begin with.
const PREFIX: &str = "holdfast_drill_";

/// Nobody else knows the database, so a lock that is waited for is a fault.
const LOCK_TIMEOUT_SECONDS: f64 = 60.0;

const EXTENT: Extent = Extent { scope: Scope::Full, owners: Owners::Apply, verify: Verify::Full };

pub(super) async fn rehearse(drill: Drill<'_>, home: Connection, version: &str) -> Result<String> {
    let name = name(&drill.archive.manifest.id);
    // Tells drills that run at the same time whose database this is, even before we have connected to it.
    home.client
        .batch_execute(&format!("SET application_name = {}", literal(&name)))
        .await
        .map_err(|error| describe_error(error, "preparing the drill"))?;
    sweep(&drill, &home.client).await?;
    let outcome = unless_stopped(drill.progress, restored(&drill, &home.client, &name)).await;
    let dropped = drop_database(&drill, home, &name).await;
    if let Err(error) = &dropped {
        drill.progress.notice(format!("the scratch database {name} is left behind: {}", error.message()));
    }
    let note = outcome?;
    dropped?;
    Ok(format!(
        "restored into a scratch database of PostgreSQL {version}; {}{note}",
        agreement(&drill.archive.manifest)
    ))
}

/// Unlike any other, so that dropping it is right whatever happened before.
fn name(id: &str) -> String {
    let prefix: String = id.chars().filter(char::is_ascii_alphanumeric).take(8).collect();
    let moment = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_micros());
    format!("{PREFIX}{prefix}_{}_{moment}", std::process::id())
}

async fn restored(drill: &Drill<'_>, home: &Client, name: &str) -> Result<String> {
    let note = create(home, name, &drill.archive.manifest.database).await?;
    // The live database may admit fewer than everybody, which is what a new one does.
    home.batch_execute(&format!("REVOKE ALL ON DATABASE {} FROM PUBLIC", identifier(name)))
        .await
        .map_err(|error| describe_error(error, "closing the scratch database to others"))?;
    let mut parameters = drill.parameters.clone();
    parameters.insert("dbname".to_owned(), Secret::from(name.to_owned()));
    let address = connect::resolve(&parameters)?;
    let connection = Connection::open(&address).await?;
    let server = restore::begin(&connection.client, LOCK_TIMEOUT_SECONDS).await?;
    let loader = drill.loader(&connection.client, Place::Trial);
    restore::execute(EXTENT, &loader, &server).await.map_err(verdict)?;
    restore::commit::commit(&address, &connection.client).await.map_err(verdict)?;
    connection.close().await?;
    let subscribed = drill.archive.manifest.objects.iter().any(|object| object.kind == "subscription");
    Ok(if subscribed { note + "; subscriptions were left out" } else { note })
}

/// Creates it as the backup's database was; where the server lacks that locale, as the server likes it, and says so.
async fn create(client: &Client, name: &str, database: &Database) -> Result<String> {
    let property = |key: &str| database.properties.get(key).and_then(serde_json::Value::as_str);
    let start = format!("CREATE DATABASE {} TEMPLATE template0", identifier(name));
    let encoding = format!(" ENCODING {}", literal(&database.encoding));
    let failed = |error| describe_error(error, "creating a scratch database");
    if let (Some(collate), Some(ctype)) = (property("collate"), property("ctype")) {
        let locale = format!(" LC_COLLATE {} LC_CTYPE {}", literal(collate), literal(ctype));
        match client.batch_execute(&format!("{start}{encoding}{locale}")).await {
            Ok(()) => return Ok(String::new()),
            Err(error) if !is_unknown_locale(&error) => return Err(failed(error)),
            Err(_) => {}
        }
        client.batch_execute(&format!("{start}{encoding}")).await.map_err(failed)?;
        return Ok(format!(" (under the server's own locale: it has no {collate})"));
    }
    client.batch_execute(&format!("{start}{encoding}")).await.map_err(failed)?;
    Ok(String::new())
}

fn is_unknown_locale(error: &tokio_postgres::Error) -> bool {
    error.code().is_some_and(|code| {
        [SqlState::WRONG_OBJECT_TYPE, SqlState::INVALID_PARAMETER_VALUE, SqlState::INVALID_OBJECT_DEFINITION]
            .contains(code)
    })
}

/// On the connection that created it: behind a `CREATE DATABASE` that may still run. `FORCE` ends what a cancelled drill
/// left running. Where that connection is gone, on another.
async fn drop_database(drill: &Drill<'_>, home: Connection, name: &str) -> Result<()> {
    let statement = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", identifier(name));
    let failed = |error| describe_error(error, format!("dropping the scratch database {name}"));
    match home.client.batch_execute(&statement).await {
        Ok(()) => home.close().await,
        Err(error) if error.is_closed() => {
            let again = Connection::open(&connect::resolve(drill.parameters)?).await?;
            again.client.batch_execute(&statement).await.map_err(failed)?;
            again.close().await
        }
        Err(error) => Err(failed(error)),
    }
}

/// Drops what drills left behind that were killed: databases that are ours to drop and that nobody uses.
async fn sweep(drill: &Drill<'_>, client: &Client) -> Result<()> {
    let failed = |error| describe_error(error, "looking for what earlier drills left behind");
    let rows = client
        .query(
            "SELECT d.datname::text FROM pg_catalog.pg_database d \
             WHERE pg_catalog.starts_with(d.datname::text, $1) AND d.datdba = current_user::regrole \
             AND NOT EXISTS (SELECT FROM pg_catalog.pg_stat_activity a \
                              WHERE a.datid = d.oid OR a.application_name = d.datname)",
            &[&PREFIX],
        )
        .await
        .map_err(failed)?;
    for row in rows {
        let name: &str = row.get(0);
        // Another drill may sweep at the same moment; whoever comes second has nothing to do.
        match client.batch_execute(&format!("DROP DATABASE IF EXISTS {}", identifier(name))).await {
            Ok(()) => drill.progress.notice(format!("dropped {name}, left behind by a drill that was killed")),
            Err(error) if error.code() == Some(&SqlState::OBJECT_IN_USE) => {}
            Err(error) => return Err(failed(error)),
        }
    }
    Ok(())
}
