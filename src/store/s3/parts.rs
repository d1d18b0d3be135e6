//! How large the parts of an upload are.
//!
//! A service takes 10,000 parts. A stream of unknown length begins with small ones, so that little is held in memory
//! for most files, and they double after every thousand: 10,000 of them hold 8 TiB.

use crate::error::{Error, Result};

const MIB: u64 = 1024 * 1024;

/// The smallest that services take, but for the last part.
const SMALLEST: u64 = 5 * MIB;

/// The largest that services take.
const LARGEST: u64 = 5 * 1024 * MIB;

/// What parts begin with.
pub(super) const FIRST: u64 = 8 * MIB;

/// Where parts may not grow and nobody knows the size: 625 GiB in all, two of them at once in memory.
const UNIFORM: u64 = 64 * MIB;

/// How many parts an upload may have.
const COUNT: u64 = 10_000;

/// After so many parts they become twice as large.
const STEP: u64 = 1000;

/// What all parts on their way may hold in memory, beside the one that is being filled, unless the caller has asked
/// for more.
const IN_FLIGHT: u64 = 64 * MIB;

/// The sizes of one upload's parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PartSizes {
    first: u64,
    grows: bool,
}

impl PartSizes {
    /// For a file of this size, where it is known; `uniform` where all parts must be equally large.
    pub(super) fn new(size: Option<u64>, asked: Option<u64>, uniform: bool) -> Result<Self> {
        if let Some(asked) = asked {
            check(asked)?;
        }
        let least = size.map(|size| size.div_ceil(COUNT).next_multiple_of(MIB));
        if let (Some(size), Some(asked)) = (size, asked)
            && asked * COUNT < size
        {
            return Err(too_many(asked));
        }
        let first = match (asked, least) {
            (Some(asked), _) => asked,
            (None, Some(least)) => least.max(FIRST),
            (None, None) if uniform => UNIFORM,
            (None, None) => FIRST,
        };
        Ok(Self { first, grows: size.is_none() && asked.is_none() && !uniform })
    }

    /// How large the part with this number is, counted from 1.
    pub(super) fn of(self, number: u64) -> Result<u64> {
        if number > COUNT {
            return Err(too_many(self.first));
        }
        let doublings = if self.grows { (number - 1) / STEP } else { 0 };
        Ok(self.first << doublings)
    }
}

/// How many parts of this size may be on their way at once.
pub(super) fn in_flight(part: u64, concurrency: u16) -> usize {
    let concurrency = u64::from(concurrency.max(1));
    let budget = IN_FLIGHT.max(concurrency * FIRST);
    let fitting = (budget / part).clamp(1, concurrency);
    usize::try_from(fitting).unwrap_or(1)
}

/// Refuses a part size that no service takes.
pub(super) fn check(asked: u64) -> Result<()> {
    if (SMALLEST..=LARGEST).contains(&asked) {
        return Ok(());
    }
    Err(Error::usage(format!("a part cannot have {asked} bytes")).hint("Choose from 5 MiB to 5 GiB, or leave it out"))
}

fn too_many(part: u64) -> Error {
    Error::usage(format!("the file is too large for {COUNT} parts of {} MiB", part / MIB))
        .hint("Set a larger part size for this store")
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn sizes(size: Option<u64>, asked: Option<u64>, uniform: bool) -> PartSizes {
        PartSizes::new(size, asked, uniform).unwrap()
    }

    fn total(sizes: PartSizes) -> u64 {
        (1..=COUNT).map(|number| sizes.of(number).unwrap()).sum()
    }

    #[test]
    fn a_stream_of_unknown_length_grows_up_to_five_terabytes() {
        let growing = sizes(None, None, false);
        assert_eq!(growing.of(1).unwrap(), 8 * MIB);
        assert_eq!(growing.of(1000).unwrap(), 8 * MIB);
        assert_eq!(growing.of(1001).unwrap(), 16 * MIB);
        assert!(total(growing) > 5 * 1024 * 1024 * MIB);
        assert!(growing.of(COUNT).unwrap() <= LARGEST);
        assert!(growing.of(COUNT + 1).is_err());
    }

    #[test]
    fn a_known_size_gives_one_size_that_suffices() {
        for size in [0, 1, 8 * MIB, 80_000 * MIB, 80_000 * MIB + 1, 5_000_000 * MIB] {
            let fixed = sizes(Some(size), None, false);
            assert_eq!(fixed.of(1).unwrap(), fixed.of(COUNT).unwrap());
            assert!(total(fixed) >= size && fixed.of(1).unwrap() >= 8 * MIB);
        }
    }

    #[test]
    fn uniform_parts_do_not_grow() {
        let uniform = sizes(None, None, true);
        assert_eq!(uniform.of(1).unwrap(), uniform.of(COUNT).unwrap());
        assert!(total(uniform) > 500 * 1024 * MIB);
    }

    #[test]
    fn what_is_asked_for_is_obeyed_or_refused() {
        assert_eq!(sizes(Some(100 * MIB), Some(5 * MIB), false).of(7).unwrap(), 5 * MIB);
        assert!(PartSizes::new(None, Some(SMALLEST - 1), false).is_err());
        assert!(PartSizes::new(None, Some(LARGEST + 1), false).is_err());
        let error = PartSizes::new(Some(50_001 * MIB), Some(5 * MIB), false).unwrap_err();
        assert!(error.message().contains("10000 parts of 5 MiB"), "{}", error.message());
    }

    #[test]
    fn large_parts_are_fewer_at_a_time() {
        assert_eq!(in_flight(8 * MIB, 4), 4);
        assert_eq!(in_flight(16 * MIB, 4), 4);
        assert_eq!(in_flight(32 * MIB, 4), 2);
        assert_eq!(in_flight(512 * MIB, 4), 1);
        assert_eq!(in_flight(8 * MIB, 16), 16);
    }
}
