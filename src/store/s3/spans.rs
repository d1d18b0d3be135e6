//! What will be read, cut into requests: neighbours together, nothing larger than one of our buffers.

use std::ops::Range;

/// The most that one request ahead fetches, and so holds in memory.
const LARGEST: u64 = 8 * 1024 * 1024;

/// A gap that is cheaper to fetch than another request.
const GAP: u64 = 128 * 1024;

/// What one request fetches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) range: Range<u64>,
    /// How many of its bytes will be read; the others are gaps.
    pub(super) wanted: u64,
}

/// Requests in the order of the ranges that they serve.
pub(super) fn spans(ranges: &[Range<u64>], size: u64) -> Vec<Span> {
    let mut spans: Vec<Span> = Vec::new();
    for range in ranges {
        let mut start = range.start;
        let end = range.end.min(size);
        if let Some(Span { range: last, wanted }) = spans.last_mut()
            && (last.end..=last.end + GAP).contains(&start)
        {
            let joined = end.min(last.start + LARGEST);
            if joined > start {
                *wanted += joined - start;
                last.end = joined;
                start = joined;
            }
        }
        while start < end {
            let next = end.min(start + LARGEST);
            spans.push(Span { range: start..next, wanted: next - start });
            start = next;
        }
    }
    spans
}

impl Span {
    /// What is left of it, later part first, when these bytes need not be fetched any more.
    pub(super) fn without(self, range: &Range<u64>) -> impl Iterator<Item = Self> {
        let later = range.end.max(self.range.start)..self.range.end;
        let earlier = self.range.start..range.start.min(self.range.end);
        let wanted = self.wanted;
        [later, earlier].into_iter().filter(|rest| !rest.is_empty()).map(move |rest| {
            let wanted = wanted.min(rest.end - rest.start);
            Self { range: rest, wanted }
        })
    }
}

#[cfg(test)]
#[expect(clippy::single_range_in_vec_init, reason = "a list of ranges may have one")]
mod tests {
    use super::*;

    const MIB: u64 = 1024 * 1024;

    fn ranges(asked: &[Range<u64>], size: u64) -> Vec<Range<u64>> {
        spans(asked, size).into_iter().map(|span| span.range).collect()
    }

    #[test]
    fn neighbours_are_fetched_together() {
        assert_eq!(spans(&[0..10, 10..20, 30..40], 1000), [Span { range: 0..40, wanted: 30 }]);
        let apart = [0..10, 10 + GAP + 1..GAP + 20];
        assert_eq!(ranges(&apart, MIB), apart);
    }

    #[test]
    fn no_request_is_larger_than_a_buffer() {
        assert_eq!(ranges(&[0..20 * MIB], 20 * MIB), [0..8 * MIB, 8 * MIB..16 * MIB, 16 * MIB..20 * MIB]);
        let three = ranges(&[0..5 * MIB, 5 * MIB..10 * MIB, 10 * MIB..11 * MIB], 20 * MIB);
        assert_eq!(three, [0..8 * MIB, 8 * MIB..11 * MIB]);
    }

    #[test]
    fn the_order_is_that_of_the_reader() {
        let backwards = [10 * MIB..11 * MIB, 0..MIB];
        assert_eq!(ranges(&backwards, 20 * MIB), backwards);
    }

    #[test]
    fn nothing_beyond_the_end_is_asked_for() {
        assert_eq!(ranges(&[90..200, 300..400], 100), [90..100]);
        assert!(spans(&[], 100).is_empty());
    }

    #[test]
    fn what_was_read_in_another_way_is_not_fetched() {
        let rest = |range: Range<u64>| {
            let span = Span { range: 10..20, wanted: 10 };
            span.without(&range).map(|rest| rest.range).collect::<Vec<_>>()
        };
        assert_eq!(rest(12..15), [15..20, 10..12]);
        assert_eq!(rest(0..15), [15..20]);
        assert_eq!(rest(15..30), [10..15]);
        assert_eq!(rest(0..30), []);
        assert_eq!(rest(30..40), [10..20]);
        assert_eq!(rest(0..5), [10..20]);
    }
}
