//! What is fetched ahead of the readers of one object, and what is still to be: the book-keeping, without requests.

use std::ops::Range;

use bytes::{Bytes, BytesMut};
use tokio::task::AbortHandle;

use super::spans::Span;

/// After so many reads that passed it by, nobody is expected to come for a span any more.
const MISSED: usize = 64;

/// The spans of one object.
#[derive(Default)]
pub(super) struct Ahead {
    /// Announced, not yet asked for; the next one is the last.
    planned: Vec<Span>,
    /// In the order in which they were asked for.
    slots: Vec<Slot>,
    /// Of a span that was read: fresh memory costs as much as what is fetched into it.
    spare: Option<BytesMut>,
}

/// A span that is under way or waits to be read.
struct Slot {
    range: Range<u64>,
    task: AbortHandle,
    bytes: Option<Bytes>,
    /// Bytes of it that are still to be read.
    wanted: u64,
    missed: usize,
}

/// What there is for a reader.
pub(super) enum Served {
    /// The beginning of what was asked for.
    Bytes(Bytes),
    /// It is under way.
    Soon,
    /// So much of it is neither here nor under way.
    Not(Range<u64>),
}

impl Ahead {
    /// Who announces later waits longer.
    pub(super) fn plan(&mut self, mut spans: Vec<Span>) {
        spans.reverse();
        spans.append(&mut self.planned);
        self.planned = spans;
    }

    /// The next span to ask for, if there is room.
    pub(super) fn next(&mut self, room: usize) -> Option<Span> {
        if self.slots.len() >= room {
            return None;
        }
        let slots = &self.slots;
        let taken = |span: &Span| {
            slots.iter().any(|slot| slot.range.start < span.range.end && span.range.start < slot.range.end)
        };
        while let Some(span) = self.planned.pop() {
            if !taken(&span) {
                return Some(span);
            }
        }
        None
    }

    pub(super) fn begun(&mut self, span: Span, task: AbortHandle) {
        self.slots.push(Slot { range: span.range, task, bytes: None, wanted: span.wanted, missed: 0 });
    }

    pub(super) fn arrived(&mut self, range: &Range<u64>, bytes: Bytes) {
        if let Some(slot) = self.slots.iter_mut().find(|slot| slot.range == *range) {
            slot.bytes = Some(bytes);
        }
    }

    /// Nothing more is fetched ahead: the readers' own requests shall tell why.
    pub(super) fn failed(&mut self, range: &Range<u64>) {
        self.planned.clear();
        self.slots.retain(|slot| slot.range != *range);
    }

    pub(super) fn stop(&mut self) {
        self.planned.clear();
        self.slots.drain(..).for_each(|slot| slot.task.abort());
    }

    /// An empty buffer, used before where there is one.
    pub(super) fn buffer(&mut self) -> BytesMut {
        self.spare.take().unwrap_or_default()
    }

    /// What was served is not needed any more.
    pub(super) fn done_with(&mut self, bytes: Bytes) {
        if let Ok(mut buffer) = bytes.try_into_mut() {
            buffer.clear();
            self.spare = Some(buffer);
        }
    }

    /// Whatever there is of the beginning of the range.
    pub(super) fn serve(&mut self, range: &Range<u64>) -> Served {
        let Some(index) = self.slots.iter().position(|slot| slot.range.contains(&range.start)) else {
            return self.pass_by(range);
        };
        let slot = &mut self.slots[index];
        let Some(bytes) = slot.part(range) else {
            if !slot.task.is_finished() {
                return Served::Soon;
            }
            // It panicked; the reader's own request shall do without it.
            self.slots.remove(index);
            return self.pass_by(range);
        };
        slot.missed = 0;
        slot.wanted = slot.wanted.saturating_sub(bytes.len() as u64);
        let is_done = slot.wanted == 0;
        self.slots[..index].iter_mut().for_each(Slot::miss);
        if is_done {
            self.slots.remove(index);
        }
        self.give_up_missed();
        Served::Bytes(bytes)
    }

    /// Takes note of a read that no slot serves, and that makes its own request.
    fn pass_by(&mut self, range: &Range<u64>) -> Served {
        let end = self.slots.iter().map(|slot| slot.range.start).filter(|start| *start > range.start).min();
        let range = range.start..end.map_or(range.end, |end| end.min(range.end));
        self.planned = std::mem::take(&mut self.planned).into_iter().flat_map(|span| span.without(&range)).collect();
        self.slots.iter_mut().for_each(Slot::miss);
        self.give_up_missed();
        Served::Not(range)
    }

    fn give_up_missed(&mut self) {
        self.slots.retain(|slot| slot.missed < MISSED);
    }
}

impl Slot {
    /// What it has of the beginning of the range; `None` while it is under way.
    fn part(&self, range: &Range<u64>) -> Option<Bytes> {
        let bytes = self.bytes.as_ref()?;
        let start = usize::try_from(range.start - self.range.start).ok()?;
        let end = usize::try_from(range.end.min(self.range.end) - self.range.start).ok()?;
        Some(bytes.slice(start..end))
    }

    fn miss(&mut self) {
        self.missed += usize::from(self.bytes.is_some());
    }
}
