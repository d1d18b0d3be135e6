//! The module `holdfast._core`: plans come in as dictionaries, reports go out as dictionaries.

mod errors;
mod lock;
mod run;

use pyo3::prelude::*;

/// The Rust half of Holdfast.
#[pymodule(name = "_core")]
mod core {
    use std::path::{Path, PathBuf};

    use pyo3::prelude::*;
    use pythonize::{depythonize, pythonize};
    use serde::Serialize;
    use serde::de::DeserializeOwned;

    #[pymodule_export]
    use super::lock::Lock;
    use super::errors::raise;
    use super::run::run;
    use crate::error::{Error, Result};
    use crate::store::Listed;
    use crate::{archive, store};

    #[pymodule_export]
    #[allow(non_upper_case_globals, reason = "the name that Python expects")]
    const __version__: &str = env!("CARGO_PKG_VERSION");

    #[pyfunction]
    fn backup<'py>(
        py: Python<'py>,
        plan: &Bound<'py, PyAny>,
        on_event: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let plan = parse(plan)?;
        give(py, &run(py, on_event, move |progress| crate::backup::backup(&plan, progress))?)
    }

    #[pyfunction]
    fn preview<'py>(
        py: Python<'py>,
        plan: &Bound<'py, PyAny>,
        on_event: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let plan = parse(plan)?;
        give(py, &run(py, on_event, move |progress| crate::restore::preview(&plan, progress))?)
    }

    #[pyfunction]
    fn restore<'py>(
        py: Python<'py>,
        plan: &Bound<'py, PyAny>,
        on_event: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let plan = parse(plan)?;
        give(py, &run(py, on_event, move |progress| crate::restore::restore(&plan, progress))?)
    }

    #[pyfunction]
    fn validate<'py>(
        py: Python<'py>,
        plan: &Bound<'py, PyAny>,
        on_event: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let plan = parse(plan)?;
        give(py, &run(py, on_event, move |progress| crate::validate::validate(&plan, progress))?)
    }

    #[pyfunction]
    fn read_manifest(py: Python<'_>, path: PathBuf) -> PyResult<Bound<'_, PyAny>> {
        give(py, &detached(py, || archive::read_manifest(&path))?)
    }

    fn parse<T: DeserializeOwned>(plan: &Bound<'_, PyAny>) -> PyResult<T> {
        // The message names the field; it never holds a value, which could be a password.
        depythonize(plan).map_err(|error| raise(plan.py(), &Error::usage("the plan has a wrong form").because(error)))
    }

    fn give<'py, T: Serialize>(py: Python<'py>, report: &T) -> PyResult<Bound<'py, PyAny>> {
        Ok(pythonize(py, report)?)
    }

    fn detached<T: Send>(py: Python<'_>, work: impl FnOnce() -> Result<T> + Send) -> PyResult<T> {
        py.detach(work).map_err(|error| raise(py, &error))
    }
}
