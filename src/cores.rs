//! How many processors there are to work with.

use std::num::NonZero;
use std::ops::RangeInclusive;
use std::thread::available_parallelism;

/// As many as the system gives us; two where it does not tell.
pub(crate) fn all() -> usize {
    available_parallelism().map_or(2, NonZero::get)
}

/// As many as the system gives us, within reason.
pub(crate) fn within(reason: &RangeInclusive<usize>) -> usize {
    all().clamp(*reason.start(), *reason.end())
}
