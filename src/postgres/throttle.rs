//! Keeps reading below a number of bytes a second, over all workers.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::Instant;

/// Shared by the workers of one backup.
#[derive(Debug)]
pub(super) struct Throttle {
    bytes_per_second: Option<u64>,
    started: Instant,
    spent: AtomicU64,
}

impl Throttle {
    /// `None` never waits.
    pub(super) fn new(bytes_per_second: Option<u64>) -> Self {
        Self { bytes_per_second, started: Instant::now(), spent: AtomicU64::new(0) }
    }

    /// Counts bytes and waits until they were allowed.
    pub(super) async fn spent(&self, bytes: u64) {
        let Some(limit) = self.bytes_per_second else {
            return;
        };
        let total = self.spent.fetch_add(bytes, Ordering::Relaxed) + bytes;
        #[expect(clippy::cast_precision_loss, reason = "a duration to the microsecond is exact enough")]
        let due = Duration::from_secs_f64(total as f64 / limit.max(1) as f64);
        tokio::time::sleep_until(self.started + due).await;
    }
}
