//! Which tables inherit from which: a statement about a parent may lock all that inherits from it.

use std::collections::{HashMap, HashSet};

use tokio_postgres::Client;

use crate::error::Result;
use crate::manifest::Manifest;
use crate::postgres::connect::describe_error;
use crate::postgres::restore::selection::Tables;

/// Partition trees and inheritance among the tables of a backup, by their indexes in the manifest.
#[derive(Debug, Default)]
pub(super) struct Families {
    /// The table that stands for the family, for each table that has one.
    head: HashMap<u32, u32>,
    members: HashMap<u32, Vec<u32>>,
    parents: HashSet<u32>,
    partitions: HashSet<u32>,
}

/// A table that inherits.
struct Link {
    parent: u32,
    child: u32,
    partition: bool,
}

impl Families {
    /// Asks the database, where the definitions are by now; tables that were not chosen are of no family.
    pub(super) async fn read(client: &Client, manifest: &Manifest, chosen: &Tables) -> Result<Self> {
        let indexes: HashMap<(&str, &str), u32> = chosen
            .of(manifest)
            .map(|(index, table)| ((table.schema.as_deref().unwrap_or_default(), &*table.name), index))
            .collect();
        let rows = client
            .query(
                "SELECT pn.nspname::text, p.relname::text, cn.nspname::text, c.relname::text, c.relispartition \
                 FROM pg_catalog.pg_inherits \
                 JOIN pg_catalog.pg_class p ON p.oid = inhparent JOIN pg_catalog.pg_namespace pn ON pn.oid = p.relnamespace \
                 JOIN pg_catalog.pg_class c ON c.oid = inhrelid JOIN pg_catalog.pg_namespace cn ON cn.oid = c.relnamespace \
                 WHERE c.relkind IN ('r', 'p', 'f')",
                &[],
            )
            .await
            .map_err(|error| describe_error(error, "reading partitions"))?;
        let links = rows.iter().filter_map(|row| {
            let parent = *indexes.get(&(row.get(0), row.get(1)))?;
            let child = *indexes.get(&(row.get(2), row.get(3)))?;
            Some(Link { parent, child, partition: row.get(4) })
        });
        Ok(Self::of(links))
    }

    fn of(links: impl Iterator<Item = Link>) -> Self {
        let mut families = Self::default();
        for Link { parent, child, partition } in links {
            families.parents.insert(parent);
            if partition {
                families.partitions.insert(child);
            }
            families.join(parent, child);
        }
        families
    }

    /// The smaller family joins the larger one.
    fn join(&mut self, one: u32, other: u32) {
        let [one, other] = [one, other].map(|table| *self.head.entry(table).or_insert(table));
        if one == other {
            return;
        }
        let [ones, others] = [one, other].map(|head| self.members.remove(&head).unwrap_or_else(|| vec![head]));
        let (head, mut stay, come) =
            if ones.len() < others.len() { (other, others, ones) } else { (one, ones, others) };
        for table in &come {
            self.head.insert(*table, head);
        }
        stay.extend(come);
        self.members.insert(head, stay);
    }

    /// The family of a table, if it has one.
    pub(super) fn of_table(&self, table: u32) -> Option<u32> {
        self.head.get(&table).copied()
    }

    /// The tables of a family.
    pub(super) fn members(&self, family: u32) -> &[u32] {
        self.members.get(&family).map_or(&[], Vec::as_slice)
    }

    /// Whether others inherit from it.
    pub(super) fn is_parent(&self, table: u32) -> bool {
        self.parents.contains(&table)
    }

    /// Whether it is a partition.
    pub(super) fn is_partition(&self, table: u32) -> bool {
        self.partitions.contains(&table)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::{Families, Link};

    #[test]
    fn trees_that_share_a_table_are_one_family() {
        let links = [(0, 1), (0, 2), (5, 6), (3, 4), (3, 2)];
        let links = links.map(|(parent, child)| Link { parent, child, partition: parent == 0 });
        let families = Families::of(links.into_iter());
        let family = families.of_table(4).unwrap();
        let mut members = families.members(family).to_vec();
        members.sort_unstable();
        assert_eq!(members, [0, 1, 2, 3, 4]);
        assert!((0..5).all(|table| families.of_table(table) == Some(family)));
        assert_ne!(families.of_table(6), Some(family));
        assert_eq!((families.of_table(7), families.is_parent(3), families.is_parent(4)), (None, true, false));
        assert!(families.is_partition(1) && !families.is_partition(4));
    }
}
