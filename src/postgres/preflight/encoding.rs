//! Texts of the catalogs that are no text. Under the encoding `SQL_ASCII` a database takes any bytes; of rows they come
//! back as they were, but names and statements stand in a manifest and in a script, which are UTF-8.

use tokio_postgres::Client;

use super::{refusal, rows, value};
use crate::error::Result;
use crate::postgres::session::{Encoding, Server};

/// Catalogs whose whole rows are looked at: names, bodies of functions, options.
const CATALOGS: [&str; 23] = [
    "pg_am",
    "pg_cast",
    "pg_class",
    "pg_collation",
    "pg_constraint",
    "pg_conversion",
    "pg_event_trigger",
    "pg_extension",
    "pg_foreign_data_wrapper",
    "pg_foreign_server",
    "pg_language",
    "pg_namespace",
    "pg_opclass",
    "pg_operator",
    "pg_opfamily",
    "pg_policy",
    "pg_proc",
    "pg_publication",
    "pg_statistic_ext",
    "pg_trigger",
    "pg_ts_config",
    "pg_ts_dict",
    "pg_ts_template",
];

/// Expressions, which the catalogs keep as trees: `class`, `object`, `part`, what of it, and the text.
const OTHERS: &str = "
    SELECT 'pg_class'::regclass::oid, attrelid, attnum::integer, '', (a.*)::text FROM pg_attribute a
     UNION ALL SELECT 'pg_class'::regclass, ftrelid, 0, 'the options of ', ftoptions::text FROM pg_foreign_table
     UNION ALL SELECT 'pg_type'::regclass, oid, 0, '', (t.*)::text FROM pg_type t WHERE typrelid = 0 AND typelem = 0
     UNION ALL SELECT 'pg_type'::regclass, enumtypid, 0, 'a label of ', enumlabel::text FROM pg_enum
     UNION ALL SELECT 'pg_attrdef'::regclass, oid, 0, 'the ', pg_get_expr(adbin, adrelid) FROM pg_attrdef
     UNION ALL SELECT 'pg_constraint'::regclass, oid, 0, '', pg_get_constraintdef(oid) FROM pg_constraint
     UNION ALL SELECT 'pg_class'::regclass, indexrelid, 0, '', pg_get_indexdef(indexrelid) FROM pg_index
     UNION ALL SELECT 'pg_class'::regclass, ev_class, 0, '', pg_get_ruledef(oid) FROM pg_rewrite
     UNION ALL SELECT 'pg_trigger'::regclass, oid, 0, '', pg_get_triggerdef(oid) FROM pg_trigger
     UNION ALL SELECT 'pg_policy'::regclass, oid, 0, '', concat(pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid)) FROM pg_policy
     UNION ALL SELECT 'pg_class'::regclass, oid, 0, '', pg_get_expr(relpartbound, oid) FROM pg_class
     UNION ALL SELECT 'pg_class'::regclass, partrelid, 0, '', pg_get_partkeydef(partrelid) FROM pg_partitioned_table
     UNION ALL SELECT 'pg_proc'::regclass, oid, 0, '', pg_get_functiondef(oid) FROM pg_proc WHERE prokind <> 'a' AND oid >= 16384
     UNION ALL SELECT 'pg_statistic_ext'::regclass, oid, 0, '', pg_get_statisticsobjdef(oid) FROM pg_statistic_ext
     UNION ALL SELECT classoid, objoid, objsubid, 'the comment on ', description FROM pg_description
     UNION ALL SELECT classoid, objoid, 0, 'the comment on ', description FROM pg_shdescription
         WHERE classoid = 'pg_database'::regclass AND objoid = (SELECT oid FROM pg_database WHERE datname = current_database())
     UNION ALL SELECT classoid, objoid, objsubid, 'a label of ', label FROM pg_seclabel
     UNION ALL SELECT 'pg_subscription'::regclass, oid, 0, '', concat(subname, subslotname) FROM pg_subscription
         WHERE subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())
     UNION ALL SELECT 'pg_user_mapping'::regclass, umid, 0, 'the options of ', concat(usename, umoptions::text) FROM pg_user_mappings
     UNION ALL SELECT 'pg_authid'::regclass, oid, 0, '', rolname FROM pg_roles WHERE oid IN (SELECT refobjid FROM pg_shdepend
         WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database()))
     UNION ALL SELECT 'pg_database'::regclass, setdatabase, 0, 'a setting of ', setconfig::text FROM pg_db_role_setting
         WHERE setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())";

/// Fails with what holds bytes that are no UTF-8, where the server does not know what its texts are.
pub(super) async fn examine(client: &Client, server: &Server) -> Result<()> {
    if server.encoding == Encoding::Known {
        return Ok(());
    }
    let mut names = Vec::new();
    for row in rows(client, &query()).await? {
        let (name, text): (&[u8], &[u8]) = (value(&row, "name")?, value(&row, "text")?);
        if std::str::from_utf8(text).is_err() {
            names.push(String::from_utf8_lossy(name).into_owned());
        }
    }
    if names.is_empty() {
        return Ok(());
    }
    names.dedup();
    Err(refusal("the database's encoding is SQL_ASCII, and these hold bytes that are no UTF-8", &names).hint(
        "write them anew in ASCII or UTF-8 (COMMENT ON, ALTER TABLE … SET DEFAULT, CREATE OR REPLACE, RENAME); \
         rows may hold any bytes",
    ))
}

/// As bytes, since the server sends none as text that are no text.
fn query() -> String {
    let rows =
        |catalog: &&str| format!(" UNION ALL SELECT '{catalog}'::regclass, oid, 0, '', (c.*)::text FROM {catalog} c");
    let whole = CATALOGS.iter().map(rows).collect::<Vec<_>>().concat();
    format!(
        "SELECT pg_catalog.convert_to(what || pg_catalog.pg_describe_object(class, object, part), 'SQL_ASCII') AS name, \
                pg_catalog.convert_to(body, 'SQL_ASCII') AS text \
           FROM ({OTHERS}{whole}) found(class, object, part, what, body) \
          WHERE body ~ '[\\x80-\\xff]' AND object >= 16384 ORDER BY 1"
    )
}
