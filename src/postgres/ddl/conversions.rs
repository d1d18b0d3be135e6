//! Conversions between encodings.

use super::address::{self, Address};
use super::{Entry, Reader, scope};
use crate::error::Result;

pub(super) async fn entries(reader: &Reader<'_>) -> Result<Vec<Entry>> {
    let rows = scope::rows(reader, "conversions", &query()).await?;
    Ok(rows
        .iter()
        .map(|row| {
            let address = Address::read(row);
            let default = if row.get("default") { "DEFAULT " } else { "" };
            let definition: &str = row.get("definition");
            let sql = format!("CREATE {default}CONVERSION {} {definition};\n", address.target());
            address::entry("conversion", row, &address, sql)
        })
        .collect())
}

fn query() -> String {
    format!(
        "SELECT 'pg_conversion'::regclass::oid AS class, c.oid, {columns}, c.condefault AS default, \
                format('FOR %L TO %L FROM ', pg_encoding_to_char(c.conforencoding), \
                       pg_encoding_to_char(c.contoencoding)) || c.conproc::text AS definition \
           FROM pg_conversion c JOIN pg_namespace n ON n.oid = c.connamespace {address} \
          WHERE {} AND {} \
          ORDER BY {columns}",
        scope::user_schema("n.nspname"),
        scope::unowned("'pg_conversion'", "c.oid"),
        columns = address::COLUMNS,
        address = address::of("'pg_conversion'::regclass", "c.oid", "0"),
    )
}
