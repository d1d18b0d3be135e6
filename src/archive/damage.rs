//! How a bad backup is spoken of: always by its file name, always with a way on.

use crate::error::Error;

/// The file is damaged: nothing but another copy helps.
pub(super) fn damaged(name: &str, what: &str) -> Error {
    Error::bad_backup(format!("{name} is damaged: {what}"))
        .hint("Run `validate_backup` on another copy of it, or find an older backup with `list_backups`")
}

/// The file is good or bad, but what lies beside it does not belong to it.
pub(super) fn sidecar_differs(name: &str, sidecar: &str, what: &str) -> Error {
    Error::bad_backup(format!("{sidecar} {what}")).hint(format!(
        "If {name} is good, it is enough alone: delete {sidecar} and run `validate_backup`; otherwise use another copy of both"
    ))
}

/// The file was written by a newer program.
pub(super) fn newer(name: &str, version: u32, creator: Option<&str>) -> Error {
    let creator = creator.unwrap_or("a newer version of django-holdfast");
    Error::bad_backup(format!(
        "{} has format {version}, written by {creator}; this program reads formats up to {}",
        name,
        crate::manifest::FORMAT_VERSION
    ))
    .hint(format!("Restore it with {creator} or later"))
}
