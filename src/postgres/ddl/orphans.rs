//! Rows of the catalogs about objects that are not there any more: the server's own mistakes, which stay until somebody
//! deletes them. They say nothing that could come back, and are left out with a notice.
//!
//! They are told by the snapshot: what was dropped since is still in it, and is no orphan.

use super::{Reader, scope};
use crate::error::Result;

/// The catalogs of what may have comments and labels, but for relations and large objects.
const CATALOGS: [&str; 26] = [
    "pg_am",
    "pg_cast",
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
    "pg_rewrite",
    "pg_statistic_ext",
    "pg_subscription",
    "pg_transform",
    "pg_trigger",
    "pg_ts_config",
    "pg_ts_dict",
    "pg_ts_parser",
    "pg_ts_template",
];

/// SQL: the snapshot has what these columns name. Of a catalog that is not known here it is taken for granted.
pub(super) fn stands(class: &str, object: &str, part: &str) -> String {
    let catalog = |catalog: &&str| {
        format!("WHEN '{catalog}'::regclass THEN EXISTS (SELECT FROM {catalog} WHERE oid = {object}) ")
    };
    let catalogs = CATALOGS.iter().map(catalog).collect::<Vec<_>>().concat();
    format!(
        "CASE {class} WHEN 'pg_class'::regclass THEN EXISTS (SELECT FROM pg_class WHERE oid = {object}) \
                           AND ({part} = 0 OR EXISTS (SELECT FROM pg_attribute WHERE attrelid = {object} \
                                                          AND attnum = {part} AND NOT attisdropped)) \
              WHEN 'pg_type'::regclass THEN EXISTS (SELECT FROM pg_type WHERE oid = {object}) \
              WHEN 'pg_largeobject'::regclass THEN EXISTS (SELECT FROM pg_largeobject_metadata WHERE oid = {object}) \
              {catalogs}ELSE EXISTS (SELECT FROM pg_class WHERE oid = {class}) END"
    )
}

/// SQL: the role of this column exists, or the column means everybody.
pub(super) fn is_role(column: &str) -> String {
    format!("({column} = 0 OR EXISTS (SELECT FROM pg_roles WHERE pg_roles.oid = {column}))")
}

/// SQL: the row `d` of `pg_default_acl` has its role, and its schema where it has one.
pub(super) const DEFAULTS_STAND: &str = "(EXISTS (SELECT FROM pg_roles WHERE pg_roles.oid = d.defaclrole) \
    AND (d.defaclnamespace = 0 OR EXISTS (SELECT FROM pg_namespace WHERE pg_namespace.oid = d.defaclnamespace)))";

/// What is left out, in whole sentences.
pub(super) async fn notices(reader: &Reader<'_>) -> Result<Vec<String>> {
    let rows = scope::rows(reader, "rows about what is gone", &query()).await?;
    Ok(rows
        .iter()
        .map(|row| {
            let (number, what, catalog): (i64, &str, &str) = (row.get("number"), row.get("what"), row.get("catalog"));
            let these = if number == 1 { format!("a {what}") } else { format!("{number} {what}s") };
            format!("the server still keeps {these} of what was dropped (in {catalog}), which the backup leaves out")
        })
        .collect())
}

fn query() -> String {
    let of_users = |class: &str, object: &str| format!("({object} >= 16384 OR {class} = 'pg_largeobject'::regclass)");
    let remarks = |what: &str, catalog: &str| {
        format!(
            "SELECT '{what}' AS what, '{catalog}' AS catalog FROM {catalog} WHERE {} AND NOT {}",
            of_users("classoid", "objoid"),
            stands("classoid", "objoid", "objsubid"),
        )
    };
    format!(
        "SELECT what, catalog, count(*) AS number FROM ( \
            {comments} UNION ALL {labels} UNION ALL {births} UNION ALL \
            SELECT 'default privilege', 'pg_default_acl' FROM pg_default_acl d WHERE NOT {DEFAULTS_STAND} UNION ALL \
            SELECT 'membership in an extension', 'pg_depend' FROM pg_depend WHERE refclassid = 'pg_extension'::regclass \
               AND deptype = 'e' AND NOT EXISTS (SELECT FROM pg_extension WHERE pg_extension.oid = refobjid) \
         ) orphan GROUP BY what, catalog ORDER BY what",
        comments = remarks("comment", "pg_description"),
        labels = remarks("security label", "pg_seclabel"),
        births = remarks("right", "pg_init_privs"),
    )
}
