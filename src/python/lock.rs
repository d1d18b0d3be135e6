//! The lock of a database and folder as a context manager.

use std::path::PathBuf;

use pyo3::prelude::*;

use super::errors::raise;
use crate::store;

/// One run per database and folder; a dead holder's lock is free.
#[pyclass]
pub(super) struct Lock {
    folder: PathBuf,
    alias: String,
    purpose: String,
    held: Option<store::Lock>,
}

#[pymethods]
impl Lock {
    #[new]
    fn new(folder: PathBuf, alias: String, purpose: String) -> Self {
        Self { folder, alias, purpose, held: None }
    }

    fn __enter__(mut this: PyRefMut<'_, Self>) -> PyResult<PyRefMut<'_, Self>> {
        let held = crate::moment::now()
            .and_then(|since| store::Lock::acquire(&this.folder, &this.alias, &this.purpose, &since));
        this.held = Some(held.map_err(|error| raise(this.py(), &error))?);
        Ok(this)
    }

    fn __exit__(&mut self, _kind: &Bound<'_, PyAny>, _error: &Bound<'_, PyAny>, _traceback: &Bound<'_, PyAny>) {
        self.held = None;
    }
}
