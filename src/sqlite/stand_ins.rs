//! Functions and collations that the application gave its own connections and that we do not have.
//!
//! Django adds `REGEXP`, `django_date_extract` and many more, and they may stand in constraints, indexes and
//! generated columns; so may collations. Statements that only name them compile with a stand-in.

use rusqlite::Connection;
use rusqlite::functions::FunctionFlags;
use rusqlite::types::Null;

use super::said;

/// What stands in, by what the statement does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StandIn {
    /// It reads rows one after another: neither a function's value nor the order of a collation is of interest.
    Scan,
    /// It looks rows up: under another order it would not find them, so there is nothing for a collation.
    LookUp,
    /// It makes definitions or removes all rows: a wrong value in an index would be worse than an error.
    Define,
    /// It sorts rows into new pages: a wrong order in an index would be worse than an error, too.
    Rewrite,
}

/// More different names than any schema uses; beyond it something else is wrong.
const LIMIT: usize = 200;

/// Runs the work again with a stand-in for each function and collation that it misses.
///
/// They stay with the connection: nothing that looks up or sorts may use it afterwards.
pub(super) fn with_stand_ins<T>(
    connection: &Connection,
    kind: StandIn,
    mut work: impl FnMut(&Connection) -> rusqlite::Result<T>,
) -> rusqlite::Result<T> {
    if matches!(kind, StandIn::Scan | StandIn::Define) {
        // Asked for, and not taken from an error: SQLite says "no query solution" of some tables instead.
        connection.collation_needed(|connection, name| connection.create_collation(name, str::cmp))?;
    }
    for _ in 0..LIMIT {
        match work(connection) {
            Err(error) => match missing_function(&error) {
                Some(name) => function(connection, kind, &name)?,
                None => return Err(error),
            },
            done => return done,
        }
    }
    work(connection)
}

/// Lets the statement, which reads rows one after another, compile on this connection from now on.
pub(super) fn prepare_for(connection: &Connection, sql: &str) -> rusqlite::Result<()> {
    with_stand_ins(connection, StandIn::Scan, |connection| connection.prepare(sql).map(drop))
}

/// The collation that a statement failed for.
pub(super) fn missing_collation(error: &rusqlite::Error) -> Option<String> {
    said(error).split_once("no such collation sequence: ").map(|(_, name)| name.to_owned())
}

fn function(connection: &Connection, kind: StandIn, name: &str) -> rusqlite::Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC | FunctionFlags::SQLITE_INNOCUOUS;
    let message = format!("{name}() exists in the application only");
    connection.create_scalar_function(name, -1, flags, move |_| match kind {
        StandIn::Scan | StandIn::LookUp => Ok(Null),
        StandIn::Define | StandIn::Rewrite => Err(rusqlite::Error::UserFunctionError(message.clone().into())),
    })
}

/// SQLite has no code for it, only two sentences.
fn missing_function(error: &rusqlite::Error) -> Option<String> {
    let message = said(error);
    let after = |phrase: &str| message.split_once(phrase).map(|(_, name)| name.to_owned());
    after("no such function: ").or_else(|| after("unknown function: ").map(|name| name.replace("()", "")))
}
