//! The live definitions around a part that is restored: what goes, and what would go with it and comes back as it was.

use std::collections::{BTreeSet, HashMap, HashSet};

use tokio_postgres::Client;

use super::provision::Key;
use super::selection::{Part, Tables};
use crate::error::{Error, Result};
use crate::manifest::{Manifest, Table};
use crate::postgres::connect::describe_error;
use crate::postgres::ddl::{self, Entry, Needs, Reader, Stray};
use crate::postgres::quote::qualified;

/// Kinds that their statements bring back whole. Rows and positions of anything else would be lost.
const RETURNING: [&str; 27] = [
    "extension addition",
    "view",
    "materialized view",
    "materialized view data",
    "rule",
    "function",
    "procedure",
    "aggregate",
    "operator",
    "operator class",
    "operator family",
    "operator family member",
    "cast",
    "conversion",
    "transform",
    "default",
    "check constraint",
    "constraint",
    "index",
    "index attach",
    "statistics",
    "trigger",
    "fk constraint",
    "policy",
    "row security",
    "publication table",
    "publication schema",
];

/// How many dependents an error names; the rest is counted.
const NAMED: usize = 20;

/// All live definitions, and the tables that the restore is about.
pub(super) struct Surroundings {
    entries: Vec<Entry>,
    needs: Needs,
    strays: Vec<Stray>,
    /// Places of live tables.
    tables: BTreeSet<usize>,
}

/// Places of entries that go when the definitions of a part are replaced.
#[derive(Debug, Default)]
pub(super) struct Going {
    /// They are the part's own.
    pub replaced: BTreeSet<usize>,
    /// They depend on it.
    pub dependents: BTreeSet<usize>,
}

impl Surroundings {
    /// Reads the definitions; partitions that came since the backup belong to their table.
    pub(super) async fn read(reader: &Reader<'_>, manifest: &Manifest, tables: &Tables) -> Result<Self> {
        let ddl::Ordered { entries, needs, strays, .. } = ddl::definitions(reader).await?;
        let mut surroundings = Self { entries, needs, strays, tables: BTreeSet::new() };
        let wanted: HashSet<(Option<&str>, &str)> =
            tables.of(manifest).map(|(_, table)| (table.schema.as_deref(), table.name.as_str())).collect();
        let named = |entry: &Entry| {
            wanted.contains(&(entry.schema.as_deref(), entry.name.as_str()))
                || matches!((tables, &entry.schema), (Tables::Some(part), Some(schema)) if part.schemas.contains(schema))
        };
        surroundings.tables = surroundings.places(|entry| entry.kind == "table" && named(entry)).collect();
        surroundings.add_partitions();
        Ok(surroundings)
    }

    fn add_partitions(&mut self) {
        let by_oid: HashMap<u32, usize> = self
            .places(|entry| entry.kind == "table")
            .filter_map(|place| Some((self.entries[place].table?, place)))
            .collect();
        loop {
            let attached = self.places(|entry| entry.kind == "table attach");
            let found: Vec<usize> = attached
                .filter(|place| !self.needs[*place].is_disjoint(&self.tables))
                .filter_map(|place| by_oid.get(&self.entries[place].table?).copied())
                .filter(|table| !self.tables.contains(table))
                .collect();
            // A partition under a table of somebody else needs its parent too, which is no reason to take that.
            if found.is_empty() {
                return;
            }
            self.tables.extend(found);
        }
    }

    fn places<'a>(&'a self, is: impl Fn(&Entry) -> bool + 'a) -> impl Iterator<Item = usize> + 'a {
        self.entries.iter().enumerate().filter(move |(_, entry)| is(entry)).map(|(place, _)| place)
    }

    /// The entries at these places, in the order in which they work.
    pub(super) fn at<'a>(&'a self, places: &'a BTreeSet<usize>) -> impl Iterator<Item = &'a Entry> {
        places.iter().map(|place| &self.entries[*place])
    }

    /// The live tables that the restore is about.
    pub(super) fn tables(&self) -> impl Iterator<Item = &Entry> {
        self.at(&self.tables)
    }

    /// Names for SQL.
    pub(super) fn table_names(&self) -> Vec<String> {
        self.tables().map(|entry| qualified(entry.schema.as_deref().unwrap_or_default(), &entry.name)).collect()
    }

    fn owned_by_tables(&self, entry: &Entry) -> bool {
        entry.table.is_some_and(|oid| self.tables().any(|table| table.table == Some(oid)))
    }

    /// Foreign keys from and to the tables, with their comments.
    pub(super) fn foreign_keys(&self) -> BTreeSet<usize> {
        let mut keys: BTreeSet<usize> = self
            .places(|entry| entry.kind == "fk constraint")
            .filter(|place| {
                self.owned_by_tables(&self.entries[*place]) || !self.needs[*place].is_disjoint(&self.tables)
            })
            .collect();
        let adorned: Vec<usize> = self
            .places(Entry::adorns)
            .filter(|place| !self.needs[*place].is_empty() && self.needs[*place].is_subset(&keys))
            .collect();
        keys.extend(adorned);
        keys
    }

    /// What goes when the definitions of the part are replaced.
    pub(super) fn going(&self, part: &Part) -> Going {
        let oids: HashSet<u32> = self.tables().filter_map(|table| table.table).collect();
        let mut going = Going::default();
        // What an entry needs stands before it, but for the second step of what is created in two.
        loop {
            let known = (going.replaced.len(), going.dependents.len());
            self.follow(part, &oids, &mut going);
            if (going.replaced.len(), going.dependents.len()) == known {
                return going;
            }
        }
    }

    fn follow(&self, part: &Part, oids: &HashSet<u32>, going: &mut Going) {
        let extensions = self.places(|entry| entry.kind == "extension");
        let of_extensions: BTreeSet<usize> = extensions.flat_map(|place| self.needs[place].iter().copied()).collect();
        for (place, entry) in self.entries.iter().enumerate() {
            let needs = &self.needs[place];
            let own = if entry.kind.starts_with("publication") {
                false
            } else if entry.adorns() && !needs.is_empty() {
                needs.is_subset(&going.replaced)
            } else {
                entry.table.is_some_and(|oid| oids.contains(&oid))
                    || entry.schema.as_ref().is_some_and(|schema| part.schemas.contains(schema))
                    // A schema with something of an extension in it is emptied, and stays.
                    || entry.kind == "schema" && part.schemas.contains(&entry.name) && !of_extensions.contains(&place)
            };
            if own {
                going.dependents.remove(&place);
                going.replaced.insert(place);
            } else if !needs.is_disjoint(&going.replaced) || !needs.is_disjoint(&going.dependents) {
                going.dependents.insert(place);
            }
        }
    }

    /// The names of what stays.
    pub(super) fn present<'a>(&'a self, going: &Going) -> HashSet<Key<'a>> {
        let staying = self.entries.iter().enumerate().filter(|(place, _)| !going.replaced.contains(place));
        staying.filter(|(_, entry)| !entry.adorns()).map(|(_, entry)| key(entry)).collect()
    }

    /// Places of live owners and grants of what the part makes anew; a column that it does not have has none.
    pub(super) fn rights(&self, going: &Going, made: &HashSet<Key<'_>>, tables: &[&Table]) -> BTreeSet<usize> {
        let columns: HashSet<String> = tables
            .iter()
            .flat_map(|table| table.all_columns.iter().map(move |column| format!("{}.{column}", table.label())))
            .collect();
        let fits = |place: &usize| {
            let entry = &self.entries[*place];
            entry.section == crate::manifest::Section::Owners
                && self.needs[*place].iter().all(|need| made.contains(&key(&self.entries[*need])))
                && entry.name.strip_prefix("table column ").is_none_or(|column| columns.contains(column))
        };
        going.replaced.iter().copied().filter(fits).collect()
    }

    /// Fails, with all names, where something depends on the part that cannot be put aside.
    pub(super) async fn refuse_dependents(&self, client: &Client, going: &Going) -> Result<()> {
        let mut names: Vec<String> = self
            .at(&going.dependents)
            .filter(|entry| !entry.adorns() && !RETURNING.contains(&entry.kind))
            .map(|entry| self.label(entry))
            .collect();
        names.extend(self.strays(client, going).await?);
        if names.is_empty() {
            return Ok(());
        }
        let more = names.len().saturating_sub(NAMED);
        names.truncate(NAMED);
        if more > 0 {
            names.push(format!("{more} more"));
        }
        Err(Error::usage(format!(
            "something depends on what is to be replaced and would go with it: {}",
            names.join(", ")
        ))
        .hint("restore it too, with --table or --schema; or replace the rows alone with --data-only"))
    }

    /// What hangs on the part and no entry brings back; indexes that the server itself does not use are no loss. Default
    /// privileges of a schema come back, or those of the backup do.
    async fn strays(&self, client: &Client, going: &Going) -> Result<Vec<String>> {
        let lost = |stray: &&Stray| going.replaced.contains(&stray.entry) || going.dependents.contains(&stray.entry);
        let (classes, objects): (Vec<u32>, Vec<u32>) =
            self.strays.iter().filter(lost).map(|stray| (stray.row.class, stray.row.object)).unzip();
        if classes.is_empty() {
            return Ok(Vec::new());
        }
        let rows = client
            .query(
                "SELECT DISTINCT pg_catalog.pg_describe_object(class, object, 0) \
                   FROM ROWS FROM (pg_catalog.unnest($1::oid[]), pg_catalog.unnest($2::oid[])) stray(class, object) \
                   LEFT JOIN pg_catalog.pg_class c ON class = 'pg_catalog.pg_class'::regclass AND c.oid = object \
                   LEFT JOIN pg_catalog.pg_index i ON i.indexrelid = c.oid \
                  WHERE class NOT IN ('pg_catalog.pg_inherits'::regclass, 'pg_catalog.pg_sequence'::regclass, \
                                      'pg_catalog.pg_default_acl'::regclass) \
                    AND coalesce(c.relnamespace <> 'pg_toast'::regnamespace, true) AND coalesce(i.indisvalid, true) \
                  ORDER BY 1",
                &[&classes, &objects],
            )
            .await
            .map_err(|error| describe_error(error, "reading what depends on the tables"))?;
        Ok(rows.iter().filter_map(|row| row.get(0)).collect())
    }

    /// All live definitions.
    pub(super) fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter()
    }

    /// The table that an entry belongs to.
    pub(super) fn table_of(&self, entry: &Entry) -> Option<&Entry> {
        let oid = entry.table?;
        self.entries.iter().find(|table| table.kind == "table" && table.table == Some(oid))
    }

    /// For people: with the table that it belongs to.
    pub(super) fn label(&self, entry: &Entry) -> String {
        match self.table_of(entry).filter(|table| *table != entry) {
            Some(table) => format!("{} {} of {}", entry.kind, entry.name, name(table)),
            None => format!("{} {}", entry.kind, name(entry)),
        }
    }

    /// Fails where a table would go whose rows in the backup were not chosen: it became a partition since, or the backup
    /// is of a version that did not tell which tables are partitions.
    pub(super) fn refuse_unchosen(&self, manifest: &Manifest, tables: &Tables) -> Result<()> {
        let chosen: HashSet<String> = tables.of(manifest).map(|(_, table)| table.label()).collect();
        let held: HashSet<String> = manifest.tables.iter().map(Table::label).collect();
        let lost: Vec<String> =
            self.tables().map(name).filter(|label| held.contains(label) && !chosen.contains(label)).collect();
        if lost.is_empty() {
            return Ok(());
        }
        let named: Vec<String> = lost.iter().map(|label| format!("--table {label}")).collect();
        Err(Error::usage(format!(
            "partitions would lose their rows, since they belong to what is replaced and the backup does not say so: {}",
            lost.join(", ")
        ))
        .hint(format!("restore them too, with {}", named.join(" "))))
    }

    /// Fails where something else than a table has the name of one that is to be made.
    pub(super) fn refuse_others(&self, manifest: &Manifest, part: &Part) -> Result<()> {
        let tables = part.tables.iter().filter_map(|table| manifest.tables.get(*table as usize));
        let names: HashSet<String> = tables.map(Table::label).collect();
        let other = self.entries.iter().find(|entry| {
            ["view", "materialized view", "sequence", "foreign table"].contains(&entry.kind)
                && !entry.schema.as_ref().is_some_and(|schema| part.schemas.contains(schema))
                && !self.owned_by_tables(entry)
                && names.contains(&name(entry))
        });
        other.map_or(Ok(()), |entry| {
            Err(Error::usage(format!("{} is a table in the backup and a {} in the database", name(entry), entry.kind))
                .hint("rename or drop that first; nothing was changed"))
        })
    }
}

/// For people.
pub(super) fn name(entry: &Entry) -> String {
    entry.schema.as_ref().map_or_else(|| entry.name.clone(), |schema| format!("{schema}.{}", entry.name))
}

/// The name of a live object among all others.
pub(super) fn key(entry: &Entry) -> Key<'_> {
    (entry.kind, entry.schema.as_deref(), &entry.name)
}
