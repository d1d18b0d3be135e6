//! How large tables are on disk: in which order their rows are read, and in how many pieces.

use std::collections::HashMap;

use tokio_postgres::Row;

use super::{Reader, scope};
use crate::error::Result;

/// From this size on a table's large values are counted too; asking for those of every small one would cost more than
/// it is worth.
const WORTH_A_LOOK: u32 = 128;

/// Blocks of one table.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Size {
    /// Of the table itself: what `ctid` counts.
    pub blocks: u64,
    /// With its large values, which lie elsewhere (TOAST): how much there is to read.
    pub all_blocks: u64,
}

/// The size of every table. The server opens each to tell, so this is asked for over a connection that will read rows,
/// and has to open them anyway.
pub(super) async fn read(reader: &Reader<'_>) -> Result<HashMap<u32, Size>> {
    let rows = scope::rows(reader, "sizes of tables", &query()).await?;
    let blocks = |row: &Row, column: &str| row.get::<_, i64>(column).cast_unsigned();
    let size = |row: &Row| Size { blocks: blocks(row, "blocks"), all_blocks: blocks(row, "all_blocks") };
    Ok(rows.iter().map(|row| (row.get("oid"), size(row))).collect())
}

fn query() -> String {
    format!(
        "SELECT t.oid, t.blocks, t.blocks + CASE WHEN t.blocks >= {WORTH_A_LOOK} \
                THEN coalesce(pg_relation_size(t.reltoastrelid), 0) / current_setting('block_size')::bigint \
                ELSE 0 END AS all_blocks \
           FROM (SELECT c.oid, c.reltoastrelid, \
                        coalesce(pg_relation_size(c.oid), 0) / current_setting('block_size')::bigint AS blocks \
                   FROM pg_class c \
                   JOIN pg_namespace n ON n.oid = c.relnamespace \
                  WHERE c.relkind = 'r' AND {}) t",
        scope::user_schema("n.nspname"),
    )
}
