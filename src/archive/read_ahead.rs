//! Chunks decompressed ahead by several threads and handed out in the order asked for.

use std::collections::BTreeMap;
use std::iter::Enumerate;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::vec::IntoIter;

use super::reader::ChunkReader;
use crate::error::{Error, Result};
use crate::manifest::Chunk;

/// A chunk's index in the manifest and the chunk, or why there is none.
type Wanted = (usize, Result<Chunk>);

/// Chunks in the order asked for, each with its index.
///
/// No more than two for each thread are ahead of the caller. Dropping it stops the threads.
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
    wanted: Enumerate<IntoIter<Wanted>>,
    claimed: usize,
    handed_out: usize,
    ready: BTreeMap<usize, Result<(usize, Vec<u8>)>>,
    stopped: bool,
}

impl Chunks {
    pub(super) fn start(reader: &Arc<ChunkReader>, wanted: Vec<Wanted>, threads: usize) -> Self {
        let total = wanted.len();
        let threads = threads.clamp(1, total.max(1));
        let shared = Arc::new(Shared {
            reader: Arc::clone(reader),
            window: threads * 2,
            state: Mutex::new(State {
                wanted: wanted.into_iter().enumerate(),
                claimed: 0,
                handed_out: 0,
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
        // Without this a panic would leave the caller waiting for a chunk that never comes.
        let result = catch_unwind(AssertUnwindSafe(|| self.read(wanted)))
            .unwrap_or_else(|_| Err(Error::failed("a thread that reads panicked; this is a bug in Holdfast")));
        self.lock().ready.insert(position, result);
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
        while !state.stopped && state.claimed >= state.handed_out + self.window {
            state = self.wait(state);
        }
        if state.stopped {
            return None;
        }
        state.claimed += 1;
        state.wanted.next()
    }

    /// Waits for the chunk at this place in line.
    fn hand_out(&self, position: usize) -> Result<(usize, Vec<u8>)> {
        let mut state = self.lock();
        loop {
            if let Some(result) = state.ready.remove(&position) {
                state.handed_out = position + 1;
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
