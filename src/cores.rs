//! How many processors there are to work with.

use std::num::NonZero;
use std::ops::RangeInclusive;
use std::thread::available_parallelism;

/// As many as the system gives us, within reason; two where it does not tell.
pub(crate) fn within(reason: &RangeInclusive<usize>) -> usize {
    available_parallelism().map_or(2, NonZero::get).clamp(*reason.start(), *reason.end())
}
