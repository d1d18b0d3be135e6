//! What must hold before a restore commits.

use std::fmt;

use futures_util::TryStreamExt;
use tokio_postgres::Client;

use super::load::Loader;
use crate::error::{Error, Result};
use crate::fingerprint::Fingerprint;
use crate::manifest::Table;
use crate::postgres::connect::describe_error;
use crate::postgres::quote::identifiers;
use crate::postgres::session::{READ_IN_OWN_ZONE, READ_IN_UTC};

/// Runs every deferred constraint now, while the answer still has a name; at COMMIT it would too, but later.
pub(in crate::postgres) async fn constraints(client: &Client) -> Result<()> {
    client
        .batch_execute("SET CONSTRAINTS ALL IMMEDIATE")
        .await
        .map_err(|error| describe_error(error, "checking foreign keys and deferred constraints"))
}

/// Reads every row back inside the transaction and compares counts and fingerprints with the manifest.
pub(in crate::postgres) async fn fingerprints(loader: &Loader<'_>) -> Result<()> {
    for (index, table) in loader.tables.of(&loader.archive.manifest) {
        fingerprint(loader, index, table).await?;
    }
    Ok(())
}

/// Reads every row of one table back.
pub(super) async fn fingerprint(loader: &Loader<'_>, index: u32, table: &Table) -> Result<()> {
    loader.progress.check()?;
    // Where there are indexes already, a query is planned over them.
    let entered = loader.enter(index).await?;
    compare(loader, table).await?;
    loader.leave(entered).await
}

async fn compare(loader: &Loader<'_>, table: &Table) -> Result<()> {
    let (Some(rows), Some(expected)) = (table.rows, &table.fingerprint) else {
        return Ok(());
    };
    let (mut found_rows, mut found) = (0, Fingerprint::default());
    // Older backups tell the time in the zone that their session had: most often the one that this session has.
    for zone in [READ_IN_UTC, READ_IN_OWN_ZONE] {
        let failed = |error| describe_error(error, format!("reading {} back", table.label()));
        loader.client.batch_execute(zone).await.map_err(failed)?;
        (found_rows, found) = read(loader, table).await?;
        if found_rows == rows && found.to_hex() == *expected {
            return loader.client.batch_execute(READ_IN_OWN_ZONE).await.map_err(failed);
        }
    }
    let found = format!(
        "{found_rows} rows with fingerprint {} were restored where the backup has {rows} with {expected}",
        found.to_hex()
    );
    Err(difference(table, found)
        .hint("nothing was changed; a trigger, a rule or another server version may have altered values"))
}

/// What the server made of the rows, where that is not what the backup says.
#[derive(Debug)]
struct Difference(String);

impl fmt::Display for Difference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::error::Error for Difference {}

/// An error that says what was found in a table.
pub(super) fn difference(table: &Table, found: String) -> Error {
    differing(table.label(), found)
}

/// The same of anything else.
pub(super) fn differing(label: String, found: String) -> Error {
    Error::failed(label).because(Difference(found))
}

/// Whether an error says that rows are not those of the backup.
pub(in crate::postgres) fn is_difference(error: &Error) -> bool {
    std::error::Error::source(error).is_some_and(<dyn std::error::Error>::is::<Difference>)
}

async fn read(loader: &Loader<'_>, table: &Table) -> Result<(u64, Fingerprint)> {
    let failed = |error| describe_error(error, format!("reading {} back", table.label()));
    let name = loader.place.qualified(table);
    let columns = identifiers(&table.columns);
    let statement = format!("COPY (SELECT {columns} FROM ONLY {name}) TO STDOUT");
    let rows = loader.client.copy_out(&statement).await.map_err(failed)?;
    let mut rows = std::pin::pin!(rows);
    let mut pending = Vec::new();
    let (mut count, mut fingerprint) = (0, Fingerprint::default());
    while let Some(message) = rows.try_next().await.map_err(failed)? {
        pending.extend_from_slice(&message);
        if message.last() == Some(&b'\n') {
            let measured = crate::postgres::dump::measure(&pending);
            count += measured.rows;
            fingerprint.merge(measured.fingerprint);
            loader.progress.advance(measured.rows, pending.len() as u64);
            pending.clear();
        }
    }
    Ok((count, fingerprint))
}
