//! How a bad backup is spoken of: always by its file name, always with a way on.

use std::path::Path;

use crate::error::Error;

/// The file's name without its folder, for messages.
pub(super) fn label(path: &Path) -> String {
    path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned())
}

/// The file is damaged: nothing but another copy helps.
pub(super) fn damaged(path: &Path, what: &str) -> Error {
    Error::bad_backup(format!("{} is damaged: {what}", label(path)))
        .hint("Run `validate_backup` on another copy of it, or find an older backup with `list_backups`")
}

/// The file is good or bad, but what lies beside it does not belong to it.
pub(super) fn sidecar_differs(path: &Path, sidecar: &Path, what: &str) -> Error {
    Error::bad_backup(format!("{} {what}", label(sidecar))).hint(format!(
        "If {} is good, it is enough alone: delete {} and run `validate_backup`; otherwise use another copy of both",
        label(path),
        label(sidecar)
    ))
}

/// The file was written by a newer program.
pub(super) fn newer(path: &Path, version: u32, creator: Option<&str>) -> Error {
    let creator = creator.unwrap_or("a newer version of django-holdfast");
    Error::bad_backup(format!(
        "{} has format {version}, written by {creator}; this program reads formats up to {}",
        label(path),
        crate::manifest::FORMAT_VERSION
    ))
    .hint(format!("Restore it with {creator} or later"))
}
