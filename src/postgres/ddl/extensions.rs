//! Extensions. Those of the server's template (PL/pgSQL) are in every new database.

use super::{Entry, ObjectId, Reader, scope};
use crate::error::Result;
use crate::manifest::{Extension, Section};
use crate::postgres::quote;

pub(super) async fn entries(reader: &Reader<'_>) -> Result<Vec<Entry>> {
    let rows = scope::rows(reader, "extensions", QUERY).await?;
    Ok(rows
        .iter()
        .map(|row| {
            let name: String = row.get("name");
            Entry {
                id: Some(ObjectId::of(row)),
                section: Section::PreData,
                kind: "extension",
                schema: None,
                sql: format!(
                    "CREATE EXTENSION IF NOT EXISTS {} WITH SCHEMA {};\n",
                    quote::identifier(&name),
                    quote::identifier(row.get("schema")),
                ),
                name,
                table: None,
            }
        })
        .collect())
}

/// What the manifest says about them.
pub(super) async fn described(reader: &Reader<'_>) -> Result<Vec<Extension>> {
    let rows = scope::rows(reader, "extensions", QUERY).await?;
    Ok(rows.iter().map(|row| Extension { name: row.get("name"), version: row.get("version") }).collect())
}

/// `initdb` gives its objects identifiers below 16384.
const QUERY: &str = "
SELECT 'pg_extension'::regclass::oid AS class, e.oid, e.extname AS name, e.extversion AS version, n.nspname AS schema
  FROM pg_extension e
  JOIN pg_namespace n ON n.oid = e.extnamespace
 WHERE e.oid >= 16384
 ORDER BY e.extname";
