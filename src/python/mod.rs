//! The module `holdfast._core`: plans come in as dictionaries, reports go out as dictionaries.

mod documents;
mod errors;
mod lock;
mod run;

use pyo3::prelude::*;

/// Defines and registers what takes a plan and a listener for events: each name with its way, [`core::operate`] or
/// [`core::consult`], and its work.
macro_rules! operations {
    ($($name:ident = $way:ident($work:expr);)*) => {
        $(
            #[pyfunction]
            fn $name<'py>(
                py: Python<'py>,
                plan: &Bound<'py, PyAny>,
                on_event: &Bound<'py, PyAny>,
            ) -> PyResult<Bound<'py, PyAny>> {
                $way(py, plan, on_event, $work)
            }
        )*

        fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
            $(module.add_function(wrap_pyfunction!($name, module)?)?;)*
            Ok(())
        }
    };
}

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
    use super::lock::Lock;
    use super::run::{run, wait_for};
    use crate::error::{Error, Result};
    use crate::event::Progress;
    use crate::store;

    #[pymodule_export]
    #[allow(non_upper_case_globals, reason = "the name that Python expects")]
    const __version__: &str = env!("CARGO_PKG_VERSION");

    operations! {
        backup = operate(|plan, progress| documents::made(&crate::backup::backup(plan, progress)?));
        preview = operate(crate::restore::preview);
        choose_strategy = operate(crate::restore::choose);
        restore = operate(crate::restore::restore);
        kept_databases = operate(crate::postgres::kept);
        undo_restore = operate(crate::postgres::undo);
        drop_kept = operate(crate::postgres::drop_kept);
        validate = operate(crate::validate::validate);
        copy_backup = operate(crate::sync::copy);
        compare_stores = consult(crate::sync::compare);
        probe_store = consult(crate::probe::probe);
        read_manifest = consult(documents::read_manifest);
        list_backups = consult(documents::list);
        find_backup = consult(documents::find);
        remove_backup = consult(documents::remove);
        set_status = consult(documents::set_status);
        link = consult(documents::link);
        remains = consult(documents::remains);
    }

    // PyO3 reads the items of a module before macros are expanded, and so does not see those of `operations!`.
    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        register(module)
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
