//! How far the work is: counters that producers bump and notices that they leave, read by the calling thread.
//!
//! Workers never call back; the thread that waits for them drains this ten times a second. The same object carries
//! the wish to stop in the other direction.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;

use crate::error::{Error, Result};

/// What a caller is told while it waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// A new part of the work began; totals are zero where they are not known.
    Stage {
        /// In the words of the user: "reading", "loading", "checking".
        name: String,
        /// Uncompressed bytes expected in this stage.
        total_bytes: u64,
    },
    /// Counters of the current stage.
    Progress {
        /// Rows so far.
        rows: u64,
        /// Uncompressed bytes so far.
        bytes: u64,
    },
    /// Something the user should know that is no error.
    Notice {
        /// One sentence.
        text: String,
    },
}

/// Shared by all workers of one run: a clone is the same one.
#[derive(Debug, Default, Clone)]
pub struct Progress(Arc<Counters>);

#[derive(Debug, Default)]
struct Counters {
    rows: AtomicU64,
    bytes: AtomicU64,
    cancelled: AtomicBool,
    committing: AtomicBool,
    has_begun: AtomicBool,
    pending: Mutex<Vec<Event>>,
}

impl Progress {
    /// Begins a part of the work: counters start again at zero, and where they were in the end is told before.
    pub fn stage(&self, name: &str, total_bytes: u64) {
        if self.0.has_begun.swap(true, Ordering::Relaxed) {
            self.push(self.counters());
        }
        self.0.rows.store(0, Ordering::Relaxed);
        self.0.bytes.store(0, Ordering::Relaxed);
        self.push(Event::Stage { name: name.to_owned(), total_bytes });
    }

    /// Counts work done.
    pub fn advance(&self, rows: u64, bytes: u64) {
        self.0.rows.fetch_add(rows, Ordering::Relaxed);
        self.0.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Leaves a sentence for the user.
    pub fn notice(&self, text: impl Into<String>) {
        self.push(Event::Notice { text: text.into() });
    }

    /// Asks every worker to stop at its next step.
    pub fn cancel(&self) {
        self.0.cancelled.store(true, Ordering::SeqCst);
    }

    /// Fails with [`crate::Kind::Interrupted`] once [`Progress::cancel`] was called; workers ask between chunks.
    pub fn check(&self) -> Result<()> {
        if self.is_cancelled() {
            return Err(Error::interrupted());
        }
        Ok(())
    }

    /// Whether [`Progress::cancel`] was called.
    pub fn is_cancelled(&self) -> bool {
        self.0.cancelled.load(Ordering::SeqCst)
    }

    /// Begins what cannot be taken back; fails when the wish to stop came first.
    pub fn commit(&self) -> Result<()> {
        self.0.committing.store(true, Ordering::SeqCst);
        let result = self.check();
        if result.is_err() {
            self.0.committing.store(false, Ordering::SeqCst);
        }
        result
    }

    /// Whether the work has passed [`Progress::commit`]: from then on its end is waited for.
    pub fn is_committing(&self) -> bool {
        self.0.committing.load(Ordering::SeqCst)
    }

    /// Takes what happened since the last call, the current counters last.
    pub fn drain(&self) -> Vec<Event> {
        let mut events = std::mem::take(&mut *self.0.pending.lock().unwrap_or_else(PoisonError::into_inner));
        // Before the first stage whoever listens may be in one of their own.
        if self.0.has_begun.load(Ordering::Relaxed) {
            events.push(self.counters());
        }
        events
    }

    fn counters(&self) -> Event {
        Event::Progress { rows: self.0.rows.load(Ordering::Relaxed), bytes: self.0.bytes.load(Ordering::Relaxed) }
    }

    fn push(&self, event: Event) {
        self.0.pending.lock().unwrap_or_else(PoisonError::into_inner).push(event);
    }
}
