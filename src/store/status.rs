//! What is learned about a backup after it was made: whether it is pinned, and when it was last proven.

use serde::{Deserialize, Serialize};

use super::contract::{About, Existing, Store};
use super::name::{STATUS, sidecar};
use crate::error::Context;
use crate::moment;
use crate::{Error, Result};

/// Stands in `<name>.status.json`; a backup without one has an empty status.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// Why retention never removes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pinned: Option<String>,
    /// The last proof.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verified: Option<Verified>,
}

/// The outcome of a proof.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verified {
    /// RFC 3339, UTC.
    pub at: String,
    /// How deep it went.
    pub how: How,
    /// Whether the backup is good.
    pub ok: bool,
    /// What is wrong with it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<String>,
    /// What the project's own checks say against the data in it: nothing against the backup, which is what they were.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub objections: Vec<String>,
}

/// How a backup was proven.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// Every byte was read and compared with its digest.
    Read,
    /// It was restored into a scratch place.
    Restored,
}

/// One thing to remember; `{"pin": "before the big import"}`, `"unpin"` or `{"verified": {…}}` in a document.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// Keep it whatever the rules say, for this reason.
    Pin(String),
    /// Let the rules decide again.
    Unpin,
    /// It was proven, or proven bad.
    Verified(Verified),
}

impl Status {
    /// Whether the last proof found it bad.
    pub fn failed(&self) -> bool {
        self.verified.as_ref().is_some_and(|verified| !verified.ok)
    }

    /// The status in a text. One that cannot be read counts as pinned, because a pin may be what was lost; the reason
    /// says so wherever backups are listed, until it is unpinned.
    pub(super) fn decode(text: &[u8]) -> Self {
        let status: Self = match serde_json::from_slice(text) {
            Ok(status) => status,
            Err(error) => return Self::unreadable(&error),
        };
        match status.verified.as_ref().map(|verified| moment::parse(&verified.at)) {
            Some(Err(error)) => Self::unreadable(&error),
            _ => status,
        }
    }

    pub(super) fn encode(&self) -> Result<Vec<u8>> {
        serde_json::to_vec_pretty(self).context(|| "the status cannot be written as JSON")
    }

    fn was_restored(&self) -> bool {
        self.verified.as_ref().is_some_and(|verified| verified.ok && verified.how == How::Restored)
    }

    pub(super) fn unreadable(error: &dyn std::error::Error) -> Self {
        Self { pinned: Some(format!("its status file cannot be read ({error})")), verified: None }
    }

    pub(super) fn apply(&mut self, change: Change) {
        match change {
            Change::Pin(reason) => self.pinned = Some(reason),
            Change::Unpin => self.pinned = None,
            // That it was restored once says more than that it was read again.
            Change::Verified(verified) if verified.ok && verified.how == How::Read && self.was_restored() => {}
            Change::Verified(verified) => self.verified = Some(verified),
        }
    }
}

/// Remembers something about a backup in a store that has no locks: of two at the same moment the later one stays, with
/// what it knew.
pub(super) fn update<S: Store + ?Sized>(store: &S, name: &str, change: Change) -> Result<Status> {
    if store.look(name)?.is_none() {
        return Err(Error::usage(format!("there is no backup {}", store.place(name))));
    }
    let mut status = read(store, name)?;
    status.apply(change);
    store.put(&sidecar(name, STATUS), &status.encode()?, Existing::Replace, &About::new())?;
    Ok(status)
}

/// The status of a backup; one without has an empty one.
pub(super) fn read<S: Store + ?Sized>(store: &S, name: &str) -> Result<Status> {
    Ok(store.read(&sidecar(name, STATUS))?.map_or_else(Status::default, |text| Status::decode(&text)))
}
