//! SQL cut into words, quoted names, literals, dollar quotes and the rest, as the server's scanner does.
//!
//! It never fails: what is not closed ends with the text, since any text may be asked what it would mean as SQL.

use std::borrow::Cow;

/// What operators are made of.
const OPERATOR: &[u8] = b"+-*/<>=~!@#%^&|`?";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::postgres) enum Kind {
    /// A bare identifier or keyword; its value is in lower case.
    Word,
    /// An identifier in double quotes.
    Quoted,
    /// A string, with or without backslash escapes.
    Literal,
    /// What stands between dollar quotes.
    Body,
    /// An operator, or any other sign.
    Sign,
    /// White space and comments.
    Space,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::postgres) struct Token<'a> {
    pub(in crate::postgres) kind: Kind,
    /// As it stands in the statement.
    pub(in crate::postgres) text: &'a str,
    /// What it means, without quotes and escapes.
    pub(in crate::postgres) value: Cow<'a, str>,
}

impl Token<'_> {
    pub(in crate::postgres) fn is_name(&self) -> bool {
        matches!(self.kind, Kind::Word | Kind::Quoted)
    }

    pub(in crate::postgres) fn is_word(&self, word: &str) -> bool {
        self.kind == Kind::Word && self.value == word
    }

    pub(in crate::postgres) fn is_sign(&self, sign: &str) -> bool {
        self.kind == Kind::Sign && self.value == sign
    }
}

pub(in crate::postgres) fn tokens(mut text: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    while !text.is_empty() {
        let (kind, length, value) = next(text);
        tokens.push(Token { kind, text: &text[..length], value });
        text = &text[length..];
    }
    tokens
}

fn next(text: &str) -> (Kind, usize, Cow<'_, str>) {
    let bytes = text.as_bytes();
    match bytes[0] {
        b' ' | b'\t' | b'\n' | b'\r' | 0x0b | 0x0c => {
            plain(Kind::Space, text, span(bytes, |byte| byte.is_ascii_whitespace() || byte == 0x0b))
        }
        b'-' if bytes.starts_with(b"--") => plain(Kind::Space, text, span(bytes, |byte| byte != b'\n')),
        b'/' if bytes.starts_with(b"/*") => plain(Kind::Space, text, comment(bytes)),
        b'"' => quoted(Kind::Quoted, text, 0),
        b'\'' => quoted(Kind::Literal, text, 0),
        b'e' | b'E' if bytes.get(1) == Some(&b'\'') => escaped(text),
        b'b' | b'B' | b'x' | b'X' | b'n' | b'N' if bytes.get(1) == Some(&b'\'') => quoted(Kind::Literal, text, 1),
        b'$' => dollar_quoted(text),
        byte if starts_name(byte) => {
            let length = span(bytes, |byte| starts_name(byte) || byte.is_ascii_digit() || byte == b'$');
            (Kind::Word, length, text[..length].to_lowercase().into())
        }
        byte if byte.is_ascii_digit() => {
            plain(Kind::Sign, text, span(bytes, |byte| byte.is_ascii_alphanumeric() || byte == b'.' || byte == b'_'))
        }
        byte if OPERATOR.contains(&byte) => plain(Kind::Sign, text, operator(bytes)),
        b':' if bytes.starts_with(b"::") => plain(Kind::Sign, text, 2),
        _ => plain(Kind::Sign, text, 1),
    }
}

fn plain(kind: Kind, text: &str, length: usize) -> (Kind, usize, Cow<'_, str>) {
    (kind, length, text[..length].into())
}

fn span(bytes: &[u8], belongs: impl Fn(u8) -> bool) -> usize {
    bytes.iter().position(|byte| !belongs(*byte)).unwrap_or(bytes.len())
}

fn starts_name(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_' || byte >= 0x80
}

/// Comments nest.
fn comment(bytes: &[u8]) -> usize {
    let (mut depth, mut place) = (0_usize, 0);
    while place < bytes.len() {
        let rest = &bytes[place..];
        if rest.starts_with(b"/*") {
            (depth, place) = (depth + 1, place + 2);
        } else if rest.starts_with(b"*/") {
            (depth, place) = (depth - 1, place + 2);
            if depth == 0 {
                return place;
            }
        } else {
            place += 1;
        }
    }
    bytes.len()
}

/// An operator ends where a comment begins.
fn operator(bytes: &[u8]) -> usize {
    let length = span(bytes, |byte| OPERATOR.contains(&byte));
    (1..length).find(|&place| bytes[place..].starts_with(b"--") || bytes[place..].starts_with(b"/*")).unwrap_or(length)
}

/// Between quotes that stand for themselves when doubled; `start` is where the first one stands.
fn quoted(kind: Kind, text: &str, start: usize) -> (Kind, usize, Cow<'_, str>) {
    let quote = &text[start..=start];
    let doubled = quote.repeat(2);
    let inner = &text[start + 1..];
    let (mut end, mut place) = (inner.len(), 0);
    while let Some(found) = inner[place..].find(quote) {
        place += found;
        if inner[place..].starts_with(&doubled) {
            place += 2;
        } else {
            end = place;
            break;
        }
    }
    let value = &inner[..end];
    let value = if value.contains(&doubled) { value.replace(&doubled, quote).into() } else { value.into() };
    (kind, (start + 1 + end + 1).min(text.len()), value)
}

/// A literal with backslashes: those of the server's own output stand before quotes and backslashes alone.
fn escaped(text: &str) -> (Kind, usize, Cow<'_, str>) {
    let mut value = String::new();
    let mut characters = text.char_indices().skip(2).peekable();
    while let Some((place, character)) = characters.next() {
        match character {
            '\\' => value.extend(characters.next().map(|(_, escaped)| escaped)),
            '\'' if characters.peek().is_some_and(|(_, next)| *next == '\'') => {
                characters.next();
                value.push('\'');
            }
            '\'' => return (Kind::Literal, place + 1, value.into()),
            other => value.push(other),
        }
    }
    (Kind::Literal, text.len(), value.into())
}

fn dollar_quoted(text: &str) -> (Kind, usize, Cow<'_, str>) {
    let bytes = text.as_bytes();
    let tag_end = 1 + span(&bytes[1..], |byte| starts_name(byte) || byte.is_ascii_digit());
    let opens = bytes.get(tag_end) == Some(&b'$') && !bytes[1].is_ascii_digit();
    if !opens {
        return plain(Kind::Sign, text, 1);
    }
    let (tag, rest) = text.split_at(tag_end + 1);
    match rest.find(tag) {
        Some(end) => (Kind::Body, tag.len() * 2 + end, rest[..end].into()),
        None => (Kind::Body, text.len(), rest.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::{Kind, tokens};

    fn values(sql: &str, kind: Kind) -> Vec<String> {
        let tokens = tokens(sql);
        assert_eq!(tokens.iter().map(|token| token.text).collect::<String>(), sql);
        tokens.into_iter().filter(|token| token.kind == kind).map(|token| token.value.into_owned()).collect()
    }

    #[test]
    fn names_are_folded_unless_quoted() {
        assert_eq!(values("Select ünï.A_1$ \"Ab\"\"c\" x'ff'", Kind::Word), ["select", "ünï", "a_1$"]);
        assert_eq!(values("\"Ab\"\"c\".\"\"", Kind::Quoted), ["Ab\"c", ""]);
    }

    #[test]
    fn literals_lose_their_quotes_and_escapes() {
        assert_eq!(values(r"'it''s' E'a\'b\\' B'01' e'x''y' '\'", Kind::Literal), ["it's", r"a'b\", "01", "x'y", r"\"]);
    }

    #[test]
    fn dollar_quotes_and_parameters_are_told_apart() {
        assert_eq!(values("$1 $a$ '$b$' $a$ $$x$$", Kind::Body), [" '$b$' ", "x"]);
        assert_eq!(values("a$b$c", Kind::Word), ["a$b$c"]);
    }

    #[test]
    fn comments_are_space_and_nest() {
        assert_eq!(values("a /* b /* c */ d */ e -- f\ng +-- h", Kind::Word), ["a", "e", "g"]);
    }

    #[test]
    fn what_is_not_closed_ends_with_the_text() {
        for text in ["'it", "\"it", "E'it\\", "$a$ it", "/* it", "it's 5 o'clock", "$", "'", "E'"] {
            assert_eq!(tokens(text).iter().map(|token| token.text).collect::<String>(), text);
        }
    }
}
