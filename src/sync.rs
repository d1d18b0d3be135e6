//! Brings to one store what another has: told first, then done, one backup after the other.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Kind, Result};
use crate::event::Progress;
use crate::manifest::Manifest;
use crate::plan::{PlacePlan, StorePlan};
use crate::store::{self, Change, Listed};
use crate::{archive, moment};

/// Compare two stores.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SyncPlan {
    /// Has the backups.
    pub from: StorePlan,
    /// Is to have them.
    pub to: StorePlan,
    /// Only of these aliases; empty is all.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// Only of these kinds; empty is all.
    #[serde(default)]
    pub kinds: Vec<String>,
    /// Only those whose snapshot was taken at this time or later: RFC 3339.
    #[serde(default)]
    pub since: Option<String>,
}

/// Bring one backup to a store.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CopyPlan {
    /// The backup.
    pub backup: PlacePlan,
    /// Where it is to be.
    pub to: StorePlan,
}

/// What becomes of a backup.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// It is missing there and will be copied.
    Copy,
    /// It is there already.
    Same,
    /// Something else has its name there; neither is touched.
    Conflict,
    /// It is known to be bad and stays where it is.
    Bad,
}

/// One backup and what becomes of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Step {
    /// The data file's name.
    pub name: String,
    /// Django's alias of the database.
    pub alias: String,
    /// Bytes of the data file.
    pub size: u64,
    /// What becomes of it.
    pub action: Action,
    /// Why, where that is not plain.
    pub reason: String,
}

/// What came of a copy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Copied {
    /// The data file's name.
    pub name: String,
    /// Bytes of the data file.
    pub size: u64,
}

/// Tells what a sync would do, the newest backup first; nothing is changed.
pub fn compare(plan: &SyncPlan, progress: &Progress) -> Result<Vec<Step>> {
    let since = plan.since.as_deref().map(moment::parse).transpose()?;
    let there = store::open(&plan.to, progress)?.backups()?;
    let there: BTreeMap<&str, &Listed> = there.iter().map(|backup| (backup.name.as_str(), backup)).collect();
    let is_wanted = |backup: &Listed| {
        (plan.aliases.is_empty() || plan.aliases.contains(&backup.alias()))
            && (plan.kinds.is_empty() || plan.kinds.contains(&backup.kind()))
            && since.is_none_or(|since| moment::parse(&backup.created()).is_ok_and(|created| created >= since))
    };
    let backups = store::open(&plan.from, progress)?.backups()?;
    Ok(backups.iter().filter(|backup| is_wanted(backup)).map(|backup| step(backup, &there)).collect())
}

/// Copies one backup, its pin with it.
pub fn copy(plan: &CopyPlan, progress: &Progress) -> Result<Copied> {
    let from = store::place(&plan.backup, progress)?;
    let to = store::open(&plan.to, progress)?;
    let Some(found) = from.store.backup(&from.name)? else {
        return Err(Error::new(Kind::NotFound, format!("there is no backup {from}")));
    };
    if let Some(existing) = to.backup(&from.name)? {
        if !is_same(&found, &existing) {
            return Err(Error::new(Kind::Exists, format!("{} is another backup", to.place(&from.name))).hint(
                "Neither was changed; remove the one that you do not need: cleanup_backups NAME --location STORE",
            ));
        }
        return Ok(Copied { name: from.name, size: existing.stored_size });
    }
    let manifest = archive::copy(&from, &to, progress)?;
    if let Some(reason) = found.status.pinned {
        to.update_status(&from.name, Change::Pin(reason))?;
    }
    Ok(Copied { name: from.name, size: manifest.file.map_or(0, |file| file.size) })
}

fn step(backup: &Listed, there: &BTreeMap<&str, &Listed>) -> Step {
    let (action, reason) = match there.get(backup.name.as_str()) {
        _ if !backup.is_good() => (Action::Bad, why_bad(backup)),
        None => (Action::Copy, String::new()),
        Some(other) if other.problem.is_some() => {
            (Action::Conflict, format!("the one there is bad: {}", why_bad(other)))
        }
        Some(other) if is_same(backup, other) => (Action::Same, String::new()),
        Some(_) => (Action::Conflict, "another backup has this name there".to_owned()),
    };
    Step { name: backup.name.clone(), alias: backup.alias(), size: backup.stored_size, action, reason }
}

fn why_bad(backup: &Listed) -> String {
    backup.problem.clone().unwrap_or_else(|| "its last proof failed".to_owned())
}

/// By what is in the file: a name says nothing, and a sidecar may be lost.
fn is_same(one: &Listed, other: &Listed) -> bool {
    let content = |manifest: &Manifest| (manifest.id.clone(), manifest.chunks_sha256.clone());
    let contents = [one, other].map(|backup| backup.manifest.as_ref().map(content));
    other.problem.is_none()
        && contents[0].is_some()
        && contents[0] == contents[1]
        && one.stored_size == other.stored_size
}
