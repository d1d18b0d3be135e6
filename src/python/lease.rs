//! The lease of a store as a context manager.

use pyo3::prelude::*;

use super::parse;
use super::run::consult;
use crate::plan::StorePlan;
use crate::store::{self, Rhythm};

/// One host among those that share a store; a dead holder's lease ends by itself.
#[pyclass]
pub(super) struct Lease {
    plan: StorePlan,
    on_event: Py<PyAny>,
    held: Option<store::Lease>,
}

#[pymethods]
impl Lease {
    #[new]
    fn new(plan: &Bound<'_, PyAny>, on_event: Py<PyAny>) -> PyResult<Self> {
        Ok(Self { plan: parse(plan)?, on_event, held: None })
    }

    /// Who took it over, where it could not be renewed in time.
    #[getter]
    fn lost(&self) -> Option<&str> {
        self.held.as_ref().and_then(store::Lease::lost)
    }

    fn __enter__(mut this: PyRefMut<'_, Self>) -> PyResult<PyRefMut<'_, Self>> {
        let py = this.py();
        let (plan, on_event) = (this.plan.clone(), this.on_event.bind(py).clone());
        let held = consult(py, &on_event, move |progress| {
            store::Lease::take(|own| store::open(&plan, own), Rhythm::default(), progress)
        })?;
        this.held = Some(held);
        Ok(this)
    }

    fn __exit__(
        &mut self,
        py: Python<'_>,
        _kind: &Bound<'_, PyAny>,
        _error: &Bound<'_, PyAny>,
        _traceback: &Bound<'_, PyAny>,
    ) {
        let held = self.held.take();
        py.detach(|| drop(held));
    }
}
