//! Chunks decompressed ahead by several threads and handed out in the order asked for.

use std::collections::BTreeMap;
use std::iter::{Enumerate, Peekable};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::vec::IntoIter;

use super::reader::ChunkReader;
use crate::error::{Error, Result};
use crate::manifest::Chunk;

/// How many decompressed bytes may be ahead of the caller: ordinary chunks never come near it. One that is larger is read when
/// nothing else is ahead, so that of several huge ones no two are in memory.
const MOST_AHEAD: u64 = 128 * 1024 * 1024;

/// A chunk's index in the manifest and the chunk, or why there is none.
type Wanted = (usize, Result<Chunk>);

/// Chunks in the order asked for, each with its index.
///
/// No more than two for each thread are ahead of the caller, and no more than so many bytes. Dropping it stops the threads.
pub struct Chunks {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
    position: usize,
    total: usize,
}

struct Shared {
    reader: Arc<ChunkReader>,
    window: usize,
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    /// Numbered by their place in line.
    wanted: Peekable<Enumerate<IntoIter<Wanted>>>,
    claimed: usize,
    handed_out: usize,
    /// The bytes of those that are claimed and not handed out.
    ahead: u64,
    ready: BTreeMap<usize, Ready>,
    stopped: bool,
}

struct Ready {
    raw_size: u64,
    result: Result<(usize, Vec<u8>)>,
}

impl Chunks {
    pub(super) fn start(reader: &Arc<ChunkReader>, wanted: Vec<Wanted>, threads: usize) -> Self {
        let total = wanted.len();
        let threads = threads.clamp(1, total.max(1));
        let shared = Arc::new(Shared {
            reader: Arc::clone(reader),
            window: threads * 2,
            state: Mutex::new(State {
                wanted: wanted.into_iter().enumerate().peekable(),
                claimed: 0,
                handed_out: 0,
                ahead: 0,
                ready: BTreeMap::new(),
                stopped: false,
            }),
            changed: Condvar::new(),
        });
        let spawn = |_| {
            let shared = Arc::clone(&shared);
            let thread = thread::Builder::new().name("holdfast-decode".to_owned());
            thread.spawn(move || while shared.work() {}).ok()
        };
        // Where not one thread can be started, `next` does the work itself.
        let threads = (0..threads).filter_map(spawn).collect();
        Self { shared, threads, position: 0, total }
    }
}

impl Iterator for Chunks {
    type Item = Result<(usize, Vec<u8>)>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.position == self.total {
            return None;
        }
        let position = self.position;
        self.position += 1;
        if self.threads.is_empty() {
            self.shared.work();
        }
        Some(self.shared.hand_out(position))
    }
}

impl Drop for Chunks {
    fn drop(&mut self) {
        self.shared.lock().stopped = true;
        self.shared.changed.notify_all();
        for thread in self.threads.drain(..) {
            // A panic was caught inside the thread and handed out as an error.
            let _ = thread.join();
        }
    }
}

impl Shared {
    /// Decompresses the next chunk in line; false when there is nothing more to do.
    fn work(&self) -> bool {
        let Some((position, wanted)) = self.claim() else {
            return false;
        };
        let raw_size = size_of(&wanted);
        // Without this a panic would leave the caller waiting for a chunk that never comes.
        let result = catch_unwind(AssertUnwindSafe(|| self.read(wanted)))
            .unwrap_or_else(|_| Err(Error::failed("a thread that reads panicked; this is a bug in Holdfast")));
        self.lock().ready.insert(position, Ready { raw_size, result });
        self.changed.notify_all();
        true
    }

    fn read(&self, (index, chunk): Wanted) -> Result<(usize, Vec<u8>)> {
        let mut decoder = self.reader.decoder()?;
        Ok((index, self.reader.read(&mut decoder, index, &chunk?)?))
    }

    /// Waits until the caller has taken enough for one more to be started.
    fn claim(&self) -> Option<(usize, Wanted)> {
        let mut state = self.lock();
        while !state.stopped && state.is_full(self.window) {
            state = self.wait(state);
        }
        if state.stopped {
            return None;
        }
        let (position, wanted) = state.wanted.next()?;
        state.claimed += 1;
        state.ahead += size_of(&wanted);
        Some((position, wanted))
    }

    /// Waits for the chunk at this place in line.
    fn hand_out(&self, position: usize) -> Result<(usize, Vec<u8>)> {
        let mut state = self.lock();
        loop {
            if let Some(Ready { raw_size, result }) = state.ready.remove(&position) {
                state.handed_out = position + 1;
                state.ahead -= raw_size;
                self.changed.notify_all();
                return result;
            }
            state = self.wait(state);
        }
    }

    fn wait<'a>(&self, state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        self.changed.wait(state).unwrap_or_else(PoisonError::into_inner)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Whether the next in line has to wait for the caller.
    fn is_full(&mut self, window: usize) -> bool {
        let next = self.wanted.peek().map_or(0, |(_, wanted)| size_of(wanted));
        let is_large = self.ahead > 0 && self.ahead.saturating_add(next) > MOST_AHEAD;
        is_large || self.claimed >= self.handed_out + window
    }
}

fn size_of((_, chunk): &Wanted) -> u64 {
    chunk.as_ref().map_or(0, |chunk| chunk.raw_size)
}
