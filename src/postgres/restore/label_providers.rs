//! The modules of the server that know what security labels mean. No catalog lists them; but the server looks for the
//! module before it looks for the object.

use tokio_postgres::Client;

use crate::error::Result;
use crate::manifest::Manifest;
use crate::postgres::backup::LABEL_PROVIDERS;
use crate::postgres::connect::describe_error;
use crate::postgres::quote::{anonymous_block, identifier};

/// Fails before anything is touched when the server has not loaded a module whose security labels the backup holds.
pub(super) async fn check(client: &Client, manifest: &Manifest) -> Result<()> {
    let providers = manifest.database.properties.get(LABEL_PROVIDERS).and_then(serde_json::Value::as_array);
    for provider in providers.into_iter().flatten().filter_map(serde_json::Value::as_str) {
        let probe = anonymous_block(&format!(
            "BEGIN\n  SECURITY LABEL FOR {} ON SCHEMA \"pg_none of this name\" IS NULL;\n\
             EXCEPTION WHEN invalid_schema_name THEN\nEND",
            identifier(provider)
        ));
        client.batch_execute(&probe).await.map_err(|error| {
            describe_error(error, "looking for the modules of security labels").hint(format!(
                "the backup holds security labels of {provider}: load that module on the database server \
                 (shared_preload_libraries), then try again"
            ))
        })?;
    }
    Ok(())
}
