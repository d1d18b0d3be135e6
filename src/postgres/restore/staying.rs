//! Event triggers that belong to others: an administrator's or a platform's.
//!
//! They stay, with the functions that they call, and what a backup says of both is passed over. Those of our own are out of
//! the way while a restore works, since each of its statements would set them off.

use std::collections::{BTreeSet, HashSet};

use tokio_postgres::Client;

use crate::error::Result;
use crate::event::Progress;
use crate::manifest::Manifest;
use crate::postgres::connect::describe_error;
use crate::postgres::ddl;
use crate::postgres::quote::identifier;

/// An event trigger of another role.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Foreign {
    name: String,
    owner: String,
    /// Schema and name of its function, which takes no arguments.
    function: (String, String),
    fires: bool,
}

impl Foreign {
    /// What a plan says of it.
    pub(super) fn described(&self) -> String {
        format!("event trigger {} (it belongs to the role {})", self.name, self.owner)
    }
}

/// SQL: the event trigger `e` belongs to no extension.
const UNOWNED: &str = "NOT EXISTS (SELECT FROM pg_catalog.pg_depend m \
    WHERE m.classid = 'pg_catalog.pg_event_trigger'::regclass AND m.objid = e.oid AND m.deptype = 'e')";

/// All of them.
pub(super) async fn foreign(client: &Client) -> Result<Vec<Foreign>> {
    let rows = client
        .query(
            &format!(
                "SELECT evtname::text, pg_catalog.pg_get_userbyid(evtowner)::text, nspname::text, proname::text, evtenabled <> 'D' \
               FROM pg_catalog.pg_event_trigger e JOIN pg_catalog.pg_proc p ON p.oid = evtfoid \
               JOIN pg_catalog.pg_namespace n ON n.oid = pronamespace \
              WHERE NOT pg_catalog.pg_has_role(evtowner, 'USAGE') AND {UNOWNED} ORDER BY 1"
            ),
            &[],
        )
        .await
        .map_err(|error| describe_error(error, "looking for event triggers"))?;
    Ok(rows
        .iter()
        .map(|row| Foreign {
            name: row.get(0),
            owner: row.get(1),
            function: (row.get(2), row.get(3)),
            fires: row.get(4),
        })
        .collect())
}

/// Objects of the backup that are there already and belong to others, with all that is said about them.
pub(super) fn objects(manifest: &Manifest, foreign: &[Foreign]) -> BTreeSet<u32> {
    let triggers: HashSet<&str> = foreign.iter().map(|trigger| trigger.name.as_str()).collect();
    let functions: HashSet<(&str, String)> =
        foreign.iter().map(|Foreign { function: (schema, name), .. }| (schema.as_str(), format!("{name}()"))).collect();
    let mut found = BTreeSet::new();
    // What an object needs stands before it.
    for (index, object) in (0..).zip(&manifest.objects) {
        let stays = match object.kind.as_str() {
            "event trigger" => triggers.contains(object.name.as_str()),
            "function" => functions.contains(&(object.schema.as_deref().unwrap_or_default(), object.name.clone())),
            kind => {
                ddl::adorns(kind) && !object.needs.is_empty() && object.needs.iter().all(|need| found.contains(need))
            }
        };
        if stays {
            found.insert(index);
        }
    }
    found
}

/// Says which of them will fire at the statements of this restore.
pub(super) fn tell(foreign: &[Foreign], progress: &Progress) {
    for Foreign { name, owner, .. } in foreign.iter().filter(|trigger| trigger.fires) {
        progress.notice(format!(
            "the event trigger {name} belongs to the role {owner}: it stays as it is, and fires at the statements of the restore"
        ));
    }
}

/// Switches off those of our own until the transaction has done its work; gives what switches them on again.
pub(in crate::postgres) async fn silence(client: &Client) -> Result<String> {
    let failed = |error| describe_error(error, "switching event triggers off");
    let rows = client
        .query(
            &format!(
                "SELECT evtname::text, CASE evtenabled WHEN 'A' THEN 'ENABLE ALWAYS' WHEN 'R' THEN 'ENABLE REPLICA' \
                    ELSE 'ENABLE' END FROM pg_catalog.pg_event_trigger e \
                  WHERE evtenabled <> 'D' AND pg_catalog.pg_has_role(evtowner, 'USAGE') AND {UNOWNED} ORDER BY 1"
            ),
            &[],
        )
        .await
        .map_err(failed)?;
    let alter = |name: &str, action: &str| format!("ALTER EVENT TRIGGER {} {action};\n", identifier(name));
    let off: String = rows.iter().map(|row| alter(row.get(0), "DISABLE")).collect();
    client.batch_execute(&off).await.map_err(failed)?;
    Ok(rows.iter().map(|row| alter(row.get(0), row.get(1))).collect())
}
