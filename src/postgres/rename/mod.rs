//! Statements of a backup under other schema names, so that they can be executed beside live objects.
//!
//! A name before a dot is taken for a schema's, also in literals that are cast to `regclass` and its kind, in function
//! bodies and in dynamic SQL. Where a literal may or may not mean a live object, the statement is refused.

pub(super) mod lexer;

use std::collections::{BTreeMap, HashSet};

use self::lexer::{Kind, Token, tokens};
use super::quote::{identifier, identifiers, literal};
use crate::error::{Error, Result};
use crate::manifest::Object;

/// Types whose literals are names.
const NAME_TYPES: [&str; 9] = [
    "regclass",
    "regtype",
    "regproc",
    "regprocedure",
    "regoper",
    "regoperator",
    "regconfig",
    "regdictionary",
    "regcollation",
];

/// Languages whose code is SQL enough for a body to be read as such.
const SQL_LANGUAGES: [&str; 2] = ["sql", "plpgsql"];

/// What is in no schema, so that there is only the live one.
const WITHOUT_SCHEMA: [&str; 10] = [
    "language",
    "access method",
    "large object",
    "foreign data wrapper",
    "server",
    "user mapping",
    "publication",
    "publication table",
    "publication schema",
    "subscription",
];

/// What is as its types are; there is only the live one of those that comments are about.
const OF_TYPES: [&str; 2] = ["cast", "transform"];

/// Other names for schemas.
#[derive(Debug, Default)]
pub(super) struct Renaming {
    /// Each schema's other name.
    pub schemas: BTreeMap<String, String>,
    /// Names with their schemas that mean what is there already: members of extensions.
    pub kept: HashSet<(String, String)>,
    /// Extensions that are there already.
    pub extensions: HashSet<String>,
}

impl Renaming {
    /// The other name of a schema, or its own.
    pub(super) fn schema<'a>(&'a self, schema: &'a str) -> &'a str {
        self.schemas.get(schema).map_or(schema, String::as_str)
    }

    /// A path under the other names. What an extension has brought stays in the live schema, which follows its own.
    pub(super) fn path(&self, schemas: &[impl AsRef<str>]) -> Vec<String> {
        let mut path = Vec::new();
        for schema in schemas.iter().map(AsRef::as_ref) {
            path.push(self.schema(schema).to_owned());
            if self.schemas.contains_key(schema) && self.kept.iter().any(|(kept, _)| kept == schema) {
                path.push(schema.to_owned());
            }
        }
        path
    }

    /// Whether an object can be made a second time beside the live one.
    pub(super) fn takes(&self, object: &Object) -> bool {
        match object.kind.as_str() {
            "extension" => !self.extensions.contains(&object.name),
            // There is one database, the live one, and one copy of an extension.
            "database"
            | "database setting"
            | "database comment"
            | "database acl"
            | "role setting"
            | "extension data"
            | "extension addition"
            | "alteration"
            | "materialized views again" => false,
            "operator family member" => {
                object.schema.as_ref().is_some_and(|schema| self.schemas.contains_key(schema))
                    || self.is_mentioned(&object.name)
            }
            kind if OF_TYPES.contains(&kind) => self.is_mentioned(&object.name),
            // A module may do more with a label than keep it.
            "security label" => false,
            // Objects that need these find the live ones.
            _ => ["extension"].iter().chain(&WITHOUT_SCHEMA).chain(&OF_TYPES).all(|kind| !object.is_about(kind)),
        }
    }

    /// The statements of an object under the other names; an error where that cannot be told for sure.
    pub(super) fn statement(&self, object: &Object, sql: &str) -> Result<String> {
        let reading = if object.kind == "comment" { Literals::Texts } else { Literals::Suspicious };
        self.rewritten(sql, reading).map_err(|survivor| {
            Error::failed(format!(
                "{} {} cannot be rehearsed beside the live database: {survivor} may mean a live object",
                object.kind, object.name
            ))
            .hint("a role that may create databases (ALTER ROLE … CREATEDB) rehearses in a database of its own")
        })
    }

    fn rewritten(&self, sql: &str, literals: Literals) -> std::result::Result<String, String> {
        let tokens = tokens(sql);
        let mut rewriter = Rewriter { renaming: self, tokens: &tokens, literals, context: Context::Plain };
        (0..tokens.len()).map(|place| rewriter.token(place)).collect()
    }

    /// A text for people under the other names.
    pub(super) fn names(&self, text: &str) -> String {
        self.rewritten(text, Literals::Texts).unwrap_or_else(|_| text.to_owned())
    }

    /// Whether a text, read as SQL, names something in one of the schemas.
    fn is_mentioned(&self, text: &str) -> bool {
        self.rewritten(text, Literals::Texts).is_ok_and(|rewritten| rewritten != text)
    }
}

/// What literals may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Literals {
    /// Names of objects, perhaps: those that look like it are an error.
    Suspicious,
    /// Text for people.
    Texts,
}

/// What the words before say about the next one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Context {
    Plain,
    /// Behind `search_path`: names stand for schemas, in quotes of either kind.
    SearchPath,
    /// The same, of a path that the backup itself sets for one statement.
    OwnPath,
    /// Behind `EXECUTE` and `RAISE`: literals are SQL, or tell people of it.
    Dynamic,
}

struct Rewriter<'a> {
    renaming: &'a Renaming,
    tokens: &'a [Token<'a>],
    literals: Literals,
    context: Context,
}

impl Rewriter<'_> {
    fn token(&mut self, place: usize) -> std::result::Result<String, String> {
        let token = &self.tokens[place];
        self.enter(place);
        match token.kind {
            Kind::Word | Kind::Quoted => Ok(self.name(place)),
            Kind::Literal => self.literal(place),
            Kind::Body => self.body(place),
            Kind::Sign | Kind::Space => Ok(token.text.to_owned()),
        }
    }

    fn enter(&mut self, place: usize) {
        let token = &self.tokens[place];
        if token.is_word("search_path") {
            let opens = self.tokens[..place].iter().filter(|token| token.kind != Kind::Space).count() == 1;
            self.context = if opens { Context::OwnPath } else { Context::SearchPath };
        } else if token.is_word("execute") || token.is_word("raise") {
            self.context = Context::Dynamic;
        } else if token.is_sign(";") {
            self.context = Context::Plain;
        } else if matches!(self.context, Context::SearchPath | Context::OwnPath) && token.is_name() {
            let listed = self.before(place).is_some_and(|before| {
                before.is_sign(",") || before.is_sign("=") || before.is_word("to") || before.is_word("search_path")
            });
            if !listed {
                self.context = Context::Plain;
            }
        }
    }

    fn name(&self, place: usize) -> String {
        let token = &self.tokens[place];
        let before = self.before(place);
        let Some(other) = self.renaming.schemas.get(token.value.as_ref()) else { return token.text.to_owned() };
        if before.is_some_and(|before| before.is_sign(".")) {
            return token.text.to_owned();
        }
        if self.context == Context::OwnPath {
            return identifiers(&self.renaming.path(&[&token.value]));
        }
        let dot = self.after(place).filter(|next| self.tokens[*next].is_sign("."));
        let qualifies = dot.is_some_and(|dot| {
            let named = self.after(dot).map_or("", |named| self.tokens[named].value.as_ref());
            !self.renaming.kept.contains(&(token.value.to_string(), named.to_owned()))
        });
        let follows_keyword = before.is_some_and(|before| before.is_word("schema") || before.is_word("exists"));
        let stands_alone = dot.is_none() && (follows_keyword || self.context == Context::SearchPath);
        if qualifies || stands_alone { identifier(other) } else { token.text.to_owned() }
    }

    fn literal(&self, place: usize) -> std::result::Result<String, String> {
        let token = &self.tokens[place];
        if self.context == Context::SearchPath {
            return Ok(self
                .renaming
                .schemas
                .get(token.value.as_ref())
                .map_or(token.text.to_owned(), |name| literal(name)));
        }
        if self.context == Context::Dynamic || self.is_cast_to_name(place) {
            let rewritten = self.renaming.rewritten(&token.value, self.literals)?;
            return Ok(if rewritten == token.value { token.text.to_owned() } else { literal(&rewritten) });
        }
        if self.literals == Literals::Suspicious && self.renaming.is_mentioned(&token.value) {
            return Err(token.text.to_owned());
        }
        Ok(token.text.to_owned())
    }

    fn is_cast_to_name(&self, place: usize) -> bool {
        let Some(cast) = self.after(place).filter(|next| self.tokens[*next].is_sign("::")) else { return false };
        let mut words = self.tokens[cast..].iter().skip(1).filter(|token| token.kind != Kind::Space);
        let mut named = words.next();
        if named.is_some_and(|token| token.value == "pg_catalog") {
            named = words.nth(1);
        }
        named.is_some_and(|token| token.is_name() && NAME_TYPES.contains(&token.value.as_ref()))
    }

    fn body(&self, place: usize) -> std::result::Result<String, String> {
        let token = &self.tokens[place];
        let tag = &token.text[..token.text.len().saturating_sub(token.value.len()) / 2];
        if !self.is_sql() {
            let body = token.value.to_lowercase();
            let mentioned = self.renaming.schemas.keys().any(|schema| body.contains(&schema.to_lowercase()));
            return if mentioned { Err("its code".to_owned()) } else { Ok(token.text.to_owned()) };
        }
        Ok(format!("{tag}{}{tag}", self.renaming.rewritten(&token.value, self.literals)?))
    }

    /// `DO` without a language is PL/pgSQL.
    fn is_sql(&self) -> bool {
        let mut words =
            self.tokens.iter().filter(|token| token.is_name()).skip_while(|token| !token.is_word("language"));
        words.nth(1).is_none_or(|language| SQL_LANGUAGES.contains(&language.value.as_ref()))
    }

    fn before(&self, place: usize) -> Option<&Token<'_>> {
        self.tokens[..place].iter().rev().find(|token| token.kind != Kind::Space)
    }

    fn after(&self, place: usize) -> Option<usize> {
        (place + 1..self.tokens.len()).find(|&next| self.tokens[next].kind != Kind::Space)
    }
}

/// The schema that `CREATE EXTENSION` puts an extension into.
pub(super) fn schema_of_extension(sql: &str) -> Option<String> {
    let tokens = tokens(sql);
    let mut names = tokens.iter().filter(|token| token.is_name()).skip_while(|token| !token.is_word("schema"));
    names.nth(1).map(|schema| schema.value.to_string())
}

/// Whether a text holds a backslash outside of quotes: no SQL does, but to `psql` it begins a command.
pub(super) fn has_command(text: &str) -> bool {
    text.contains('\\') && lexer::tokens(text).iter().any(|token| token.is_sign("\\"))
}

#[cfg(test)]
mod tests;
