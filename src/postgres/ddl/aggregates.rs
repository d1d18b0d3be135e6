//! Aggregates: plain, ordered-set and hypothetical-set, with what they need to move and to run in parallel.

use tokio_postgres::Row;

use super::address::{self, Address};
use super::{Entry, Reader, scope};
use crate::error::Result;
use crate::postgres::quote;

pub(super) async fn entries(reader: &Reader<'_>) -> Result<Vec<Entry>> {
    let rows = scope::rows(reader, "aggregates", &query()).await?;
    Ok(rows.iter().map(|row| address::entry("aggregate", row, &Address::read(row), create(row))).collect())
}

fn create(row: &Row) -> String {
    let mut options: Vec<String> = row.get("options");
    if let Some(state) = row.get::<_, Option<&str>>("initial") {
        options.push(format!("INITCOND = {}", quote::literal(state)));
    }
    if let Some(state) = row.get::<_, Option<&str>>("moving_initial") {
        options.push(format!("MINITCOND = {}", quote::literal(state)));
    }
    format!(
        "CREATE AGGREGATE {}({}) (\n    {}\n);\n",
        quote::qualified(row.get("schema"), row.get("name")),
        row.get::<_, &str>("arguments"),
        options.join(",\n    "),
    )
}

/// A final function may change its state where the aggregate's kind does not say otherwise: `READ_ONLY` is usual for
/// plain aggregates, `READ_WRITE` for those over sorted rows.
fn query() -> String {
    format!(
        "SELECT 'pg_proc'::regclass::oid AS class, p.oid, {columns}, n.nspname AS schema, p.proname AS name, \
                CASE WHEN p.pronargs = 0 THEN '*' ELSE pg_get_function_arguments(p.oid) END AS arguments, \
                a.agginitval AS initial, a.aggminitval AS moving_initial, \
                array_remove(ARRAY[ \
                    'SFUNC = ' || a.aggtransfn::text, \
                    'STYPE = ' || format_type(a.aggtranstype, -1), \
                    'SSPACE = ' || nullif(a.aggtransspace, 0)::text, \
                    'FINALFUNC = ' || nullif(a.aggfinalfn, 0)::regproc::text, \
                    CASE WHEN a.aggfinalextra THEN 'FINALFUNC_EXTRA' END, \
                    'FINALFUNC_MODIFY = ' || {modify}, \
                    'COMBINEFUNC = ' || nullif(a.aggcombinefn, 0)::regproc::text, \
                    'SERIALFUNC = ' || nullif(a.aggserialfn, 0)::regproc::text, \
                    'DESERIALFUNC = ' || nullif(a.aggdeserialfn, 0)::regproc::text, \
                    'MSFUNC = ' || nullif(a.aggmtransfn, 0)::regproc::text, \
                    'MINVFUNC = ' || nullif(a.aggminvtransfn, 0)::regproc::text, \
                    CASE WHEN a.aggmtranstype <> 0 THEN 'MSTYPE = ' || format_type(a.aggmtranstype, -1) END, \
                    'MSSPACE = ' || nullif(a.aggmtransspace, 0)::text, \
                    'MFINALFUNC = ' || nullif(a.aggmfinalfn, 0)::regproc::text, \
                    CASE WHEN a.aggmfinalextra THEN 'MFINALFUNC_EXTRA' END, \
                    CASE WHEN a.aggmfinalfn <> 0 THEN 'MFINALFUNC_MODIFY = ' || {moving_modify} END, \
                    'SORTOP = ' || sort.name, \
                    CASE p.proparallel WHEN 's' THEN 'PARALLEL = SAFE' WHEN 'r' THEN 'PARALLEL = RESTRICTED' END, \
                    CASE WHEN a.aggkind = 'h' THEN 'HYPOTHETICAL' END \
                ], NULL) AS options \
           FROM pg_aggregate a \
           JOIN pg_proc p ON p.oid = a.aggfnoid \
           JOIN pg_namespace n ON n.oid = p.pronamespace \
           LEFT JOIN LATERAL (SELECT format('OPERATOR(%I.%s)', sn.nspname, o.oprname) \
                                FROM pg_operator o JOIN pg_namespace sn ON sn.oid = o.oprnamespace \
                               WHERE o.oid = a.aggsortop) sort(name) ON true \
           {address} \
          WHERE {} AND {} \
          ORDER BY {columns}",
        scope::user_schema("n.nspname"),
        scope::unowned("'pg_proc'", "p.oid"),
        columns = address::COLUMNS,
        address = address::of("'pg_proc'::regclass", "p.oid", "0"),
        modify = modify("a.aggfinalmodify"),
        moving_modify = modify("a.aggmfinalmodify"),
    )
}

fn modify(column: &str) -> String {
    format!("CASE {column} WHEN 'r' THEN 'READ_ONLY' WHEN 's' THEN 'SHAREABLE' ELSE 'READ_WRITE' END")
}
