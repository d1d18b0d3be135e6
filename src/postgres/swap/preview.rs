//! What a plan says of a swap beyond what it says of every restore.

use super::obstacles;
use super::properties::Properties;
use super::strategy::Live;
use super::{kept, sessions};
use crate::error::Result;
use crate::manifest::Manifest;
use crate::restore::Preview;

/// Adds what stays with the old database, who would be thrown out, and what was put aside before.
pub(in crate::postgres) async fn describe(live: &Live<'_>, manifest: &Manifest, preview: &mut Preview) -> Result<()> {
    let (client, name) = (&live.connection.client, live.address.dbname());
    let properties = Properties::read(client, live.server, name).await?;
    preview.kept_as = Some(format!("{}<time>", kept::prefix(name)));
    preview.keeps = obstacles::left_behind(client, &properties, name, manifest).await?;
    let sessions = sessions::present(client, &[properties.oid]).await?;
    if !sessions.is_empty() {
        preview.warnings.push(format!("sessions in the database that will be ended: {}", sessions.len()));
    }
    let foreign = sessions.iter().find(|session| !session.ours);
    if let Some(session) = foreign {
        preview.warnings.push(format!(
            "this role may not end the sessions of {}: if they are still there in the end, nothing will be changed",
            session.role
        ));
    }
    Ok(())
}
