//! Access methods: ways to store tables and to build indexes.

use super::address::{self, Address};
use super::{Entry, Reader, scope};
use crate::error::Result;

pub(super) async fn entries(reader: &Reader<'_>) -> Result<Vec<Entry>> {
    let rows = scope::rows(reader, "access methods", &query()).await?;
    Ok(rows
        .iter()
        .map(|row| {
            let address = Address::read(row);
            let definition: &str = row.get("definition");
            let sql = format!("CREATE ACCESS METHOD {} {definition};\n", address.target());
            address::entry("access method", row, &address, sql)
        })
        .collect())
}

fn query() -> String {
    format!(
        "SELECT 'pg_am'::regclass::oid AS class, m.oid, {columns}, \
                CASE m.amtype WHEN 't' THEN 'TYPE TABLE' ELSE 'TYPE INDEX' END || ' HANDLER ' || m.amhandler::text AS definition \
           FROM pg_am m {address} \
          WHERE m.oid >= 16384 AND {} \
          ORDER BY {columns}",
        scope::unowned("'pg_am'", "m.oid"),
        columns = address::COLUMNS,
        address = address::of("'pg_am'::regclass", "m.oid", "0"),
    )
}
