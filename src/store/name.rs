//! File names of backups: `{alias}_{kind}_{YYYYmmddTHHMMSSZ}.{payload}.{codec}`, and of what stands beside them.
//!
//! Names are read from the right, whole: an alias may hold `_`, so `app` is no prefix that could claim `app_logs`.

use crate::manifest::{Codec, Payload};
use crate::moment;
use crate::{Error, Result};

/// What stands beside a data file, by its suffix, in the order in which it is removed.
pub const SIDECARS: [&str; 3] = [MANIFEST, DIGEST, STATUS];

/// The manifest: a backup exists when it does.
pub(crate) const MANIFEST: &str = ".json";

/// For `sha256sum -c`.
pub(crate) const DIGEST: &str = ".sha256";

/// What was learned about the backup since.
pub(crate) const STATUS: &str = ".status.json";

const PAYLOADS: [&str; 2] = ["sql", "sqlite3"];
const CODECS: [&str; 2] = ["gz", "zst"];

/// File systems stop at 255 bytes; `._` and `_20261121T020000Z.sqlite3.zst.status.json.partial` have to fit too. The system
/// checks know this number (`kinds.py`).
const LONGEST_ALIAS_AND_KIND: usize = 204;

/// What the name of a backup's file says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackupName {
    alias: String,
    kind: String,
    created: String,
}

impl BackupName {
    /// Refuses an alias or a kind that cannot be part of a file's name.
    pub fn new(alias: &str, kind: &str, created: &str) -> Result<Self> {
        check_alias(alias)?;
        if !is_kind(kind) {
            return Err(
                Error::usage(format!("{kind:?} cannot be a kind of backup")).hint("Use letters, digits and '-' only")
            );
        }
        if alias.len() + kind.len() > LONGEST_ALIAS_AND_KIND {
            return Err(Error::usage(format!(
                "the alias {alias:?} with the kind {kind:?} is too long for a file name"
            ))
            .hint(format!(
                "Give the database an alias that has {LONGEST_ALIAS_AND_KIND} bytes together with the kind"
            )));
        }
        Ok(Self { alias: alias.to_owned(), kind: kind.to_owned(), created: moment::write(moment::parse(created)?)? })
    }

    /// Reads the name of a data file; `None` is a foreign file.
    pub fn parse(file_name: &str) -> Option<Self> {
        let (rest, codec) = file_name.rsplit_once('.')?;
        let (stem, payload) = rest.rsplit_once('.')?;
        if !CODECS.contains(&codec) || !PAYLOADS.contains(&payload) {
            return None;
        }
        let (rest, created) = stem.rsplit_once('_')?;
        let (alias, kind) = rest.rsplit_once('_')?;
        let created = moment::write(moment::parse_compact(created)?).ok()?;
        Self::new(alias, kind, &created).ok()
    }

    /// Django's alias of the database.
    pub fn alias(&self) -> &str {
        &self.alias
    }

    /// Why it was made.
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// When its snapshot was taken: RFC 3339, UTC, whole seconds.
    pub fn created(&self) -> &str {
        &self.created
    }

    /// The name of the data file.
    pub fn file_name(&self, payload: Payload, codec: Codec) -> String {
        let Self { alias, kind, created } = self;
        let compact = created.replace(['-', ':'], "");
        format!("{alias}_{kind}_{compact}.{}.{}", payload.extension(), codec.extension())
    }
}

/// Refuses an alias that cannot be the beginning of a file's name.
pub fn check_alias(alias: &str) -> Result<()> {
    let allowed = |letter: char| letter.is_alphanumeric() || matches!(letter, '_' | '-' | '.');
    // A leading dot hides the file from listings; a leading dash makes it an option of `gunzip`.
    if !alias.is_empty() && !alias.starts_with(['.', '-']) && alias.chars().all(allowed) {
        return Ok(());
    }
    Err(Error::usage(format!("the alias {alias:?} cannot be part of a file name"))
        .hint("Use letters, digits, '_', '-' and '.', and begin with a letter or a digit"))
}

/// The data file's name, where this is a name of one of its sidecars.
pub(super) fn without_sidecar(name: &str) -> Option<&str> {
    // `.status.json` ends like `.json` too; the longer suffix has to win.
    SIDECARS.iter().rev().find_map(|suffix| name.strip_suffix(suffix))
}

/// What the backup may be called that a file of this name was unpacked from.
pub(super) fn packed(name: &str) -> impl Iterator<Item = String> {
    CODECS.iter().map(move |codec| format!("{name}.{codec}"))
}

/// The name of a sidecar; `suffix` is one of [`SIDECARS`].
pub fn sidecar(name: &str, suffix: &str) -> String {
    format!("{name}{suffix}")
}

/// The name under which a file is written until it is whole.
pub fn partial_name(name: &str) -> String {
    format!(".{name}.partial")
}

/// The name whose presence says that this backup is being removed and must not be used.
pub fn tombstone_name(name: &str) -> String {
    format!(".{name}.deleting")
}

/// The file that a run of this alias keeps locked.
pub fn lock_name(alias: &str) -> String {
    format!(".{alias}.lock")
}

fn is_kind(kind: &str) -> bool {
    !kind.is_empty() && kind.chars().all(|letter| letter.is_alphanumeric() || letter == '-')
}
