//! A backup as a store shows it.

use std::cmp::Ordering;
use std::path::PathBuf;

use time::{Duration, UtcDateTime};

use super::name::BackupName;
use super::status::Status;
use crate::manifest::{Content, Manifest, Payload};
use crate::moment;

/// How far the clocks of two hosts may differ.
const TOLERANCE: Duration = Duration::minutes(1);

/// How long after its snapshot a backup is received in good time: no longer than retention keeps everything.
const IN_TIME: Duration = Duration::hours(6);

/// A backup as it stands in its store, whole or not.
#[derive(Debug, Clone)]
pub struct Listed {
    /// The store that it was found in.
    pub location: String,
    /// The data file, where it is a file of this machine.
    pub path: Option<PathBuf>,
    /// The data file's name.
    pub name: String,
    /// From the sidecar, or from the file itself where the sidecar is lost; `None` where neither can be read.
    pub manifest: Option<Manifest>,
    /// The size of the data file in bytes.
    pub stored_size: u64,
    /// When its store received it, by the store's own clock: seconds since 1970. `None` where nobody but its owner says so,
    /// as in a folder.
    pub arrived: Option<i64>,
    /// What was learned about it since.
    pub status: Status,
    /// Why it cannot be restored, as far as one can tell without reading it.
    pub problem: Option<String>,
    /// Where it is what a backup holds, decompressed by somebody.
    pub unpacked: Option<Unpacked>,
}

/// A file that was decompressed.
#[derive(Debug, Clone)]
pub struct Unpacked {
    /// What it is.
    pub payload: Payload,
    /// The backup that it came from, with a manifest at least; `None` where it is in no store and not beside the file.
    pub from: Option<Box<Listed>>,
}

impl Listed {
    /// The alias of its database; empty where neither manifest nor name tells.
    pub fn alias(&self) -> String {
        let manifest = self.manifest.as_ref().map(|manifest| manifest.alias.clone());
        manifest.unwrap_or_else(|| self.told_by_name(BackupName::alias))
    }

    /// Why it was made; empty where neither manifest nor name tells.
    pub fn kind(&self) -> String {
        let manifest = self.manifest.as_ref().map(|manifest| manifest.kind.clone());
        manifest.unwrap_or_else(|| self.told_by_name(BackupName::kind))
    }

    /// When its snapshot was taken; empty where neither manifest nor name tells.
    pub fn created(&self) -> String {
        let manifest = self.manifest.as_ref().map(|manifest| manifest.created.clone());
        // One backup with a nonsensical time must not stop the cleaning of all others.
        let sensible = manifest.filter(|created| moment::parse(created).is_ok());
        sensible.unwrap_or_else(|| self.told_by_name(BackupName::created))
    }

    /// Whether nothing speaks against it: no known problem, and no proof that failed.
    pub fn is_good(&self) -> bool {
        self.problem.is_none() && !self.status.failed()
    }

    /// Why it cannot stand for its database where nobody has named a backup: something speaks against it, it is of the
    /// future (a wrong clock made it, and it would be the newest for as long as it takes), or it was not to have all rows.
    pub fn objection(&self, now: UtcDateTime) -> Option<String> {
        if let Some(problem) = &self.problem {
            return Some(problem.clone());
        }
        if self.status.failed() {
            return Some("it was validated, and is bad".to_owned());
        }
        if self.is_of_the_future(now) {
            return Some(format!("it is dated in the future, {}", self.created()));
        }
        match self.lacks().as_slice() {
            [] => None,
            [first] => Some(format!("it lacks {first}")),
            [first, others @ ..] => Some(format!("it lacks {first}, and of {} more", others.len())),
        }
    }

    /// Whether its snapshot was taken later than now, by more than clocks differ.
    pub fn is_of_the_future(&self, now: UtcDateTime) -> bool {
        self.moment().is_some_and(|moment| moment > now + TOLERANCE)
    }

    /// Whether its store received it long after its snapshot was taken.
    pub fn is_late(&self) -> bool {
        let arrived = self.arrived.and_then(|seconds| UtcDateTime::from_unix_timestamp(seconds).ok());
        arrived.zip(self.moment()).is_some_and(|(arrived, moment)| arrived - moment > IN_TIME)
    }

    /// What a whole backup would have and this one was not to have: "all rows", or "the rows of" each table.
    pub fn lacks(&self) -> Vec<String> {
        let Some(manifest) = &self.manifest else { return Vec::new() };
        if manifest.content == Content::SchemaOnly {
            return vec!["all rows".to_owned()];
        }
        manifest.left_out().map(|label| format!("the rows of {label}")).collect()
    }

    fn told_by_name(&self, part: impl Fn(&BackupName) -> &str) -> String {
        BackupName::parse(&self.name).map_or_else(String::new, |name| part(&name).to_owned())
    }

    fn moment(&self) -> Option<UtcDateTime> {
        moment::parse(&self.created()).ok()
    }
}

/// The cheapest proof of damage: a file that was cut or grew after it was finished.
pub(super) fn wrong_size(manifest: &Manifest, size: u64) -> Option<String> {
    let expected = manifest.file.as_ref()?.size;
    (expected != size).then(|| format!("the file has {size} bytes, its manifest says {expected}"))
}

/// By the recorded moment, never by the name alone; what has none comes last.
pub(super) fn newest_first(one: &Listed, other: &Listed) -> Ordering {
    (other.moment().cmp(&one.moment())).then_with(|| one.name.cmp(&other.name))
}
