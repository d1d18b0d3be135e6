//! Our error as the package's exceptions.

use pyo3::prelude::*;

use crate::error::{Error, Kind};

/// The exception class of `holdfast.exceptions` for each kind.
fn class_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Failed | Kind::Exists => "HoldfastError",
        Kind::Database => "DatabaseError",
        Kind::Unsupported => "UnsupportedObject",
        Kind::Usage => "UsageError",
        Kind::NotFound => "BackupNotFound",
        Kind::BadBackup => "InvalidBackup",
        Kind::Store => "StoreError",
        Kind::Locked => "LockHeld",
        Kind::Interrupted => "Interrupted",
    }
}

/// Builds the exception; if even that fails, the failure to build it is what Python gets.
pub(super) fn raise(py: Python<'_>, error: &Error) -> PyErr {
    let build = || -> PyResult<PyErr> {
        let class = py.import("holdfast.exceptions")?.getattr(class_name(error.kind()))?;
        let keywords = pyo3::types::PyDict::new(py);
        keywords.set_item("hint", error.hint_text())?;
        let exception = class.call((error.message(),), Some(&keywords))?;
        Ok(PyErr::from_value(exception))
    };
    build().unwrap_or_else(|failure| failure)
}
