//! Rows of `COPY … TO STDOUT` in buffers of the reader's own, past the driver, which would give them one by one.
//!
//! The reader lends the [`super::tap::Tap`] a buffer and gets it back when it is full or the COPY has ended. A tap that
//! has no buffer reads nothing, so a slow reader slows the server down.

use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use futures_util::future::{FusedFuture, MaybeDone, maybe_done};
use tokio_postgres::Client;

/// A buffer that came back.
#[derive(Debug, PartialEq, Eq)]
pub struct Filled {
    /// What was in it, then whole rows.
    pub data: Vec<u8>,
    /// Whether there is more of the same COPY.
    pub rest: Rest,
}

/// What follows the rows of a buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rest {
    /// More rows, or the end.
    Unread,
    /// Nothing: the COPY is complete.
    Nothing,
}

/// Where reader and tap meet.
#[derive(Debug, Default)]
pub(super) struct Counter(Mutex<Exchange>);

#[derive(Debug, Default)]
struct Exchange {
    mode: Mode,
    empty: Option<Loan>,
    filled: Option<Filled>,
    /// Whether a buffer was lent that has not come back.
    outstanding: bool,
    tap: Option<Waker>,
    reader: Option<Waker>,
}

/// What happens to the messages of a COPY.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Mode {
    /// They go to the driver like all others.
    #[default]
    Pass,
    /// Their rows go into the reader's buffers.
    Divert,
    /// The reader went away in the middle; nobody could tell whose rows come next.
    Broken,
}

/// A buffer to be filled.
#[derive(Debug)]
pub(super) struct Loan {
    pub(super) data: Vec<u8>,
    /// From this size on the buffer goes back at the end of a row.
    pub(super) enough: usize,
}

impl Counter {
    /// For the tap: what to do now, and the buffer where there is one; when that changes, the tap is woken.
    pub(super) fn look(&self, context: &Context<'_>) -> (Mode, Option<Loan>) {
        let mut exchange = self.lock();
        exchange.tap = Some(context.waker().clone());
        (exchange.mode, exchange.empty.take())
    }

    /// For the tap: keeps the buffer for the next look.
    pub(super) fn keep(&self, loan: Loan) {
        self.lock().empty = Some(loan);
    }

    /// For the tap: the buffer is full, or its COPY has ended.
    pub(super) fn give_back(&self, filled: Filled) {
        let mut exchange = self.lock();
        exchange.filled = Some(filled);
        if let Some(reader) = exchange.reader.take() {
            reader.wake();
        }
    }

    pub(super) fn lend(&self, loan: Loan) {
        let mut exchange = self.lock();
        exchange.empty = Some(loan);
        exchange.outstanding = true;
        exchange.wake_tap();
    }

    /// Once broken it stays so.
    pub(super) fn set(&self, mode: Mode) {
        let mut exchange = self.lock();
        if exchange.mode != Mode::Broken {
            exchange.mode = mode;
        }
        exchange.wake_tap();
    }

    /// For the reader: is woken when the buffer comes back.
    fn wake_reader(&self, context: &Context<'_>) {
        self.lock().reader = Some(context.waker().clone());
    }

    /// For the reader: what came back.
    pub(super) fn take_filled(&self) -> Option<Filled> {
        let mut exchange = self.lock();
        exchange.outstanding &= exchange.filled.is_none();
        exchange.filled.take()
    }

    fn lock(&self) -> MutexGuard<'_, Exchange> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Exchange {
    fn wake_tap(&mut self) {
        if let Some(tap) = self.tap.take() {
            tap.wake();
        }
    }
}

type Execution<'a> = Pin<Box<dyn Future<Output = Result<(), tokio_postgres::Error>> + Send + 'a>>;

/// Running statements, one or several of them `COPY … TO STDOUT`.
///
/// Dropped before [`CopyOut::finish`] has returned, it takes the connection with it.
pub struct CopyOut<'a> {
    counter: &'a Counter,
    execution: MaybeDone<Execution<'a>>,
}

impl<'a> CopyOut<'a> {
    pub(super) fn start(client: &'a Client, counter: &'a Arc<Counter>, statements: &'a str) -> Self {
        counter.set(Mode::Divert);
        Self { counter, execution: maybe_done(Box::pin(client.batch_execute(statements))) }
    }

    /// Appends rows of the current COPY to `data` until it holds `enough` bytes or the COPY ends; the next call then
    /// reads the next COPY.
    pub async fn fill(&mut self, data: Vec<u8>, enough: usize) -> Result<Filled, Interruption> {
        self.counter.lend(Loan { data, enough });
        std::future::poll_fn(|context| self.poll_filled(context)).await
    }

    fn poll_filled(&mut self, context: &mut Context<'_>) -> Poll<Result<Filled, Interruption>> {
        // The driver sees the end of the statements after the tap saw the rows: once they have ended, what has not
        // come will not come.
        let ended = self.execution.is_terminated() || Pin::new(&mut self.execution).poll(context).is_ready();
        self.counter.wake_reader(context);
        if let Some(filled) = self.counter.take_filled() {
            return Poll::Ready(Ok(filled));
        }
        if !ended {
            return Poll::Pending;
        }
        Poll::Ready(Err(match Pin::new(&mut self.execution).take_output() {
            Some(Err(error)) => Interruption::Failed(error),
            Some(Ok(())) | None => Interruption::NoRows,
        }))
    }

    /// Waits until the statements have ended; rows that were not read are an error.
    pub async fn finish(mut self) -> Result<(), tokio_postgres::Error> {
        let outstanding = self.counter.lock().outstanding;
        self.counter.set(if outstanding { Mode::Broken } else { Mode::Pass });
        if !self.execution.is_terminated() {
            Pin::new(&mut self.execution).await;
        }
        Pin::new(&mut self.execution).take_output().unwrap_or(Ok(()))
    }
}

impl Drop for CopyOut<'_> {
    fn drop(&mut self) {
        // Finished, it has set the mode already.
        if self.counter.lock().mode == Mode::Divert {
            self.counter.set(Mode::Broken);
        }
    }
}

impl fmt::Debug for CopyOut<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("CopyOut").finish_non_exhaustive()
    }
}

/// Why a buffer was not filled.
#[derive(Debug)]
pub enum Interruption {
    /// A statement failed, or the connection did.
    Failed(tokio_postgres::Error),
    /// All statements ended, and there was no further COPY among them.
    NoRows,
}
