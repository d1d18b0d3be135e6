//! What is to go with an extension although it is no part of it: `ALTER … DEPENDS ON EXTENSION`.

use tokio_postgres::Row;

use super::address::{self, Address};
use super::{Entry, ObjectId, Reader, scope};
use crate::error::Result;
use crate::manifest::Section;
use crate::postgres::quote;

pub(super) async fn entries(reader: &Reader<'_>) -> Result<Vec<Entry>> {
    let rows = scope::rows(reader, "dependencies on extensions", &query()).await?;
    Ok(rows.iter().map(entry).collect())
}

fn entry(row: &Row) -> Entry {
    let address = Address::read(row);
    let extension: &str = row.get("extension");
    Entry {
        id: Some(ObjectId::of(row)),
        section: Section::PostData,
        kind: "extension dependency",
        schema: address.schema().map(str::to_owned),
        name: format!("{} {} on {extension}", address.kind(), address.label()),
        table: row.get("table_oid"),
        sql: format!(
            "ALTER {} {} DEPENDS ON EXTENSION {};\n",
            address.keyword(),
            address.target(),
            quote::identifier(extension),
        ),
    }
}

fn query() -> String {
    format!(
        "SELECT {columns}, d.classid AS class, d.objid AS oid, e.extname AS extension, \
                c.oid AS table_oid \
           FROM pg_depend d \
           JOIN pg_extension e ON e.oid = d.refobjid \
           LEFT JOIN pg_index i ON d.classid = 'pg_class'::regclass AND i.indexrelid = d.objid \
           LEFT JOIN pg_trigger t ON d.classid = 'pg_trigger'::regclass AND t.oid = d.objid \
           LEFT JOIN pg_class c ON c.oid = coalesce(i.indrelid, t.tgrelid) AND c.relkind IN ('r', 'p', 'f') \
           {address} \
          WHERE d.deptype = 'x' AND d.refclassid = 'pg_extension'::regclass AND {unowned} \
          ORDER BY {columns}, e.extname",
        columns = address::COLUMNS,
        address = address::of("d.classid", "d.objid", "d.objsubid"),
        unowned = scope::unowned("d.classid", "d.objid"),
    )
}
