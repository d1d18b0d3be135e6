//! How far the work is: counters that producers bump and notices that they leave, read by the calling thread.
//!
//! Workers never call back; the thread that waits for them drains this ten times a second. The same object carries
//! the wish to stop in the other direction.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

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

/// Shared by all workers of one run.
#[derive(Debug, Default)]
pub struct Progress {
    rows: AtomicU64,
    bytes: AtomicU64,
    cancelled: AtomicBool,
    pending: Mutex<Vec<Event>>,
}

impl Progress {
    /// Begins a part of the work: counters start again at zero.
    pub fn stage(&self, name: &str, total_bytes: u64) {
        self.rows.store(0, Ordering::Relaxed);
        self.bytes.store(0, Ordering::Relaxed);
        self.push(Event::Stage {
            name: name.to_owned(),
            total_bytes,
        });
    }

    /// Counts work done.
    pub fn advance(&self, rows: u64, bytes: u64) {
        self.rows.fetch_add(rows, Ordering::Relaxed);
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Leaves a sentence for the user.
    pub fn notice(&self, text: impl Into<String>) {
        self.push(Event::Notice { text: text.into() });
    }

    /// Asks every worker to stop at its next step.
    pub fn cancel(&self) {
        self.cancelled.store(true, Ordering::Relaxed);
    }

    /// Fails with [`crate::Kind::Interrupted`] once [`Progress::cancel`] was called; workers ask between chunks.
    pub fn check(&self) -> Result<()> {
        if self.cancelled.load(Ordering::Relaxed) {
            return Err(Error::interrupted());
        }
        Ok(())
    }

    /// Takes what happened since the last call, the current counters last.
    pub fn drain(&self) -> Vec<Event> {
        let mut events = std::mem::take(&mut *self.pending.lock().unwrap_or_else(PoisonError::into_inner));
        events.push(Event::Progress {
            rows: self.rows.load(Ordering::Relaxed),
            bytes: self.bytes.load(Ordering::Relaxed),
        });
        events
    }

    fn push(&self, event: Event) {
        self.pending
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(event);
    }
}
