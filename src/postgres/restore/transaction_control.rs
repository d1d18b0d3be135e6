//! What no statement of a backup may do: end, or begin, the transaction in which a restore happens.
//!
//! A restore is done in one step or not at all, and a drill is rolled back. `COMMIT;` in the middle of a forged entry would
//! make an empty database of one that "stays as it was". We write no such statement, so that nobody's backup has one.
//! Procedures and DO blocks cannot do it either: the server refuses that inside of a transaction block.

use tokio_postgres::Client;

use crate::error::{Error, Result};
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

/// Executes statements of a backup that [`refuse`] has let pass.
pub(super) async fn execute(client: &Client, sql: &str) -> std::result::Result<(), tokio_postgres::Error> {
    // An earlier statement may have changed how literals are read.
    if is_ambiguous(sql) {
        client.batch_execute("SET standard_conforming_strings = on").await?;
    }
    client.batch_execute(sql).await
}

/// Whether the server could read it in another way than we do: backslashes in plain literals mean nothing, or escape.
fn is_ambiguous(sql: &str) -> bool {
    let plain = |token: &Token| token.kind == Kind::Literal && !token.text.starts_with(['e', 'E']);
    sql.contains('\\') && tokens(sql).iter().any(|token| plain(token) && token.text.contains('\\'))
}

fn control(sql: &str) -> Option<&'static str> {
    let tokens = tokens(sql);
    let mut meant = tokens.iter().filter(|token| token.kind != Kind::Space).peekable();
    let mut statement = Statement::default();
    while let Some(token) = meant.next() {
        let control = CONTROL.into_iter().find(|word| token.is_word(word));
        if statement.words == 0 && control.is_some() {
            return control;
        }
        statement.pass(token, meant.peek().is_some_and(|next| next.is_word("atomic")));
    }
    None
}

/// How far a statement has been read.
#[derive(Default)]
struct Statement {
    words: usize,
    /// Whether it makes a function or a procedure: nothing else has a body in standard SQL, whose statements are none of
    /// their own. Elsewhere `begin atomic` is a column and its type, or an argument's.
    makes_routine: bool,
    parentheses: usize,
    /// Of the body and of each CASE in it.
    depth: usize,
}

impl Statement {
    fn pass(&mut self, token: &Token<'_>, before_atomic: bool) {
        let is_open = self.depth > 0;
        if token.is_sign(";") && !is_open {
            *self = Self::default();
            return;
        }
        self.words += 1;
        // CREATE FUNCTION, or CREATE OR REPLACE FUNCTION.
        self.makes_routine |=
            (2..=4).contains(&self.words) && (token.is_word("function") || token.is_word("procedure"));
        match token.value.as_ref() {
            "(" if token.kind == Kind::Sign => self.parentheses += 1,
            ")" if token.kind == Kind::Sign => self.parentheses = self.parentheses.saturating_sub(1),
            "begin" if token.kind == Kind::Word => {
                let begins_body = before_atomic && self.makes_routine && self.parentheses == 0 && !is_open;
                self.depth += usize::from(begins_body);
            }
            "case" if token.kind == Kind::Word && is_open => self.depth += 1,
            "end" if token.kind == Kind::Word && is_open => self.depth -= 1,
            _ => {}
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
            "CREATE TABLE t (begin atomic); COMMIT; SELECT 1/0",
            "CREATE FUNCTION f(begin atomic) RETURNS int LANGUAGE sql AS 'SELECT 1'; COMMIT",
            "CREATE TABLE function (a int, begin atomic); ROLLBACK",
            "BEGIN ATOMIC; COMMIT",
        ] {
            assert!(control(sql).is_some(), "{sql}");
        }
    }

    #[test]
    fn what_only_looks_like_it_is_left_alone() {
        for sql in [
            "CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$ BEGIN COMMIT; END $$;",
            "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END;",
            "CREATE OR REPLACE PROCEDURE p(begin int) BEGIN ATOMIC INSERT INTO t VALUES (CASE WHEN a THEN 1 END); END;",
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
