//! The module `holdfast._core`: plans come in as dictionaries, reports go out as dictionaries.

mod documents;
mod errors;
mod lease;
mod lock;
mod run;

use pyo3::prelude::*;
use serde::de::DeserializeOwned;

use crate::error::Error;

fn parse<T: DeserializeOwned>(plan: &Bound<'_, PyAny>) -> PyResult<T> {
    // The message names the field; it never holds a value, which could be a password.
    pythonize::depythonize(plan)
        .map_err(|error| errors::raise(plan.py(), &Error::usage("the plan has a wrong form").because(error)))
}

/// Defines and registers what takes a plan, gives a report, and tells of events meanwhile: each name with its way,
/// [`run::run`] or [`run::consult`], and its work.
macro_rules! operations {
    ($($name:ident = $way:ident($work:path);)*) => {
        $(
            #[pyfunction]
            fn $name<'py>(
                py: Python<'py>,
                plan: &Bound<'py, PyAny>,
                on_event: &Bound<'py, PyAny>,
            ) -> PyResult<Bound<'py, PyAny>> {
                let plan = parse(plan)?;
                give(py, &$way(py, on_event, move |progress| $work(&plan, progress))?)
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

    use pyo3::prelude::*;
    use pythonize::pythonize;
    use serde::Serialize;

    use super::documents::{self, RetentionPlan};
    use super::errors::raise;
    #[pymodule_export]
    use super::lease::Lease;
    #[pymodule_export]
    use super::lock::Lock;
    use super::parse;
    use super::run::{consult, run};
    use crate::error::Result;
    use crate::store;

    #[pymodule_export]
    #[allow(non_upper_case_globals, reason = "the name that Python expects")]
    const __version__: &str = env!("CARGO_PKG_VERSION");

    operations! {
        backup = run(documents::backup);
        preview = run(crate::restore::preview);
        choose_strategy = run(crate::restore::choose);
        restore = run(crate::restore::restore);
        kept_databases = run(crate::postgres::kept);
        undo_restore = run(crate::postgres::undo);
        drop_kept = run(crate::postgres::drop_kept);
        validate = run(crate::validate::validate);
        copy_backup = run(crate::sync::copy);
        compare_stores = consult(crate::sync::compare);
        lifecycle = consult(documents::lifecycle);
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

    fn give<'py, T: Serialize>(py: Python<'py>, report: &T) -> PyResult<Bound<'py, PyAny>> {
        Ok(pythonize(py, report)?)
    }

    fn detached<T: Send>(py: Python<'_>, work: impl FnOnce() -> Result<T> + Send) -> PyResult<T> {
        py.detach(work).map_err(|error| raise(py, &error))
    }
}
