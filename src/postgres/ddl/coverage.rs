//! What a backup cannot hold, by name: a sweep of all catalogs, since silence would be a lost object.

use super::address::{self, Address};
use super::{Reader, Refused, foreign, options, orphans, scope, security_labels, subscriptions};
use crate::error::Result;

/// Objects that users made, that no extension owns, and that no file here creates.
pub(super) async fn refused(reader: &Reader<'_>) -> Result<Vec<Refused>> {
    let mut refused = Vec::new();
    for row in scope::rows(reader, "unsupported objects", &objects_query()).await? {
        let address = Address::read(&row);
        refused.push(Refused { kind: address.kind().to_owned(), name: address.label() });
    }
    for row in scope::rows(reader, "unsupported objects", &others_query()).await? {
        refused.push(Refused { kind: row.get("kind"), name: row.get("name") });
    }
    refused.extend(options::refused(reader).await?);
    Ok(refused)
}

/// The server numbers what users make from 16384 on.
fn objects_query() -> String {
    format!(
        "SELECT {columns} FROM ({SWEEP}) AS swept(class, object) {address} \
          WHERE object >= 16384 AND {unowned} AND {independent} \
          ORDER BY {columns}",
        columns = address::COLUMNS,
        address = address::of("class", "object", "0"),
        unowned = scope::unowned("class", "object"),
        independent = scope::independent("class", "object"),
    )
}

/// Objects in the schemas of the system, which all else here leaves out.
const SWEEP: &str = "
    SELECT 'pg_class'::regclass::oid, oid FROM pg_class
         WHERE relkind IN ('r', 'p', 'v', 'm', 'S', 'f') AND relnamespace < 16384 AND relnamespace <> 2200
     UNION ALL SELECT 'pg_proc'::regclass, oid FROM pg_proc
         WHERE pronamespace < 16384 AND pronamespace <> 2200
     UNION ALL SELECT 'pg_type'::regclass, oid FROM pg_type
         WHERE typnamespace < 16384 AND typnamespace <> 2200
           AND (typrelid = 0 OR EXISTS (SELECT FROM pg_class c WHERE c.oid = typrelid AND c.relkind = 'c'))
           AND NOT EXISTS (SELECT FROM pg_type element WHERE element.typarray = pg_type.oid)
     UNION ALL SELECT 'pg_operator'::regclass, oid FROM pg_operator
         WHERE oprnamespace < 16384 AND oprnamespace <> 2200
     UNION ALL SELECT 'pg_opclass'::regclass, oid FROM pg_opclass
         WHERE opcnamespace < 16384 AND opcnamespace <> 2200
     UNION ALL SELECT 'pg_opfamily'::regclass, oid FROM pg_opfamily
         WHERE opfnamespace < 16384 AND opfnamespace <> 2200
     UNION ALL SELECT 'pg_conversion'::regclass, oid FROM pg_conversion
         WHERE connamespace < 16384 AND connamespace <> 2200
     UNION ALL SELECT 'pg_collation'::regclass, oid FROM pg_collation
         WHERE collnamespace < 16384 AND collnamespace <> 2200
     UNION ALL SELECT 'pg_statistic_ext'::regclass, oid FROM pg_statistic_ext
         WHERE stxnamespace < 16384 AND stxnamespace <> 2200
     UNION ALL SELECT 'pg_ts_parser'::regclass, oid FROM pg_ts_parser
         WHERE prsnamespace < 16384 AND prsnamespace <> 2200
     UNION ALL SELECT 'pg_ts_template'::regclass, oid FROM pg_ts_template
         WHERE tmplnamespace < 16384 AND tmplnamespace <> 2200
     UNION ALL SELECT 'pg_ts_dict'::regclass, oid FROM pg_ts_dict
         WHERE dictnamespace < 16384 AND dictnamespace <> 2200
     UNION ALL SELECT 'pg_ts_config'::regclass, oid FROM pg_ts_config
         WHERE cfgnamespace < 16384 AND cfgnamespace <> 2200
     UNION ALL SELECT 'pg_rewrite'::regclass, r.oid FROM pg_rewrite r JOIN pg_class c ON c.oid = ev_class
         WHERE rulename <> '_RETURN' AND relnamespace < 16384 AND relnamespace <> 2200";

/// What our role may not read whole, and what hangs on the database itself.
fn others_query() -> String {
    format!(
        "SELECT 'user mapping' AS kind, m.usename || ' on ' || m.srvname || \
                ' (its options may be read by itself and the owner of the server alone)' AS name \
           FROM pg_user_mappings m WHERE NOT {mapping_readable} \
          UNION ALL \
         SELECT 'subscription', subname || ' (its connection may be read by superusers alone)' \
           FROM pg_subscription WHERE subdbid = {database} AND NOT {subscription_readable} \
          UNION ALL \
         SELECT 'security label', provider || ' on ' || (pg_identify_object(classoid, objoid, objsubid)).identity \
           FROM pg_seclabel WHERE NOT ({seclabel_ours}) AND {seclabel_stands} \
          UNION ALL \
         SELECT 'security label', provider || ' on the database' \
           FROM pg_shseclabel WHERE classoid = 'pg_database'::regclass AND objoid = {database} \
          UNION ALL \
         SELECT 'inheritance', format('of %s, a table of an extension, from %s, which is not', inhrelid::regclass, inhparent::regclass) \
           FROM pg_inherits JOIN pg_class c ON c.oid = inhrelid AND c.relkind IN ('r', 'p', 'f') \
          WHERE NOT {child_unowned} AND {parent_unowned} \
          ORDER BY 1, 2",
        mapping_readable = foreign::MAPPING_READABLE,
        seclabel_ours = security_labels::ours(),
        seclabel_stands = orphans::stands("classoid", "objoid", "objsubid"),
        child_unowned = scope::unowned("'pg_class'", "inhrelid"),
        parent_unowned = scope::unowned("'pg_class'", "inhparent"),
        subscription_readable = subscriptions::READABLE,
        database = "(SELECT oid FROM pg_database WHERE datname = current_database())",
    )
}
