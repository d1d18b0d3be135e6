//! Procedural languages that no extension brings.

use super::address::{self, Address};
use super::{Entry, Reader, scope};
use crate::error::Result;

pub(super) async fn entries(reader: &Reader<'_>) -> Result<Vec<Entry>> {
    let rows = scope::rows(reader, "languages", &query()).await?;
    Ok(rows
        .iter()
        .map(|row| {
            let address = Address::read(row);
            let trusted = if row.get("trusted") { "TRUSTED " } else { "" };
            let functions: &str = row.get("functions");
            let sql = format!("CREATE {trusted}PROCEDURAL LANGUAGE {} {functions};\n", address.target());
            address::entry("language", row, &address, sql)
        })
        .collect())
}

fn query() -> String {
    format!(
        "SELECT 'pg_language'::regclass::oid AS class, l.oid, {columns}, l.lanpltrusted AS trusted, \
                'HANDLER ' || l.lanplcallfoid::regproc::text \
                || coalesce(' INLINE ' || nullif(l.laninline, 0)::regproc::text, '') \
                || coalesce(' VALIDATOR ' || nullif(l.lanvalidator, 0)::regproc::text, '') AS functions \
           FROM pg_language l {address} \
          WHERE l.lanispl AND l.oid >= 16384 AND {} \
          ORDER BY {columns}",
        scope::unowned("'pg_language'", "l.oid"),
        columns = address::COLUMNS,
        address = address::of("'pg_language'::regclass", "l.oid", "0"),
    )
}
