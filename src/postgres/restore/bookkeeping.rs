//! What servers keep for themselves in options of columns, taken out of the statements of earlier backups, which hold it:
//! no other server takes it, and views take no such options from anybody.

use std::borrow::Cow;

use crate::postgres::ddl::options::BOOKKEEPING;
use crate::postgres::rename::lexer::{Kind, Token, tokens};

/// These statements without it; one that sets nothing else is none.
pub(super) fn left_out(sql: &str) -> Cow<'_, str> {
    if !BOOKKEEPING.iter().any(|name| sql.contains(name)) {
        return sql.into();
    }
    tokens(sql).split_inclusive(|token| token.is_sign(";")).map(statement).collect::<String>().into()
}

/// Only what sets options of a column is looked into: elsewhere the same words may be anything.
fn statement(tokens: &[Token<'_>]) -> String {
    let text = |tokens: &[Token<'_>]| tokens.iter().map(|token| token.text).collect::<String>();
    let whole = || text(tokens);
    let Some((opening, closing)) = options(tokens) else { return whole() };
    let (mut kept, mut taken) = (Vec::new(), false);
    for option in tokens[opening + 1..closing].split(|token| token.is_sign(",")) {
        let name = option.iter().find(|token| token.is_name());
        if name.is_some_and(|name| BOOKKEEPING.contains(&name.value.as_ref())) {
            taken = true;
        } else {
            kept.push(text(option).trim().to_owned());
        }
    }
    match kept.as_slice() {
        _ if !taken => whole(),
        [] => String::new(),
        kept => format!("{}{}{}", text(&tokens[..=opening]), kept.join(", "), text(&tokens[closing..])),
    }
}

/// Where the parentheses of `ALTER … ALTER COLUMN … SET (…);` stand.
fn options(tokens: &[Token<'_>]) -> Option<(usize, usize)> {
    let meaningful: Vec<usize> = (0..tokens.len()).filter(|place| tokens[*place].kind != Kind::Space).collect();
    let token = |place: usize| &tokens[meaningful[place]];
    let opens = |place: &usize| {
        token(*place).is_sign("(")
            && token(place - 1).is_word("set")
            && token(place - 2).is_name()
            && token(place - 3).is_word("column")
            && token(place - 4).is_word("alter")
    };
    let opening = (5..meaningful.len()).find(opens).filter(|_| token(0).is_word("alter"))?;
    let closing = meaningful.len().checked_sub(2).filter(|place| token(*place).is_sign(")"))?;
    (opening < closing).then(|| (meaningful[opening], meaningful[closing]))
}

#[cfg(test)]
mod tests {
    use super::left_out;

    #[test]
    fn a_statement_that_sets_nothing_else_is_none() {
        let create = "CREATE TABLE \"s\".\"t\" (\n    \"a\" integer\n);\n";
        let set = "ALTER TABLE ONLY \"s\".\"t\" ALTER COLUMN \"a\" SET (pg_attver = '2215');";
        assert_eq!(left_out(&format!("{create}{set}\n{set}\n")), create);
        let set = "ALTER MATERIALIZED VIEW \"s\".\"v\" ALTER COLUMN \"a\" SET (pg_attver = '2215');\n";
        assert_eq!(left_out(set), "\n");
    }

    #[test]
    fn other_options_stay() {
        let set = |options| format!("ALTER FOREIGN TABLE \"s\".\"t\" ALTER COLUMN \"se;t\" SET ({options});\n");
        let kept = set("n_distinct = '-0.5', n_distinct_inherited = '3'");
        for options in [
            "pg_attver = '1', n_distinct = '-0.5', n_distinct_inherited = '3'",
            "n_distinct = '-0.5', pg_attver = '1', n_distinct_inherited = '3'",
            "n_distinct = '-0.5', n_distinct_inherited = '3', \"pg_attver\" = '1'",
        ] {
            assert_eq!(left_out(&set(options)), kept);
        }
    }

    #[test]
    fn the_same_words_elsewhere_stay() {
        for sql in [
            "CREATE VIEW \"v\" AS\n SELECT (pg_attver = '1') AS x FROM t;\n",
            "ALTER TABLE ONLY \"t\" ALTER COLUMN \"c\" SET DEFAULT (pg_attver = '1');\n",
            "ALTER TABLE \"t\" ADD CONSTRAINT \"k\" CHECK (pg_attver = '1');\n",
            "COMMENT ON TABLE \"t\" IS 'ALTER TABLE ONLY t ALTER COLUMN c SET (pg_attver = ''1'');\n';\n",
            "DO $$BEGIN ALTER TABLE t ALTER COLUMN c SET (pg_attver = '1'); END$$;\n",
            "-- pg_attver\n",
        ] {
            assert_eq!(left_out(sql), sql);
        }
    }
}
