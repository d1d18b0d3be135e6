//! Runs work on a thread of its own while the calling thread waits, tells how far it is, and listens for signals.
//!
//! Only the calling thread touches Python: signals are delivered to the main thread alone, and a worker that called
//! back could wait for the GIL while the main thread waits for it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use pyo3::prelude::*;

use super::errors::raise;
use crate::error::{Error, Result};
use crate::event::Progress;

/// Ctrl-C is noticed and progress drawn this often.
const TICK: Duration = Duration::from_millis(100);

/// After an interrupt, how long the work may take to close its transaction and remove its partial file.
const GRACE: Duration = Duration::from_secs(20);

/// The run that began last: signal handlers ask whether it can still be stopped.
static LATEST: Mutex<Option<Progress>> = Mutex::new(None);

/// Whether the run that began last has passed the point from which it cannot be taken back.
pub(super) fn is_committing() -> bool {
    let latest = LATEST.lock().unwrap_or_else(PoisonError::into_inner);
    latest.as_ref().is_some_and(Progress::is_committing)
}

/// Lets go of the run that began last: what comes next can be stopped again.
pub(super) fn forget() {
    *LATEST.lock().unwrap_or_else(PoisonError::into_inner) = None;
}

/// Does `work` and returns what it returns; an exception from `on_event` or a signal handler cancels it first.
pub(super) fn run<T: Send + 'static>(
    py: Python<'_>,
    on_event: &Bound<'_, PyAny>,
    work: impl FnOnce(&Progress) -> Result<T> + Send + 'static,
) -> PyResult<T> {
    let progress = Progress::default();
    *LATEST.lock().unwrap_or_else(PoisonError::into_inner) = Some(progress.clone());
    wait_for(py, on_event, &progress, work)
}

/// [`run`] for a question: signal handlers go on asking about the work that it belongs to.
pub(super) fn consult<T: Send + 'static>(
    py: Python<'_>,
    on_event: &Bound<'_, PyAny>,
    work: impl FnOnce(&Progress) -> Result<T> + Send + 'static,
) -> PyResult<T> {
    wait_for(py, on_event, &Progress::default(), work)
}

fn wait_for<T: Send + 'static>(
    py: Python<'_>,
    on_event: &Bound<'_, PyAny>,
    progress: &Progress,
    work: impl FnOnce(&Progress) -> Result<T> + Send + 'static,
) -> PyResult<T> {
    let (done, outcome) = channel();
    let shared = progress.clone();
    std::thread::spawn(move || {
        let result =
            catch_unwind(AssertUnwindSafe(|| work(&shared))).unwrap_or_else(|panic| Err(panicked(panic.as_ref())));
        // The caller may have given up after the grace; then nobody is left to be told.
        drop(done.send(result));
    });
    let outcome = Mutex::new(outcome);
    let wait = |time: Duration| {
        py.detach(|| match outcome.lock() {
            Ok(receiver) => receiver.recv_timeout(time),
            Err(_) => Err(RecvTimeoutError::Disconnected),
        })
    };
    loop {
        let received = wait(TICK);
        let told = deliver(py, on_event, progress);
        let interrupt = match received {
            Ok(result) => {
                if result.is_ok() && progress.is_committing() {
                    // A Ctrl-C of the last moments is too late; raised now, it would say that nothing was changed.
                    drop(py.check_signals());
                }
                return result.map_err(|error| raise(py, &error));
            }
            Err(RecvTimeoutError::Disconnected) => return Err(raise(py, &lost())),
            Err(RecvTimeoutError::Timeout) => match told.and_then(|()| py.check_signals()) {
                Ok(()) => continue,
                Err(interrupt) => interrupt,
            },
        };
        progress.cancel();
        let end = Instant::now() + GRACE;
        // Work that has begun to commit is waited for: "interrupted" must mean that nothing was changed.
        while progress.is_committing() || Instant::now() < end {
            match wait(TICK) {
                Ok(Ok(value)) => return Ok(value),
                Ok(Err(_)) | Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
        return Err(interrupt);
    }
}

fn lost() -> Error {
    Error::failed("the worker thread ended without a word")
}

fn deliver(py: Python<'_>, on_event: &Bound<'_, PyAny>, progress: &Progress) -> PyResult<()> {
    for event in progress.drain() {
        on_event.call1((pythonize::pythonize(py, &event)?,))?;
    }
    Ok(())
}

fn panicked(panic: &(dyn std::any::Any + Send)) -> Error {
    let text = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message");
    Error::failed(format!("a defect in Holdfast stopped the work: {text}"))
        .hint("nothing was changed; please report this with the command that you ran")
}
