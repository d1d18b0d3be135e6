//! Options of relations and of columns, which the catalogs keep as `name=value`.
//!
//! Written is what the documentation of PostgreSQL knows for the kind of the relation, and nothing else: any other server
//! would refuse it, and the whole restore with it. What a server keeps there for itself is left out; what is neither is
//! refused by name. An access method that users or extensions made knows its options itself: they pass.

use super::{Reader, Refused, scope};
use crate::error::Result;

/// What servers keep there for themselves: Debian's count the versions of each column.
pub(in crate::postgres) const BOOKKEEPING: [&str; 1] = ["pg_attver"];

/// Of tables, materialized views, and the tables that keep their long values.
const TABLES_AND_TOAST: &str = "autovacuum_enabled, autovacuum_freeze_max_age, autovacuum_freeze_min_age, \
    autovacuum_freeze_table_age, autovacuum_multixact_freeze_max_age, autovacuum_multixact_freeze_min_age, \
    autovacuum_multixact_freeze_table_age, autovacuum_vacuum_cost_delay, autovacuum_vacuum_cost_limit, \
    autovacuum_vacuum_insert_scale_factor, autovacuum_vacuum_insert_threshold, autovacuum_vacuum_scale_factor, \
    autovacuum_vacuum_threshold, log_autovacuum_min_duration, vacuum_index_cleanup, vacuum_truncate";

const TABLES_AND_TOAST_SINCE_18: &str = "autovacuum_vacuum_max_threshold, vacuum_max_eager_freeze_failure_rate";

/// Of tables and materialized views.
const TABLES: &str = "autovacuum_analyze_scale_factor, autovacuum_analyze_threshold, fillfactor, parallel_workers, \
    toast_tuple_target, user_catalog_table";

const VIEWS: &str = "check_option, security_barrier";

const VIEWS_SINCE_15: &str = "security_invoker";

/// Of columns.
const COLUMNS: &str = "n_distinct, n_distinct_inherited";

/// Of indexes, by access method. The last one of B-trees has no effect any more, but is still taken.
const INDEXES: [(&str, &str); 6] = [
    ("brin", "autosummarize, pages_per_range"),
    ("btree", "deduplicate_items, fillfactor, vacuum_cleanup_index_scale_factor"),
    ("gin", "fastupdate, gin_pending_list_limit"),
    ("gist", "buffering, fillfactor"),
    ("hash", "fillfactor"),
    ("spgist", "fillfactor"),
];

/// SQL: the options of the row `c` of `pg_class` that its kind knows, each behind `prefix`.
pub(super) fn of_relation(c: &str, prefix: &str, version: u32) -> String {
    format!(
        "ARRAY(SELECT '{prefix}' || option FROM unnest({c}.reloptions) option WHERE {})",
        is_known("option", &known(c, version))
    )
}

/// SQL: `SET (…)` with the options of the row `a` of `pg_attribute` that columns have, or NULL.
pub(super) fn action_of_column(a: &str) -> String {
    format!(
        "'SET (' || (SELECT string_agg(quote_ident(option_name) || ' = ' || quote_literal(option_value), ', ') \
                      FROM pg_options_to_table({a}.attoptions) WHERE option_name = ANY ({})) || ')'",
        array(&[COLUMNS])
    )
}

/// SQL: this definition of the index `c`, which has all its options, without those that it does not know.
pub(super) fn within(definition: &str, c: &str, version: u32) -> String {
    let list = |condition: &str| {
        format!(
            "coalesce(' WITH (' || (SELECT string_agg(quote_ident(option_name) || '=' || CASE quote_ident(option_value) \
             WHEN option_value THEN option_value ELSE quote_literal(option_value) END, ', ') \
             FROM pg_options_to_table({c}.reloptions){condition}) || ')', '')"
        )
    };
    let known = is_known("option_name", &known(c, version));
    format!(
        "CASE WHEN EXISTS (SELECT FROM pg_options_to_table({c}.reloptions) WHERE NOT {known}) \
         THEN replace({definition}, {}, {}) ELSE {definition} END",
        list(""),
        list(&format!(" WHERE {known}")),
    )
}

/// Options that are neither known nor a server's own, with what has them.
pub(super) async fn refused(reader: &Reader<'_>) -> Result<Vec<Refused>> {
    let rows = scope::rows(reader, "options", &refused_query(reader.version)).await?;
    Ok(rows.iter().map(|row| Refused { kind: "option".to_owned(), name: row.get("name") }).collect())
}

/// The options of long values are told of their table, and those of an index belong to no extension unless its table does.
fn refused_query(version: u32) -> String {
    format!(
        "SELECT split_part(option, '=', 1) || ' of ' || part || n.nspname || '.' || c.relname || coalesce('.' || attname, '') AS name \
           FROM (SELECT c.oid, option, CASE WHEN c.relkind = 't' THEN 'the long values of ' ELSE '' END AS part, \
                        NULL::name AS attname \
                   FROM pg_class c CROSS JOIN LATERAL unnest(c.reloptions) option WHERE NOT {relation} \
                  UNION ALL \
                 SELECT c.oid, option, 'the column ', attname \
                   FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid CROSS JOIN LATERAL unnest(a.attoptions) option \
                  WHERE NOT a.attisdropped AND c.relkind IN ('r', 'p', 'f', 'm', 'v', 'c') \
                    AND NOT (c.relkind <> 'v' AND c.relkind <> 'c' AND {column})) found \
           LEFT JOIN pg_class main ON main.reltoastrelid = found.oid \
           LEFT JOIN pg_index i ON i.indexrelid = found.oid \
           JOIN pg_class c ON c.oid = coalesce(main.oid, found.oid) \
           JOIN pg_namespace n ON n.oid = c.relnamespace \
          WHERE split_part(option, '=', 1) <> ALL (ARRAY['{bookkeeping}']) AND {user_schema} AND {unowned} \
          ORDER BY name",
        relation = is_known("option", &known("c", version)),
        column = is_known("option", &array(&[COLUMNS])),
        bookkeeping = BOOKKEEPING.join("', '"),
        user_schema = scope::user_schema("n.nspname"),
        unowned = scope::unowned("'pg_class'", "coalesce(i.indrelid, c.oid)"),
    )
}

/// SQL: the name of this option is in the array, or there is no array.
fn is_known(option: &str, known: &str) -> String {
    format!("coalesce(split_part({option}, '=', 1) = ANY ({known}), true)")
}

/// SQL: the names that the kind of the row `c` of `pg_class` knows; NULL where its access method alone knows them.
fn known(c: &str, version: u32) -> String {
    let since = |major: u32, names: &'static str| if version >= major * 10_000 { names } else { "" };
    let both = [TABLES_AND_TOAST, since(18, TABLES_AND_TOAST_SINCE_18)];
    let method = |(method, names): &(&str, &str)| format!("WHEN '{method}' THEN {} ", array(&[names]));
    let methods = INDEXES.iter().map(method).collect::<Vec<_>>().concat();
    format!(
        "CASE WHEN {c}.relam >= 16384 THEN NULL WHEN {c}.relkind IN ('r', 'm') THEN {tables} \
              WHEN {c}.relkind = 't' THEN {toast} WHEN {c}.relkind = 'v' THEN {views} \
              WHEN {c}.relkind IN ('i', 'I') THEN CASE (SELECT amname FROM pg_am WHERE pg_am.oid = {c}.relam) {methods}END \
              ELSE '{{}}'::text[] END",
        tables = array(&[both[0], both[1], TABLES]),
        toast = array(&both),
        views = array(&[VIEWS, since(15, VIEWS_SINCE_15)]),
    )
}

/// SQL: lists of names as one array.
fn array(lists: &[&str]) -> String {
    let lists: Vec<&str> = lists.iter().copied().filter(|names| !names.is_empty()).collect();
    format!("'{{{}}}'::text[]", lists.join(", "))
}
