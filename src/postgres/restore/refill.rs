//! Materialized views that could not be filled at their turn: tried again when all the others are.

use super::load::Loader;
use super::{Extent, MATERIALIZED_VIEW_DATA};
use crate::error::Result;
use crate::postgres::connect::describe_error;
use crate::postgres::ddl::refreshes;
use crate::postgres::quote::qualified;
use crate::postgres::search_path::{self, LEAVE};

/// Views that a restore is to fill, as SQL names them.
pub(in crate::postgres) fn wanted(extent: Extent, loader: &Loader<'_>) -> Vec<String> {
    let manifest = &loader.archive.manifest;
    (0..)
        .zip(&manifest.objects)
        .filter(|(index, object)| {
            object.kind == MATERIALIZED_VIEW_DATA && loader.takes(*index, object) && extent.builds(manifest, object)
        })
        .map(|(_, object)| qualified(loader.place.named(object.schema.as_deref().unwrap_or_default()), &object.name))
        .collect()
}

/// Fills those that are empty as far as that can be done; gives the others. The server has warned of each.
pub(in crate::postgres) async fn empty_ones(loader: &Loader<'_>, wanted: &[String]) -> Result<Vec<String>> {
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let (client, database) = (loader.client, &loader.archive.manifest.database);
    let failed = |error| describe_error(error, "filling materialized views");
    // As at their turn: servers before PostgreSQL 17 let their functions look for names there.
    let path = database.search_path.as_ref().map(|path| path.schemas.as_slice()).filter(|path| !path.is_empty());
    if let Some(path) = path {
        search_path::change(client, &loader.place.enter(path)).await?;
    }
    client.batch_execute(&refreshes::again(wanted)).await.map_err(failed)?;
    search_path::change(client, LEAVE).await?;
    let rows = client
        .query(
            "SELECT n.nspname || '.' || c.relname FROM pg_catalog.unnest($1::text[]) view \
             JOIN pg_catalog.pg_class c ON c.oid = pg_catalog.to_regclass(view) \
             JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
             WHERE c.relkind = 'm' AND NOT c.relispopulated ORDER BY 1",
            &[&wanted],
        )
        .await
        .map_err(failed)?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}
