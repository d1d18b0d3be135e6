//! Under which `search_path` a statement means what it meant.
//!
//! Definitions are read and executed with an empty one and name all with its schema. Two things they cannot name: the
//! operator of `IS DISTINCT FROM`, `NULLIF`, `CASE x WHEN`, `USING` and comparisons of rows; and what the code of a
//! function looks for when it is called, for an index or a check. So the former are executed with the schemas of their
//! operators alone in the path, the latter under the path of the database, as it was when the application called them.

use std::collections::{BTreeSet, HashMap, HashSet};

use tokio_postgres::Row;

use super::dependencies::Bringers;
use super::order::{Graph, label};
use super::{Entry, ObjectId, Reader, additions, refreshes, rows, scope};
use crate::error::Result;
use crate::postgres::search_path::{self, LEAVE, enter};

/// What the server writes where it names no operator, or the first of several.
const UNNAMED: [&str; 8] = ["DISTINCT FROM", "NULLIF(", "CASE", "USING (", "ROW(", "( SELECT", "( VALUES", "( WITH"];

/// Kinds whose statements may call functions, or plan queries over indexes that do.
const CALLING: [&str; 10] = [
    "domain",
    "table",
    "foreign table",
    "table attach",
    "constraint",
    "check constraint",
    "index",
    "index attach",
    "fk constraint",
    additions::ADDITION,
];

/// What is over a table and called for its rows.
const OF_ROWS: [&str; 4] = ["constraint", "check constraint", "index", "statistics"];

/// What hangs on a table and is not.
const ASIDE: [&str; 2] = ["default", "fk constraint"];

const FILLING: [&str; 2] = [refreshes::REFRESH, refreshes::AGAIN];

/// From this version on the server has a path of its own for what fills materialized views.
const SAFE_REFRESH: u32 = 170_000;

/// How many objects a notice names; the rest is counted.
const NAMED: usize = 5;

/// The path of the database, and what of it comes back under it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OwnPath {
    /// The schemas that exist, in order.
    pub schemas: Vec<String>,
    /// The `pg_class` oids of tables whose rows are computed or checked by functions that look for names in it.
    pub tables: HashSet<u32>,
    /// What else comes back under it, for people.
    pub objects: Vec<String>,
}

impl OwnPath {
    /// What somebody should know who restores elsewhere.
    pub(super) fn notice(&self) -> Option<String> {
        let (first, rest) = self.objects.split_at(self.objects.len().min(NAMED));
        let more = if rest.is_empty() { String::new() } else { format!(" and {} more", rest.len()) };
        (!first.is_empty()).then(|| {
            format!(
                "functions without a search_path of their own are called by {}{more}, which therefore come back under that \
                 of the database ({}); ALTER FUNCTION … SET search_path = … makes them independent of it",
                first.join(", "),
                self.schemas.join(", ")
            )
        })
    }
}

/// What each entry needs in the path.
pub(super) struct Paths {
    own: Vec<String>,
    class_of_tables: u32,
    /// Schemas of operators, for each entry.
    operators: Vec<BTreeSet<String>>,
    /// Rows that functions are called by which have no path of their own.
    seeking: HashSet<ObjectId>,
    fills_under_own: bool,
}

impl Paths {
    pub(super) async fn read(reader: &Reader<'_>, entries: &[Entry], dependencies: &[Row]) -> Result<Self> {
        let schemas: HashMap<ObjectId, String> = scope::rows(reader, "operators", OPERATORS)
            .await?
            .iter()
            .map(|row| (ObjectId::of(row), row.get("schema")))
            .collect();
        let functions = scope::rows(reader, "paths of functions", FUNCTIONS).await?;
        let bringers = Bringers::of(entries, dependencies);
        let mut operators = vec![BTreeSet::new(); entries.len()];
        for row in dependencies {
            if let Some(schema) = schemas.get(&ObjectId::needed(row))
                && let Some(entry) = bringers.find(ObjectId::needing(row))
            {
                operators[entry].insert(schema.clone());
            }
        }
        Ok(Self {
            own: search_path::own(reader.client).await?,
            class_of_tables: scope::rows(reader, "tables", "SELECT 'pg_class'::regclass::oid").await?[0].get(0),
            operators,
            seeking: seeking(entries, dependencies, &functions),
            fills_under_own: reader.version < SAFE_REFRESH,
        })
    }

    /// Puts the statements of all entries under their path.
    pub(super) fn apply(self, Graph { entries, divided, .. }: &mut Graph) -> OwnPath {
        let mut objects = Vec::new();
        let second = |index: usize| divided.iter().find(|(first, _)| *first == index).map(|(_, second)| *second);
        for (index, entry) in entries.iter_mut().enumerate() {
            let operators = self.operators.get(second(index).unwrap_or(index));
            let calls = self.calls(entry);
            if calls && entry.id.is_some_and(|id| self.seeking.contains(&id)) && entry.kind != "fk constraint" {
                objects.push(label(entry));
            }
            let mut schemas: Vec<&str> = Vec::new();
            if calls {
                schemas.extend(self.own.iter().map(String::as_str));
            }
            if operators.is_some_and(|operators| leaves_unnamed(entry, operators)) {
                let further = operators.into_iter().flatten().filter(|schema| !calls || !self.own.contains(schema));
                schemas.extend(further.map(String::as_str));
            }
            if entry.kind == additions::ADDITION {
                entry.sql = additions::under(&schemas, &entry.sql);
            } else if !schemas.is_empty() {
                entry.sql = format!("{}\n{}{LEAVE}\n", enter(&schemas), entry.sql);
            }
        }
        let tables = self.seeking.iter().filter(|row| row.class == self.class_of_tables).map(|row| row.object);
        OwnPath { tables: tables.collect(), schemas: self.own, objects }
    }

    fn calls(&self, entry: &Entry) -> bool {
        let seeks = || entry.id.is_some_and(|id| self.seeking.contains(&id));
        if FILLING.contains(&entry.kind) { self.fills_under_own } else { CALLING.contains(&entry.kind) && seeks() }
    }
}

/// Whether the text of an entry that uses operators of these schemas does not name them all, or does so no more: between
/// rows it cannot.
fn leaves_unnamed(entry: &mut Entry, operators: &BTreeSet<String>) -> bool {
    // The code of a function is not the server's text, unless it is kept as a query; nor is a block all of it.
    let is_code = match entry.kind {
        "function" | "procedure" => entry.sql.contains("\nAS "),
        kind => kind == additions::ADDITION,
    };
    if !operators.is_empty() && !is_code {
        let text = rows::without_schemas(&entry.sql);
        if text != entry.sql {
            entry.sql = text;
            return true;
        }
    }
    UNNAMED.iter().any(|words| entry.sql.contains(words))
}

/// All rows from which such a function is reached.
fn seeking(entries: &[Entry], dependencies: &[Row], functions: &[Row]) -> HashSet<ObjectId> {
    let aside: HashSet<ObjectId> =
        entries.iter().filter(|entry| ASIDE.contains(&entry.kind)).filter_map(|entry| entry.id).collect();
    let mut users: HashMap<ObjectId, Vec<ObjectId>> = HashMap::new();
    let mut note = |user: ObjectId, used: ObjectId| users.entry(used).or_default().push(user);
    for row in dependencies {
        let (object, needed) = (ObjectId::needing(row), ObjectId::needed(row));
        note(object, needed);
        // What comes with a row is called with it: the rule of a view, the check of a domain.
        if matches!(row.get("strength"), Some(1 | 3)) && !aside.contains(&object) {
            note(needed, object);
        }
    }
    let tables: HashMap<u32, ObjectId> = entries
        .iter()
        .filter(|entry| matches!(entry.kind, "table" | "foreign table"))
        .filter_map(|entry| entry.table.zip(entry.id))
        .collect();
    for entry in entries.iter().filter(|entry| OF_ROWS.contains(&entry.kind)) {
        if let Some((table, id)) = entry.table.and_then(|table| tables.get(&table)).zip(entry.id) {
            note(*table, id);
        }
    }
    let (settled, seeking): (Vec<&Row>, Vec<&Row>) = functions.iter().partition(|row| row.get("settled"));
    let settled: HashSet<ObjectId> = settled.into_iter().map(ObjectId::of).collect();
    let mut open: Vec<ObjectId> = seeking.into_iter().map(ObjectId::of).collect();
    let mut found: HashSet<ObjectId> = open.iter().copied().collect();
    while let Some(row) = open.pop() {
        for user in users.get(&row).into_iter().flatten() {
            if !settled.contains(user) && found.insert(*user) {
                open.push(*user);
            }
        }
    }
    found
}

const OPERATORS: &str = "
SELECT 'pg_operator'::regclass::oid AS class, o.oid, n.nspname AS schema
  FROM pg_operator o JOIN pg_namespace n ON n.oid = o.oprnamespace WHERE o.oid >= 16384";

/// Functions with a path of their own, and those without one whose code is read when they are called. A trigger's is
/// never called while its table is filled.
const FUNCTIONS: &str = "
SELECT 'pg_proc'::regclass::oid AS class, p.oid, own.path IS NOT NULL AS settled
  FROM pg_proc p
  JOIN pg_language l ON l.oid = p.prolang
  LEFT JOIN LATERAL (SELECT setting FROM unnest(p.proconfig) setting WHERE setting LIKE 'search\\_path=%') own(path) ON true
 WHERE p.oid >= 16384
   AND (own.path IS NOT NULL
        OR l.lanname NOT IN ('internal', 'c') AND p.prosqlbody IS NULL
           AND p.prorettype NOT IN ('trigger'::regtype, 'event_trigger'::regtype))";
