//! The driver's errors in words that say what happened and what to do.

use std::error::Error as _;
use std::fmt;
use std::io;

use tokio_postgres::error::{DbError, SqlState};

use crate::error::Error;

/// Turns an error of the driver into ours; `doing` continues "error while …", such as `reading table "shop"."order"`.
pub fn describe_error(error: tokio_postgres::Error, doing: impl Into<String>) -> Error {
    let doing = doing.into();
    if let Some(server) = error.as_db_error() {
        return refused(format!("error while {doing}"), server);
    }
    if lost(&error) {
        return Error::database(format!("the server closed the connection while {doing}"))
            .hint("look for the reason in the server's log, then run it again");
    }
    let failure = Error::database(format!("error while {doing}"));
    match error.into_source() {
        Some(source) => failure.because(source),
        None => failure,
    }
}

/// The server's error code, where the error came from a server: for callers that can go on after some of them.
pub fn sqlstate(error: &Error) -> Option<&SqlState> {
    error.source()?.downcast_ref::<ServerMessage>().map(|message| message.0.code())
}

/// An error with what the server says as its cause, and our advice before the server's.
pub(super) fn refused(message: impl Into<String>, server: &DbError) -> Error {
    let failure = Error::database(message).because(ServerMessage(server.clone()));
    match advice(server.code()).or(server.hint()) {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}

/// Whether the connection is gone, in whichever way the network tells.
pub(super) fn lost(error: &tokio_postgres::Error) -> bool {
    error.is_closed()
        || input_output(error).is_some_and(|error| {
            matches!(
                error.kind(),
                io::ErrorKind::UnexpectedEof
                    | io::ErrorKind::ConnectionReset
                    | io::ErrorKind::ConnectionAborted
                    | io::ErrorKind::BrokenPipe
            )
        })
}

/// The operating system's error behind one of the driver's.
pub(super) fn input_output(error: &tokio_postgres::Error) -> Option<&io::Error> {
    error.source()?.downcast_ref()
}

/// What the server says, without the severity and the line breaks of its log format.
#[derive(Debug)]
struct ServerMessage(DbError);

impl fmt::Display for ServerMessage {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.0.message())?;
        for more in [self.0.detail(), self.0.where_()].into_iter().flatten() {
            write!(formatter, "; {}", more.replace('\n', "; "))?;
        }
        Ok(())
    }
}

impl std::error::Error for ServerMessage {}

/// What to do about the errors that people meet.
fn advice(code: &SqlState) -> Option<&'static str> {
    let known: [(&SqlState, &str); 16] = [
        (&SqlState::INVALID_PASSWORD, "check the user and the password"),
        (
            &SqlState::INVALID_AUTHORIZATION_SPECIFICATION,
            "check sslcert and the user, and what the server's pg_hba.conf asks of them",
        ),
        (&SqlState::INVALID_CATALOG_NAME, "check the name of the database, or create it"),
        (&SqlState::TOO_MANY_CONNECTIONS, "run fewer jobs, close other connections, or raise max_connections"),
        (&SqlState::CANNOT_CONNECT_NOW, "the server is starting or stopping; wait a moment and run it again"),
        (&SqlState::ADMIN_SHUTDOWN, "an administrator stopped the server or this session; run it again"),
        (&SqlState::CRASH_SHUTDOWN, "the server stopped after a crash; look at its log, then run it again"),
        (&SqlState::DATABASE_DROPPED, "somebody dropped the database meanwhile"),
        (
            &SqlState::LOCK_NOT_AVAILABLE,
            "another session holds the lock; run it at a quieter time, or raise the lock timeout",
        ),
        (&SqlState::T_R_DEADLOCK_DETECTED, "another session wanted the same locks; run it again at a quieter time"),
        (&SqlState::INSUFFICIENT_PRIVILEGE, "grant the right to the user, or use the owner of the object"),
        (&SqlState::DISK_FULL, "free space on the server's disk"),
        (&SqlState::QUERY_CANCELED, "a timeout or an administrator stopped the statement; check statement_timeout"),
        (&SqlState::OUT_OF_MEMORY, "if it is shared memory, raise max_locks_per_transaction on the server"),
        (
            &SqlState::CHARACTER_NOT_IN_REPERTOIRE,
            "the database has another encoding than these bytes; use one with the encoding that the backup's database had \
             (CREATE DATABASE … ENCODING … TEMPLATE template0)",
        ),
        (&SqlState::READ_ONLY_SQL_TRANSACTION, "check that the host is the primary server and not a standby"),
    ];
    known.iter().find(|(state, _)| *state == code).map(|(_, hint)| *hint)
}
