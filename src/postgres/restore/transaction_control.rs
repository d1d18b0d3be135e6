//! What no statement of a backup may do: end, or begin, the transaction in which a restore happens.
//!
//! A restore is done in one step or not at all, and a drill is rolled back. `COMMIT;` in the middle of a forged entry would
//! make an empty database of one that "stays as it was". We write no such statement, so that nobody's backup has one.
//! Procedures and DO blocks cannot do it either: the server refuses that inside of a transaction block.

use tokio_postgres::Client;

use crate::error::{Error, Result};
use crate::postgres::connect::describe_error;
use crate::postgres::rename::lexer::{Kind, Token, tokens};

/// Words that a statement begins with.
const CONTROL: [&str; 9] = ["abort", "begin", "commit", "end", "prepare", "release", "rollback", "savepoint", "start"];

/// Fails where one of the statements controls the transaction.
pub(super) fn refuse(what: &str, sql: &str) -> Result<()> {
    let Some(word) = control(sql) else { return Ok(()) };
    Err(Error::bad_backup(format!("the backup holds {} among the statements of {what}", word.to_uppercase())).hint(
        "No backup that Holdfast made holds that: somebody has changed it. Nothing was changed; choose another one",
    ))
}

/// Whether the server could read it in another way than we do: backslashes in plain literals mean nothing, or escape.
pub(super) fn is_ambiguous(sql: &str) -> bool {
    let plain = |token: &Token| token.kind == Kind::Literal && !token.text.starts_with(['e', 'E']);
    sql.contains('\\') && tokens(sql).iter().any(|token| plain(token) && token.text.contains('\\'))
}

/// Sent before what [`is_ambiguous`]: an earlier statement may have changed how literals are read.
pub(super) async fn read_as_we_do(client: &Client) -> Result<()> {
    let set = client.batch_execute("SET standard_conforming_strings = on").await;
    set.map_err(|error| describe_error(error, "preparing the session"))
}

fn control(sql: &str) -> Option<&'static str> {
    let tokens = tokens(sql);
    let mut meant = tokens.iter().filter(|token| token.kind != Kind::Space).peekable();
    let mut body = Body::default();
    let mut is_first = true;
    while let Some(token) = meant.next() {
        let begins_body = token.is_word("begin") && meant.peek().is_some_and(|next| next.is_word("atomic"));
        let control = CONTROL.into_iter().find(|word| token.is_word(word));
        if is_first && !begins_body && control.is_some() {
            return control;
        }
        body.pass(token, begins_body);
        is_first = token.is_sign(";") && !body.is_open();
    }
    None
}

/// The body of a function in standard SQL, whose statements are no statements of their own.
#[derive(Default)]
struct Body {
    depth: usize,
}

impl Body {
    fn is_open(&self) -> bool {
        self.depth > 0
    }

    /// Only what begins with CREATE FUNCTION or PROCEDURE has one; elsewhere the server knows no BEGIN ATOMIC.
    fn pass(&mut self, token: &Token<'_>, begins: bool) {
        if begins || (self.is_open() && token.is_word("case")) {
            self.depth += 1;
        } else if self.is_open() && token.is_word("end") {
            self.depth -= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{control, is_ambiguous};

    #[test]
    fn transaction_control_is_found_at_top_level() {
        for sql in [
            "COMMIT",
            "commit;",
            "CREATE TABLE t (); COMMIT; SELECT 1/0;",
            "/* /* */ */ -- x\n Rollback",
            "SELECT 1;;;END",
            "SELECT ';' ; ABORT",
            "SELECT $a$;$a$; BEGIN",
            "START TRANSACTION",
            "SELECT 1; SAVEPOINT s",
            "RELEASE s",
            "PREPARE TRANSACTION 'x'",
            "SELECT E'\\''; COMMIT; --'",
            "SELECT U&'\\'; COMMIT; --'",
            "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; END; COMMIT",
            "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; END; COMMIT AND CHAIN",
        ] {
            assert!(control(sql).is_some(), "{sql}");
        }
    }

    #[test]
    fn what_only_looks_like_it_is_left_alone() {
        for sql in [
            "CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$ BEGIN COMMIT; END $$;",
            "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END;",
            "CREATE TABLE \"commit\" (begin int, \"end\" int);\nCOMMENT ON TABLE \"commit\" IS '; COMMIT;';",
            "DO $$ BEGIN PERFORM 1; EXCEPTION WHEN others THEN NULL; END $$;",
            "SELECT 1 -- ; COMMIT",
            "ALTER TABLE t ADD CHECK (a ~ '^;COMMIT$')",
            "CREATE VIEW v AS SELECT CASE WHEN a THEN 1 END AS start FROM t;",
        ] {
            assert_eq!(control(sql), None, "{sql}");
        }
    }

    #[test]
    fn only_backslashes_in_plain_literals_are_ambiguous() {
        assert!(is_ambiguous(r"SELECT '\'';COMMIT;--'"));
        assert!(is_ambiguous(r"CHECK (a ~ '\d+')"));
        assert!(!is_ambiguous(r"SELECT E'\\d', $$\$$"));
    }
}
