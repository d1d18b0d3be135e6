//! Comparisons of rows: the server writes one operator for all columns, with the schema of the first one's. Where that is
//! not `pg_catalog`, no other column may have one of the system's; so the schema is left to the `search_path`.

/// The text of an expression or a query, in which no operator between rows has a schema.
pub(super) fn without_schemas(sql: &str) -> String {
    let mut text = String::with_capacity(sql.len());
    let mut open: Vec<Parenthesis> = Vec::new();
    let mut rest = sql;
    while let Some(character) = rest.chars().next() {
        let token = match character {
            '\'' | '"' => quoted(rest, character),
            _ => character.len_utf8(),
        };
        match character {
            '(' => open.push(Parenthesis { is_row: begins_row(&text), has_comma: false }),
            ',' => {
                if let Some(parenthesis) = open.last_mut() {
                    parenthesis.has_comma = true;
                }
            }
            _ => {}
        }
        text.push_str(&rest[..token]);
        rest = &rest[token..];
        if character == ')'
            && open.pop().is_some_and(|parenthesis| parenthesis.is_row && parenthesis.has_comma)
            && let Some((operator, behind)) = operator(rest)
        {
            text.push(' ');
            text.push_str(operator);
            rest = behind;
        }
    }
    text
}

struct Parenthesis {
    is_row: bool,
    has_comma: bool,
}

/// Behind a name stand the arguments of a function, or the columns of something.
fn begins_row(before: &str) -> bool {
    let name = |character: char| character.is_alphanumeric() || matches!(character, '_' | '$' | '"');
    !before.ends_with(name) || before.strip_suffix("ROW").is_some_and(|before| !before.ends_with(name))
}

/// The length of a literal or of a quoted name: what stands twice in it ends it and begins it again.
fn quoted(text: &str, quote: char) -> usize {
    text[1..].find(quote).map_or(text.len(), |end| end + 2)
}

/// The bare operator of ` OPERATOR(schema.=)`, and what follows.
fn operator(text: &str) -> Option<(&str, &str)> {
    let named = text.strip_prefix(" OPERATOR(")?;
    let dot = if named.starts_with('"') { named.find("\".")? + 1 } else { named.find('.')? };
    let (operator, behind) = named[dot + 1..].split_once(')')?;
    Some((operator, behind))
}

#[cfg(test)]
mod tests {
    use super::without_schemas;

    #[test]
    fn operators_between_rows_lose_their_schema() {
        let becomes = |sql: &str, expected: &str| assert_eq!(without_schemas(sql), expected);
        becomes("((a, 'x)'::text) OPERATOR(public.=) ANY ( SELECT", "((a, 'x)'::text) = ANY ( SELECT");
        becomes("(ROW(a, f(b, c)) OPERATOR(\"a b\".<) ROW(1, 2))", "(ROW(a, f(b, c)) < ROW(1, 2))");
    }

    #[test]
    fn all_others_keep_it() {
        for sql in [
            "(f(a, b) OPERATOR(public.=) c)",
            "(\"F\"(a, b) OPERATOR(public.=) c)",
            "((a) OPERATOR(public.=) c)",
            "'(a, b) OPERATOR(public.=) c'",
            "(arrow(a, b) OPERATOR(public.=) c)",
        ] {
            assert_eq!(without_schemas(sql), sql);
        }
    }
}
