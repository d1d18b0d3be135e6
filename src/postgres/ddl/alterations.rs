//! Functions and objects of text search that the system or an extension has brought, and somebody has altered since.
//!
//! `CREATE EXTENSION` makes them as they were at first: then an index over a function that was declared immutable cannot
//! be made, and a generated column comes back with other words in it. So each is made as it was where it differs. No
//! catalog tells of alterations. Which transactions wrote the rows tells where to look: where more was written than
//! altered, both are the same, and nothing happens.

use tokio_postgres::Row;

use super::{Entry, ObjectId, Reader, guard, membership, scope, text_search};
use crate::error::Result;
use crate::manifest::Section;
use crate::postgres::quote;

/// The manifest's word for them.
pub const ALTERATION: &str = "alteration";

pub(super) async fn entries(reader: &Reader<'_>) -> Result<Vec<Entry>> {
    let functions = scope::defined(reader, "altered functions", &functions_query()).await?;
    let mut entries: Vec<Entry> = functions.iter().map(function).collect();
    let dictionaries = scope::rows(reader, "altered dictionaries", &dictionaries_query()).await?;
    entries.extend(dictionaries.iter().map(dictionary));
    let configurations = scope::rows(reader, "altered configurations", &configurations_query()).await?;
    if !configurations.is_empty() {
        let mut mappings = text_search::all_mappings(reader).await?;
        entries.extend(configurations.iter().map(|row| {
            let mapping = mappings.remove(&row.get("oid")).unwrap_or_default();
            configuration(row, &mapping)
        }));
    }
    Ok(entries)
}

fn entry(row: &Row, kind: &str, variables: &str, code: &str) -> Entry {
    let owner = match row.get::<_, Option<&str>>("extension") {
        Some(extension) => format!("the extension {extension}"),
        None => "the system".to_owned(),
    };
    let name = format!("{kind} {}", row.get::<_, &str>("label"));
    let what = format!("what was altered in the {name} of {owner}");
    Entry {
        id: Some(ObjectId::of(row)),
        section: Section::PreData,
        kind: ALTERATION,
        schema: None,
        sql: guard::told(&what, variables, code),
        name,
        table: None,
    }
}

/// Another version may have other code, and what it says of it is its own business; but what was needed to be immutable
/// still is.
fn function(row: &Row) -> Entry {
    let target: &str = row.get("target");
    let extension: Option<&str> = row.get("extension");
    let (same, join) = match extension {
        Some(extension) => (
            format!(
                "EXISTS (SELECT FROM pg_catalog.pg_extension WHERE extname = {} AND extversion = {})",
                quote::literal(extension),
                quote::literal(row.get("version"))
            ),
            format!(
                "    IF live IS NULL THEN\n      ALTER EXTENSION {} ADD ROUTINE {target};\n    END IF;\n",
                quote::identifier(extension)
            ),
        ),
        None => (
            format!(
                "pg_catalog.current_setting('server_version_num')::integer / 10000 = {}",
                row.get::<_, i32>("major")
            ),
            String::new(),
        ),
    };
    let loosened = if row.get("immutable") {
        format!("  ELSIF NOT fixed THEN\n    ALTER FUNCTION {target} IMMUTABLE;\n")
    } else {
        String::new()
    };
    let code = format!(
        "  SELECT pg_catalog.pg_get_functiondef(p.oid), p.provolatile = 'i' INTO live, fixed\n    \
             FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace\n   \
             WHERE n.nspname = {} AND p.proname = {} AND pg_catalog.oidvectortypes(p.proargtypes) = {} AND p.prokind <> 'a';\n  \
         IF live = wanted THEN\n    NULL;\n  ELSIF {same} THEN\n    EXECUTE wanted;\n{join}{loosened}  END IF;\n",
        quote::literal(row.get("schema")),
        quote::literal(row.get("name")),
        quote::literal(row.get("arguments")),
    );
    let wanted = quote::literal(row.get("definition"));
    entry(row, "function", &format!("  live text;\n  fixed boolean;\n  wanted text := {wanted};\n"), &code)
}

/// An option that is named without a value is taken away.
fn dictionary(row: &Row) -> Entry {
    let names = |text: &str| {
        format!(
            "SELECT (pg_catalog.regexp_matches(pg_catalog.regexp_replace({text}, '''(?:[^''\\\\]|\\\\.|'''')*''', '', 'g'), \
             '(\"(?:[^\"]|\"\")+\"|\\w+) = ', 'g'))[1]"
        )
    };
    let alter = quote::literal(&format!("ALTER TEXT SEARCH DICTIONARY {} (%s)", row.get::<_, &str>("target")));
    let code = format!(
        "  SELECT coalesce(d.dictinitoption, '') INTO live\n    \
             FROM pg_catalog.pg_ts_dict d JOIN pg_catalog.pg_namespace n ON n.oid = d.dictnamespace\n   \
             WHERE n.nspname = {} AND d.dictname = {};\n  \
         IF live <> wanted THEN\n    \
           EXECUTE pg_catalog.format({alter}, pg_catalog.concat_ws(', ', nullif(wanted, ''), \
             (SELECT pg_catalog.string_agg(gone, ', ') FROM ({} EXCEPT {}) surplus(gone))));\n  END IF;\n",
        quote::literal(row.get("schema")),
        quote::literal(row.get("name")),
        names("live"),
        names("wanted"),
    );
    let wanted = quote::literal(row.get("options"));
    entry(row, "text search dictionary", &format!("  live text;\n  wanted text := {wanted};\n"), &code)
}

fn configuration(row: &Row, mappings: &str) -> Entry {
    let target: &str = row.get("target");
    let drop = quote::literal(&format!("ALTER TEXT SEARCH CONFIGURATION {target} DROP MAPPING IF EXISTS FOR %s"));
    let code = format!(
        "  SELECT {MAPPED}, (SELECT pg_catalog.string_agg(pg_catalog.quote_ident(alias), ', ') \
             FROM pg_catalog.ts_token_type(c.cfgparser)) INTO live, tokens\n    \
             FROM pg_catalog.pg_ts_config c JOIN pg_catalog.pg_namespace n ON n.oid = c.cfgnamespace\n   \
             WHERE n.nspname = {} AND c.cfgname = {};\n  \
         IF live <> {} THEN\n    EXECUTE pg_catalog.format({drop}, tokens);\n{mappings}  END IF;\n",
        quote::literal(row.get("schema")),
        quote::literal(row.get("name")),
        quote::literal(row.get("mapped")),
    );
    entry(row, "text search configuration", "  live text;\n  tokens text;\n", &code)
}

/// SQL: which dictionaries look at which tokens of the configuration `c`.
const MAPPED: &str = "coalesce((SELECT pg_catalog.string_agg(pg_catalog.concat_ws(' ', token, dictionaries), ', ' ORDER BY token) \
    FROM (SELECT t.maptokentype AS token, \
                 pg_catalog.string_agg(pg_catalog.format('%I.%I', dn.nspname, d.dictname), ' ' ORDER BY t.mapseqno) AS dictionaries \
            FROM pg_catalog.pg_ts_config_map t \
            JOIN pg_catalog.pg_ts_dict d ON d.oid = t.mapdict \
            JOIN pg_catalog.pg_namespace dn ON dn.oid = d.dictnamespace \
           WHERE t.mapcfg = c.oid GROUP BY t.maptokentype) mapped), '')";

/// SQL: the row was written after `initdb` had made everything else in the schema of the system.
fn by_users(row: &str) -> String {
    format!(
        "{row}.xmin::text::bigint > (SELECT min(xmin::text::bigint) FROM pg_class \
         WHERE relnamespace = 'information_schema'::regnamespace)"
    )
}

/// Members that were written anew by hand. What a script of the extension wrote more than once, and what `pg_upgrade`
/// wrote, looks alike, and counts where something is made of it.
fn functions_query() -> String {
    format!(
        "SELECT 'pg_proc'::regclass::oid AS class, p.oid, n.nspname::text AS schema, p.proname::text AS name, \
                oidvectortypes(p.proargtypes) AS arguments, p.oid::regprocedure::text AS target, \
                format('%s.%s(%s)', n.nspname, p.proname, oidvectortypes(p.proargtypes)) AS label, \
                m.extname::text AS extension, m.extversion AS version, p.provolatile = 'i' AS immutable, \
                current_setting('server_version_num')::integer / 10000 AS major, pg_get_functiondef(p.oid) AS definition \
           FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace \
           LEFT JOIN ({members}) m ON m.class = 'pg_proc'::regclass AND m.object = p.oid \
          WHERE p.prokind <> 'a' AND CASE WHEN m.object IS NULL \
                THEN p.oid < 16384 AND n.nspname = 'pg_catalog' AND {by_users} AND {unowned} \
                ELSE {newer_than_member} AND {newer_than_extension} OR m.by_hand \
                     OR (p.xmin <> m.joined OR p.cmin::text <> m.command) AND EXISTS ( \
                        SELECT FROM pg_depend u WHERE u.refclassid = 'pg_proc'::regclass AND u.refobjid = p.oid \
                           AND u.deptype = 'n' AND u.objid >= 16384 AND {used_by_users}) END \
          ORDER BY n.nspname, p.proname, arguments",
        members = membership::MEMBERS,
        by_users = by_users("p"),
        unowned = scope::unowned("'pg_proc'", "p.oid"),
        newer_than_member = membership::newer("p.xmin", "m.joined"),
        newer_than_extension = membership::newer("p.xmin", "m.written"),
        used_by_users = scope::unowned("u.classid", "u.objid"),
    )
}

fn dictionaries_query() -> String {
    format!(
        "SELECT 'pg_ts_dict'::regclass::oid AS class, d.oid, n.nspname::text AS schema, d.dictname::text AS name, \
                format('%I.%I', n.nspname, d.dictname) AS target, n.nspname || '.' || d.dictname AS label, \
                m.extname::text AS extension, coalesce(d.dictinitoption, '') AS options \
           FROM pg_ts_dict d JOIN pg_namespace n ON n.oid = d.dictnamespace \
           LEFT JOIN ({members}) m ON m.class = 'pg_ts_dict'::regclass AND m.object = d.oid \
          WHERE CASE WHEN m.object IS NULL THEN d.oid < 16384 AND {by_users} \
                     ELSE d.xmin <> m.joined OR d.cmin::text <> m.command END \
          ORDER BY n.nspname, d.dictname",
        members = membership::MEMBERS,
        by_users = by_users("d"),
    )
}

/// A mapping that is gone has no row that would tell of it; all configurations of the system map the same tokens.
fn configurations_query() -> String {
    format!(
        "SELECT 'pg_ts_config'::regclass::oid AS class, c.oid, n.nspname::text AS schema, c.cfgname::text AS name, \
                format('%I.%I', n.nspname, c.cfgname) AS target, n.nspname || '.' || c.cfgname AS label, \
                m.extname::text AS extension, {MAPPED} AS mapped \
           FROM pg_ts_config c JOIN pg_namespace n ON n.oid = c.cfgnamespace \
           LEFT JOIN ({members}) m ON m.class = 'pg_ts_config'::regclass AND m.object = c.oid \
          WHERE m.object IS NOT NULL OR c.oid < 16384 AND ( \
                EXISTS (SELECT FROM pg_ts_config_map t WHERE t.mapcfg = c.oid AND {by_users}) \
                OR (SELECT count(DISTINCT maptokentype) FROM pg_ts_config_map WHERE mapcfg = c.oid) < ( \
                    SELECT max(tokens) FROM (SELECT count(DISTINCT maptokentype) AS tokens FROM pg_ts_config_map \
                     WHERE mapcfg < 16384 GROUP BY mapcfg) usual)) \
          ORDER BY n.nspname, c.cfgname",
        members = membership::MEMBERS,
        by_users = by_users("t"),
    )
}

/// Configurations of the system without the dictionaries of users, which `DROP … CASCADE` would take along: the names of
/// their alterations, and statements.
pub(super) async fn without_users_dictionaries(reader: &Reader<'_>) -> Result<Vec<(String, String)>> {
    let rows = scope::rows(reader, "altered configurations", &users_dictionaries_query()).await?;
    Ok(rows
        .iter()
        .map(|row| (format!("text search configuration {}", row.get::<_, &str>("label")), row.get("statements")))
        .collect())
}

/// Where none is left, the configuration has the one that it came with.
fn users_dictionaries_query() -> String {
    format!(
        "SELECT label, string_agg(format(E'ALTER TEXT SEARCH CONFIGURATION %s ALTER MAPPING FOR %I WITH %s;\n', target, \
                    alias, coalesce(others, usual, 'pg_catalog.simple')), '' ORDER BY tokid) AS statements \
           FROM (SELECT c.oid, n.nspname || '.' || c.cfgname AS label, format('%I.%I', n.nspname, c.cfgname) AS target, \
                        token.tokid, token.alias, bool_or(d.oid >= 16384 AND {unowned}) AS of_users, \
                        string_agg(format('%I.%I', dn.nspname, d.dictname), ', ' ORDER BY m.mapseqno) \
                            FILTER (WHERE d.oid < 16384 OR NOT {unowned}) AS others, \
                        (SELECT format('pg_catalog.%I', dictname) FROM pg_ts_dict \
                          WHERE dictname = c.cfgname || '_stem' AND dictnamespace = 'pg_catalog'::regnamespace) AS usual \
                   FROM pg_ts_config c JOIN pg_namespace n ON n.oid = c.cfgnamespace \
                  CROSS JOIN LATERAL ts_token_type(c.cfgparser) token \
                   JOIN pg_ts_config_map m ON m.mapcfg = c.oid AND m.maptokentype = token.tokid \
                   JOIN pg_ts_dict d ON d.oid = m.mapdict JOIN pg_namespace dn ON dn.oid = d.dictnamespace \
                  WHERE c.oid < 16384 GROUP BY c.oid, n.nspname, c.cfgname, token.tokid, token.alias) mapping \
          WHERE of_users GROUP BY oid, label ORDER BY label",
        unowned = scope::unowned("'pg_ts_dict'", "d.oid"),
    )
}
