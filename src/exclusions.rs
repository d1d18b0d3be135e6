//! Whose rows a backup leaves out, and on whose word: what the project has settled for all its backups makes none of
//! them partial, what somebody asks for once does.

use serde::{Deserialize, Serialize};

use crate::manifest::{Manifest, Table};

/// Tables as they were named: `table` or `schema.table`. The definitions stay, the rows do not.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exclusions {
    /// By the settings, of every backup; a database may lack some of these tables.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub always: Vec<String>,
    /// Of this backup alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub once: Vec<String>,
}

impl Exclusions {
    /// Whether all rows are wanted.
    pub fn is_empty(&self) -> bool {
        self.always.is_empty() && self.once.is_empty()
    }

    /// Everything that is named.
    pub fn all(&self) -> impl Iterator<Item = &String> {
        self.always.iter().chain(&self.once)
    }

    /// Whether the rows of this table are left out.
    pub fn hold(&self, name: &str, label: &str) -> bool {
        self.all().any(|named| means(named, name, label))
    }

    /// Whether the project has settled that no backup holds the rows of this table.
    pub fn are_settled_for(&self, name: &str, label: &str) -> bool {
        self.always.iter().any(|named| means(named, name, label))
    }
}

impl Manifest {
    /// Tables whose rows a whole backup would have. What the settings leave out of every backup is lacking in none, and the
    /// rows of a virtual table of SQLite are in its shadow tables, unless it was named itself.
    pub fn left_out(&self) -> impl Iterator<Item = String> {
        let names = self.database.properties.get("virtual_tables").and_then(serde_json::Value::as_array);
        let is_virtual = move |table: &Table| names.into_iter().flatten().any(|name| *name == *table.name);
        let empty = self.tables.iter().filter(move |table| {
            table.rows.is_none() && (!is_virtual(table) || self.exclusions.hold(&table.name, &table.label()))
        });
        let wanted = empty.filter(|table| !self.exclusions.are_settled_for(&table.name, &table.label()));
        // Those of extensions are not among the tables.
        let is_listed = |named: &str| self.tables.iter().any(|table| means(named, &table.name, &table.label()));
        let once = self.exclusions.once.iter().filter(|named| !self.exclusions.always.contains(named));
        wanted.map(Table::label).chain(once.filter(move |named| !is_listed(named)).cloned())
    }
}

/// Tells of a table that is always to be left out and is not there: it may be of a migration to come, or misspelt.
pub fn absence(named: &str) -> String {
    format!(
        "there is no table {named}, whose rows are always left out; if that is misspelt, those that were meant are in this backup"
    )
}

/// Whether a name as it was given means this table.
pub fn means(named: &str, name: &str, label: &str) -> bool {
    named == name || named == label
}
