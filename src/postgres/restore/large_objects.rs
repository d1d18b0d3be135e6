//! Large objects in a restore: they belong to no table, there may be millions, and each one that goes, gets an owner or
//! a comment is locked until the transaction ends.

use std::collections::BTreeSet;

use tokio_postgres::Client;

use super::load::{Loader, Place, unreadable};
use super::selection::Tables;
use super::transaction_control;
use crate::error::{Error, Result};
use crate::manifest::{Content, Manifest, Object, Section};
use crate::plan::{Owners, RestorePlan, Scope};
use crate::postgres::connect::describe_error;
use crate::postgres::lock_room::LockRoom;

/// What `ddl` calls one.
pub(super) const KIND: &str = "large object";

/// The numbers of those that the database has.
pub(super) async fn live(client: &Client) -> Result<Vec<u32>> {
    let failed = |error| describe_error(error, "listing large objects");
    let rows = client.query("SELECT oid FROM pg_catalog.pg_largeobject_metadata", &[]).await.map_err(failed)?;
    rows.iter().map(|row| row.try_get(0).map_err(failed)).collect()
}

/// Whether a restore replaces those of the database by those of the backup, or by none.
pub(super) fn are_replaced(plan: &RestorePlan, manifest: &Manifest, tables: &Tables) -> bool {
    match (tables, plan.scope) {
        (Tables::Some(_), _) => false,
        (Tables::All, Scope::DataOnly) => manifest.content == Content::Full,
        (Tables::All, Scope::Full | Scope::SchemaOnly) => true,
    }
}

/// Removes all; one statement, since each would cost a round trip.
pub(super) async fn remove(client: &Client) -> Result<()> {
    client
        .execute("SELECT pg_catalog.count(pg_catalog.lo_unlink(oid)) FROM pg_catalog.pg_largeobject_metadata", &[])
        .await
        .map(|_| ())
        .map_err(|error| describe_error(error, "removing large objects"))
}

/// Fails where the one transaction of a restore in place would fill the server's table of locks, which would not only
/// stop the restore after hours, but every other session, too.
pub(super) async fn check_room(
    client: &Client,
    plan: &RestorePlan,
    manifest: &Manifest,
    tables: &Tables,
) -> Result<()> {
    refusal(client, plan, manifest, tables).await?.map_or(Ok(()), Err)
}

/// The error of a restore in place for which the server has no room.
pub(in crate::postgres) async fn refusal(
    client: &Client,
    plan: &RestorePlan,
    manifest: &Manifest,
    tables: &Tables,
) -> Result<Option<Error>> {
    if !are_replaced(plan, manifest, tables) {
        return Ok(None);
    }
    // Once more for the same number takes no further room.
    let mut locked: BTreeSet<u32> = live(client).await?.into_iter().collect();
    locked.extend(manifest.objects.iter().filter(|object| is_executed(plan, object)).filter_map(number));
    let locks = i64::try_from(locked.len()).unwrap_or(i64::MAX);
    let room = LockRoom::read(client).await?;
    if locks <= room.total() {
        return Ok(None);
    }
    let setting = room.setting_for(locks);
    let way_on = if plan.is_whole() { "; or use --strategy swap, which does without" } else { "" };
    Ok(Some(
        Error::database(format!(
            "{locks} large objects have to be locked at the same time, and the server has room for {} locks",
            room.total()
        ))
        .hint(format!("set max_locks_per_transaction to {setting} or more and restart the server{way_on}")),
    ))
}

fn is_executed(plan: &RestorePlan, object: &Object) -> bool {
    plan.scope != Scope::SchemaOnly && (object.section != Section::Owners || plan.owners == Owners::Apply)
}

/// The large object that a comment, a label, an owner or grants are for.
fn number(object: &Object) -> Option<u32> {
    object.name.strip_prefix(KIND).filter(|_| object.is_about(KIND))?.trim().parse().ok()
}

/// Executes every statement that makes one, with comments and labels; their numbers belong to one database.
pub(in crate::postgres) async fn make(loader: &Loader<'_>) -> Result<()> {
    if *loader.tables != Tables::All || matches!(loader.place, Place::Scratch(_)) {
        return Ok(());
    }
    for decoded in loader.chunks(Section::LargeObjects) {
        let (_, data) = decoded?;
        loader.progress.check()?;
        let text = std::str::from_utf8(&data).map_err(|error| unreadable(Section::LargeObjects).because(error))?;
        transaction_control::refuse("large objects", text)?;
        let made = transaction_control::execute(loader.client, text).await;
        made.map_err(|error| describe_error(error, "restoring large objects"))?;
        loader.progress.advance(0, data.len() as u64);
    }
    Ok(())
}

/// Owners and grants of many, executed together: each alone would cost a round trip, and all together, where no
/// transaction is around them, more locks than there is room for.
#[derive(Default)]
pub(super) struct Adornments(String);

impl Adornments {
    /// What is sent at a time: some hundred statements.
    const BATCH: usize = 64 << 10;

    /// Takes the statements of one object.
    pub(super) async fn add(&mut self, sql: &str, loader: &Loader<'_>) -> Result<()> {
        self.0.push_str(sql);
        if self.0.len() >= Self::BATCH { self.flush(loader).await } else { Ok(()) }
    }

    /// Executes what was taken.
    pub(super) async fn flush(&mut self, loader: &Loader<'_>) -> Result<()> {
        if self.0.is_empty() {
            return Ok(());
        }
        loader.progress.check()?;
        let sql = std::mem::take(&mut self.0);
        let given = transaction_control::execute(loader.client, &sql).await;
        given.map_err(|error| describe_error(error, "giving large objects their owners and grants"))
    }
}
