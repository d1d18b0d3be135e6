//! A tokio runtime for one call: none is global, because servers fork.

use std::future::Future;
use std::ops::RangeInclusive;
use std::time::Duration;

use crate::cores;
use crate::error::{Context, Error, Result};
use crate::event::Progress;

/// How long abandoned connections may take to say goodbye.
const SHUTDOWN: Duration = Duration::from_secs(5);

/// How often the wish to stop is looked at.
const TICK: Duration = Duration::from_millis(50);

/// Threads: what is read from sockets is also looked at on them, and compression needs the processors too.
const THREADS: RangeInclusive<usize> = 2..=4;

/// Runs `work` to its end.
pub(super) fn block_on<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(cores::within(&THREADS))
        .enable_all()
        .build()
        .context(|| "starting the network threads")?;
    let result = runtime.block_on(work);
    runtime.shutdown_timeout(SHUTDOWN);
    result
}

/// Runs `work` to its end, or drops it (and with it its connections and transactions) when the caller asks to stop.
pub(super) async fn unless_stopped<T>(progress: &Progress, work: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::select! {
        result = work => result,
        error = stopped(progress) => Err(error),
    }
}

/// Ends when the caller asks to stop; never once a commit has begun, which could then end either way unseen.
async fn stopped(progress: &Progress) -> Error {
    loop {
        tokio::time::sleep(TICK).await;
        if progress.is_cancelled() && !progress.is_committing() {
            return Error::interrupted();
        }
    }
}
