//! Replaces rows and leaves the tables: which are emptied, whether they can take the rows, what must not fire.

use std::collections::HashSet;

use tokio_postgres::Client;

use super::load::Place;
use super::provision::Key;
use super::replace::Statement;
use super::selection::Tables;
use super::surroundings::{self, Surroundings};
use crate::error::{Error, Result};
use crate::manifest::{Manifest, Section};
use crate::postgres::connect::describe_error;
use crate::postgres::quote::{identifiers, qualified};

/// The tables whose rows go, for SQL. What the backup has no rows of keeps its own; partitions that came since the
/// backup are emptied with their table.
pub(super) async fn emptied(
    client: &Client,
    surroundings: &Surroundings,
    manifest: &Manifest,
    tables: &Tables,
) -> Result<Vec<String>> {
    let kept: HashSet<String> = tables
        .of(manifest)
        .filter(|(_, table)| table.fingerprint.is_none())
        .map(|(_, table)| Place::Own.qualified(table))
        .collect();
    let names: Vec<String> =
        surroundings.table_names().into_iter().filter(|candidate| !kept.contains(candidate)).collect();
    let rows = client
        .query(
            "SELECT name FROM pg_catalog.unnest($1::text[]) name JOIN pg_catalog.pg_class c \
             ON c.oid = pg_catalog.to_regclass(name) WHERE c.relkind = 'r'",
            &[&names],
        )
        .await
        .map_err(|error| describe_error(error, "looking for the tables to be emptied"))?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

/// Fails where a table is missing, lacks a column, or has one that must be filled and that the backup does not know.
pub(super) async fn check_columns(client: &Client, manifest: &Manifest, tables: &Tables) -> Result<()> {
    let filled = tables.of(manifest).map(|(_, table)| table).filter(|table| table.fingerprint.is_some());
    for table in filled {
        let rows = client
            .query(
                "SELECT attname::text, attnotnull AND NOT atthasdef AND attidentity = '' AS needed \
                 FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = attrelid AND c.relkind = 'r' \
                 WHERE attrelid = pg_catalog.to_regclass($1::text) \
                 AND attnum > 0 AND NOT attisdropped AND attgenerated = ''",
                &[&Place::Own.qualified(table)],
            )
            .await
            .map_err(|error| describe_error(error, format!("reading the columns of {}", table.label())))?;
        let live: Vec<(&str, bool)> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
        if live.is_empty() && !table.columns.is_empty() {
            return Err(Error::usage(format!("the database has no table {} to load rows into", table.label()))
                .hint("without --data-only the table is created too"));
        }
        if let Some(missing) = table.columns.iter().find(|column| !live.iter().any(|(name, _)| name == column)) {
            return Err(Error::usage(format!(
                "the table {} has no column {missing}, which the backup fills",
                table.label()
            ))
            .hint("migrate the code to the state of the backup, or restore without --data-only"));
        }
        let unknown = live.iter().find(|(name, needed)| *needed && !table.columns.iter().any(|column| column == name));
        if let Some((column, _)) = unknown.filter(|_| table.rows != Some(0)) {
            return Err(Error::usage(format!(
                "the column {column} of {} must not be empty, and the backup has no values for it",
                table.label()
            ))
            .hint("give it a default for the time of the restore, or restore without --data-only"));
        }
    }
    Ok(())
}

/// Fails where a sequence is missing whose position the backup tells.
pub(super) fn check_sequences(surroundings: &Surroundings, manifest: &Manifest, tables: &Tables) -> Result<()> {
    let present: HashSet<Key<'_>> = surroundings.entries().map(surroundings::key).collect();
    let missing: Vec<String> = (0..)
        .zip(&manifest.objects)
        .filter(|(index, object)| object.section == Section::Sequences && tables.contains_object(*index))
        .filter(|(_, object)| !present.contains(&("sequence", object.schema.as_deref(), object.name.as_str())))
        .map(|(_, object)| object.label())
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(Error::usage(format!("the database lacks sequences whose positions the backup tells: {}", missing.join(", ")))
        .hint("without --data-only they are created too"))
}

/// Switches the users' triggers off, so that rows arrive as they were, and lets the owner of a table write into it
/// whatever its policies say; gives the statements that switch both on again.
pub(super) async fn switch_off(client: &Client, names: &[String]) -> Result<Vec<Statement>> {
    let failed = |error| describe_error(error, "reading triggers and row security");
    let triggers = client
        .query(
            "SELECT n.nspname, c.relname, t.tgname, t.tgenabled::text FROM pg_catalog.pg_trigger t \
             JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid \
             JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
             WHERE NOT t.tgisinternal AND t.tgenabled <> 'D' AND t.tgrelid = ANY ($1::text[]::regclass[]) ORDER BY t.oid",
            &[&names],
        )
        .await
        .map_err(failed)?;
    let forced = client
        .query(
            "SELECT n.nspname, c.relname FROM pg_catalog.pg_class c \
             JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
             WHERE c.relforcerowsecurity AND c.oid = ANY ($1::text[]::regclass[]) ORDER BY c.oid",
            &[&names],
        )
        .await
        .map_err(failed)?;
    let (mut off, mut on) = (Vec::new(), Vec::new());
    for row in &triggers {
        let table = qualified(row.get(0), row.get(1));
        let trigger = identifiers(&[row.get::<_, &str>(2)]);
        let mode = match row.get::<_, &str>(3) {
            "R" => "REPLICA ",
            "A" => "ALWAYS ",
            _ => "",
        };
        off.push(format!("ALTER TABLE {table} DISABLE TRIGGER {trigger};"));
        on.push(format!("ALTER TABLE {table} ENABLE {mode}TRIGGER {trigger};"));
    }
    for row in &forced {
        let table = qualified(row.get(0), row.get(1));
        off.push(format!("ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY;"));
        on.push(format!("ALTER TABLE {table} FORCE ROW LEVEL SECURITY;"));
    }
    client
        .batch_execute(&off.concat())
        .await
        .map_err(|error| describe_error(error, "switching triggers and row security off"))?;
    Ok(on.into_iter().map(Statement::switch_on).collect())
}
