//! Keeps the traffic of one store, in both directions together, below a number of bytes a second.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// What may be sent at once after a pause.
const BURST: Duration = Duration::from_millis(250);

/// The most that is sent or received between two looks at the clock.
pub(super) const SLICE: usize = 64 * 1024;

/// A bucket of tokens, kept as the moment at which it will be full again.
#[derive(Debug)]
pub(super) struct Throttle {
    bytes_per_second: Option<u64>,
    full_at: Mutex<Option<Instant>>,
}

impl Throttle {
    /// `None` never waits.
    pub(super) fn new(bytes_per_second: Option<u64>) -> Self {
        Self { bytes_per_second, full_at: Mutex::new(None) }
    }

    /// How many bytes to ask for at once.
    pub(super) fn slice(&self) -> usize {
        let quarter = self.bytes_per_second.map_or(u64::MAX, |limit| limit / 4);
        usize::try_from(quarter).unwrap_or(usize::MAX).clamp(1024, SLICE)
    }

    /// Takes so many bytes; they may be used from the returned moment on.
    pub(super) fn take(&self, bytes: usize) -> Option<Instant> {
        let limit = self.bytes_per_second?;
        let now = Instant::now();
        let mut full_at = self.full_at.lock().unwrap_or_else(PoisonError::into_inner);
        let earlier = full_at.map_or(now, |moment| moment.max(now));
        #[expect(clippy::cast_precision_loss, reason = "a duration to the microsecond is exact enough")]
        let cost = Duration::from_secs_f64(bytes as f64 / limit.max(1) as f64);
        *full_at = Some(earlier + cost);
        earlier.checked_sub(BURST).filter(|moment| *moment > now)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn a_second_is_paid_for_a_second_s_bytes() {
        // So many seconds that this test is over long before.
        let (throttle, paid) = (Throttle::new(Some(1)), Duration::from_hours(1));
        let before = Instant::now();
        assert!(throttle.take(3600).is_none());
        let after = Instant::now();
        let next = throttle.take(3600).unwrap();
        assert!((before + paid - BURST..=after + paid - BURST).contains(&next));
    }

    #[test]
    fn no_limit_never_waits() {
        let throttle = Throttle::new(None);
        assert!((0..1000).all(|_| throttle.take(1 << 30).is_none()));
        assert_eq!(throttle.slice(), SLICE);
    }
}
