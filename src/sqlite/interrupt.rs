//! Lets the caller stop a single long statement, such as the check of a large file.

use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use rusqlite::Connection;

use crate::event::Progress;

/// How often the wish to stop is looked at.
const INTERVAL: Duration = Duration::from_millis(100);

/// Runs the work; SQLite gives it up with `OperationInterrupted` soon after [`Progress::cancel`].
pub(super) fn interruptible<T>(connection: &Connection, progress: &Progress, work: impl FnOnce(&Connection) -> T) -> T {
    let handle = connection.get_interrupt_handle();
    let (running, ended) = channel::<()>();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            // Asked again and again: an interrupt between two statements is lost.
            while ended.recv_timeout(INTERVAL) == Err(RecvTimeoutError::Timeout) {
                if progress.check().is_err() {
                    handle.interrupt();
                }
            }
        });
        let result = work(connection);
        drop(running);
        result
    })
}
