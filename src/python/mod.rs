//! The module `holdfast._core`: plans come in as dictionaries, reports go out as dictionaries.

mod documents;
mod errors;
mod lease;
mod lock;
mod run;

use pyo3::prelude::*;

/// The Rust half of Holdfast.
#[pymodule(name = "_core")]
#[allow(clippy::needless_pass_by_value, reason = "PyO3 hands over owned values")]
mod core {
    use std::path::PathBuf;
    use std::sync::Arc;

    use pyo3::prelude::*;
    use pythonize::{depythonize, pythonize};
    use serde::Serialize;
    use serde::de::DeserializeOwned;

    use super::documents::{self, RetentionPlan};
    use super::errors::raise;
    #[pymodule_export]
    use super::lease::Lease;
    #[pymodule_export]
    use super::lock::Lock;
    use super::run::{run, wait_for};
    use crate::error::{Error, Result};
    use crate::event::Progress;
    use crate::store;

    #[pymodule_export]
    #[allow(non_upper_case_globals, reason = "the name that Python expects")]
    const __version__: &str = env!("CARGO_PKG_VERSION");

    #[pyfunction]
    fn backup<'py>(
        py: Python<'py>,
        plan: &Bound<'py, PyAny>,
        on_event: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        operate(py, plan, on_event, |plan, progress| documents::made(&crate::backup::backup(plan, progress)?))
    }

    #[pyfunction]
    fn preview<'py>(
        py: Python<'py>,
        plan: &Bound<'py, PyAny>,
        on_event: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        operate(py, plan, on_event, crate::restore::preview)
    }

    #[pyfunction]
    fn choose_strategy<'py>(
        py: Python<'py>,
        plan: &Bound<'py, PyAny>,
        on_event: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        operate(py, plan, on_event, crate::restore::choose)
    }

    #[pyfunction]
    fn restore<'py>(
        py: Python<'py>,
        plan: &Bound<'py, PyAny>,
        on_event: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        operate(py, plan, on_event, crate::restore::restore)
    }

    #[pyfunction]
    fn kept_databases<'py>(
        py: Python<'py>,
        plan: &Bound<'py, PyAny>,
        on_event: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        operate(py, plan, on_event, crate::postgres::kept)
    }

    #[pyfunction]
    fn undo_restore<'py>(
        py: Python<'py>,
        plan: &Bound<'py, PyAny>,
        on_event: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        operate(py, plan, on_event, crate::postgres::undo)
    }

    #[pyfunction]
    fn drop_kept<'py>(
        py: Python<'py>,
        plan: &Bound<'py, PyAny>,
        on_event: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        operate(py, plan, on_event, crate::postgres::drop_kept)
    }

    #[pyfunction]
    fn validate<'py>(
        py: Python<'py>,
        plan: &Bound<'py, PyAny>,
        on_event: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        operate(py, plan, on_event, crate::validate::validate)
    }

    #[pyfunction]
    fn is_committing() -> bool {
        super::run::is_committing()
    }

    #[pyfunction]
    fn forget_run() {
        super::run::forget();
    }

    #[pyfunction]
    fn copy_backup<'py>(
        py: Python<'py>,
        plan: &Bound<'py, PyAny>,
        on_event: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        operate(py, plan, on_event, crate::sync::copy)
    }

    #[pyfunction]
    fn compare_stores<'py>(
        py: Python<'py>,
        plan: &Bound<'py, PyAny>,
        on_event: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        consult(py, plan, on_event, crate::sync::compare)
    }

    #[pyfunction]
    fn probe_store<'py>(
        py: Python<'py>,
        plan: &Bound<'py, PyAny>,
        on_event: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        consult(py, plan, on_event, crate::probe::probe)
    }

    #[pyfunction]
    fn read_manifest<'py>(
        py: Python<'py>,
        plan: &Bound<'py, PyAny>,
        on_event: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        consult(py, plan, on_event, documents::read_manifest)
    }

    #[pyfunction]
    fn list_backups<'py>(
        py: Python<'py>,
        plan: &Bound<'py, PyAny>,
        on_event: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        consult(py, plan, on_event, documents::list)
    }

    #[pyfunction]
    fn find_backup<'py>(
        py: Python<'py>,
        plan: &Bound<'py, PyAny>,
        on_event: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        consult(py, plan, on_event, documents::find)
    }

    #[pyfunction]
    fn remove_backup<'py>(
        py: Python<'py>,
        plan: &Bound<'py, PyAny>,
        on_event: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        consult(py, plan, on_event, documents::remove)
    }

    #[pyfunction]
    fn set_status<'py>(
        py: Python<'py>,
        plan: &Bound<'py, PyAny>,
        on_event: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        consult(py, plan, on_event, documents::set_status)
    }

    #[pyfunction]
    fn link<'py>(
        py: Python<'py>,
        plan: &Bound<'py, PyAny>,
        on_event: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        consult(py, plan, on_event, documents::link)
    }

    #[pyfunction]
    fn remains<'py>(
        py: Python<'py>,
        plan: &Bound<'py, PyAny>,
        on_event: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        consult(py, plan, on_event, documents::remains)
    }

    #[pyfunction]
    fn retention<'py>(py: Python<'py>, plan: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let plan: RetentionPlan = parse(plan)?;
        give(py, &detached(py, || crate::retention::decide(&plan.policy, &plan.backups, &plan.now))?)
    }

    #[pyfunction]
    fn clean_litter(py: Python<'_>, folder: PathBuf, alias: &str) -> PyResult<Vec<String>> {
        detached(py, || store::clean(&folder, alias))
    }

    /// [`operate`] for a question: signal handlers go on asking about the work that it belongs to.
    fn consult<'py, P: DeserializeOwned + Send + 'static, R: Serialize + Send + 'static>(
        py: Python<'py>,
        plan: &Bound<'py, PyAny>,
        on_event: &Bound<'py, PyAny>,
        work: impl FnOnce(&P, &Progress) -> Result<R> + Send + 'static,
    ) -> PyResult<Bound<'py, PyAny>> {
        let plan = parse(plan)?;
        give(py, &wait_for(py, on_event, &Arc::default(), move |progress| work(&plan, progress))?)
    }

    /// A plan in, a report out, and events while the work goes on.
    fn operate<'py, P: DeserializeOwned + Send + 'static, R: Serialize + Send + 'static>(
        py: Python<'py>,
        plan: &Bound<'py, PyAny>,
        on_event: &Bound<'py, PyAny>,
        work: impl FnOnce(&P, &Progress) -> Result<R> + Send + 'static,
    ) -> PyResult<Bound<'py, PyAny>> {
        let plan = parse(plan)?;
        give(py, &run(py, on_event, move |progress| work(&plan, progress))?)
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
