//! The threads of one store's requests. The callers block, and may be inside some other runtime: nothing here runs on
//! their threads.

use std::future::Future;
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::{Duration, Instant};

use tokio::runtime::{Builder, Handle, Runtime};
use tokio::task::AbortHandle;

use crate::error::{Context, Error, Result};
use crate::event::Progress;

/// How often the wish to stop is looked at.
pub(super) const TICK: Duration = Duration::from_millis(50);

/// A runtime and the wish to stop.
#[derive(Debug)]
pub(super) struct Worker {
    /// Always there until the end.
    runtime: Option<Runtime>,
    handle: Handle,
    progress: Progress,
}

/// Work that was begun; it is given up if this is dropped before its end.
#[derive(Debug)]
pub(super) struct Pending<T> {
    result: Receiver<Result<T>>,
    task: AbortHandle,
}

impl Worker {
    pub(super) fn new(progress: &Progress) -> Result<Self> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("holdfast-s3")
            .enable_all()
            .build()
            .context(|| "starting the network threads")?;
        Ok(Self { handle: runtime.handle().clone(), runtime: Some(runtime), progress: progress.clone() })
    }

    /// Whether the caller wishes to stop.
    pub(super) fn is_stopped(&self) -> bool {
        self.progress.is_cancelled()
    }

    /// Begins work.
    pub(super) fn start<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T>> + Send + 'static,
    ) -> Pending<T> {
        let (sender, result) = sync_channel(1);
        let task = self.handle.spawn(async move {
            // Nobody listens any more: the caller gave the work up.
            let _ = sender.send(work.await);
        });
        Pending { result, task: task.abort_handle() }
    }

    /// Begins work that tells its end by itself.
    pub(super) fn detach(&self, work: impl Future<Output = ()> + Send + 'static) -> AbortHandle {
        self.handle.spawn(work).abort_handle()
    }

    /// Does work, or gives it up when the caller wishes to stop.
    pub(super) fn run<T: Send + 'static>(&self, work: impl Future<Output = Result<T>> + Send + 'static) -> Result<T> {
        self.wait(&self.start(work))
    }

    /// Waits for the end of work that was begun, or gives up when the caller wishes to stop.
    pub(super) fn wait<T>(&self, pending: &Pending<T>) -> Result<T> {
        loop {
            if self.is_stopped() {
                return Err(Error::interrupted());
            }
            if let Some(result) = pending.poll(TICK) {
                return result;
            }
        }
    }

    /// Tidies up, whether or not the caller wishes to stop, for as long as `grace`.
    pub(super) fn tidy(&self, grace: Duration, work: impl Future<Output = Result<()>> + Send + 'static) {
        let pending = self.start(work);
        let end = Instant::now() + grace;
        while Instant::now() < end && pending.poll(TICK).is_none() {}
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // Waiting is forbidden where this is dropped inside a runtime's task, and there is nothing to wait for.
            runtime.shutdown_background();
        }
    }
}

impl<T> Pending<T> {
    /// The result, if it comes within this time.
    fn poll(&self, patience: Duration) -> Option<Result<T>> {
        match self.result.recv_timeout(patience) {
            Ok(result) => Some(result),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => {
                Some(Err(Error::failed("a network task ended without a result; this is a bug in Holdfast")))
            }
        }
    }
}

impl<T> Drop for Pending<T> {
    fn drop(&mut self) {
        self.task.abort();
    }
}
