//! What a backup holds, decompressed by somebody: the manifest was hidden in the compressed file, so that of the file alone
//! nobody can tell whether it is whole. With the manifest of that backup every byte of it is compared as ever.

use super::damage::damaged;
use super::layout;
use super::open::open as open_packed;
use super::read_manifest;
use super::sidecar::Sidecar;
use crate::Error;
use crate::error::{Context, Result};
use crate::event::Progress;
use crate::manifest::{Manifest, Payload};
use crate::store::{Content, Place};

/// How every script begins that we write.
pub(crate) const SCRIPT: &str = "-- A Holdfast backup";

/// As much as it takes to know it.
const LONGEST: u64 = 512;

/// What a file is, by its first bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Beginning {
    /// What one of our backups may hold. (Every SQLite file begins like this, whoever made it.)
    Unpacked(Payload),
    /// A script that `pg_dump` has written.
    PgDump,
    /// An archive of `pg_dump`.
    PgArchive,
    /// A script that the `sqlite3` program has written.
    SqliteDump,
    /// None of these.
    Unknown,
}

impl Beginning {
    /// Looks at the first bytes.
    pub(crate) fn of(file: &dyn Content) -> Result<Self> {
        let size = usize::try_from(file.size().min(LONGEST)).context(|| "a few bytes do not fit in memory")?;
        let mut first = vec![0; size];
        file.read_exact_at(0, &mut first)?;
        Ok(Self::in_bytes(&first))
    }

    fn in_bytes(first: &[u8]) -> Self {
        let text = String::from_utf8_lossy(first);
        if first.starts_with(b"SQLite format 3\0") {
            Self::Unpacked(Payload::Sqlite3)
        } else if text.starts_with(SCRIPT) {
            Self::Unpacked(Payload::Sql)
        } else if first.starts_with(b"PGDMP") {
            Self::PgArchive
        } else if text.contains("-- PostgreSQL database") {
            // Of pg_dump and pg_dumpall, behind an empty comment, and since 2025 behind a \restrict.
            Self::PgDump
        } else if text.starts_with("PRAGMA foreign_keys=OFF;") || text.starts_with("BEGIN TRANSACTION;") {
            Self::SqliteDump
        } else {
            Self::Unknown
        }
    }

    /// Why a file that begins so cannot be restored by itself, and by what it can.
    pub(crate) fn objection(self, place: &Place) -> Error {
        let name = &place.name;
        match self {
            Self::Unpacked(Payload::Sql) => Error::bad_backup(format!(
                "{place} was unpacked from a backup, and nothing tells whether it is whole: that backup's manifest is in \
                 no store and not beside it"
            ))
            .hint(format!(
                "Put its manifest ({name}.gz.json or {name}.zst.json) beside it, or the backup itself; or load it into an empty database, unchecked: \
                 psql -X -1 -v ON_ERROR_STOP=1 -d NEW_DATABASE -f {name}"
            )),
            Self::Unpacked(Payload::Sqlite3) => Error::bad_backup(format!(
                "{place} is a SQLite file without a manifest: there is nothing that it could be compared with"
            ))
            .hint("`restore_db` takes it all the same, and says in its plan what is not checked"),
            Self::PgDump => foreign(place, "a dump made by pg_dump", "psql -X -1 -v ON_ERROR_STOP=1 -d DATABASE -f", name),
            Self::PgArchive => foreign(place, "an archive made by pg_dump", "pg_restore --exit-on-error -1 -d DATABASE", name),
            Self::SqliteDump => foreign(place, "a dump made by sqlite3", "sqlite3 NEW_FILE <", name),
            Self::Unknown => Error::bad_backup(format!("{place} is not a Holdfast backup"))
                .hint("Choose a file that `list_backups` shows; a dump of another program is restored with that program"),
        }
    }
}

fn foreign(place: &Place, what: &str, command: &str, name: &str) -> Error {
    Error::bad_backup(format!("{place} is {what}, and no Holdfast backup"))
        .hint(format!("Restore it with the program that belongs to it, into an empty database: {command} {name}"))
}

/// The file, and the manifest with the places that its chunks have in there.
pub(super) fn open(place: &Place, packed: &Place) -> Result<(Box<dyn Content>, Manifest)> {
    let mut manifest = manifest_of(packed)?;
    let Some(file) = place.store.open(&place.name)? else {
        return Err(Error::usage(format!("there is no file {place}")));
    };
    if file.size() != manifest.raw_size {
        let sizes = format!("it has {} bytes, {} holds {}", file.size(), packed.name, manifest.raw_size);
        return Err(differs(&place.name, &sizes));
    }
    for chunk in &mut manifest.chunks {
        chunk.offset = chunk.raw_offset;
        chunk.size = chunk.raw_size;
    }
    layout::check(&manifest, manifest.raw_size).map_err(|what| damaged(&packed.name, &what))?;
    Ok((file, manifest))
}

/// From the backup where it is still there, which has a digest of its manifest; what `gunzip` leaves is the sidecar.
fn manifest_of(packed: &Place) -> Result<Manifest> {
    if packed.store.look(&packed.name)?.is_some() {
        return Ok(open_packed(packed, Sidecar::read(packed)?)?.manifest);
    }
    read_manifest(packed)
}

/// Whether a file is what this backup holds: all of its bytes are compared.
pub(crate) fn holds(place: &Place, progress: &Progress) -> Result<bool> {
    let archive = match super::Archive::open(place) {
        Ok(archive) => archive,
        Err(error) if error.kind() == crate::Kind::BadBackup => return Ok(false),
        Err(error) => return Err(error),
    };
    match archive.check_stored(super::Reading::Always, progress) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == crate::Kind::BadBackup => Ok(false),
        Err(error) => Err(error),
    }
}

/// It is not what the backup holds.
pub(super) fn differs(name: &str, what: &str) -> Error {
    Error::bad_backup(format!("{name} is not what was unpacked: {what}"))
        .hint("It was changed since, or cut off: unpack the backup again, or restore that without unpacking it")
}

#[cfg(test)]
mod tests {
    use super::Beginning;
    use crate::manifest::Payload;

    #[test]
    fn files_are_known_by_their_first_bytes() {
        for (first, wanted) in [
            (&b"-- A Holdfast backup: restore it with restore_db"[..], Beginning::Unpacked(Payload::Sql)),
            (b"SQLite format 3\0\x10\0", Beginning::Unpacked(Payload::Sqlite3)),
            (b"--\n-- PostgreSQL database dump\n--\n", Beginning::PgDump),
            (b"--\n-- PostgreSQL database cluster dump\n--\n", Beginning::PgDump),
            (b"--\n-- PostgreSQL database dump\n--\n\n\\restrict abc\n", Beginning::PgDump),
            (b"PGDMP\x01\x0e", Beginning::PgArchive),
            (b"PRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;\n", Beginning::SqliteDump),
            (b"SQLite format 3", Beginning::Unknown),
            (b"", Beginning::Unknown),
        ] {
            assert_eq!(Beginning::in_bytes(first), wanted, "{}", String::from_utf8_lossy(first));
        }
    }
}
