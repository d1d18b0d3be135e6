//! Operators. Two that are each other's commutator or negator need no order: the first one makes a shell of the second.

use super::address::{self, Address};
use super::{Entry, Reader, scope};
use crate::error::Result;
use crate::postgres::quote;

pub(super) async fn entries(reader: &Reader<'_>) -> Result<Vec<Entry>> {
    let rows = scope::rows(reader, "operators", &query()).await?;
    Ok(rows
        .iter()
        .map(|row| {
            let (schema, name): (&str, &str) = (row.get("schema"), row.get("name"));
            let options: Vec<String> = row.get("options");
            let operator = format!("{}.{name}", quote::identifier(schema));
            let sql = format!("CREATE OPERATOR {operator} (\n    {}\n);\n", options.join(",\n    "));
            address::entry("operator", row, &Address::read(row), sql)
        })
        .collect())
}

/// A shell that was never filled has no function and does nothing; where an operator refers to it, it comes with that.
fn query() -> String {
    format!(
        "SELECT 'pg_operator'::regclass::oid AS class, o.oid, {columns}, n.nspname AS schema, o.oprname AS name, \
                array_remove(ARRAY[ \
                    'FUNCTION = ' || o.oprcode::text, \
                    CASE WHEN o.oprleft <> 0 THEN 'LEFTARG = ' || format_type(o.oprleft, -1) END, \
                    'RIGHTARG = ' || format_type(o.oprright, -1), \
                    'COMMUTATOR = ' || (SELECT format('OPERATOR(%I.%s)', cn.nspname, c.oprname) FROM pg_operator c \
                        JOIN pg_namespace cn ON cn.oid = c.oprnamespace WHERE c.oid = o.oprcom), \
                    'NEGATOR = ' || (SELECT format('OPERATOR(%I.%s)', gn.nspname, g.oprname) FROM pg_operator g \
                        JOIN pg_namespace gn ON gn.oid = g.oprnamespace WHERE g.oid = o.oprnegate), \
                    CASE WHEN o.oprcanmerge THEN 'MERGES' END, \
                    CASE WHEN o.oprcanhash THEN 'HASHES' END, \
                    'RESTRICT = ' || nullif(o.oprrest, 0)::regproc::text, \
                    'JOIN = ' || nullif(o.oprjoin, 0)::regproc::text \
                ], NULL) AS options \
           FROM pg_operator o JOIN pg_namespace n ON n.oid = o.oprnamespace {address} \
          WHERE o.oprcode <> 0 AND {} AND {} \
          ORDER BY {columns}",
        scope::user_schema("n.nspname"),
        scope::unowned("'pg_operator'", "o.oid"),
        columns = address::COLUMNS,
        address = address::of("'pg_operator'::regclass", "o.oid", "0"),
    )
}
