//! Makes room for a part of a backup, or for its rows alone, without losing what surrounds it.
//!
//! What depends on the part goes with it and comes back from its live definition before the commit: foreign keys,
//! views, policies, places in publications. Foreign keys are dropped and added again, not deferred: TRUNCATE and DROP
//! refuse a referenced table, deferring works only for constraints declared so, and adding them again checks every row.

use std::collections::{BTreeSet, HashSet};

use tokio_postgres::Client;

use super::data_only;
use super::provision::{self, LeftOut};
use super::requirements;
use super::selection::{Part, Tables};
use super::surroundings::{Going, Surroundings};
use crate::error::Result;
use crate::manifest::{Manifest, Table};
use crate::plan::{Owners, RestorePlan, Scope};
use crate::postgres::connect::describe_error;
use crate::postgres::ddl::default_privileges::{self, AtRest};
use crate::postgres::ddl::removal::{self, Removal};
use crate::postgres::ddl::{Entry, Reader, refreshes};
use crate::postgres::quote::{identifiers, qualified};
use crate::postgres::search_path;

/// Statements that restore what was put aside.
#[derive(Debug, Default)]
pub(super) struct PutAside {
    statements: Vec<Statement>,
    /// Materialized views that are filled again, as SQL names them.
    views: Vec<String>,
    /// What comes behind everything else, or these statements would set event triggers off.
    event_triggers: String,
}

#[derive(Debug)]
pub(super) struct Statement {
    doing: String,
    sql: String,
    hint: &'static str,
}

/// What is replaced, decided before anything is touched.
pub(super) struct Replacement {
    /// The live definitions.
    pub surroundings: Surroundings,
    /// What goes; nothing where rows alone are replaced.
    pub going: Going,
    /// Foreign keys that are not made.
    pub left_out: Vec<LeftOut>,
}

impl Replacement {
    /// Looks at everything that could stand in the way; adds to the part what it needs and the database lacks.
    pub(super) async fn decide(
        plan: &RestorePlan,
        reader: &Reader<'_>,
        manifest: &Manifest,
        tables: &mut Tables,
    ) -> Result<Self> {
        let surroundings = Surroundings::read(reader, manifest, tables).await?;
        let mut going = Going::default();
        let mut left_out = Vec::new();
        surroundings.refuse_unchosen(manifest, tables)?;
        if plan.scope == Scope::DataOnly {
            data_only::check_columns(reader.client, manifest, tables).await?;
            data_only::check_sequences(&surroundings, manifest, tables)?;
        } else if let Tables::Some(part) = tables {
            going = surroundings.going(part);
            surroundings.refuse_others(manifest, part)?;
            surroundings.refuse_dependents(reader.client, &going).await?;
            left_out = provision::complete(part, manifest, &surroundings.present(&going))?;
            requirements::check_part(reader, manifest, tables).await?;
        }
        Ok(Self { surroundings, going, left_out })
    }

    /// Removes what the backup replaces.
    pub(super) async fn make_room(
        &self,
        plan: &RestorePlan,
        reader: &Reader<'_>,
        manifest: &Manifest,
        tables: &Tables,
    ) -> Result<PutAside> {
        match (plan.scope, tables) {
            (Scope::DataOnly, _) | (_, Tables::All) => self.empty(reader.client, manifest, tables).await,
            (_, Tables::Some(part)) => {
                // They would give rights on what comes back to roles that have none there.
                let AtRest { removals, returning: last } =
                    default_privileges::at_rest(reader, plan.owners, &part.schemas).await?;
                remove(reader.client, &removals).await?;
                drop_part(reader, &self.surroundings.table_names(), part).await?;
                let mut returning = self.going.dependents.clone();
                if plan.owners == Owners::Ignore {
                    returning.append(&mut self.rights(manifest, tables));
                }
                Ok(self.put_aside(self.surroundings.at(&returning).chain(&last)))
            }
        }
    }

    fn rights(&self, manifest: &Manifest, tables: &Tables) -> BTreeSet<usize> {
        let objects = (0..).zip(&manifest.objects).filter(|(index, _)| tables.contains_object(*index));
        let made: HashSet<provision::Key<'_>> = objects.map(|(_, object)| provision::key(object)).collect();
        let chosen: Vec<&Table> = tables.of(manifest).map(|(_, table)| table).collect();
        self.surroundings.rights(&self.going, &made, &chosen)
    }

    fn put_aside<'a>(&self, entries: impl Iterator<Item = &'a Entry>) -> PutAside {
        let statement = |entry: &Entry| Statement {
            doing: match entry.kind {
                "fk constraint" => format!("checking the {}", self.surroundings.label(entry)),
                _ => format!("bringing back the {}", self.surroundings.label(entry)),
            },
            sql: entry.sql.clone(),
            hint: match entry.kind {
                "fk constraint" => {
                    "rows outside the restored tables point to rows that the backup lacks; restore those tables too"
                }
                _ => "it does not fit what the backup holds; nothing was changed: drop it first, or use --data-only",
            },
        };
        let entries: Vec<&Entry> = entries.collect();
        let filled = entries.iter().filter(|entry| entry.kind == refreshes::REFRESH);
        PutAside {
            views: filled.map(|entry| qualified(entry.schema.as_deref().unwrap_or_default(), &entry.name)).collect(),
            statements: entries.into_iter().map(statement).collect(),
            ..PutAside::default()
        }
    }

    async fn empty(&self, client: &Client, manifest: &Manifest, tables: &Tables) -> Result<PutAside> {
        let names = data_only::emptied(client, &self.surroundings, manifest, tables).await?;
        if names.is_empty() {
            return Ok(PutAside::default());
        }
        let keys = self.surroundings.foreign_keys();
        // The key of a partition may have gone with that of its table.
        let drops: String = self
            .surroundings
            .at(&keys)
            .filter(|entry| entry.kind == "fk constraint")
            .filter_map(|entry| {
                let table = self.surroundings.table_of(entry)?;
                let table = qualified(table.schema.as_deref()?, &table.name);
                Some(format!("ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {};", identifiers(&[&entry.name])))
            })
            .collect();
        client.batch_execute(&drops).await.map_err(|error| describe_error(error, "putting foreign keys aside"))?;
        let mut put_aside =
            PutAside { statements: data_only::switch_off(client, &names).await?, ..PutAside::default() };
        // The indexes are built anew.
        let path = tables.of(manifest).find_map(|(index, _)| manifest.database.path_of_rows(index));
        let enter = path.map(search_path::enter).unwrap_or_default();
        client
            .batch_execute(&format!("{enter} TRUNCATE TABLE ONLY {}; {}", names.join(", ONLY "), search_path::LEAVE))
            .await
            .map_err(|error| describe_error(error, "emptying the tables to be restored"))?;
        put_aside.statements.extend(self.put_aside(self.surroundings.at(&keys)).statements);
        Ok(put_aside)
    }
}

impl Statement {
    /// What switches on again what was switched off for the rows.
    pub(super) fn switch_on(sql: String) -> Self {
        Self { doing: "switching triggers and row security on again".to_owned(), sql, hint: "nothing was changed" }
    }
}

impl PutAside {
    /// Materialized views that come back filled.
    pub(super) fn views(&self) -> Vec<String> {
        self.views.clone()
    }

    /// Switches event triggers on in the end.
    pub(super) fn wake_event_triggers(&mut self, sql: String) {
        self.event_triggers = sql;
    }

    /// The last step.
    pub(super) async fn wake(&self, client: &Client) -> Result<()> {
        let woken = client.batch_execute(&self.event_triggers).await;
        woken.map_err(|error| describe_error(error, "switching event triggers on again"))
    }

    /// Brings everything back; a row that points nowhere is an error here.
    pub(super) async fn bring_back(&self, client: &Client) -> Result<()> {
        for Statement { doing, sql, hint } in &self.statements {
            client.batch_execute(sql).await.map_err(|error| describe_error(error, doing).hint(*hint))?;
        }
        Ok(())
    }
}

/// Keeps others from making something depend on the part while its surroundings are read.
pub(super) async fn lock(client: &Client, manifest: &Manifest, tables: &Tables) -> Result<()> {
    let labels = tables.of(manifest).map(|(_, table)| table);
    let (schemas, names): (Vec<&str>, Vec<&str>) =
        labels.map(|table| (table.schema.as_deref().unwrap_or_default(), table.name.as_str())).unzip();
    let whole: Vec<&str> = match tables {
        Tables::Some(part) => part.schemas.iter().map(String::as_str).collect(),
        Tables::All => Vec::new(),
    };
    let rows = client
        .query(
            "SELECT n.nspname, c.relname FROM pg_catalog.pg_class c \
             JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
             WHERE c.relkind IN ('r', 'p') AND (n.nspname = ANY ($3::text[]) OR EXISTS \
             (SELECT FROM ROWS FROM (pg_catalog.unnest($1::text[]), pg_catalog.unnest($2::text[])) t(s, r) \
             WHERE s = n.nspname AND r = c.relname)) ORDER BY 1, 2",
            &[&schemas, &names, &whole],
        )
        .await
        .map_err(|error| describe_error(error, "looking for the tables to be restored"))?;
    let found: Vec<String> = rows.iter().map(|row| qualified(row.get(0), row.get(1))).collect();
    if found.is_empty() {
        return Ok(());
    }
    client
        .batch_execute(&format!("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE", found.join(", ")))
        .await
        .map_err(|error| describe_error(error, "locking the tables to be restored"))
}

/// `CASCADE` takes what was put aside before; that nothing else depends on the part was seen.
async fn drop_part(reader: &Reader<'_>, tables: &[String], part: &Part) -> Result<()> {
    if !tables.is_empty() {
        let drop = format!("DROP TABLE {} CASCADE", tables.join(", "));
        let dropped = reader.client.batch_execute(&drop).await;
        dropped.map_err(|error| describe_error(error, "dropping the tables to be restored"))?;
    }
    remove(reader.client, &removal::within(reader, &part.schemas).await?).await
}

/// Executes statements that remove something.
pub(super) async fn remove(client: &Client, removals: &[Removal]) -> Result<()> {
    for Removal { kind, name, sql, .. } in removals {
        let removed = client.batch_execute(sql).await;
        removed.map_err(|error| describe_error(error, format!("dropping {kind} {name}")))?;
    }
    Ok(())
}
