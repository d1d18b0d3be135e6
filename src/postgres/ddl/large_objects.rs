//! Which large objects there are; their contents are rows of a kind, read and written elsewhere.

use super::{Reader, scope};
use crate::error::Result;

/// A large object; nothing but its number names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LargeObject {
    /// What `lo_create` is told.
    pub oid: u32,
    /// The role that owns it.
    pub owner: String,
}

/// All large objects, by number.
pub async fn list(reader: &Reader<'_>) -> Result<Vec<LargeObject>> {
    let query = "SELECT oid, pg_get_userbyid(lomowner)::text AS owner FROM pg_largeobject_metadata ORDER BY oid";
    let rows = scope::rows(reader, "large objects", query).await?;
    Ok(rows.iter().map(|row| LargeObject { oid: row.get("oid"), owner: row.get("owner") }).collect())
}
