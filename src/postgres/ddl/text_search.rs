//! Text search: parsers, templates, dictionaries and configurations.

use std::collections::HashMap;
use std::fmt::Write as _;

use tokio_postgres::Row;

use super::{Entry, ObjectId, Reader, scope};
use crate::error::Result;
use crate::manifest::Section;
use crate::postgres::quote;

pub(super) async fn entries(reader: &Reader<'_>) -> Result<Vec<Entry>> {
    let own = format!("{} AND {}", scope::user_schema("n.nspname"), scope::unowned("'pg_ts_config'", "c.oid"));
    let mut mappings = mappings(reader, &own).await?;
    let mut entries = Vec::new();
    for row in scope::rows(reader, "text search parsers", &query(&PARSERS)).await? {
        entries.push(entry(&row, "text search parser"));
    }
    for row in scope::rows(reader, "text search templates", &query(&TEMPLATES)).await? {
        entries.push(entry(&row, "text search template"));
    }
    for row in scope::rows(reader, "text search dictionaries", &query(&DICTIONARIES)).await? {
        entries.push(entry(&row, "text search dictionary"));
    }
    for row in scope::rows(reader, "text search configurations", &query(&CONFIGURATIONS)).await? {
        let mut entry = entry(&row, "text search configuration");
        entry.sql += &mappings.remove(&row.get("oid")).unwrap_or_default();
        entries.push(entry);
    }
    Ok(entries)
}

fn entry(row: &Row, kind: &'static str) -> Entry {
    let (schema, name): (String, String) = (row.get("schema"), row.get("name"));
    let parts: Vec<&str> = row.get("parts");
    let qualified = quote::qualified(&schema, &name);
    Entry {
        id: Some(ObjectId::of(row)),
        section: Section::PreData,
        kind,
        sql: format!("CREATE {} {qualified} (\n    {}\n);\n", kind.to_uppercase(), parts.join(",\n    ")),
        schema: Some(schema),
        name,
        table: None,
    }
}

/// Where one of the four kinds stands in the catalogs.
struct Catalog {
    table: &'static str,
    /// What the names of its columns begin with.
    prefix: &'static str,
    /// SQL: what the parentheses hold, an array of texts with NULL for what is not there; its row is `t`.
    parts: &'static str,
}

/// Functions are found by name alone, since each place wants its own arguments.
const PARSERS: Catalog = Catalog {
    table: "pg_ts_parser",
    prefix: "prs",
    parts: "ARRAY['START = ' || prsstart::text, 'GETTOKEN = ' || prstoken::text, 'END = ' || prsend::text, \
            CASE WHEN prsheadline <> 0 THEN 'HEADLINE = ' || prsheadline::text END, 'LEXTYPES = ' || prslextype::text]",
};

const TEMPLATES: Catalog = Catalog {
    table: "pg_ts_template",
    prefix: "tmpl",
    parts: "ARRAY[CASE WHEN tmplinit <> 0 THEN 'INIT = ' || tmplinit::text END, 'LEXIZE = ' || tmpllexize::text]",
};

/// The catalog keeps the options as they were written, in quotes.
const DICTIONARIES: Catalog = Catalog {
    table: "pg_ts_dict",
    prefix: "dict",
    parts: "ARRAY['TEMPLATE = ' || (SELECT quote_ident(nspname) || '.' || quote_ident(tmplname) \
                FROM pg_ts_template m JOIN pg_namespace ON pg_namespace.oid = tmplnamespace WHERE m.oid = dicttemplate), \
            dictinitoption]",
};

const CONFIGURATIONS: Catalog = Catalog {
    table: "pg_ts_config",
    prefix: "cfg",
    parts: "ARRAY['PARSER = ' || (SELECT quote_ident(nspname) || '.' || quote_ident(prsname) \
                FROM pg_ts_parser m JOIN pg_namespace ON pg_namespace.oid = prsnamespace WHERE m.oid = cfgparser)]",
};

fn query(Catalog { table, prefix, parts }: &Catalog) -> String {
    format!(
        "SELECT '{table}'::regclass::oid AS class, t.oid, n.nspname AS schema, t.{prefix}name AS name, \
                array_remove({parts}, NULL) AS parts \
           FROM {table} t JOIN pg_namespace n ON n.oid = t.{prefix}namespace \
          WHERE {} AND {} ORDER BY n.nspname, t.{prefix}name",
        scope::user_schema("n.nspname"),
        scope::unowned(&format!("'{table}'"), "t.oid"),
    )
}

/// The same of every configuration, the system's too.
pub(super) async fn all_mappings(reader: &Reader<'_>) -> Result<HashMap<u32, String>> {
    mappings(reader, "true").await
}

/// Which dictionaries look at which tokens, by configuration. The parser alone knows what its tokens are called.
async fn mappings(reader: &Reader<'_>, wanted: &str) -> Result<HashMap<u32, String>> {
    let mut mappings: HashMap<u32, String> = HashMap::new();
    for row in scope::rows(reader, "text search mappings", &mappings_query(wanted)).await? {
        let configuration = quote::qualified(row.get("schema"), row.get("name"));
        let token = quote::identifier(row.get("token"));
        let dictionaries: Vec<&str> = row.get("dictionaries");
        let _ = writeln!(
            mappings.entry(row.get("oid")).or_default(),
            "ALTER TEXT SEARCH CONFIGURATION {configuration}\n    ADD MAPPING FOR {token} WITH {};",
            dictionaries.join(", ")
        );
    }
    Ok(mappings)
}

fn mappings_query(wanted: &str) -> String {
    format!(
        "SELECT c.oid, n.nspname AS schema, c.cfgname AS name, token.alias AS token, \
                array_agg(quote_ident(dn.nspname) || '.' || quote_ident(d.dictname) ORDER BY m.mapseqno) AS dictionaries \
           FROM pg_ts_config c \
           JOIN pg_namespace n ON n.oid = c.cfgnamespace \
           JOIN pg_ts_config_map m ON m.mapcfg = c.oid \
           JOIN pg_ts_dict d ON d.oid = m.mapdict \
           JOIN pg_namespace dn ON dn.oid = d.dictnamespace \
          CROSS JOIN LATERAL ts_token_type(c.cfgparser) token \
          WHERE token.tokid = m.maptokentype AND {wanted} \
          GROUP BY c.oid, n.nspname, c.cfgname, m.maptokentype, token.alias \
          ORDER BY n.nspname, c.cfgname, m.maptokentype"
    )
}
