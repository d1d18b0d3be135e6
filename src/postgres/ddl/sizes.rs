//! How large tables are on disk: in which order their rows are read, and in how many pieces.

use std::collections::HashMap;

use super::{Reader, scope};
use crate::error::Result;

/// The blocks of every table. The server opens each to tell, so this is asked for over a connection that will read rows,
/// and has to open them anyway.
pub(super) async fn blocks(reader: &Reader<'_>) -> Result<HashMap<u32, u64>> {
    let rows = scope::rows(reader, "sizes of tables", &query()).await?;
    Ok(rows.iter().map(|row| (row.get("oid"), row.get::<_, i64>("blocks").cast_unsigned())).collect())
}

fn query() -> String {
    format!(
        "SELECT c.oid, coalesce(pg_relation_size(c.oid), 0) / current_setting('block_size')::bigint AS blocks \
           FROM pg_class c \
           JOIN pg_namespace n ON n.oid = c.relnamespace \
          WHERE c.relkind = 'r' AND {}",
        scope::user_schema("n.nspname"),
    )
}
