//! What must hold before a restore commits.

use futures_util::TryStreamExt;
use tokio_postgres::Client;

use super::selection::Tables;
use crate::error::{Error, Result};
use crate::event::Progress;
use crate::fingerprint::Fingerprint;
use crate::manifest::{Manifest, Table};
use crate::postgres::connect::describe_error;
use crate::postgres::quote::{identifiers, qualified};

/// Runs every deferred constraint now, while the answer still has a name; at COMMIT it would too, but later.
pub async fn constraints(client: &Client) -> Result<()> {
    client
        .batch_execute("SET CONSTRAINTS ALL IMMEDIATE")
        .await
        .map_err(|error| describe_error(error, "checking foreign keys and deferred constraints"))
}

/// Reads every row back inside the transaction and compares counts and fingerprints with the manifest.
pub async fn fingerprints(client: &Client, manifest: &Manifest, tables: &Tables, progress: &Progress) -> Result<()> {
    for (_, table) in tables.of(manifest) {
        progress.check()?;
        let (Some(rows), Some(expected)) = (table.rows, &table.fingerprint) else {
            continue;
        };
        let (found_rows, found) = read(client, table, progress).await?;
        if found_rows != rows || found.to_hex() != *expected {
            return Err(Error::failed(format!(
                "{}: {found_rows} rows with fingerprint {} were restored where the backup has {rows} with {expected}",
                table.label(),
                found.to_hex()
            ))
            .hint("nothing was changed; a trigger, a rule or another server version may have altered values"));
        }
    }
    Ok(())
}

async fn read(client: &Client, table: &Table, progress: &Progress) -> Result<(u64, Fingerprint)> {
    let failed = |error| describe_error(error, format!("reading {} back", table.label()));
    let name = qualified(table.schema.as_deref().unwrap_or("public"), &table.name);
    let columns = identifiers(&table.columns);
    let statement = format!("COPY (SELECT {columns} FROM ONLY {name}) TO STDOUT");
    let rows = client.copy_out(&statement).await.map_err(failed)?;
    let mut rows = std::pin::pin!(rows);
    let mut pending = Vec::new();
    let (mut count, mut fingerprint) = (0, Fingerprint::default());
    while let Some(message) = rows.try_next().await.map_err(failed)? {
        pending.extend_from_slice(&message);
        if message.last() == Some(&b'\n') {
            let measured = crate::postgres::dump::measure(&pending);
            count += measured.rows;
            fingerprint.merge(measured.fingerprint);
            progress.advance(measured.rows, pending.len() as u64);
            pending.clear();
        }
    }
    Ok((count, fingerprint))
}
