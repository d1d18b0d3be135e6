//! Whether the role may read everything, and whether the server has everything to give.

use tokio_postgres::{Client, Row};

use super::{refusal, rows, value};
use crate::error::Result;
use crate::event::Progress;
use crate::manifest::Content;
use crate::plan::BackupPlan;
use crate::postgres::quote;

/// One row for each relation that cannot be read whole, with the reasons; what is an extension's may be, see
/// `ddl/extension_data.rs`. Whoever may read all data has the rights on each:
/// asking for thousands of tables takes the server longer than locking them.
const TROUBLES: &str = "\
    SELECT * FROM ( \
      SELECT n.nspname AS schema, c.relname AS name, \
        NOT (SELECT pg_catalog.pg_has_role('pg_read_all_data', 'USAGE')) \
          AND (NOT pg_catalog.has_schema_privilege(n.oid, 'USAGE') OR NOT CASE c.relkind \
            WHEN 'S' THEN pg_catalog.has_sequence_privilege(c.oid, 'SELECT') \
            ELSE pg_catalog.has_table_privilege(c.oid, 'SELECT') END) AS forbidden, \
        c.relrowsecurity AND pg_catalog.row_security_active(c.oid) AS filtered, \
        c.relpersistence = 'u' AND c.relkind = 'r' AND pg_catalog.pg_is_in_recovery() AS unlogged \
      FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
      WHERE c.relkind IN ('r', 'p', 'S') AND c.relpersistence <> 't' \
        AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_' AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend m \
          WHERE m.classid = 'pg_catalog.pg_class'::regclass AND m.objid = c.oid AND m.deptype = 'e')) relation \
    WHERE forbidden OR filtered OR unlogged ORDER BY schema, name";

/// Fails with the names of all relations that cannot be read whole.
pub(super) async fn examine(client: &Client, plan: &BackupPlan, progress: &Progress) -> Result<()> {
    let troubles = rows(client, TROUBLES).await?.iter().map(Trouble::of).collect::<Result<Vec<_>>>()?;
    let names = |concerned: &dyn Fn(&Trouble) -> bool| -> Vec<String> {
        troubles.iter().filter(|trouble| concerned(trouble)).map(Trouble::name).collect()
    };
    // Also a table whose rows are left out has to be locked, and that takes the right to read it.
    let forbidden = names(&|trouble| trouble.forbidden);
    if !forbidden.is_empty() {
        return Err(refusal("the role may not read everything; it has no right to", &forbidden)
            .hint("GRANT pg_read_all_data TO the role, or grant it SELECT on these and USAGE on their schemas"));
    }
    let filtered = names(&|trouble| trouble.filtered && trouble.is_wanted(plan));
    if !filtered.is_empty() {
        return Err(refusal("row security hides rows from the role in", &filtered).hint(
            "back up as a role with BYPASSRLS, so that no row is missing, or leave them out with --exclude-table-data",
        ));
    }
    let unlogged = names(&|trouble| trouble.unlogged && trouble.is_wanted(plan));
    if !unlogged.is_empty() {
        return Err(refusal("the server is a standby, which has no rows of unlogged tables", &unlogged)
            .hint("back up the primary server, or leave them out with --exclude-table-data"));
    }
    for row in rows(
        client,
        "SELECT pg_catalog.current_setting('max_standby_streaming_delay') AS delay \
                             WHERE pg_catalog.pg_is_in_recovery()",
    )
    .await?
    {
        let delay: String = value(&row, "delay")?;
        progress.notice(format!(
            "the server is a standby: it cancels a backup that holds up replay for longer than \
             max_standby_streaming_delay ({delay})"
        ));
    }
    Ok(())
}

/// A relation that cannot be read whole.
struct Trouble {
    schema: String,
    table: String,
    forbidden: bool,
    filtered: bool,
    unlogged: bool,
}

impl Trouble {
    fn of(row: &Row) -> Result<Self> {
        Ok(Self {
            schema: value(row, "schema")?,
            table: value(row, "name")?,
            forbidden: value(row, "forbidden")?,
            filtered: value(row, "filtered")?,
            unlogged: value(row, "unlogged")?,
        })
    }

    fn name(&self) -> String {
        quote::qualified(&self.schema, &self.table)
    }

    fn is_wanted(&self, plan: &BackupPlan) -> bool {
        let label = format!("{}.{}", self.schema, self.table);
        plan.content == Content::Full && !plan.exclude_table_data.hold(&self.table, &label)
    }
}
