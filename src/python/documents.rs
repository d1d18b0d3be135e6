//! Reports in the shape that Python reads: manifests without their chunks and objects, which only Rust needs.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use time::UtcDateTime;

use crate::archive::Missing;
use crate::backup::Report;
use crate::error::{Context, Result};
use crate::event::Progress;
use crate::manifest::Manifest;
use crate::moment;
use crate::plan::{BackupPlan, PlacePlan, StorePlan};
use crate::retention::{Candidate, Policy};
use crate::store::{self, Change, Files, Listed, Remains, Status, Store, Unpacked, Wanted};

/// What `retention` is asked.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RetentionPlan {
    pub(super) policy: Policy,
    pub(super) backups: Vec<Candidate>,
    pub(super) now: String,
}

/// What is asked of the rules of a bucket.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LifecyclePlan {
    store: StorePlan,
    apply: bool,
}

/// Tells which lifecycle rules a bucket should have, and adds them.
pub(super) fn lifecycle(plan: &LifecyclePlan, progress: &Progress) -> Result<store::Lifecycle> {
    store::open(&plan.store, progress)?.lifecycle(plan.apply)
}

/// What is asked of several stores at once.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SearchPlan {
    pub(super) stores: Vec<StorePlan>,
    /// What the user typed; `None` is everything.
    #[serde(default)]
    pub(super) selector: Option<String>,
    #[serde(default)]
    pub(super) alias: Option<String>,
    /// The moment that it is asked at: RFC 3339.
    now: String,
    /// What a path may lead to.
    #[serde(default)]
    files: Files,
}

/// Something to remember about a backup.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StatusPlan {
    backup: PlacePlan,
    change: Change,
}

/// An address to give away.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LinkPlan {
    backup: PlacePlan,
    seconds: u64,
}

/// What dead uploads left: to be found, or removed.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RemainsPlan {
    store: StorePlan,
    /// Seconds since 1970.
    before: i64,
    #[serde(default)]
    remove: bool,
}

/// Every backup of these stores; a store that cannot be asked is an error when it is the only one, and a notice else.
pub(super) fn list(plan: &SearchPlan, progress: &Progress) -> Result<Vec<Value>> {
    let now = moment::parse(&plan.now)?;
    store::list_all(&open(plan, progress)?, progress)?.iter().map(|backup| listed(backup, now)).collect()
}

/// The one backup that is meant.
pub(super) fn find(plan: &SearchPlan, progress: &Progress) -> Result<Value> {
    let now = moment::parse(&plan.now)?;
    let selector = plan.selector.as_deref().unwrap_or_default();
    let wanted = Wanted { selector, alias: plan.alias.as_deref(), now, files: plan.files };
    listed(&store::find(&open(plan, progress)?, &wanted, progress)?, now)
}

pub(super) fn read_manifest(plan: &PlacePlan, progress: &Progress) -> Result<Manifest> {
    crate::archive::read_manifest(&store::place(plan, progress)?)
}

pub(super) fn remove(plan: &PlacePlan, progress: &Progress) -> Result<()> {
    store::open(&plan.store, progress)?.remove_backup(&plan.name)
}

pub(super) fn set_status(plan: &StatusPlan, progress: &Progress) -> Result<Status> {
    store::open(&plan.backup.store, progress)?.update_status(&plan.backup.name, plan.change.clone())
}

pub(super) fn link(plan: &LinkPlan, progress: &Progress) -> Result<String> {
    store::open(&plan.backup.store, progress)?.link(&plan.backup.name, plan.seconds)
}

/// What there is, or was.
pub(super) fn remains(plan: &RemainsPlan, progress: &Progress) -> Result<Remains> {
    let store = store::open(&plan.store, progress)?;
    let found = store.remains(plan.before)?;
    if plan.remove {
        store.remove_remains(&found)?;
    }
    Ok(found)
}

fn open(plan: &SearchPlan, progress: &Progress) -> Result<Vec<Arc<dyn Store>>> {
    plan.stores.iter().map(|store| store::open(store, progress)).collect()
}

/// Makes a backup, and tells of it. Its tables are counted: as thousands of dictionaries they would take as long to build
/// as to be read.
pub(super) fn backup(plan: &BackupPlan, progress: &Progress) -> Result<Value> {
    let Report { place, manifest, missing } = crate::backup::backup(plan, progress)?;
    let location = place.store.name();
    Ok(json!({
        "location": location,
        "path": (location == store::LOCAL).then(|| place.to_string()),
        "name": manifest.name,
        "id": manifest.id,
        "alias": manifest.alias,
        "kind": manifest.kind,
        "created": manifest.created,
        "seconds": manifest.seconds,
        "engine": manifest.database.engine,
        "tables": manifest.tables.len(),
        "rows": manifest.rows(),
        "raw_size": manifest.raw_size,
        "stored_size": manifest.file.as_ref().map_or(0, |file| file.size),
        "skipped": plain(&manifest.skipped)?,
        "missing": missing.iter().map(self::missing).collect::<Vec<_>>(),
    }))
}

/// A backup as it stands in the folder; one whose manifest cannot be read has only what its name tells.
pub(super) fn listed(listed: &Listed, now: UtcDateTime) -> Result<Value> {
    let mut document = match &listed.manifest {
        Some(found) => manifest(found)?,
        None => Map::new(),
    };
    extend(
        &mut document,
        &json!({
            "location": listed.location,
            "path": listed.path.as_ref().map(|path| path.to_string_lossy()),
            "name": listed.name,
            "alias": listed.alias(),
            "kind": listed.kind(),
            "created": listed.created(),
            "stored_size": listed.stored_size,
            "rows": listed.manifest.as_ref().map(Manifest::rows),
            "status": plain(&listed.status)?,
            "problem": listed.problem,
            "unpacked": listed.unpacked.as_ref().map(unpacked),
            "good": listed.is_good(),
            "late": listed.is_late(),
            "lacks": listed.lacks(),
            "is_of_the_future": listed.is_of_the_future(now),
            "stands_for_database": listed.objection(now).is_none(),
        }),
    );
    Ok(Value::Object(document))
}

fn manifest(manifest: &Manifest) -> Result<Map<String, Value>> {
    let mut document = match plain(&manifest.clone().summary())? {
        Value::Object(document) => document,
        _ => Map::new(),
    };
    document.remove("chunks");
    Ok(document)
}

fn extend(document: &mut Map<String, Value>, more: &Value) {
    document.extend(more.as_object().cloned().unwrap_or_default());
}

/// A file that somebody has decompressed, and where the backup is that it came from.
fn unpacked(unpacked: &Unpacked) -> Value {
    let from = unpacked.from.as_ref().map(|from| {
        json!({
            "location": from.location,
            "path": from.path.as_ref().map(|path| path.to_string_lossy()),
            "name": from.name,
        })
    });
    json!({"payload": unpacked.payload, "from": from})
}

fn plain(value: &impl Serialize) -> Result<Value> {
    serde_json::to_value(value).context(|| "a report cannot be written as JSON")
}

fn missing(missing: &Missing) -> Value {
    json!({"store": missing.store, "message": missing.error.message(), "hint": missing.error.hint_text()})
}
