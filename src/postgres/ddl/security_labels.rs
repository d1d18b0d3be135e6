//! Security labels, and the modules of the server that know what they mean.

use tokio_postgres::Row;

use super::address::Address;
use super::{Entry, ObjectId, Reader, comments, orphans, scope};
use crate::error::Result;
use crate::postgres::quote;

pub(super) async fn entries(reader: &Reader<'_>) -> Result<Vec<Entry>> {
    let rows = scope::rows(reader, "security labels", &comments::query("pg_seclabel", "d.provider, d.label")).await?;
    Ok(rows.iter().map(label).collect())
}

/// Every module that labelled something.
pub(super) async fn providers(reader: &Reader<'_>) -> Result<Vec<String>> {
    let stands = orphans::stands("classoid", "objoid", "objsubid");
    let query = format!("SELECT DISTINCT provider FROM pg_seclabel WHERE {} AND {stands} ORDER BY provider", ours());
    Ok(scope::rows(reader, "security labels", &query).await?.iter().map(|row| row.get("provider")).collect())
}

/// SQL: a label of `pg_seclabel` is on an object that users made, and not on one of the server or of an extension.
pub(super) fn ours() -> String {
    format!(
        "(objoid >= 16384 OR classoid = 'pg_largeobject'::regclass) AND {}",
        scope::unowned("pg_seclabel.classoid", "pg_seclabel.objoid"),
    )
}

fn label(row: &Row) -> Entry {
    let address = Address::read(row);
    let provider: &str = row.get("provider");
    Entry {
        id: Some(ObjectId { class: row.get("class"), object: row.get("object") }),
        section: address.section_of_remarks(),
        kind: "security label",
        schema: address.schema().map(str::to_owned),
        name: format!("{} {} for {provider}", address.kind(), address.label()),
        table: row.get("table_oid"),
        sql: format!(
            "SECURITY LABEL FOR {} ON {} {} IS {};\n",
            quote::identifier(provider),
            address.keyword(),
            address.target(),
            quote::literal(row.get("label")),
        ),
    }
}
