//! The one error type: what happened, to what, and what to do next.
//!
//! Policy: a message names the object it is about; a hint says the next step in one sentence; the cause is kept as
//! `source`, never pasted into the message. No message or hint ever holds a password or a connection string.

use std::fmt;
use std::io::ErrorKind;

/// What everything in this crate returns.
pub type Result<T> = std::result::Result<T, Error>;

/// What a caller can do about an error; each kind has an exception in Python and an exit code on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The work failed and nothing was changed (exit code 1).
    Failed,
    /// The database could not be reached, refused us, or went away (exit code 1).
    Database,
    /// The database holds something that cannot be backed up (exit code 1).
    Unsupported,
    /// The request itself makes no sense: an unknown backup, table or option (exit code 2).
    Usage,
    /// There is no such backup, or more than one (exit code 2).
    NotFound,
    /// The backup is damaged, incomplete, foreign or newer than this program (exit code 3).
    BadBackup,
    /// A store could not be reached, refused us, or went away (exit code 1).
    Store,
    /// Something has this name already, and nothing is ever replaced (exit code 1).
    Exists,
    /// Another run holds the lock (exit code 4).
    Locked,
    /// The caller asked to stop: Ctrl-C or SIGTERM (exit code 1; nothing was changed).
    Interrupted,
}

/// An error with a message, a hint and a cause.
#[derive(Debug)]
pub struct Error {
    kind: Kind,
    message: String,
    hint: Option<String>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    /// An error of this kind; the message is a sentence without a full stop.
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), hint: None, source: None }
    }

    /// [`Kind::Failed`].
    pub fn failed(message: impl Into<String>) -> Self {
        Self::new(Kind::Failed, message)
    }

    /// [`Kind::Database`].
    pub fn database(message: impl Into<String>) -> Self {
        Self::new(Kind::Database, message)
    }

    /// [`Kind::Usage`].
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(Kind::Usage, message)
    }

    /// [`Kind::BadBackup`].
    pub fn bad_backup(message: impl Into<String>) -> Self {
        Self::new(Kind::BadBackup, message)
    }

    /// [`Kind::Interrupted`].
    pub fn interrupted() -> Self {
        Self::new(Kind::Interrupted, "interrupted")
    }

    /// What to do next, in one sentence.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// What caused it.
    #[must_use]
    pub fn because(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// What a caller can do about it.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// What happened, to what, with the chain of causes after colons.
    pub fn message(&self) -> String {
        let mut text = self.message.clone();
        let mut cause = std::error::Error::source(self);
        while let Some(error) = cause {
            let part = error.to_string();
            if !text.contains(&part) {
                text.push_str(": ");
                text.push_str(&part);
            }
            cause = error.source();
        }
        text
    }

    /// The one failure of a disk about which its user can do something.
    fn is_lack_of_room(&self) -> bool {
        let cause = self.source.as_ref().and_then(|source| source.downcast_ref::<std::io::Error>());
        cause.is_some_and(|error| {
            matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge)
        })
    }

    /// What to do next, where there is something to do.
    pub fn hint_text(&self) -> Option<&str> {
        self.hint.as_deref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_deref().map(|source| source as &(dyn std::error::Error + 'static))
    }
}

/// Adds what we were doing, and to what, to a foreign error.
pub trait Context<T> {
    /// Turns the error into a [`Kind::Failed`] with this message.
    fn context<M: Into<String>>(self, message: impl FnOnce() -> M) -> Result<T>;
}

impl<T, E: Into<Box<dyn std::error::Error + Send + Sync>>> Context<T> for std::result::Result<T, E> {
    fn context<M: Into<String>>(self, message: impl FnOnce() -> M) -> Result<T> {
        self.map_err(|source| {
            let error = Error::failed(message()).because(source);
            if error.is_lack_of_room() { error.hint("Make room on that disk; nothing was changed") } else { error }
        })
    }
}
