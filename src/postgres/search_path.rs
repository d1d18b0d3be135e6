//! The `search_path` of a session: empty, but for statements that need another one.

use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, SimpleQueryMessage};

use super::connect::describe_error;
use super::quote::identifiers;
use crate::error::Result;

/// Undoes [`enter`].
pub(super) const LEAVE: &str = "SET search_path = '';";

/// The statement that puts these schemas behind `pg_catalog`.
pub(super) fn enter<T: AsRef<str>>(schemas: &[T]) -> String {
    let schemas = searched(schemas);
    if schemas.is_empty() { LEAVE.to_owned() } else { format!("SET search_path = {};", identifiers(&schemas)) }
}

/// Those of a path that are users' own. The system's is searched first, as where the definitions were read, and
/// temporary objects are no part of a backup.
pub(super) fn searched<T: AsRef<str>>(schemas: &[T]) -> Vec<&str> {
    let own = |schema: &&str| *schema != "pg_catalog" && !schema.starts_with("pg_temp");
    schemas.iter().map(AsRef::as_ref).filter(own).collect()
}

/// The statements that stand between [`enter`] and [`LEAVE`], or all.
pub(super) fn within(sql: &str) -> &str {
    let inner = sql.trim_end().strip_suffix(LEAVE).filter(|sql| sql.starts_with("SET search_path = "));
    inner.and_then(|inner| inner.split_once(";\n")).map_or(sql, |(_, statements)| statements)
}

/// Whether a statement failed since it did not find what it names.
pub(super) fn is_unknown_name(state: &SqlState) -> bool {
    [SqlState::UNDEFINED_FUNCTION, SqlState::UNDEFINED_TABLE, SqlState::UNDEFINED_OBJECT, SqlState::INVALID_SCHEMA_NAME]
        .contains(state)
}

/// Executes [`enter`] or [`LEAVE`].
pub(super) async fn change(client: &Client, statement: &str) -> Result<()> {
    client.batch_execute(statement).await.map_err(|error| describe_error(error, "setting the search_path"))
}

/// The schemas that sessions of this role find names in without being told, as the database, the role and the
/// connection's own options say; those of them that exist.
pub(super) async fn own(client: &Client) -> Result<Vec<String>> {
    // No operator: under this path one of somebody else's could be meant.
    let answer = client
        .simple_query(&format!(
            "RESET search_path; SELECT schema FROM pg_catalog.unnest(pg_catalog.current_schemas(false)) AS own(schema); \
             {LEAVE}"
        ))
        .await
        .map_err(|error| describe_error(error, "reading the search_path"))?;
    let schema = |message: &SimpleQueryMessage| match message {
        SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
        _ => None,
    };
    let found: Vec<String> = answer.iter().filter_map(schema).collect();
    Ok(searched(&found).into_iter().map(str::to_owned).collect())
}
