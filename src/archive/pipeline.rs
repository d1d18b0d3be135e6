//! The bounded way from producers through the compressing threads to the one thread that writes.
//!
//! A chunk takes a slot when it is accepted and frees it when it is written, so memory is bounded however slow the
//! disk is. The first failure closes everything: whoever waits is told it at once.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use tokio::sync::Semaphore;

use super::member::{BUFFER_SIZE, RawChunk};
use crate::error::{Error, Result};

/// A compressed chunk on its way to the file.
pub(super) struct StoredChunk {
    /// The chunk, its bytes already given back.
    pub(super) raw: RawChunk,
    pub(super) raw_size: u64,
    pub(super) sha256: String,
    pub(super) bytes: Vec<u8>,
}

/// Shared by producers and threads.
pub(super) struct Pipeline {
    slots: Semaphore,
    slot_count: usize,
    state: Mutex<State>,
    /// The compressing threads wait for these; one chunk is work for one of them.
    raw: Condvar,
    /// The writing thread waits for these.
    stored: Condvar,
}

#[derive(Default)]
struct State {
    accepted: u32,
    waiting: VecDeque<(u32, RawChunk)>,
    stored: BTreeMap<u32, StoredChunk>,
    complete: bool,
    open_senders: usize,
    lost_senders: usize,
    failure: Option<Error>,
    raw_buffers: Vec<Vec<u8>>,
    stored_buffers: Vec<Vec<u8>>,
}

/// What a thread finds when it looks for work.
enum Next<T> {
    Take(T),
    Wait,
    Stop,
}

impl Pipeline {
    pub(super) fn new(threads: usize) -> Self {
        let slot_count = threads * 2 + 2;
        Self {
            slots: Semaphore::new(slot_count),
            slot_count,
            state: Mutex::default(),
            raw: Condvar::new(),
            stored: Condvar::new(),
        }
    }

    /// Takes a chunk as soon as there is a slot; its ticket is its place in the file.
    pub(super) async fn accept(&self, chunk: RawChunk) -> Result<u32> {
        // Closed means failed; `failure` below says how.
        if let Ok(permit) = self.slots.acquire().await {
            permit.forget();
        }
        let mut state = self.lock();
        if let Some(failure) = state.failure() {
            return Err(failure);
        }
        let ticket = state.accepted;
        state.accepted = ticket.checked_add(1).ok_or_else(|| Error::failed("the backup has too many chunks"))?;
        state.waiting.push_back((ticket, chunk));
        drop(state);
        self.raw.notify_one();
        Ok(ticket)
    }

    /// For a compressing thread; `None` when there is nothing more to do.
    pub(super) fn next_raw(&self) -> Option<(u32, RawChunk)> {
        self.wait(&self.raw, |state| match state.waiting.pop_front() {
            Some(job) => Next::Take(job),
            None if state.complete => Next::Stop,
            None => Next::Wait,
        })
    }

    /// From a compressing thread.
    pub(super) fn deliver(&self, ticket: u32, chunk: StoredChunk) {
        self.lock().stored.insert(ticket, chunk);
        self.stored.notify_one();
    }

    /// For the writing thread, in the order of tickets; `None` when there is nothing more to do.
    pub(super) fn next_stored(&self, ticket: u32) -> Option<StoredChunk> {
        self.wait(&self.stored, |state| match state.stored.remove(&ticket) {
            Some(chunk) => Next::Take(chunk),
            None if state.complete && ticket == state.accepted => Next::Stop,
            None => Next::Wait,
        })
    }

    /// From the writing thread: the chunk is in the file.
    pub(super) fn written(&self, bytes: Vec<u8>) {
        let mut state = self.lock();
        keep(&mut state.stored_buffers, bytes, self.slot_count);
        drop(state);
        self.slots.add_permits(1);
    }

    /// The first failure stays; everybody stops.
    pub(super) fn fail(&self, error: Error) {
        self.lock().failure.get_or_insert(error);
        self.slots.close();
        self.wake_all();
    }

    pub(super) fn failure(&self) -> Option<Error> {
        self.lock().failure()
    }

    pub(super) fn open_sender(&self) {
        self.lock().open_senders += 1;
    }

    pub(super) fn end_sender(&self) {
        self.lock().open_senders -= 1;
    }

    /// The producer went away without a word. Its own error is the one to report, so the others are left to work on;
    /// only the end is closed to them.
    pub(super) fn lose_sender(&self) {
        let mut state = self.lock();
        state.open_senders -= 1;
        state.lost_senders += 1;
    }

    /// Nothing more comes; fails if a producer has not said so.
    pub(super) fn complete(&self) {
        let mut state = self.lock();
        state.complete = true;
        let missing = state.open_senders + state.lost_senders;
        drop(state);
        if missing > 0 {
            self.fail(Error::failed("a reader of the database stopped before it had read everything"));
        }
        self.wake_all();
    }

    /// An empty buffer for raw bytes.
    pub(super) fn raw_buffer(&self) -> Vec<u8> {
        let kept = self.lock().raw_buffers.pop();
        kept.unwrap_or_else(new_buffer)
    }

    /// An empty buffer for compressed bytes.
    pub(super) fn stored_buffer(&self) -> Vec<u8> {
        let kept = self.lock().stored_buffers.pop();
        kept.unwrap_or_else(new_buffer)
    }

    pub(super) fn recycle_raw(&self, buffer: Vec<u8>) {
        keep(&mut self.lock().raw_buffers, buffer, self.slot_count);
    }

    fn wake_all(&self) {
        self.raw.notify_all();
        self.stored.notify_all();
    }

    /// Waits until `look` finds something or says that nothing more comes, or something failed.
    fn wait<T>(&self, changed: &Condvar, mut look: impl FnMut(&mut State) -> Next<T>) -> Option<T> {
        let mut state = self.lock();
        while state.failure.is_none() {
            match look(&mut state) {
                Next::Take(found) => return Some(found),
                Next::Stop => return None,
                Next::Wait => state = changed.wait(state).unwrap_or_else(PoisonError::into_inner),
            }
        }
        None
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// The failure for one more listener: an error cannot be cloned, what it says can.
    fn failure(&self) -> Option<Error> {
        let failure = self.failure.as_ref()?;
        let told = Error::new(failure.kind(), failure.message());
        Some(match failure.hint_text() {
            Some(hint) => told.hint(hint),
            None => told,
        })
    }
}

/// With room for every ordinary chunk: one that grew, by doubling, would be too large to keep.
fn new_buffer() -> Vec<u8> {
    Vec::with_capacity(BUFFER_SIZE)
}

/// Keeps a buffer for the next chunk, unless there are enough or a huge row made it too big to keep.
fn keep(kept: &mut Vec<Vec<u8>>, mut buffer: Vec<u8>, limit: usize) {
    if kept.len() < limit && buffer.capacity() > 0 && buffer.capacity() <= BUFFER_SIZE {
        buffer.clear();
        kept.push(buffer);
    }
}
