//! What the sessions of a restore ask of the server beyond the ordinary.

use tokio_postgres::Client;

use crate::cores;
use crate::error::{Error, Result};
use crate::plan::ToastCompression;
use crate::postgres::connect::describe_error;

/// Gives one of the connections its share of the server.
///
/// Memory lets index builds sort: all connections together may have a quarter of the server's `shared_buffers`, which
/// tells what kind of machine it is; none gets more than 1 GB, or less than it has. Processors are known where the
/// server runs on this machine: there an index build starts no more workers than will find one.
pub(super) async fn share_out(client: &Client, connections: usize) -> Result<()> {
    let connections = connections.max(1);
    let workers = (cores::all() / connections).saturating_sub(1);
    let statement = format!(
        "SELECT pg_catalog.set_config('maintenance_work_mem', (greatest(own, least(shared / {}, 1 << 30)) / 1024)::text || 'kB', false) \
         FROM (SELECT pg_catalog.pg_size_bytes(pg_catalog.current_setting('maintenance_work_mem')) AS own, \
                      pg_catalog.pg_size_bytes(pg_catalog.current_setting('shared_buffers')) AS shared) memory; \
         SELECT pg_catalog.set_config('max_parallel_maintenance_workers', least(own, {workers})::text, false) \
         FROM (SELECT pg_catalog.current_setting('max_parallel_maintenance_workers')::int AS own) workers \
         WHERE pg_catalog.inet_server_addr() IS NOT DISTINCT FROM pg_catalog.inet_client_addr()",
        connections * 4
    );
    client.batch_execute(&statement).await.map_err(|error| describe_error(error, "preparing the session"))
}

/// Compresses large values as asked for; columns that were declared with a method of their own keep that.
pub(super) async fn compress_values(client: &Client, method: Option<ToastCompression>) -> Result<()> {
    let Some(method) = method else { return Ok(()) };
    check_compression(client, method).await?;
    client
        .batch_execute(&format!("SET default_toast_compression = {}", method.name()))
        .await
        .map_err(|error| describe_error(error, "preparing the session"))
}

/// Fails where the server was built without the method.
pub(super) async fn check_compression(client: &Client, method: ToastCompression) -> Result<()> {
    let row = client
        .query_opt(
            "SELECT FROM pg_catalog.pg_settings WHERE name = 'default_toast_compression' AND $1 = ANY (enumvals)",
            &[&method.name()],
        )
        .await
        .map_err(|error| describe_error(error, "asking how the server can compress values"))?;
    row.map(|_| ()).ok_or_else(|| {
        Error::usage(format!("the server was built without {} and cannot compress values with it", method.name()))
            .hint("leave --toast-compression out; the server then compresses as its default_toast_compression says")
    })
}
