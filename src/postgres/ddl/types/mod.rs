//! Types: base types and their shells, enumerations, domains, composite types and ranges.

pub(super) mod bases;
mod composites;
mod domains;
mod enumerations;
mod ranges;

use tokio_postgres::Row;

use super::{Entry, ObjectId, Reader, scope};
use crate::error::Result;
use crate::manifest::Section;
use crate::postgres::quote;

pub(super) async fn entries(reader: &Reader<'_>) -> Result<Vec<Entry>> {
    let mut entries = bases::entries(reader).await?;
    entries.extend(enumerations::entries(reader).await?);
    entries.extend(composites::entries(reader).await?);
    entries.extend(ranges::entries(reader).await?);
    entries.extend(domains::entries(reader).await?);
    Ok(entries)
}

/// SQL: what every query of types selects of the type `t` in the schema `n`.
const NAMES: &str = "'pg_type'::regclass::oid AS class, t.oid, n.nspname AS schema, t.typname AS name";

/// SQL: the type `t` in the schema `n` is one that users made.
fn of_users() -> String {
    format!("{} AND {}", scope::user_schema("n.nspname"), scope::unowned("'pg_type'", "t.oid"))
}

/// `CREATE TYPE … AS` with this definition.
fn create_type(row: &Row, definition: &str) -> Entry {
    let schema: String = row.get("schema");
    let name: String = row.get("name");
    Entry {
        id: Some(ObjectId::of(row)),
        section: Section::PreData,
        kind: "type",
        sql: format!("CREATE TYPE {} AS {definition};\n", quote::qualified(&schema, &name)),
        schema: Some(schema),
        name,
        table: None,
    }
}

/// ` COLLATE …` where a collation differs from that of the type.
pub(super) fn collation(row: &Row) -> String {
    match row.get::<_, Option<&str>>("collation_schema") {
        Some(schema) => format!(" COLLATE {}", quote::qualified(schema, row.get("collation"))),
        None => String::new(),
    }
}
