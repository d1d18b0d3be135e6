//! Tablespaces: what was created in one comes back in it where the server has it and the role may use it.
//!
//! They are the disks of one server, so that a missing one must not stop a restore.

use crate::postgres::quote;

/// SQL: the tablespace of the relation `relation`, as [`within`] wants it; the database's own has no number there, and is
/// not looked up for each of thousands.
pub(super) fn column(relation: &str) -> String {
    format!(
        "CASE WHEN {relation}.reltablespace <> 0 THEN \
             (SELECT spcname FROM pg_tablespace WHERE pg_tablespace.oid = {relation}.reltablespace) END AS tablespace"
    )
}

/// The statements with this tablespace as the default. A partitioned table refuses the database's own by name.
pub(super) fn within(tablespace: Option<&str>, statements: String) -> String {
    let Some(name) = tablespace else { return statements };
    format!(
        "SELECT pg_catalog.set_config('default_tablespace', coalesce((\n    \
         SELECT spcname FROM pg_catalog.pg_tablespace WHERE spcname = {}\n        \
         AND pg_catalog.has_tablespace_privilege(oid, 'CREATE') AND oid <> (\n            \
         SELECT dattablespace FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())\n\
         ), ''), false);\n{statements}SET default_tablespace = '';\n",
        quote::literal(name),
    )
}
