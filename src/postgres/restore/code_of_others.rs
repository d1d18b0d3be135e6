//! Code of others that a restore would run with rights that they do not have.
//!
//! To fill a table or to build an index the server calls functions: those of generated columns, checks, domains, indexes and
//! materialized views. While a backup is restored they all run as the role that restores. Where that is a superuser, who
//! owns one of these functions would be one, too, for a moment that is long enough; and a trial beside the live objects
//! would run them on those. Which functions a function calls nobody knows, so that all of them count as soon as one is run.

use std::collections::{BTreeMap, BTreeSet};

use tokio_postgres::Client;

use crate::archive::Archive;
use crate::error::{Error, Result};
use crate::manifest::{Manifest, Object};
use crate::postgres::connect::describe_error;
use crate::postgres::rename::lexer::{Kind, Token, tokens};

use super::load::{chunk_of, statement};
use super::{MATERIALIZED_VIEW_DATA, OWNER};

/// Where the code would run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::postgres) enum Runs {
    /// In the place of what it replaces, or in a database of its own.
    Apart,
    /// In schemas beside the live ones.
    BesideLiveObjects,
}

/// What is code, and may be run by what is filled or built.
const CODE: [&str; 7] =
    ["function", "procedure", "aggregate", "operator", "operator class", "operator family", "domain"];

/// What is filled or built, and may run code.
const RUNS: [&str; 8] = [
    "table",
    "domain",
    "check constraint",
    "constraint",
    "index",
    "statistics",
    "materialized view",
    MATERIALIZED_VIEW_DATA,
];

/// Fails where code of roles that are no superusers, and not among those that are trusted, would run with the rights of a
/// superuser, or beside the live objects.
pub(in crate::postgres) async fn refuse(
    client: &Client,
    archive: &Archive,
    trusted: &[String],
    runs: Runs,
) -> Result<()> {
    let session = Session::of(client).await?;
    if !session.is_superuser && runs == Runs::Apart {
        return Ok(());
    }
    let owners = owners(archive)?;
    let names: BTreeSet<&str> = owners.values().map(String::as_str).collect();
    let lesser = lesser(client, names.into_iter().filter(|name| !trusted.iter().any(|role| role == name))).await?;
    let owned: BTreeMap<u32, &str> = owners
        .iter()
        .filter(|(_, owner)| lesser.contains(owner.as_str()))
        .map(|(object, owner)| (*object, owner.as_str()))
        .collect();
    if owned.is_empty() {
        return Ok(());
    }
    let found = code(client, archive, &owned).await?;
    if found.is_empty() { Ok(()) } else { Err(session.refusal(runs, &found)) }
}

/// What a plan says where a superuser restores.
pub(super) async fn warning(client: &Client) -> Result<Option<String>> {
    let Session { role, is_superuser } = Session::of(client).await?;
    Ok(is_superuser.then(|| {
        format!("{role} is a superuser, and what the backup's tables, indexes and views call runs with all its rights")
    }))
}

struct Session {
    role: String,
    /// SET ROLE can be undone by the code that runs.
    is_superuser: bool,
}

impl Session {
    async fn of(client: &Client) -> Result<Self> {
        let row = client
            .query_one(
                "SELECT session_user::text, pg_catalog.bool_or(rolsuper) FROM pg_catalog.pg_roles \
                 WHERE rolname IN (current_user, session_user)",
                &[],
            )
            .await
            .map_err(|error| describe_error(error, "reading the rights of the role"))?;
        Ok(Self { role: row.get(0), is_superuser: row.get(1) })
    }

    fn refusal(&self, runs: Runs, found: &[(&Object, &str)]) -> Error {
        let (first, owner) = found[0];
        let more = if found.len() > 1 { format!(", and {} more", found.len() - 1) } else { String::new() };
        let owners: BTreeSet<&str> = found.iter().map(|(_, owner)| *owner).collect();
        let flags: Vec<String> = owners.into_iter().map(|owner| format!("--trust-role {owner}")).collect();
        let flags = flags.join(" ");
        let what = format!("{} {} of {owner}{more}", first.kind, first.label());
        match runs {
            Runs::Apart => Error::failed(format!(
                "code that others own would run with all rights of the superuser {}: {what}",
                self.role
            ))
            .hint(format!(
                "Restore as a role without superuser rights, over a connection of its own (USER in DATABASES); or, if you know \
                 that code, accept it: {flags}"
            )),
            Runs::BesideLiveObjects => Error::failed(format!(
                "code that others own would run beside the live objects, and could change them: {what}"
            ))
            .hint(format!(
                "Let an administrator run ALTER ROLE {} CREATEDB, so that a drill has a database of its own; or, if you know \
                 that code, accept it: {flags}",
                self.role
            )),
        }
    }
}

/// The owner of each object, as the backup would set it.
fn owners(archive: &Archive) -> Result<BTreeMap<u32, String>> {
    let mut owners = BTreeMap::new();
    let mut at_hand: Option<(u32, Vec<u8>)> = None;
    for object in archive.manifest.objects.iter().filter(|object| object.kind == OWNER) {
        // What is not in the backup itself is nobody's code.
        let Some(owned) = object.needs.first() else { continue };
        let chunk = chunk_of(archive, object, at_hand.take())?;
        if let Some(owner) = owner(statement(object, &chunk)?) {
            owners.insert(*owned, owner);
        }
        at_hand = Some((object.chunk, chunk));
    }
    Ok(owners)
}

/// The role in `ALTER … OWNER TO role`, most often inside of a block that forgives a missing role.
fn owner(sql: &str) -> Option<String> {
    let tokens = tokens(sql);
    let meant: Vec<&Token<'_>> = tokens.iter().filter(|token| token.kind != Kind::Space).collect();
    let found = meant.windows(3).find(|three| three[0].is_word("owner") && three[1].is_word("to"));
    found.map(|three| three[2].value.as_ref().to_owned()).or_else(|| {
        let mut bodies = meant.iter().filter(|token| token.kind == Kind::Body);
        bodies.find_map(|body| owner(&body.value))
    })
}

/// Those of the roles that this server has and that are neither superusers nor we. A role that it does not have gains nothing
/// here; whether its code may be run is whether the backup is trusted at all.
async fn lesser<'a>(client: &Client, names: impl Iterator<Item = &'a str>) -> Result<BTreeSet<String>> {
    let names: Vec<&str> = names.collect();
    let rows = client
        .query(
            "SELECT rolname::text FROM pg_catalog.pg_roles WHERE rolname = ANY ($1::text[]) AND NOT rolsuper \
             AND rolname NOT IN (current_user, session_user)",
            &[&names],
        )
        .await
        .map_err(|error| describe_error(error, "reading the rights of owners"))?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

/// The code that would run, with its owners.
async fn code<'a>(
    client: &Client,
    archive: &'a Archive,
    theirs: &BTreeMap<u32, &'a str>,
) -> Result<Vec<(&'a Object, &'a str)>> {
    let manifest = &archive.manifest;
    let object = |index: u32| manifest.objects.get(index as usize);
    let is_code = |object: &Object| CODE.contains(&object.kind.as_str());
    let by_object = || theirs.iter().filter_map(|(index, owner)| object(*index).map(|object| (object, *owner)));
    let mut found: Vec<_> = by_object().filter(|(object, _)| is_code(object)).collect();
    if !found.is_empty() && !runs_code(manifest) {
        found.clear();
    }
    let tables = by_object().filter(|(object, _)| object.kind == "table");
    let tables: BTreeMap<u32, &str> = tables.filter_map(|(object, owner)| Some((object.table?, owner))).collect();
    // The system's own functions need no function of anybody's: `lo_export` in a check is enough.
    let dangerous = volatile(client).await?;
    let mut at_hand: Option<(u32, Vec<u8>)> = None;
    // A materialized view may read an ordinary one.
    let may_call = |object: &Object| RUNS.contains(&object.kind.as_str()) || object.kind == "view";
    for (index, runner) in (0..).zip(&manifest.objects).filter(|(_, object)| may_call(object)) {
        let of_table = || tables.get(&runner.table?);
        let Some(owner) = theirs.get(&index).or_else(of_table).copied() else { continue };
        let chunk = chunk_of(archive, runner, at_hand.take())?;
        if calls(statement(runner, &chunk)?, &dangerous) && !found.iter().any(|(known, _)| std::ptr::eq(*known, runner))
        {
            found.push((runner, owner));
        }
        at_hand = Some((runner.chunk, chunk));
    }
    Ok(found)
}

/// Whether anything that is filled or built needs code that is in the backup, be it by way of something else.
fn runs_code(manifest: &Manifest) -> bool {
    let mut seen = BTreeSet::new();
    let mut waiting: Vec<u32> = (0..)
        .zip(&manifest.objects)
        .filter(|(_, object)| RUNS.contains(&object.kind.as_str()))
        .map(|(index, _)| index)
        .collect();
    while let Some(index) = waiting.pop() {
        let Some(object) = manifest.objects.get(index as usize).filter(|_| seen.insert(index)) else { continue };
        if CODE.contains(&object.kind.as_str()) && object.kind != "domain" {
            return true;
        }
        waiting.extend(&object.needs);
    }
    false
}

/// The server's own functions that may do more than compute. Those that only tell the time or draw lots are in defaults and
/// views everywhere.
async fn volatile(client: &Client) -> Result<BTreeSet<String>> {
    let rows = client
        .query(
            "SELECT DISTINCT proname::text FROM pg_catalog.pg_proc WHERE provolatile = 'v' \
             AND pronamespace = 'pg_catalog'::pg_catalog.regnamespace AND proname <> ALL (ARRAY['random', \
             'random_normal', 'gen_random_uuid', 'uuidv4', 'uuidv7', 'clock_timestamp', 'timeofday', 'nextval', \
             'currval', 'lastval', 'setval'])",
            &[],
        )
        .await
        .map_err(|error| describe_error(error, "reading what functions there are"))?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

/// Whether what a statement defines calls one of these functions. (What we write around definitions sets parameters by calls
/// of our own.)
fn calls(sql: &str, functions: &BTreeSet<String>) -> bool {
    let tokens = tokens(sql);
    let mut meant = tokens.iter().filter(|token| token.kind != Kind::Space).peekable();
    let (mut begins, mut defines) = (true, false);
    while let Some(token) = meant.next() {
        if begins {
            defines = token.is_word("create") || token.is_word("alter");
        }
        begins = token.is_sign(";");
        let is_called = meant.peek().is_some_and(|next| next.is_sign("("));
        if defines && is_called && functions.contains(token.value.as_ref()) {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{calls, owner};

    #[test]
    fn owners_are_read_from_their_statements() {
        let guarded = "DO $restore$ BEGIN\n  ALTER FUNCTION \"public\".\"note\"() OWNER TO \"Mallory \"\"M\"\"\";\nEND $restore$;";
        for (sql, wanted) in [
            ("  ALTER TABLE \"owner\".\"to\" OWNER TO bob;", Some("bob")),
            ("ALTER TYPE public.mood OWNER TO \"postgres\";", Some("postgres")),
            ("SELECT 1", None),
        ] {
            assert_eq!(owner(sql).as_deref(), wanted);
        }
        assert_eq!(owner(guarded).as_deref(), Some("Mallory \"M\""));
    }

    #[test]
    fn calls_are_words_before_a_parenthesis() {
        let functions: BTreeSet<String> = BTreeSet::from(["lo_export".to_owned()]);
        let check = "ALTER TABLE t ADD CHECK (pg_catalog.\"lo_export\" (1, '/tmp/x') > 0)";
        assert!(calls(check, &functions));
        assert!(calls(&format!("SELECT 1;\n{check};"), &functions));
        assert!(calls("CREATE MATERIALIZED VIEW v AS SELECT LO_EXPORT(1, 'x')", &functions));
        assert!(!calls("SELECT lo_export(1, 'x'); CREATE TABLE t (a integer);", &functions));
        assert!(!calls("CREATE TABLE lo_export2 (lo_export integer, note text DEFAULT 'lo_export(')", &functions));
    }
}
