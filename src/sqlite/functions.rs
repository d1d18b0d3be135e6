//! Functions that the application gave its own connections and that we do not have.
//!
//! Django adds `REGEXP`, `django_date_extract` and many more, and they may stand in constraints, indexes and
//! generated columns. Statements that only name them compile with a stand-in.

use rusqlite::Connection;
use rusqlite::functions::FunctionFlags;
use rusqlite::types::Null;

/// What a stand-in does when it is called after all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StandIn {
    /// For statements that read: the value is of no interest.
    Null,
    /// For statements that write: a wrong value in an index would be worse than an error.
    Failure,
}

/// More different functions than any schema uses; beyond it something else is wrong.
const LIMIT: usize = 200;

/// Runs the work again with a stand-in for each function that it misses.
pub(super) fn with_stand_ins<T>(
    connection: &Connection,
    kind: StandIn,
    mut work: impl FnMut(&Connection) -> rusqlite::Result<T>,
) -> rusqlite::Result<T> {
    for _ in 0..LIMIT {
        match work(connection) {
            Err(error) => match missing_function(&error) {
                Some(name) => stand_in(connection, kind, &name)?,
                None => return Err(error),
            },
            done => return done,
        }
    }
    work(connection)
}

fn stand_in(connection: &Connection, kind: StandIn, name: &str) -> rusqlite::Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC | FunctionFlags::SQLITE_INNOCUOUS;
    let message = format!("{name}() exists in the application only");
    connection.create_scalar_function(name, -1, flags, move |_| match kind {
        StandIn::Null => Ok(Null),
        StandIn::Failure => Err(rusqlite::Error::UserFunctionError(message.clone().into())),
    })
}

/// SQLite has no code for it, only two sentences.
fn missing_function(error: &rusqlite::Error) -> Option<String> {
    let (rusqlite::Error::SqliteFailure(_, Some(message)) | rusqlite::Error::SqlInputError { msg: message, .. }) =
        error
    else {
        return None;
    };
    let after = |phrase: &str| message.split_once(phrase).map(|(_, name)| name.to_owned());
    after("no such function: ").or_else(|| after("unknown function: ").map(|name| name.replace("()", "")))
}
