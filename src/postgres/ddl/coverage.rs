//! What a backup cannot hold yet, by name: a sweep of all catalogs, since silence would be a lost object.

use super::address::{self, Address};
use super::{Reader, Refused, scope};
use crate::error::Result;

/// Objects that users made, that no extension owns, and that no file here creates.
pub(super) async fn refused(reader: &Reader<'_>) -> Result<Vec<Refused>> {
    let mut refused = Vec::new();
    for row in scope::rows(reader, "unsupported objects", &objects_query()).await? {
        let address = Address::read(&row);
        let kind: Option<String> = row.get("word");
        refused.push(Refused { kind: kind.unwrap_or_else(|| address.kind().to_owned()), name: address.label() });
    }
    for row in scope::rows(reader, "unsupported objects", OTHERS).await? {
        refused.push(Refused { kind: row.get("kind"), name: row.get("name") });
    }
    Ok(refused)
}

/// The server numbers what users make from 16384 on.
fn objects_query() -> String {
    format!(
        "SELECT word, {columns} FROM ({SWEEP}) AS swept(class, object, word) {address} \
          WHERE object >= 16384 AND {unowned} AND {independent} \
          ORDER BY {columns}",
        columns = address::COLUMNS,
        address = address::of("class", "object", "0"),
        unowned = scope::unowned("class", "object"),
        independent = scope::independent("class", "object"),
    )
}

/// Every catalog with something in it that is not created here. `word` replaces the server's name for a kind where that
/// is too wide. The last lines are for objects in the schemas of the system, which all else here leaves out.
const SWEEP: &str = "
    SELECT 'pg_ts_parser'::regclass::oid, oid, NULL FROM pg_ts_parser
     UNION ALL SELECT 'pg_ts_template'::regclass, oid, NULL FROM pg_ts_template
     UNION ALL SELECT 'pg_ts_dict'::regclass, oid, NULL FROM pg_ts_dict
     UNION ALL SELECT 'pg_ts_config'::regclass, oid, NULL FROM pg_ts_config
     UNION ALL SELECT 'pg_foreign_data_wrapper'::regclass, oid, NULL FROM pg_foreign_data_wrapper
     UNION ALL SELECT 'pg_foreign_server'::regclass, oid, NULL FROM pg_foreign_server
     UNION ALL SELECT 'pg_class'::regclass, oid, NULL FROM pg_class WHERE relkind = 'f'
     UNION ALL SELECT 'pg_event_trigger'::regclass, oid, NULL FROM pg_event_trigger
     UNION ALL SELECT 'pg_publication'::regclass, oid, NULL FROM pg_publication
     UNION ALL SELECT 'pg_default_acl'::regclass, oid, NULL FROM pg_default_acl
     UNION ALL SELECT 'pg_rewrite'::regclass, r.oid, NULL FROM pg_rewrite r
         WHERE rulename <> '_RETURN' AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.deptype = 'e'
             AND d.classid = 'pg_class'::regclass AND d.objid = r.ev_class)
     UNION ALL SELECT 'pg_class'::regclass, oid, NULL FROM pg_class
         WHERE relkind IN ('r', 'p', 'v', 'm', 'S') AND relnamespace < 16384 AND relnamespace <> 2200
     UNION ALL SELECT 'pg_proc'::regclass, oid, NULL FROM pg_proc
         WHERE pronamespace < 16384 AND pronamespace <> 2200
     UNION ALL SELECT 'pg_type'::regclass, oid, NULL FROM pg_type
         WHERE typnamespace < 16384 AND typnamespace <> 2200
           AND (typrelid = 0 OR EXISTS (SELECT FROM pg_class c WHERE c.oid = typrelid AND c.relkind = 'c'))
           AND NOT EXISTS (SELECT FROM pg_type element WHERE element.typarray = pg_type.oid)
     UNION ALL SELECT 'pg_operator'::regclass, oid, NULL FROM pg_operator
         WHERE oprnamespace < 16384 AND oprnamespace <> 2200
     UNION ALL SELECT 'pg_opclass'::regclass, oid, NULL FROM pg_opclass
         WHERE opcnamespace < 16384 AND opcnamespace <> 2200
     UNION ALL SELECT 'pg_opfamily'::regclass, oid, NULL FROM pg_opfamily
         WHERE opfnamespace < 16384 AND opfnamespace <> 2200
     UNION ALL SELECT 'pg_conversion'::regclass, oid, NULL FROM pg_conversion
         WHERE connamespace < 16384 AND connamespace <> 2200
     UNION ALL SELECT 'pg_collation'::regclass, oid, NULL FROM pg_collation
         WHERE collnamespace < 16384 AND collnamespace <> 2200
     UNION ALL SELECT 'pg_statistic_ext'::regclass, oid, NULL FROM pg_statistic_ext
         WHERE stxnamespace < 16384 AND stxnamespace <> 2200";

/// What `pg_identify_object_as_address` cannot tell, or what hangs on the database as a whole. Only some columns of
/// `pg_subscription` and none of `pg_user_mapping` are for everybody.
const OTHERS: &str = "
    SELECT 'user mapping' AS kind, usename || ' on server ' || srvname AS name
      FROM pg_user_mappings WHERE umid >= 16384
     UNION ALL
    SELECT 'subscription', subname
      FROM pg_subscription WHERE subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())
     UNION ALL
    SELECT 'security label', provider || ' on ' || (pg_identify_object(classoid, objoid, objsubid)).identity
      FROM pg_seclabel
     UNION ALL
    SELECT 'security label', provider || ' on the database'
      FROM pg_shseclabel
     WHERE classoid = 'pg_database'::regclass
       AND objoid = (SELECT oid FROM pg_database WHERE datname = current_database())
     ORDER BY 1, 2";
